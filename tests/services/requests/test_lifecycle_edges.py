"""Rare paths of the lifecycle: objects that are gone, requests that ended meanwhile, answers that came too late."""

import asyncio
import uuid
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import RequestErrorKind, RequestEventKind, RequestState
from services.common.errors import ConsoleError, InputError, UnreachableError
from services.common.fault_ids import FaultId
from services.requests.lifecycle import apply_observation
from services.requests.lifecycle import lifecycle as lifecycle_module
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.lifecycle.transactions import RequestTransactions
from services.requests.records.ownership import RecordNotOwnedError
from services.requests.records.requested_item import RequestedItem
from services.servicenow.contract import ApprovalStatus
from services.store import NotFoundError
from services.store.errors import StoreError, write_error
from services.store.row_values import get_table
from tests.services.requests.conftest import stored, timeline

FIELDS = {"PMUserReason": "why", "PMFilePath": "C:\\x.exe"}
KIND = RequestErrorKind.STATUS_UNREADABLE
LIMIT = timedelta(seconds=lifecycle_module.PROCESSING_LIMIT_S)


@pytest.fixture
def later(monkeypatch):
    """Return a function that moves the clock of the lifecycle forward."""
    ahead = [timedelta()]
    monkeypatch.setattr(lifecycle_module, "utcnow", lambda: utcnow() + ahead[0])

    def move(by):
        ahead[0] += by

    return move


@pytest.fixture
def unanswered(life, approval_type, monkeypatch):
    """Return a function that raises a request whose process dies before Create is called."""

    async def interrupt(variables):
        raise asyncio.CancelledError

    async def submit(**options):
        with monkeypatch.context() as patch:
            patch.setattr(life.services, "create", interrupt)
            with pytest.raises(asyncio.CancelledError):
                await life.submit(approval_type, FIELDS, **options)
        return stored(life._steps.store)[-1]

    return submit


def test_objects_that_are_gone_are_reported(store):
    with pytest.raises(NotFoundError):
        apply_observation.load_request(store, uuid.uuid4())
    with pytest.raises(NotFoundError):
        apply_observation.load_process(store, uuid.uuid4())
    assert apply_observation.load_request_item_ids(store, ApprovalRequest()) == frozenset()


async def test_a_problem_is_stored_once_and_cleared(life, store, approval_type):
    row = await life.submit(approval_type, FIELDS)
    steps = RequestTransactions(store)
    assert not steps.record_problem(uuid.uuid4(), "gone", KIND, utcnow())
    assert steps.record_problem(row.id, "no answer", KIND, utcnow())
    assert not steps.record_problem(row.id, "no answer", KIND, utcnow())
    assert stored(store)[0].error == "no answer"
    steps.clear_problem(row.id)
    assert stored(store)[0].error == ""
    steps.clear_problem(row.id)
    steps.clear_problem(uuid.uuid4())
    assert [line.kind for line in timeline(store)].count(RequestEventKind.PROBLEM) == 1


async def test_an_older_observation_updates_the_mismatch_only(life, store, approval_type):
    row = await life.submit(approval_type, FIELDS)
    await life.refresh_item(row)
    before = stored(store)[0]
    old = RequestedItem(
        sys_id=row.record_id, approval="approved", state="1", read_at=row.observed_at - timedelta(minutes=1)
    )
    await apply_observation.store_observation(store, row, old)
    assert stored(store)[0].model_dump() == before.model_dump()


async def test_a_request_that_is_deleted_during_an_observation_is_not_written(
    life, store, approval_type, monkeypatch
):
    row = await life.submit(approval_type, FIELDS)
    real = store.write

    @contextmanager
    def write_after_deletion(*arguments):
        with real(*arguments) as work:
            table = get_table(ApprovalRequest)
            work.session.execute(delete(table).where(table.c.id == row.id))
            yield work

    monkeypatch.setattr(store, "write", write_after_deletion)
    await apply_observation.store_observation(
        store, row, RequestedItem(sys_id="0" * 32, number="RITM1", approval="approved")
    )
    assert stored(store) == []


async def test_an_interrupted_rehearsal_is_withdrawn(life, unanswered, approval_type, practice, later):
    await life.submit(approval_type, {})  # proves that the account can see requests
    row = await unanswered(rehearsal=True)
    later(LIMIT)
    await life.resume(row)
    assert row.state == RequestState.CANCELLED
    assert len(practice.records("sc_req_item")) == 1


async def test_a_final_request_takes_no_decision(life, approval_type):
    row = await life.submit(approval_type, FIELDS)
    await life.cancel(row, "done")
    ended = row.model_dump()
    answer = await life.services.status(row.external_id)
    await life.decided(row, answer)
    assert row.model_dump() == ended


async def test_withdrawing_follows_what_is_stored(life, unanswered, approval_type, later):
    row = await life.submit(approval_type, FIELDS)
    old = row.model_copy(update={"state": RequestState.SUBMITTING, "external_id": ""})
    await life.withdraw(old, "no")
    assert old.state == RequestState.CANCELLED
    again = row.model_copy(update={"state": RequestState.SUBMITTING, "external_id": ""})
    await life.withdraw(again, "no")
    assert again.state == RequestState.CANCELLED
    with pytest.raises(InputError) as caught:
        await life.withdraw(life.draft(approval_type, FIELDS), "no")
    assert caught.value.problem.fault == FaultId.REQUEST_NEVER_RAISED


async def test_withdrawing_fails_when_the_instance_cannot_tell(life, unanswered, practice, later):
    row = await unanswered()
    later(LIMIT)
    practice.faults.set("query_ignored")
    await life.withdraw(row, "no")
    assert row.state == RequestState.FAILED


async def test_create_has_a_time_limit(store, instance, process, approval_type, practice):
    await instance.service(process.create_service).describe()
    practice.faults.set("slow_script", seconds=5.0)
    life = RequestLifecycle(store, instance, process, limit_s=1.0)
    with pytest.raises(UnreachableError) as caught:
        await life.submit(approval_type, FIELDS)
    assert caught.value.problem.fault == FaultId.TIMEOUT


async def test_of_several_items_one_is_taken_and_all_are_named(life, unanswered, practice):
    row = await unanswered()
    ids = [
        await life.services.create(lifecycle_module._create_variables(row, life._process, FIELDS, ()))
        for _ in range(2)
    ]
    await life.resume(row)
    assert row.external_id in ids
    detail = timeline(life._steps.store)[-1].detail
    assert "and so do" in detail
    assert all(item["number"] in detail for item in practice.records("sc_req_item"))


def give_to_another_request(practice, row):
    """Change the PMApprovalId of every item of a request, so that its records belong to another one."""
    practice._database.execute(
        "UPDATE sc_item_option SET value = ? WHERE value = ?", ["other", row.approval_id]
    )


async def test_a_record_of_another_request_is_not_observed(life, store, approval_type, practice):
    row = await life.submit(approval_type, FIELDS)
    await life.refresh_item(row)
    give_to_another_request(practice, row)
    with pytest.raises(RecordNotOwnedError):
        await life.refresh_item(row)
    assert stored(store)[0].number == ""


async def test_an_answer_after_the_end_cancels_no_record_of_another_request(
    life, store, instance, process, approval_type, practice, later
):
    await life.submit(approval_type, {})  # proves that the account can see requests
    real, another = life.services.create, RequestLifecycle(store, instance, process, holder="elsewhere:1:x")

    async def create(variables):
        answer = await real(variables)
        row = stored(store)[-1]
        later(LIMIT)
        give_to_another_request(practice, row)
        await another.withdraw(row, "no")
        assert row.state == RequestState.CANCELLED
        return answer

    life.services.create = create
    row = await life.submit(approval_type, FIELDS)
    assert row.state == RequestState.CANCELLED
    assert "was raised after the end, and was not cancelled" in timeline(store)[-1].detail
    assert {item["approval"] for item in practice.records("sc_req_item")} == {"requested"}


async def test_an_instance_that_knows_only_the_order_is_asked_with_its_id(
    life, unanswered, practice, monkeypatch
):
    row = await unanswered()
    await life.services.create(lifecycle_module._create_variables(row, life._process, FIELDS, ()))
    [item] = practice.records("sc_req_item")
    real = life.services.status

    async def status(request_id):
        answer = await real(request_id)
        if request_id == item["request"]:
            return type(answer)(ApprovalStatus.PENDING)
        return type(answer)(ApprovalStatus.INVALID)

    monkeypatch.setattr(life.services, "status", status)
    await life.resume(row)
    assert row.external_id == item["request"]


async def test_a_write_after_a_call_is_tried_again_while_the_store_is_locked(monkeypatch):
    monkeypatch.setattr(lifecycle_module, "STORE_RETRY_DELAY_S", 0)
    locked = write_error(OSError("locked"))
    locked.problem = type(locked.problem)(
        tried="Write",
        evidence="",
        cause="",
        owner=locked.problem.owner,
        remedy="",
        fault=FaultId.STORE_LOCKED,
    )
    outcomes = [locked, locked, True]

    def write():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert lifecycle_module._with_store_retries(write)()
    outcomes[:] = [write_error(OSError("the disk is full"))]
    with pytest.raises(StoreError):
        lifecycle_module._with_store_retries(write)()
    assert issubclass(StoreError, ConsoleError)
