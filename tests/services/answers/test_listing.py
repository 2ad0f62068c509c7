"""What people see of answers: timelines, JSON, the inbox filter, and the figures of a page."""

import json
from datetime import timedelta

import pytest

from models.base import utcnow
from models.delivery import AnswerKind
from models.kinds import RequestEventKind
from services.answers.delivery_list import delivery_statistics
from services.answers.outbox import list_deliveries
from services.answers.target import AnswerTarget
from services.intake.clients import IntakeClients
from services.requests.details.loader import load_stored_details
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.inbox import Inbox
from tests.services.answers.outboxes import HttpApprovalServer, deliveries, end_request, pm_client, sender
from tests.services.answers.receivers import StateReceiver


@pytest.fixture
def program(store, type_id, vault, receiver):
    target = AnswerTarget(AnswerKind.WEBHOOK, url=receiver.url)
    return IntakeClients(store).add_with_secret("Program", type_id, None, target, vault)


async def test_the_timeline_tells_of_the_answer(store, vault, program, receiver):
    receiver.behave = lambda number: [200, 410][number]
    good, bad, waiting = (end_request(store, program.client) for _ in range(3))
    first = sender(store, vault)
    await first.run_due()
    titles = {}
    for key in (good, bad, waiting):
        details = load_stored_details(store, key)
        [line] = [line for line in details.timeline if "nswer" in line.title]
        titles[details.deliveries[0].state] = (line.title, line.kind, line.due)
        told = details.as_dict()
        assert told["deliveries"][0]["state"] == details.deliveries[0].state
        assert line.title in [one["title"] for one in told["timeline"]]
        json.dumps(told)
    assert titles["delivered"] == ("Answer delivered to Program", RequestEventKind.ANSWERED, False)
    assert titles["failed"] == ("Answer not delivered to Program", RequestEventKind.FAILED, False)


async def test_an_undelivered_answer_is_in_its_filter(store, vault, program, receiver):
    receiver.behave = lambda number: 400 if number == 0 else 200
    ids = {end_request(store, program.client) for _ in range(5)}
    await sender(store, vault).run_due()
    inbox = Inbox(store)
    [row] = inbox.rows(Filter(answer_failed=True), Sort(), 0, 10).rows
    [failed] = [one for one in deliveries(store) if one.state == "failed"]
    assert row.id == failed.request_id
    assert [one.number for one in inbox.counts([Filter(answer_failed=True), Filter()])] == [1, len(ids)]
    assert [one.id for one in list_deliveries(store, "failed")] == [failed.id]
    assert len(list_deliveries(store)) == 5


async def test_the_figures_of_a_day(store, type_id, vault, program, receiver):
    server = StateReceiver(lambda number: [200, 403, 503][number])
    try:
        client = pm_client(store, type_id)
        for _ in range(3):
            end_request(store, client)
        end_request(store, program.client)
        await sender(store, vault, HttpApprovalServer(server.url)).run_due()
    finally:
        server.close()
    now = utcnow()
    found = delivery_statistics(store, now)
    assert [one.client_name for one in found.clients] == ["PM", "Program"]
    assert (found.total.delivered, found.total.pending, found.total.failed) == (2, 1, 1)
    mine, webhook = found.clients
    assert (mine.delivered, mine.pending, mine.failed, mine.server_id) == (1, 1, 1, client.answer_server_id)
    assert (webhook.delivered, webhook.failed) == (1, 0)
    assert found.total.last_at is not None
    assert found.total.slowest >= timedelta()
    alone = delivery_statistics(store, now, server_id=client.answer_server_id)
    assert alone.total.delivered == 1
    assert delivery_statistics(store, now, client_id=program.client.id).total.delivered == 1
    later = delivery_statistics(store, now + timedelta(days=2))
    assert (later.total.delivered, later.total.pending, later.total.failed) == (0, 1, 0)
    empty = delivery_statistics(store, now, client_id=type_id)
    assert (empty.total.slowest, empty.total.last_at, empty.clients) == (None, None, ())
