"""The base class of pages: a title, a breadcrumb, and actions by command id."""

from collections.abc import Callable
from functools import cached_property
from typing import ClassVar

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QTabBar, QWidget

from console.runtime.context import Context
from console.runtime.page_targets import Target


class Page(QWidget):
    """A page of the window. Subclasses build their widgets and read their content in `load`.

    A page with many widgets leaves a part of them to `make_rest`: built at once it would be one long step. In a window,
    that part is built in a turn of the event loop of its own before the page is shown; a page without a parent calls
    `assemble` at the end of its `__init__`.
    """

    title_changed = pyqtSignal(str)
    draft_changed = pyqtSignal(bool)
    commands_changed = pyqtSignal()
    """The available commands changed; menus and buttons of the window call `enabled` again."""

    placed = pyqtSignal(object)
    """The page shows another part of itself that may be a node of the tree; carries its target."""

    offered: ClassVar[tuple[str, ...]] = ()
    """Commands of this page beyond those of every object, whether or not they can run now."""
    kind: str = ""
    icon: str = ""

    def __init__(self, ctx: Context, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.ctx = ctx
        self.first_focus: QWidget | None = None
        """What gets the keyboard when the page is shown; none for the top of the page. Not a focus proxy: while that
        is hidden, Qt offers it the keyboard at each Tab, which then stays where it is."""
        self.target = target
        self._title = ""
        self._is_assembled = False
        self.late_parts: list[Callable[[], bool]] = []
        """Functions that make a part, if it is wanted, and return whether they did."""

    @property
    def title(self) -> str:
        """The title in the page header, the window title and the tree."""
        return self._title

    def set_title(self, title: str) -> None:
        """Change the title and emit `title_changed`."""
        if title != self._title:
            self._title = title
            self.setAccessibleName(title)
            self.title_changed.emit(title)

    @cached_property
    def tab_bar(self) -> QTabBar | None:
        """The tab bar of the page, or None; looked up once the page is built."""
        self.assemble()
        return self.findChild(QTabBar)

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The path to the page from its root: texts, with the targets that a click opens."""
        return []

    @property
    def has_draft(self) -> bool:
        """Whether the page holds unsaved input."""
        return False

    @property
    def working(self) -> bool:
        """Whether work started here continues while another page is shown."""
        return False

    def take_keyboard(self) -> None:
        """Move the keyboard into the page."""
        chosen = self.first_focus
        reached = chosen if chosen is not None and chosen.isVisibleTo(self) else self
        reached.setFocus(Qt.FocusReason.OtherFocusReason)

    def make_next_part(self) -> bool:
        """Make one more part that is there when the page is first seen; returns whether one was left to make.

        The window calls it before it shows the page, each time in a turn of the event loop of its own.
        """
        if not self._is_assembled:
            self.assemble()
            return True
        return any(make() for make in self.late_parts)

    def assemble(self) -> None:
        """Make what `__init__` has left, unless that was done."""
        if not self._is_assembled:
            self._is_assembled = True
            self.make_rest()

    def make_rest(self) -> None:
        """Make the widgets that `__init__` has left."""

    def showEvent(self, event: QShowEvent | None) -> None:
        """Have everything there that is seen."""
        self.assemble()
        super().showEvent(event)

    def load(self) -> None:
        """Read the content; called once, after the page was added to the window."""

    def open_tab(self, name: str) -> None:
        """Show the tab called `name`, where the page has tabs."""

    def reset_layout(self) -> None:
        """Reset layout changes made by hand."""

    def arrive(self, target: Target) -> None:
        """Apply what a target contains beyond the page: open its tab, run its command."""
        self.assemble()
        if target.tab:
            self.open_tab(target.tab)
        if target.run and not self.run(target.run):
            self.explain_unavailable(target.run)

    def explain_unavailable(self, command: str) -> None:
        """Explain why a command that was invoked from elsewhere cannot run now."""

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done now, by command id (`save`, `discard`, `duplicate`, `rename`, `delete`, `check` …)."""
        return {}

    def enabled(self) -> set[str]:
        """Return the ids of the commands that can run now."""
        return set(self.page_actions())

    def run(self, command: str) -> bool:
        """Run a command of the page by id; returns whether it was available."""
        action = self.page_actions().get(command)
        if action is None:
            return False
        action()
        return True
