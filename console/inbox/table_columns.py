"""The geometry of the table: column widths that follow the texts or the user, and which rows are visible."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtWidgets import QHeaderView

from console.design import theme
from console.inbox import cell_content, request_rows
from console.inbox.cell_content import COLUMNS
from console.inbox.cell_painting import InboxHeader
from console.inbox.request_rows import AGE, APPROVERS, COMPUTER, DUE, NUMBER, POLICY, REASON, STATE
from console.inbox.table_model import InboxModel
from console.widgets.data_table import MARGIN, PAD, ROW, SHAPE, WIDTH_RESERVE, DataTable, distribute_widths
from services.language import tr

if TYPE_CHECKING:
    from services.requests.inbox.inbox import RequestRow

MAX_COLUMN_WIDTH = 2000
HIDDEN_FIRST = (COMPUTER, REASON, POLICY, APPROVERS)
"""Columns that are hidden if there is no room for all, in this order; the details show their content."""
MEASURED_ROWS = 40
"""How many rows from the first visible one are measured for the widths of their columns."""


def minimum_width_text(column: int) -> str:
    """Return a text that always has room in a column; an empty text for a column that only follows its texts."""
    match column:
        case request_rows.STATE:
            return tr("Submitting")
        case request_rows.AGE:
            return "00:00 "
        case request_rows.DUE:
            return tr("in {duration}", duration="00:00") + " "
        case request_rows.NUMBER:
            return "RITM0000000"
    return ""


class RequestTable(DataTable):
    """A table of requests, without selection. Rows have a fixed height; the last column ends where the page does."""

    sort_requested = pyqtSignal(int)
    widths_changed = pyqtSignal()
    """The user changed the width of a column: from now on no width changes by itself."""

    def __init__(self, model: InboxModel) -> None:
        self._trailing_shapes = self._last_column_extra = 0
        """Shapes behind a state that there is room for, and the width that only the last column has."""
        self._sample: list[RequestRow] | None = None
        """The rows that are being measured: they are looked up once for all columns."""
        self.requests = model
        self._set_by_user = self._fitting = False
        super().__init__(model, COLUMNS, tr("Requests"))
        header = InboxHeader(model, self)
        header.sort_requested.connect(self.sort_requested)
        self.setHorizontalHeader(header)
        header.setMinimumSectionSize(2 * PAD)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.sectionResized.connect(self._on_section_resized)
        rows = self.verticalHeader()
        if rows is not None:
            rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    # -- widths ------------------------------------------------------------------------------------------------

    def measured_texts(self, column: int) -> list[str]:
        """Return the texts of the rows that were read, and the least text of the column."""
        now = self.requests.now()
        return [
            minimum_width_text(column),
            *(cell_content.text(row, column, now) for row in self._sampled_rows()),
        ]

    def cell_font(self, column: int) -> str:
        """Return the font of a column: an age that nears its time-out is drawn strong."""
        return "strong" if column == AGE else super().cell_font(column)

    def _measured_rows(self) -> "list[RequestRow]":
        first = self.visible_range()[0]
        rows = (self.requests.loaded(position) for position in range(first, first + MEASURED_ROWS))
        return [row for row in rows if row is not None]

    def _sampled_rows(self) -> "list[RequestRow]":
        """Return the rows that are being measured, or those that would be now."""
        return self._measured_rows() if self._sample is None else self._sample

    def cell_padding(self, column: int) -> int:
        """Return the width that a column needs beside its text, for shapes before and behind it."""
        shape = SHAPE + PAD
        if column == STATE:
            trailing = max(
                (self.requests.trailing_shape_count(row) for row in self._sampled_rows()), default=0
            )
            self._trailing_shapes = trailing
            return MARGIN + shape + PAD + WIDTH_RESERVE + trailing * shape
        padding = super().cell_padding(column)
        if column == NUMBER:
            return padding + self._extra_of_last_column()
        return padding + (shape if column == AGE else 0)

    def _extra_of_last_column(self) -> int:
        """Return the extra width of the last column, so that it ends at the margin with and without a scroll bar."""
        bar = self.verticalScrollBar()
        shown = bar.sizeHint().width() if bar is not None and bar.isVisibleTo(self) else 0
        return max(MARGIN - PAD - WIDTH_RESERVE - shown, 0)

    def fit(self) -> None:
        """Set the width of every column; that of the last one depends on the scroll bar."""
        if self._set_by_user:
            return
        self._fitting = True
        try:
            if self._natural_widths and self._extra_of_last_column() != self._last_column_extra:
                # The texts are as wide as before.
                self._last_column_extra = self._extra_of_last_column()
                self.set_natural_widths()
            self._distribute_widths()
        finally:
            self._fitting = False

    def _distribute_widths(self) -> None:
        """Set the width of every column; if not even the least widths have room, some columns are hidden."""
        viewport, head = self.viewport(), self.horizontalHeader()
        if viewport is None or head is None or not self._natural_widths:
            return
        room, least = viewport.width(), list(self._least)
        hidden: set[int] = set()
        for place in HIDDEN_FIRST:
            if sum(least) > room:
                hidden.add(place)
                least[place] = 0
        natural = [0 if place in hidden else width for place, width in enumerate(self._natural_widths)]
        take = [0 if place in hidden else column.take for place, column in enumerate(COLUMNS)]
        widths = distribute_widths(natural, least, take, [column.give for column in COLUMNS], room)
        for place, width in enumerate(widths):
            head.setSectionHidden(place, place in hidden)
            if place not in hidden:
                head.resizeSection(place, width)

    def measure(self) -> None:
        """Measure the texts, unless the user set the widths."""
        if self._set_by_user:
            return
        self._sample = self._measured_rows()
        try:
            super().measure()
        finally:
            self._sample = None

    def _on_section_resized(self, _column: int, _was: int, _now: int) -> None:
        if not self._fitting and not self._set_by_user:
            self._set_by_user = True
        if not self._fitting:
            self.widths_changed.emit()

    def widths(self) -> str:
        """Return the widths that the user set, to be stored; an empty text if they follow the texts."""
        head = self.horizontalHeader()
        if head is None or not self._set_by_user:
            return ""
        return ",".join(str(head.sectionSize(column)) for column in range(len(COLUMNS)))

    def set_widths(self, stored: str) -> None:
        """Set stored widths; an empty text lets the columns follow their texts."""
        widths = [int(part) for part in stored.split(",") if part.isdecimal()]
        head = self.horizontalHeader()
        if head is None:
            return
        self._set_by_user = len(widths) == len(COLUMNS)
        if not self._set_by_user:
            self.measure()
            return
        self._fitting = True
        for column, width in enumerate(widths):
            head.setSectionHidden(column, not width)
            if width:
                head.resizeSection(column, min(max(width, 2 * PAD), MAX_COLUMN_WIDTH))
        self._fitting = False

    def widen_if_needed(self) -> None:
        """Widen a column if a visible time or state has become longer than it."""
        head = self.horizontalHeader()
        if head is None or self._set_by_user:
            return
        now = self.requests.now()
        first, last = self.visible_range()
        rows = [
            row for position in range(first, last + 1) if (row := self.requests.loaded(position)) is not None
        ]
        for column in (AGE, DUE):
            metrics = QFontMetrics(theme.font(self.cell_font(column)))
            widest = max(
                (metrics.horizontalAdvance(cell_content.text(row, column, now)) for row in rows), default=0
            )
            if widest + self.cell_padding(column) > head.sectionSize(column):
                self.measure()
                return
        if any(self.requests.trailing_shape_count(row) > self._trailing_shapes for row in rows):
            self.measure()

    # -- visible rows -----------------------------------------------------------------------------------------

    def visible_range(self) -> tuple[int, int]:
        """Return the first and the last visible row; (0, -1) if there is none."""
        count, bar, viewport = self.requests.rowCount(), self.verticalScrollBar(), self.viewport()
        if not count or bar is None or viewport is None:
            return 0, -1
        first = bar.value() // ROW
        last = (bar.value() + max(viewport.height(), 1) - 1) // ROW
        return min(first, count - 1), min(last, count - 1)

    def visible_row_count(self) -> int:
        """Return the number of visible rows."""
        first, last = self.visible_range()
        return last - first + 1

    def row_offset(self, position: int) -> int:
        """Return the distance of a row from the top of the view, in pixels."""
        bar = self.verticalScrollBar()
        return position * ROW - (bar.value() if bar is not None else 0)

    def scroll_row_to(self, position: int, offset: int) -> None:
        """Scroll so that a row is `offset` pixels below the top of the view."""
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(max(position * ROW - offset, 0))
