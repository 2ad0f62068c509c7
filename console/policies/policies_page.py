"""The page Application Policies: the policies of a Privilege Manager server, and the plan of the selected one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtWidgets import QWidget

from console.navigation.page import Page
from console.navigation.page_changes import follow_changes
from console.navigation.tree_definition import folder_breadcrumb, folder_title
from console.policies import operations
from console.policies.list_presenter import ListPresenter
from console.policies.operations import PolicyRef
from console.policies.plan_controller import PlanController
from console.policies.policies_layout import PoliciesLayout
from console.policies.policy_acts import PolicyActs
from console.policies.policy_rows import Criteria
from console.policies.server_policies import policy_news
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from models.kinds import KINDS, Kind
from services.common.errors import ConsoleError

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.privilege_manager_server import PrivilegeManagerServer
    from services.store.change_feed import Change

REFRESH_AGE_S = 60.0
"""A local copy that is older is refreshed when the page opens."""
READ, REFRESH, CHECK = "read", "refresh", "check chains"
WATCHED_KINDS = frozenset({Kind.POLICY, Kind.ACTION, Kind.PRIVILEGE_MANAGER_SERVER, Kind.USER_CREDENTIAL})


class PoliciesPage(Page):
    """Lists policies, and plans and applies what changes one of them."""

    kind, icon = str(Kind.POLICY), KINDS[Kind.POLICY].icon

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.tasks = TaskRunner(self, ctx.show_problem)
        self.presenter = ListPresenter()
        self.server: PrivilegeManagerServer | None = None
        self._servers: list[PrivilegeManagerServer] = []
        self._wanted = ""
        """The policy to select when its row is there."""
        self._wanted_server = ""
        """The server to show once the servers are read; empty for any."""
        self._is_new_server = False
        """Whether nothing was done about an old copy since the server was chosen."""
        self.set_title(folder_title(str(Kind.POLICY)))
        self.view = PoliciesLayout(self, [text for text, _ in self.breadcrumb], self.title)
        self.plan_controller = PlanController(ctx, self.tasks, self.view.details.plan, self)
        self.acts = PolicyActs(self)
        self._connect()
        self.refresh_view()

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The way here from the root of the tree."""
        return folder_breadcrumb(str(Kind.POLICY))

    @property
    def working(self) -> bool:
        """Whether something is being written, so that the page has to stay open."""
        return self.plan_controller.working

    def _connect(self) -> None:
        view, table = self.view, self.view.table
        view.head.breadcrumb_clicked.connect(self.acts.go)
        view.new_button.clicked.connect(self.acts.new)
        view.check_button.clicked.connect(self.acts.check_chains)
        view.endpoints_button.clicked.connect(self.acts.update_endpoints)
        view.export_button.clicked.connect(self.acts.export)
        view.refresh_button.clicked.connect(self.refresh)
        view.criteria_changed.connect(self._narrow)
        view.server_chosen.connect(self._choose_server)
        view.new_server_requested.connect(self.acts.new_server)
        view.retry_requested.connect(self.refresh)
        table.chosen.connect(self._show_details)
        table.opened.connect(self.acts.open_page)
        table.escape_pressed.connect(self._close_details)
        table.sort_requested.connect(self._sort)
        view.details.closed.connect(self._close_details)
        view.details.page_requested.connect(lambda: self.acts.open_page(self.shown_key()))
        self.plan_controller.written.connect(self._written)
        self.plan_controller.managed.connect(lambda ref: self._read_again(ref.item_id))
        self.plan_controller.changed.connect(self._show_head)

    # -- reading -----------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the servers and the local copy, then ask the server in the background."""
        follow_changes(self, self._on_changes)
        target, self.target = self.target, self.target.place
        self.tasks.start(self._load(), group=READ)
        self.arrive(target)

    def open_tab(self, name: str) -> None:
        """Select the policy with a GUID, behind the id of its server: `SERVER/GUID`."""
        server_id, _, self._wanted = name.rpartition("/")
        self._wanted_server = server_id
        self._choose_server(server_id)
        self._select_wanted()

    def _on_changes(self, changes: "list[Change]") -> None:
        if any(change.kind in WATCHED_KINDS for change in changes) and not self.working:
            self.tasks.start(self._load(), group=READ)
            ref = self.plan_controller.presenter.ref
            if ref is not None and any(c.kind == Kind.POLICY and c.id == ref.object_id for c in changes):
                self.plan_controller.plan_stored()

    async def _load(self) -> None:
        self._servers = await operations.list_servers(self.ctx)
        self.presenter.has_servers = bool(self._servers)
        known = {server.id: server for server in self._servers}
        before = self.server
        wanted = next((one for one in self._servers if str(one.id) == self._wanted_server), None)
        self._wanted_server = ""
        self.server = wanted or (known.get(before.id) if before is not None else None)
        if self.server is None and self._servers:
            self.server = self._servers[0]
        same = before is not None and self.server is not None and before.id == self.server.id
        moved = not same or before is None or self.server is None or before.base_url != self.server.base_url
        if moved:
            self.presenter.choose_server()
            self._is_new_server = True
        self.view.show_servers(self._servers, self.server)
        await self._show_server()

    async def _read_rows(self) -> None:
        server = self.server
        if server is not None:
            snapshot = await operations.read_snapshot(self.ctx, server)
            if server is self.server:
                self.presenter.show_snapshot(snapshot)
        self.refresh_view()
        self._select_wanted()

    async def _show_server(self) -> None:
        """Show the copy of the chosen server; ask the server if the copy is old, once after it was chosen."""
        await self._read_rows()
        if self._is_new_server and self.server is not None:
            self._is_new_server = False
            if operations.is_old(self.presenter.snapshot.read_at, REFRESH_AGE_S):
                self.refresh()

    def refresh(self) -> None:
        """Read the policies from the server again."""
        if self.server is None:
            self.tasks.start(self._load(), group=READ)
            return
        self.presenter.refreshing = True
        self.refresh_view()
        self.tasks.start(self._refresh(self.server), group=REFRESH)

    async def _refresh(self, server: "PrivilegeManagerServer") -> None:
        try:
            await operations.refresh_copies(self.ctx, server)
            problem = None
            policy_news(self.ctx).read.emit()
        except ConsoleError as error:
            problem = error.problem
        if sip.isdeleted(self) or server is not self.server:
            return
        self.presenter.refreshing, self.presenter.problem = False, problem
        await self._read_rows()

    def _read_again(self, key: str) -> None:
        """Read the rows from the store again; `key` is selected then."""
        self._wanted = key or self._wanted
        self.tasks.start(self._read_rows(), group="rows")

    def _written(self) -> None:
        """Read again what a run changed."""
        ref = self.plan_controller.presenter.ref
        self._wanted = ref.item_id if ref is not None else ""
        # What a check of the chain found before does not hold any more.
        self.presenter.verdicts.pop(self._wanted, None)
        self.plan_controller.presenter.chain = None
        self.plan_controller.refresh()
        self.refresh()

    def _choose_server(self, server_id: str) -> None:
        chosen = next((one for one in self._servers if str(one.id) == server_id), None)
        if chosen is None or chosen is self.server or self.working:
            return
        self.server = chosen
        self._close_details()
        self.presenter.choose_server()
        self.tasks.cancel(CHECK)
        self._is_new_server = True
        self.tasks.start(self._show_server(), group=READ)

    # -- what is shown -----------------------------------------------------------------------------------------

    def refresh_view(self) -> None:
        """Show what the presenter decides."""
        self.view.show_presenter(self.presenter)
        self.commands_changed.emit()

    def _narrow(self, criteria: Criteria) -> None:
        self.presenter.criteria = criteria
        self.refresh_view()

    def _sort(self, column: int) -> None:
        self.presenter.sort_by(column)
        self.refresh_view()

    def _select_wanted(self) -> None:
        if not self._wanted or self.presenter.find(self._wanted) is None:
            return
        if self.view.table.policies.place(self._wanted) is None:
            self.view.clear_criteria()
        if self.view.table.choose(self._wanted):
            self._show_details(self._wanted)
            self._wanted = ""

    def shown_key(self) -> str:
        """Return the key of the policy whose details are shown, or an empty text."""
        ref = self.plan_controller.presenter.ref
        return (ref.item_id or str(ref.object_id)) if ref is not None else ""

    def _show_details(self, key: str) -> None:
        row = self.presenter.find(key)
        if row is None or self.server is None or self.working:
            return
        self.plan_controller.presenter.chain = row.chain
        self.plan_controller.show_policy(PolicyRef.of(self.server, row))
        self.view.open_details()
        self._show_head()

    def _show_head(self) -> None:
        row = self.presenter.find(self.shown_key())
        if row is not None:
            self.view.show_row(row, self.plan_controller.presenter)

    def _close_details(self) -> None:
        if not self.working:
            self.view.close_details()
            self.plan_controller.show_policy(None)

    # -- commands --------------------------------------------------------------------------------------------

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done here."""
        found: dict[str, Callable[[], None]] = {"new": self.acts.new, "refresh": self.refresh}
        if self.presenter.rows():
            found["export"] = self.acts.export
        return found | {"find": self.view.focus_search}
