"""Size of the window, width of the tree and open nodes: restored, stored, reset."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QMainWindow, QSplitter

from console.design.window_sizes import WINDOW_FRAME
from console.runtime.window_settings import WindowSettings

if TYPE_CHECKING:
    from console.navigation.tree_view import Navigation

MINIMUM_SIZE = (960, 600)
DEFAULT_SIZE = (1280, 800)
TREE_WIDTH = (240, 420)
"""Smallest and greatest width."""
PAGE_WIDTH = 1040
"""The width in which every page has its full form: content of 991 between margins of 24."""


class WindowLayout:
    """Lays out the window and its splitter, whose left widget is the tree once it is attached."""

    def __init__(self, window: QMainWindow, splitter: QSplitter, settings: WindowSettings) -> None:
        self._window, self._splitter, self._settings = window, splitter, settings
        self._navigation: Navigation | None = None
        self._width_chosen = False
        """Whether the user has moved the divider."""
        window.setMinimumSize(QSize(*MINIMUM_SIZE).boundedTo(self._available_size()))
        self._limit_tree_width()

    def restore(self) -> None:
        """Apply the stored layout, or the default."""
        geometry = self._settings.bytes("geometry")
        if geometry is None or not self._window.restoreGeometry(geometry):
            self._window.resize(self._default_size())
        splitter = self._settings.bytes("splitter")
        self._width_chosen = splitter is not None and self._splitter.restoreState(splitter)
        if not self._width_chosen:
            self._set_tree_width(TREE_WIDTH[0])
        self._splitter.splitterMoved.connect(self._on_divider_moved)

    def attach(self, navigation: "Navigation") -> None:
        """Expand the nodes of the tree that were expanded, now that the tree is in the splitter."""
        self._navigation = navigation
        self._limit_tree_width()
        opened = self._settings.keys("expanded")
        if opened is not None:
            navigation.restore(opened)

    def store(self) -> None:
        """Store the layout for the next start."""
        self._settings.set_bytes("geometry", self._window.saveGeometry())
        if self._width_chosen:
            self._settings.set_bytes("splitter", self._splitter.saveState())
        if self._navigation is not None:
            self._settings.set_keys("expanded", self._navigation.expanded())

    def reset(self) -> None:
        """Apply the layout of the first start."""
        self._window.resize(self._default_size())
        self._set_tree_width(TREE_WIDTH[0] + 22)
        if self._navigation is not None:
            self._navigation.expand_defaults()

    def grow_tree_to_names(self) -> None:
        """Make the tree as wide as its widest name, unless the user has moved the divider; it never shrinks.

        It leaves the page its full width.
        """
        if self._navigation is None or self._width_chosen:
            return
        room = max(self._window.width() - PAGE_WIDTH, TREE_WIDTH[0])
        wanted = min(self._navigation.natural_width(), TREE_WIDTH[1], room)
        if wanted > self._navigation.width():
            self._set_tree_width(wanted)

    def _available_size(self) -> QSize:
        """Return the size of the largest window that fits on the screen."""
        screen = self._window.screen()
        return QSize(*DEFAULT_SIZE) if screen is None else screen.availableGeometry().size() - WINDOW_FRAME

    def _default_size(self) -> QSize:
        return QSize(*DEFAULT_SIZE).boundedTo(self._available_size())

    def _on_divider_moved(self, _position: int, _index: int) -> None:
        self._width_chosen = True

    def _limit_tree_width(self) -> None:
        tree = self._splitter.widget(0)
        if tree is not None:
            tree.setMinimumWidth(TREE_WIDTH[0])
            tree.setMaximumWidth(TREE_WIDTH[1])

    def _set_tree_width(self, width: int) -> None:
        self._splitter.setSizes([width, self._window.width() - width - self._splitter.handleWidth()])
