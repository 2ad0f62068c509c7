"""The page of a Policy: its server, its actions, and whether it is active."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtWidgets import QPushButton, QWidget

from console.chain.chain_tab import ChainTab
from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.object_page import DETAILS, HISTORY, USED_BY, ObjectPage
from console.forms.reference_list import reference_list
from console.forms.reference_picker import reference_field
from console.runtime.page_targets import CHAIN_TAB, CHECK_CHAIN, Target
from models.kinds import Kind
from models.reference_lists import load_references
from models.translation_marks import tr_later

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from services.store import Change


class PolicyPage(ObjectPage):
    """Details of an application policy."""

    object_kind: ClassVar[Kind] = Kind.POLICY
    tabs = (DETAILS, CHAIN_TAB, HISTORY, USED_BY)
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

    def build(self) -> None:
        """Make the tab of the approval chain."""
        self.chain = ChainTab(self, self)
        self.chain.changed.connect(self._chain_changed)

    def extra_tabs(self) -> dict[str, QWidget]:
        """Return the tab of the approval chain."""
        return {CHAIN_TAB: self.chain}

    def tab_buttons(self) -> dict[str, list[QPushButton]]:
        """Return the buttons of the approval chain."""
        return {CHAIN_TAB: self.chain.buttons()}

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return the verdict of the last check of the chain."""
        return self.chain.presenter.badges()

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done now about the chain, and with the approval window of a stored policy."""
        found: dict[str, Callable[[], None]] = {CHECK_CHAIN: self.check_chain} if self.chain.can_check else {}
        if not self.session.dirty and load_references(self.session.text("action_ids") or "[]"):
            found["try_window"] = self.try_window
        return found

    def chain_target(self) -> Target:
        """Return the tab of this page."""
        return Target(self.object_kind.value, self.session.id, tab=CHAIN_TAB, run=CHECK_CHAIN)

    @property
    def working(self) -> bool:
        """Whether a check runs."""
        return self.chain.presenter.running

    def on_loaded(self) -> None:
        """Show the chain of the policy that was read; a new one has none yet."""
        if not self.session.is_new:
            self.chain.set_object(self.object_kind, self.session.id)

    async def after_save(self, stored: "ConfigurationObject") -> None:
        """Show the chain of the policy that was stored."""
        self.chain.set_object(self.object_kind, stored.id)

    def on_changes(self, changes: "list[Change]") -> None:
        """Pass changes of the store to the chain."""
        self.chain.on_changes(changes)

    def check_chain(self) -> None:
        """Open the tab of the chain and check it as it is stored."""
        self.open_tab(CHAIN_TAB)
        self.chain.start()

    def try_window(self) -> None:
        """Open the approval window of the first action as a working dialog."""
        self.tasks.start(self._try_window(), group="try")

    async def _try_window(self) -> None:
        from console.endpoint.endpoint_dialog import open_endpoint_window

        action_id = load_references(self.session.text("action_ids"))[0]
        await open_endpoint_window(self.ctx, action_id, self.session.id, self)

    def _chain_changed(self) -> None:
        self.head.refresh()
        self.commands_changed.emit()
