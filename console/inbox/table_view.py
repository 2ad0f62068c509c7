"""The table of the inbox: what is in sight, what is selected by its id, and keys that lead on."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from PyQt6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, pyqtSignal
from PyQt6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QKeySequence, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView

from console.design import theme
from console.inbox import cell_content
from console.inbox.cell_content import COLUMNS
from console.inbox.cell_painting import InboxDelegate, InboxHeader
from console.inbox.table_model import PAGE_SIZE, InboxModel
from console.widgets.data_table import MARGIN, PAD, ROW, SHAPE, WIDTH_RESERVE, DataTable, distribute_widths
from services.language import tr

MAX_COLUMN_WIDTH = 2000
HIDDEN_FIRST = (cell_content.COMPUTER, cell_content.REASON, cell_content.POLICY, cell_content.APPROVERS)
"""Columns that are left out where there is no room for all, in this order; the details have what they say."""
MEASURED_ROWS = 40
"""How many rows from the first in sight are looked at for the width of their columns."""
FLAGS = QItemSelectionModel.SelectionFlag


def minimum_width_text(column: int) -> str:
    """Return what a column has room for, whatever stands in it; nothing for one that follows its texts alone."""
    match column:
        case cell_content.STATE:
            return tr("Submitting")
        case cell_content.AGE:
            return "00:00 "
        case cell_content.DUE:
            return tr("in {duration}", duration="00:00") + " "
        case cell_content.NUMBER:
            return "RITM0000000"
    return ""


class InboxTable(DataTable):
    """Requests as rows. Selection and place are known by ids, so that they stay while rows come and go."""

    looked = pyqtSignal()
    """Other rows came into sight."""
    picked = pyqtSignal()
    """A person selected other rows."""
    opened = pyqtSignal()
    left = pyqtSignal()
    copy_requested = pyqtSignal()
    menu_requested = pyqtSignal(QPoint)
    sort_requested = pyqtSignal(int)
    widths_changed = pyqtSignal()
    """A person gave a column another width: from now on no width changes by itself."""

    def __init__(self, model: InboxModel) -> None:
        self._behind = self._ended = 0
        """Shapes behind a state that there is room for, and what the last column had more than others."""
        super().__init__(model, COLUMNS, tr("Requests"))
        self.requests = model
        self._quiet = False
        self._by_hand = self._fitting = False
        self._chosen: dict[int, bool] = {}
        self._last_top = 0
        head = InboxHeader(model, self)
        head.sort_requested.connect(self.sort_requested)
        self.setHorizontalHeader(head)
        head.setMinimumSectionSize(2 * PAD)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.sectionResized.connect(self._resized)
        rows = self.verticalHeader()
        if rows is not None:
            rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._selection = self.selectionModel() or QItemSelectionModel(model)
        self.setItemDelegate(InboxDelegate(model, self._is_chosen, self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        selection = self.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(self._selected)
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.valueChanged.connect(self._scrolled)

    # -- widths ------------------------------------------------------------------------------------------------

    def measured_texts(self, column: int) -> list[str]:
        """Return the texts of rows that are here; those not here yet are not waited for."""
        now = self.requests.now()
        return [
            minimum_width_text(column),
            *(cell_content.text(row, column, now) for row in self._measured_rows()),
        ]

    def _measured_rows(self) -> list[Any]:
        first = self.in_sight()[0]
        rows = (self.requests.loaded(place) for place in range(first, first + MEASURED_ROWS))
        return [row for row in rows if row is not None]

    def cell_padding(self, column: int) -> int:
        """Return the room a column needs beside its text: shapes before and behind it."""
        shape = SHAPE + PAD
        if column == cell_content.STATE:
            behind = max(
                (self.requests.trailing_shape_count(row) for row in self._measured_rows()), default=0
            )
            self._behind = behind
            return MARGIN + shape + PAD + WIDTH_RESERVE + behind * shape
        air = super().cell_padding(column)
        if column == cell_content.NUMBER:
            return air + self._end()
        return air + (shape if column == cell_content.AGE else 0)

    def _end(self) -> int:
        """Return what the last column has more than others, so that it ends where the page does, bar or no bar."""
        bar = self.verticalScrollBar()
        shown = bar.sizeHint().width() if bar is not None and bar.isVisibleTo(self) else 0
        return max(MARGIN - PAD - WIDTH_RESERVE - shown, 0)

    def fit(self) -> None:
        """Give every column its width; the last one's depends on whether there is a bar beside it."""
        if self._by_hand:
            return
        self._fitting = True
        try:
            if self._natural_widths and self._end() != self._ended:
                self._ended = self._end()
                self.measure()
            else:
                self._distribute_widths()
        finally:
            self._fitting = False

    def _distribute_widths(self) -> None:
        """Give every column its width; where not even the least ones have room, some are left out."""
        viewport, head = self.viewport(), self.horizontalHeader()
        if viewport is None or head is None or not self._natural_widths:
            return
        room, least = viewport.width(), list(self._least)
        out: set[int] = set()
        for column in HIDDEN_FIRST:
            if sum(least) > room:
                out.add(column)
                least[column] = 0
        natural = [0 if place in out else width for place, width in enumerate(self._natural_widths)]
        take = [0 if place in out else column.take for place, column in enumerate(COLUMNS)]
        widths = distribute_widths(natural, least, take, [column.give for column in COLUMNS], room)
        for place, width in enumerate(widths):
            head.setSectionHidden(place, place in out)
            if place not in out:
                head.resizeSection(place, width)

    def measure(self) -> None:
        """Look how wide the texts are, unless a person gave the columns their widths."""
        if not self._by_hand:
            super().measure()

    def _resized(self, _column: int, _was: int, _now: int) -> None:
        if not self._fitting and not self._by_hand:
            self._by_hand = True
        if not self._fitting:
            self.widths_changed.emit()

    def widths(self) -> str:
        """Return the widths that a person gave the columns, to be kept; nothing where they follow the texts."""
        head = self.horizontalHeader()
        if head is None or not self._by_hand:
            return ""
        return ",".join(str(head.sectionSize(column)) for column in range(len(COLUMNS)))

    def set_widths(self, kept: str) -> None:
        """Give the columns widths that were kept; an empty text lets them follow the texts."""
        widths = [int(part) for part in kept.split(",") if part.isdecimal()]
        head = self.horizontalHeader()
        if head is None:
            return
        self._by_hand = len(widths) == len(COLUMNS)
        if not self._by_hand:
            self.measure()
            return
        self._fitting = True
        for column, width in enumerate(widths):
            head.setSectionHidden(column, not width)
            if width:
                head.resizeSection(column, min(max(width, 2 * PAD), MAX_COLUMN_WIDTH))
        self._fitting = False

    def widen_if_needed(self) -> None:
        """Make room where a time or a state in sight has become longer than its column."""
        head = self.horizontalHeader()
        if head is None or self._by_hand:
            return
        metrics, now = QFontMetrics(theme.font("strong")), self.requests.now()
        first, last = self.in_sight()
        rows = [row for place in range(first, last + 1) if (row := self.requests.loaded(place)) is not None]
        for column in (cell_content.AGE, cell_content.DUE):
            widest = max(
                (metrics.horizontalAdvance(cell_content.text(row, column, now)) for row in rows), default=0
            )
            if widest + self.cell_padding(column) > head.sectionSize(column):
                self.measure()
                return
        if any(self.requests.trailing_shape_count(row) > self._behind for row in rows):
            self.measure()

    # -- what is in sight --------------------------------------------------------------------------------------

    def in_sight(self) -> tuple[int, int]:
        """Return the first and the last row in sight; (0, -1) where there is none."""
        count, bar, viewport = self.requests.rowCount(), self.verticalScrollBar(), self.viewport()
        if not count or bar is None or viewport is None:
            return 0, -1
        first = bar.value() // ROW
        last = (bar.value() + max(viewport.height(), 1) - 1) // ROW
        return min(first, count - 1), min(last, count - 1)

    def visible_row_count(self) -> int:
        """Return how many rows are in sight."""
        first, last = self.in_sight()
        return last - first + 1

    def _scrolled(self, value: int) -> None:
        first, last = self.in_sight()
        self.requests.prefetch(first, last, down=value >= self._last_top)
        self._last_top = value
        self.looked.emit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Ask for what came into sight."""
        super().resizeEvent(event)
        self.requests.prefetch(*self.in_sight())
        self.looked.emit()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Ask about each row's selection once while it is drawn."""
        self._chosen.clear()
        super().paintEvent(event)

    def _is_chosen(self, row: int) -> bool:
        found = self._chosen.get(row)
        if found is None:
            found = self._chosen[row] = self._selection.isSelected(self.requests.index(row, 0))
        return found

    # -- selection ---------------------------------------------------------------------------------------------

    def _selected(self, _now: QItemSelection, _was: QItemSelection) -> None:
        if not self._quiet:
            self.picked.emit()

    @contextmanager
    def selection_signals_blocked(self) -> Iterator[None]:
        """Change the selection without taking it for a person's."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def selected_ranges(self) -> list[tuple[int, int]]:
        """Return the first and last row of each selected run, in their order."""
        selection = self.selectionModel()
        if selection is None:
            return []
        return sorted((part.top(), part.bottom()) for part in selection.selection())

    def selected_count(self) -> int:
        """Return how many rows are selected."""
        return sum(last - first + 1 for first, last in self.selected_ranges())

    def selected_rows(self, most: int) -> list[Any]:
        """Return the selected requests that are here, `most` of them."""
        found: list[Any] = []
        for first, last in self.selected_ranges():
            for place in range(first, last + 1):
                row = self.requests.loaded(place)
                if row is not None:
                    found.append(row)
                if len(found) == most:
                    return found
        return found

    def current_row(self) -> Any:
        """Return the request of the row that the keyboard is on."""
        index = self.currentIndex()
        return self.requests.loaded(index.row()) if index.isValid() else None

    def choose(self, places: Sequence[int], current: int | None) -> None:
        """Select exactly these rows, and put the keyboard on one of them; nothing is told."""
        selection = self.selectionModel()
        if selection is None:
            return
        with self.selection_signals_blocked():
            wanted = QItemSelection()
            last = self.requests.columnCount() - 1
            for first, end in consecutive_ranges(places):
                wanted.select(self.requests.index(first, 0), self.requests.index(end, last))
            selection.select(wanted, FLAGS.ClearAndSelect)
            index = QModelIndex() if current is None else self.requests.index(current, 0)
            selection.setCurrentIndex(index, FLAGS.NoUpdate)
        viewport = self.viewport()
        if viewport is not None:
            viewport.update()

    def reveal(self, place: int) -> None:
        """Bring a row into sight, in the middle where it is far away."""
        first, last = self.in_sight()
        near = first <= place <= last
        hint = QAbstractItemView.ScrollHint
        self.scrollTo(self.requests.index(place, 0), hint.EnsureVisible if near else hint.PositionAtCenter)

    def row_offset(self, place: int) -> int:
        """Return how far below the top of the view a row stands, in pixels."""
        bar = self.verticalScrollBar()
        return place * ROW - (bar.value() if bar is not None else 0)

    def scroll_row_to(self, place: int, offset: int) -> None:
        """Scroll so that a row stands as far below the top as it stood."""
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(max(place * ROW - offset, 0))

    # -- keys --------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Lead into the details with Enter and out of them with Escape; copy the answer; else as tables do."""
        if event is None:
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Ask for the menu of the selected rows, under the pointer or, for the keyboard, at the current row."""
        viewport = self.viewport()
        if event is None or viewport is None:
            return
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        # The position of an event that came through the viewport counts from there, of others from the table.
        pointer = viewport.mapFromGlobal(event.globalPos())
        index = self.currentIndex() if keyboard else self.indexAt(pointer)
        if not index.isValid():
            return
        if not self._selection.isRowSelected(index.row()):
            # The menu is for what is selected: a row that only the keyboard or the pointer is on becomes that.
            self._selection.setCurrentIndex(index, FLAGS.ClearAndSelect | FLAGS.Rows)
        where = self.visualRect(index).center() if keyboard else pointer
        self.menu_requested.emit(viewport.mapToGlobal(where))


def consecutive_ranges(places: Sequence[int]) -> list[tuple[int, int]]:
    """Return places as runs of neighbours: first and last of each."""
    runs: list[tuple[int, int]] = []
    for place in sorted(set(places)):
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def pages_for(first: int, last: int) -> list[int]:
    """Return the pages that hold the rows from `first` to `last`."""
    return list(range(max(first, 0) // PAGE_SIZE, max(last, 0) // PAGE_SIZE + 1))


RowPositions = Mapping[uuid.UUID, int]
"""Where requests stand in the list."""
