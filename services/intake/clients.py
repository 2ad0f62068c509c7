"""Clients of the intake: the programs that may raise requests, and their tokens."""

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from pydantic import ValidationError
from sqlmodel import col, or_, select

from models.approval_type import ApprovalType
from models.base import NAME_MAX, ConfigurationFields, name_key, utcnow
from models.delivery import AnswerKind
from models.intake_client import IntakeClient
from models.user_credential import UserCredential
from services.answers.approval_body import AnswerMapping, check_mapping
from services.answers.outbox import Outbox
from services.answers.target import AnswerTarget
from services.answers.webhook import new_webhook_secret, proxy_destination, secret_name, webhook_destination
from services.common.errors import FieldError, InvalidError
from services.common.json_types import JsonObject, JsonValue
from services.common.secret import Secret
from services.intake.event_store import IntakeEvents
from services.intake.payload_mapping import mapping_from_json
from services.store import Store
from services.store.errors import NotFoundError
from services.vault import Vault
from services.vault.base import SecretMissingError, SecretNotForHostError

TOKEN_BYTES = 32
TOKEN_PREFIX = "aci_"  # noqa: S105 -- prefix of every token, for scanners that search for leaked secrets


def hash_token(token: str) -> str:
    """Return the digest that is stored instead of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _new_token() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


@dataclass(frozen=True, slots=True)
class NewClient:
    """A new client with what is shown only once: its token and, where one was made, the secret of its webhook."""

    client: IntakeClient
    token: str
    webhook_secret: Secret | None = None


def forget_webhook_secret(client: IntakeClient, vault: Vault) -> None:
    """Remove the secret of a client's webhook. Raises VaultError."""
    if client.answer_kind == AnswerKind.WEBHOOK:
        vault.forget(client.id, secret_name(client.name))


@contextmanager
def _new_webhook_secret(client: IntakeClient, vault: Vault) -> Iterator[Secret | None]:
    """Put a new secret into the vault for what the block stores, and yield it.

    Yields None where answers go to no webhook, and where the vault has a secret that was set from outside. When the
    block fails, the vault is as before.
    """
    if client.answer_kind != AnswerKind.WEBHOOK:
        yield None
        return
    name, bound_to = secret_name(client.name), webhook_destination(client.answer_url, client.answer_proxy)
    tried = f"Store the secret of the webhook of “{client.name}”"
    if not vault.can_store_secrets:
        with vault.rebinding(client.id, name, bound_to, tried=tried):
            yield None
        return
    secret = new_webhook_secret()
    with vault.putting(client.id, name, "", secret, [bound_to], tried=tried):
        yield secret


class IntakeClients:
    """Adds, lists and removes clients, and finds the client of a token. Every method blocks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        name: str,
        type_id: uuid.UUID,
        document: Mapping[str, JsonValue] | None = None,
        *,
        answer: AnswerTarget | None = None,
    ) -> tuple[IntakeClient, str]:
        """Store a new client and return it with its token, which cannot be read again. Raises InvalidError.

        `document` is the mapping of its payloads (see `payload_mapping`); the default mapping expects the variables under
        their own names. `answer` is where the decisions on its requests go; the secret of a webhook is the caller's business
        (`add_with_secret`).
        """
        client, token = self._make(name, type_id, document, answer or AnswerTarget())
        self._insert(client)
        return client, token

    def add_with_secret(
        self,
        name: str,
        type_id: uuid.UUID,
        document: Mapping[str, JsonValue] | None,
        answer: AnswerTarget,
        vault: Vault,
        *,
        source_server_id: uuid.UUID | None = None,
    ) -> NewClient:
        """Store a new client, and a new secret for its webhook in the vault. Raises InvalidError, VaultError.

        With `source_server_id` it gets the events of that Privilege Manager server, which raise nothing until their mapping
        is confirmed by `set_mapping`. A vault that cannot store anything has to have the secret already; it is not told again then.
        """
        client, token = self._make(name, type_id, document, answer)
        client.source_server_id, client.is_learning = source_server_id, source_server_id is not None
        with _new_webhook_secret(client, vault) as secret:
            self._insert(client)
        self._bind_proxy(client, vault)
        return NewClient(client, token, secret)

    def find(self, name: str) -> IntakeClient:
        """Return a client by its name. Raises NotFoundError."""
        with self._store.read() as session:
            found = session.exec(select(IntakeClient).where(IntakeClient.name_key == name_key(name))).first()
            known = [] if found is not None else list(session.exec(select(IntakeClient.name)))
        if found is None:
            raise NotFoundError(f"the client “{name}” of the intake", name, known)
        return found

    def confirm_mapping(self, name: str, schema: JsonObject, mapping: AnswerMapping) -> AnswerMapping:
        """Keep how the approval operation of the client's server is filled in, and let waiting answers go out.

        Raises NotFoundError, and ConsoleError for a mapping that does not fit the schema.
        """
        check_mapping(schema, mapping)
        confirmed = mapping.confirmed_for(schema)
        client = self.find(name)
        with self._store.write("Mapping of answers confirmed") as work:
            client.answer_mapping = confirmed.as_text()
            work.update(client, client.version)
        Outbox(self._store).wake(client.id, utcnow())
        return confirmed

    def add_for_events(
        self, name: str, type_id: uuid.UUID, server_id: uuid.UUID, answer: AnswerTarget | None = None
    ) -> tuple[IntakeClient, str]:
        """Store a client for the events of a Privilege Manager server, and return it with its token. Raises InvalidError.

        Its events raise nothing until their mapping is confirmed by `set_mapping`.
        """
        answer = answer or AnswerTarget(AnswerKind.PRIVILEGE_MANAGER, server_id=server_id)
        client, token = self._make(name, type_id, None, answer)
        client.source_server_id, client.is_learning = server_id, True
        self._insert(client)
        return client, token

    def find_for_events(self, server_id: uuid.UUID) -> IntakeClient | None:
        """Return the client that gets the events of a Privilege Manager server; of several the first by name."""
        query = select(IntakeClient).where(col(IntakeClient.source_server_id) == server_id)
        with self._store.read() as session:
            return session.exec(query.order_by(col(IntakeClient.name_key))).first()

    def find_for_server(self, server_id: uuid.UUID) -> list[IntakeClient]:
        """Return the clients that send events of a Privilege Manager server or whose answers go to it, by name."""
        query = select(IntakeClient).where(
            or_(
                col(IntakeClient.source_server_id) == server_id,
                col(IntakeClient.answer_server_id) == server_id,
            )
        )
        with self._store.read() as session:
            return list(session.exec(query.order_by(col(IntakeClient.name_key))))

    def renew_token(self, name: str) -> str:
        """Replace the token of a client and return the new one, which cannot be read again. Raises NotFoundError."""
        client, token = self.find(name), _new_token()
        with self._store.write("Token of an intake client replaced") as work:
            client.token_digest, client.token_since = hash_token(token), utcnow()
            work.update(client, client.version)
        return token

    def set_mapping(
        self,
        name: str,
        document: Mapping[str, JsonValue],
        *,
        is_learning: bool,
    ) -> IntakeClient:
        """Keep how events of a client are read, and whether they raise nothing for now. Raises InvalidError, NotFoundError."""
        if document or not is_learning:
            mapping_from_json(dict(document))
        client = self.find(name)
        with self._store.write("Mapping of an intake client changed") as work:
            client.mapping = json.dumps(dict(document), ensure_ascii=True)
            client.is_learning = is_learning
            work.update(client, client.version)
        return client

    def set_type(self, name: str, type_id: uuid.UUID) -> None:
        """Change the Approval Type that a client raises requests of. Raises NotFoundError."""
        client = self.find(name)
        with self._store.write("Approval Type of an intake client changed") as work:
            client.type_id = type_id
            work.update(client, client.version)

    def set_answer(self, name: str, answer: AnswerTarget, vault: Vault) -> Secret | None:
        """Change where the answers of a client go, and return the secret of its new webhook, which is shown once.

        The mapping of an earlier server is dropped. Answers that wait go to the new place. Raises NotFoundError, VaultError.
        """
        client = self.find(name)
        had_webhook = client.answer_kind == AnswerKind.WEBHOOK
        for column, value in answer.columns().items():
            setattr(client, column, value)
        client.answer_mapping = "{}"
        with (
            _new_webhook_secret(client, vault) as secret,
            self._store.write("Answers of an intake client changed") as work,
        ):
            work.update(client, client.version)
        if had_webhook and answer.kind is not AnswerKind.WEBHOOK:
            vault.forget(client.id, secret_name(client.name))
        self._bind_proxy(client, vault)
        Outbox(self._store).wake(client.id, utcnow())
        return secret

    def _bind_proxy(self, client: IntakeClient, vault: Vault) -> None:
        place = proxy_destination(client.answer_url, client.answer_proxy)
        if place is None or client.answer_proxy_credential_id is None:
            return
        with self._store.read() as session:
            credential = session.get(UserCredential, client.answer_proxy_credential_id)
        if credential is not None:
            # Where the password is missing, or was entered for another way, sending says so.
            with suppress(SecretMissingError, SecretNotForHostError):
                vault.bind(credential.id, credential.name, place)

    def _make(
        self, name: str, type_id: uuid.UUID, document: Mapping[str, JsonValue] | None, answer: AnswerTarget
    ) -> tuple[IntakeClient, str]:
        try:
            ConfigurationFields.model_validate({"name": name})
        except ValidationError as error:
            message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise InvalidError([FieldError("name", message)]) from error
        if document:
            mapping_from_json(dict(document))
        token = _new_token()
        client = IntakeClient(
            name=name,
            name_key=name_key(name),
            type_id=type_id,
            token_digest=hash_token(token),
            mapping=json.dumps(dict(document or {}), ensure_ascii=True),
            created_by=self._store.actor[:NAME_MAX],
            **answer.columns(),
        )
        return client, token

    def _insert(self, client: IntakeClient) -> None:
        with self._store.write("Intake client added") as work:
            same_name = select(IntakeClient.name).where(IntakeClient.name_key == client.name_key)
            if work.session.exec(same_name).first() is not None:
                raise InvalidError([FieldError("name", "is taken by another client of the intake")])
            work.insert(client)

    def all(self) -> list[tuple[IntakeClient, str]]:
        """Return every client with the name of its Approval Type, ordered by name."""
        query = select(IntakeClient, ApprovalType.name).join(
            ApprovalType, col(ApprovalType.id) == col(IntakeClient.type_id), isouter=True
        )
        with self._store.read() as session:
            found = session.exec(query.order_by(col(IntakeClient.name_key))).all()
        return [(client, type_name or "") for client, type_name in found]

    def remove(self, name: str) -> IntakeClient:
        """Remove a client and with it its token, and return it; its requests stay. Raises NotFoundError.

        The secret of its webhook is removed by `forget_webhook_secret`.
        """
        with self._store.write("Intake client removed") as work:
            found = work.session.exec(
                select(IntakeClient).where(IntakeClient.name_key == name_key(name))
            ).first()
            if found is None:
                known = list(work.session.exec(select(IntakeClient.name)))
                raise NotFoundError(f"the client “{name}” of the intake", name, known)
            work.session.expunge(found)
            work.delete(found, found.version)
        IntakeEvents(self._store).forget(found.id)
        return found

    def find_by_token(self, token: str) -> IntakeClient | None:
        """Return the active client that a token belongs to, or None."""
        digest = hash_token(token)
        with self._store.read() as session:
            found = session.exec(select(IntakeClient).where(IntakeClient.token_digest == digest)).first()
        if found is None or not found.active:
            return None
        # The index has compared already; this comparison takes the same time for a wrong digest as for the right one.
        return found if hmac.compare_digest(found.token_digest, digest) else None
