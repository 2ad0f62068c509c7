"""The page of an Action: what is copied, its Approval Type, and the texts of its window."""

from typing import ClassVar

from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.object_page import ObjectPage
from console.forms.reference_picker import reference_field
from console.objects.action_texts import changed_texts
from models.kinds import Kind
from models.translation_marks import tr_later


class ActionPage(ObjectPage):
    """Details of a copy of an approval action."""

    object_kind: ClassVar[Kind] = Kind.ACTION
    groups = (
        GroupSpec(
            rows=(
                (
                    FieldSpec("name", "Name", field_editors.text, "Unique among Actions"),
                    FieldSpec("description", "Description", field_editors.text, "Optional"),
                ),
                (
                    FieldSpec("server_id", "Server", reference_field(Kind.PRIVILEGE_MANAGER_SERVER)),
                    FieldSpec("copy_of", "Copy of", field_editors.text, "The name of the action there"),
                ),
                (
                    FieldSpec(
                        "platform",
                        "Platform",
                        field_editors.choice("Platform", ("windows", "Windows"), ("macos", "macOS")),
                    ),
                    FieldSpec(
                        "require_authentication",
                        "Authentication",
                        field_editors.checkbox(tr_later("Require authentication by the end user")),
                    ),
                ),
                (
                    FieldSpec("type_id", "Approval Type", reference_field(Kind.APPROVAL_TYPE)),
                    FieldSpec(
                        "approval_type_guid",
                        "GUID of the Approval Type",
                        field_editors.text,
                        "In Privilege Manager, from the address of its page",
                    ),
                ),
                (FieldSpec("texts", "Texts", changed_texts),),
            )
        ),
    )
