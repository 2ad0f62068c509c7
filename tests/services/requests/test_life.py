"""The life of one request: stored around each call, never raised twice, and ended only by an answer that says so."""

import asyncio
import uuid
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models.base import utcnow
from models.kinds import RequestState
from models.store_meta import StoreMeta
from services.common.errors import ConsoleError, InputError, ReplyError, UnreachableError
from services.requests.lifecycle import lifecycle as life_module
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.store.audit_trail import HEAD_KEY
from services.store.row_values import get_table
from services.vault.base import EntryKey, SecretMissingError
from tests.limits import WAIT_S
from tests.services.requests.conftest import states, stored

pytestmark = pytest.mark.every_database

FIELDS = {
    "PMFilePath": r"C:\a & b\<c>.exe",
    "PMUserReason": "Because “it” isn't ]]> there 😀",
    "PMInitiatorName": "Ada",
}


async def decided(approver, practice, word, comment=""):
    [asked] = practice.records("sysapproval_approver", state="requested")
    await approver.table("sysapproval_approver").update(asked["sys_id"], {"state": word, "comments": comment})


async def test_a_request_is_raised_once_and_its_row_says_so(life, store, approval_type, practice, process):
    row = await life.submit(approval_type, FIELDS)
    [kept] = stored(store)
    assert kept.model_dump() == row.model_dump()
    assert kept.state == RequestState.PENDING
    assert (kept.type_name, kept.process_name, kept.rehearsal) == ("Type", "Process", False)
    assert (kept.file_path, kept.reason, kept.initiator_name) == tuple(FIELDS.values())
    assert kept.times_out_at - kept.submitted_at == timedelta(seconds=60)
    assert len(practice.records("sc_request")) == 1
    answers = {
        practice.records("item_option_new", sys_id=a["item_option_new"])[0]["name"]: a["value"]
        for a in practice.records("sc_item_option")
    }
    assert answers["PMApprovalId"] == str(row.id)
    assert answers["PMProcessId"] == str(process.id)
    assert answers["PMFilePath"] == FIELDS["PMFilePath"]
    assert answers["PMUserReason"] == FIELDS["PMUserReason"]


@pytest.mark.parametrize("word", ["approved", "rejected"])
async def test_a_decision_ends_it_with_the_approvers_comment(
    life, store, approval_type, approver, practice, word
):
    row = await life.submit(approval_type, FIELDS)
    await life.follow(row)
    assert states(store) == [RequestState.PENDING]
    await decided(approver, practice, word, "Seen by Alex")
    await life.follow(row)
    [kept] = stored(store)
    assert (kept.state, kept.comment) == (word, "Seen by Alex")
    assert kept.ended_at is not None
    calls = len(practice.log)
    assert (await life.follow(row)).state == word
    assert len(practice.log) == calls


async def test_a_request_that_is_gone_is_invalid(life, store, approval_type):
    row = await life.submit(approval_type, FIELDS)
    row.external_id = "f" * 32
    await life.follow(row)
    assert states(store) == [RequestState.INVALID]


async def test_cancelling_is_done_on_the_instance_first(life, store, approval_type, practice):
    row = await life.submit(approval_type, FIELDS)
    await life.cancel(row, "No longer needed")
    [kept] = stored(store)
    assert (kept.state, kept.comment) == (RequestState.CANCELLED, "No longer needed")
    [item] = practice.records("sc_req_item")
    assert item["approval"] == "cancelled"


async def test_over_its_time_it_is_cancelled_there_and_timed_out_here(
    life, store, approval_type, practice, monkeypatch
):
    row = await life.submit(approval_type, FIELDS)
    later = utcnow() + timedelta(seconds=61)
    monkeypatch.setattr(life_module, "utcnow", lambda: later)
    await life.follow(row)
    [kept] = stored(store)
    assert (kept.state, kept.ended_at) == (RequestState.TIMED_OUT, later)
    [item] = practice.records("sc_req_item")
    assert item["approval"] == "cancelled"


@pytest.mark.parametrize("word", ["approved", "rejected"])
async def test_what_was_decided_before_anybody_looked_again_is_not_timed_out(
    life, store, approval_type, approver, practice, monkeypatch, word
):
    """The computer slept, or no worker ran, until its time was over."""
    row = await life.submit(approval_type, FIELDS)
    await decided(approver, practice, word, "In time")
    later = utcnow() + timedelta(seconds=61)
    monkeypatch.setattr(life_module, "utcnow", lambda: later)
    await life.follow(row)
    [kept] = stored(store)
    assert (kept.state, kept.comment) == (word, "In time")
    assert not [call for call in practice.log if call.path.startswith("/Cancel")]


@pytest.mark.parametrize("fault", ["unknown_status"])
async def test_a_service_that_cannot_say_how_it_stands_does_not_keep_it_open(
    life, store, approval_type, practice, monkeypatch, fault
):
    row = await life.submit(approval_type, FIELDS)
    practice.faults.set(fault)
    later = utcnow() + timedelta(seconds=61)
    monkeypatch.setattr(life_module, "utcnow", lambda: later)
    await life.follow(row)
    assert states(store) == [RequestState.TIMED_OUT]
    [item] = practice.records("sc_req_item")
    assert item["approval"] == "cancelled"


async def test_just_before_its_time_it_is_still_asked_for(life, store, approval_type, monkeypatch):
    row = await life.submit(approval_type, FIELDS)
    just_before = row.times_out_at - timedelta(microseconds=1)
    monkeypatch.setattr(life_module, "utcnow", lambda: just_before)
    assert (await life.follow(row)).state == RequestState.PENDING


async def test_over_its_time_but_out_of_reach_it_stays_pending(
    life, store, approval_type, practice, monkeypatch
):
    row = await life.submit(approval_type, FIELDS)
    practice.faults.set("server_error")
    later = utcnow() + timedelta(seconds=61)
    monkeypatch.setattr(life_module, "utcnow", lambda: later)
    with pytest.raises(ConsoleError):
        await life.follow(row)
    assert states(store) == [RequestState.PENDING]
    practice.faults.clear()
    assert (await life.follow(row)).state == RequestState.TIMED_OUT


@pytest.mark.parametrize(
    ("fault", "error"),
    [("unknown_status", ReplyError), ("outputs_missing", ReplyError), ("accepted", ReplyError),
     ("server_error", UnreachableError), ("hibernating", UnreachableError), ("cut_body", ConsoleError)],
)  # fmt: skip
async def test_an_answer_that_is_none_changes_nothing(life, store, approval_type, practice, fault, error):
    row = await life.submit(approval_type, FIELDS)
    before = stored(store)[0].model_dump()
    practice.faults.set(fault)
    with pytest.raises(error):
        await life.follow(row)
    assert stored(store)[0].model_dump() == before


@pytest.mark.parametrize(
    "fault", ["soap_fault", "server_error", "unauthorised", "service_missing", "rate_limited", "hibernating"]
)
async def test_a_refused_create_is_failed_and_never_repeated(life, store, approval_type, practice, fault):
    practice.faults.set(fault)
    with pytest.raises(ConsoleError) as caught:
        await life.submit(approval_type, FIELDS)
    [kept] = stored(store)
    assert kept.state == RequestState.FAILED
    assert kept.error == str(caught.value)
    assert kept.external_id == ""
    assert sum(call.method == "POST" for call in practice.log) <= 1


async def test_with_a_store_that_refuses_nothing_is_raised(
    store, instance, process, approval_type, practice, monkeypatch
):
    from services.store import Store, engine, postgresql_connections

    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(postgresql_connections, "LOCK_TIMEOUT_MS", 20)
    impatient = Store.open(store.url, actor="ada")
    with closing(impatient), store.engine.execution_options(write=True).begin() as other:
        engine.lock_for_writing(other)
        with pytest.raises(ConsoleError) as caught:
            await RequestLifecycle(impatient, instance, process).submit(approval_type, FIELDS)
    assert caught.value.problem.fault == "store-locked"
    assert practice.log == []
    assert stored(store) == []


def head_of_the_trail(store, value=None):
    """Return what the audit trail ends with; `value` is put in its place, and nothing can be written behind nonsense."""
    mine = get_table(StoreMeta).c.key == HEAD_KEY
    with store.engine.execution_options(write=True).begin() as connection:
        head = connection.execute(select(get_table(StoreMeta).c.value).where(mine)).scalar_one()
        if value is not None:
            connection.execute(update(get_table(StoreMeta)).where(mine).values(value=value))
    return head


async def test_an_answer_that_could_not_be_stored_is_asked_for_and_stored_again(
    life, store, approval_type, approver, practice
):
    row = await life.submit(approval_type, FIELDS)
    await decided(approver, practice, "approved", "Seen by Alex")
    before = row.model_dump()
    head = head_of_the_trail(store, "nonsense")
    with pytest.raises(ConsoleError) as caught:
        await life.follow(row)
    assert caught.value.problem.fault == "audit-broken"
    assert row.model_dump() == before
    head_of_the_trail(store, head)
    await life.follow(row)
    [kept] = stored(store)
    assert kept.model_dump() == row.model_dump()
    assert (kept.state, kept.comment) == (RequestState.APPROVED, "Seen by Alex")
    assert store.verify_audit().ok


async def test_given_up_while_it_is_raised_it_can_be_gone_on_with(life, store, approval_type, practice):
    practice.faults.set("slow", seconds=30)
    task = asyncio.ensure_future(life.submit(approval_type, FIELDS))
    async with asyncio.timeout(WAIT_S):
        while not states(store):
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [kept] = stored(store)
    assert kept.state == RequestState.SUBMITTING


async def test_a_row_that_a_crash_left_submitting_is_not_asked_for(life, store, approval_type, practice):
    row = life.draft(approval_type, FIELDS)
    with store.write() as work:
        work.insert(row)
    assert (await life.follow(row)).state == RequestState.SUBMITTING
    assert practice.log == []


async def test_texts_longer_than_the_store_keeps_are_sent_whole(life, store, approval_type, practice):
    path = "C:\\" + "x" * 5000
    await life.submit(approval_type, {"PMFilePath": path, "PMInitiatorName": "i" * 300})
    [kept] = stored(store)
    assert (len(kept.file_path), len(kept.initiator_name)) == (4000, 255)
    assert path in {a["value"] for a in practice.records("sc_item_option")}


async def test_the_number_and_state_of_the_record_are_kept(life, store, approval_type, approver, practice):
    row = await life.submit(approval_type, FIELDS)
    item = await life.refresh_item(row)
    [kept] = stored(store)
    assert (kept.number, kept.servicenow_state) == (item.number, "requested")
    assert [one.user_name for one in item.approvals] == ["app.approver"]
    version = kept.version
    await life.refresh_item(row)
    assert stored(store)[0].version == version
    await decided(approver, practice, "approved")
    await life.refresh_item(row)
    assert stored(store)[0].servicenow_state == "approved"


async def test_every_step_is_in_the_audit_trail(life, store, approval_type):
    row = await life.submit(approval_type, FIELDS)
    await life.cancel(row, "done")
    verdict = store.verify_audit()
    assert verdict.ok
    from sqlmodel import select

    from models.audit_entry import AuditEntry

    with store.read() as session:
        entries = [e for e in session.exec(select(AuditEntry)) if e.object_id == row.id]
    assert [e.operation for e in entries] == ["create", "update", "observe", "update"]


async def test_what_has_ended_is_not_cancelled_once_more(life, approver, approval_type, practice):
    row = await life.submit(approval_type, FIELDS)
    await decided(approver, practice, "approved")
    await life.follow(row)
    calls = len(practice.log)
    assert (await life.cancel(row, "too late")).state == RequestState.APPROVED
    assert len(practice.log) == calls


async def test_what_servicenow_gave_no_id_is_not_cancelled_there(life, approval_type, practice):
    row = life.draft(approval_type, FIELDS)
    with pytest.raises(InputError) as caught:
        await life.cancel(row, "never mind")
    assert caught.value.problem.fault == "request-never-raised"
    assert practice.log == []


async def test_a_request_without_a_password_for_its_call_was_certainly_not_created(
    life, store, approval_type, instance
):
    await life.submit(approval_type, FIELDS)

    async def no_password():
        raise SecretMissingError(EntryKey(uuid.uuid4(), "Practice"))

    instance._sign_in, instance._signed = no_password, None
    with pytest.raises(SecretMissingError):
        await life.submit(approval_type, FIELDS)
    assert states(store) == [RequestState.PENDING, RequestState.FAILED]
