"""State that programs decide on is stored in columns and tables, not in texts and in rows of leases."""

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa
from alembic import context, op

from models.base import UtcDateTime
from services.common.progress import Progress, ignore_progress
from services.store.timeline_facts import (
    LEGACY_CONSTANT_LINES,
    LEGACY_KINDS,
    NO_FACTS,
    TimelineFacts,
    parse_legacy_line,
)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PAGE = 2000
"""Rows of a timeline between two reports of progress."""
CALL_WINDOW = timedelta(hours=1)
"""A lease of a call lasted so long after the call."""
INTAKE_DETAIL = re.compile(r"Through the intake, client ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
STATUS_UNREADABLE = "Its status could not be read"
LIMIT_EVIDENCE = re.compile(r"(\d{1,9}) calls an hour")
OPEN_STATES = ("submitting", "pending")
PROGRESS_TEXT = "Moving the state of requests into columns"

Row: TypeAlias = Any  # a row of a table without types
Report: TypeAlias = dict[str, object]

EVENT = sa.table(
    "request_event",
    sa.column("id", sa.Uuid),
    sa.column("request_id", sa.Uuid),
    sa.column("kind", sa.String),
    sa.column("detail", sa.String),
    sa.column("line", sa.Integer),
    sa.column("operation", sa.String),
    sa.column("outcome", sa.String),
    sa.column("comment", sa.String),
)
REQUEST = sa.table(
    "approval_request",
    sa.column("id", sa.Uuid),
    sa.column("state", sa.String),
    sa.column("error", sa.String),
    sa.column("error_kind", sa.String),
    sa.column("intake_client_id", sa.Uuid),
)
LEASE = sa.table(
    "lease",
    sa.column("name", sa.String),
    sa.column("holder", sa.String),
    sa.column("token", sa.Integer),
    sa.column("until", UtcDateTime),
)
POLLED_SERVER = sa.table(
    "polled_server",
    sa.column("server_id", sa.Uuid),
    sa.column("polled_at", UtcDateTime),
    sa.column("clock_offset_s", sa.Integer),
    sa.column("complete", sa.Boolean),
    sa.column("paused_until", UtcDateTime),
    sa.column("fault", sa.String),
    sa.column("failures", sa.Integer),
)
API_CALL = sa.table(
    "api_call",
    sa.column("id", sa.Uuid),
    sa.column("server_id", sa.Uuid),
    sa.column("at", UtcDateTime),
    sa.column("purpose", sa.String),
)
WORKER_PRESENCE = sa.table("worker_presence", sa.column("holder", sa.String), sa.column("until", UtcDateTime))
TASK_RUN = sa.table(
    "task_run",
    sa.column("id", sa.Uuid),
    sa.column("task", sa.String),
    sa.column("state", sa.String),
    sa.column("report", sa.Text),
    sa.column("process_id", sa.Uuid),
    sa.column("credential_mark", sa.String),
    sa.column("call_limit", sa.Integer),
    sa.column("holder", sa.String),
)


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    progress: Progress = context.config.attributes.get("progress", ignore_progress)
    _add_columns()
    _create_tables()
    bind = op.get_bind()
    _move_leases(bind)
    _classify_errors(bind)
    _fill_task_runs(bind)
    _fill_timelines(bind, progress)


def _add_columns() -> None:
    # Not in a batch: that makes the table anew, and the triggers of the full text would be gone.
    for name, length in (("operation", 16), ("outcome", 16), ("comment", 4000)):
        op.add_column("request_event", _text_column(name, length))
    op.add_column("request_event", sa.Column("hash_format", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("approval_request", _text_column("error_kind", 32))
    op.add_column("approval_request", sa.Column("intake_client_id", sa.Uuid(), nullable=True))
    op.add_column("task_run", sa.Column("process_id", sa.Uuid(), nullable=True))
    op.add_column("task_run", _text_column("credential_mark", 64))
    op.add_column("task_run", sa.Column("call_limit", sa.Integer(), nullable=True))
    op.add_column("task_run", _text_column("holder", 64))


def _text_column(name: str, length: int) -> "sa.Column[str]":
    return sa.Column(name, sa.String(length), nullable=False, server_default=sa.text("''"))


def _create_tables() -> None:
    op.create_table(
        "polled_server",
        sa.Column("server_id", sa.Uuid(), nullable=False),
        sa.Column("polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clock_offset_s", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(128), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_polled_server")),
    )
    op.create_index(op.f("ix_polled_server_paused_until"), "polled_server", ["paused_until"], unique=False)
    op.create_table(
        "api_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("server_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_call")),
    )
    op.create_index(op.f("ix_api_call_server_id_at"), "api_call", ["server_id", "at"], unique=False)
    op.create_table(
        "worker_presence",
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("holder", name=op.f("pk_worker_presence")),
    )


# -- leases ----------------------------------------------------------------------------------------------------


def _move_leases(bind: sa.Connection) -> None:
    """Move polls, pauses, calls and workers into their own tables; leases of work and locks stay."""
    polled: dict[uuid.UUID, dict[str, object]] = {}
    calls, present, moved = [], [], []
    now = datetime.now(UTC)
    for row in bind.execute(sa.select(LEASE)).all():
        prefix, _, rest = row.name.partition(":")
        if prefix not in ("seen", "pause", "call", "worker"):
            continue
        moved.append(row.name)
        if prefix == "worker":
            present += [{"holder": row.holder, "until": row.until}] if row.until > now else []
            continue
        server_id = _parse_uuid(rest.partition(":")[0])
        if server_id is None:
            continue
        if prefix == "call":
            calls.append(
                {
                    "id": uuid.uuid4(),
                    "server_id": server_id,
                    "at": row.until - CALL_WINDOW,
                    "purpose": row.holder[:16],
                }
            )
            continue
        state = polled.setdefault(server_id, _new_poll_state(server_id))
        if prefix == "seen":
            state |= {
                "polled_at": row.until,
                "clock_offset_s": row.token,
                "complete": row.holder == "complete",
            }
        else:
            state |= {"paused_until": row.until, "fault": row.holder, "failures": row.token}
    for table, rows in (
        (POLLED_SERVER, list(polled.values())),
        (API_CALL, calls),
        (WORKER_PRESENCE, list({row["holder"]: row for row in present}.values())),
    ):
        if rows:
            bind.execute(table.insert(), rows)
    if moved:
        gone = sa.delete(LEASE).where(LEASE.c.name == sa.bindparam("old_name"))
        bind.execute(gone, [{"old_name": name} for name in moved])


def _new_poll_state(server_id: uuid.UUID) -> dict[str, object]:
    return {
        "server_id": server_id,
        "polled_at": None,
        "clock_offset_s": 0,
        "complete": False,
        "paused_until": None,
        "fault": "",
        "failures": 0,
    }


# -- requests and task runs ------------------------------------------------------------------------------------


def _classify_errors(bind: sa.Connection) -> None:
    shows_error = (REQUEST.c.state.in_(OPEN_STATES), REQUEST.c.error != "")
    unreadable = REQUEST.c.error.startswith(STATUS_UNREADABLE, autoescape=True)
    kind = sa.case((unreadable, "status_unreadable"), else_="step_failed")
    bind.execute(sa.update(REQUEST).where(*shows_error).values(error_kind=kind))


def _fill_task_runs(bind: sa.Connection) -> None:
    """Copy what was searched for in the JSON of reports into columns."""
    keys = bind.execute(sa.select(TASK_RUN.c.id).where(TASK_RUN.c.task.in_(("check", "rehearsal")))).scalars()
    wanted = list(keys)
    changed = sa.update(TASK_RUN).where(TASK_RUN.c.id == sa.bindparam("run_id"))
    for start in range(0, len(wanted), 500):
        part = TASK_RUN.c.id.in_(wanted[start : start + 500])
        columns = (TASK_RUN.c.id, TASK_RUN.c.task, TASK_RUN.c.state, TASK_RUN.c.report)
        rows = bind.execute(sa.select(*columns).where(part)).all()
        values = [{"run_id": row.id, **_columns_of_report(row)} for row in rows]
        bind.execute(changed, values)


def _columns_of_report(row: Row) -> dict[str, object]:
    report = _parse_report(row.report)
    sign_in = report.get("sign_in")
    holder = report.get("holder") if row.task == "rehearsal" and row.state == "running" else ""
    return {
        "process_id": _parse_uuid(str(report.get("process_id") or "")) if row.task == "check" else None,
        "credential_mark": str(sign_in.get("mark") or "")[:64] if isinstance(sign_in, dict) else "",
        "call_limit": _call_limit(report),
        "holder": str(holder or "")[:64],
    }


def _parse_report(text: str) -> Report:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _call_limit(report: Report) -> int | None:
    stages = report.get("stages")
    for stage in stages if isinstance(stages, list) else []:
        if isinstance(stage, dict) and stage.get("stage") == "limits":
            found = LIMIT_EVIDENCE.match(str(stage.get("evidence", "")))
            return int(found[1]) if found else None
    return None


def _parse_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


# -- timelines -------------------------------------------------------------------------------------------------


def _fill_timelines(bind: sa.Connection, progress: Progress) -> None:
    """Store what the texts of timeline lines say as facts, and the intake client on its requests."""
    _fill_constant_lines(bind)
    if bind.dialect.name == "sqlite":
        _fill_on_sqlite(bind, progress)
    else:
        _fill_on_postgresql(bind, progress)


def _fill_constant_lines(bind: sa.Connection) -> None:
    same = {
        line: sa.and_(EVENT.c.kind == line[0].value, EVENT.c.detail == line[1])
        for line in LEGACY_CONSTANT_LINES
    }
    facts = {line: parse_legacy_line(*line).columns() for line in same}
    values = {
        name: sa.case(*((same[line], facts[line][name]) for line in same), else_="")
        for name in ("operation", "outcome")
    }
    bind.execute(sa.update(EVENT).where(sa.or_(*same.values())).values(values))


def _fill_on_sqlite(bind: sa.Connection, progress: Progress) -> None:
    """Go through the table in the order in which it is stored, without the types of SQLAlchemy: there may be millions."""
    driver = bind.connection.driver_connection
    if driver is None:
        raise RuntimeError("the migration has no connection")
    (last,) = driver.execute("SELECT coalesce(max(rowid), 0) FROM request_event").fetchone()
    kinds = ", ".join(f"'{kind.value}'" for kind in LEGACY_KINDS)
    lines = (
        "SELECT rowid, request_id, kind, detail FROM request_event WHERE rowid > ? AND rowid <= ? AND "  # noqa: S608
        f"((kind IN ({kinds}) AND operation = '' AND outcome = '')"
        " OR (kind = 'raised' AND detail LIKE 'Through the intake, %'))"
    )
    for start in range(0, last, PAGE):
        progress(PROGRESS_TEXT, start, last)
        facts, owners = [], []
        for row_id, request_id, kind, detail in driver.execute(lines, (start, start + PAGE)):
            if kind == "raised":
                if found := INTAKE_DETAIL.fullmatch(detail):
                    owners.append((uuid.UUID(found[1]).hex, request_id))
            elif (parsed := parse_legacy_line(kind, detail)) != NO_FACTS:
                facts.append((*parsed.columns().values(), row_id))
        driver.executemany(
            "UPDATE request_event SET operation = ?, outcome = ?, comment = ? WHERE rowid = ?", facts
        )
        driver.executemany("UPDATE approval_request SET intake_client_id = ? WHERE id = ?", owners)
    if last:
        progress(PROGRESS_TEXT, last, last)


def _fill_on_postgresql(bind: sa.Connection, progress: Progress) -> None:
    last = bind.scalar(sa.select(sa.func.max(EVENT.c.line))) or 0
    for rows in _pages_of_lines(bind):
        parsed = [(row.id, parse_legacy_line(row.kind, row.detail)) for row in rows if row.kind != "raised"]
        _store_facts(bind, [(key, facts) for key, facts in parsed if facts != NO_FACTS])
        owners = [
            (row.request_id, INTAKE_DETAIL.fullmatch(row.detail)) for row in rows if row.kind == "raised"
        ]
        _store_intake_clients(bind, [(key, found[1]) for key, found in owners if found])
        progress(PROGRESS_TEXT, rows[-1].line or last, last)
    if last:
        progress(PROGRESS_TEXT, last, last)


def _pages_of_lines(bind: sa.Connection) -> Iterator[Sequence[Row]]:
    """Yield the lines that may have facts, in the order of their numbers; at last those without a number."""
    columns = (EVENT.c.id, EVENT.c.request_id, EVENT.c.kind, EVENT.c.detail, EVENT.c.line)
    may_have_facts = sa.and_(
        EVENT.c.kind.in_([kind.value for kind in LEGACY_KINDS]),
        EVENT.c.operation == "",
        EVENT.c.outcome == "",
    )
    from_intake = sa.and_(
        EVENT.c.kind == "raised", EVENT.c.detail.startswith("Through the intake, ", autoescape=True)
    )
    lines, after = sa.select(*columns).where(sa.or_(may_have_facts, from_intake)), 0
    while True:
        page = lines.where(EVENT.c.line > after).order_by(EVENT.c.line).limit(PAGE)
        rows = bind.execute(page).all()
        if not rows:
            break
        yield rows
        after = rows[-1].line
    if unnumbered := bind.execute(lines.where(EVENT.c.line.is_(None))).all():
        yield unnumbered


def _store_facts(bind: sa.Connection, found: Sequence[tuple[uuid.UUID, TimelineFacts]]) -> None:
    columns = [facts.columns() for _, facts in found]
    arrays = {name: [row[name] for row in columns] for name in ("operation", "outcome", "comment")}
    bind.execute(
        sa.text(
            "UPDATE request_event SET operation = f.operation, outcome = f.outcome, comment = f.comment "
            "FROM unnest(CAST(:ids AS uuid[]), CAST(:operation AS text[]), CAST(:outcome AS text[]), "
            "CAST(:comment AS text[])) AS f (id, operation, outcome, comment) WHERE request_event.id = f.id"
        ),
        {"ids": [str(key) for key, _ in found], **arrays},
    )


def _store_intake_clients(bind: sa.Connection, found: Sequence[tuple[uuid.UUID, str]]) -> None:
    bind.execute(
        sa.text(
            "UPDATE approval_request SET intake_client_id = f.client "
            "FROM unnest(CAST(:ids AS uuid[]), CAST(:clients AS uuid[])) AS f (id, client) "
            "WHERE approval_request.id = f.id"
        ),
        {"ids": [str(key) for key, _ in found], "clients": [client for _, client in found]},
    )
