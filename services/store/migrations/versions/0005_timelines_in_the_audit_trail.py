"""Lines of timelines have a place in the audit trail; those that are there already are covered by one entry."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from models.audit_entry import AuditEntry
from models.base import UtcDateTime
from services.store.audit_trail import GENESIS, HEAD_KEY, entry_hash, parse_head
from services.store.timeline_hash_chain import ADDED_OPERATION, TIMELINE_KIND, added_detail, line_hash

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

META = sa.table("store_meta", sa.column("key", sa.String), sa.column("value", sa.String))
ENTRIES = sa.table(
    "audit_entry",
    sa.column("seq", sa.Integer),
    sa.column("at", UtcDateTime),
    sa.column("object_id", sa.Uuid),
    sa.column("revision_id", sa.Uuid),
    *(
        sa.column(name, sa.String)
        for name in ("actor", "operation", "object_kind", "object_name", "detail", "previous_hash", "hash")
    ),
)
LINES = sa.table(
    "request_event",
    sa.column("id", sa.Uuid),
    sa.column("request_id", sa.Uuid),
    sa.column("at", UtcDateTime),
    sa.column("kind", sa.String),
    sa.column("actor", sa.String),
    sa.column("detail", sa.String),
    sa.column("line", sa.Integer),
)
PAGE = 5000


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    op.add_column("request_event", sa.Column("line", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE request_event SET line = numbered.place FROM "
        "(SELECT id AS line_id, row_number() OVER (ORDER BY at, id) AS place FROM request_event) AS numbered "
        "WHERE request_event.id = numbered.line_id"
    )
    op.create_index(op.f("ix_request_event_line"), "request_event", ["line"], unique=True)
    op.create_table(
        "removed_event",
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("removed_by", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_removed_event")),
    )
    op.create_index(op.f("ix_removed_event_removed_by"), "removed_event", ["removed_by"], unique=False)
    _cover_lines(op.get_bind())


def _cover_lines(bind: sa.Connection) -> None:
    """Write one audit entry for all lines there are. A chain that is broken stays as it is, for the audit to find."""
    last = bind.scalar(sa.select(sa.func.max(LINES.c.line)))
    if not last:
        return
    head = bind.scalar(sa.select(META.c.value).where(META.c.key == HEAD_KEY))
    seq, previous = parse_head(f"0:{GENESIS}" if head is None else head)
    if seq is None:
        return
    hashes = (
        line_hash(row.line, row.id, row.request_id, row.at, row.kind, row.actor, row.detail)
        for row in _lines(bind)
    )
    entry = AuditEntry(
        seq=seq + 1,
        at=datetime.now(UTC),
        actor="upgrade",
        operation=ADDED_OPERATION,
        object_kind=TIMELINE_KIND,
        detail=added_detail(1, last, hashes),
        previous_hash=previous,
        hash="",
    )
    entry.hash = entry_hash(entry)
    bind.execute(
        ENTRIES.insert().values({column.name: getattr(entry, column.name) for column in ENTRIES.columns})
    )
    value = f"{entry.seq}:{entry.hash}"
    if head is None:
        bind.execute(META.insert().values(key=HEAD_KEY, value=value))
    else:
        bind.execute(META.update().where(META.c.key == HEAD_KEY).values(value=value))


def _lines(bind: sa.Connection) -> Iterator[sa.Row[Any]]:  # Any: a row of a table without types
    after = 0
    while True:
        page = sa.select(LINES).where(LINES.c.line > after).order_by(LINES.c.line).limit(PAGE)
        rows = bind.execute(page).all()
        if not rows:
            return
        yield from rows
        after = rows[-1].line
