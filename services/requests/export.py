"""Requests for other programs: as JSON values and as CSV, without secrets, a page at a time."""

import csv
import io
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sqlmodel import select

from models.addresses import record_address
from models.base import utcnow
from models.foreign_system import ForeignSystem
from services.errors import InputError, Owner, Problem
from services.files import save_through, what_to_do, why_not
from services.progress import Progress, silent
from services.redact import redact, redact_words
from services.requests.filters import Filter, Sort
from services.requests.inbox import Inbox
from services.requests.query import RequestRow
from services.store.store import Store

PAGE = 500
ITEMS = "sc_req_item"
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Byte order mark: without it some spreadsheets do not take a file for UTF-8."""

_SIGN = "[-=+@\N{MINUS SIGN}\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
"""What begins a formula, in its full-width and small forms too."""
_PASSED = (
    "[\\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff\ufeff\"'`\u2018-\u201f\uff02\uff07]*"
)
"""What a spreadsheet may pass over before it: blanks, what is not shown, and quotes."""
_BEGINS = re.compile(f"[\t\r\n]|{_PASSED}{_SIGN}")
_GOES_ON = re.compile(f"([;\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]{_PASSED})(?={_SIGN})")
"""Where a cell begins for whoever separates cells by semicolons or tabs, or passes over quotes."""
COLUMNS = (
    *("id", "number", "state", "servicenow_state", "mismatch", "initiator", "agent", "policy", "file_path", "reason"),
    *("requested_at", "age_s", "times_out_at", "waits_for", "process", "url", "error"),
)  # fmt: skip


class Written(NamedTuple):
    """How many requests were written; not `complete` where a search stopped before all that hold its words."""

    rows: int
    complete: bool


def base_urls(store: Store) -> dict[uuid.UUID, str]:
    """Return the base URL of every server by its id."""
    with store.read() as session:
        return dict(session.exec(select(ForeignSystem.id, ForeignSystem.base_url)).all())


def as_values(row: RequestRow, servers: Mapping[uuid.UUID, str], now: datetime) -> dict[str, Any]:
    """Return a request in the words of the public interface; what is not known is None, or empty where it is a text."""
    server = servers.get(row.server_id) if row.server_id is not None else None
    return {
        "id": str(row.id),
        "number": row.number,
        "state": row.state,
        "servicenow_state": row.servicenow_state,
        "mismatch": row.mismatch or None,
        "initiator": row.user,
        "agent": row.computer,
        "policy": row.policy,
        "file_path": redact(row.file_path),
        "reason": redact_words(row.reason),
        "requested_at": _moment(row.requested_at),
        "age_s": max(0, int((now - row.requested_at).total_seconds())),
        "times_out_at": _moment(row.times_out_at),
        "waits_for": list(row.waits_for),
        "process": row.process,
        "url": record_address(server, ITEMS, row.record_id) if server and row.record_id else None,
        # Why it failed, or what keeps it from going on.
        "error": redact(row.error) or None,
    }


def pages(
    inbox: Inbox, filter_: Filter, sort: Sort, *, limit: int | None = None, at: datetime
) -> Iterator[tuple[list[RequestRow], bool]]:
    """Yield the rows of a list in pieces, and whether a search looked at everything; ends after `limit` rows."""
    start, near = 0, None
    while limit is None or start < limit:
        size = PAGE if limit is None else min(PAGE, limit - start)
        piece = inbox.rows(filter_, sort, start, size, near, at=at)
        if start == 0 or piece.rows:
            yield piece.rows, piece.complete
        if not piece.rows:
            return
        start += len(piece.rows)
        near = piece.anchors[-1] if piece.anchors else None


def write_csv(
    inbox: Inbox,
    filter_: Filter,
    sort: Sort,
    write: Callable[[str], object],
    *,
    limit: int | None = None,
    at: datetime | None = None,
    clean: Callable[[str], str] = str,
    progress: Progress = silent,
) -> Written:
    """Write a list as CSV (RFC 4180) through `write`, with heads; `clean` changes the texts of cells.

    A cell that a spreadsheet would work out as a formula begins with an apostrophe.
    """
    moment = at or utcnow()
    servers = base_urls(inbox.store)
    write(_lines([COLUMNS]))
    done, whole = 0, True
    for rows, complete in pages(inbox, filter_, sort, limit=limit, at=moment):
        write(_lines([_cells(as_values(row, servers, moment), clean) for row in rows]))
        done, whole = done + len(rows), whole and complete
        progress("Writing requests", done)
    return Written(done, whole)


def save_csv(
    inbox: Inbox,
    filter_: Filter,
    sort: Sort,
    path: Path,
    *,
    byte_order_mark: bool = True,
    at: datetime | None = None,
    progress: Progress = silent,
) -> Written:
    """Write a list to a file; an older one is replaced when all is written.

    Blocks, for a thread. Raises InputError, StoreError.
    """
    written = Written(0, complete=True)

    def write(file: BinaryIO) -> None:
        nonlocal written
        if byte_order_mark:
            file.write(MARK.encode())
        written = write_csv(
            inbox,
            filter_,
            sort,
            lambda text: file.write(text.encode(errors="replace")),
            at=at,
            progress=progress,
        )

    try:
        save_through(path, write)
    except OSError as error:
        raise _unusable(path, error) from error
    note_export(inbox.store, written.rows)
    return written


def note_export(store: Store, rows: int) -> None:
    """Write down in the audit trail that requests left the store for another program. Raises StoreError."""
    with store.write() as work:
        work.event("export", kind="approval_request", detail=f"{rows} rows")


def _cells(values: Mapping[str, Any], clean: Callable[[str], str]) -> list[str]:
    return [_cell(values[name], clean) for name in COLUMNS]


def _cell(value: Any, clean: Callable[[str], str]) -> str:
    if value is None:
        return ""
    text = clean("; ".join(value) if isinstance(value, list) else str(value))
    guarded = _GOES_ON.sub(r"\1'", text)
    return f"'{guarded}" if _BEGINS.match(text) else guarded


def _lines(rows: list[Any]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _moment(value: datetime | None) -> str | None:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if value is not None else None


def _unusable(path: Path, error: OSError) -> InputError:
    return InputError(
        Problem(
            tried=f"Write {path}",
            evidence=f"{type(error).__name__}: {error}",
            cause=why_not(error),
            owner=Owner.CONSOLE,
            remedy=what_to_do(error),
            fault="file-unusable",
        )
    )
