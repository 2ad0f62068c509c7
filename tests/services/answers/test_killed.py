"""Decisions on their way back with refusals, dropped connections and kill -9 of the worker: none lost, none doubled."""

import asyncio
import random
import signal
import time

import pytest

from models.delivery import AnswerKind, DeliveryState
from models.kinds import RequestState
from services.answers.outbox import list_deliveries
from services.answers.target import AnswerTarget
from services.intake.clients import IntakeClients
from tests.limits import WAIT_S
from tests.services.answers.answer_program import sender_of, start_worker
from tests.services.answers.outboxes import deliveries, end_request, pm_client
from tests.services.answers.receivers import Receiver, StateReceiver, refusals

JITTER_S = 0.03
"""About as long as a call with its transactions takes."""


@pytest.fixture
def receivers():
    made = StateReceiver(refusals(1, 0.3)), Receiver(refusals(2, 0.3))
    yield made
    for one in made:
        one.close()


def kill_one(store, receivers, program, calls, chance):
    """Start a worker, and kill it at a random moment around one of its calls."""
    server, webhook = receivers
    wanted = len(server.calls) + len(webhook.calls) + chance.randint(0, calls)
    child = start_worker(
        store.url.removeprefix("sqlite:///"),
        server.url,
        program.client.id,
        program.webhook_secret.reveal(),
    )
    ends = time.monotonic() + WAIT_S
    while len(server.calls) + len(webhook.calls) < wanted and time.monotonic() < ends and child.is_alive():
        time.sleep(0.001)
    time.sleep(chance.uniform(0, JITTER_S))  # a random moment, not a wait for something
    child.kill()
    child.join(WAIT_S)
    assert child.exitcode == -signal.SIGKILL
    child.close()


async def survive(store, type_id, vault, receivers, *, decisions, kills, seed):
    chance = random.Random(seed)
    server, webhook = receivers
    target = AnswerTarget(AnswerKind.WEBHOOK, url=webhook.url)
    program = IntakeClients(store).add_with_secret("Program", type_id, None, target, vault)
    clients = [pm_client(store, type_id), program.client]
    ended = {client.id: set() for client in clients}
    waiting = [clients[number % 2] for number in range(decisions)]
    for number in range(kills):
        share, waiting = (
            waiting[: len(waiting) // (kills - number)],
            waiting[len(waiting) // (kills - number) :],
        )
        for client in share:
            state = chance.choice([RequestState.APPROVED, RequestState.REJECTED, RequestState.TIMED_OUT])
            ended[client.id].add(str(end_request(store, client, state)))
        # Fewer calls than there are answers, so that each life ends in the middle of work.
        await asyncio.to_thread(kill_one, store, receivers, program, max(1, len(share) - 1), chance)
    assert not waiting
    rest = sender_of(store, vault, server.url)
    while list_deliveries(store, DeliveryState.PENDING, limit=1):
        await rest.run_due()
        await asyncio.sleep(0.05)
    check(store, receivers, clients, ended)
    assert store.verify_audit().ok


def check(store, receivers, clients, ended):
    server, webhook = receivers
    rows = deliveries(store)
    assert {one.state for one in rows} == {DeliveryState.DELIVERED}
    ids = {
        client.id: [str(one.request_id) for one in rows if one.client_id == client.id] for client in clients
    }
    for client in clients:
        assert sorted(ids[client.id]) == sorted(ended[client.id]), "an answer was lost"
    known = [one.caller_id for one in rows if one.client_id == clients[0].id]
    assert sorted(server.taken) == sorted(known), (
        "a server that reports its state was answered twice, or never"
    )
    assert set(webhook.taken) == ended[clients[1].id]
    messages = {}
    for headers, body in webhook.calls:
        messages.setdefault(headers["webhook-id"], set()).add(body)
    assert all(len(bodies) == 1 for bodies in messages.values()), "a repetition was another message"
    assert len(messages) == len(ended[clients[1].id])


@pytest.mark.timeout(300)
async def test_nothing_is_lost_or_doubled(store, type_id, vault, receivers):
    await survive(store, type_id, vault, receivers, decisions=60, kills=12, seed=2026)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_1000_decisions_and_200_kills(store, type_id, vault, receivers):
    await survive(store, type_id, vault, receivers, decisions=1000, kills=200, seed=1)
