"""Requests take little more than half the room: short index entries; on SQLite times are numbers and ids are bytes."""

import uuid
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import context, op

from models.compact_columns import LONG_FORMS, pack_id
from services.common.progress import Progress, ignore_progress

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = "approval_request"
PROGRESS_TEXT = "Storing requests in less room"
PART = 50_000
"""Rows between two reports of progress."""
SORTED_KB = 128 * 1024
"""Memory for pages, so that an index of a UUID is changed in memory, and for putting the entries of an index in order."""

IDS = ("approval_id", "external_id", "record_id")
ORDERS = {
    "by_age": ("requested_at",),
    "by_state": ("state", "requested_at"),
    "by_policy": ("policy_name", "requested_at"),
    "by_user": (sa.text("lower(initiator_name)"), "requested_at"),
    "by_computer": (sa.text("lower(agent_name)"), "requested_at"),
    "by_file": (sa.text("lower(substr(file_path, 1, 200))"), "requested_at"),
    "by_times_out": (sa.text("coalesce(times_out_at, requested_at)"), "requested_at"),
    "by_number": ("number", "requested_at"),
    "of_process": ("process_id", "requested_at", "state"),
    "ended": ("ended_at",),
}
PARTIAL = {
    "mismatch": ("requested_at", "mismatch <> ''"),
    "answer_fault": ("requested_at", "answer_fault <> ''"),
    "type_id": ("type_id", "type_id IS NOT NULL"),
}
TIMES = (
    *(
        "requested_at",
        "submitted_at",
        "checked_at",
        "observed_at",
        "claimed_until",
        "ended_at",
        "times_out_at",
    ),
)
PACKED = (*IDS, "order_id")
UUID_TYPE = "CHAR(32)"
"""As every column of UUIDs is declared."""


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in (*ORDERS, *PARTIAL, *((*IDS, "server_id") if sqlite else ())):
        op.drop_index(op.f(f"ix_{TABLE}_{name}"), TABLE)
    if sqlite:
        op.execute(
            f"PRAGMA cache_size = -{SORTED_KB}"
        )  # for this upgrade: its connection is closed afterwards
        _convert(op.get_bind())
        setattr(op.get_bind().dialect, LONG_FORMS, False)
    for name, parts in ORDERS.items():
        op.create_index(op.f(f"ix_{TABLE}_{name}"), TABLE, list(parts), unique=False)
    for name, (column, condition) in PARTIAL.items():
        only = sa.text(condition)
        op.create_index(
            op.f(f"ix_{TABLE}_{name}"),
            TABLE,
            [column],
            unique=False,
            sqlite_where=only,
            postgresql_where=only,
        )
    for name in (*IDS, "server_id") if sqlite else ():
        op.create_index(op.f(f"ix_{TABLE}_{name}"), TABLE, [name], unique=False)
    _keep_older_releases_out(sqlite=sqlite)


def _keep_older_releases_out(*, sqlite: bool) -> None:
    """Refuse what a process of an older release still writes that had the store open: ids as text, which nobody finds.

    Each change has an audit entry, so its transaction fails. A worker of an older release announces no schema, and does
    not keep windows from polling.
    """
    op.add_column(
        "worker_presence", sa.Column("schema_revision", sa.String(32), nullable=False, server_default="")
    )
    if sqlite:
        op.execute(
            "CREATE TRIGGER refuse_ids_as_text BEFORE INSERT ON audit_entry"
            " WHEN typeof(NEW.object_id) = 'text' OR typeof(NEW.revision_id) = 'text'"
            " BEGIN SELECT RAISE(ABORT, 'the store was brought up to a newer release'); END"
        )


def _convert(bind: sa.Connection) -> None:
    """Store UUIDs, ids and times in their short forms. Those that are short already stay: a row may have been added so."""
    progress: Progress = context.config.attributes.get("progress", ignore_progress)
    driver = bind.connection.driver_connection
    if driver is None:
        raise RuntimeError("the migration has no connection")
    driver.create_function("uuid_bytes", 1, _uuid_bytes, deterministic=True)
    driver.create_function("packed_id", 1, _packed, deterministic=True)
    tables = driver.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'"
    )
    for (table,) in tables.fetchall():
        short = dict(_short_forms(driver.execute(f"PRAGMA table_info({table})").fetchall(), table))
        if not short:
            continue
        (last,) = driver.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()  # noqa: S608 -- names of the schema
        setters = ", ".join(f"{name} = {form}" for name, form in short.items())
        for start in range(0, last, PART):
            if table == TABLE:
                progress(PROGRESS_TEXT, start, last)
            driver.execute(
                f"UPDATE {table} SET {setters} WHERE rowid > ? AND rowid <= ?",  # noqa: S608 -- names of the schema
                (start, start + PART),
            )


def _short_forms(
    columns: list[tuple[int, str, str, int, str | None, int]], table: str
) -> Iterator[tuple[str, str]]:
    """Yield the columns of a table to convert, each with the expression of its short form."""
    for _number, name, declared, *_ in columns:
        if declared == UUID_TYPE:
            yield name, f"uuid_bytes({name})"
        elif table == TABLE and name in PACKED:
            yield name, f"packed_id({name})"
        elif table == TABLE and name in TIMES:
            seconds = f"CAST(strftime('%s', substr({name}, 1, 19)) AS INTEGER)"
            moment = f"{seconds} * 1000000 + CAST(substr({name}, 21, 6) AS INTEGER)"
            # What is no time stays as it is: the verification of the audit trail tells who changed it.
            yield name, f"CASE WHEN typeof({name}) = 'text' THEN coalesce({moment}, {name}) ELSE {name} END"


def _uuid_bytes(stored: str | bytes | None) -> str | bytes | None:
    """Return the short form of an id. What is none stays as it is: one damaged row keeps no store from opening."""
    if not isinstance(stored, str):
        return stored
    try:
        return uuid.UUID(stored).bytes
    except ValueError:
        return stored


def _packed(stored: str | bytes | None) -> str | bytes | None:
    return pack_id(stored) if isinstance(stored, str) else stored
