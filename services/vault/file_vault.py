"""One encrypted file, opened with a passphrase: key by scrypt, content by AES-GCM.

The file contains format, cost and salt of the key derivation, a nonce, and the encrypted entries. The header is
authenticated, so that the derivation cannot be weakened and two files cannot be mixed.
"""

import json
import secrets
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.common.file_lock import file_lock
from services.common.file_writing import replace_private_file
from services.common.secret import Secret
from services.vault.base import (
    PROBE_TIMEOUT_S,
    EntryKey,
    Vault,
    VaultEntry,
    VaultError,
    VaultKind,
    VaultState,
)
from services.vault.entry_format import parse_entry, serialize_entry

FORMAT = b"APPROVAL-CONSOLE-VAULT-1\n"
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**16, 8, 1
COST_MAX = (2**20, 16, 8)
"""Upper limits of n, r and p, so that a damaged file does not exhaust memory."""


@dataclass(frozen=True, slots=True)
class KeyDerivation:
    """Parameters of the derivation of the key from the passphrase."""

    salt: bytes
    n: int
    r: int
    p: int

    @classmethod
    def create(cls) -> "KeyDerivation":
        """Return parameters with a new salt and the current cost."""
        return cls(secrets.token_bytes(SALT_BYTES), SCRYPT_N, SCRYPT_R, SCRYPT_P)

    @classmethod
    def parse(cls, sealed: bytes) -> "KeyDerivation":
        """Return the parameters in the header of a file; raises ValueError for anything else."""
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
        """Whether the cost is lower than that of a new file."""
        return self.n * self.r * self.p < SCRYPT_N * SCRYPT_R * SCRYPT_P

    def header(self) -> bytes:
        """Return the header of the file."""
        return FORMAT + _HEADER.pack(self.n, self.r, self.p, self.salt)


_HEADER = struct.Struct(f">IHH{SALT_BYTES}s")
HEADER_BYTES = len(FORMAT) + _HEADER.size


class FileVault(Vault):
    """Stores secrets in an encrypted file (0600) that is replaced atomically."""

    kind = VaultKind.FILE

    def __init__(self, path: Path, passphrase: Secret | None) -> None:
        self._path = path
        self._passphrase = passphrase
        self._keys: dict[KeyDerivation, bytes] = {}
        self._lock = threading.Lock()

    def probe(self, timeout: float = PROBE_TIMEOUT_S) -> VaultState:
        """Try to decrypt the file."""
        del timeout
        try:
            with self._lock:
                self._read()
        except VaultError as error:
            return VaultState(usable=False, label="encrypted file", reason=error.problem.cause)
        return VaultState(usable=True, label="encrypted file")

    def _load(self, key: EntryKey) -> VaultEntry | None:
        with self._lock:
            entries, _ = self._read()
        text = entries.get(str(key.entry_id))
        try:
            return parse_entry(text) if text is not None else None
        except ValueError as error:
            raise self._vault_error(f"An entry cannot be read: {error}.", "Enter the secret again.") from None

    def _store(self, key: EntryKey, entry: VaultEntry) -> None:
        with self._edit_entries() as entries:
            entries[str(key.entry_id)] = serialize_entry(entry)

    def _remove(self, key: EntryKey) -> bool:
        with self._lock:
            entries, _ = self._read()
        if str(key.entry_id) not in entries:
            return False
        with self._edit_entries() as entries:
            return entries.pop(str(key.entry_id), None) is not None

    # -- the file ----------------------------------------------------------

    @contextmanager
    def _edit_entries(self) -> Iterator[dict[str, str]]:
        """Yield the entries and write them back, under a lock against other threads and programs."""
        try:
            with self._lock, file_lock(self._path):
                entries, derivation = self._read()
                yield entries
                self._write(entries, derivation)
        except OSError as error:
            raise self._vault_error(
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
            raise self._vault_error(
                "No passphrase was given.",
                "Set APPROVAL_CONSOLE_PASSPHRASE, or choose another vault with --vault.",
            )
        try:
            return self._passphrase.reveal().encode()
        except UnicodeEncodeError:
            raise self._vault_error("The passphrase is not text in UTF-8.", "Set it in UTF-8.") from None

    def _read(self) -> tuple[dict[str, str], KeyDerivation]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._passphrase_bytes()  # report a missing passphrase first
        try:
            sealed = self._path.read_bytes()
            derivation = KeyDerivation.parse(sealed)
        except FileNotFoundError:
            return {}, KeyDerivation.create()
        except OSError as error:
            raise self._vault_error(
                f"The file cannot be read: {error.strerror}.", "See that it may be read."
            ) from None
        except ValueError:
            raise self._vault_error(
                "The file is no vault of this console, or damaged.", "Restore it from a backup."
            ) from None
        nonce, content = sealed[HEADER_BYTES:][:NONCE_BYTES], sealed[HEADER_BYTES + NONCE_BYTES :]
        try:
            plain = AESGCM(self._key(derivation)).decrypt(nonce, content, derivation.header())
        except InvalidTag:
            raise self._vault_error(
                "The passphrase is wrong, or the file was changed.", "Enter the passphrase it was made with."
            ) from None
        entries: dict[str, str] = json.loads(plain)
        return entries, derivation

    def _write(self, entries: dict[str, str], derivation: KeyDerivation) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if derivation.is_outdated:
            derivation = KeyDerivation.create()
        nonce = secrets.token_bytes(NONCE_BYTES)
        header = derivation.header()
        sealed = AESGCM(self._key(derivation)).encrypt(nonce, json.dumps(entries).encode(), header)
        replace_private_file(self._path, header + nonce + sealed)

    def _vault_error(self, cause: str, remedy: str) -> VaultError:
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
