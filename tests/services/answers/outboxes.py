"""Requests of intake clients that end, and their deliveries."""

import ssl
import uuid

import httpx
from sqlmodel import select

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.delivery import AnswerKind, Delivery
from models.kinds import RequestState
from services.answers.approval_body import AnswerMapping, PropertySource, Source
from services.answers.destinations import StoredDestinations
from services.answers.outbox import ClaimLimits, Outbox
from services.answers.sender import AnswerSender, RetryLimits
from services.answers.target import AnswerTarget
from services.common.fault_ids import FaultId
from services.coordination.clock import SystemClock
from services.coordination.process_identity import process_identity
from services.intake.clients import IntakeClients
from services.servicenow.faults import make_error

QUICK = RetryLimits(delay_s=0.02, delay_max_s=0.1, tries_max=50)
SETTLE = ClaimLimits(settle_s=0.1)
SCHEMA = {
    "type": "object",
    "required": ["approvalId", "response"],
    "properties": {
        "approvalId": {"type": "string", "format": "uuid"},
        "response": {"type": "string", "enum": ["Approve", "Deny"]},
        "comment": {"type": "string", "maxLength": 20},
        "durationMinutes": {"type": "integer"},
    },
}
SOURCES = {
    "approvalId": PropertySource(Source.APPROVAL_ID),
    "response": PropertySource(Source.DECISION, "Approve", "Deny"),
    "comment": PropertySource(Source.COMMENT),
    "durationMinutes": PropertySource(Source.DURATION, unit_s=60),
}


class HttpApprovalServer:
    """A client of a server whose operations are those of `StateReceiver`."""

    def __init__(self, url, schema=SCHEMA, *, tells=True):
        self.url, self.schema, self.tells = url, schema, tells

    async def approval_schema(self):
        return self.schema

    async def find_answer(self, approval_id):
        if not self.tells:
            return None
        response = await self._call("GET", f"{self.url}/{approval_id}")
        return response.json()["answered"]

    async def send_answer(self, body):
        response = await self._call("POST", self.url, json=body)
        if response.status_code == 403:
            raise make_error(FaultId.RIGHTS_MISSING, "Answer", "HTTP 403")
        if not response.is_success:
            raise make_error(FaultId.SERVER_ERROR, "Answer", f"HTTP {response.status_code}")

    async def _call(self, method, url, **more):
        try:
            # An empty context: to read the certificates of all authorities takes longer than the call.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            async with httpx.AsyncClient(trust_env=False, timeout=10, verify=context) as client:
                return await client.request(method, url, **more)
        except httpx.ConnectError as error:
            raise make_error(FaultId.TCP_REFUSED, "Answer", str(error)) from error
        except httpx.HTTPError as error:
            raise make_error(FaultId.CONNECTION_LOST, "Answer", str(error)) from error


def mapping_text(sources=SOURCES, schema=SCHEMA):
    return AnswerMapping(sources).confirmed_for(schema).as_text()


def pm_client(store, type_id, server_id=None, mapping=None, duration_s=0):
    """Store an intake client whose answers go to Privilege Manager."""
    target = AnswerTarget(
        AnswerKind.PRIVILEGE_MANAGER, server_id=server_id or uuid.uuid4(), duration_s=duration_s
    )
    client, _ = IntakeClients(store).add("PM", type_id, answer=target)
    with store.write() as work:
        client.answer_mapping = mapping if mapping is not None else mapping_text()
        work.update(client, client.version)
    return client


def end_request(store, client, state=RequestState.APPROVED, comment="Fine", caller_id=None):
    """Store a request of a client and end it; returns its id."""
    row = ApprovalRequest(
        state=RequestState.PENDING,
        intake_client_id=client.id,
        caller_id=str(uuid.uuid4()) if caller_id is None else caller_id,
        number="RITM0010001",
    )
    row.approval_id = str(row.id)
    with store.write() as work:
        work.insert(row)
    with store.write() as work:
        row.state, row.comment, row.ended_at = state, comment, utcnow()
        work.update(row, row.version)
    return row.id


def deliveries(store):
    with store.read() as session:
        return list(session.exec(select(Delivery)))


def sender(store, vault, server=None, *, holder="", limits=QUICK, clock=None, claims=SETTLE):
    """Return a sender whose Privilege Manager is `server`."""
    clock = clock or SystemClock()

    async def connect(_server_id):
        return server

    outbox = Outbox(store, holder or process_identity(), claims)
    return AnswerSender(outbox, StoredDestinations(vault, connect, clock), clock, limits)
