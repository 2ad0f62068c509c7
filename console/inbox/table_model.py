"""The rows of the table: pages of a sorted query, read when they come into view.

The model holds at most MAX_CACHED_PAGES pages, however many requests there are. A row that was not read yet is a
placeholder, and its page is requested with `page_requested`. Nothing here blocks: `row_reader` reads the pages.
"""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, pyqtSignal

from console.inbox import cell_content
from console.inbox.cell_content import COLUMNS, STATE_SHAPES
from console.inbox.request_rows import AGE, DUE, STATE, RowOutcome, utcnow
from console.inbox.row_reader import PAGE_SIZE
from console.widgets import plain_text
from console.widgets.data_table import ELIDE_RIGHT, STATUS_ROLE
from models.kinds import RequestState
from models.translation_marks import tr_later
from services.language import tr

if TYPE_CHECKING:
    from services.requests.inbox.inbox import RequestRow

MAX_CACHED_PAGES = 48
MAX_PENDING_PAGES = 3
"""Pages requested at a time: those that scrolled out of view meanwhile are not read."""
ROOT = QModelIndex()
LOADING = tr_later("loading")


class InboxModel(QAbstractTableModel):
    """Requests in the order of a query. `show_rows` shows another query, `update_rows` the same one after changes."""

    page_requested = pyqtSignal()
    """A page is missing; `next_missing_page` returns which."""

    def __init__(self, parent: QObject | None = None, *, now: Callable[[], datetime] = utcnow) -> None:
        super().__init__(parent)
        self.now = now
        self.generation = 0
        """Number of this state of the rows: a page that was read for an earlier one is discarded."""
        self.sorted_by: tuple[int, bool] = (AGE, False)
        """The column sorted by, and whether the order is descending."""
        self._count = 0
        self._pages: OrderedDict[int, Sequence[RequestRow]] = OrderedDict()
        self._missing_pages: list[int] = []
        self._outcomes: dict[uuid.UUID, RowOutcome] = {}
        self._stale_reason = ""
        self._stale_servers: frozenset[uuid.UUID] | None = frozenset()

    # -- structure ---------------------------------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex = ROOT) -> int:
        """Return the number of requests, read or not."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: QModelIndex = ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the header texts; for a screen reader also the order."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(column.name)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            by, descending = self.sorted_by
            if by != section:
                return tr(column.name)
            order = tr("sorted descending") if descending else tr("sorted ascending")
            return f"{tr(column.name)}, {order}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.align == ELIDE_RIGHT else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text, status shape, tooltip or accessible text of a cell."""
        if not index.isValid():
            return None
        row, column = self.row(index.row()), index.column()
        if row is None:
            return tr(LOADING) if role == Qt.ItemDataRole.AccessibleTextRole else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell_content.text(row, column, self.now())
            case Qt.ItemDataRole.AccessibleTextRole:
                return plain_text.one_line(self._accessible_text(row, column))
            case Qt.ItemDataRole.ToolTipRole:
                return plain_text.tooltip(self._tooltip(row, column))
            case _ if role == STATUS_ROLE and column == STATE:
                return STATE_SHAPES[RequestState(row.state)]
        return None

    @staticmethod
    def _mismatch(row: "RequestRow") -> str:
        return tr("mismatch: {what}", what=row.mismatch.replace("-", " ")) if row.mismatch else ""

    def _accessible_text(self, row: "RequestRow", column: int) -> str:
        words = cell_content.accessible_text(row, column, self.now(), self._mismatch(row))
        if column != STATE:
            return words
        outcome = self._outcomes.get(row.id)
        parts = (words, outcome.text if outcome is not None else "", self.stale_reason_of(row).rstrip("."))
        return ", ".join(part for part in parts if part)

    def _tooltip(self, row: "RequestRow", column: int) -> str:
        words = cell_content.tooltip_text(row, column, self.now(), self._mismatch(row))
        if column != STATE:
            return words
        outcome = self._outcomes.get(row.id)
        parts = (words, outcome.text if outcome is not None else "", self.stale_reason_of(row))
        return "\n".join(part for part in parts if part)

    # -- rows --------------------------------------------------------------------------------------------------

    def row(self, position: int) -> "RequestRow | None":
        """Return the request at a position, or None while its page is read; this requests the page."""
        number, inside = divmod(position, PAGE_SIZE)
        page = self._pages.get(number)
        if page is not None:
            return page[inside] if inside < len(page) else None
        if 0 <= position < self._count:
            self._enqueue_page(number)
        return None

    def loaded(self, position: int) -> "RequestRow | None":
        """Return the request at a position if it was read; this requests nothing."""
        number, inside = divmod(position, PAGE_SIZE)
        page = self._pages.get(number, ())
        return page[inside] if inside < len(page) else None

    def outcome(self, row: "RequestRow") -> RowOutcome | None:
        """Return the result of the last action on a request."""
        return self._outcomes.get(row.id)

    def stale_reason_of(self, row: "RequestRow") -> str:
        """Return why the shown state of a request may be old, an empty text if it is not."""
        if not self._stale_reason:
            return ""
        is_stale = self._stale_servers is None or row.server_id in self._stale_servers
        return self._stale_reason if is_stale else ""

    def trailing_shape_count(self, row: "RequestRow") -> int:
        """Return the number of shapes behind the state of a request."""
        return cell_content.has_warning(row) + (row.id in self._outcomes)

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_rows(self, count: int, pages: "Mapping[int, Sequence[RequestRow]]") -> None:
        """Show another query: its number of rows, and the pages of it that were read."""
        self.beginResetModel()
        self.generation += 1
        self._count = count
        self._pages = OrderedDict(pages)
        self._missing_pages.clear()
        self._outcomes.clear()
        self.endResetModel()

    def update_rows(self, count: int, pages: "Mapping[int, Sequence[RequestRow]]") -> None:
        """Show the same query again, without a reset: rows are added or removed at the end, and every cell may have changed."""
        self.generation += 1
        self._missing_pages.clear()
        # Old pages are dropped first: what is requested while rows are added or removed is read again.
        self._pages = OrderedDict(pages)
        self.grow(count)
        if count < self._count:
            self.beginRemoveRows(ROOT, count, self._count - 1)
            self._count = count
            self.endRemoveRows()
        if count:
            self.dataChanged.emit(self.index(0, 0), self.index(count - 1, len(COLUMNS) - 1))

    def grow(self, count: int) -> None:
        """Add rows that were not counted at first."""
        if count > self._count:
            self.beginInsertRows(ROOT, self._count, count - 1)
            self._count = count
            self.endInsertRows()

    def fill(self, generation: int, number: int, rows: "Sequence[RequestRow]") -> bool:
        """Take a page that was read; returns False for a page of an earlier `generation`."""
        if generation != self.generation or number * PAGE_SIZE >= self._count:
            return False
        self._pages[number] = rows
        while len(self._pages) > MAX_CACHED_PAGES:
            self._pages.popitem(last=False)
        last = min((number + 1) * PAGE_SIZE, self._count) - 1
        self.dataChanged.emit(self.index(number * PAGE_SIZE, 0), self.index(last, len(COLUMNS) - 1))
        return True

    def tick(self, first: int, last: int) -> None:
        """Update the times of the visible rows."""
        last = min(last, self._count - 1)
        if 0 <= first <= last:
            for column in (AGE, DUE):
                self.dataChanged.emit(self.index(first, column), self.index(last, column))

    def set_outcomes(self, outcomes: Mapping[uuid.UUID, RowOutcome]) -> None:
        """Mark these rows, and no others, with the results of an action."""
        self._outcomes = dict(outcomes)
        if self._count:
            self.dataChanged.emit(self.index(0, STATE), self.index(self._count - 1, STATE))

    def set_stale_reason(self, reason: str, servers: frozenset[uuid.UUID] | None) -> None:
        """Mark the requests of some servers, or of all (None), as possibly old; an empty text marks none."""
        state = (reason, servers if reason else frozenset())
        if state == (self._stale_reason, self._stale_servers):
            return
        self._stale_reason, self._stale_servers = state
        if self._count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, len(COLUMNS) - 1))

    def set_sorted(self, column: int, *, descending: bool) -> None:
        """Set the column that the rows are sorted by."""
        self.sorted_by = (column, descending)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    # -- pages to read -----------------------------------------------------------------------------------------

    def prefetch(self, first: int, last: int, *, down: bool = True) -> None:
        """Keep the pages of the visible rows, and request those that come next in the direction of scrolling."""
        if not self._count:
            return
        ahead = (last if down else first) + (PAGE_SIZE // 2 if down else -PAGE_SIZE // 2)
        for place in (ahead, first, last):
            number = min(max(place, 0), self._count - 1) // PAGE_SIZE
            if number in self._pages:
                self._pages.move_to_end(number)
            else:
                self._enqueue_page(number)

    def _enqueue_page(self, number: int) -> None:
        if number in self._missing_pages:
            return
        self._missing_pages.append(number)
        del self._missing_pages[:-MAX_PENDING_PAGES]
        if len(self._missing_pages) == 1:
            self.page_requested.emit()

    def next_missing_page(self) -> int | None:
        """Return the page that was requested last, or None; it is requested again if it is not filled."""
        while self._missing_pages:
            number = self._missing_pages.pop()
            if number not in self._pages and number * PAGE_SIZE < self._count:
                return number
        return None

    @property
    def has_missing_pages(self) -> bool:
        """Whether any requested page was not read yet."""
        return bool(self._missing_pages)
