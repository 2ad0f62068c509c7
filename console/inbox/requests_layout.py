"""The widgets of the Requests page: filters and search above the list, the details below it."""

import uuid
from collections.abc import Mapping, Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QPushButton, QWidget

from console.forms.notice import Notice
from console.inbox.empty_list import EmptyList
from console.inbox.empty_states import EmptyStateActions, build_empty_state
from console.inbox.list_criteria import SearchCriteria
from console.inbox.request_rows import RowOutcome
from console.inbox.requests_presenter import Choices, CountBadge
from console.inbox.search_bar import SearchBar
from console.inbox.status_line import ListFooter
from console.inbox.status_text import StatusText
from console.inbox.table_model import InboxModel
from console.inbox.table_view import InboxTable
from console.navigation.request_places import BUILT_IN_FILTERS
from console.widgets import buttons, list_page, plain_text
from console.widgets.badge import Badge
from console.widgets.filter_chips import Chips
from console.widgets.page_header import PageHeader
from console.widgets.placeholders import ErrorState, StateStack
from console.widgets.popup_list import PickRow
from services.common.errors import Problem
from services.language import tr

MIN_LIST_HEIGHT = 150


class RequestsLayout(QWidget):
    """Implements `requests_presenter.RequestsView`. The details are added to the splitter by `DetailsArea`."""

    place_requested = pyqtSignal(str)
    """The page shows another filter; carries its key."""
    commands_updated = pyqtSignal()
    """Other commands are available."""

    def __init__(self, title: str, model: InboxModel, page: QWidget) -> None:
        super().__init__(page)
        self.empty_actions: EmptyStateActions
        """Set by the page."""
        self.model = model
        self.rehearse_button = buttons.secondary("Rehearse a request")
        self.rehearse_button.set_short(tr("Rehearse"))
        self.export_button = buttons.quiet("Export…", icon="download")
        self.refresh_button = buttons.quiet("Refresh", icon="refresh")
        beside: list[QPushButton] = [self.rehearse_button, self.export_button, self.refresh_button]
        # From the outside in: for a widget that moves to another parent Qt styles and measures again all that it has.
        self.head = PageHeader([], title, parent=self, beside=beside, ruled=False)
        self.head.set_primary_reason("")
        self.chips = Chips(BUILT_IN_FILTERS, parent=self)
        self.bar = SearchBar(self)
        self.notice = Notice(self)
        self.notice.setContentsMargins(0, 0, 0, 10)
        self.splitter = list_page.RowsSplitter(MIN_LIST_HEIGHT, self)
        self.table = InboxTable(model)
        self.states = StateStack(self.table, self.splitter.upper)
        self.foot = ListFooter()
        self.splitter.fill(self.states, self.foot)
        list_page.stack_list_page(self, self.head, self.chips, self.bar, self.notice, self.splitter)
        self.table.viewport_changed.connect(self._show_visible_range)

    # -- keyboard focus ----------------------------------------------------------------------------------------

    def focus_search(self) -> None:
        """Move the keyboard focus to the search field."""
        self.bar.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.field.selectAll()

    def focus_rows(self) -> None:
        """Move the keyboard focus to the table."""
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_first_row(self) -> None:
        """Move the keyboard focus to the table, and select its first row if none is selected."""
        self.focus_rows()
        if not self.table.selected_count() and self.model.rowCount():
            self.table.selectRow(0)

    def update_times(self) -> None:
        """Update the times of the visible rows."""
        self.model.tick(*self.table.visible_range())
        self.table.widen_if_needed()

    def focus_list(self) -> None:
        """Move the keyboard focus to the table, or to the search field if there is no table."""
        place = self.table if self.table.isVisible() else self.bar.field
        place.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- the view of the presenter -----------------------------------------------------------------------------

    @property
    def search(self) -> SearchCriteria:
        """The values of the search bar."""
        return self.bar.criteria

    def show_search(self, search: SearchCriteria) -> None:
        """Show values in the search bar, without searching for them."""
        self.bar.show_criteria(search)

    def show_choices(self, choices: Choices) -> None:
        """Offer policies and processes in the search bar; without a process no request can be rehearsed."""
        self.bar.policy.set_rows([PickRow(name, name) for name in choices.policies])
        self.bar.process.set_rows([PickRow(str(one.id), one.name) for one in choices.processes])
        self.rehearse_button.setEnabled(bool(choices.processes))
        why_not = "" if choices.processes else tr("There is no Approval Process yet")
        # In a narrow window the button shows its icon alone.
        plain_text.set_tooltip(self.rehearse_button, why_not or self.rehearse_button.text())

    def show_filter(self, key: str, name: str = "") -> None:
        """Mark a filter as the chosen one."""
        self.chips.choose(key, name)

    def show_counts(self, counts: Mapping[str, str], badges: Sequence[CountBadge]) -> None:
        """Show the counts of the filters by key, and badges in the header."""
        self.chips.set_counts(counts)
        self.head.set_badges([Badge(badge.text, badge.tone, badge.shape) for badge in badges])

    def show_loading(self) -> None:
        """Show that the list is being read, with what is typed: no search waits for the end of typing any more."""
        self.bar.field.drop_pending_search()
        self.states.show_loading()

    def show_order(self, column: int, *, descending: bool) -> None:
        """Show the column that the list is sorted by."""
        if self.model.sorted_by != (column, descending):
            # Together with the rows: Qt repaints the whole table for it.
            self.model.set_sorted(column, descending=descending)

    def show_status(self, status: StatusText) -> None:
        """Show a status below the table."""
        self.foot.show_status(status)

    def set_refresh_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - like Qt's own setters
        """Enable or disable the button Refresh."""
        self.refresh_button.setEnabled(enabled)

    def mark_stale(self, reason: str, server_ids: frozenset[uuid.UUID] | None) -> None:
        """Show the requests of some servers (None: of all) as stale; an empty reason: of none."""
        self.model.set_stale_reason(reason, server_ids)

    def show_rows(self) -> None:
        """Show the table."""
        self._show_visible_range()
        self.table.widen_if_needed()
        self.states.show_content()

    def show_empty(self, state: EmptyList) -> None:
        """Show an empty state in place of the table."""
        self._show_visible_range()
        self.states.show_placeholder(build_empty_state(state, self.empty_actions))

    def show_failure(self, problem: Problem) -> None:
        """Show a problem in place of the table."""
        self.states.show_placeholder(ErrorState(problem, self.empty_actions.refresh))

    def show_notice(self, text: str) -> None:
        """Show a sentence above the table; an empty text removes it."""
        if text:
            self.notice.tell(text)
        else:
            self.notice.clear()

    def show_problem_notice(self, problem: Problem) -> None:
        """Show a problem above the table, with a button to try again."""
        self.notice.show_problem(problem, retry=self.empty_actions.refresh)

    def show_outcomes(self, outcomes: Mapping[uuid.UUID, RowOutcome]) -> None:
        """Mark the rows of an action with its results."""
        self.model.set_outcomes(outcomes)
        self.table.widen_if_needed()

    def place_changed(self, key: str) -> None:
        """Report to the window that the page shows another filter."""
        self.place_requested.emit(key)

    def commands_changed(self) -> None:
        """Report to the window that other commands are available."""
        self.commands_updated.emit()

    def _show_visible_range(self) -> None:
        self.foot.show_visible_range(*self.table.visible_range(), self.model.rowCount())
