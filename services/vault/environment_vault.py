"""The environment as a vault, for automation: APPROVAL_CONSOLE_SECRET_<NAME> holds the password of a credential.

NAME is the credential's name in capitals, with `_` for characters other than letters and digits; `PREFIXES` has the
variables of the other secrets. Bindings are stored in a file without secrets: destinations, next to a salted fingerprint of
the secret they were first used with. After a changed address, the variable with the suffix `_FOR` and the new destination as
its value confirms the secret for it.
"""

import hashlib
import hmac
import json
import re
import secrets
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.addresses import Destination
from models.secret_names import SecretName
from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.common.file_lock import file_lock
from services.common.file_writing import replace_private_file
from services.common.secret import Secret
from services.vault.base import (
    PROBE_TIMEOUT_S,
    EntryKey,
    SecretMissingError,
    SecretNotForHostError,
    SecretTarget,
    Vault,
    VaultEntry,
    VaultError,
    VaultKind,
    VaultState,
    to_destination,
)

AUDIT_VARIABLE = "APPROVAL_CONSOLE_AUDIT_KEY"
VARIABLE_PREFIX = "APPROVAL_CONSOLE_SECRET_"
PREFIXES: dict[SecretName, str] = {
    SecretName.PASSWORD: VARIABLE_PREFIX,
    SecretName.CLIENT_SECRET: "APPROVAL_CONSOLE_CLIENT_SECRET_",
    SecretName.PRIVATE_KEY: "APPROVAL_CONSOLE_PRIVATE_KEY_",
    SecretName.PRIVATE_KEY_PASSPHRASE: "APPROVAL_CONSOLE_PRIVATE_KEY_PASSPHRASE_",
    SecretName.CERTIFICATE_PASSPHRASE: "APPROVAL_CONSOLE_CERTIFICATE_PASSPHRASE_",
}


def secret_variable(name: str, secret_name: SecretName = SecretName.PASSWORD) -> str:
    """Return the name of the variable for a secret of the credential `name`."""
    return PREFIXES[secret_name] + re.sub(r"[^A-Z0-9]", "_", name.upper())


class EnvVault(Vault):
    """Reads secrets from the environment; cannot store any."""

    kind = VaultKind.ENV
    can_store_secrets = False
    can_store_audit_key = False
    no_audit_key_reason = (
        f"{AUDIT_VARIABLE} is not set: 64 hexadecimal digits of your own choice, kept secret."
    )

    def __init__(self, environ: Mapping[str, str], bindings: Path) -> None:
        self._environ = environ
        self._bindings = bindings

    def probe(self, timeout: float = PROBE_TIMEOUT_S) -> VaultState:
        del timeout
        return VaultState(usable=True, label="environment")

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
        """Raise VaultError: a program cannot change the environment it was started with."""
        del account, secret, places
        raise VaultError(
            Problem(
                tried=f"Keep {EntryKey(credential_id, name, secret_name).described}",
                evidence="The vault is the environment of this process.",
                cause="Secrets in the environment are set by whoever starts the program.",
                owner=Owner.CONSOLE,
                remedy=f"Set {secret_variable(name, secret_name)} before starting, or choose another vault with --vault.",
                fault=FaultId.VAULT_READ_ONLY,
            )
        )

    def get(
        self,
        credential_id: uuid.UUID,
        name: str,
        place: SecretTarget,
        *,
        secret_name: SecretName = SecretName.PASSWORD,
        lend: bool = False,
    ) -> Secret:
        """As `Vault.get`; errors name the variable to set."""
        key = EntryKey(credential_id, name, secret_name)
        try:
            return super().get(credential_id, name, place, secret_name=secret_name, lend=lend)
        except SecretMissingError:
            raise SecretMissingError(key, _set_before_starting(key)) from None
        except SecretNotForHostError:
            known = self.state(credential_id, name, secret_name=secret_name).destinations
            hint = f"Set {_variable(key)}_FOR={to_destination(place, secret_name)}, if address, proxy and CA bundle are right."
            raise SecretNotForHostError(key, place, known, hint) from None

    def bind(
        self,
        credential_id: uuid.UUID,
        name: str,
        place: SecretTarget,
        *,
        confirm_new_route: bool = False,
        secret_name: SecretName = SecretName.PASSWORD,
    ) -> None:
        """As `Vault.bind`; errors name the variable to set."""
        try:
            super().bind(
                credential_id, name, place, confirm_new_route=confirm_new_route, secret_name=secret_name
            )
        except SecretMissingError:
            key = EntryKey(credential_id, name, secret_name)
            raise SecretMissingError(key, _set_before_starting(key)) from None

    def audit_key(self, store_id: uuid.UUID) -> Secret | None:
        """Return the key in the environment, the same for all stores, or None. Raises VaultError for an invalid one."""
        del store_id
        value = self._environ.get(AUDIT_VARIABLE)
        if not value:
            return None
        if not re.fullmatch(r"[0-9A-Fa-f]{64}", value):
            raise _vault_error(
                f"Read {AUDIT_VARIABLE}",
                "It is not 64 hexadecimal digits.",
                f"Set {AUDIT_VARIABLE} to such a text.",
            )
        return Secret(value.lower())

    def _remove(self, key: EntryKey) -> bool:
        """Remove the bindings of a secret; the variable itself stays."""
        if str(key.entry_id) not in self._read():
            return False
        with self._edit_entries() as known:
            return known.pop(str(key.entry_id), None) is not None

    def _load(self, key: EntryKey) -> VaultEntry | None:
        value = self._environ.get(_variable(key))
        if not value:
            return None
        _require_utf8(_variable(key), value)
        destinations, version_token = self._declared_destinations(_variable(key)), ""
        stored = self._read().get(str(key.entry_id))
        if stored and hmac.compare_digest(stored.fingerprint, _keyed_fingerprint(value, stored.salt)):
            destinations += stored.destinations
            # From the salt, which is new with every password, so that it says nothing about the password.
            version_token = hashlib.sha256(stored.salt.encode()).hexdigest()[:16]
        return VaultEntry("", Secret(value), list(dict.fromkeys(destinations)), version_token)

    def _declared_destinations(self, secret_in: str) -> list[Destination]:
        """Return the destinations in the variable with the suffix `_FOR`."""
        variable = f"{secret_in}_FOR"
        try:
            return [
                Destination.of(part) for part in self._environ.get(variable, "").replace(",", " ").split()
            ]
        except ValueError as error:
            raise _vault_error(
                f"Read {variable}", str(error), f"Write it as https://HOST, or leave {variable} out."
            ) from None

    def _store(self, key: EntryKey, entry: VaultEntry) -> None:
        salt = secrets.token_hex(16)
        binding = _Binding(salt, _keyed_fingerprint(entry.secret.reveal(), salt), entry.destinations)
        with self._edit_entries() as known:
            known[str(key.entry_id)] = binding

    # -- the file of bindings ----------------------------------------------

    @contextmanager
    def _edit_entries(self) -> Iterator[dict[str, "_Binding"]]:
        try:
            with file_lock(self._bindings):
                known = self._read()
                yield known
                replace_private_file(
                    self._bindings, json.dumps({i: k.as_dict() for i, k in known.items()}).encode()
                )
        except OSError as error:
            raise _vault_error(
                "Keep what a password is bound to",
                f"{self._bindings}: {error.strerror or error}",
                "See that the file and its folder may be written.",
            ) from None

    def _read(self) -> dict[str, "_Binding"]:
        try:
            found = json.loads(self._bindings.read_text(encoding="utf-8"))
            return {str(uuid.UUID(i)): _Binding.of(data) for i, data in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            # Not ignored: without bindings a password could be bound to any host.
            raise _vault_error(
                "Read what passwords are bound to",
                f"{self._bindings}: {type(error).__name__}",
                "Restore the file, or delete it and apply the configuration again.",
            ) from None


@dataclass(frozen=True, slots=True)
class _Binding:
    """Destinations of a password, next to its salted fingerprint."""

    salt: str
    fingerprint: str
    destinations: list[Destination]

    @classmethod
    def of(cls, data: Any) -> "_Binding":  # Any: JSON from a file, checked by the caller
        bytes.fromhex(data["salt"])
        return cls(data["salt"], str(data["mark"]), [Destination.of(o) for o in data["origins"]])

    def as_dict(self) -> dict[str, str | list[str]]:
        return {
            "salt": self.salt,
            "mark": self.fingerprint,
            "origins": [str(one) for one in self.destinations],
        }


def _variable(key: EntryKey) -> str:
    return secret_variable(key.name, key.secret)


def _set_before_starting(key: EntryKey) -> str:
    return f"Set {_variable(key)} before starting."


def _require_utf8(variable: str, value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise _vault_error(
            f"Read {variable}", "It is not text in UTF-8.", f"Set {variable} in UTF-8."
        ) from None


def _vault_error(tried: str, evidence: str, remedy: str) -> VaultError:
    return VaultError(
        Problem(
            tried=tried,
            evidence=evidence,
            cause="The environment and the file beside it cannot serve as a vault.",
            owner=Owner.CONSOLE,
            remedy=remedy,
            fault=FaultId.VAULT_UNUSABLE,
        )
    )


def _keyed_fingerprint(value: str, salt: str) -> str:
    # scrypt, so that the file does not help to guess the password.
    return hashlib.scrypt(value.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32).hex()
