"""The signed head of an audit trail: how many entries there were at a moment, and the hash of the last one.

The signature is Ed25519. Its key is in a vault, never in a store, so that somebody who has only the store cannot make one.
"""

import hashlib
import json
import re
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from services.common.json_types import JsonObject
from services.common.secret import Secret
from services.store.row_values import canonical_timestamp

FORMAT = "approval-console-audit-anchor-1"
SEED_BYTES = 32
_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of the audit trail of one store, and who signed it; unsigned where `key` is empty."""

    store: uuid.UUID
    entries: int
    hash: str
    at: datetime
    key: str = ""
    """The public key, in hexadecimal digits."""
    signature: str = ""

    @property
    def fingerprint(self) -> str:
        """Return a short name of the key, for people to compare; empty where it is not signed."""
        return key_fingerprint(self.key) if self.key else ""

    def signed(self, key: "AuditKey") -> "Anchor":
        """Return the same head with a signature."""
        named = replace(self, key=key.public, signature="")
        return replace(named, signature=key.sign(named.content()))

    @property
    def is_authentic(self) -> bool:
        """Whether the signature was made over exactly this, by the key it names."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key))
            public.verify(bytes.fromhex(self.signature), self.content())
        except (InvalidSignature, ValueError):
            return False
        return True

    def content(self) -> bytes:
        """Return what is signed."""
        return json.dumps(
            [FORMAT, str(self.store), self.entries, self.hash, canonical_timestamp(self.at), self.key]
        ).encode()

    def as_dict(self) -> JsonObject:
        """Return the anchor as a JSON document."""
        return {
            "format": FORMAT,
            "store": str(self.store),
            "entries": self.entries,
            "hash": self.hash,
            "at": canonical_timestamp(self.at),
            "key": self.key or None,
            "fingerprint": self.fingerprint or None,
            "signature": self.signature or None,
        }

    @classmethod
    def of(cls, document: object) -> Self:
        """Read what `as_dict` made. Raises ValueError with a sentence for people."""
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError("It is not an anchor that audit anchor wrote.")
        entries, hashed = document.get("entries"), document.get("hash")
        if type(entries) is not int or not 0 <= entries < 10**18:
            raise ValueError("Its number of entries cannot be read.")
        if not isinstance(hashed, str) or not _HASH.fullmatch(hashed):
            raise ValueError("Its hash cannot be read.")
        key, signature = document.get("key") or "", document.get("signature") or ""
        if bool(key) != bool(signature) or (key and not _is_signature(key, signature)):
            raise ValueError("Its key or signature cannot be read.")
        try:
            at = datetime.fromisoformat(str(document.get("at")))
            store = uuid.UUID(str(document.get("store")))
        except ValueError:
            raise ValueError("Its time or its store cannot be read.") from None
        if at.tzinfo is None:
            raise ValueError("Its time has no zone.")
        return cls(store, entries, hashed, at.astimezone(UTC), key, signature)


class AuditKey:
    """The key that signs the audit trail of one store."""

    def __init__(self, seed: Secret) -> None:
        """Make the key of `seed`, 64 hexadecimal digits. Raises ValueError."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        content = bytes.fromhex(seed.reveal())
        if len(content) != SEED_BYTES:
            raise ValueError("a key has 64 hexadecimal digits")
        self._private = Ed25519PrivateKey.from_private_bytes(content)
        self.public: str = self._private.public_key().public_bytes_raw().hex()

    @property
    def fingerprint(self) -> str:
        """Return a short name of the key."""
        return key_fingerprint(self.public)

    def sign(self, content: bytes) -> str:
        """Return the signature over `content`, in hexadecimal digits."""
        return self._private.sign(content).hex()


def key_fingerprint(public: str) -> str:
    """Return the short name of a public key."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:32]


def _is_signature(key: object, signature: object) -> bool:
    return (
        isinstance(key, str)
        and isinstance(signature, str)
        and _HASH.fullmatch(key) is not None
        and _SIGNATURE.fullmatch(signature) is not None
    )
