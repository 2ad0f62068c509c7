"""Stores requests that clients of the intake send, and finds them again.

Nothing is sent to an instance here. A request is stored with the state `submitting`, and the worker calls Create for it.
The same key of the same client always identifies the same request.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.approval_type import ApprovalType
from models.foreign_system import ForeignSystem
from models.intake_client import IntakeClient
from models.kinds import RequestEventKind
from services.common.errors import ConsoleError, FieldError, InvalidError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.json_types import JsonValue
from services.intake.limits import KEY_LENGTH_MAX
from services.intake.payload_mapping import ID_FIELD, parse_mapping
from services.requests.domain.inputs import load_inputs, store_inputs
from services.requests.domain.journal import TimelineEvent, add_event
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.store import Store


class IdempotencyKeyReusedError(ConsoleError):
    """The key was used before for a request with other values."""

    exit_status = 2


class IntakeNotReadyError(ConsoleError):
    """The client's Approval Type cannot raise requests as it is configured."""


@dataclass(frozen=True, slots=True)
class AcceptedRequest:
    """A stored request, and whether this call created it."""

    row: ApprovalRequest
    created: bool


class Intake:
    """Stores and finds requests of clients. Every method blocks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accept(self, client: IntakeClient, payload: JsonValue, key: str = "") -> AcceptedRequest:
        """Store the request that `payload` describes, or return the one that was stored before for the same key.

        `key` is the client's Idempotency-Key; without one, and for events of Privilege Manager, the id in the payload is
        used. Raises InvalidError if there is
        neither or if a variable cannot be filled, IdempotencyKeyReusedError, IntakeNotReadyError, StoreError.
        """
        fields = parse_mapping(client.mapping).read(payload)
        own_id = fields.pop(ID_FIELD, "")
        if own_id and client.source_server_id is not None:
            # Privilege Manager has one approval with this id, however often its event is posted on the way here.
            key = ""
        if len(key) > KEY_LENGTH_MAX:
            raise InvalidError(
                [FieldError("Idempotency-Key", f"has {len(key)} characters; {KEY_LENGTH_MAX} are read")]
            )
        if not key and not own_id:
            message = "is missing, and the payload has no id of its own: a repeated call would raise a second request"
            raise InvalidError([FieldError("Idempotency-Key", message)])
        row_id = uuid.uuid5(client.id, f"key:{key}" if key else f"id:{own_id}")
        with self._store.read() as session:
            present = _find_repeated(session, row_id, fields)
        if present is not None:
            return AcceptedRequest(present, created=False)
        row = self._draft(client, row_id, fields)
        row.caller_id = own_id
        with self._store.write(f"Request raised by {client.name}") as work:
            # A concurrent call may have stored it meanwhile.
            present = _find_repeated(work.session, row_id, fields)
            if present is not None:
                return AcceptedRequest(present, created=False)
            work.insert(row)
            store_inputs(work, row, fields, self._store.actor)
            raised = TimelineEvent(RequestEventKind.RAISED, f"Through the intake, client {client.id}")
            add_event(work.session, row.id, raised, actor=client.name)
        return AcceptedRequest(row, created=True)

    def find_request(self, client: IntakeClient, request_id: uuid.UUID) -> ApprovalRequest | None:
        """Return a request of this client; None if it does not exist or belongs to another client."""
        with self._store.read() as session:
            row = session.get(ApprovalRequest, request_id)
        return row if row is not None and row.intake_client_id == client.id else None

    def _draft(self, client: IntakeClient, row_id: uuid.UUID, fields: dict[str, str]) -> ApprovalRequest:
        with self._store.read() as session:
            approval_type = session.get(ApprovalType, client.type_id)
            process = (
                session.get(ApprovalProcess, approval_type.process_id)
                if approval_type and approval_type.process_id
                else None
            )
            server = session.get(ForeignSystem, process.server_id) if process and process.server_id else None
        if approval_type is None or process is None or server is None:
            raise _not_ready(client, approval_type, process)
        life = RequestLifecycle(self._store, ServiceNowClient(ConnectionSettings.of(server), None), process)
        row = life.draft(approval_type, fields)
        row.id, row.approval_id, row.intake_client_id = row_id, str(row_id), client.id
        return row


def _find_repeated(session: Session, row_id: uuid.UUID, fields: Mapping[str, str]) -> ApprovalRequest | None:
    """Return the request that is stored under this id, or None; raises IdempotencyKeyReusedError if its values differ."""
    row = session.get(ApprovalRequest, row_id)
    if row is None:
        return None
    session.expunge(row)
    kept = load_inputs(session, row)
    different = sorted(
        name for name in kept.keys() | fields.keys() if kept.get(name, "") != fields.get(name, "")
    )
    if different:
        raise IdempotencyKeyReusedError(
            Problem(
                tried="Raise a request",
                evidence=f"{', '.join(different)} differs from the request {row.id}.",
                cause="The key was used before, for a request with other contents.",
                owner=Owner.CONSOLE,
                remedy="Send a key of its own with every new request.",
                fault=FaultId.IDEMPOTENCY_KEY_REUSED,
            )
        )
    return row


def _not_ready(
    client: IntakeClient, approval_type: ApprovalType | None, process: ApprovalProcess | None
) -> IntakeNotReadyError:
    missing = "Approval Type" if approval_type is None else "Process Handler" if process is None else "server"
    return IntakeNotReadyError(
        Problem(
            tried=f"Raise a request for “{client.name}”",
            evidence=f"Its {missing} is missing.",
            cause="The Approval Type of the client cannot raise requests as it is configured.",
            owner=Owner.CONSOLE,
            remedy="Choose a process on the Approval Type, and a server on the process.",
            fault=FaultId.INTAKE_NOT_READY,
        )
    )
