"""Entries of a keyring that are longer than Windows takes: written in parts, with a head that says which.

The head is replaced last, so that a reader finds the old entry or the new one, whole.
"""

import json
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

PART_MAX_BYTES = 2560
"""Size limit of an entry on Windows, in UTF-16."""
PART_CHARACTERS = PART_MAX_BYTES // 4
"""Fits whatever the characters are: none takes more than four bytes."""
PARTS_MAX = 32
_HEAD_BEGINS = '{"parts":'


class EntryTooLongError(ValueError):
    """The entry does not fit into PARTS_MAX parts; the text is a sentence with the limit."""


class EntryIncompleteError(ValueError):
    """A part of an entry is missing, or its head is damaged; the text is a sentence with the reason."""


def read_entry(backend: "KeyringBackend", service: str, user: str) -> str | None:
    """Return an entry, or None. Raises EntryIncompleteError."""
    text = backend.get_password(service, user)
    if text is None or not text.startswith(_HEAD_BEGINS):
        return text
    parts = [backend.get_password(one, user) for one in _part_services(service, text)]
    if not parts or None in parts:
        raise EntryIncompleteError("a part of the entry is missing")
    return "".join(part for part in parts if part is not None)


def write_entry(backend: "KeyringBackend", service: str, user: str, text: str) -> None:
    """Write an entry, in parts where it is too long for one, and remove the parts of the entry before it."""
    before = backend.get_password(service, user) or ""
    head = text
    if len(text.encode("utf-16-le")) > PART_MAX_BYTES:
        head = _write_parts(backend, service, user, text)
    backend.set_password(service, user, head)
    _remove_parts(backend, user, _part_services(service, before))


def remove_entry(backend: "KeyringBackend", service: str, user: str) -> bool:
    """Remove an entry, also an incomplete one; return whether it was stored."""
    text = backend.get_password(service, user)
    if text is None:
        return False
    backend.delete_password(service, user)
    _remove_parts(backend, user, _part_services(service, text))
    return True


def _write_parts(backend: "KeyringBackend", service: str, user: str, text: str) -> str:
    parts = [text[start : start + PART_CHARACTERS] for start in range(0, len(text), PART_CHARACTERS)]
    if len(parts) > PARTS_MAX:
        most = PARTS_MAX * PART_CHARACTERS
        raise EntryTooLongError(f"it is longer than the {most:,} characters that are stored in a keyring")
    head = json.dumps({"parts": len(parts), "written": secrets.token_hex(4)}, separators=(",", ":"))
    for name, part in zip(_part_services(service, head), parts, strict=True):
        backend.set_password(name, user, part)
    return head


def _part_services(service: str, head: str) -> list[str]:
    """Return the service names of the parts that a head names; none for an entry in one piece or a damaged head."""
    if not head.startswith(_HEAD_BEGINS):
        return []
    try:
        found = json.loads(head)
        count, written = int(found["parts"]), str(found["written"])
    except (ValueError, KeyError, TypeError):
        return []
    return [f"{service}/{written}/{number}" for number in range(min(count, PARTS_MAX))]


def _remove_parts(backend: "KeyringBackend", user: str, services: list[str]) -> None:
    for service in services:
        if backend.get_password(service, user) is not None:
            backend.delete_password(service, user)
