"""What every page is: a title, a place, a head with actions, and tasks that end with it."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QTabBar, QWidget

from console.runtime.targets import Target


class Page(QWidget):
    """A page of the window. Subclasses build their widgets at once and read what they show in `load`."""

    title_changed = pyqtSignal(str)
    draft_changed = pyqtSignal(bool)
    commands_changed = pyqtSignal()
    """What can be done on this page changed: menus and buttons of the window ask `enabled` again."""

    placed = pyqtSignal(object)
    """The page shows another of its places, which may stand in the tree by itself; carries its target."""

    offered: ClassVar[tuple[str, ...]] = ()
    """Commands that mean something here beyond those of every object, whether or not they can run now."""
    kind: str = ""
    icon: str = ""

    def __init__(self, ctx: Any, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.ctx = ctx
        self.target = target
        self._title = ""

    @property
    def title(self) -> str:
        """What the page is called in its head, the window's title and the tree."""
        return self._title

    def set_title(self, title: str) -> None:
        """Change the title and tell the window."""
        if title != self._title:
            self._title = title
            self.setAccessibleName(title)
            self.title_changed.emit(title)

    @cached_property
    def tab_bar(self) -> QTabBar | None:
        """The tabs of the page, or None; asked for when the page was built."""
        return self.findChild(QTabBar)

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The way to the page from its root: texts, with the targets that a click opens."""
        return []

    @property
    def has_draft(self) -> bool:
        """Whether something typed here is not saved."""
        return False

    @property
    def working(self) -> bool:
        """Whether work that a person started here goes on while another page is shown."""
        return False

    def load(self) -> None:
        """Read what the page shows; called once, after the page was put into the window."""

    def open_tab(self, name: str) -> None:
        """Show the tab called `name`, where the page has tabs."""

    def reset_layout(self) -> None:
        """Bring back what was laid out on the page by hand."""

    def arrive(self, target: Target) -> None:
        """Do what a target asks for beyond showing the page: open its tab, run its command."""
        if target.tab:
            self.open_tab(target.tab)
        if target.run and not self.run(target.run):
            self.explain_unavailable(target.run)

    def explain_unavailable(self, command: str) -> None:
        """Say why a command that somebody asked for from elsewhere cannot run now."""

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done now, by command id (`save`, `discard`, `duplicate`, `rename`, `delete`, `check` …)."""
        return {}

    def enabled(self) -> set[str]:
        """Return the ids of the commands that can run now."""
        return set(self.page_actions())

    def run(self, command: str) -> bool:
        """Run a command of the page by id; returns whether it could run."""
        action = self.page_actions().get(command)
        if action is None:
            return False
        action()
        return True
