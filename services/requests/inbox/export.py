"""Exports requests as JSON values and as CSV, without secrets, page by page."""

import csv
import io
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from sqlmodel import select

from models.addresses import record_url
from models.base import utcnow
from models.foreign_system import ForeignSystem
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.file_writing import write_atomically, write_failure_cause, write_failure_remedy
from services.common.progress import Progress, ignore_progress
from services.common.redaction import redact, redact_user_text
from services.common.utc_text import format_utc
from services.requests.inbox.filter_sql import RequestRow
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.inbox import Inbox
from services.requests.records.item_fields import ITEM_TABLE
from services.store.store import Store

PAGE_SIZE = 500
ExportValue: TypeAlias = str | int | list[str] | None
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Some spreadsheets recognize UTF-8 only with it."""

_FORMULA_SIGN = "[-=+@\N{MINUS SIGN}\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
"""First characters of formulas, including their full-width and small forms."""
_SKIPPED_CHARACTERS = (
    "[\\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff\ufeff\"'`\u2018-\u201f\uff02\uff07]*"
)
"""Characters that a spreadsheet may skip before it: blanks, invisible characters, and quotes."""
_FORMULA_START = re.compile(f"[\t\r\n]|{_SKIPPED_CHARACTERS}{_FORMULA_SIGN}")
_FORMULA_AFTER_SEPARATOR = re.compile(
    f"([;\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]{_SKIPPED_CHARACTERS})(?={_FORMULA_SIGN})"
)
"""Start of a cell for programs that separate cells by semicolons or tabs, or ignore quotes."""
CSV_COLUMNS = (
    *("id", "number", "state", "servicenow_state", "mismatch", "initiator", "agent", "policy", "file_path", "reason"),
    *("requested_at", "age_s", "times_out_at", "waits_for", "process", "url", "error"),
)  # fmt: skip


class ExportResult(NamedTuple):
    """The number of written requests; `complete` is False if a search did not compare all rows."""

    rows: int
    complete: bool


def load_base_urls(store: Store) -> dict[uuid.UUID, str]:
    """Return the base URLs of all servers by id."""
    with store.read() as session:
        return dict(session.exec(select(ForeignSystem.id, ForeignSystem.base_url)).all())


def to_export_values(
    row: RequestRow, servers: Mapping[uuid.UUID, str], now: datetime
) -> dict[str, ExportValue]:
    """Return the fields of a request in the public interface; unknown values are None, or empty for texts."""
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
        "reason": redact_user_text(row.reason),
        "requested_at": format_utc(row.requested_at),
        "age_s": max(0, int((now - row.requested_at).total_seconds())),
        "times_out_at": format_utc(row.times_out_at),
        "waits_for": list(row.waits_for),
        "process": row.process,
        "url": record_url(server, ITEM_TABLE, row.record_id) if server and row.record_id else None,
        # Why it failed, or why it cannot continue.
        "error": redact(row.error) or None,
    }


def iterate_pages(
    inbox: Inbox, filter_: Filter, sort: Sort, *, limit: int | None = None, at: datetime
) -> Iterator[tuple[list[RequestRow], bool]]:
    """Yield the rows of a list page by page, with whether a search compared all rows; ends after `limit` rows."""
    start, near = 0, None
    while limit is None or start < limit:
        size = PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - start)
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
    progress: Progress = ignore_progress,
) -> ExportResult:
    """Write a list as CSV (RFC 4180) with a header row; `clean` changes the texts of cells.

    A cell that a spreadsheet would evaluate as a formula gets a leading apostrophe.
    """
    moment = at or utcnow()
    servers = load_base_urls(inbox.store)
    write(_format_csv([CSV_COLUMNS]))
    done, whole = 0, True
    for rows, complete in iterate_pages(inbox, filter_, sort, limit=limit, at=moment):
        write(_format_csv([_cells(to_export_values(row, servers, moment), clean) for row in rows]))
        done, whole = done + len(rows), whole and complete
        progress("Writing requests", done)
    return ExportResult(done, whole)


def save_csv(
    inbox: Inbox,
    filter_: Filter,
    sort: Sort,
    path: Path,
    *,
    byte_order_mark: bool = True,
    at: datetime | None = None,
    progress: Progress = ignore_progress,
) -> ExportResult:
    """Write a list to a file; an existing file is replaced after everything has been written.

    Blocks. Raises InputError, StoreError.
    """
    written = ExportResult(0, complete=True)

    def write(file: BinaryIO) -> None:
        nonlocal written
        if byte_order_mark:
            file.write(BYTE_ORDER_MARK.encode())
        written = write_csv(
            inbox,
            filter_,
            sort,
            lambda text: file.write(text.encode(errors="replace")),
            at=at,
            progress=progress,
        )

    try:
        write_atomically(path, write)
    except OSError as error:
        raise _unusable_file_error(path, error) from error
    record_export(inbox.store, written.rows)
    return written


def record_export(store: Store, rows: int) -> None:
    """Record an export in the audit trail. Raises StoreError."""
    with store.write() as work:
        work.event("export", kind="approval_request", detail=f"{rows} rows")


def _cells(values: Mapping[str, ExportValue], clean: Callable[[str], str]) -> list[str]:
    return [_cell(values[name], clean) for name in CSV_COLUMNS]


def _cell(value: ExportValue, clean: Callable[[str], str]) -> str:
    if value is None:
        return ""
    text = clean("; ".join(value) if isinstance(value, list) else str(value))
    guarded = _FORMULA_AFTER_SEPARATOR.sub(r"\1'", text)
    return f"'{guarded}" if _FORMULA_START.match(text) else guarded


def _format_csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _unusable_file_error(path: Path, error: OSError) -> InputError:
    return InputError(
        Problem(
            tried=f"Write {path}",
            evidence=f"{type(error).__name__}: {error}",
            cause=write_failure_cause(error),
            owner=Owner.CONSOLE,
            remedy=write_failure_remedy(error),
            fault=FaultId.FILE_UNUSABLE,
        )
    )


def save_table(lines: Iterable[Sequence[str]], path: Path) -> None:
    """Write lines of texts to a CSV file, with the same care for spreadsheets as a list of requests.

    Blocks. Raises InputError.
    """
    guarded = [[_cell(text, str) for text in line] for line in lines]
    content = (BYTE_ORDER_MARK + _format_csv(guarded)).encode(errors="replace")
    try:
        write_atomically(path, lambda file: file.write(content))
    except OSError as error:
        raise _unusable_file_error(path, error) from error
