"""Requests in every order and by every word: the indexes of the inbox, and its full text."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "approval_request"
REPLACED = ("state", "process_id", "requested_at")
"""Columns whose own index is the beginning of a new one."""

INDEXES = {
    "by_age": ("requested_at", "id"),
    "by_state": ("state", "requested_at", "id"),
    "by_policy": ("policy_name", "requested_at", "id"),
    "by_user": (sa.text("lower(initiator_name)"), "requested_at", "id"),
    "by_computer": (sa.text("lower(agent_name)"), "requested_at", "id"),
    "by_file": (sa.text("lower(substr(file_path, 1, 200))"), "requested_at", "id"),
    "by_times_out": (sa.text("coalesce(times_out_at, requested_at)"), "requested_at", "id"),
    "by_number": ("number", "requested_at", "id"),
    "of_process": ("process_id", "requested_at", "id", "state"),
    "ended": ("ended_at", "state"),
}

SORTED_KB = 128 * 1024
"""Memory for putting the entries of an index in order."""

HELD = ("number", "order_number", "initiator_name", "agent_name", "file_path", "reason", "policy_name")

QUEUE = """
CREATE TABLE request_text_due (
    seq INTEGER PRIMARY KEY, request INTEGER NOT NULL, gone INTEGER NOT NULL, held TEXT NOT NULL
)"""
TEXT = """
CREATE VIRTUAL TABLE request_text USING fts5(
    held, content='', columnsize=0, detail=none, tokenize='trigram'
)"""


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"PRAGMA cache_size = -{SORTED_KB}"
        )  # for this upgrade: its connection is closed afterwards
    for name in REPLACED:
        op.drop_index(op.f(f"ix_{TABLE}_{name}"), TABLE)
    for name, parts in INDEXES.items():
        op.create_index(op.f(f"ix_{TABLE}_{name}"), TABLE, list(parts), unique=False)
    differs = sa.text("mismatch <> ''")
    op.create_index(
        op.f(f"ix_{TABLE}_mismatch"),
        TABLE,
        ["requested_at", "id"],
        unique=False,
        sqlite_where=differs,
        postgresql_where=differs,
    )
    if op.get_bind().dialect.name == "sqlite":
        _full_text()


def _full_text() -> None:
    """Make the index of all sequences of three characters, and queue every change of them; 0004 fills it.

    Triggers may not write to a virtual table where the schema is not trusted, so they write to a queue, which every
    unit of work empties before it ends. The index needs the old text to take a row out: the queue keeps it.
    """
    op.execute(TEXT)
    op.execute(QUEUE)
    added, gone = (
        f"INSERT INTO request_text_due (request, gone, held) VALUES ({row}.rowid, {flag}, {_held(row)});"  # noqa: S608
        for row, flag in (("new", 0), ("old", 1))
    )
    changed = " OR ".join(f"new.{name} IS NOT old.{name}" for name in HELD)
    for name, event, body in (
        ("added", "INSERT", added),
        ("gone", "DELETE", gone),
        ("changed", f"UPDATE OF {', '.join(HELD)}", gone + added),
    ):
        when = f"WHEN {changed} " if name == "changed" else ""
        op.execute(f"CREATE TRIGGER request_text_{name} AFTER {event} ON {TABLE} {when}BEGIN {body} END")


def _held(row: str) -> str:
    return " || char(10) || ".join(f"{row}.{name}" for name in HELD)
