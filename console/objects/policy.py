"""The page of a Policy: its fields beside what the server has, its plan, and its approval chain."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QPushButton, QWidget

from console.chain.chain_tab import ChainTab
from console.forms import field_editors
from console.forms.form import FieldSpec, GroupSpec
from console.forms.object_page import DETAILS, HISTORY, USED_BY, ObjectPage
from console.forms.reference_list import reference_list
from console.forms.reference_picker import reference_field
from console.policies import operations
from console.policies.endpoints_dialog import EndpointsDialog
from console.policies.operations import PolicyRef
from console.policies.plan_controller import PlanController
from console.policies.policy_details import PlanTab
from console.policies.policy_rows import PLATFORM_LABELS
from console.policies.server_policies import policy_news, tell_verdict
from console.policies.server_side import ServerSide, server_lines
from console.runtime.page_targets import CHAIN_TAB, CHECK_CHAIN, Target
from console.runtime.task_runner import show_and_wait
from console.widgets import buttons
from models.kinds import Kind
from models.reference_lists import load_references
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import tr, translate

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from services.store.change_feed import Change

PLAN = tr_later("Plan")
ITEM_PLACE = "PrivilegeManager/#/item/view/"
"""Where Privilege Manager shows an item, behind its base URL."""


class PolicyPage(ObjectPage):
    """Details, plan and chain of an application policy."""

    object_kind: ClassVar[Kind] = Kind.POLICY
    tabs = (DETAILS, PLAN, CHAIN_TAB, HISTORY, USED_BY)
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

    # -- building ----------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make the side panel, and the tabs of plan and chain."""
        self.chain = ChainTab(self, self.stack)
        self.chain.changed.connect(self.update_state)
        self.side = ServerSide()
        self.side.plan_requested.connect(lambda: self.open_tab(PLAN))
        self.side.refresh_requested.connect(self.read_server)
        self.side.open_requested.connect(self.open_in_privilege_manager)
        self.endpoints_button = buttons.secondary("Update endpoints…", icon="computer")
        self.endpoints_button.clicked.connect(self.update_endpoints)
        self.open_button = buttons.secondary("Open in Privilege Manager", icon="open")
        self.open_button.clicked.connect(self.open_in_privilege_manager)
        for button in (self.endpoints_button, self.open_button):
            button.set_compactable()
        self.plan_tab = PlanTab(self.stack)
        self.plan_controller = PlanController(self.ctx, self.tasks, self.plan_tab.plan, self)
        self.plan_controller.written.connect(self.read_server)
        self._ref: PolicyRef | None = None
        self._status: bool | None = None
        """Whether the policy on the server is active; None while that is not known."""
        self.stack.currentChanged.connect(lambda _index: self._show_tab())

    def rail(self) -> QWidget:
        """Return what the server has of the policy."""
        return self.side

    def extra_tabs(self) -> dict[str, QWidget]:
        """Return the tabs of plan and chain."""
        return {PLAN: self.plan_tab, CHAIN_TAB: self.chain}

    def extra_buttons(self) -> dict[str, QPushButton]:
        """Return the button that shows the window of an endpoint."""
        return {"try_window": buttons.secondary("Try the window…", "play")}

    def tab_buttons(self) -> dict[str, list[QPushButton]]:
        """Return the buttons of the chain, and those of the plan that do not stand beside its table."""
        return {PLAN: [self.endpoints_button, self.open_button], CHAIN_TAB: self.chain.buttons()}

    def extra_badges(self) -> list[tuple[str, str, str | None]]:
        """Return the verdict of the last check of the chain, and status and platform of a stored policy."""
        badges = self.chain.presenter.badges()
        if self.session.is_new or not self.session.ready:
            return badges
        status = self._status if self._status is not None else self.chain.presenter.is_policy_active()
        if status is not None:
            badges.append((tr("Active") if status else tr("Inactive"), "outline", None))
        platform = PLATFORM_LABELS.get(self.session.text("platform"))
        return [*badges, (platform, "outline", None)] if platform else badges

    def chain_target(self) -> Target:
        """Return the tab of this page."""
        return Target(self.object_kind.value, self.session.id, tab=CHAIN_TAB, run=CHECK_CHAIN)

    @property
    def working(self) -> bool:
        """Whether something is being written or checked, so that the page has to stay open."""
        return self.plan_controller.working or self.chain.presenter.running

    # -- what the server has -----------------------------------------------------------------------------------

    def on_loaded(self) -> None:
        """Show what is known of the policy on its server, and its chain; a new one has none yet."""
        if not self.session.is_new:
            self.chain.set_object(self.object_kind, self.session.id)
        self.tasks.start(self.prepare_commands(), group="find server")

    async def after_save(self, stored: "ConfigurationObject") -> None:
        """Plan what was saved, and show its chain."""
        self.chain.set_object(self.object_kind, stored.id)
        await self.prepare_commands()

    def on_changes(self, changes: "list[Change]") -> None:
        """React to changes of the server and of actions, and pass them to the chain."""
        self.chain.on_changes(changes)
        watched = (Kind.PRIVILEGE_MANAGER_SERVER, Kind.ACTION, Kind.USER_CREDENTIAL)
        if self.session.ready and any(change.kind in watched for change in changes):
            self.tasks.start(self.prepare_commands(), group="find server")

    async def prepare_commands(self) -> None:
        """Look up the server of the stored policy, and show its copy of the policy."""
        from models.policy import Policy

        stored = self.session.stored_as(Policy)
        ref: PolicyRef | None = None
        if stored is not None and stored.server_id is not None and not self.session.is_new:
            servers = await operations.list_servers(self.ctx)
            server = next((one for one in servers if one.id == stored.server_id), None)
            if server is not None:
                ref = PolicyRef(
                    server, stored.name, stored.item_id, stored.id, stored.platform, stored.active
                )
        # Not before: what is pressed while the servers are read is about the policy as it was known.
        self._ref = ref
        await self._show_copy()
        self._show_tab()

    async def _show_copy(self) -> None:
        ref = self._ref
        self._status = None
        if ref is None:
            self.side.show_lines([])
        else:
            snapshot = await operations.read_snapshot(self.ctx, ref.server)
            row = next((one for one in snapshot.rows if one.object_id == ref.object_id), None)
            self.side.show_lines(server_lines(row, snapshot))
            self._status = row.active if row is not None else None
            if row is not None and row.item_id and not ref.item_id:
                self._ref = PolicyRef(
                    ref.server, ref.name, row.item_id, ref.object_id, ref.platform, ref.active
                )
        self._update_buttons()
        self.update_state()

    def read_server(self) -> None:
        """Read the policies of the server again."""
        if self._ref is not None:
            self.tasks.start(self._read_server(self._ref), group="read server")

    async def _read_server(self, ref: PolicyRef) -> None:
        try:
            await operations.refresh_copies(self.ctx, ref.server)
            policy_news(self.ctx).read.emit()
        except ConsoleError as error:
            cause = translate(error.problem.cause)
            self.notice.tell(
                tr("{server} was not read: {cause}", server=ref.server.name, cause=cause), tone="bad"
            )
        await self._show_copy()

    # -- the plan ----------------------------------------------------------------------------------------------

    def update_state(self) -> None:
        """Show that a plan is for what is stored, and in the tree what the chain is like."""
        super().update_state()
        if not self.session.is_new:
            tell_verdict(self.ctx, self.session.id, self.chain.presenter.current_report)
        self.plan_controller.presenter.unsaved = self.session.dirty
        self.plan_controller.refresh()

    def _show_tab(self) -> None:
        """Plan when the tab is shown, and when what is stored changed meanwhile."""
        controller = self.plan_controller
        if self.stack.currentWidget() is not self.plan_tab or controller.working:
            return
        missing = tr("Save the policy and choose its server first.") if self._ref is None else ""
        self.plan_tab.elsewhere.setText(missing)
        self.plan_tab.elsewhere.setVisible(bool(missing))
        if controller.presenter.ref == self._ref and controller.presenter.plan is not None:
            return
        known = self._ref is not None and controller.presenter.is_about(self._ref)
        controller.show_policy(self._ref)
        if known:
            controller.plan_stored()

    # -- acts --------------------------------------------------------------------------------------------------

    def _update_buttons(self) -> None:
        ref = self._ref
        linked = ref is not None and bool(ref.item_id)
        self.side.set_state(can_read=ref is not None, can_plan=ref is not None, can_open=linked)
        self.endpoints_button.setEnabled(ref is not None)
        self.open_button.setEnabled(linked)
        self.commands_changed.emit()

    def extra_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done with the policy now."""
        found: dict[str, Callable[[], None]] = {}
        if self.chain.can_check:
            found[CHECK_CHAIN] = self.check_chain
        if self._ref is not None:
            found["refresh"] = self.read_server
        if self.open_button.isEnabled():
            found["open_item"] = self.open_in_privilege_manager
        if self._first_action() is not None and not self.session.dirty:
            found["try_window"] = self.try_window
        return found

    def check_chain(self) -> None:
        """Open the tab of the chain and check it as it is stored."""
        self.open_tab(CHAIN_TAB)
        self.chain.start()

    def _first_action(self) -> uuid.UUID | None:
        """Return the action whose window endpoints show; None without one."""
        try:
            return next(iter(load_references(self.session.text("action_ids"))), None)
        except ValueError:
            return None

    def explain_unavailable(self, command: str) -> None:
        """Say why the window cannot be tried now."""
        if command == "try_window" and self.session.ready:
            text = (
                tr("Save or discard what is typed first: the window goes through what is stored.")
                if self.session.dirty
                else tr("The policy has no action whose window could be shown.")
            )
            self.notice.tell(text)
        else:
            super().explain_unavailable(command)

    def try_window(self) -> None:
        """Open the window that endpoints show for this policy."""
        from console.endpoint.endpoint_dialog import open_endpoint_window

        action_id = self._first_action()
        if action_id is not None:
            window = open_endpoint_window(
                self.ctx, action_id, policy_id=self.session.id, parent=self.window()
            )
            self.tasks.start(window, group="try window")

    def update_endpoints(self) -> None:
        """Open the dialog that updates endpoints."""
        if self._ref is not None:
            told = {self._ref.item_id: self._ref.name} if self._ref.item_id else None
            dialog = EndpointsDialog(self.ctx, self._ref.server, self.window(), policies=told)
            self.tasks.start(show_and_wait(dialog), group="endpoints")

    def open_in_privilege_manager(self) -> None:
        """Open the policy in the browser."""
        if self._ref is not None and self._ref.item_id:
            QDesktopServices.openUrl(QUrl(f"{self._ref.server.base_url}{ITEM_PLACE}{self._ref.item_id}"))
