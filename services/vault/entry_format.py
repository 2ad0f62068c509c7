"""Serialization of entries for keyrings and the encrypted file."""

import json

from models.addresses import Destination
from services.common.secret import Secret
from services.vault.base import VaultEntry


def serialize_entry(entry: VaultEntry) -> str:
    """Return an entry as text, including the secret; the result is only written to a vault."""
    return json.dumps(
        {
            "a": entry.account,
            "s": entry.secret.reveal(),
            "o": [str(one) for one in entry.destinations],
            "m": entry.version_token,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def parse_entry(text: str) -> VaultEntry:
    """Return the entry that `serialize_entry` wrote; raises ValueError without quoting the text."""
    try:
        data = json.loads(text)
        bound = [Destination.of(one) for one in data["o"]]
        return VaultEntry(str(data["a"]), Secret(str(data["s"])), bound, str(data.get("m", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("the entry is not one of Approval Console") from None
