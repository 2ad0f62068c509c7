"""Entries of a keyring that are longer than Windows takes: written in parts, with a head that says which.

The head is replaced last, so that a reader finds the old entry or the new one, whole.
"""

import json
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

PART_MAX_BYTES = 2560
"""Size limit of an entry on Windows, in UTF-16."""
PART_CHARACTERS = PART_MAX_BYTES // 4
"""Fits whatever the characters are: none takes more than four bytes."""
PARTS_MAX = 32
_HEAD_BEGINS = '{"parts":'
_GENERATIONS = ("a", "b")
"""Where parts are written, in turn. The names are fixed, so that parts of a broken write are found again."""


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
    """Write an entry, in parts where it is too long for one, and remove every part that it does not need.

    A write that fails leaves the entry before it.
    """
    before = backend.get_password(service, user) or ""
    try:
        head = text
        if len(text.encode("utf-16-le")) > PART_MAX_BYTES:
            head = _write_parts(backend, service, user, text, before)
        backend.set_password(service, user, head)
    except BaseException:
        with suppress(Exception):  # the first error counts; the next write or removal tries again
            _remove_unused(backend, service, user, before)
        raise
    _remove_unused(backend, service, user, before)


def remove_entry(backend: "KeyringBackend", service: str, user: str) -> bool:
    """Remove an entry, also an incomplete one, and parts without an entry; return whether one was stored."""
    text = backend.get_password(service, user)
    if text is not None:
        backend.delete_password(service, user)
    _remove_unused(backend, service, user, text or "")
    return text is not None


def _write_parts(backend: "KeyringBackend", service: str, user: str, text: str, before: str) -> str:
    """Write parts beside those that the present head names; return the new head."""
    parts = [text[start : start + PART_CHARACTERS] for start in range(0, len(text), PART_CHARACTERS)]
    if len(parts) > PARTS_MAX:
        most = PARTS_MAX * PART_CHARACTERS
        raise EntryTooLongError(f"it is longer than the {most:,} characters that are stored in a keyring")
    used = set(_part_services(service, before))
    written = next(one for one in _GENERATIONS if _part_service(service, one, 0) not in used)
    head = json.dumps({"parts": len(parts), "written": written}, separators=(",", ":"))
    for name, part in zip(_part_services(service, head), parts, strict=True):
        backend.set_password(name, user, part)
    return head


def _part_service(service: str, written: str, number: int) -> str:
    return f"{service}/{written}/{number}"


def _part_services(service: str, head: str) -> list[str]:
    """Return the service names of the parts that a head names; none for an entry in one piece or a damaged head."""
    if not head.startswith(_HEAD_BEGINS):
        return []
    try:
        found = json.loads(head)
        count, written = int(found["parts"]), str(found["written"])
    except (ValueError, KeyError, TypeError):
        return []
    return [_part_service(service, written, number) for number in range(min(count, PARTS_MAX))]


def _remove_unused(backend: "KeyringBackend", service: str, user: str, before: str) -> None:
    """Remove the parts that the present head does not name, also those of a write that never ended.

    `before` is the head that was replaced or removed. Parts are written from the first on and removed from the last on, so
    that those of a broken write have no gap.
    """
    used = set(_part_services(service, backend.get_password(service, user) or ""))
    unused = [name for name in _part_services(service, before) if name not in used]
    for written in _GENERATIONS:
        for number in range(PARTS_MAX):
            name = _part_service(service, written, number)
            if name in used or name in unused:
                continue
            if backend.get_password(name, user) is None:
                break
            unused.append(name)
    for name in reversed(unused):
        if backend.get_password(name, user) is not None:
            backend.delete_password(name, user)
