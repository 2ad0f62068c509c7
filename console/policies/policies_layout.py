"""The widgets of the page of policies: filters and search above the table, the details below it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QAbstractButton, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from console.design import icons
from console.forms.filter_name_dialog import FilterNameDialog
from console.forms.notice import Notice
from console.policies.list_presenter import ListPresenter, ListState
from console.policies.plan_presenter import PlanPresenter
from console.policies.policy_details import PolicyDetails
from console.policies.policy_rows import (
    FILTER_NAMES,
    PLATFORM_LABELS,
    Criteria,
    PolicyColumn,
    PolicyFilter,
    PolicyRow,
)
from console.policies.policy_table import PolicyTable, PolicyTableModel
from console.policies.saved_filters import SavedFilters
from console.runtime.debounce import Debounce
from console.widgets import buttons, list_page, plain_text
from console.widgets.badge import Badge
from console.widgets.filter_chips import Chips
from console.widgets.filter_dropdown import FilterDropdown
from console.widgets.labels import ElidedLabel, FittingLabel
from console.widgets.page_header import PageHeader
from console.widgets.placeholders import EmptyState, ErrorState, StateStack
from console.widgets.popup_list import PickRow
from console.widgets.search_field import SearchField
from models.kinds import KINDS, Kind, kind_chain
from models.translation_marks import tr_later
from services.language import number, plural, tr, translate

if TYPE_CHECKING:
    from console.policies.policies_page import PoliciesPage
    from models.privilege_manager_server import PrivilegeManagerServer

MARGIN, GAP, FOOT_HEIGHT, LEAST_LIST_HEIGHT, SEARCH_DELAY_MS = 24, 8, 26, 84, 120
HEIGHTS = (330, 330)
HINT = tr_later("Name, action or computer group")
SAVED_HELP = tr_later("Stands above the list of policies, for you on this computer")
SPLITTER_SETTING = "policies_splitter"


class PoliciesLayout(QWidget):
    """Shows what a `ListPresenter` decides; knows no service."""

    criteria_changed = pyqtSignal(object)
    server_chosen = pyqtSignal(str)
    new_server_requested = pyqtSignal()
    retry_requested = pyqtSignal()

    def __init__(self, page: "PoliciesPage", breadcrumb: Sequence[str], title: str) -> None:
        super().__init__(page)
        self._page = page
        self._state: tuple[ListState, object] | None = None
        self.table = PolicyTable(PolicyTableModel(self))
        self.head = self._build_head(breadcrumb, title)
        self.chips = Chips(FILTER_NAMES)
        self.saved = SavedFilters(page.ctx.settings)
        self.chips.set_saved(self.saved.chips)
        self.chips.choose(PolicyFilter.ALL)
        self.chips.chosen.connect(self._choose_chip)
        self.chips.save_requested.connect(self._save_or_remove)
        self._filter, self._shown_saved = PolicyFilter.ALL, ""
        self.criteria = Criteria()
        self.notice = Notice()
        self.states = StateStack(self.table)
        self.details = PolicyDetails()
        self.details.hide()
        bar, rows = self._build_bar(), self._build_splitter()
        list_page.stack_list_page(self, self.head, self.chips, bar, self.notice, rows)
        outer = QVBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self)
        self._show_save_button()

    # -- building ----------------------------------------------------------------------------------------------

    def _build_head(self, breadcrumb: Sequence[str], title: str) -> PageHeader:
        self.new_button = buttons.secondary("New policy…", icon="plus")
        self.check_button = buttons.secondary("Check all chains", icon="link")
        self.endpoints_button = buttons.secondary("Update endpoints…", icon="computer")
        for button in (self.new_button, self.check_button, self.endpoints_button):
            button.set_compactable()
        self.export_button = buttons.quiet("Export…", icon="download")
        self.refresh_button = buttons.quiet("Refresh", icon="refresh")
        left: list[QAbstractButton] = [self.new_button, self.check_button, self.endpoints_button]
        head = PageHeader(breadcrumb, title, left, [self.export_button, self.refresh_button], ruled=False)
        head.set_primary_reason("")
        return head

    def _build_bar(self) -> QWidget:
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.setSpacing(GAP)
        self.server = FilterDropdown(tr("Server"), "", tr("Search servers"))
        self.server.changed.connect(self.server_chosen)
        self.search = SearchField(tr(HINT))
        self.search.setMinimumWidth(140)
        self.search.left.connect(self.focus_rows)
        self._debounce = Debounce(self, SEARCH_DELAY_MS, self._tell)
        self.search.textChanged.connect(lambda _text: self._debounce.restart())
        self.platform = FilterDropdown(tr("Platform"), tr("Any platform"), tr("Search platforms"))
        self.platform.set_rows([PickRow(key, name) for key, name in PLATFORM_LABELS.items()])
        self.action = FilterDropdown(tr("Action"), tr("Any action"), tr("Search actions"))
        self.target = FilterDropdown(tr("Target"), tr("Any target"), tr("Search targets"))
        row.addWidget(self.server)
        row.addWidget(self.search, 1)
        for choice in (self.platform, self.action, self.target):
            row.addWidget(choice)
            choice.changed.connect(lambda _key: self._tell())
        return bar

    def _build_splitter(self) -> QSplitter:
        foot = QWidget()
        foot.setFixedHeight(FOOT_HEIGHT)
        line = QHBoxLayout(foot)
        line.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self.foot = ElidedLabel("", role="caption")
        self.foot_note = FittingLabel("caption")
        self.foot_note.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.foot_note.set_wordings(tr("Requests in the last 30 days"), "")
        line.addWidget(self.foot, 3)
        line.addWidget(self.foot_note, 2)
        splitter = self.splitter = list_page.RowsSplitter(LEAST_LIST_HEIGHT, self)
        splitter.fill(self.states, foot)
        splitter.addWidget(self.details)
        splitter.setSizes(list(HEIGHTS))
        settings = self._page.ctx.settings
        if settings is not None:
            stored = settings.bytes(SPLITTER_SETTING)
            if stored is not None:
                splitter.restoreState(stored)
            splitter.splitterMoved.connect(
                lambda *_: settings.set_bytes(SPLITTER_SETTING, splitter.saveState())
            )
        return splitter

    # -- keyboard ----------------------------------------------------------------------------------------------

    def focus_search(self) -> None:
        """Move the keyboard to the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def focus_rows(self) -> None:
        """Move the keyboard to the table, and select its first row if none is."""
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.table.selected_key() and self.table.policies.rowCount():
            self.table.selectRow(0)

    # -- criteria ----------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        self.criteria = Criteria(
            self._filter, self.search.text(), self.platform.key, self.action.key, self.target.key
        )
        self._show_save_button()
        self.criteria_changed.emit(self.criteria)

    def _choose_chip(self, key: str) -> None:
        found = self.saved.find(key)
        if found is None:
            self._shown_saved, self._filter = "", PolicyFilter(key)
            self._tell()
        else:
            self._shown_saved = key
            self._show_criteria(found.criteria)

    def _show_criteria(self, criteria: Criteria) -> None:
        self._filter = criteria.filter
        self.search.setText(criteria.words)
        self._debounce.cancel()
        for choice, key in (
            (self.platform, criteria.platform),
            (self.action, criteria.action),
            (self.target, criteria.target),
        ):
            choice.choose(key)
        self._tell()

    def clear_criteria(self) -> None:
        """Show everything again."""
        self.chips.choose(PolicyFilter.ALL)
        self._shown_saved = ""
        self._show_criteria(Criteria())

    # -- saved filters -----------------------------------------------------------------------------------------

    def _show_save_button(self) -> None:
        saved = self.saved.find(self._shown_saved)
        same = saved is not None and saved.criteria == self.criteria
        self.chips.save_button.setText(tr("Remove filter") if same else tr("Save filter"))
        self.chips.save_button.setIcon(icons.icon("bin" if same else "plus"))
        self.chips.save_button.setEnabled(self.criteria.is_narrow)

    def _save_or_remove(self) -> None:
        saved = self.saved.find(self._shown_saved)
        if saved is not None and saved.criteria == self.criteria:
            self.saved.remove(saved.key)
            self.chips.set_saved(self.saved.chips)
            self.clear_criteria()
            return
        taken = {tr(name) for _, name in FILTER_NAMES} | {one.name for one in self.saved.filters}
        dialog = FilterNameDialog(self.search.text().strip(), taken, SAVED_HELP, self.window())
        dialog.accepted.connect(lambda: self.save_filter(dialog.name.text().strip()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_filter(self, name: str) -> None:
        """Keep what narrows the list under a name, and show it as chosen."""
        made = self.saved.add(name, self.criteria)
        self.chips.set_saved(self.saved.chips)
        self.chips.choose(made.key)
        self._shown_saved = made.key
        self._show_save_button()

    # -- what it shows -----------------------------------------------------------------------------------------

    def show_servers(
        self, servers: "Sequence[PrivilegeManagerServer]", chosen: "PrivilegeManagerServer | None"
    ) -> None:
        """Offer the servers; a single one needs no choice."""
        self.server.set_rows([PickRow(str(one.id), one.name, one.caption, "server") for one in servers])
        self.server.choose(str(chosen.id) if chosen is not None else "")
        self.server.setVisible(len(servers) > 1)
        self.endpoints_button.setEnabled(chosen is not None)

    def show_presenter(self, presenter: ListPresenter) -> None:
        """Show what the presenter decides."""
        self.chips.set_counts(presenter.counts())
        self.head.set_badges([Badge(one.text, one.tone, one.shape) for one in presenter.badges()])
        self.action.set_rows([PickRow(name, name) for name in presenter.action_choices()])
        self.target.set_rows([PickRow(key, name) for key, name in presenter.target_choices()])
        self.foot.setText(presenter.foot())
        rows = presenter.rows()
        self.table.show_rows(rows, (presenter.column, presenter.descending), stale=presenter.is_stale)
        reason = presenter.check_reason()
        self.check_button.setEnabled(not reason)
        plain_text.set_tooltip(self.check_button, reason or self.check_button.text())
        self.export_button.setEnabled(bool(rows))
        self.refresh_button.setEnabled(not presenter.refreshing and presenter.has_servers is not False)
        self.endpoints_button.setEnabled(bool(presenter.has_servers))
        if presenter.is_stale and presenter.problem is not None:
            # The cause alone: a page with filters and details has no room for more on small windows.
            cause = translate(presenter.problem.cause)
            self.notice.tell(cause, tone="bad", act=self.retry_requested.emit)
            plain_text.set_tooltip(self.notice.label, presenter.problem.as_text())
        else:
            self.notice.clear()
        self._show_state(presenter)

    def _show_state(self, presenter: ListPresenter) -> None:
        state = presenter.state()
        shown = (state, presenter.problem)
        if state is ListState.ROWS:
            self.states.show_content()
        elif state is ListState.LOADING:
            self.states.show_loading()
        elif shown != self._state:
            self.states.show_placeholder(self._placeholder(presenter, state))
        self._state = shown

    def _placeholder(self, presenter: ListPresenter, state: ListState) -> QWidget:
        info = KINDS[Kind.POLICY]
        tiles = tuple((one.icon, one.singular) for one in kind_chain(Kind.POLICY))
        if state is ListState.FAILED and presenter.problem is not None:
            return ErrorState(presenter.problem, self.retry_requested.emit)
        if state is ListState.NO_SERVER:
            button = buttons.primary("New Privilege Manager Server…", icon="plus")
            button.clicked.connect(self.new_server_requested)
            heading, text = tr("No Privilege Manager Server yet"), tr("Policies are read from a server.")
            return EmptyState(tiles, info.icon, heading, text, button)
        if state is ListState.NO_MATCH:
            all_button = buttons.secondary("Show all policies")
            all_button.clicked.connect(self.clear_criteria)
            return EmptyState(
                (), "", tr("No policy matches"), tr("Change the filter or the search."), all_button
            )
        new = buttons.primary("New policy…", icon="plus")
        new.clicked.connect(self.new_button.click)
        return EmptyState(tiles, info.icon, tr("No policies on Privilege Manager"), tr(info.explanation), new)

    # -- the details -------------------------------------------------------------------------------------------

    def open_details(self) -> None:
        """Show the details; their height stays as it was."""
        self.details.show()

    def close_details(self) -> None:
        """Hide the details."""
        had_focus = self.details.isAncestorOf(self.details.focusWidget() or self)
        self.details.hide()
        self.table.clearSelection()
        if had_focus:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_row(self, row: PolicyRow, plan: PlanPresenter) -> None:
        """Show what is known of the selected policy beside its name."""
        badges: list[tuple[str, str, str | None]] = []
        if plan.plan is not None and plan.plan.changes and plan.result is None:
            badges.append((tr("Plan, nothing changed yet"), "off", "off"))
        if not row.on_server:
            badges.append((tr("Not on Privilege Manager yet"), "notice", "update"))
        elif row.object_id is None:
            badges.append((tr("Not managed here"), "off", None))
        parts = [row.text(PolicyColumn.PLATFORM)]
        if row.on_server:
            count = len(row.targets or ())
            parts.append(
                tr("targets cannot be read")
                if row.targets is None
                else plural(count, "{count} target", "{count} targets")
            )
            parts.append(tr("{count} requests in 30 days", count=number(row.requests)))
        about = ", ".join(part for part in parts if part)
        self.details.show_policy(row.name, about, badges, managed=row.object_id is not None)
