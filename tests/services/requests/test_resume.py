"""After a crash at any step a request is neither lost nor raised twice; what nobody can tell is not guessed."""

import asyncio
import json
from contextlib import contextmanager
from datetime import timedelta

import pytest

from models.base import utcnow
from models.kinds import RequestEventKind, RequestState
from models.task_run import TaskRun
from services.common.errors import ConsoleError, InputError, UnreachableError
from services.coordination import process_identity
from services.requests.domain import inputs, journal
from services.requests.domain.validation import validate_fields
from services.requests.lifecycle import lifecycle as life_module
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.servicenow import ConnectionSettings, ServiceNowClient
from tests.services.requests.conftest import sign_in, states, stored, timeline

pytestmark = pytest.mark.every_database

FIELDS = {"PMUserReason": "why", "PMFilePath": "C:\\x.exe"}
LIMIT = timedelta(seconds=life_module.PROCESSING_LIMIT_S)


class Crash(BaseException):
    """The program is gone."""


@pytest.fixture
def later(monkeypatch):
    """Return a function that sets the clock of the life of requests forward."""
    ahead = [timedelta()]
    monkeypatch.setattr(life_module, "utcnow", lambda: utcnow() + ahead[0])

    def move(by):
        ahead[0] += by

    return move


@pytest.fixture
def process(configuration):
    from models.kinds import Kind

    return configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Process", timeout_after_s=3600))


@pytest.fixture
def another(store, instance, process):
    """The life of requests in another program, to which nothing belongs that this one claimed."""
    return RequestLifecycle(store, instance, process, holder="elsewhere:1:x")


@contextmanager
def crashing(owner, name, *, before):
    """Let the program die before or after it calls this."""
    real = getattr(owner, name)

    async def body(*arguments, **named):
        if before:
            raise Crash
        await real(*arguments, **named)
        raise Crash

    setattr(owner, name, body)
    try:
        yield
    finally:
        setattr(owner, name, real)


async def crashed(life, approval_type, *, before=False, fields=FIELDS):
    """Raise a request with a program that dies around the call of Create; returns its row as the store has it."""
    with crashing(life.services, "create", before=before), pytest.raises(Crash):
        await life.submit(approval_type, fields)
    return stored_last(life)


def stored_last(life):
    return stored(life._steps.store)[-1]


def raised(practice):
    return practice.records("sc_req_item")


def answers(practice):
    names = {row["sys_id"]: row["name"] for row in practice.records("item_option_new")}
    return {names[a["item_option_new"]]: a["value"] for a in practice.records("sc_item_option")}


async def test_one_whose_answer_was_lost_is_found(life, store, approval_type, practice):
    row = await crashed(life, approval_type)
    assert (row.state, row.external_id) == (RequestState.SUBMITTING, "")
    await life.resume(row)
    [kept] = stored(store)
    [item] = raised(practice)
    assert kept.model_dump() == row.model_dump()
    assert (kept.state, kept.external_id, kept.number) == ("pending", item["sys_id"], item["number"])
    assert (kept.record_id, kept.order_id, kept.servicenow_state) == (
        item["sys_id"],
        item["request"],
        "requested",
    )
    assert (kept.claimed_by, kept.claimed_until) == ("", None)
    assert [line.kind for line in timeline(store)] == ["raised", "sent", "found"]
    await life.cancel(row, "done")
    assert states(store) == [RequestState.CANCELLED]


@pytest.mark.parametrize(
    "fault", ["answer_lost", "cut_body", "outputs_missing", "not_well_formed", "accepted"]
)
async def test_a_doubtful_answer_is_looked_up_at_once(life, store, approval_type, practice, fault):
    await life._instance.service(life._process.create_service).describe()
    real = life.services.create

    async def create(variables):
        practice.faults.set(fault)
        try:
            return await real(variables)
        finally:
            practice.faults.clear()

    life.services.create = create
    row = await life.submit(approval_type, FIELDS)
    assert (row.state, len(raised(practice))) == (RequestState.PENDING, 1)
    assert row.external_id == raised(practice)[0]["sys_id"]
    assert timeline(store)[-1].kind == RequestEventKind.FOUND


@pytest.mark.parametrize("fault", ["hibernating", "rate_limited"])
async def test_one_that_could_not_be_sent_stays_and_is_sent_when_the_instance_is_back(
    life, store, approval_type, practice, fault
):
    # The description of the service is known: it is Create itself that does not get through.
    await life._instance.service(life._process.create_service).describe()
    row = life.draft(approval_type, FIELDS)
    await life.keep(row, FIELDS)
    for _ in range(3):
        practice.faults.set(fault, seconds=0) if fault == "rate_limited" else practice.faults.set(fault)
        with pytest.raises(ConsoleError):
            await life.resume(row)
        practice.faults.clear()
        [kept] = stored(store)
        assert (kept.state, kept.claimed_by, row.state) == (
            RequestState.SUBMITTING,
            "",
            RequestState.SUBMITTING,
        )
        assert [line.kind for line in timeline(store)] == ["raised"]
    assert raised(practice) == []
    await life.resume(row)
    assert (row.state, len(raised(practice))) == (RequestState.PENDING, 1)


async def test_one_that_was_never_sent_is_sent(life, another, store, approval_type, practice, later):
    row = life.draft(approval_type, FIELDS)
    await life.keep(row, FIELDS)
    assert (await another.resume(row)).state == RequestState.SUBMITTING
    assert raised(practice) == []
    later(LIMIT)
    assert (await another.resume(row)).state == RequestState.PENDING
    assert len(raised(practice)) == 1
    assert answers(practice)["PMFilePath"] == FIELDS["PMFilePath"]


async def test_what_is_claimed_by_a_program_that_is_gone_is_gone_on_with_at_once(
    life, store, approval_type, practice
):
    row = life.draft(approval_type, FIELDS)
    await life.keep(row, FIELDS)
    node, _, _ = process_identity.process_identity().split(":")
    with store.write() as work:
        work.observe(type(row), {row.id: {"claimed_by": f"{node}:4194304:dead"}})
    await life.resume(row)
    assert row.state == RequestState.PENDING


async def test_proven_absent_it_is_raised_once_more_when_no_answer_can_come_any_more(
    life, store, approval_type, practice, later
):
    other = await life.submit(approval_type, {})  # what can be seen of this one proves that the account sees
    row = await crashed(life, approval_type, before=True)
    await life.resume(row)
    assert (row.state, len(raised(practice))) == (RequestState.SUBMITTING, 1)
    later(LIMIT)
    await life.resume(row)
    assert (row.state, len(raised(practice))) == (RequestState.PENDING, 2)
    assert row.external_id not in ("", other.external_id)
    assert [line.kind for line in timeline(store) if line.request_id == row.id] == [
        "raised", "sent", "sent", "created"
    ]  # fmt: skip


async def test_twice_is_enough(life, store, approval_type, practice, later):
    await life.submit(approval_type, {})
    row = await crashed(life, approval_type, before=True)
    later(LIMIT)
    with crashing(life.services, "create", before=True), pytest.raises(Crash):
        await life.resume(row)
    later(LIMIT)
    await life.resume(row)
    assert row.state == RequestState.FAILED
    assert "Create was called 2 times" in row.error
    assert len(raised(practice)) == 1


async def test_over_its_time_it_is_not_raised_any_more(life, store, approval_type, practice, later):
    await life.submit(approval_type, {})
    row = await crashed(life, approval_type, before=True)
    later(timedelta(hours=1))
    await life.resume(row)
    assert (row.state, len(raised(practice))) == (RequestState.TIMED_OUT, 1)
    unsent = life.draft(approval_type, FIELDS)
    unsent.requested_at -= timedelta(hours=1)
    await life.keep(unsent, FIELDS)
    assert (await life.resume(unsent)).state == RequestState.TIMED_OUT
    assert len(raised(practice)) == 1


async def test_over_its_time_and_found_it_is_timed_out_on_the_instance_as_well(
    life, store, approval_type, practice, later
):
    row = await crashed(life, approval_type)
    later(timedelta(hours=1))
    await life.resume(row)
    assert row.state == RequestState.PENDING
    await life.follow(row)
    assert row.state == RequestState.TIMED_OUT
    assert raised(practice)[0]["approval"] == "cancelled"


async def hidden(practice, monkeypatch, table="sc_item_option_mtom"):
    from services.practice import table_api

    monkeypatch.setitem(table_api.READ_ROLES, table, ("admin",))


@pytest.mark.parametrize("how", ["hidden", "query_ignored", "forbidden_there", "no_request_seen"])
async def test_what_nobody_can_tell_fails_and_is_never_raised_again(
    life, store, approval_type, practice, later, monkeypatch, how
):
    if how != "no_request_seen":
        await life.submit(approval_type, {})
    before = how == "no_request_seen"
    row = await crashed(life, approval_type, before=before)
    count = len(raised(practice))
    if how == "hidden":
        await hidden(practice, monkeypatch)
    elif how == "query_ignored":
        practice.faults.set("query_ignored")
    elif how == "forbidden_there":
        practice.faults.set("forbidden")
    await life.resume(row)
    assert row.state == RequestState.SUBMITTING
    later(LIMIT)
    await life.resume(row)
    [*_, kept] = stored(store)
    assert kept.state == RequestState.FAILED
    assert kept.error.startswith("Nobody can tell whether it was raised: ")
    assert len(raised(practice)) == count


async def test_out_of_reach_it_is_left_for_later(life, store, approval_type, practice, later):
    row = await crashed(life, approval_type)
    practice.faults.set("server_error")
    later(LIMIT)
    with pytest.raises(UnreachableError):
        await life.resume(row)
    assert states(store) == [RequestState.SUBMITTING]
    practice.faults.clear()
    assert (await life.resume(row)).state == RequestState.PENDING


async def test_an_id_that_could_not_be_stored_is_found_again(
    life, store, approval_type, practice, monkeypatch
):
    from services.requests.lifecycle import transactions
    from services.store.errors import write_error

    real = transactions.RequestTransactions.take

    def refused(self, *arguments, **named):
        raise write_error(OSError("the disk is full"))

    monkeypatch.setattr(transactions.RequestTransactions, "take", refused)
    row = life.draft(approval_type, FIELDS)
    with pytest.raises(ConsoleError) as caught:
        await life.send(row, FIELDS)
    assert f"raised as {row.external_id}" in caught.value.problem.remedy
    assert states(store) == [RequestState.SUBMITTING]
    monkeypatch.setattr(transactions.RequestTransactions, "take", real)
    [kept] = stored(store)
    await life.resume(kept)
    assert (kept.state, kept.external_id) == (RequestState.PENDING, row.external_id)
    assert len(raised(practice)) == 1


async def test_two_programs_that_go_on_with_it_raise_it_once(life, another, approval_type, practice, later):
    await life.submit(approval_type, {})
    row = await crashed(life, approval_type, before=True)
    later(LIMIT)
    twice = [row, row.model_copy()]
    await asyncio.gather(life.resume(twice[0]), another.resume(twice[1]))
    assert len(raised(practice)) == 2
    await life.resume(row)
    assert row.state == RequestState.PENDING


async def test_two_programs_that_begin_with_it_raise_it_once(life, another, approval_type, practice, later):
    for number in range(1, 6):
        row = life.draft(approval_type, FIELDS)
        await life.keep(row, FIELDS)
        later(LIMIT)
        await asyncio.gather(life.resume(row), another.resume(row.model_copy()))
        assert len(raised(practice)) == number


async def test_an_answer_after_its_end_is_taken_back_on_the_instance(
    life, another, store, approval_type, practice, later
):
    """The computer slept between the call and its answer, and somebody else has ended the request meanwhile."""
    real = life.services.create

    async def create(variables):
        made = await real(variables)
        [row] = stored(store)
        later(LIMIT)
        practice._database.execute("DELETE FROM sc_item_option_mtom", [])
        assert (await another.resume(row)).state == RequestState.FAILED
        return made

    life.services.create = create
    row = await life.submit(approval_type, FIELDS)
    assert row.state == RequestState.FAILED
    assert raised(practice)[0]["approval"] == "cancelled"
    assert states(store) == [RequestState.FAILED]


async def test_a_call_that_slept_too_long_is_not_sent(life, store, approval_type, practice, monkeypatch):
    real = life._steps.record_create_attempt

    def mark(*arguments):
        done = real(*arguments)
        monkeypatch.setattr(life_module, "utcnow", lambda: utcnow() + LIMIT)
        return done

    monkeypatch.setattr(life._steps, "record_create_attempt", mark)
    with pytest.raises(UnreachableError) as caught:
        await life.submit(approval_type, FIELDS)
    assert "looked for on the instance" in caught.value.problem.remedy
    assert raised(practice) == []
    assert states(store) == [RequestState.SUBMITTING]


# -- cancelling ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("end", [RequestState.CANCELLED, RequestState.TIMED_OUT])
async def test_a_cancel_that_a_crash_broke_off_is_brought_to_its_end(
    life, store, approval_type, practice, before, end
):
    row = await life.submit(approval_type, FIELDS)
    with crashing(life.services, "cancel", before=before), pytest.raises(Crash):
        await life.cancel(row, "No longer: needed", end)
    [kept] = stored(store)
    assert kept.state == RequestState.PENDING
    with store.read() as session:
        assert journal.load_open_cancel_intents(session, utcnow()) == {
            kept.id: journal.CancelIntent(end, "No longer: needed")
        }
        assert journal.load_open_cancel_intents(session, kept.requested_at) == {}
    await life.follow(kept)
    assert (kept.state, kept.comment) == (end, "No longer: needed")
    assert raised(practice)[0]["approval"] == "cancelled"
    assert timeline(store)[-1].kind == end.value


async def test_a_cancel_that_was_refused_is_no_wish_any_more(life, store, approval_type, practice):
    row = await life.submit(approval_type, FIELDS)
    practice.faults.set("forbidden")
    with pytest.raises(ConsoleError):
        await life.cancel(row, "please")
    practice.faults.clear()
    await life.follow(row)
    assert row.state == RequestState.PENDING
    assert timeline(store)[-1].detail.startswith("Not cancelled: ")
    await life.cancel(row, "please")
    assert states(store) == [RequestState.CANCELLED]


@pytest.mark.parametrize("fault", ["server_error", "answer_lost", "cut_body"])
async def test_a_cancel_of_which_nobody_knows_what_came_ends_the_request_all_the_same(
    life, store, approval_type, practice, fault
):
    row = await life.submit(approval_type, FIELDS)
    practice.faults.set(fault)
    with pytest.raises(ConsoleError):
        await life.cancel(row, "please")
    practice.faults.clear()
    assert not [line for line in timeline(store) if line.detail.startswith("Not cancelled")]
    await life.follow(row)
    assert (row.state, row.comment) == (RequestState.CANCELLED, "please")
    assert raised(practice)[0]["approval"] == "cancelled"


async def test_a_decision_that_was_faster_than_the_cancel_counts(
    life, store, approval_type, practice, approver
):
    row = await life.submit(approval_type, FIELDS)
    with crashing(life.services, "cancel", before=True), pytest.raises(Crash):
        await life.cancel(row, "no")
    [asked] = practice.records("sysapproval_approver", state="requested")
    await approver.table("sysapproval_approver").update(asked["sys_id"], {"state": "approved"})
    await life.follow(row)
    assert states(store) == [RequestState.APPROVED]


async def test_what_is_being_raised_is_taken_back_as_far_as_anybody_can_tell(
    life, store, approval_type, practice, later
):
    unsent = life.draft(approval_type, FIELDS)
    await life.keep(unsent, FIELDS)
    await life.cancel(unsent, "no")
    assert (unsent.state, raised(practice)) == (RequestState.CANCELLED, [])
    await life.submit(approval_type, {})
    row = await crashed(life, approval_type, before=True)
    with pytest.raises(InputError) as caught:
        await life.cancel(row, "no")
    assert caught.value.problem.fault == "request-in-doubt"
    later(LIMIT)
    await life.cancel(row, "no")
    assert (row.state, len(raised(practice))) == (RequestState.CANCELLED, 1)
    there = await crashed(life, approval_type)
    await life.cancel(there, "no")
    assert there.state == RequestState.CANCELLED
    assert [item["approval"] for item in raised(practice)] == ["requested", "cancelled"]


async def test_what_has_ended_meanwhile_is_taken_over(life, store, approval_type, practice):
    row = await life.submit(approval_type, FIELDS)
    old = row.model_copy()
    await life.cancel(row, "first")
    calls = len(practice.log)
    await life.cancel(old, "second")
    assert (old.model_dump(), len(practice.log)) == (row.model_dump(), calls)


async def test_following_writes_nothing_while_nothing_changes(life, store, approval_type):
    row = await life.submit(approval_type, FIELDS)
    told = []
    store.feed.subscribe(told.extend)
    await life.refresh_item(row)
    assert told
    told.clear()
    for _ in range(3):
        await life.follow(row)
        await life.refresh_item(row)
    assert told == []


# -- inputs ----------------------------------------------------------------------------------------------------

FURTHER = {"PMFileSha1Hash": "da39a3ee", "PMFileCommandLine": "/quiet & <x>"}


async def test_further_variables_go_where_the_service_takes_them(life, approval_type, practice):
    await life.submit(approval_type, {**FIELDS, **FURTHER})
    offered = (await life._instance.service(life._process.create_service).describe()).inputs
    seen = answers(practice)
    assert {name: seen.get(name) for name in FURTHER if name in offered} == {
        name: text for name, text in FURTHER.items() if name in offered
    }


async def test_all_of_it_is_raised_after_a_crash(life, store, approval_type, practice, later):
    """What the row has no room for is kept beside it."""
    service = practice.records("sys_web_service", name=life._process.create_service)[0]
    for name in FURTHER:
        values = {"web_service": service["sys_id"], "name": name, "order": "900"}
        practice._database.insert("sys_web_service_input", values)
    [item] = practice.records("sc_cat_item", name="Execute Application Request")
    for name in FURTHER:
        practice._database.insert(
            "item_option_new", {"name": name, "cat_item": item["sys_id"], "active": "true"}
        )
    long = "C:\\" + "x" * 5000
    row = life.draft(approval_type, {"PMFilePath": long, **FURTHER})
    await life.keep(row, {"PMFilePath": long, **FURTHER})
    [kept] = stored(store)
    await life.resume(kept)
    seen = answers(practice)
    assert seen["PMFilePath"] == long
    assert {name: seen[name] for name in FURTHER} == FURTHER


def test_only_what_the_row_cannot_hold_is_kept_beside_it(store, life, approval_type):
    row = life.draft(approval_type, FIELDS)
    with store.write() as work:
        work.insert(row)
        inputs.store_inputs(work, row, {**FIELDS, "PMApprovalId": "mine"}, "ada")
    with store.read() as session:
        from sqlmodel import select

        assert session.exec(select(TaskRun)).all() == []
        assert {k: v for k, v in inputs.load_inputs(session, row).items() if v} == FIELDS
    with store.write() as work:
        inputs.store_inputs(work, row, {**FIELDS, **FURTHER}, "ada")
    with store.read() as session:
        [run] = session.exec(select(TaskRun)).all()
        assert json.loads(run.report) == FURTHER
        assert {k: v for k, v in inputs.load_inputs(session, row).items() if v} == {**FIELDS, **FURTHER}


@pytest.mark.parametrize(
    ("fields", "fault", "says"),
    [
        ({"PMShoeSize": "46"}, "field-unknown", "PMShoeSize is no variable"),
        ({"\x1b[2J": "46"}, "field-unknown", r"\x1b[2J is no variable"),
        ({"PMFilePath": "a\0b\x08"}, "field-unsendable", "PMFilePath (U+0000, U+0008)"),
        ({"PMUserReason": "\ud83d"}, "field-unsendable", "PMUserReason (U+D83D)"),
        ({"PMUserReason": "x" * 100_001}, "field-too-long", "PMUserReason (100001 characters)"),
    ],
)
async def test_what_no_request_can_carry_is_refused_by_name(
    life, store, approval_type, practice, fields, fault, says
):
    with pytest.raises(InputError) as caught:
        await life.submit(approval_type, fields)
    assert caught.value.problem.fault == fault
    assert says in caught.value.problem.evidence
    assert (stored(store), practice.log) == ([], [])


def test_what_a_request_can_carry_is_left_as_it_is():
    fields = {"PMUserReason": "& < > \" ' ]]> 😀 \u202eabc\r\n\t", "PMFileSha1Hash": "x"}
    assert validate_fields(fields) == fields


# -- claims ----------------------------------------------------------------------------------------------------


def test_a_process_is_gone_or_it_is_not():
    node, number, _ = process_identity.process_identity().split(":")
    assert not process_identity.has_process_ended(process_identity.process_identity())
    assert process_identity.has_process_ended(f"{node}:{number}:another")
    assert process_identity.has_process_ended(f"{node}:4194304:any")
    assert not process_identity.has_process_ended(f"{node}:1:any") or int(number) == 1
    for foreign in ("", "worker-7", "elsewhere:4194304:x", f"{node}:x:y", f"{node}:{'9' * 30}:y"):
        assert not process_identity.has_process_ended(foreign)


async def test_a_hidden_record_makes_an_account_blind(practice, approval_type, life, process, monkeypatch):
    """The canary: another account, which sees nothing, must not come to another conclusion."""
    from services.requests.records.find_by_approval_id import find_by_approval_id

    row = await life.submit(approval_type, FIELDS)
    assert (await find_by_approval_id(life._instance, row.approval_id, process)).items
    async with ServiceNowClient(ConnectionSettings("P", practice.base_url), sign_in("app.approver")) as other:
        await hidden(practice, monkeypatch)
        sighting = await find_by_approval_id(other, row.approval_id, process)
    assert not sighting.items
    assert not sighting.absent
    assert sighting.reason == "The instance counts it, but hides it from this account."
