"""Requests are found by letters, however they were typed, on both databases: the full text holds folded texts."""

import sqlalchemy as sa
from alembic import op

from services.store.full_text import FOLD_FUNCTION, ID_COLUMNS, INDEX_BATCH_SIZE, TEXT_COLUMNS, upsert_texts
from services.store.postgresql_trigrams import create_text_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "approval_request"
PIECE, USUAL_PIECE = 64 * 1024 * 1024, 1024 * 1024
"""Bytes of the full text that are gathered before they are written."""

QUEUE_ONE = """
CREATE FUNCTION request_text_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO request_text_due (request_id) VALUES (NEW.id);
    RETURN NULL;
END $$"""


def upgrade() -> None:
    """Fill the full text anew."""
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()


def _on_sqlite() -> None:
    op.execute("DELETE FROM request_text_due")
    op.execute("INSERT INTO request_text (request_text) VALUES ('delete-all')")
    # In few large pieces instead of very many small ones that are put together again and again.
    _gather(PIECE)
    held = " || char(10) || ".join(TEXT_COLUMNS)
    rows = f"SELECT rowid, {FOLD_FUNCTION}({held}) FROM {TABLE} ORDER BY rowid"  # noqa: S608 -- texts of this module
    op.execute(f"INSERT INTO request_text (rowid, held) {rows}")
    _gather(USUAL_PIECE)


def _gather(size: int) -> None:
    op.execute(f"INSERT INTO request_text (request_text, rank) VALUES ('hashsize', {size})")  # noqa: S608


def _on_postgresql() -> None:
    op.execute("DROP INDEX IF EXISTS request_text")
    op.create_table(
        "request_text",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("held", *ID_COLUMNS)),
        sa.PrimaryKeyConstraint("request_id", name="pk_request_text"),
        sa.ForeignKeyConstraint(
            ["request_id"], [f"{TABLE}.id"], name="fk_request_text_request_id", ondelete="CASCADE"
        ),
    )
    op.create_table("request_text_due", sa.Column("request_id", sa.Uuid(), nullable=False))
    op.execute(QUEUE_ONE)
    names = (*TEXT_COLUMNS, *ID_COLUMNS)
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in names)
    for name, event, when in (
        ("added", "INSERT", ""),
        ("changed", f"UPDATE OF {', '.join(names)}", f"WHEN ({changed})"),
    ):
        op.execute(
            f"CREATE TRIGGER request_text_{name} AFTER {event} ON {TABLE} FOR EACH ROW {when}"
            " EXECUTE FUNCTION request_text_queue()"
        )
    _fill(op.get_bind())
    op.execute("CREATE UNIQUE INDEX ix_request_text_seq ON request_text (seq)")
    for name in ID_COLUMNS:
        op.execute(f"CREATE INDEX ix_request_text_{name} ON request_text ({name} text_pattern_ops)")
    create_text_index(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    keys = list(connection.execute(sa.text(f"SELECT id FROM {TABLE} ORDER BY requested_at, id")).scalars())  # noqa: S608
    for start in range(0, len(keys), INDEX_BATCH_SIZE):
        upsert_texts(connection, keys[start : start + INDEX_BATCH_SIZE])
