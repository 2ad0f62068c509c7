"""Every way in which a request ends writes its answer to the outbox, in the same transaction."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.delivery import AnswerKind, Delivery, DeliveryState, delivery_id
from models.kinds import Kind, RequestState
from services.answers.target import AnswerTarget
from services.intake.accepted_requests import Intake
from services.intake.clients import IntakeClients
from services.requests.decisions.decide import decide_requests
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.lifecycle.transactions import RequestTransactions
from services.requests.worker.worker import Worker
from services.store.row_values import get_table
from tests.services.answers.outboxes import deliveries, end_request
from tests.services.requests import followed
from tests.services.requests.conftest import sign_in
from tests.services.requests.decision_setup import desk

__all__ = ["desk", "sign_in"]
pytestmark = pytest.mark.every_database
WEBHOOK = AnswerTarget(AnswerKind.WEBHOOK, url="http://127.0.0.1:9/answers")
PAYLOAD = {"id": "caller-1", "PMFilePath": r"C:\tool.exe", "PMUserReason": "Needed"}


@pytest.fixture
def client(store, desk):
    return IntakeClients(store).add("Program", desk.type.id, answer=WEBHOOK)[0]


async def life_of(desk):
    return RequestLifecycle(desk.store, await desk.workspace.instance(desk.server.id), desk.process)


async def accepted(desk, client):
    return await asyncio.to_thread(lambda: Intake(desk.store).accept(client, PAYLOAD).row)


async def raised(desk, client):
    """Take a request in and raise it."""
    row = await accepted(desk, client)
    life = await life_of(desk)
    row = await life.resume(row)
    await life.refresh_item(row)
    assert row.state == RequestState.PENDING
    return desk.row(row.id)


async def polled(desk, client, word):
    row = await raised(desk, client)
    desk._repoint(minimum_interval_s=30)
    process = desk.process.model_copy(update={"request_item_id": followed.EXECUTE_ITEM_ID})
    with desk.store.write() as work:
        desk.process = work.update(process, process.version)
    followed.decide(desk.practice, row.record_id, word)
    await Worker(desk.workspace, present=False).once()
    return row


async def approved_by_status(desk, client):
    row = await raised(desk, client)
    followed.decide(desk.practice, row.record_id, "approved")
    return await (await life_of(desk)).follow(row)


async def approved_by_polling(desk, client):
    return await polled(desk, client, "approved")


async def rejected_by_polling(desk, client):
    return await polled(desk, client, "rejected")


async def decided_here(desk, client):
    row = await raised(desk, client)
    async with desk.decider("app.approver") as decider:
        [result] = await decide_requests(desk.workspace, [row.id], "reject", "No", decider)
    assert result.ok
    return row


async def invalid(desk, client):
    row = await raised(desk, client)
    desk.practice._database.delete("sc_req_item", row.record_id)
    return await (await life_of(desk)).follow(row)


async def timed_out(desk, client):
    row = await raised(desk, client)
    with desk.store.write() as work:
        table = get_table(ApprovalRequest)
        over = utcnow() - timedelta(minutes=1)
        work.session.execute(update(table).where(table.c.id == row.id).values(times_out_at=over))
    await Worker(desk.workspace, present=False).once()
    return row


async def cancelled(desk, client):
    return await (await life_of(desk)).cancel(await raised(desk, client), "Not needed")


async def failed(desk, client):
    row = await raised(desk, client)
    process = desk.configuration.get(Kind.APPROVAL_PROCESS, desk.process.id)
    type_ = desk.type.model_copy(update={"process_id": None})
    with desk.store.write() as work:
        work.update(type_, type_.version)
    desk.configuration.delete(Kind.APPROVAL_PROCESS, process.id, process.version, confirmed=1)
    return row


ENDINGS = {
    approved_by_status: RequestState.APPROVED,
    approved_by_polling: RequestState.APPROVED,
    rejected_by_polling: RequestState.REJECTED,
    decided_here: RequestState.REJECTED,
    invalid: RequestState.INVALID,
    timed_out: RequestState.TIMED_OUT,
    cancelled: RequestState.CANCELLED,
    failed: RequestState.FAILED,
}


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda one: one.__name__)
async def test_an_end_writes_one_answer(desk, client, ending):
    row = await ending(desk, client)
    stored = desk.row(row.id)
    assert stored.state == ENDINGS[ending], stored.error
    [delivery] = deliveries(desk.store)
    assert (delivery.id, delivery.request_id) == (delivery_id(row.id), row.id)
    assert (delivery.outcome, delivery.client_name, delivery.url) == (stored.state, "Program", WEBHOOK.url)
    assert delivery.caller_id == "caller-1"
    assert delivery.state in (DeliveryState.PENDING, DeliveryState.FAILED)
    assert desk.store.verify_audit().ok


def test_all_final_states_are_covered():
    assert set(ENDINGS.values()) == {state for state in RequestState if state.is_final}


async def test_an_end_after_a_lost_create_writes_one_answer(desk, client):
    """Recovery adopts the record that the lost call made; its decision is answered like any other."""
    row = await accepted(desk, client)
    now = utcnow()
    assert RequestTransactions(desk.store).record_create_attempt(row, 0, "gone:1:aa", now, now)
    record = followed.place(desk.practice, 1, row.approval_id)
    followed.decide(desk.practice, record, "rejected")
    process = desk.process.model_copy(update={"request_item_id": followed.EXECUTE_ITEM_ID})
    with desk.store.write() as work:
        desk.process = work.update(process, process.version)
    life = await life_of(desk)
    row = await life.resume(desk.row(row.id))
    assert row.state == RequestState.PENDING
    await life.follow(row)
    assert desk.row(row.id).state == RequestState.REJECTED
    assert [one.outcome for one in deliveries(desk.store)] == [RequestState.REJECTED]
    assert len(desk.practice.records("sc_req_item")) == 1


def test_a_transaction_that_is_rolled_back_leaves_no_answer(desk, client):
    row = ApprovalRequest(state=RequestState.PENDING, intake_client_id=client.id)
    with desk.store.write() as work:
        work.insert(row)

    def end_and_fail():
        with desk.store.write() as work:
            row.state = RequestState.APPROVED
            work.update(row, row.version)
            assert work.session.get(Delivery, delivery_id(row.id)) is not None
            raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        end_and_fail()
    assert deliveries(desk.store) == []
    assert desk.row(row.id).state == RequestState.PENDING


def test_nobody_is_answered_who_does_not_want_it(desk, client, store):
    silent, _ = IntakeClients(store).add("Polls", desk.type.id)
    end_request(store, silent)
    assert deliveries(store) == []
    server = AnswerTarget(AnswerKind.PRIVILEGE_MANAGER, server_id=uuid.uuid4())
    known, _ = IntakeClients(store).add("PM", desk.type.id, answer=server)
    end_request(store, known, caller_id="")
    assert deliveries(store) == [], "Privilege Manager does not know a request without its own id"
    end_request(store, known)
    [delivery] = deliveries(store)
    assert delivery.server_id == server.server_id
