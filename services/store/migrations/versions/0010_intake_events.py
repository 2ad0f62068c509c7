"""Received events of the intake, clients that wait for their mapping, and where a worker serves the intake."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    op.add_column("intake_client", sa.Column("source_server_id", sa.Uuid(), nullable=True))
    op.add_column(
        "intake_client", sa.Column("is_learning", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("intake_client", sa.Column("token_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "worker_presence", sa.Column("intake_url", sa.String(500), nullable=False, server_default="")
    )
    op.create_table(
        "intake_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sender", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_event")),
    )
    op.create_index("ix_intake_event_newest", "intake_event", ["client_id", "received_at"], unique=False)
