"""Base class of vaults: stores secrets with their destinations, and returns them for those only."""

import secrets
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from models.addresses import Destination, Origin
from models.secret_names import SECRET_FORMS, SecretName
from services.common.errors import ConsoleError, InputError, Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.redaction import REDACTED
from services.common.secret import Secret

PROBE_TIMEOUT_S = 10.0

AUDIT_KEY_NAME = "key of the audit trail"

SecretTarget = Origin | Destination
"""Where a secret is sent; an origin alone means a direct connection."""


def to_destination(place: SecretTarget, secret: SecretName = SecretName.PASSWORD) -> Destination:
    """Return `place` as a destination of a secret: for the passphrase of a client certificate, with the file it opens."""
    found = Destination(place) if isinstance(place, Origin) else place
    return found.for_certificate_passphrase if secret is SecretName.CERTIFICATE_PASSPHRASE else found


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
    secret: SecretName = SecretName.PASSWORD

    @property
    def origins(self) -> list[Origin]:
        """The origins of the destinations."""
        return list(dict.fromkeys(one.origin for one in self.destinations))

    def covers(self, place: SecretTarget) -> bool:
        """Whether the secret may be sent to `place`."""
        return to_destination(place, self.secret) in self.destinations


@dataclass(frozen=True, slots=True)
class EntryKey:
    """Under which entry a vault stores one secret of a credential."""

    credential_id: uuid.UUID
    name: str
    """The name of the credential."""
    secret: SecretName = SecretName.PASSWORD

    @property
    def entry_id(self) -> uuid.UUID:
        """The id of the entry: that of the credential for the password, another one for each further secret."""
        if self.secret is SecretName.PASSWORD:
            return self.credential_id
        return uuid.uuid5(self.credential_id, self.secret.value)

    @property
    def described(self) -> str:
        """The secret and its credential, for messages."""
        return f"the {SECRET_FORMS[self.secret].label} of “{self.name}”"


@dataclass(slots=True)
class VaultEntry:
    """What a vault stores for one secret of a credential."""

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
    """A secret of a credential is not stored."""

    def __init__(self, key: EntryKey, remedy: str = "") -> None:
        self.secret_name = key.secret
        label = SECRET_FORMS[key.secret].label
        super().__init__(
            Problem(
                tried=f"Read {key.described}",
                evidence="The vault holds none for this credential.",
                cause="It was never entered here, or it was removed.",
                owner=Owner.CONSOLE,
                remedy=remedy
                or f"Enter the {label} on the User Credential “{key.name}”; at the command line with credential set.",
                fault=FaultId.SECRET_MISSING,
            )
        )


class SecretNotForHostError(RefusedError):
    """The secret was entered for another host, or another route to this one; it was not sent."""

    def __init__(
        self, key: EntryKey, place: SecretTarget, known: list[Destination], remedy: str = ""
    ) -> None:
        self.secret_name = key.secret
        origin = to_destination(place, key.secret).origin
        known_origins = dict.fromkeys(one.origin for one in known)
        bound = ", ".join(str(o) for o in known_origins) or "no server yet"
        is_other_route = origin in known_origins
        way = "proxy and CA bundle"
        if key.secret is SecretName.CERTIFICATE_PASSPHRASE:
            way = "client certificate, proxy and CA bundle"
        super().__init__(
            Problem(
                tried=f"Use {key.described} for {origin}",
                evidence=f"It was entered for {bound}"
                + (f", with another {way.replace(' and ', ' or ')}." if is_other_route else "."),
                cause=f"A secret is bound to the {way.replace(' and ', ' and the ')} of its server as well; one of them was changed."
                if is_other_route
                else "A secret is bound to scheme, host and port; this address is another one.",
                owner=Owner.CONSOLE,
                remedy=remedy
                or f"Enter {key.described} again for {origin}, if "
                + (f"{way} are right." if is_other_route else "that address is right."),
                fault=FaultId.SECRET_NOT_FOR_HOST,
            )
        )


MASK_CHARACTERS = "*•●∙⚫◦▪■＊"
PLACEHOLDERS = frozenset(("Secret(…)", REDACTED))


def _audit_entry(store_id: uuid.UUID) -> EntryKey:
    return EntryKey(uuid.uuid5(store_id, AUDIT_KEY_NAME), AUDIT_KEY_NAME)


def _reject_placeholder(
    verb: str, key: EntryKey, secret: Secret, error: type[VaultError] = VaultError
) -> None:
    value, label = secret.reveal(), SECRET_FORMS[key.secret].label
    cause = ""
    if not value.strip(MASK_CHARACTERS + " ") or value in PLACEHOLDERS:
        cause = f"It is empty, or only what is shown in place of a {label}."
    elif any("\ud800" <= character <= "\udfff" for character in value):
        cause = "It holds bytes that are no text in UTF-8."
    elif "\0" in value or (not SECRET_FORMS[key.secret].has_lines and ("\n" in value or "\r" in value)):
        cause = "It holds a line break or a null character."
    if cause:
        raise error(
            Problem(
                tried=f"{verb} {key.described}",
                evidence=f"What was given cannot be a {label}.",
                cause=cause,
                owner=Owner.CONSOLE,
                remedy=f"Enter the {label} itself.",
                fault=FaultId.PASSWORD_MASKED,
            )
        )


class Vault(ABC):
    """Stores secrets by credential. Methods block, some until the user unlocks a keyring: call them in a thread.

    A credential has several secrets; without `secret_name` a method is about its password.
    """

    kind: VaultKind

    @abstractmethod
    def probe(self, timeout: float = PROBE_TIMEOUT_S) -> VaultState:
        """Return whether the vault can be used, within `timeout` seconds."""

    @abstractmethod
    def _load(self, key: EntryKey) -> VaultEntry | None:
        """Return an entry, or None."""

    @abstractmethod
    def _store(self, key: EntryKey, entry: VaultEntry) -> None:
        """Store an entry."""

    @abstractmethod
    def _remove(self, key: EntryKey) -> bool:
        """Remove an entry, also one that cannot be read; return whether it was stored."""

    def forget(self, credential_id: uuid.UUID, name: str, *, secret_name: SecretName | None = None) -> bool:
        """Remove one secret of a credential, or all; return whether one was stored.

        All are tried. Raises the VaultError of the first that could not be removed.
        """
        removed, failed = False, None
        for one in SecretName if secret_name is None else (secret_name,):
            try:
                removed = self._remove(EntryKey(credential_id, name, one)) or removed
            except ConsoleError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return removed

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
        entry = self._load(_audit_entry(store_id))
        return entry.secret if entry is not None else None

    def get_or_create_audit_key(self, store_id: uuid.UUID) -> Secret:
        """Return the key of the audit trail of a store, created if there is none. Raises VaultError."""
        known = self.audit_key(store_id)
        if known is not None:
            return known
        created = VaultEntry("", Secret(secrets.token_hex(32)), [], secrets.token_hex(8))
        self._store(_audit_entry(store_id), created)
        return self.audit_key(store_id) or created.secret

    def remove_audit_key(self, store_id: uuid.UUID) -> bool:
        """Remove the key of the audit trail of a store; return whether one was stored. Raises VaultError."""
        return self._remove(_audit_entry(store_id))

    def put(
        self,
        credential_id: uuid.UUID,
        name: str,
        account: str,
        secret: Secret,
        places: Sequence[SecretTarget],
        *,
        secret_name: SecretName = SecretName.PASSWORD,
    ) -> None:
        """Store a secret that was just entered, bound to `places`, which may be empty.

        Raises InvalidPasswordError for an empty text and for masks and placeholders; VaultError when it cannot be stored.
        """
        key = EntryKey(credential_id, name, secret_name)
        _reject_placeholder("Keep", key, secret, InvalidPasswordError)
        bound = list(dict.fromkeys(to_destination(place, secret_name) for place in places))
        self._store(key, VaultEntry(account, secret, bound, secrets.token_hex(8)))

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
        secret_name: SecretName = SecretName.PASSWORD,
    ) -> Iterator[None]:
        """Store a secret as `put` does for what the block stores; when the block fails, the vault is as before.

        Raises what `put` and the block raise; RefusedError when the vault could not be put back, with the causes of both.
        """
        with self._as_before_on_failure(EntryKey(credential_id, name, secret_name), tried):
            self.put(credential_id, name, account, secret, places, secret_name=secret_name)
            yield

    @contextmanager
    def forgetting(
        self, credential_id: uuid.UUID, name: str, *, tried: str, secret_name: SecretName
    ) -> Iterator[bool]:
        """Remove a secret, and give whether one was stored; when the block fails, the vault is as before.

        Raises VaultError when the secret cannot be read or removed, and as `putting` does.
        """
        key = EntryKey(credential_id, name, secret_name)
        with self._as_before_on_failure(key, tried):
            yield self._remove(key)

    @contextmanager
    def rebinding(
        self, credential_id: uuid.UUID, name: str, place: SecretTarget, *, tried: str
    ) -> Iterator[None]:
        """Bind a secret that was set from outside to `place` only; when the block fails, the vault is as before.

        Raises as `putting` does, and SecretMissingError.
        """
        with self._as_before_on_failure(EntryKey(credential_id, name), tried):
            self.forget(credential_id, name, secret_name=SecretName.PASSWORD)
            self.bind(credential_id, name, place)
            yield

    @contextmanager
    def _as_before_on_failure(self, key: EntryKey, tried: str) -> Iterator[None]:
        before = self._load(key)
        try:
            yield
        except Exception as error:
            try:
                if before is None:
                    self._remove(key)
                else:
                    self._store(key, before)
            except ConsoleError as kept:
                raise RefusedError(_secret_left(tried, error, kept.problem, key)) from error
            raise

    def get(
        self,
        credential_id: uuid.UUID,
        name: str,
        place: SecretTarget,
        *,
        secret_name: SecretName = SecretName.PASSWORD,
        lend: bool = False,
    ) -> Secret:
        """Return the secret for a server at `place`. Raises SecretMissingError, SecretNotForHostError.

        With `lend` also a secret that is for no server yet, which stays so: a person names both, for this run only.
        """
        key = EntryKey(credential_id, name, secret_name)
        entry = self._load(key)
        if entry is None:
            raise SecretMissingError(key)
        is_lent = lend and not entry.destinations
        if not is_lent and to_destination(place, secret_name) not in entry.destinations:
            raise SecretNotForHostError(key, place, entry.destinations)
        _reject_placeholder("Use", key, entry.secret)
        return entry.secret

    def state(
        self, credential_id: uuid.UUID, name: str, *, secret_name: SecretName = SecretName.PASSWORD
    ) -> SecretState:
        """Return whether a secret is stored and for which destinations."""
        entry = self._load(EntryKey(credential_id, name, secret_name))
        if entry is None:
            return SecretState(present=False, secret=secret_name)
        return SecretState(
            present=True,
            destinations=list(entry.destinations),
            version_token=entry.version_token,
            secret=secret_name,
        )

    def bind(
        self,
        credential_id: uuid.UUID,
        name: str,
        place: SecretTarget,
        *,
        confirm_new_route: bool = False,
        secret_name: SecretName = SecretName.PASSWORD,
    ) -> None:
        """Bind a secret without destinations to `place`; called when a server with the credential is saved.

        `confirm_new_route`: a person has confirmed a new proxy or CA bundle for an origin that the secret is bound to.
        Raises SecretMissingError, and SecretNotForHostError when it is bound to other destinations only.
        """
        key, destination = EntryKey(credential_id, name, secret_name), to_destination(place, secret_name)
        entry = self._load(key)
        if entry is None:
            raise SecretMissingError(key)
        if destination in entry.destinations:
            return
        known = any(one.origin == destination.origin for one in entry.destinations)
        if entry.destinations and not (confirm_new_route and known):
            raise SecretNotForHostError(key, destination, entry.destinations)
        entry.destinations.append(destination)
        self._store(key, entry)

    def unbind(
        self,
        credential_id: uuid.UUID,
        name: str,
        place: SecretTarget,
        *,
        secret_name: SecretName = SecretName.PASSWORD,
    ) -> None:
        """Remove a binding, for example when saving the server failed; the secret stays."""
        key = EntryKey(credential_id, name, secret_name)
        entry = self._load(key)
        destination = to_destination(place, secret_name)
        if entry is not None and destination in entry.destinations:
            entry.destinations.remove(destination)
            self._store(key, entry)


def _secret_left(tried: str, error: Exception, kept: Problem, key: EntryKey) -> Problem:
    """Return the problem of a failure after which the secret could not be taken back out of the vault."""
    first = error.problem if isinstance(error, ConsoleError) else None
    return Problem(
        tried=tried,
        evidence=f"{first.evidence if first else type(error).__name__} {kept.evidence}",
        cause=f"{first.cause if first else 'Unexpected internal error.'} The secret stays in the vault, since it "
        f"could not be removed: {kept.cause}",
        owner=first.owner if first else Owner.CONSOLE,
        remedy=f"{first.remedy if first else 'Try again.'} Then remove {key.described} from the vault.",
        fault=first.fault if first else FaultId.CONSOLE_FAULT,
    )
