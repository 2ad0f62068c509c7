"""The frame of a page with a list: head, filters and search above the rows, the details below them."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QSplitter, QVBoxLayout, QWidget


def stack_list_page(
    page: QWidget, head: QWidget, filters: QWidget, search: QWidget, notice: QWidget, rows: QWidget
) -> None:
    """Lay out the parts of a page below each other; the rows get what is left."""
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(head)
    layout.addWidget(filters)
    layout.addSpacing(8)
    layout.addWidget(search)
    layout.addSpacing(10)
    layout.addWidget(notice)
    layout.addWidget(rows, 1)


class RowsSplitter(QSplitter):
    """The rows with the line below them; the details are added to it.

    `upper` is the parent for what `fill` puts there: a table that moves to another parent is measured again, with
    everything in it.
    """

    def __init__(self, least_height: int, parent: QWidget) -> None:
        """`least_height` is that of the rows, in pixels."""
        super().__init__(Qt.Orientation.Vertical, parent)
        self.upper = QWidget()
        self.upper.setMinimumHeight(least_height)
        self._column = QVBoxLayout(self.upper)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(self.upper)
        self.setStretchFactor(0, 1)

    def fill(self, rows: QWidget, foot: QWidget) -> None:
        """Take the rows and the line below them."""
        self._column.addWidget(rows, 1)
        self._column.addWidget(foot)
