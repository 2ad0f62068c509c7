"""Privilege Manager: its servers, actions and policies, the local copy of its items, and the progress of an action."""

import sqlalchemy as sa
from alembic import op

from models.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
    op.create_table(
        "privilege_manager_server",
        *_object_columns(),
        sa.Column("base_url", sa.String(2048), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("production", sa.Boolean(), nullable=False),
        sa.Column("ca_bundle", sa.String(2048), nullable=True),
        sa.Column("client_certificate", sa.String(2048), nullable=True),
        sa.Column("proxy", sa.String(2048), nullable=True),
        sa.Column("proxy_credential_id", sa.Uuid(), nullable=True),
        *_keys("privilege_manager_server"),
        _reference("privilege_manager_server", "credential_id", "user_credential"),
        _reference("privilege_manager_server", "proxy_credential_id", "user_credential"),
    )
    _index("privilege_manager_server", "credential_id")
    _index("privilege_manager_server", "proxy_credential_id")
    op.create_table(
        "action",
        *_object_columns(),
        sa.Column("server_id", sa.Uuid(), nullable=True),
        sa.Column("copy_of", sa.String(255), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=True),
        sa.Column("approval_type_guid", sa.String(36), nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("require_authentication", sa.Boolean(), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        *_keys("action"),
        _reference("action", "server_id", "privilege_manager_server"),
        _reference("action", "type_id", "approval_type"),
    )
    _index("action", "server_id")
    _index("action", "type_id")
    op.create_table(
        "policy",
        *_object_columns(),
        sa.Column("server_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("action_ids", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("item_id", sa.String(36), nullable=False),
        *_keys("policy"),
        _reference("policy", "server_id", "privilege_manager_server"),
    )
    _index("policy", "server_id")
    op.create_table(
        "server_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("server_id", sa.Uuid(), nullable=False),
        sa.Column("item_kind", sa.String(16), nullable=False),
        sa.Column("item_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_item")),
        sa.UniqueConstraint("server_id", "item_kind", "item_id", name=op.f("uq_server_item_server_id")),
        _reference("server_item", "server_id", "privilege_manager_server"),
    )
    _index("server_item", "server_id")
    op.create_table(
        "action_progress",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.String(36), nullable=False),
        sa.Column("export_name", sa.String(255), nullable=False),
        sa.Column("export_content", sa.LargeBinary(), nullable=False),
        sa.Column("exported_at", UtcDateTime(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=True),
        sa.Column("written_size", sa.Integer(), nullable=False),
        sa.Column("written_digest", sa.String(64), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("imported_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_action_progress")),
        _reference("action_progress", "action_id", "action"),
    )


def _object_columns() -> list[sa.Column[object]]:
    """Return new columns that every configuration object has."""
    return [
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(4000), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False),
    ]


def _keys(table: str) -> tuple[sa.PrimaryKeyConstraint, sa.UniqueConstraint]:
    return (
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("name_key", name=op.f(f"uq_{table}_name_key")),
    )


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
