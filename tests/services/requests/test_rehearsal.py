"""A rehearsal: every leg observed, and nothing left behind however it ends."""

import asyncio
import contextlib
import sqlite3

import pytest

from models.kinds import RequestEventKind, RequestState
from services.common.errors import ConsoleError, InputError, RefusedError, UnreachableError
from services.requests.rehearsal import baseline
from services.requests.rehearsal.rehearsal import rehearse
from services.servicenow import ConnectionSettings, ServiceNowClient
from tests.limits import WAIT_S
from tests.services.requests.conftest import sign_in, states, stored, timeline

LEGS = ["create", "record", "status"]
OUTCOME = ["decision", "outcome", "proof"]


@pytest.fixture
def run(store, instance, approval_type, process):
    async def body(**more):
        return await rehearse(store, instance, approval_type, process, **{"fields": {}, **more})

    return body


def waiting(practice):
    """Return the requested items on the instance that somebody is still asked about."""
    return [i["number"] for i in practice.records("sc_req_item") if i["approval"] == "requested"]


@pytest.mark.parametrize(("decide", "end"), [("approve", "approved"), ("reject", "rejected")])
@pytest.mark.parametrize("as_approver", [True, False])
async def test_it_is_followed_to_its_decision(run, store, practice, approver, decide, end, as_approver):
    done = await run(decide=decide, decider=approver if as_approver else None)
    assert done.ok, done.as_dict()
    assert [leg.name for leg in done.legs] == [*LEGS, *OUTCOME]
    assert done.legs[3].observed == f"app.approver: {end}"
    [kept] = stored(store)
    assert (kept.state, kept.servicenow_state, kept.rehearsal) == (end, end, True)
    assert kept.comment == "Rehearsal from Approval Console"
    assert waiting(practice) == []


@pytest.mark.parametrize("account", ["app.approver", "other.approver"])
async def test_of_several_approvers_the_one_who_decides_is_taken(run, practice, account):
    ids = {user["user_name"]: user["sys_id"] for user in practice.records("sys_user")}
    [member] = practice.records("sys_user_grmember", user=ids["app.approver"])
    admin = ConnectionSettings("Practice", practice.base_url)
    async with ServiceNowClient(admin, sign_in("admin")) as instance:
        values = {"user": ids["other.approver"], "group": member["group"]}
        await instance.table("sys_user_grmember").insert(values)
    # The order of the approvals is that of their ids, which are made up anew each time.
    for _ in range(4):
        async with ServiceNowClient(admin, sign_in(account)) as decider:
            done = await run(decide="approve", decider=decider)
        assert done.ok, done.as_dict()
        assert done.legs[3].observed == f"{account}: approved"


async def test_without_a_decision_it_is_cancelled(run, store, practice):
    told = []
    done = await run(progress=lambda text, number=0, total=None: told.append((number, total, text)))
    assert done.ok
    assert [leg.name for leg in done.legs] == [*LEGS, "cancel", "proof"]
    assert states(store) == [RequestState.CANCELLED]
    assert waiting(practice) == []
    assert [total for _, total, _ in told] == [6] * len(told)
    assert [number for number, _, _ in told] == sorted(number for number, _, _ in told)


async def test_what_is_given_goes_over_what_is_made_up(run, store):
    await run(fields={"PMFilePath": "/opt/tool", "PMUserReason": "<&>😀"})
    [kept] = stored(store)
    assert (kept.file_path, kept.reason, kept.policy_name) == ("/opt/tool", "REHEARSAL: <&>😀", "Rehearsal")


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"PMShoeSize": "46"}, "field-unknown"),
        ({"pmfilepath": "x"}, "field-unknown"),
        ({"PMFilePath": "a\0b"}, "field-unsendable"),
        ({"PMFilePath": "\x1b[0m"}, "field-unsendable"),
        ({"PMFilePath": "\udcff"}, "field-unsendable"),
        ({"PMFilePath": "\uffff"}, "field-unsendable"),
    ],
)
async def test_fields_that_no_request_has_are_refused_before_anything_is_done(
    run, store, practice, fields, fault
):
    with pytest.raises(InputError) as caught:
        await run(fields=fields)
    assert caught.value.problem.fault == fault
    assert practice.log == []
    assert stored(store) == []


async def test_an_approver_without_rights_leaves_nothing_behind(run, store, practice, process):
    from services.servicenow import ConnectionSettings, ServiceNowClient
    from tests.services.requests.conftest import sign_in

    settings = ConnectionSettings("Practice", practice.base_url)
    async with ServiceNowClient(settings, sign_in("other.approver")) as other:
        with pytest.raises(RefusedError):
            await run(decide="approve", decider=other)
    assert states(store) == [RequestState.CANCELLED]
    assert waiting(practice) == []


async def test_nobody_who_is_asked_is_a_leg_that_failed(run, store, practice, instance):
    practice._database.execute("DELETE FROM sys_user_grmember", [])
    done = await run(decide="approve")
    assert not done.ok
    # Without a member the item is approved by itself, so it is not seen pending either.
    assert [(leg.name, leg.ok) for leg in done.legs][2:] == [
        ("status", False),
        ("decision", False),
        ("proof", True),
    ]
    assert waiting(practice) == []


@pytest.mark.parametrize("fault", ["unknown_status", "server_error", "hibernating", "unauthorised"])
async def test_a_fault_in_the_middle_is_told_with_what_is_left_behind(run, store, practice, fault):
    def progress(text, done=0, total=None):
        if done == 2:
            practice.faults.set(fault)

    with pytest.raises(ConsoleError) as caught:
        await run(progress=progress)
    [kept] = stored(store)
    if fault == "unknown_status":
        assert kept.state == RequestState.CANCELLED
        assert waiting(practice) == []
        assert "still there" not in caught.value.problem.remedy
    else:
        assert kept.state == RequestState.PENDING
        assert waiting(practice) == [kept.number]
        assert (
            f"The request {kept.number} is still there: cancel it in ServiceNow, or start the console"
            in caught.value.problem.remedy
        )


async def test_a_network_that_is_pulled_in_the_middle_is_told_and_leaves_the_row_pending(
    run, store, practice
):
    def progress(text, done=0, total=None):
        if done == 1:
            practice.stop()

    with pytest.raises(UnreachableError) as caught:
        await run(decide="approve", progress=progress)
    [kept] = stored(store)
    assert kept.state == RequestState.PENDING
    assert f"The request {kept.external_id} is still there" in caught.value.problem.remedy


async def test_a_create_that_is_refused_leaves_nothing_to_clean_up(run, store, practice):
    practice.faults.set("soap_fault")
    with pytest.raises(ConsoleError) as caught:
        await run()
    assert states(store) == [RequestState.FAILED]
    assert "still there" not in caught.value.problem.remedy


@pytest.mark.parametrize("step", [1, 2, 3, 4])
async def test_cancelled_at_any_step_it_is_cleaned_up(run, store, practice, step):
    def progress(text, done=0, total=None):
        if done == step and not task.cancelling():
            task.cancel()

    task = asyncio.ensure_future(run(decide="approve", progress=progress))
    before = asyncio.all_tasks() - {task}
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before
    assert waiting(practice) == []
    # Cancelled after the decision, the row does not know of it yet and the instance has nothing left to cancel.
    assert states(store) == [RequestState.CANCELLED]
    assert store.verify_audit().ok


@pytest.mark.parametrize("later", [0, 0.002, 0.01, 0.02])
async def test_cancelled_while_it_cleans_up_it_still_does(run, store, practice, later):
    def progress(text, done=0, total=None):
        if done == 4 and not pressed:
            pressed.append(text)
            asyncio.get_running_loop().call_later(later, task.cancel)

    pressed = []
    task = asyncio.ensure_future(run(progress=progress))
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert pressed == ["Cancelling the request"]
    assert waiting(practice) == []
    assert states(store) == [RequestState.CANCELLED]
    assert store.verify_audit().ok


async def test_cancelled_between_create_and_its_row_it_is_cleaned_up(run, store, practice, monkeypatch):
    """The instance has answered, and the store is busy: the id is known to this task alone."""
    write, writes = store.write, []
    monkeypatch.setattr(store, "write", lambda *words: writes.append(words) or write(*words))
    other = sqlite3.connect(store.url.removeprefix("sqlite:///"), isolation_level=None)
    practice.faults.set("slow_script", seconds=1)
    task = asyncio.ensure_future(run())
    async with asyncio.timeout(WAIT_S):
        while RequestEventKind.SENT not in {line.kind for line in timeline(store)}:
            await asyncio.sleep(0.01)
        other.execute("BEGIN IMMEDIATE")
        before = len(writes)
        while len(writes) == before:
            await asyncio.sleep(0.01)
    assert practice.records("sc_req_item")
    practice.faults.clear()
    task.cancel()
    await asyncio.sleep(0.05)
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiting(practice) == []
    assert states(store) == [RequestState.CANCELLED]


async def test_an_approved_item_that_the_account_may_not_close_is_named_and_no_failure(
    run, store, practice, monkeypatch
):
    from services.practice import table_api

    monkeypatch.setitem(table_api.WRITE_ROLES, "sc_req_item", ("itil",))
    told = []
    done = await run(
        decide="approve", notice=lambda text: told.append((text, len(practice.records("sc_req_item"))))
    )
    [item] = practice.records("sc_req_item")
    [(said, items)] = told
    assert items == 0
    assert "the roles of privman.integration are not visible" in said
    assert "stays open in ServiceNow" in said
    assert done.ok
    leg = done.legs[-1]
    assert leg.name == "proof"
    assert leg.observed.startswith(
        f"{item['number']} is approved and stays open: the account may not close it."
    )
    document = done.as_dict()
    assert (document["ok"], document["cleaned"]) == (True, False)
    assert document["reason"].startswith(
        "the account may not close it. The account is signed in but lacks a role"
    )
    assert baseline.find_unfinished(store) == []


@pytest.mark.parametrize("decide", ["reject", None])
async def test_what_leaves_nothing_open_is_not_announced_to(run, practice, monkeypatch, decide):
    from services.practice import table_api

    monkeypatch.setitem(table_api.WRITE_ROLES, "sc_req_item", ("itil",))
    told = []
    done = await run(decide=decide, notice=told.append)
    assert (done.ok, done.cleaned, told) == (True, True, [])


async def test_an_account_that_may_close_items_is_told_nothing(run, practice):
    practice.faults.set("role_admin_left")
    told = []
    assert (await run(decide="approve", notice=told.append)).cleaned
    assert told == []


async def test_what_is_approved_is_closed_so_that_nobody_carries_it_out(run, practice):
    done = await run(decide="approve")
    [item] = practice.records("sc_req_item")
    assert (item["approval"], item["state"], item["active"]) == ("approved", "4", "false")
    assert done.legs[-1].observed == f"{item['number']} is closed"


async def test_after_a_crash_it_can_be_run_again(run, store, practice, life, approval_type):
    row = life.draft(approval_type, {}, rehearsal=True)
    with store.write() as work:
        work.insert(row)
    assert (await run(decide="approve")).ok
    assert states(store) == [RequestState.SUBMITTING, RequestState.APPROVED]


async def test_json_has_every_leg_and_the_request(run):
    document = (await run()).as_dict()
    assert set(document) == {"ok", "request", "legs", "slower", "cleaned", "reason"}
    assert (document["cleaned"], document["reason"]) == (True, None)
    assert set(document["request"]) == {"id", "request_id", "number", "state", "servicenow_state", "comment"}
    assert all(type(leg["ms"]) is int for leg in document["legs"])
