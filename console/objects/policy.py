"""The page of a Policy: its server, its actions, and whether it is active."""

from typing import ClassVar

from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.object_page import ObjectPage
from console.forms.reference_list import reference_list
from console.forms.reference_picker import reference_field
from models.kinds import Kind
from models.translation_marks import tr_later


class PolicyPage(ObjectPage):
    """Details of an application policy."""

    object_kind: ClassVar[Kind] = Kind.POLICY
    groups = (
        GroupSpec(
            rows=(
                (
                    FieldSpec("name", "Name", field_editors.text, "The name in Privilege Manager"),
                    FieldSpec("description", "Description", field_editors.text, "Optional"),
                ),
                (
                    FieldSpec("server_id", "Server", reference_field(Kind.PRIVILEGE_MANAGER_SERVER)),
                    FieldSpec(
                        "platform",
                        "Platform",
                        field_editors.choice("Platform", ("windows", "Windows"), ("macos", "macOS")),
                    ),
                ),
                (FieldSpec("action_ids", "Actions", reference_list(Kind.ACTION)),),
                (
                    FieldSpec("active", "Status", field_editors.checkbox(tr_later("Active"))),
                    FieldSpec(
                        "item_id",
                        "Item ID",
                        field_editors.text,
                        "Optional; without it the policy is found by its name",
                    ),
                ),
            )
        ),
    )
