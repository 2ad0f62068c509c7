"""From an endpoint through the webhook to ServiceNow, and the decision back to Privilege Manager, all over sockets."""

import asyncio
from datetime import timedelta

import pytest

from models.base import utcnow
from models.kinds import RequestState
from services.intake.answer_setup import confirm_answer_setup, read_answer_setup
from services.intake.clients import IntakeClients
from services.intake.event_fields import mapping_rows, pointer_source
from services.intake.event_mapping import change_mapping, newest_payload
from services.practice.privilege_manager import ApprovalState
from services.requests.decisions.decide import decide_requests
from services.requests.worker.worker import Worker
from tests.services.intake.event_support import (
    add_asking_policy,
    event_client,
    events_of,
    raise_event,
    store_pm_server,
)
from tests.services.requests.conftest import stored
from tests.services.requests.followed import SimulatedClock


@pytest.mark.parametrize(
    ("decision", "state"), [("approve", ApprovalState.APPROVED), ("reject", ApprovalState.DENIED)]
)
async def test_a_decision_gets_back_to_the_endpoint(store, desk, server, pm, decision, state):
    pm_server = store_pm_server(desk.workspace, pm)
    client, token = event_client(store, desk.type.id, pm_server.id)
    add_asking_policy(pm)
    pm.add_webhook(f"{server.url}v1/requests", token)

    # A test event is awaited, and what its names suggest is confirmed.
    await raise_event(pm, reason="A test")
    suggested = {
        row.variable: pointer_source(row.variable, row.source)
        for row in mapping_rows({}, newest_payload(store, client))
        if row.source
    }
    assert not change_mapping(store, client, suggested).is_learning
    setup = await read_answer_setup(desk.workspace, client.name)
    assert not setup.is_confirmed
    assert (await asyncio.to_thread(confirm_answer_setup, desk.workspace, setup)).is_confirmed
    assert stored(store) == []

    # A request: raised in ServiceNow, decided there, and answered.
    approval = await raise_event(pm)
    [row] = stored(store)
    assert events_of(store, client)[0].request_id == row.id
    worker = Worker(desk.workspace, present=False)
    assert (await worker.once()).problems == []
    assert desk.row(row.id).state == RequestState.PENDING
    values = {one["value"] for one in desk.practice.records("sc_item_option")}
    assert {"ACME\\bo", "Tools for release 8", "Ask"} <= values
    desk.signed_in_as("app.approver")
    [outcome] = await decide_requests(desk.workspace, [row.id], decision, "Fine")
    assert outcome.ok, outcome
    desk.signed_in_as("privman.integration")
    for seconds in (35, 45):  # once to see the decision, once to send it
        clock = SimulatedClock(utcnow() + timedelta(seconds=seconds))
        await Worker(desk.workspace, present=False, clock=clock).once()
    with pm.state.lock:
        answered = pm.state.approvals[approval.id]
    assert (answered.state, answered.answers) == (state, 1)
    assert IntakeClients(store).find_for_events(pm_server.id).id == client.id
