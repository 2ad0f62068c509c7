"""Requests that programs raise: who may, with which token, and how a payload becomes a stored request.

Nothing is sent to an instance here. A request is stored as submitting, durably, and the worker raises it; the same key
of the same client is always the same request.
"""

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session, col, select

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.approval_type import ApprovalType
from models.base import ConfigurationFields, name_key
from models.foreign_system import ForeignSystem
from models.intake_client import IntakeClient
from models.kinds import RequestEventKind
from services.common.errors import ConsoleError, FieldError, InvalidError, Owner, Problem
from services.common.fault_ids import FaultId
from services.intake.payload_mapping import ID_FIELD, mapping_from_json, parse_mapping
from services.requests.domain.inputs import load_inputs, store_inputs
from services.requests.domain.journal import TimelineEvent, add_event
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.store import Store
from services.store.errors import NotFoundError

TOKEN_BYTES = 32
TOKEN_PREFIX = "aci_"  # noqa: S105 -- how a token begins, so that scanners for lost secrets know it
KEY_MAX = 255


class IdempotencyKeyReusedError(ConsoleError):
    """The key was used before, for a request with other contents."""

    exit_status = 2


class IntakeNotReadyError(ConsoleError):
    """The client's Approval Type cannot raise requests as it is configured."""


@dataclass(frozen=True, slots=True)
class AcceptedRequest:
    """A request that is stored, and whether it is a new one."""

    row: ApprovalRequest
    created: bool


def hash_token(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class IntakeClients:
    """The programs that may raise requests. Every method is synchronous."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, name: str, type_id: uuid.UUID, document: Mapping[str, Any] | None = None
    ) -> tuple[IntakeClient, str]:
        """Store a new client and return it with its token, which is told this once. Raises InvalidError.

        `document` says how its payloads are read (see `mapping`); without it they name the variables as the contract does.
        """
        try:
            ConfigurationFields.model_validate({"name": name})
        except ValidationError as error:
            said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise InvalidError([FieldError("name", said)]) from error
        if document:
            mapping_from_json(dict(document))
        token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        client = IntakeClient(
            name=name,
            name_key=name_key(name),
            type_id=type_id,
            token_digest=hash_token(token),
            mapping=json.dumps(dict(document or {}), ensure_ascii=True),
            created_by=self._store.actor[:255],
        )
        with self._store.write("Intake client added") as work:
            key = client.name_key
            taken = select(IntakeClient.name).where(IntakeClient.name_key == key)
            if work.session.exec(taken).first() is not None:
                raise InvalidError([FieldError("name", "is taken by another client of the intake")])
            work.insert(client)
        return client, token

    def all(self) -> list[tuple[IntakeClient, str]]:
        """Return every client with the name of its Approval Type, by name."""
        query = select(IntakeClient, ApprovalType.name).join(
            ApprovalType, col(ApprovalType.id) == col(IntakeClient.type_id), isouter=True
        )
        with self._store.read() as session:
            found = session.exec(query.order_by(col(IntakeClient.name_key))).all()
        return [(client, type_name or "") for client, type_name in found]

    def remove(self, name: str) -> None:
        """Remove a client, whose token is worth nothing from then on; its requests stay. Raises NotFoundError."""
        with self._store.write("Intake client removed") as work:
            found = work.session.exec(
                select(IntakeClient).where(IntakeClient.name_key == name_key(name))
            ).first()
            if found is None:
                known = list(work.session.exec(select(IntakeClient.name)))
                raise NotFoundError(f"the client “{name}” of the intake", name, known)
            work.session.expunge(found)
            work.delete(found, found.version)

    def find_by_token(self, token: str) -> IntakeClient | None:
        """Return the active client that a token belongs to, or None."""
        digest = hash_token(token)
        with self._store.read() as session:
            found = session.exec(select(IntakeClient).where(IntakeClient.token_digest == digest)).first()
        if found is None or not found.active:
            return None
        # The index has compared already; this comparison takes as long for a wrong digest as for the right one.
        return found if hmac.compare_digest(found.token_digest, digest) else None


class Intake:
    """Stores the requests of clients and tells them how theirs stand. Every method is synchronous."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accept(self, client: IntakeClient, payload: Any, key: str = "") -> AcceptedRequest:
        """Store the request that `payload` describes, or return the one that was stored for the same key before.

        The key is what the client gives, else the payload's own id. Raises InvalidError where there is neither or where a
        variable cannot be filled, KeyReusedError, NotReadyError, StoreError.
        """
        fields = parse_mapping(client.mapping).read(payload)
        own_id = fields.pop(ID_FIELD, "")
        if len(key) > KEY_MAX:
            raise InvalidError(
                [FieldError("Idempotency-Key", f"has {len(key)} characters; {KEY_MAX} are read")]
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
        with self._store.write(f"Request raised by {client.name}") as work:
            # It may have been stored by a call that came at the same time.
            present = _find_repeated(work.session, row_id, fields)
            if present is not None:
                return AcceptedRequest(present, created=False)
            work.insert(row)
            store_inputs(work, row, fields, self._store.actor)
            raised = TimelineEvent(RequestEventKind.RAISED, f"Through the intake, client {client.id}")
            add_event(work.session, row.id, raised, actor=client.name)
        return AcceptedRequest(row, created=True)

    def find_request(self, client: IntakeClient, request_id: uuid.UUID) -> ApprovalRequest | None:
        """Return a request of this client; None for one that is not there or not its own."""
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
    """Return the request that is stored under this id, or None; raises KeyReusedError where it has other contents."""
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
