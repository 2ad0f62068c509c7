"""`requests list`: the inbox on a terminal, as JSON or as CSV."""

import asyncio
import difflib
import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import Json
from console.cli.command_context import get_command_context
from console.cli.errors import call_error
from models.base import utcnow
from models.kinds import RequestState
from services.common.errors import InputError
from services.common.plain_text import escape_controls
from services.common.redaction import redact, redact_user_text
from services.common.utc_text import format_utc
from services.language import date_time, plural, tr
from services.requests.inbox.export import (
    iterate_pages,
    load_base_urls,
    record_export,
    to_export_values,
    write_csv,
)
from services.requests.inbox.filter_sql import RequestRow
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.freshness import load_list_freshness
from services.requests.inbox.inbox import Inbox
from services.store import Store
from services.workspace import Workspace

DEFAULT_LIMIT = 100
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
COLUMN_HEADERS = (
    "State",
    "Age",
    "Policy",
    "User",
    "Computer",
    "File",
    "Reason",
    "Waits for",
    "Times out (UTC)",
    "Number",
)


def list_(
    context: typer.Context,
    state: Annotated[
        list[str] | None,
        typer.Option(help=f"One of {', '.join(RequestState)}; may be given again."),
    ] = None,
    search: Annotated[
        str, typer.Option(help="Words that user, computer, number, file, reason, policy or an id hold.")
    ] = "",
    older_than: Annotated[str, typer.Option(help="Raised so long ago, as 15m, 2h or 3d.")] = "",
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"Maximum rows (default {DEFAULT_LIMIT}; all with --csv).")
    ] = None,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV to standard output.")] = False,
) -> None:
    """List requests, newest first."""
    if json and csv:
        raise typer.BadParameter("one of --json and --csv at a time", param_hint="--csv")

    async def work(workspace: Workspace) -> int:
        filter_ = Filter(
            states=frozenset(map(_parse_state, state or [])),
            text=search,
            older_than_s=_parse_age(older_than) if older_than else None,
        )
        show = _print_csv if csv else _print_json if json else _print_table
        await asyncio.to_thread(show, workspace.store, filter_, limit)
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


def _print_csv(store: Store, filter_: Filter, limit: int | None) -> None:
    rows = 0

    def count(text: str, done: int = 0, total: int | None = None) -> None:
        nonlocal rows
        del text, total
        rows = done

    try:
        written = write_csv(
            Inbox(store),
            filter_,
            Sort(),
            output.write_text,
            limit=limit,
            clean=escape_controls,
            progress=count,
        )
    finally:
        # As in the window: all of it has left the store, or as much as the reader took.
        record_export(store, rows)
    if not written.complete and written.rows != limit:
        output.print_message(_truncation_text(written.rows))


def _print_json(store: Store, filter_: Filter, limit: int | None) -> None:
    inbox, at = Inbox(store), utcnow()
    servers = load_base_urls(store)
    rows, complete = _load_rows(inbox, filter_, limit or DEFAULT_LIMIT, at)
    known = load_list_freshness(store, filter_)
    as_of, whole = known.at, known.complete
    output.print_json(
        {
            "total": inbox.count(filter_, most=None, at=at).number,
            "as_of": format_utc(as_of),
            "complete": complete and whole,
            "requests": [to_export_values(row, servers, at) for row in rows],
        }
    )


def _print_table(store: Store, filter_: Filter, limit: int | None) -> None:
    inbox, at = Inbox(store), utcnow()
    rows, complete = _load_rows(inbox, filter_, limit or DEFAULT_LIMIT, at)
    output.print_table(
        COLUMN_HEADERS, [_table_row(row, at) for row in rows], whole=("State", "Age", "Number")
    )
    total = inbox.count(filter_, at=at)
    if not complete:
        output.print_message(_truncation_text(total.number))
    if len(rows) == total.number:
        said = plural(total.number, "{count} request.", "{count} requests.")
    elif total.exact:
        said = plural(
            total.number, "{rows} of {count} request.", "{rows} of {count} requests.", rows=len(rows)
        )
    else:
        said = plural(
            total.number,
            "{rows} of more than {count} request.",
            "{rows} of more than {count} requests.",
            rows=len(rows),
        )
    output.print_message(said)
    known = load_list_freshness(store, filter_)
    if not known.complete:
        since = (
            tr("; last polled {time}", time=date_time(known.at, seconds=True, zone=True)) if known.at else ""
        )
        output.print_message(f"Requests on an instance may be missing here{since}.")


def _load_rows(inbox: Inbox, filter_: Filter, limit: int, at: datetime) -> tuple[list[RequestRow], bool]:
    rows: list[RequestRow] = []
    whole = True
    for some, complete in iterate_pages(inbox, filter_, Sort(), limit=limit, at=at):
        rows += some
        whole = whole and complete
    return rows, whole


def _table_row(row: RequestRow, at: datetime) -> tuple[str, ...]:
    age = max(0, int((at - row.requested_at).total_seconds()))
    return (
        row.state.replace("_", " ") + (" (mismatch)" if row.mismatch else " (problem)" if row.error else ""),
        str(timedelta(seconds=age)),
        row.policy,
        row.user,
        row.computer,
        redact(row.file_path),
        redact_user_text(row.reason),
        ", ".join(row.waits_for),
        f"{row.times_out_at:%Y-%m-%d %H:%M:%S}" if row.times_out_at is not None else "",
        row.number,
    )


def _truncation_text(number: int) -> str:
    return plural(
        number,
        "More requests match than were searched; this is the newest one. Narrow the search.",
        "More requests match than were searched; these are the {count} newest. Narrow the search.",
    )


def _parse_state(word: str) -> RequestState:
    known = [state.value for state in RequestState]
    if word in known:
        return RequestState(word)
    folded = word.casefold().replace("-", "_")
    near = difflib.get_close_matches(folded, known, n=1, cutoff=0.4)
    raise _option_error(
        "--state",
        f"“{word}” is no state of a request.",
        f"Did you mean “{near[0]}”?" if near else f"Name one of {', '.join(known)}.",
    )


def _parse_age(word: str) -> int:
    """Return seconds. Raises InputError."""
    if found := re.fullmatch(r"(\d{1,9})([a-z])", word, re.ASCII):
        number, unit = int(found[1]), found[2]
        if unit in UNIT_SECONDS:
            return number * UNIT_SECONDS[unit]
    begins = re.match(r"\s*(\d{1,9})\s*([A-Za-z])", word, re.ASCII)
    known = begins is not None and begins[2].lower() in UNIT_SECONDS
    raise _option_error(
        "--older-than",
        f"“{word}” is no age.",
        f"Did you mean “{begins[1]}{begins[2].lower()}”?"
        if known and begins is not None
        else "Write a number and s, m, h, d or w, such as 15m, 2h or 3d.",
    )


def _option_error(option: str, evidence: str, remedy: str) -> InputError:
    cause = "The command line does not say which requests to list."
    return call_error(f"Read {option}", evidence, remedy, cause)
