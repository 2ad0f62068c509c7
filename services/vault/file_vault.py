"""The file vault: one encrypted file, opened with a passphrase. scrypt makes the key, AES-GCM seals the content.

The file holds its format, the cost of the key derivation with its salt, a nonce, and the sealed entries. All but the
nonce is authenticated, so that nobody can make the derivation cheaper or mix two files.
"""

import json
import secrets
import struct
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.vault.base import PROBE_TIMEOUT_S, Vault, VaultEntry, VaultError, VaultKind, VaultState
from services.vault.entry_format import parse_entry, serialize_entry
from services.vault.private_files import file_lock, replace_file

FORMAT = b"APPROVAL-CONSOLE-VAULT-1\n"
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**16, 8, 1
COST_MAX = (2**20, 16, 8)
"""No file asks for more than this: a damaged one must not take all memory."""


@dataclass(frozen=True, slots=True)
class KeyDerivation:
    """How the key is made from the passphrase."""

    salt: bytes
    n: int
    r: int
    p: int

    @classmethod
    def fresh(cls) -> "KeyDerivation":
        """Return a derivation with a new salt, at today's cost."""
        return cls(secrets.token_bytes(SALT_BYTES), SCRYPT_N, SCRYPT_R, SCRYPT_P)

    @classmethod
    def read(cls, sealed: bytes) -> "KeyDerivation":
        """Return the derivation that a file begins with; raises ValueError for anything else."""
        if not sealed.startswith(FORMAT) or len(sealed) < HEADER_BYTES + NONCE_BYTES:
            raise ValueError("not a vault")
        n, r, p, salt = _HEADER.unpack_from(sealed, len(FORMAT))
        asked = (n, r, p)
        possible = n >= 2 and n & (n - 1) == 0 and r >= 1 and p >= 1
        if not possible or any(one > most for one, most in zip(asked, COST_MAX, strict=True)):
            raise ValueError("an impossible key derivation")
        return cls(salt, n, r, p)

    @property
    def is_outdated(self) -> bool:
        """Whether it costs less than a new one would."""
        return self.n * self.r * self.p < SCRYPT_N * SCRYPT_R * SCRYPT_P

    def head(self) -> bytes:
        """Return what the file begins with."""
        return FORMAT + _HEADER.pack(self.n, self.r, self.p, self.salt)


_HEADER = struct.Struct(f">IHH{SALT_BYTES}s")
HEADER_BYTES = len(FORMAT) + _HEADER.size


class FileVault(Vault):
    """Keeps secrets in an encrypted file (0600) that is replaced as a whole."""

    kind = VaultKind.FILE

    def __init__(self, path: Path, passphrase: Secret | None) -> None:
        self._path = path
        self._passphrase = passphrase
        self._keys: dict[KeyDerivation, bytes] = {}
        self._lock = threading.Lock()

    def probe(self, timeout: float = PROBE_TIMEOUT_S) -> VaultState:
        """Try the passphrase on the file."""
        del timeout
        try:
            with self._lock:
                self._read()
        except VaultError as error:
            return VaultState(usable=False, label="encrypted file", reason=error.problem.cause)
        return VaultState(usable=True, label="encrypted file")

    def _load(self, credential_id: uuid.UUID, name: str) -> VaultEntry | None:
        del name
        with self._lock:
            entries, _ = self._read()
        text = entries.get(str(credential_id))
        try:
            return parse_entry(text) if text is not None else None
        except ValueError as error:
            raise self._refused(f"An entry cannot be read: {error}.", "Enter the password again.") from None

    def _store(self, credential_id: uuid.UUID, name: str, entry: VaultEntry) -> None:
        del name
        with self._edit_entries() as entries:
            entries[str(credential_id)] = serialize_entry(entry)

    def forget(self, credential_id: uuid.UUID, name: str) -> bool:
        """Remove the secret of a credential."""
        del name
        with self._lock:
            entries, _ = self._read()
        if str(credential_id) not in entries:
            return False
        with self._edit_entries() as entries:
            return entries.pop(str(credential_id), None) is not None

    # -- the file ----------------------------------------------------------

    @contextmanager
    def _edit_entries(self) -> Iterator[dict[str, str]]:
        """Give the entries to be changed, and write them; other programs wait, so that no entry gets lost."""
        try:
            with self._lock, file_lock(self._path):
                entries, derivation = self._read()
                yield entries
                self._write(entries, derivation)
        except OSError as error:
            raise self._refused(
                f"The file cannot be written: {error.strerror or error}.", "See that it may be written."
            ) from None

    def _key(self, derivation: KeyDerivation) -> bytes:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        passphrase = self._passphrase_bytes()
        if derivation not in self._keys:
            kdf = Scrypt(
                salt=derivation.salt, length=KEY_BYTES, n=derivation.n, r=derivation.r, p=derivation.p
            )
            self._keys[derivation] = kdf.derive(passphrase)
        return self._keys[derivation]

    def _passphrase_bytes(self) -> bytes:
        if not self._passphrase:
            raise self._refused(
                "No passphrase was given.",
                "Set APPROVAL_CONSOLE_PASSPHRASE, or choose another vault with --vault.",
            )
        try:
            return self._passphrase.reveal().encode()
        except UnicodeEncodeError:
            raise self._refused("The passphrase is not text in UTF-8.", "Set it in UTF-8.") from None

    def _read(self) -> tuple[dict[str, str], KeyDerivation]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._passphrase_bytes()  # a missing passphrase is said before anything is lost
        try:
            sealed = self._path.read_bytes()
            derivation = KeyDerivation.read(sealed)
        except FileNotFoundError:
            return {}, KeyDerivation.fresh()
        except OSError as error:
            raise self._refused(
                f"The file cannot be read: {error.strerror}.", "See that it may be read."
            ) from None
        except ValueError:
            raise self._refused(
                "The file is no vault of this console, or damaged.", "Restore it from a backup."
            ) from None
        nonce, content = sealed[HEADER_BYTES:][:NONCE_BYTES], sealed[HEADER_BYTES + NONCE_BYTES :]
        try:
            plain = AESGCM(self._key(derivation)).decrypt(nonce, content, derivation.head())
        except InvalidTag:
            raise self._refused(
                "The passphrase is wrong, or the file was changed.", "Enter the passphrase it was made with."
            ) from None
        entries: dict[str, str] = json.loads(plain)
        return entries, derivation

    def _write(self, entries: dict[str, str], derivation: KeyDerivation) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if derivation.is_outdated:
            derivation = KeyDerivation.fresh()
        nonce = secrets.token_bytes(NONCE_BYTES)
        head = derivation.head()
        sealed = AESGCM(self._key(derivation)).encrypt(nonce, json.dumps(entries).encode(), head)
        replace_file(self._path, head + nonce + sealed)

    def _refused(self, cause: str, remedy: str) -> VaultError:
        return VaultError(
            Problem(
                tried="Open the encrypted file of passwords",
                evidence=str(self._path),
                cause=cause,
                owner=Owner.CONSOLE,
                remedy=remedy,
                fault=FaultId.VAULT_UNUSABLE,
            )
        )
