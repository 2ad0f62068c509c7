"""Two changes a developer makes, as files: a new kind, and a new field of Approval Process. See `test_adding_a_kind`."""

from services.store.schema_version import SCHEMA_REVISION

NEXT_REVISION = f"{int(SCHEMA_REVISION) + 1:04}"

MEMBER = """    POLICY = "policy"
"""
KIND_MEMBER = f"""{MEMBER}    SCHEDULE = "schedule"
"""
LAST_DEFINITION = """            missing=tr_later("It needs a Privilege Manager Server first."),
        ),
    ),
)
"""
KIND_DEFINITION = """            missing=tr_later("It needs a Privilege Manager Server first."),
        ),
    ),
    KindDefinition(
        kind=Kind.SCHEDULE,
        singular=tr_later("Schedule"),
        plural=tr_later("Schedules"),
        new_name=tr_later("New Schedule"),
        explanation=tr_later("A Schedule says when requests are decided, and who is asked."),
        icon="history",
        tree=TreeLocation(
            folder="configuration", text=tr_later("Schedules"), icon="history", new_menu=(tr_later("Schedule"),)
        ),
        document_section="schedules",
        parent=ParentReference(
            kind=Kind.USER_CREDENTIAL,
            field="owner_id",
            missing=tr_later("It needs a User Credential first."),
        ),
    ),
)
"""
KIND_MODEL = '''"""Schedule: when requests are decided."""

import uuid
from typing import ClassVar

from sqlmodel import Field

from models.base import ConfigurationFields, ConfigurationObject, Text
from models.document_keys import DESCRIPTION_KEY, NAME_KEY, DocumentKey, ValueForm
from models.kinds import Kind


class ScheduleFields(ConfigurationFields):
    """The editable fields of a Schedule."""

    hours: Text = Field(default="", min_length=1, max_length=50)
    owner_id: uuid.UUID | None = Field(default=None, foreign_key="user_credential.id", index=True)


class Schedule(ScheduleFields, ConfigurationObject, table=True):
    """Hours in which requests are decided."""

    __tablename__ = "schedule"
    kind: ClassVar[Kind] = Kind.SCHEDULE
    fields: ClassVar[type[ConfigurationFields]] = ScheduleFields
    document: ClassVar[tuple[DocumentKey, ...]] = (
        NAME_KEY,
        DESCRIPTION_KEY,
        DocumentKey("hours", "hours", required=True),
        DocumentKey("owner", "owner_id", ValueForm.REFERENCE),
    )
'''
KIND_PAGE = '''"""The page of a Schedule."""

from typing import ClassVar

from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.object_page import ObjectPage
from console.forms.reference_picker import reference_field
from models.kinds import Kind


class SchedulePage(ObjectPage):
    """Hours, and who decides."""

    object_kind: ClassVar[Kind] = Kind.SCHEDULE
    groups = (
        GroupSpec(
            rows=(
                (
                    FieldSpec("name", "Name", field_editors.text),
                    FieldSpec("description", "Description", field_editors.text, "Optional"),
                ),
                (
                    FieldSpec("hours", "Hours", field_editors.text, "Such as 8-17"),
                    FieldSpec("owner_id", "Owner", reference_field(Kind.USER_CREDENTIAL)),
                ),
            )
        ),
    )
'''
MIGRATION_HEAD = f'''"""The next change of the schema."""

import sqlalchemy as sa
from alembic import op

revision = "{NEXT_REVISION}"
down_revision = "{SCHEMA_REVISION}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema from the revision before to this one."""
'''
KIND_MIGRATION = f"""{MIGRATION_HEAD}    op.create_table(
        "schedule",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.String(4000), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_key", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.Column("hours", sa.String(50), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user_credential.id"], name=op.f("fk_schedule_owner_id_user_credential")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("name_key", name=op.f("uq_schedule_name_key")),
    )
    op.create_index(op.f("ix_schedule_owner_id"), "schedule", ["owner_id"], unique=False)
"""
FIELD_MIGRATION = f"""{MIGRATION_HEAD}    op.add_column(
        "approval_process",
        sa.Column("contact", sa.String(255), nullable=False, server_default=""),
    )
"""

Change = dict[str, str | tuple[tuple[str, str], ...]]
"""Files to change: the whole text of a new one, or replacements in one that is there."""

NEW_KIND: Change = {
    "models/schedule.py": KIND_MODEL,
    "models/kinds.py": ((MEMBER, KIND_MEMBER), (LAST_DEFINITION, KIND_DEFINITION)),
    "console/objects/schedule.py": KIND_PAGE,
    f"services/store/migrations/versions/{NEXT_REVISION}_schedules.py": KIND_MIGRATION,
}
NEW_FIELD: Change = {
    "models/approval_process.py": (
        (
            "    request_item_id: Text = Field(",
            '    contact: Text = Field(default="", max_length=NAME_MAX)\n    request_item_id: Text = Field(',
        ),
        (
            '        DocumentKey("create_service", "create_service"),\n',
            """        DocumentKey("contact", "contact", omitted=""),
        DocumentKey("create_service", "create_service"),
""",
        ),
    ),
    "console/objects/approval_process.py": (
        (
            '                    FieldSpec("description", "Description", field_editors.text, "Optional"),\n',
            """                    FieldSpec("description", "Description", field_editors.text, "Optional"),
                    FieldSpec("contact", "Contact", field_editors.text, "Optional"),
""",
        ),
    ),
    f"services/store/migrations/versions/{NEXT_REVISION}_contacts.py": FIELD_MIGRATION,
}
