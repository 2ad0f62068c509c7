"""The areas of the window: menu row, tree, page and activity strip. Painted before what fills them is imported."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QSplitter, QVBoxLayout, QWidget

MENU_ROW_HEIGHT = 38
STRIP_HEIGHT = 30


class WindowFrame:
    """Lays out the window; each area is empty in its own colour until `insert`."""

    def __init__(self, window: QMainWindow) -> None:
        row = _area("window")
        row.setFixedHeight(MENU_ROW_HEIGHT)
        self.menu_row = QHBoxLayout(row)
        self.menu_row.setContentsMargins(8, 0, 12, 0)
        window.setMenuWidget(row)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(_area("nav"))
        self.splitter.addWidget(_area("page"))
        self.splitter.setStretchFactor(1, 1)
        self._strip = _area("window")
        self._strip.setFixedHeight(STRIP_HEIGHT)
        body = QWidget()
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(_area("rule"))
        self._column.addWidget(self.splitter, 1)
        self._column.addWidget(_area("rule"))
        self._column.addWidget(self._strip)
        window.setCentralWidget(body)

    def insert(self, navigation: QWidget, page: QWidget, pane: QWidget, strip: QWidget) -> None:
        """Fill the areas; the pane stands below the page, above the strip. The width of the tree is kept."""
        for place, widget in enumerate((navigation, page)):
            empty = self.splitter.replaceWidget(place, widget)
            if empty is not None:
                empty.deleteLater()
        self.splitter.setStretchFactor(1, 1)
        self._column.insertWidget(self._column.indexOf(self.splitter) + 1, pane)
        self._column.replaceWidget(self._strip, strip)
        self._strip.deleteLater()


def _area(role: str) -> QFrame:
    area = QFrame()
    area.setProperty("role", role)
    area.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return area
