"""What every vault does: keep a secret with the origins it is for, and give it out for those only."""

import secrets
import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
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
"""Where a secret goes; an origin by itself is the direct way there."""


def to_destination(place: SecretTarget) -> Destination:
    """Return `place` with the way there."""
    return Destination(place) if isinstance(place, Origin) else place


class VaultKind(StrEnum):
    """The kinds of vault, as `--vault` takes them."""

    SYSTEM = "system"
    FILE = "file"
    ENV = "env"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class VaultState:
    """Whether the vault can be used, why not, and what it is called."""

    usable: bool
    label: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SecretState:
    """Whether there is a secret, and what it is for. Never the secret."""

    present: bool
    bound: list[Destination] = field(default_factory=list)
    mark: str = ""
    """The same for as long as the same secret is kept, empty where that is not known; it says nothing of the secret."""

    @property
    def origins(self) -> list[Origin]:
        """Return the origins it is for, whatever the way there."""
        return list(dict.fromkeys(one.origin for one in self.bound))

    def covers(self, place: SecretTarget) -> bool:
        """Whether the secret may be sent to `place`."""
        return to_destination(place) in self.bound


@dataclass(slots=True)
class VaultEntry:
    """What is kept for one credential."""

    account: str
    secret: Secret
    bound: list[Destination]
    mark: str = ""
    """Made at random when the secret was entered."""


class VaultError(ConsoleError):
    """The vault cannot be used as asked."""


class InvalidPasswordError(VaultError):
    """What was entered cannot be a password; nothing was changed."""

    exit_status = InputError.exit_status


class SecretMissingError(RefusedError):
    """No password is kept for a credential."""

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
    """The password was entered for another host, or for another way to this one; it was not sent."""

    def __init__(self, name: str, place: SecretTarget, known: list[Destination], remedy: str = "") -> None:
        origin = to_destination(place).origin
        known_origins = dict.fromkeys(one.origin for one in known)
        bound = ", ".join(str(o) for o in known_origins) or "no server yet"
        another_way = origin in known_origins
        super().__init__(
            Problem(
                tried=f"Use the password of “{name}” for {origin}",
                evidence=f"It was entered for {bound}"
                + (", with another proxy or CA bundle." if another_way else "."),
                cause="A password is bound to the proxy and the CA bundle of its server as well; one of them was changed."
                if another_way
                else "A password is bound to scheme, host and port; this address is another one.",
                owner=Owner.CONSOLE,
                remedy=remedy
                or f"Enter the password of “{name}” again for {origin}, if "
                + ("proxy and CA bundle are right." if another_way else "that address is right."),
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
    """Keeps secrets by credential. Synchronous: call it in a thread, because some keyrings ask the user."""

    kind: VaultKind

    @abstractmethod
    def probe(self, timeout: float = PROBE_TIMEOUT_S) -> VaultState:
        """Look whether the vault can be used, within `timeout` seconds."""

    @abstractmethod
    def _load(self, credential_id: uuid.UUID, name: str) -> VaultEntry | None:
        """Return the entry of a credential, or None."""

    @abstractmethod
    def _store(self, credential_id: uuid.UUID, name: str, entry: VaultEntry) -> None:
        """Keep the entry of a credential."""

    @abstractmethod
    def forget(self, credential_id: uuid.UUID, name: str) -> bool:
        """Remove the secret of a credential; returns whether there was one."""

    def close(self) -> None:  # noqa: B027 -- most vaults keep nobody waiting
        """Refuse those who still wait for an answer: the program ends."""

    keeps_audit_key = True
    """Whether it can keep the key that signs the audit trail of a store."""
    no_audit_key = "No key was made yet: audit anchor makes one, and so does the next change."
    """Why the audit trail is not signed where there is no key."""

    def audit_key(self, store_id: uuid.UUID) -> Secret | None:
        """Return the key that signs the audit trail of a store, 64 hexadecimal digits. Raises VaultError."""
        entry = self._load(_audit_entry_id(store_id), AUDIT_KEY_NAME)
        return entry.secret if entry is not None else None

    def get_or_create_audit_key(self, store_id: uuid.UUID) -> Secret:
        """Make and keep a key for the audit trail of a store; one that is there already stays. Raises VaultError."""
        known = self.audit_key(store_id)
        if known is not None:
            return known
        made = VaultEntry("", Secret(secrets.token_hex(32)), [], secrets.token_hex(8))
        self._store(_audit_entry_id(store_id), AUDIT_KEY_NAME, made)
        return self.audit_key(store_id) or made.secret

    def remove_audit_key(self, store_id: uuid.UUID) -> bool:
        """Remove the key of the audit trail of a store; returns whether there was one. Raises VaultError."""
        return self.forget(_audit_entry_id(store_id), AUDIT_KEY_NAME)

    def put(
        self,
        credential_id: uuid.UUID,
        name: str,
        account: str,
        secret: Secret,
        places: Sequence[SecretTarget],
    ) -> None:
        """Keep a secret that was just entered, for the servers at `places` (none yet is allowed).

        Raises NoPasswordError for what was never a password: nothing, or the dots and words that stand in place of
        one; VaultError when it cannot be kept.
        """
        _reject_placeholder("Keep", name, secret, InvalidPasswordError)
        bound = list(dict.fromkeys(map(to_destination, places)))
        self._store(credential_id, name, VaultEntry(account, secret, bound, secrets.token_hex(8)))

    def get(self, credential_id: uuid.UUID, name: str, place: SecretTarget) -> Secret:
        """Return the secret for a server at `place`. Raises SecretMissingError, SecretNotForHostError."""
        entry = self._load(credential_id, name)
        if entry is None:
            raise SecretMissingError(name)
        if to_destination(place) not in entry.bound:
            raise SecretNotForHostError(name, place, entry.bound)
        _reject_placeholder("Use", name, entry.secret)
        return entry.secret

    def state(self, credential_id: uuid.UUID, name: str) -> SecretState:
        """Say whether there is a secret and for which origins."""
        entry = self._load(credential_id, name)
        if entry is None:
            return SecretState(present=False)
        return SecretState(present=True, bound=list(entry.bound), mark=entry.mark)

    def bind(
        self, credential_id: uuid.UUID, name: str, place: SecretTarget, *, another_way: bool = False
    ) -> None:
        """Bind a secret that is for no server yet to `place`: whoever saves a server with the credential says so.

        With `another_way` a person has confirmed that the origin it is for is reached by another proxy or CA bundle.
        Raises SecretMissingError, and SecretNotForHostError when it is bound to other servers already.
        """
        destination = to_destination(place)
        entry = self._load(credential_id, name)
        if entry is None:
            raise SecretMissingError(name)
        if destination in entry.bound:
            return
        known = any(one.origin == destination.origin for one in entry.bound)
        if entry.bound and not (another_way and known):
            raise SecretNotForHostError(name, destination, entry.bound)
        entry.bound.append(destination)
        self._store(credential_id, name, entry)

    def unbind(self, credential_id: uuid.UUID, name: str, place: SecretTarget) -> None:
        """Take a binding back, where what it was made for did not come about; the secret stays."""
        entry = self._load(credential_id, name)
        if entry is not None and to_destination(place) in entry.bound:
            entry.bound.remove(to_destination(place))
            self._store(credential_id, name, entry)
