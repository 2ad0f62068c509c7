"""The first schema: credentials, servers, processes, types, requests, runs, history."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _revision() -> None:
    op.create_table(
        "revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("object_kind", sa.String(32), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=False),
        sa.Column("object_name", sa.String(255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(16), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("note", sa.String(4000), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
    )
    op.create_index(op.f("ix_revision_changed_at"), "revision", ["changed_at"], unique=False)
    op.create_index(op.f("ix_revision_object_id"), "revision", ["object_id"], unique=False)


def _store_meta() -> None:
    op.create_table(
        "store_meta",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_store_meta")),
    )


def _task_run() -> None:
    op.create_table(
        "task_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(64), nullable=False),
        sa.Column("object_kind", sa.String(32), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("object_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_by", sa.String(255), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correlation_id", sa.String(36), nullable=False),
        sa.Column("outcome", sa.String(4000), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_run")),
    )
    op.create_index(op.f("ix_task_run_object_id"), "task_run", ["object_id"], unique=False)
    op.create_index(op.f("ix_task_run_started_at"), "task_run", ["started_at"], unique=False)
    op.create_index(op.f("ix_task_run_task"), "task_run", ["task"], unique=False)


def _user_credential() -> None:
    op.create_table(
        "user_credential",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(4000), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.Column("account", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_credential")),
        sa.UniqueConstraint("name_key", name=op.f("uq_user_credential_name_key")),
    )


def _audit_entry() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("operation", sa.String(32), nullable=False),
        sa.Column("object_kind", sa.String(32), nullable=False),
        sa.Column("object_id", sa.Uuid(), nullable=True),
        sa.Column("object_name", sa.String(255), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.String(4000), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_audit_entry_revision_id_revision")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
    )


def _foreign_system() -> None:
    op.create_table(
        "foreign_system",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(4000), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.Column("base_url", sa.String(2048), nullable=False),
        sa.Column("credential_id", sa.Uuid(), nullable=True),
        sa.Column("production", sa.Boolean(), nullable=False),
        sa.Column("ca_bundle", sa.String(2048), nullable=True),
        sa.Column("client_certificate", sa.String(2048), nullable=True),
        sa.Column("proxy", sa.String(2048), nullable=True),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["user_credential.id"],
            name=op.f("fk_foreign_system_credential_id_user_credential"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_foreign_system")),
        sa.UniqueConstraint("name_key", name=op.f("uq_foreign_system_name_key")),
    )
    op.create_index(
        op.f("ix_foreign_system_credential_id"), "foreign_system", ["credential_id"], unique=False
    )


def _approval_process() -> None:
    op.create_table(
        "approval_process",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(4000), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.Column("server_id", sa.Uuid(), nullable=True),
        sa.Column("request_item_id", sa.String(32), nullable=False),
        sa.Column("request_item_name", sa.String(255), nullable=False),
        sa.Column("request_item_category", sa.String(255), nullable=False),
        sa.Column("create_service", sa.String(255), nullable=False),
        sa.Column("status_service", sa.String(255), nullable=False),
        sa.Column("cancel_service", sa.String(255), nullable=False),
        sa.Column("check_every_s", sa.Integer(), nullable=False),
        sa.Column("timeout_after_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server_id"], ["foreign_system.id"], name=op.f("fk_approval_process_server_id_foreign_system")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_process")),
        sa.UniqueConstraint("name_key", name=op.f("uq_approval_process_name_key")),
    )
    op.create_index(op.f("ix_approval_process_server_id"), "approval_process", ["server_id"], unique=False)


def _approval_type() -> None:
    op.create_table(
        "approval_type",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(4000), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.Column("process_id", sa.Uuid(), nullable=True),
        sa.Column("policy_specific", sa.Boolean(), nullable=False),
        sa.Column("file_specific", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["process_id"], ["approval_process.id"], name=op.f("fk_approval_type_process_id_approval_process")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_type")),
        sa.UniqueConstraint("name_key", name=op.f("uq_approval_type_name_key")),
    )
    op.create_index(op.f("ix_approval_type_process_id"), "approval_type", ["process_id"], unique=False)


def _approval_request() -> None:
    op.create_table(
        "approval_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=True),
        sa.Column("process_id", sa.Uuid(), nullable=True),
        sa.Column("type_name", sa.String(255), nullable=False),
        sa.Column("process_name", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("servicenow_state", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(256), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("rehearsal", sa.Boolean(), nullable=False),
        sa.Column("initiator_id", sa.String(255), nullable=False),
        sa.Column("initiator_name", sa.String(255), nullable=False),
        sa.Column("policy_id", sa.String(255), nullable=False),
        sa.Column("policy_name", sa.String(255), nullable=False),
        sa.Column("agent_id", sa.String(255), nullable=False),
        sa.Column("agent_name", sa.String(255), nullable=False),
        sa.Column("file_path", sa.String(4000), nullable=False),
        sa.Column("reason", sa.String(4000), nullable=False),
        sa.Column("comment", sa.String(4000), nullable=False),
        sa.Column("error", sa.String(4000), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["process_id"],
            ["approval_process.id"],
            name=op.f("fk_approval_request_process_id_approval_process"),
        ),
        sa.ForeignKeyConstraint(
            ["type_id"], ["approval_type.id"], name=op.f("fk_approval_request_type_id_approval_type")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_request")),
    )
    op.create_index(
        op.f("ix_approval_request_external_id"), "approval_request", ["external_id"], unique=False
    )
    op.create_index(op.f("ix_approval_request_process_id"), "approval_request", ["process_id"], unique=False)
    op.create_index(
        op.f("ix_approval_request_requested_at"), "approval_request", ["requested_at"], unique=False
    )
    op.create_index(op.f("ix_approval_request_state"), "approval_request", ["state"], unique=False)
    op.create_index(op.f("ix_approval_request_type_id"), "approval_request", ["type_id"], unique=False)


def upgrade() -> None:
    """Make every table."""
    _revision()
    _store_meta()
    _task_run()
    _user_credential()
    _audit_entry()
    _foreign_system()
    _approval_process()
    _approval_type()
    _approval_request()
