"""Clients of the intake: the programs that may raise requests, and their tokens."""

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping

from pydantic import ValidationError
from sqlmodel import col, select

from models.approval_type import ApprovalType
from models.base import NAME_MAX, ConfigurationFields, name_key
from models.intake_client import IntakeClient
from services.common.errors import FieldError, InvalidError
from services.common.json_types import JsonValue
from services.intake.payload_mapping import mapping_from_json
from services.store import Store
from services.store.errors import NotFoundError

TOKEN_BYTES = 32
TOKEN_PREFIX = "aci_"  # noqa: S105 -- prefix of every token, for scanners that search for leaked secrets


def hash_token(token: str) -> str:
    """Return the digest that is stored instead of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class IntakeClients:
    """Adds, lists and removes clients, and finds the client of a token. Every method blocks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self, name: str, type_id: uuid.UUID, document: Mapping[str, JsonValue] | None = None
    ) -> tuple[IntakeClient, str]:
        """Store a new client and return it with its token, which cannot be read again. Raises InvalidError.

        `document` is the mapping of its payloads (see `payload_mapping`); the default mapping expects the variables under
        their own names.
        """
        try:
            ConfigurationFields.model_validate({"name": name})
        except ValidationError as error:
            message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise InvalidError([FieldError("name", message)]) from error
        if document:
            mapping_from_json(dict(document))
        token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        client = IntakeClient(
            name=name,
            name_key=name_key(name),
            type_id=type_id,
            token_digest=hash_token(token),
            mapping=json.dumps(dict(document or {}), ensure_ascii=True),
            created_by=self._store.actor[:NAME_MAX],
        )
        with self._store.write("Intake client added") as work:
            same_name = select(IntakeClient.name).where(IntakeClient.name_key == client.name_key)
            if work.session.exec(same_name).first() is not None:
                raise InvalidError([FieldError("name", "is taken by another client of the intake")])
            work.insert(client)
        return client, token

    def all(self) -> list[tuple[IntakeClient, str]]:
        """Return every client with the name of its Approval Type, ordered by name."""
        query = select(IntakeClient, ApprovalType.name).join(
            ApprovalType, col(ApprovalType.id) == col(IntakeClient.type_id), isouter=True
        )
        with self._store.read() as session:
            found = session.exec(query.order_by(col(IntakeClient.name_key))).all()
        return [(client, type_name or "") for client, type_name in found]

    def remove(self, name: str) -> None:
        """Remove a client and with it its token; its requests stay. Raises NotFoundError."""
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
        # The index has compared already; this comparison takes the same time for a wrong digest as for the right one.
        return found if hmac.compare_digest(found.token_digest, digest) else None
