"""Reading a table to its end: by key, past hidden rows, while others write, and never a row that was not asked for."""

import json
import uuid
from dataclasses import replace

import pytest

from models.approval_process import ApprovalProcess
from services.common.errors import ConsoleError
from services.servicenow import table_api
from services.servicenow.encoded_query import equals
from services.store import Store
from tests.services.servicenow.rawserver import RawServer, Reply, json_reply
from tests.services.servicenow.support import assert_five_parts, at, connect

TABLE = "sysapproval_approver"


@pytest.fixture
def approvals(practice):
    """Forty approvals, of which the first ten, the last ten and every third one between are hidden from app.approver."""
    users = {row["user_name"]: row["sys_id"] for row in practice.records("sys_user")}
    hidden = [n < 10 or n >= 30 or n % 3 == 0 for n in range(40)]
    group = uuid.uuid4().hex
    for n, away in enumerate(hidden):
        add(practice, f"{n:032x}", users["other.approver" if away else "app.approver"], group)
    yield group, [f"{n:032x}" for n, away in enumerate(hidden) if not away]
    for n in range(40):
        practice._database.delete(TABLE, f"{n:032x}")


def add(practice, sys_id, approver, group):
    practice._database.insert(
        TABLE, {"sys_id": sys_id, "approver": approver, "state": "requested", "group": group}
    )


async def keys(rows):
    return [row["sys_id"] async for row in rows]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 39, 40, 41, 200])
async def test_rows_hidden_by_access_rules_end_no_list(practice, approvals, size):
    group, visible = approvals
    async with connect(practice, "app.approver") as approver:
        rows = approver.table(TABLE).rows(equals(group=group), fields=["state"], page_size=size)
        assert await keys(rows) == visible


async def test_an_administrator_of_approvals_sees_them_all(instance, approvals):
    group, _ = approvals
    assert len(await keys(instance.table(TABLE).rows(equals(group=group), fields=[], page_size=7))) == 40


@pytest.mark.parametrize("size", [1, 3, 10])
async def test_rows_that_come_while_reading_disturb_nothing(practice, approvals, size):
    group, visible = approvals
    approver_id = practice.records("sys_user", user_name="app.approver")[0]["sys_id"]
    before, between, behind = "/" * 32, "0" * 30 + "1z", "f" * 32
    found = []
    async with connect(practice, "app.approver") as approver:
        async for row in approver.table(TABLE).rows(equals(group=group), fields=[], page_size=size):
            if not found:
                for sys_id in (before, between, behind):
                    add(practice, sys_id, approver_id, group)
            found.append(row["sys_id"])
    for sys_id in (before, between, behind):
        practice._database.delete(TABLE, sys_id)
    assert found == sorted([*visible, between, behind])


async def test_a_limit_ends_the_reading_early(practice, instance, approvals):
    group, _ = approvals
    practice.log.clear()
    rows = instance.table(TABLE).rows(equals(group=group), fields=[], page_size=2, limit=3)
    assert await keys(rows) == [f"{n:032x}" for n in range(3)]
    assert len(practice.log) == 2


async def test_an_empty_list_is_read_with_one_call(practice, instance):
    practice.log.clear()
    assert await keys(instance.table(TABLE).rows(equals(group="none"), fields=[])) == []
    assert await instance.table(TABLE).get("0" * 32, ["state"]) is None
    assert len(practice.log) == 2


class Pages:
    """A table of its own making; `spoil` changes what the instance would rightly answer."""

    def __init__(self, count=10, spoil=None, total=True):
        self.rows = [{"sys_id": f"{n:02d}", "name": "a", "active": "true"} for n in range(count)]
        self.spoil, self.total, self.calls = spoil, total, 0

    def __call__(self, asked):
        self.calls += 1
        assert self.calls < 50, "the reading does not end"
        after = next((p[7:] for p in asked.params["sysparm_query"].split("^") if p.startswith("sys_id>")), "")
        left = [row for row in self.rows if row["sys_id"] > after]
        offset, limit = int(asked.params.get("sysparm_offset", 0)), int(asked.params["sysparm_limit"])
        page = left[offset : offset + limit]
        if self.spoil is not None:
            page = self.spoil(self.calls, page)
        headers = {"X-Total-Count": str(len(left))} if self.total else {}
        return json_reply(
            json.dumps({"result": page}), **{n.replace("-", "_"): v for n, v in headers.items()}
        )


async def read(pages, size=3):
    async with RawServer(pages) as server, at(server.url) as instance:
        rows = instance.table("any").rows(equals(active="true"), fields=["name"], page_size=size)
        return await keys(rows)


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("count", [0, 1, 3, 9, 10])
async def test_a_list_is_read_to_its_end_with_and_without_a_count(count, total):
    pages = Pages(count, total=total)
    assert await read(pages) == [row["sys_id"] for row in pages.rows]


async def test_a_short_page_without_a_count_is_not_the_end():
    pages = Pages(10, lambda _, page: page[:1], total=False)
    assert await read(pages) == [row["sys_id"] for row in pages.rows]


async def test_an_instance_that_gives_smaller_pages_than_asked_for_is_read_to_its_end():
    pages = Pages(10, lambda _, page: page[:4])
    assert await read(pages, size=20) == [row["sys_id"] for row in pages.rows]


async def test_a_count_without_hidden_rows_ends_no_list():
    class Counted(Pages):
        """Hides every other row, and counts what is left."""

        def __call__(self, asked):
            reply = super().__call__(asked)
            counted = str(int(reply.headers["X-Total-Count"]) // 2)
            return replace(reply, headers={**reply.headers, "X-Total-Count": counted})

    pages = Counted(12, lambda _, page: [row for row in page if int(row["sys_id"]) % 2])
    assert await read(pages, size=8) == [row["sys_id"] for row in pages.rows if int(row["sys_id"]) % 2]


TOO_LONG = json.dumps(
    {
        "error": {
            "message": "Transaction cancelled: maximum execution time exceeded",
            "detail": "Transaction cancelled: maximum execution time exceeded Check logs for error trace",
        },
        "status": "failure",
    }
)


class SizedPages(Pages):
    """Notes how many rows each call asked for; for more than `most` rows the instance has no time."""

    def __init__(self, count, most=1000):
        super().__init__(count)
        self.sizes, self.most = [], most

    def __call__(self, asked):
        reply = super().__call__(asked)
        self.sizes.append(int(asked.params["sysparm_limit"]))
        return reply if self.sizes[-1] <= self.most else json_reply(TOO_LONG, status=500)


@pytest.fixture
def small_sizes(monkeypatch):
    monkeypatch.setattr(table_api, "PAGE_SIZE", 2)
    monkeypatch.setattr(table_api, "PAGE_SIZE_MAX", 8)


@pytest.mark.parametrize(
    ("count", "sizes"), [(2, [2]), (3, [2, 4]), (14, [2, 4, 8]), (31, [2, 4, 8, 8, 8, 8])]
)
async def test_the_pages_of_a_long_list_grow_after_a_small_first_one(small_sizes, count, sizes):
    pages = SizedPages(count)
    assert await read(pages, size=None) == [row["sys_id"] for row in pages.rows]
    assert pages.sizes == sizes


async def test_rows_behind_hidden_ones_are_found_where_the_instance_allows_small_pages_only(small_sizes):
    """A page that grew to 8 steps over hidden rows by what the instance gives, not by what was asked for."""
    hidden = 13

    class Capped(Pages):
        def __call__(self, asked):
            reply = super().__call__(asked)
            rows = [row for row in json.loads(reply.body)["result"][:4] if int(row["sys_id"]) >= hidden]
            return json_reply(json.dumps({"result": rows}), X_Total_Count=reply.headers["X-Total-Count"])

    pages = Capped(20)
    assert await read(pages, size=None) == [row["sys_id"] for row in pages.rows[hidden:]]


async def test_a_page_that_grew_too_large_is_read_in_small_ones(small_sizes):
    pages = SizedPages(12, most=4)
    assert await read(pages, size=None) == [row["sys_id"] for row in pages.rows]
    assert set(pages.sizes[pages.sizes.index(8) + 1 :]) <= {8, 2}
    assert pages.sizes[-3:] == [2, 2, 2]


async def test_a_page_whose_size_was_asked_for_stays_an_error_when_it_fails():
    with pytest.raises(ConsoleError):
        await read(SizedPages(12, most=4), size=8)


SPOILT = {
    "a row that does not meet the query": lambda n, page: (
        [{**page[0], "active": "false"}] if n == 2 else page
    ),
    "a field that may not be read": lambda n, page: [
        {k: v for k, v in row.items() if k != "active"} for row in page
    ],
    "rows that were there before": lambda n, page: page if n == 1 else [{"sys_id": "00", "active": "true"}],
    "rows in another order": lambda n, page: page[::-1],
    "a row twice": lambda n, page: [*page, *page[-1:]],
    "rows without a key": lambda n, page: [{"active": "true", "name": "a"}],
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
async def test_each_page_is_checked_against_what_was_asked(spoil):
    with pytest.raises(ConsoleError) as caught:
        await read(Pages(10, spoil))
    assert_five_parts(caught.value, "query-ignored")


@pytest.mark.parametrize(
    "result",
    [
        '{"sys_id": "1"}',
        '"text"',
        "null",
        "5",
        '[{"sys_id": "01", "active": "true"}, "partial"]',
        "[null]",
        "[[]]",
    ],
)
async def test_a_result_that_is_no_list_of_records_is_malformed(result):
    async with (
        RawServer(lambda _: json_reply(f'{{"result": {result}}}')) as server,
        at(server.url) as instance,
    ):
        with pytest.raises(ConsoleError) as caught:
            await keys(instance.table("any").rows(equals(active="true"), fields=[]))
    assert_five_parts(caught.value, "reply-malformed")


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("", "reply-malformed"),
        ("{", "reply-malformed"),
        ('{"result": [', "reply-malformed"),
        ("[]", "reply-malformed"),
        ("{}", "reply-malformed"),
        ("[" * 100_000, "reply-malformed"),
        ('{"a":' * 100_000, "reply-malformed"),
        (b'{"result": ["\xff"]}', "reply-malformed"),
        ('{"result": [], "error": {"message": "Transaction cancelled: maximum"}}', "transaction-cancelled"),
        ('{"result": [], "error": {"message": "other"}}', "operation-aborted"),
        ('{"result": [], "error": null}', "operation-aborted"),
        ("<html><title>Log in</title></html>", "login-page"),
        ("<!DOCTYPE html><title>Anything</title>", "html-instead-of-data"),
    ],
    ids=range(13),
)
async def test_a_body_that_is_no_answer_is_named(body, fault):
    async with RawServer(lambda _: json_reply(body)) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await keys(instance.table("any").rows(fields=[]))
    assert_five_parts(caught.value, fault)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (400, '{"error": {"message": "Invalid table x", "detail": ""}}', "operation-aborted"),
        (401, '{"error": {"message": "User Not Authenticated"}}', "authentication-refused"),
        (401, "<html>Log in here</html>", "authentication-refused"),
        (403, '{"error": {"message": "Insufficient rights to query records"}}', "rights-missing"),
        (
            403,
            '{"error": {"message": "Operation Failed", "detail": "aborted by Business Rule"}}',
            "operation-aborted",
        ),
        (404, '{"error": {"message": "Requested URI does not represent any resource"}}', "record-missing"),
        (408, "", "timeout"),
        (500, "", "server-error"),
        (502, "<html><title>Bad gateway</title></html>", "server-error"),
        (503, "<html><title>Down for maintenance</title></html>", "instance-maintenance"),
        (504, "", "timeout"),
        (202, '{"result": []}', "accepted-only"),
    ],
)
async def test_a_status_that_is_no_success_is_named(status, body, fault):
    async with RawServer(lambda _: json_reply(body, status)) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await keys(instance.table("any").rows(fields=[]))
    assert_five_parts(caught.value, fault)


async def test_no_record_found_is_an_empty_list():
    body = '{"error": {"message": "No Record found", "detail": "ACL"}, "status": "failure"}'
    async with RawServer(lambda _: json_reply(body, 404)) as server, at(server.url) as instance:
        assert await keys(instance.table("any").rows(fields=[])) == []


async def test_an_answer_to_a_guest_is_no_answer():
    reply = json_reply('{"result": []}', X_Is_Logged_In="false")
    async with RawServer(lambda _: reply) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await keys(instance.table("any").rows(fields=[]))
    assert_five_parts(caught.value, "authentication-refused")


@pytest.mark.parametrize(
    "charset", ["hex", "base64", "rot13", "idna", "undefined", "punycode", "no-such", "utf-8"]
)
async def test_a_page_is_named_whatever_character_set_it_claims(charset):
    kind = {"Content-Type": f"text/html; charset={charset}"}
    page = Reply("<html><title>Blocked, größer</title></html>".encode(), 200, kind)
    async with RawServer(lambda asked: page) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await instance.table("any").first(equals(name="a"), [])
    assert_five_parts(caught.value, "html-instead-of-data")
    assert "Blocked, größer" in caught.value.problem.evidence


@pytest.mark.parametrize("count", [0, 500])
async def test_a_list_without_an_end_is_given_up(monkeypatch, count):
    """New rows for ever, or pages of hidden ones for ever, filled the memory or asked on and on."""
    monkeypatch.setattr(table_api, "ROWS_MAX", 2_000)
    asked = []

    def endless(_):
        asked.append(1)
        rows = [{"sys_id": f"{len(asked) * count + n:08d}"} for n in range(count)]
        return json_reply(json.dumps({"result": rows}), X_Total_Count="999999999")

    async with RawServer(endless) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await keys(instance.table("any").rows(fields=[]))
    assert_five_parts(caught.value, "answer-too-large")
    assert len(asked) < 20


@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00", "\\u0000", "\\udc00\\ud800"])
async def test_half_a_character_is_marked_before_it_reaches_a_store(escape, tmp_path):
    """JSON can write what no database takes: a name with it would end the saving of a process with a crash."""
    body = '{"result": [{"sys_id": "01", "name": "aESCAPEb"}]}'.replace("ESCAPE", escape)
    async with RawServer(lambda _: json_reply(body)) as server, at(server.url) as instance:
        row = await instance.table("any").first(equals(sys_id="01"), ["name"])
    assert row["name"].strip("ab\ufffd") == ""
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    with store.write() as work:
        work.insert(ApprovalProcess(name="Process", request_item_name=row["name"]))
    store.close()


async def test_an_error_with_half_a_character_can_be_stored_and_logged():
    body = '{"error": {"message": "no\\ud800", "detail": "\\u0000"}}'
    async with RawServer(lambda _: json_reply(body)) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await keys(instance.table("any").rows(fields=[]))
    assert_five_parts(caught.value, "operation-aborted")
    assert "no\ufffd" in caught.value.problem.as_text().encode().decode()
