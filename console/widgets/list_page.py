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


def split_rows(rows: QWidget, foot: QWidget, least_height: int) -> QSplitter:
    """Return the splitter with the rows and the line below them; the details are added to it. `least_height` is in pixels."""
    upper = QWidget()
    upper.setMinimumHeight(least_height)
    column = QVBoxLayout(upper)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(rows, 1)
    column.addWidget(foot)
    splitter = QSplitter(Qt.Orientation.Vertical)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    splitter.addWidget(upper)
    splitter.setStretchFactor(0, 1)
    return splitter
