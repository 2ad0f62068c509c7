"""Decides what the Requests page shows and when it reads again. Imports no Qt; `requests_page` has the widgets."""

import uuid
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from console.inbox.empty_list import EmptyList, classify_empty_list
from console.inbox.list_criteria import ListCriteria, SearchCriteria
from console.inbox.list_status import ListStatus, StatusView
from console.inbox.request_rows import COLUMN_BY_SORT_NAME, RowOutcome, utcnow
from console.inbox.status_text import is_stale, staleness_text
from console.navigation.request_places import ALL, MISMATCH, PENDING
from models.kinds import Kind
from services.common.errors import Problem
from services.common.fault_ids import FaultId
from services.language import plural, time_of_day, tr

if TYPE_CHECKING:
    from console.inbox.details_loader import DetailsLoader
    from console.inbox.filter_counts import FilterCatalog
    from console.inbox.list_controller import RequestListController
    from console.inbox.row_reader import ListSnapshot
    from console.inbox.selection_presenter import SelectionPresenter
    from console.runtime.request_polling import RequestPolling
    from models.approval_process import ApprovalProcess
    from services.requests.inbox.filters import Filter, Sort

LOAD_GROUP, CHOICES_GROUP = "begin", "choices"
CONFIGURATION_KINDS = frozenset(
    {Kind.APPROVAL_PROCESS.value, Kind.FOREIGN_SYSTEM.value, Kind.USER_CREDENTIAL.value}
)
REQUEST_TABLE = "approval_request"
ALWAYS_AVAILABLE = frozenset({"refresh", "find", "export", "save_filter"})


@dataclass(frozen=True, slots=True)
class CountBadge:
    """A badge in the header of the page."""

    text: str
    tone: str
    shape: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What the drop-downs of the search bar offer."""

    policies: "Sequence[str]" = ()
    processes: "Sequence[ApprovalProcess]" = ()


class RequestsView(StatusView, Protocol):
    """The widgets of the Requests page."""

    @property
    def search(self) -> SearchCriteria:
        """The values of the search bar."""

    def show_search(self, search: SearchCriteria) -> None:
        """Show values in the search bar, without searching for them."""

    def show_choices(self, choices: Choices) -> None:
        """Offer policies and processes in the search bar."""

    def show_filter(self, key: str, name: str = "") -> None:
        """Mark a filter as the chosen one."""

    def show_counts(self, counts: Mapping[str, str], badges: Sequence[CountBadge]) -> None:
        """Show the counts of the filters by key, and badges in the header."""

    def show_loading(self) -> None:
        """Show that the list is being read, with what is typed: no search waits for the end of typing any more."""

    def show_order(self, column: int, *, descending: bool) -> None:
        """Show the column that the list is sorted by."""

    def mark_stale(self, reason: str, server_ids: frozenset[uuid.UUID] | None) -> None:
        """Show the requests of some servers (None: of all) as stale; an empty reason: of none."""

    def show_rows(self) -> None:
        """Show the table."""

    def show_empty(self, state: EmptyList) -> None:
        """Show an empty state in place of the table."""

    def show_failure(self, problem: Problem) -> None:
        """Show a problem in place of the table."""

    def show_notice(self, text: str) -> None:
        """Show a sentence above the table; an empty text removes it."""

    def show_problem_notice(self, problem: Problem) -> None:
        """Show a problem above the table, with a button to try again."""

    def show_outcomes(self, outcomes: Mapping[uuid.UUID, RowOutcome]) -> None:
        """Mark the rows of an action with its results."""

    def place_changed(self, key: str) -> None:
        """Report to the window that the page shows another filter."""

    def commands_changed(self) -> None:
        """Report to the window that other commands are available."""


class Tasks(Protocol):
    """Runs coroutines; `console.runtime.task_runner.TaskRunner` in the program."""

    @property
    def busy(self) -> bool:
        """Whether any task is running."""

    def start(self, coroutine: Coroutine[object, object, object], *, group: str | None = None) -> object:
        """Run a coroutine; within a group it replaces the one before."""


class RequestsPresenter:
    """The decisions of the Requests page.

    `requests` reads the list, `loader` reads the details, `selection` decides about both for the selected rows.
    """

    def __init__(
        self,
        view: RequestsView,
        requests: "RequestListController",
        loader: "DetailsLoader",
        filters: "FilterCatalog",
        *,
        tasks: Tasks,
        polling: "Callable[[], RequestPolling | None]",
        read_choices: Callable[[], Awaitable[Choices]],
    ) -> None:
        self._view, self._requests, self._loader, self._filters = view, requests, loader, filters
        self._tasks, self._read_choices = tasks, read_choices
        self.criteria = ListCriteria(filters)
        self.status = ListStatus(view, polling, requests.schedule_reload)
        self.selection: SelectionPresenter
        self.processes: tuple[ApprovalProcess, ...] = ()
        self._changed_while_hidden = False

    # -- reading -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read filters, list and choices; called once, after a target was opened."""
        if self._filters.filters_by_key and self._requests.query is None:
            self.read()
        self._tasks.start(self._begin(), group=LOAD_GROUP)

    async def _begin(self) -> None:
        await self._filters.ready()
        if self._requests.query is None:
            self.read()
        # Counts and choices would be read at the same time as the rows, and keep the window from painting them.
        await self._requests.first_read_ended()
        self._filters.refresh()
        await self.load_choices()

    async def load_choices(self) -> None:
        """Read what the search bar offers, and the processes that a request can be rehearsed with."""
        choices = await self._read_choices()
        self.processes = tuple(choices.processes)
        self._view.show_choices(choices)
        self._view.commands_changed()
        snapshot = self._requests.snapshot
        if snapshot is not None and not snapshot.count:
            self.show_snapshot(snapshot)

    def read(self) -> None:
        """Read the list for what is chosen now."""
        if self.criteria.needs_search_values:
            # The filter was not known yet when it was chosen.
            self._view.show_search(self.criteria.search_values(self.criteria.key))
        self._view.show_loading()
        self._requests.show(*self.shown_list(), self.selection.target)

    def shown_list(self) -> "tuple[Filter, Sort]":
        """Return the filter, with the search, and the order that are shown."""
        return self.criteria.filter(self._view.search), self.criteria.sort()

    def refresh(self) -> None:
        """Poll ServiceNow if this window can, and read the store again."""
        self.status.poll_now()
        self._view.show_notice("")
        self._filters.refresh()
        if self._filters.filters_by_key and not self._requests.is_current:
            self.read()
        elif self._requests.query is None:
            self._tasks.start(self._begin(), group=LOAD_GROUP)
        else:
            self._requests.reload()
        self._loader.refetch()

    def on_store_changed(self, kinds: set[str], *, visible: bool) -> None:
        """Follow a change of the store; a hidden page reads the list again when it is shown."""
        if kinds & CONFIGURATION_KINDS:
            self._loader.permissions.forget()
            self._tasks.start(self.load_choices(), group=CHOICES_GROUP)
        if REQUEST_TABLE in kinds:
            if visible:
                self._requests.schedule_reload()
            else:
                self._changed_while_hidden = True

    def on_visible(self) -> None:
        """Read the list again if the store changed while the page was hidden."""
        if self._changed_while_hidden:
            self._changed_while_hidden = False
            self._requests.reload()

    def on_action_finished(self, outcomes: Mapping[uuid.UUID, RowOutcome]) -> None:
        """Show the results of an action, and what the list is after it."""
        self._view.show_outcomes(outcomes)
        self._requests.reload()
        self.selection.update_actions()

    # -- filter, search and order ------------------------------------------------------------------------------

    def show_filter(self, key: str) -> None:
        """Show a filter; the search bar then shows the values of this filter."""
        if self._filters.filters_by_key and key not in self._filters.filters_by_key:
            key = ALL
        self.selection.target = None
        if key != self.criteria.key:
            self._view.show_search(self.criteria.search_values(key))
        self.criteria.key = key
        self._view.show_filter(key, self._filters.name_of(key))
        self._view.place_changed(key)
        if self._filters.filters_by_key:
            self.read()

    def update_filters(self) -> None:
        """Show the filters with their counts as they are now."""
        filters, key = self._filters, self.criteria.key
        badges: list[CountBadge] = []
        if filters.number(PENDING):
            text = tr("{count} pending", count=filters.count_text(PENDING))
            badges.append(CountBadge(text, "off", "pending"))
        if mismatches := filters.number(MISMATCH):
            counted = filters.count_text(MISMATCH)
            text = plural(mismatches, "{counted} mismatch", "{counted} mismatches", counted=counted)
            badges.append(CountBadge(text, "notice", "notice"))
        self._view.show_counts({one: filters.count_text(one) for one in filters.filters_by_key}, badges)
        if key not in filters.filters_by_key:
            self.show_filter(PENDING)  # it was deleted
        elif name := filters.name_of(key):
            self._view.show_filter(key, name)

    def sort_by(self, column: int) -> None:
        """Sort by a column, or reverse the order if the list is sorted by it already."""
        if self.criteria.sort_by(column):
            self.read()

    def on_search_changed(self) -> None:
        """Search for what the search bar has now."""
        if self._filters.filters_by_key:
            self.selection.target = None
            self.read()

    def clear_search(self) -> None:
        """Clear the search bar."""
        self._view.show_search(SearchCriteria())
        self.on_search_changed()

    def search_everywhere(self) -> None:
        """Search for the same text in all requests."""
        text = self._view.search.text
        self.show_filter(ALL)
        self._view.show_search(SearchCriteria(text))
        self.on_search_changed()

    @property
    def shows_everything(self) -> bool:
        """Whether the list has every request of the store."""
        return self.criteria.key == ALL and not self._view.search.is_active

    # -- what was read -----------------------------------------------------------------------------------------

    def show_snapshot(self, snapshot: "ListSnapshot") -> None:
        """Show a list that was read."""
        sort = snapshot.query.sort
        self._view.show_order(COLUMN_BY_SORT_NAME[sort.column], descending=sort.descending)
        now = utcnow()
        self.status.show_snapshot(snapshot, now)
        staleness = staleness_text(snapshot, now, self.status.polling_problem)
        self._view.mark_stale(staleness if is_stale(snapshot, now) else "", snapshot.unpolled_servers or None)
        if snapshot.count:
            self._view.show_rows()
        else:
            key = self.criteria.key
            state = classify_empty_list(
                snapshot, key, self._filters.name_of(key), self._view.search,
                staleness=staleness, can_rehearse=bool(self.processes),
            )  # fmt: skip
            self._view.show_empty(state)
        if self.selection.on_snapshot(snapshot):
            return
        if self.shows_everything:
            self._show_missing()
            return
        self._view.show_search(SearchCriteria())
        self.criteria.choose_without_search(ALL)
        self._view.show_filter(ALL)
        self._view.place_changed(ALL)
        self.read()

    def show_read_failure(self, problem: Problem) -> None:
        """Show that the store could not be read; rows of the same list that were read before stay."""
        snapshot = self._requests.snapshot
        read_at = snapshot.query.at if snapshot is not None else None
        self.status.show_read_failed(read_at)
        if not self._requests.is_current:
            # The rows and the details belong to another filter.
            self._requests.drop()
            self.selection.drop()
            self._view.show_failure(problem)
        elif self._requests.row_count:
            self._view.show_problem_notice(problem)
            time = time_of_day(read_at, seconds=True) if read_at else ""
            self._view.mark_stale(tr("Read at {time}, and not again.", time=time) if time else "", None)
        else:
            self._view.show_failure(problem)

    def show_details_failure(self, problem: Problem) -> None:
        """Show that a request no longer exists, or why its details could not be read."""
        if problem.fault == FaultId.OBJECT_MISSING:
            self._show_missing()
        elif not self.selection.show_failure(problem):
            self.show_read_failure(problem)

    def _show_missing(self) -> None:
        self.selection.drop_missing()
        self._view.show_notice(tr("The request is not in the store any more."))

    # -- one request -------------------------------------------------------------------------------------------

    def open_request(self, request_id: uuid.UUID) -> None:
        """Show a request and its details: in the shown list if it is there, or else among all requests."""
        self.selection.open(request_id)
        if self._filters.filters_by_key:
            self.read()
        elif not self._tasks.busy:
            self._tasks.start(self._begin(), group=LOAD_GROUP)

    def find_shown_request(self) -> None:
        """Open the request of the details, which is no longer in the list, among all requests."""
        if self._loader.request_id is not None:
            self.open_request(self._loader.request_id)

    def available_commands(self) -> set[str]:
        """Return the ids of the commands that can be run now."""
        found = ALWAYS_AVAILABLE | self.selection.commands()
        return {*found, "rehearse"} if self.processes else set(found)
