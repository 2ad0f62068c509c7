"""Base class of vaults: stores secrets with their destinations, and returns them for those only."""

import secrets
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from models.addresses import Destination, Origin
from services.common.errors import ConsoleError, InputError, Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.redaction import REDACTED
from services.common.secret import Secret

PROBE_TIMEOUT_S = 10.0

AUDIT_KEY_NAME = "key of the audit trail"

SecretTarget = Origin | Destination
"""Where a secret is sent; an origin alone means a direct connection."""


def to_destination(place: SecretTarget) -> Destination:
    """Return `place` as a destination."""
    return Destination(place) if isinstance(place, Origin) else place


class VaultKind(StrEnum):
    """The kinds of vault; the values are those of `--vault`."""

    SYSTEM = "system"
    FILE = "file"
    ENV = "env"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class VaultState:
    """Whether the vault can be used, its name, and the reason if it cannot."""

    usable: bool
    label: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SecretState:
    """Whether a secret is stored, and for which destinations; never the secret."""

    present: bool
    destinations: list[Destination] = field(default_factory=list)
    version_token: str = ""
    """Changes whenever the secret is entered; empty if unknown. Not derived from the secret."""

    @property
    def origins(self) -> list[Origin]:
        """The origins of the destinations."""
        return list(dict.fromkeys(one.origin for one in self.destinations))

    def covers(self, place: SecretTarget) -> bool:
        """Whether the secret may be sent to `place`."""
        return to_destination(place) in self.destinations


@dataclass(slots=True)
class VaultEntry:
    """What a vault stores for one credential."""

    account: str
    secret: Secret
    destinations: list[Destination]
    version_token: str = ""
    """Random, chosen when the secret was entered."""


class VaultError(ConsoleError):
    """The vault cannot do what was requested."""


class InvalidPasswordError(VaultError):
    """The entered text cannot be a password; nothing was changed."""

    exit_status = InputError.exit_status


class SecretMissingError(RefusedError):
    """No password is stored for a credential."""

    def __init__(self, name: str, remedy: str = "") -> None:
        super().__init__(
            Problem(
                tried=f"Read the password of “{name}”",
                evidence="The vault holds none for this credential.",
                cause="It was never entered here, or it was removed.",
                owner=Owner.CONSOLE,
                remedy=remedy
                or f"Enter the password on the User Credential “{name}”; at the command line with credential set.",
                fault=FaultId.SECRET_MISSING,
            )
        )


class SecretNotForHostError(RefusedError):
    """The password was entered for another host, or another route to this one; it was not sent."""

    def __init__(self, name: str, place: SecretTarget, known: list[Destination], remedy: str = "") -> None:
        origin = to_destination(place).origin
        known_origins = dict.fromkeys(one.origin for one in known)
        bound = ", ".join(str(o) for o in known_origins) or "no server yet"
        is_other_route = origin in known_origins
        super().__init__(
            Problem(
                tried=f"Use the password of “{name}” for {origin}",
                evidence=f"It was entered for {bound}"
                + (", with another proxy or CA bundle." if is_other_route else "."),
                cause="A password is bound to the proxy and the CA bundle of its server as well; one of them was changed."
                if is_other_route
                else "A password is bound to scheme, host and port; this address is another one.",
                owner=Owner.CONSOLE,
                remedy=remedy
                or f"Enter the password of “{name}” again for {origin}, if "
                + ("proxy and CA bundle are right." if is_other_route else "that address is right."),
                fault=FaultId.SECRET_NOT_FOR_HOST,
            )
        )


MASK_CHARACTERS = "*•●∙⚫◦▪■＊"
PLACEHOLDERS = frozenset(("Secret(…)", REDACTED))


def _audit_entry_id(store_id: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(store_id, AUDIT_KEY_NAME)


def _reject_placeholder(verb: str, name: str, secret: Secret, error: type[VaultError] = VaultError) -> None:
    value = secret.reveal()
    cause = ""
    if not value.strip(MASK_CHARACTERS + " ") or value in PLACEHOLDERS:
        cause = "It is empty, or only what is shown in place of a password."
    elif any("\ud800" <= character <= "\udfff" for character in value):
        cause = "It holds bytes that are no text in UTF-8."
    elif "\0" in value or "\n" in value or "\r" in value:
        cause = "It holds a line break or a null character."
    if cause:
        raise error(
            Problem(
                tried=f"{verb} the password of “{name}”",
                evidence="What was given cannot be a password.",
                cause=cause,
                owner=Owner.CONSOLE,
                remedy="Enter the password itself.",
                fault=FaultId.PASSWORD_MASKED,
            )
        )


class Vault(ABC):
    """Stores secrets by credential. Methods block, some until the user unlocks a keyring: call them in a thread."""

    kind: VaultKind

    @abstractmethod
    def probe(self, timeout: float = PROBE_TIMEOUT_S) -> VaultState:
        """Return whether the vault can be used, within `timeout` seconds."""

    @abstractmethod
    def _load(self, credential_id: uuid.UUID, name: str) -> VaultEntry | None:
        """Return the entry of a credential, or None."""

    @abstractmethod
    def _store(self, credential_id: uuid.UUID, name: str, entry: VaultEntry) -> None:
        """Store the entry of a credential."""

    @abstractmethod
    def forget(self, credential_id: uuid.UUID, name: str) -> bool:
        """Remove the secret of a credential; return whether one was stored."""

    def close(self) -> None:  # noqa: B027 -- most vaults have nothing to end
        """End calls that still wait, because the program ends."""

    can_store_secrets = True
    """Whether it takes secrets; else they are set from outside."""
    can_store_audit_key = True
    """Whether it can store the key that signs the audit trail of a store."""
    no_audit_key_reason = "No key was made yet: audit anchor makes one, and so does the next change."
    """Why the audit trail is not signed while there is no key; shown to the user."""

    def audit_key(self, store_id: uuid.UUID) -> Secret | None:
        """Return the key that signs the audit trail of a store, 64 hexadecimal digits, or None. Raises VaultError."""
        entry = self._load(_audit_entry_id(store_id), AUDIT_KEY_NAME)
        return entry.secret if entry is not None else None

    def get_or_create_audit_key(self, store_id: uuid.UUID) -> Secret:
        """Return the key of the audit trail of a store, created if there is none. Raises VaultError."""
        known = self.audit_key(store_id)
        if known is not None:
            return known
        created = VaultEntry("", Secret(secrets.token_hex(32)), [], secrets.token_hex(8))
        self._store(_audit_entry_id(store_id), AUDIT_KEY_NAME, created)
        return self.audit_key(store_id) or created.secret

    def remove_audit_key(self, store_id: uuid.UUID) -> bool:
        """Remove the key of the audit trail of a store; return whether one was stored. Raises VaultError."""
        return self.forget(_audit_entry_id(store_id), AUDIT_KEY_NAME)

    def put(
        self,
        credential_id: uuid.UUID,
        name: str,
        account: str,
        secret: Secret,
        places: Sequence[SecretTarget],
    ) -> None:
        """Store a secret that was just entered, bound to `places`, which may be empty.

        Raises InvalidPasswordError for an empty text and for masks and placeholders; VaultError when it cannot be stored.
        """
        _reject_placeholder("Keep", name, secret, InvalidPasswordError)
        bound = list(dict.fromkeys(map(to_destination, places)))
        self._store(credential_id, name, VaultEntry(account, secret, bound, secrets.token_hex(8)))

    @contextmanager
    def putting(
        self,
        credential_id: uuid.UUID,
        name: str,
        account: str,
        secret: Secret,
        places: Sequence[SecretTarget],
        *,
        tried: str,
    ) -> Iterator[None]:
        """Store a secret as `put` does for what the block stores; when the block fails, the vault is as before.

        Raises what `put` and the block raise; RefusedError when the vault could not be put back, with the causes of both.
        """
        with self._as_before_on_failure(credential_id, name, tried):
            self.put(credential_id, name, account, secret, places)
            yield

    @contextmanager
    def rebinding(
        self, credential_id: uuid.UUID, name: str, place: SecretTarget, *, tried: str
    ) -> Iterator[None]:
        """Bind a secret that was set from outside to `place` only; when the block fails, the vault is as before.

        Raises as `putting` does, and SecretMissingError.
        """
        with self._as_before_on_failure(credential_id, name, tried):
            self.forget(credential_id, name)
            self.bind(credential_id, name, place)
            yield

    @contextmanager
    def _as_before_on_failure(self, credential_id: uuid.UUID, name: str, tried: str) -> Iterator[None]:
        before = self._load(credential_id, name)
        try:
            yield
        except Exception as error:
            try:
                if before is None:
                    self.forget(credential_id, name)
                else:
                    self._store(credential_id, name, before)
            except ConsoleError as kept:
                raise RefusedError(_secret_left(tried, error, kept.problem, name)) from error
            raise

    def get(self, credential_id: uuid.UUID, name: str, place: SecretTarget) -> Secret:
        """Return the secret for a server at `place`. Raises SecretMissingError, SecretNotForHostError."""
        entry = self._load(credential_id, name)
        if entry is None:
            raise SecretMissingError(name)
        if to_destination(place) not in entry.destinations:
            raise SecretNotForHostError(name, place, entry.destinations)
        _reject_placeholder("Use", name, entry.secret)
        return entry.secret

    def state(self, credential_id: uuid.UUID, name: str) -> SecretState:
        """Return whether a secret is stored and for which destinations."""
        entry = self._load(credential_id, name)
        if entry is None:
            return SecretState(present=False)
        return SecretState(
            present=True, destinations=list(entry.destinations), version_token=entry.version_token
        )

    def bind(
        self, credential_id: uuid.UUID, name: str, place: SecretTarget, *, confirm_new_route: bool = False
    ) -> None:
        """Bind a secret without destinations to `place`; called when a server with the credential is saved.

        `confirm_new_route`: a person has confirmed a new proxy or CA bundle for an origin that the secret is bound to.
        Raises SecretMissingError, and SecretNotForHostError when it is bound to other destinations only.
        """
        destination = to_destination(place)
        entry = self._load(credential_id, name)
        if entry is None:
            raise SecretMissingError(name)
        if destination in entry.destinations:
            return
        known = any(one.origin == destination.origin for one in entry.destinations)
        if entry.destinations and not (confirm_new_route and known):
            raise SecretNotForHostError(name, destination, entry.destinations)
        entry.destinations.append(destination)
        self._store(credential_id, name, entry)

    def unbind(self, credential_id: uuid.UUID, name: str, place: SecretTarget) -> None:
        """Remove a binding, for example when saving the server failed; the secret stays."""
        entry = self._load(credential_id, name)
        if entry is not None and to_destination(place) in entry.destinations:
            entry.destinations.remove(to_destination(place))
            self._store(credential_id, name, entry)


def _secret_left(tried: str, error: Exception, kept: Problem, name: str) -> Problem:
    """Return the problem of a failure after which the secret could not be taken back out of the vault."""
    first = error.problem if isinstance(error, ConsoleError) else None
    return Problem(
        tried=tried,
        evidence=f"{first.evidence if first else type(error).__name__} {kept.evidence}",
        cause=f"{first.cause if first else 'Unexpected internal error.'} The password stays in the vault, since it "
        f"could not be removed: {kept.cause}",
        owner=first.owner if first else Owner.CONSOLE,
        remedy=f"{first.remedy if first else 'Try again.'} Then remove the entry “{name}” from the vault.",
        fault=first.fault if first else FaultId.CONSOLE_FAULT,
    )
