"""The way back: where the answers of intake clients go, and the answers themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CLIENT, REQUEST = "intake_client", "approval_request"


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    for column in (
        sa.Column("answer_kind", sa.String(32), nullable=False, server_default=""),
        sa.Column("answer_url", sa.String(2000), nullable=False, server_default=""),
        sa.Column("answer_server_id", sa.Uuid(), nullable=True),
        sa.Column("answer_mapping", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("answer_duration_s", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column(CLIENT, column)
    # Not in a batch: that makes the table anew, and the triggers of the full text would be gone.
    op.add_column(REQUEST, sa.Column("answer_fault", sa.String(64), nullable=False, server_default=""))
    op.add_column(REQUEST, sa.Column("caller_id", sa.String(256), nullable=False, server_default=""))
    op.create_index(
        "ix_approval_request_answer_fault",
        REQUEST,
        ["requested_at", "id"],
        unique=False,
        sqlite_where=sa.text("answer_fault <> ''"),
        postgresql_where=sa.text("answer_fault <> ''"),
    )
    _create_delivery()


def _create_delivery() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("caller_id", sa.String(256), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("client_name", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("server_id", sa.Uuid(), nullable=True),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("in_doubt", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("next_try_at", moment, nullable=False),
        sa.Column("tried_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("claimed_by", sa.String(64), nullable=False),
        sa.Column("claimed_until", moment, nullable=True),
        sa.Column("last_status", sa.String(255), nullable=False),
        sa.Column("fault", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(4000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index(op.f("ix_delivery_request_id"), "delivery", ["request_id"], unique=False)
    op.create_index(op.f("ix_delivery_client_id"), "delivery", ["client_id"], unique=False)
    op.create_index("ix_delivery_due", "delivery", ["state", "next_try_at"], unique=False)
    op.create_index("ix_delivery_by_time", "delivery", ["created_at", "id"], unique=False)
