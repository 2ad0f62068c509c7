"""The rows of the inbox: pages of a sorted query, read when they come into sight and given up when they left it.

The model holds at most KEPT pages, however many requests there are. A row that is not here yet is a placeholder; the page
it stands on is asked for with `wanted`. Nothing here waits: `reader` reads, and hands over what it read.
"""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, pyqtSignal

from console.inbox import cell_content
from console.inbox.cell_content import COLUMNS, STATE_SHAPES, RowOutcome, utcnow
from console.widgets import plain_text
from console.widgets.data_table import ELIDE_RIGHT, STATUS_ROLE
from models.kinds import RequestState
from models.translation_marks import tr_later
from services.language import tr

PAGE_SIZE, MAX_CACHED_PAGES = 256, 24
"""Rows of one page, and how many pages are held."""
MAX_PENDING_PAGES = 3
"""Pages asked for at a time: those that scrolled by meanwhile are not read."""
ROOT = QModelIndex()
LOADING = tr_later("loading")


class InboxModel(QAbstractTableModel):
    """Requests in the order of a query. `show` replaces them, `renew` follows what changed of the same query."""

    wanted = pyqtSignal()
    """Pages are missing; `take_wanted` says which."""

    def __init__(self, parent: QObject | None = None, *, now: Callable[[], datetime] = utcnow) -> None:
        super().__init__(parent)
        self.now = now
        self.generation = 0
        """Counts what was shown: a page that was read for an older one is not taken."""
        self.format_mismatch: Callable[[str], str] = lambda mismatch: tr(
            "mismatch: {what}", what=mismatch.replace("-", " ")
        )
        self.sorted_by: tuple[int, bool] = (cell_content.AGE, False)
        """The column sorted by and whether it falls, as the head shows it."""
        self._count = 0
        self._pages: OrderedDict[int, Sequence[Any]] = OrderedDict()
        self._wanted: list[int] = []
        self._outcomes: dict[uuid.UUID, RowOutcome] = {}
        self._stale_reason = ""
        self._stale_servers: frozenset[uuid.UUID] | None = frozenset()

    # -- structure ---------------------------------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex = ROOT) -> int:
        """Return how many requests there are, here or not."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: QModelIndex = ROOT) -> int:
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heads of the columns, and in words how they are sorted."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(column.name)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            by, falling = self.sorted_by
            if by != section:
                return tr(column.name)
            order = tr("sorted descending") if falling else tr("sorted ascending")
            return f"{tr(column.name)}, {order}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.align == ELIDE_RIGHT else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return text, shape, tooltip or words for a screen reader of a cell."""
        if not index.isValid():
            return None
        row, column = self.row(index.row()), index.column()
        if row is None:
            return tr(LOADING) if role == Qt.ItemDataRole.AccessibleTextRole else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell_content.text(row, column, self.now())
            case Qt.ItemDataRole.AccessibleTextRole:
                return plain_text.one_line(self._said(row, column))
            case Qt.ItemDataRole.ToolTipRole:
                return plain_text.tooltip(self._tip(row, column))
            case _ if role == STATUS_ROLE and column == cell_content.STATE:
                return STATE_SHAPES[RequestState(row.state)]
        return None

    def _mismatch(self, row: Any) -> str:
        return self.format_mismatch(row.mismatch) if row.mismatch else ""

    def _said(self, row: Any, column: int) -> str:
        words = cell_content.accessible_text(row, column, self.now(), self._mismatch(row))
        if column != cell_content.STATE:
            return words
        outcome = self._outcomes.get(row.id)
        parts = (words, outcome.text if outcome is not None else "", self.stale_reason_of(row).rstrip("."))
        return ", ".join(part for part in parts if part)

    def _tip(self, row: Any, column: int) -> str:
        words = cell_content.tooltip_text(row, column, self.now(), self._mismatch(row))
        if column != cell_content.STATE:
            return words
        outcome = self._outcomes.get(row.id)
        parts = (words, outcome.text if outcome is not None else "", self.stale_reason_of(row))
        return "\n".join(part for part in parts if part)

    # -- rows --------------------------------------------------------------------------------------------------

    def row(self, place: int) -> Any:
        """Return the request in a place, or None while its page is read; the page is then asked for."""
        number, inside = divmod(place, PAGE_SIZE)
        page = self._pages.get(number)
        if page is not None:
            return page[inside] if inside < len(page) else None
        if 0 <= place < self._count:
            self._enqueue_page(number)
        return None

    def loaded(self, place: int) -> Any:
        """Return the request in a place if it is here; asks for nothing."""
        number, inside = divmod(place, PAGE_SIZE)
        page = self._pages.get(number, ())
        return page[inside] if inside < len(page) else None

    def outcome(self, row: Any) -> RowOutcome | None:
        """Return what became of the last act on a request."""
        return self._outcomes.get(row.id)

    def stale_reason_of(self, row: Any) -> str:
        """Return why a request may stand otherwise by now; nothing where it was polled."""
        if not self._stale_reason:
            return ""
        doubted = self._stale_servers is None or row.server_id in self._stale_servers
        return self._stale_reason if doubted else ""

    def trailing_shape_count(self, row: Any) -> int:
        """Return how many shapes stand behind the state of a request."""
        return cell_content.has_warning(row) + (row.id in self._outcomes)

    @property
    def held(self) -> int:
        """How many rows are in memory."""
        return sum(len(page) for page in self._pages.values())

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_rows(self, count: int, pages: Mapping[int, Sequence[Any]]) -> None:
        """Show another query: how many rows it has, and those pages of it that were read."""
        self.beginResetModel()
        self.generation += 1
        self._count = count
        self._pages = OrderedDict(pages)
        self._wanted.clear()
        self._outcomes.clear()
        self.endResetModel()

    def renew(self, count: int, pages: Mapping[int, Sequence[Any]]) -> None:
        """Show the same query as it is now. No reset: rows come and go at the end, and every cell may have changed."""
        self.generation += 1
        self._wanted.clear()
        # Old pages go first: what is asked for while rows come and go is read as it is now.
        self._pages = OrderedDict(pages)
        self.grow(count)
        if count < self._count:
            self.beginRemoveRows(ROOT, count, self._count - 1)
            self._count = count
            self.endRemoveRows()
        if count:
            self.dataChanged.emit(self.index(0, 0), self.index(count - 1, len(COLUMNS) - 1))

    def grow(self, count: int) -> None:
        """Show that there are more rows than were counted at first."""
        if count > self._count:
            self.beginInsertRows(ROOT, self._count, count - 1)
            self._count = count
            self.endInsertRows()

    def fill(self, stamp: int, number: int, rows: Sequence[Any]) -> bool:
        """Take a page that was read; returns False for one that belongs to what is no longer shown."""
        if stamp != self.generation or number * PAGE_SIZE >= self._count:
            return False
        self._pages[number] = rows
        while len(self._pages) > MAX_CACHED_PAGES:
            self._pages.popitem(last=False)
        last = min((number + 1) * PAGE_SIZE, self._count) - 1
        self.dataChanged.emit(self.index(number * PAGE_SIZE, 0), self.index(last, len(COLUMNS) - 1))
        return True

    def tick(self, first: int, last: int) -> None:
        """Say that the clock went on for the rows in sight."""
        last = min(last, self._count - 1)
        if 0 <= first <= last:
            for column in (cell_content.AGE, cell_content.DUE):
                self.dataChanged.emit(self.index(first, column), self.index(last, column))

    def set_outcomes(self, outcomes: Mapping[uuid.UUID, RowOutcome]) -> None:
        """Mark rows with what became of an act on them, and no other."""
        self._outcomes = dict(outcomes)
        if self._count:
            self.dataChanged.emit(
                self.index(0, cell_content.STATE), self.index(self._count - 1, cell_content.STATE)
            )

    def set_stale_reason(self, doubt: str, servers: frozenset[uuid.UUID] | None) -> None:
        """Say why the requests of some servers, or of all, may stand otherwise by now; an empty text where none does."""
        told = (doubt, servers if doubt else frozenset())
        if told == (self._stale_reason, self._stale_servers):
            return
        self._stale_reason, self._stale_servers = told
        if self._count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, len(COLUMNS) - 1))

    def set_sorted(self, column: int, *, falling: bool) -> None:
        """Say by which column the rows are sorted."""
        self.sorted_by = (column, falling)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    # -- pages to read -----------------------------------------------------------------------------------------

    def prefetch(self, first: int, last: int, *, down: bool = True) -> None:
        """Keep the pages of the rows in sight and ask for those that come next in the direction of scrolling."""
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
        if number in self._wanted:
            return
        self._wanted.append(number)
        del self._wanted[:-MAX_PENDING_PAGES]
        if len(self._wanted) == 1:
            self.wanted.emit()

    def next_missing_page(self) -> int | None:
        """Return the page that is wanted most, or None; it is asked for again if it is not filled."""
        while self._wanted:
            number = self._wanted.pop()
            if number not in self._pages and number * PAGE_SIZE < self._count:
                return number
        return None

    @property
    def has_missing_pages(self) -> bool:
        """Whether any page is missing in sight."""
        return bool(self._wanted)
