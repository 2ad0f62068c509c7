"""Requests that are followed, shared and searched: what instances say of them, leases, timelines, filters, intake."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXTS = (
    ("origin", 16, "console"),
    ("approval_id", 256, ""),
    ("record_state", 40, ""),
    ("order_state", 40, ""),
    ("record_id", 32, ""),
    ("order_id", 32, ""),
    ("order_number", 40, ""),
    ("waits_for", 4000, ""),
    ("mismatch", 40, ""),
    ("claimed_by", 64, ""),
)


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    _approval_request()
    _foreign_system()
    _shared_work()
    _saved_filter()
    _intake_client()


def _approval_request() -> None:
    with op.batch_alter_table("approval_request") as batch:
        for name, length, default in TEXTS:
            batch.add_column(sa.Column(name, sa.String(length), nullable=False, server_default=default))
        batch.add_column(sa.Column("server_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("observed_at", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
        batch.create_foreign_key(
            op.f("fk_approval_request_server_id_foreign_system"), "foreign_system", ["server_id"], ["id"]
        )
    _fill_requests()
    with op.batch_alter_table("approval_request") as batch:
        for name, length, _ in TEXTS:
            batch.alter_column(name, existing_type=sa.String(length), server_default=None)
    for name in ("server_id", "approval_id", "record_id"):
        op.create_index(op.f(f"ix_approval_request_{name}"), "approval_request", [name], unique=False)


def _fill_requests() -> None:
    """Requests that are there already were raised by this console: their PMApprovalId is their id, written with dashes."""
    written = "CAST(id AS TEXT)"
    if op.get_bind().dialect.name == "sqlite":
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        written = " || '-' || ".join(f"substr(id, {start}, {length})" for start, length in parts)
    op.execute(f"UPDATE approval_request SET approval_id = {written}")  # noqa: S608 -- a text of this module
    op.execute(
        "UPDATE approval_request SET server_id = "
        "(SELECT server_id FROM approval_process WHERE approval_process.id = approval_request.process_id)"
    )


def _foreign_system() -> None:
    with op.batch_alter_table("foreign_system") as batch:
        batch.add_column(sa.Column("proxy_credential_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("minimum_interval_s", sa.Integer(), nullable=False, server_default="30"))
        batch.create_foreign_key(
            op.f("fk_foreign_system_proxy_credential_id_user_credential"),
            "user_credential",
            ["proxy_credential_id"],
            ["id"],
        )
    with op.batch_alter_table("foreign_system") as batch:
        batch.alter_column("minimum_interval_s", existing_type=sa.Integer(), server_default=None)
    op.create_index(
        op.f("ix_foreign_system_proxy_credential_id"), "foreign_system", ["proxy_credential_id"], unique=False
    )


def _shared_work() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "request_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("detail", sa.String(4000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_event")),
    )
    op.create_index(op.f("ix_request_event_request_id"), "request_event", ["request_id"], unique=False)


def _saved_filter() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("name_key", name=op.f("uq_saved_filter_name_key")),
    )


def _intake_client() -> None:
    op.create_table(
        "intake_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["type_id"], ["approval_type.id"], name=op.f("fk_intake_client_type_id_approval_type")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_client")),
        sa.UniqueConstraint("name_key", name=op.f("uq_intake_client_name_key")),
    )
    for name in ("type_id", "token_digest"):
        op.create_index(op.f(f"ix_intake_client_{name}"), "intake_client", [name], unique=False)
