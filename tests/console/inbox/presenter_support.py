"""The presenters of the Requests page over views, reads and tasks that only record what they are called for."""

import asyncio
import uuid
from datetime import UTC, datetime
from types import SimpleNamespace

from console.inbox.list_criteria import SearchCriteria
from console.inbox.request_rows import row_from_request
from console.inbox.requests_presenter import Choices, RequestsPresenter
from console.inbox.row_reader import ListQuery, ListSnapshot
from console.inbox.row_selection import RowSelection
from console.inbox.selection_presenter import SelectionPresenter
from models.approval_request import ApprovalRequest
from models.kinds import RequestState
from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.requests.inbox.filters import PREDEFINED_FILTERS, Filter, NamedFilter, Sort

NOW = datetime.now(UTC)
SAVED = NamedFilter("saved", "Finance", Filter(text="fin", policy="Installers", raised_within_s=3600))


class Recorder:
    """Records the calls of its methods, whatever their names."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *values, **named: self.calls.append((name, *values, *named.values()))

    def names(self):
        return [call[0] for call in self.calls]

    def last(self, name):
        return next(call[1:] for call in reversed(self.calls) if call[0] == name)


class View(Recorder):
    def __init__(self):
        super().__init__()
        self.search = SearchCriteria()

    def show_search(self, search):
        self.search = search
        self.calls.append(("show_search", search))


class DetailsView(Recorder):
    is_open = has_focus = False
    answer = link = ""

    def open(self):
        self.is_open = True

    def close(self):
        self.is_open, self.answer = False, ""

    def clear(self):
        self.answer = ""


class Requests(Recorder):
    """Stands for the controller that reads the list."""

    def __init__(self):
        super().__init__()
        self.query = self.snapshot = None
        self.is_current, self.row_count = True, 0
        self.selection = RowSelection()

    def show(self, filter_, sort, target=None):
        self.query = ListQuery(filter_, sort)
        self.calls.append(("show", filter_, sort, target))

    def take_table_selection(self):
        self.calls.append(("take_table_selection",))

    async def first_read_ended(self):
        self.calls.append(("first_read_ended",))


class Loader(Recorder):
    """Stands for what reads the details."""

    def __init__(self):
        super().__init__()
        self.request_id = self.details = self.request = self.approvers = None
        self.permissions = SimpleNamespace(
            denial_reason=lambda *_: "", forget=lambda: self.calls.append(("forget",))
        )

    def show(self, request_id):
        self.request_id = request_id
        self.calls.append(("show", request_id))

    def clear(self):
        self.request_id = self.details = self.request = None


class Filters:
    """Stands for the filters with their counts."""

    def __init__(self, *, known=True):
        self.all = {one.key: one for one in (*PREDEFINED_FILTERS, SAVED)}
        self.filters_by_key = dict(self.all) if known else {}
        self.numbers = {}
        self.refreshed = 0

    def name_of(self, key):
        return self.filters_by_key[key].name if key in self.filters_by_key else ""

    def number(self, key):
        return self.numbers.get(key, 0)

    def count_text(self, key):
        return str(self.numbers[key]) if key in self.numbers else ""

    def refresh(self):
        self.refreshed += 1

    async def ready(self):
        self.filters_by_key = dict(self.all)


class Tasks:
    """Keeps coroutines until the test runs them."""

    def __init__(self):
        self.waiting = []

    @property
    def busy(self):
        return bool(self.waiting)

    def start(self, coroutine, *, group=None):
        self.waiting.append(coroutine)

    def run(self):
        while self.waiting:
            asyncio.run(self.waiting.pop(0))


class Page:
    """The presenters of a page whose widgets, reads and tasks are recorded."""

    def __init__(self, *, known=True):
        self.view, self.details, self.requests, self.loader = View(), DetailsView(), Requests(), Loader()
        self.filters, self.tasks, self.polling = Filters(known=known), Tasks(), None
        self.choices = Choices()

        async def read_choices():
            return self.choices

        self.presenter = RequestsPresenter(
            self.view,
            self.requests,
            self.loader,
            self.filters,
            tasks=self.tasks,
            polling=lambda: self.polling,
            read_choices=read_choices,
        )
        self.selection = self.presenter.selection = SelectionPresenter(
            self.requests,
            self.loader,
            self.details,
            shows_everything=lambda: self.presenter.shows_everything,
            focus_rows=lambda: None,
            commands_changed=self.view.commands_changed,
        )

    def read(self, *rows, **values):
        """Let the list that was asked for last be read."""
        made = snapshot(*rows, **values)
        self.requests.snapshot = made
        self.requests.row_count = made.count
        self.requests.selection.follow(made, self.selection.target, fresh=False)
        self.presenter.show_snapshot(made)

    def select(self, *rows):
        """Select rows as the user does."""
        by_position = dict(enumerate(rows))
        self.requests.selection.select([(0, len(rows) - 1)] if rows else [], by_position.get, None)
        self.selection.on_user_selected()

    def last_filter(self):
        return self.requests.last("show")[0]


def row(serial=1, state=RequestState.PENDING, **more):
    key = uuid.UUID(int=serial)
    values = {"id": key, "approval_id": str(key), "number": f"RITM{serial}", "record_id": "r", "state": state}
    return row_from_request(ApprovalRequest(**(values | {"requested_at": NOW} | more)))


def snapshot(*rows, positions=None, **values):
    """Return what was read: these rows, all of them found."""
    named = {
        "query": ListQuery(Filter(), Sort("age", descending=True)),
        "count": len(rows),
        "exact": True,
        "complete": True,
        "pages": {0: rows},
        "positions": {one.id: place for place, one in enumerate(rows)} if positions is None else positions,
        "as_of": datetime.now(UTC),
        "complete_on_servers": True,
        "any_stored": True,
        "found_rows": rows,
    }
    return ListSnapshot(**(named | values))


def problem(fault=FaultId.UNEXPECTED_ERROR):
    return Problem("Read", "disk gone", "The disk is gone.", Owner.CONSOLE, "Try again", fault)
