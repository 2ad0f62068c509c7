"""What stands on a practice instance when it starts, and what is left of it when it starts again."""

import asyncio
import socket

import httpx
import pytest

from services.practice import PracticeInstance, serve
from services.practice.initial_data import EXECUTE_ITEM_ID
from services.servicenow.contract import VARIABLES
from tests.limits import WAIT_S
from tests.services.practice.soaping import CANCEL, CREATE, STATUS, order, status

THREE = {CREATE, STATUS, CANCEL}


def client_of(practice, account="privman.integration"):
    return httpx.Client(
        base_url=practice.base_url, auth=(account, practice.accounts[account].password), trust_env=False
    )


def names(practice, table):
    return {row["name"] for row in practice.records(table)}


def test_an_empty_instance_has_a_catalogue_and_no_approval_items():
    with running(state="empty") as practice:
        assert names(practice, "sys_web_service") == {"InstanceInfo"}
        assert "Execute Application Request" not in names(practice, "sc_cat_item")
        assert len(practice.records("sc_cat_item")) > 30
        assert practice.records("item_option_new") == []
        with client_of(practice) as client:
            assert client.get(f"{CREATE}.do?WSDL").status_code == 404
            assert client.get("InstanceInfo.do?WSDL").status_code == 200


def test_a_stock_instance_has_the_items_of_the_guide():
    with running() as practice:
        assert names(practice, "sys_web_service") == {*THREE, "InstanceInfo"}
        item = practice.records("sc_cat_item", sys_id=EXECUTE_ITEM_ID)[0]
        assert item["name"] == "Execute Application Request"
        assert practice.records("sc_category", sys_id=item["category"])[0]["title"] == "Thycotic"
        options = practice.records("item_option_new", cat_item=EXECUTE_ITEM_ID)
        assert [row["name"] for row in options] == list(VARIABLES)
        assert practice.records("sc_req_item") == []


@pytest.mark.parametrize("state", ["stock", "empty"])
def test_items_and_requests_are_added_when_asked_for(state):
    with running(state="empty") as bare:
        there = len(bare.records("sc_cat_item"))
    with running(state=state, items=500, requests=7) as practice:
        assert len(practice.records("sc_cat_item")) == there + 500 + (state == "stock")
        pending = practice.records("sc_req_item", approval="requested")
        assert len(pending) == (7 if state == "stock" else 0)


class running:  # noqa: N801 -- reads like the function it stands for
    """A practice instance for the length of a block."""

    def __init__(self, **options):
        self.practice = PracticeInstance(**options)

    def __enter__(self):
        return self.practice.start()

    def __exit__(self, *error):
        self.practice.stop()


def test_two_instances_share_what_is_stock_and_nothing_else():
    with running() as one, running() as other:
        assert one.base_url != other.base_url
        assert {r["sys_id"] for r in one.records("sc_cat_item")} == {
            r["sys_id"] for r in other.records("sc_cat_item")
        }
        assert one.accounts["admin"].password != other.accounts["admin"].password
        with client_of(one) as client:
            made = order(client)
        assert other.records("sc_req_item", sys_id=made) == []
        other.faults.set("hibernating")
        assert list(one.faults) == []


def test_the_state_in_a_file_outlives_the_instance(tmp_path):
    path = str(tmp_path / "practice.db")
    with running(database=path) as first, client_of(first) as client:
        decided, pending = order(client, PMFilePath="a.exe"), order(client, PMFilePath="b.exe")
        key = first.records("sysapproval_approver", sysapproval=decided)[0]["sys_id"]
        client.patch(
            f"api/now/table/sysapproval_approver/{key}", json={"state": "approved"}
        ).raise_for_status()
        rows = {
            table: first.records(table)
            for table in ("sc_req_item", "sc_request", "sys_user", "sc_item_option")
        }
        old = first.accounts["privman.integration"].password
    with running(database=path, state="empty", items=50) as second, client_of(second) as client:
        assert {table: second.records(table) for table in rows} == rows
        assert (status(client, decided), status(client, pending)) == ("approved", "pending")
        later = second.records("sc_req_item", sys_id=order(client))[0]["number"]
        assert later > max(row["number"] for row in rows["sc_req_item"])
        # Passwords live as long as the instance.
        refused = httpx.get(
            f"{second.base_url}api/now/table/sc_catalog", auth=("privman.integration", old), trust_env=False
        )
        assert refused.status_code == 401


def test_no_password_is_written_to_the_file(tmp_path):
    with running(database=str(tmp_path / "practice.db"), password="planted-password") as practice:
        with client_of(practice) as client:
            order(client)
        written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"privman.integration" in written
    assert b"planted-password" not in written


def test_one_password_for_every_account_when_one_is_given():
    practice = PracticeInstance(password="same")
    assert {account.password for account in practice.accounts.values()} == {"same"}
    made_up = {account.password for account in PracticeInstance().accounts.values()}
    assert len(made_up) == 8
    assert all(len(password) >= 12 for password in made_up)


def test_a_made_up_number_does_not_stop_the_counting(tmp_path):
    path = str(tmp_path / "practice.db")
    with running(database=path) as practice, client_of(practice) as client:
        made = order(client)
        client.patch(f"api/now/table/sc_req_item/{made}", json={"number": "ZZZ"}).raise_for_status()
    with running(database=path) as practice, client_of(practice) as client:
        assert practice.records("sc_req_item", sys_id=order(client))[0]["number"].startswith("RITM00")


# -- serving ----------------------------------------------------------------------


def test_it_listens_on_this_machine_alone():
    with running() as practice:
        assert practice.base_url.startswith("http://127.0.0.1:")
        port = int(practice.base_url.rsplit(":", 1)[1].strip("/"))
        socket.create_connection(("127.0.0.1", port), WAIT_S).close()
        # What listens on every address answers on this one as well.
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), WAIT_S)


def test_a_port_that_is_taken_is_told(caplog):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        practice = PracticeInstance(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="cannot listen"):
            practice.start()
        practice.stop()
    caplog.clear()


def test_a_port_is_free_again_after_the_end():
    def used():
        with running() as practice, client_of(practice) as client:
            order(client)
            return int(practice.base_url.rsplit(":", 1)[1].strip("/"))

    for left in range(3, 0, -1):
        try:
            with running(port=used()) as again, client_of(again) as client:
                assert client.get("api/now/table/sc_catalog").status_code == 200
            break
        except OSError:  # a program of somebody else may have got it meanwhile, though not every time
            assert left > 1


async def test_serving_says_where_and_with_which_accounts():
    said, ready = [], asyncio.Event()

    def printer(line):
        said.append(line)
        if "Ctrl+C" in line:
            ready.set()

    task = asyncio.ensure_future(
        serve(
            port=0,
            state="stock",
            items=3,
            requests=2,
            faults=["slow:seconds=0.01"],
            password="x",
            client_secret="y",
            printer=printer,
        )
    )
    async with asyncio.timeout(WAIT_S):
        await ready.wait()
    url = said[0].split()[-1]
    assert said[0].startswith("Practice instance (stock) at http://127.0.0.1:")
    assert (
        sum(f" {user} " in line for user in ("admin", "privman.integration", "no.roles") for line in said)
        == 3
    )
    [told] = [line for line in said if "client ID" in line]
    client_id = told.split("client ID ")[1].split(",")[0]
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": "y"}
    async with httpx.AsyncClient(auth=("admin", "x"), trust_env=False) as client:
        assert (await client.post(f"{url}oauth_token.do", data=form)).json()["access_token"]
        reply = await client.get(f"{url}api/now/table/sc_req_item")
        assert len(reply.json()["result"]) == 2
        assert (await client.get(f"{url}practice/faults")).json() == {"active": {"slow": {"seconds": 0.01}}}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
