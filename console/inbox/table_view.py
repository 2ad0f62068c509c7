"""The table of the inbox: its selection, and the keys that lead to details, menu and clipboard."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PyQt6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, pyqtSignal
from PyQt6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView

from console.inbox.cell_painting import InboxDelegate
from console.inbox.table_columns import RequestTable
from console.inbox.table_model import InboxModel

if TYPE_CHECKING:
    from services.requests.inbox.inbox import RequestRow

FLAGS = QItemSelectionModel.SelectionFlag


class InboxTable(RequestTable):
    """Requests as rows that the user selects. Positions change; `RowSelection` has the ids of the selected requests."""

    viewport_changed = pyqtSignal()
    """Other rows are visible."""
    user_selected = pyqtSignal()
    """The user selected other rows."""
    opened = pyqtSignal()
    escape_pressed = pyqtSignal()
    copy_requested = pyqtSignal()
    menu_requested = pyqtSignal(QPoint)

    def __init__(self, model: InboxModel) -> None:
        super().__init__(model)
        self._signals_blocked = False
        self._selected_rows: dict[int, bool] = {}
        """Whether a row is selected, by its position; valid for one paint event."""
        self._last_top = 0
        self._selection = self.selectionModel() or QItemSelectionModel(model)
        self.setItemDelegate(InboxDelegate(model, self._is_selected, self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._selection.selectionChanged.connect(self._on_selection_changed)
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.valueChanged.connect(self._on_scrolled)

    def _on_scrolled(self, value: int) -> None:
        first, last = self.visible_range()
        self.requests.prefetch(first, last, down=value >= self._last_top)
        self._last_top = value
        self.viewport_changed.emit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Request the rows that became visible."""
        super().resizeEvent(event)
        self.requests.prefetch(*self.visible_range())
        self.viewport_changed.emit()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Look up the selection of each row once per paint event."""
        self._selected_rows.clear()
        super().paintEvent(event)

    def _is_selected(self, row: int) -> bool:
        found = self._selected_rows.get(row)
        if found is None:
            found = self._selected_rows[row] = self._selection.isSelected(self.requests.index(row, 0))
        return found

    # -- selection ---------------------------------------------------------------------------------------------

    def _on_selection_changed(self, _now: QItemSelection, _was: QItemSelection) -> None:
        if not self._signals_blocked:
            self.user_selected.emit()

    @contextmanager
    def selection_signals_blocked(self) -> Iterator[None]:
        """Change the selection without emitting `user_selected`."""
        before, self._signals_blocked = self._signals_blocked, True
        try:
            yield
        finally:
            self._signals_blocked = before

    def selected_ranges(self) -> list[tuple[int, int]]:
        """Return the first and the last row of each selected range, in order."""
        selection = self.selectionModel()
        if selection is None:
            return []
        ranges = selection.selection()
        return sorted((ranges[i].top(), ranges[i].bottom()) for i in range(len(ranges)))

    def selected_count(self) -> int:
        """Return the number of selected rows."""
        return sum(last - first + 1 for first, last in self.selected_ranges())

    def current_row(self) -> "RequestRow | None":
        """Return the request with the keyboard focus, if it was read."""
        index = self.currentIndex()
        return self.requests.loaded(index.row()) if index.isValid() else None

    def choose(self, positions: Sequence[int], current: int | None) -> None:
        """Select exactly these rows, and put the keyboard focus on `current`; emits nothing."""
        selection = self.selectionModel()
        if selection is None:
            return
        with self.selection_signals_blocked():
            wanted = QItemSelection()
            last = self.requests.columnCount() - 1
            for first, end in consecutive_ranges(positions):
                wanted.select(self.requests.index(first, 0), self.requests.index(end, last))
            selection.select(wanted, FLAGS.ClearAndSelect)
            index = QModelIndex() if current is None else self.requests.index(current, 0)
            selection.setCurrentIndex(index, FLAGS.NoUpdate)
        viewport = self.viewport()
        if viewport is not None:
            viewport.update()

    def reveal(self, position: int) -> None:
        """Scroll to a row, and centre it if it is far away."""
        first, last = self.visible_range()
        near = first <= position <= last
        hint = QAbstractItemView.ScrollHint
        self.scrollTo(self.requests.index(position, 0), hint.EnsureVisible if near else hint.PositionAtCenter)

    # -- keys --------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open the details with Enter, close them with Escape, copy the answer with Ctrl+C."""
        if event is None:
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escape_pressed.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_requested.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Request the menu for the selected rows, at the pointer or, for the keyboard, at the current row."""
        viewport = self.viewport()
        if event is None or viewport is None:
            return
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        # The position is relative to the viewport or to the table, depending on the sender of the event.
        pointer = viewport.mapFromGlobal(event.globalPos())
        index = self.currentIndex() if keyboard else self.indexAt(pointer)
        if not index.isValid():
            return
        if not self._selection.isRowSelected(index.row()):
            # The menu is for the selection, so that a row that only has the focus or the pointer is selected.
            self._selection.setCurrentIndex(index, FLAGS.ClearAndSelect | FLAGS.Rows)
        where = self.visualRect(index).center() if keyboard else pointer
        self.menu_requested.emit(viewport.mapToGlobal(where))


def consecutive_ranges(positions: Sequence[int]) -> list[tuple[int, int]]:
    """Return positions as ranges without gaps: the first and the last of each."""
    ranges: list[tuple[int, int]] = []
    for position in sorted(set(positions)):
        if ranges and ranges[-1][1] == position - 1:
            ranges[-1] = (ranges[-1][0], position)
        else:
            ranges.append((position, position))
    return ranges
