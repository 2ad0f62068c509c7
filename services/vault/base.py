"""What every vault does: keep a secret with the origins it is for, and give it out for those only."""

import secrets
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum

from models.addresses import Origin
from services.errors import ConsoleError, InputError, Owner, Problem, RefusedError
from services.redact import REMOVED
from services.secret import Secret

PROBE_TIMEOUT_S = 10.0


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
    """Whether there is a secret, and for which origins. Never the secret."""

    present: bool
    origins: list[Origin] = field(default_factory=list)
    mark: str = ""
    """The same for as long as the same secret is kept, empty where that is not known; it says nothing of the secret."""


@dataclass(slots=True)
class Entry:
    """What is kept for one credential."""

    account: str
    secret: Secret
    origins: list[Origin]
    mark: str = ""
    """Made at random when the secret was entered."""


class VaultError(ConsoleError):
    """The vault cannot be used as asked."""


class NoPasswordError(VaultError):
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
                remedy=remedy or f"Enter the password on the User Credential “{name}”.",
                fault="secret-missing",
            )
        )


class SecretNotForHostError(RefusedError):
    """The password was entered for another host; it was not sent."""

    def __init__(self, name: str, origin: Origin, known: list[Origin], remedy: str = "") -> None:
        bound = ", ".join(str(o) for o in known) or "no server yet"
        super().__init__(
            Problem(
                tried=f"Use the password of “{name}” for {origin}",
                evidence=f"It was entered for {bound}.",
                cause="A password is bound to scheme, host and port; this address is another one.",
                owner=Owner.CONSOLE,
                remedy=remedy
                or f"Enter the password of “{name}” again for {origin}, if that address is right.",
                fault="secret-not-for-host",
            )
        )


MASKS = "*•●∙⚫◦▪■＊"
STAND_INS = frozenset(("Secret(…)", REMOVED))


def _refuse_masked(verb: str, name: str, secret: Secret, error: type[VaultError] = VaultError) -> None:
    value = secret.reveal()
    cause = ""
    if not value.strip(MASKS + " ") or value in STAND_INS:
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
                fault="password-masked",
            )
        )


class Vault(ABC):
    """Keeps secrets by credential. Synchronous: call it in a thread, because some keyrings ask the user."""

    kind: VaultKind

    @abstractmethod
    def probe(self, timeout: float = PROBE_TIMEOUT_S) -> VaultState:
        """Look whether the vault can be used, within `timeout` seconds."""

    @abstractmethod
    def _load(self, credential_id: uuid.UUID, name: str) -> Entry | None:
        """Return the entry of a credential, or None."""

    @abstractmethod
    def _store(self, credential_id: uuid.UUID, name: str, entry: Entry) -> None:
        """Keep the entry of a credential."""

    @abstractmethod
    def forget(self, credential_id: uuid.UUID, name: str) -> bool:
        """Remove the secret of a credential; returns whether there was one."""

    def put(
        self, credential_id: uuid.UUID, name: str, account: str, secret: Secret, origins: list[Origin]
    ) -> None:
        """Keep a secret that was just entered, for the servers at `origins` (none yet is allowed).

        Raises NoPasswordError for what was never a password: nothing, or the dots and words that stand in place of
        one; VaultError when it cannot be kept.
        """
        _refuse_masked("Keep", name, secret, NoPasswordError)
        mark = secrets.token_hex(8)
        self._store(credential_id, name, Entry(account, secret, list(dict.fromkeys(origins)), mark))

    def get(self, credential_id: uuid.UUID, name: str, origin: Origin) -> Secret:
        """Return the secret for a server at `origin`. Raises SecretMissingError, SecretNotForHostError."""
        entry = self._load(credential_id, name)
        if entry is None:
            raise SecretMissingError(name)
        if origin not in entry.origins:
            raise SecretNotForHostError(name, origin, entry.origins)
        _refuse_masked("Use", name, entry.secret)
        return entry.secret

    def state(self, credential_id: uuid.UUID, name: str) -> SecretState:
        """Say whether there is a secret and for which origins."""
        entry = self._load(credential_id, name)
        if entry is None:
            return SecretState(present=False)
        return SecretState(present=True, origins=list(entry.origins), mark=entry.mark)

    def bind(self, credential_id: uuid.UUID, name: str, origin: Origin) -> None:
        """Bind a secret that is for no server yet to `origin`: whoever saves a server with the credential says so.

        Raises SecretMissingError, and SecretNotForHostError when it is bound to other servers already.
        """
        entry = self._load(credential_id, name)
        if entry is None:
            raise SecretMissingError(name)
        if origin in entry.origins:
            return
        if entry.origins:
            raise SecretNotForHostError(name, origin, entry.origins)
        entry.origins.append(origin)
        self._store(credential_id, name, entry)

    def unbind(self, credential_id: uuid.UUID, name: str, origin: Origin) -> None:
        """Take a binding back, where what it was made for did not come about; the secret stays."""
        entry = self._load(credential_id, name)
        if entry is not None and origin in entry.origins:
            entry.origins.remove(origin)
            self._store(credential_id, name, entry)
