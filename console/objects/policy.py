"""The page of a Policy: its server, its actions, and whether it is active."""

from collections.abc import Callable
from typing import ClassVar

from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.object_page import ObjectPage
from console.forms.reference_list import reference_list
from console.forms.reference_picker import reference_field
from models.kinds import Kind
from models.reference_lists import load_references
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

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done with a policy now: its approval window, once it is stored with an action."""
        found = super().extra_actions()
        if not self.session.dirty and load_references(self.session.text("action_ids") or "[]"):
            found["try_window"] = self.try_window
        return found

    def try_window(self) -> None:
        """Open the approval window of the first action as a working dialog."""
        self.tasks.start(self._try_window(), group="try")

    async def _try_window(self) -> None:
        from console.endpoint.endpoint_dialog import open_endpoint_window

        action_id = load_references(self.session.text("action_ids"))[0]
        await open_endpoint_window(self.ctx, action_id, self.session.id, self)
