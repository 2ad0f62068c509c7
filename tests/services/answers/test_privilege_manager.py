"""Answers to the approval operation of a Privilege Manager server, over a real socket."""

import json
import uuid
from datetime import timedelta

import pytest

from models.base import utcnow
from models.delivery import AnswerKind, DeliveryState
from models.kinds import RequestState
from services.answers.approval_body import AnswerMapping, PropertySource, Source, suggest_mapping
from services.answers.outbox import ClaimLimits
from services.answers.target import AnswerTarget
from services.intake.clients import IntakeClients
from tests.services.answers.outboxes import (
    SCHEMA,
    SOURCES,
    HttpApprovalServer,
    deliveries,
    end_request,
    mapping_text,
    pm_client,
    sender,
)
from tests.services.answers.receivers import Receiver, StateReceiver
from tests.services.answers.test_webhook import LATER, answer_fault
from tests.services.requests.followed import SimulatedClock


@pytest.fixture
def receiver():
    made = StateReceiver()
    yield made
    made.close()


@pytest.fixture
def server(receiver):
    return HttpApprovalServer(receiver.url)


async def test_an_approval_fills_the_described_body(store, type_id, vault, receiver, server):
    client = pm_client(store, type_id, duration_s=5400)
    end_request(store, client, comment="Fine, but only for release 8", caller_id="pm-1")
    assert (await sender(store, vault, server).run_due()).delivered == 1
    [(_, body)] = receiver.calls
    assert json.loads(body) == {
        "approvalId": "pm-1", "response": "Approve", "comment": "Fine, but only for r", "durationMinutes": 90,
    }  # fmt: skip


@pytest.mark.parametrize(
    "state", [state for state in RequestState if state.is_final and state is not RequestState.APPROVED]
)
async def test_every_other_end_is_a_denial(store, type_id, vault, receiver, server, state):
    client = pm_client(store, type_id, duration_s=5400)
    end_request(store, client, state, caller_id="pm-1")
    assert (await sender(store, vault, server).run_due()).delivered == 1
    [(_, body)] = receiver.calls
    assert json.loads(body) == {"approvalId": "pm-1", "response": "Deny", "comment": "Fine"}


async def test_nothing_is_sent_by_an_unconfirmed_mapping(store, type_id, vault, receiver, server):
    client = pm_client(store, type_id, mapping=suggest_mapping(SCHEMA).as_text())
    end_request(store, client)
    await sender(store, vault, server).run_due()
    [delivery] = deliveries(store)
    assert (delivery.state, delivery.fault) == (DeliveryState.PENDING, "delivery-mapping-unconfirmed")
    assert not delivery.in_doubt
    assert receiver.calls == []
    IntakeClients(store).confirm_mapping("PM", SCHEMA, suggest_mapping(SCHEMA))
    assert (await sender(store, vault, server).run_due()).delivered == 1


async def test_a_changed_schema_lets_it_wait(store, type_id, vault, receiver, server):
    client = pm_client(store, type_id)
    end_request(store, client)
    server.schema = {**SCHEMA, "required": ["approvalId", "response", "comment"]}
    await sender(store, vault, server).run_due()
    [delivery] = deliveries(store)
    assert (delivery.state, delivery.fault) == (DeliveryState.PENDING, "delivery-schema-changed")
    assert delivery.reason.endswith("Described in another way: comment.")
    assert receiver.calls == []
    server.schema = SCHEMA | {"description": "Other words for the same thing"}
    await retried(store, vault, server)
    assert deliveries(store)[0].state == DeliveryState.DELIVERED


async def retried(store, vault, server):
    clock = SimulatedClock(utcnow() + timedelta(hours=2))
    return await sender(store, vault, server, clock=clock).run_due()


async def test_a_denial_that_cannot_be_sent_stays_visible(store, type_id, vault, receiver, server):
    server.schema = {
        "type": "object", "required": ["approvalId"], "properties": {"approvalId": {"type": "string"}},
    }  # fmt: skip
    only = {"approvalId": PropertySource(Source.APPROVAL_ID)}
    client = pm_client(store, type_id, mapping=mapping_text(only, server.schema))
    denied = end_request(store, client, RequestState.REJECTED)
    approved = end_request(store, client)
    await sender(store, vault, server).run_due()
    by_request = {one.request_id: one for one in deliveries(store)}
    assert by_request[approved].state == DeliveryState.DELIVERED
    assert (by_request[denied].state, by_request[denied].fault) == (
        DeliveryState.FAILED, "delivery-denial-unsupported",
    )  # fmt: skip
    assert by_request[denied].reason
    assert answer_fault(store, denied) == "delivery-denial-unsupported"
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("lost", ["drop-before", "drop-after", 500])
async def test_after_a_lost_answer_the_state_is_looked_up(store, type_id, vault, receiver, server, lost):
    receiver.behave = lambda number: lost if number == 0 else 200
    end_request(store, pm_client(store, type_id))
    clock, claims = SimulatedClock(utcnow() + timedelta(seconds=10)), ClaimLimits(settle_s=10)
    await sender(store, vault, server, clock=clock, limits=LATER, claims=claims).run_due()
    [delivery] = deliveries(store)
    assert (delivery.state, delivery.in_doubt) == (DeliveryState.PENDING, True)
    clock.pass_by(100)
    await sender(store, vault, server, clock=clock, limits=LATER, claims=claims).run_due()
    [delivery] = deliveries(store)
    assert delivery.state == DeliveryState.DELIVERED
    assert len(receiver.taken) == 1
    assert len(receiver.calls) == (1 if lost == "drop-after" else 2)
    assert delivery.last_status == ("Found there" if lost == "drop-after" else "Answered")


async def test_a_server_that_does_not_tell_is_answered_again(store, type_id, vault, receiver, server):
    server.tells = False
    receiver.behave = lambda number: "drop-after" if number == 0 else 200
    end_request(store, pm_client(store, type_id))
    await sender(store, vault, server).run_due()
    await retried(store, vault, server)
    assert deliveries(store)[0].state == DeliveryState.DELIVERED
    assert len(receiver.calls) == 2


async def test_answers_of_a_client_go_to_its_present_destination(store, type_id, vault, receiver, server):
    """They are made for it, and their deliveries say where they went."""
    webhook = Receiver(lambda _number: 503)
    clients, target = IntakeClients(store), AnswerTarget(AnswerKind.WEBHOOK, url=webhook.url)
    client = clients.add_with_secret("Program", type_id, None, target, vault).client
    known = end_request(store, client, caller_id="pm-1")
    unknown = end_request(store, client, caller_id="")
    await sender(store, vault).run_due()
    webhook.close()
    assert webhook.calls
    server_id = uuid.uuid4()
    clients.set_answer("Program", AnswerTarget(AnswerKind.PRIVILEGE_MANAGER, server_id=server_id), vault)
    clients.confirm_mapping("Program", SCHEMA, AnswerMapping(SOURCES))
    await retried(store, vault, server)
    [(_, body)] = receiver.calls
    assert json.loads(body) == {"approvalId": "pm-1", "response": "Approve", "comment": "Fine"}
    by_request = {one.request_id: one for one in deliveries(store)}
    sent, kept = by_request[known], by_request[unknown]
    assert (sent.state, sent.kind, sent.server_id, sent.url) == (
        DeliveryState.DELIVERED, "privilege_manager", server_id, "",
    )  # fmt: skip
    assert (kept.state, kept.fault) == (DeliveryState.PENDING, "delivery-property-unmapped")


async def test_missing_rights_are_final(store, type_id, vault, receiver, server):
    receiver.behave = lambda _number: 403
    key = end_request(store, pm_client(store, type_id))
    await sender(store, vault, server).run_due()
    assert (deliveries(store)[0].state, answer_fault(store, key)) == (DeliveryState.FAILED, "rights-missing")


@pytest.mark.parametrize(
    ("sources", "fault"),
    [
        ({"approvalId": SOURCES["approvalId"]}, "delivery-property-unmapped"),
        (SOURCES | {"other": PropertySource(Source.COMMENT)}, "delivery-mapping-invalid"),
        (SOURCES | {"response": PropertySource(Source.DECISION, "Yes", "Deny")}, "delivery-mapping-invalid"),
        (SOURCES | {"response": PropertySource(Source.DECISION, "Deny", "Deny")}, "delivery-mapping-invalid"),
        (SOURCES | {"response": PropertySource(Source.DECISION)}, "delivery-mapping-invalid"),
        (SOURCES | {"durationMinutes": PropertySource(Source.COMMENT)}, "delivery-mapping-invalid"),
        (SOURCES | {"durationMinutes": PropertySource(Source.FIXED, value=True)}, "delivery-mapping-invalid"),
        (SOURCES | {"approvalId": PropertySource(Source.COMMENT)}, "delivery-mapping-invalid"),
    ],
)
async def test_a_mapping_that_does_not_fit_sends_nothing(
    store, type_id, vault, receiver, server, sources, fault
):
    end_request(store, pm_client(store, type_id, mapping=mapping_text(sources)))
    await sender(store, vault, server).run_due()
    assert (deliveries(store)[0].state, deliveries(store)[0].fault) == (DeliveryState.PENDING, fault)
    assert receiver.calls == []


async def test_a_deleted_server_is_told(store, type_id, vault):
    from services.workspace import Workspace

    key = end_request(store, pm_client(store, type_id))
    workspace = Workspace(store, vault)
    from services.answers.outbox import Outbox
    from services.answers.sender import AnswerSender
    from services.coordination.clock import SystemClock

    clock = SystemClock()
    await AnswerSender(Outbox(store, "a:1:b"), workspace.answer_destinations(clock), clock).run_due()
    assert answer_fault(store, key) == "delivery-server-removed"


def test_the_mapping_is_read_back():
    mapping = AnswerMapping(SOURCES, "abc")
    assert AnswerMapping.from_text(mapping.as_text()) == mapping
