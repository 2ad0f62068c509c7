"""Commands of the window. Menus, context menus, the palette and shortcuts are built from one definition each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QIcon, QKeySequence

from console.design import icons
from services.language import translate


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its text, menu, shortcut, function, and whether it can run now."""

    id: str
    text: str
    run: Callable[[], object]
    enabled: Callable[[], bool] = lambda: True
    icon: str = ""
    shortcut: str = ""
    where: str = ""
    """The menu that contains it, such as “File”; empty for none."""
    submenu: str = ""
    """The submenu that contains it, such as “Scheduled check”; empty for none."""
    checked: Callable[[], bool] | None = None
    """For one of several choices, whether it is chosen; None for other commands."""
    destructive: bool = False
    separator_before: bool = False
    """Whether its menu has a separator above it."""


class CommandRegistry(QObject):
    """The commands of the window by id. `refreshed` is emitted when commands may have become enabled or disabled."""

    refreshed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        self._evaluations = 0
        self.evaluation = 0
        """The number of the running evaluation of several commands, during which nothing changes; 0 outside of one."""

    def add(self, command: Command) -> None:
        """Add a command; raises ValueError if its id or shortcut is taken."""
        if command.id in self._commands:
            raise ValueError(f"the command {command.id} is defined twice")
        keys = QKeySequence(command.shortcut)
        if command.shortcut and any(QKeySequence(c.shortcut) == keys for c in self):
            raise ValueError(f"the shortcut {command.shortcut} is taken")
        self._commands[command.id] = replace(
            command, text=translate(command.text), submenu=translate(command.submenu)
        )

    def __iter__(self) -> Iterator[Command]:
        """Go through the commands in the order of their definition."""
        return iter(self._commands.values())

    def __bool__(self) -> bool:
        """Be true, also while there are none."""
        return True

    def get(self, command_id: str) -> Command:
        """Return a command by id; raises KeyError."""
        return self._commands[command_id]

    def run(self, command_id: str) -> bool:
        """Run a command if it can run now; returns whether it did."""
        command = self._commands[command_id]
        if not command.enabled():
            return False
        command.run()
        return True

    def action(self, command_id: str) -> QAction:
        """Return the one action that shows a command in menus and listens to its shortcut."""
        if command_id not in self._actions:
            command = self._commands[command_id]
            action = QAction(command.text, self)
            action.setIcon(_icon(command))
            if command.shortcut:
                action.setShortcut(QKeySequence(command.shortcut))
            action.triggered.connect(lambda: self.run(command_id))
            action.setEnabled(command.enabled())
            if command.checked is not None:
                action.setCheckable(True)
                action.setChecked(command.checked())
            self._actions[command_id] = action
        return self._actions[command_id]

    def entry(
        self, command_id: str, parent: QObject, run: Callable[[], object], *, text: str = ""
    ) -> QAction:
        """Return an entry of a context menu: the command as it is shown everywhere, for another object than the page's.

        It only names the shortcut: the action of the command is the one that listens to it.
        """
        command = self._commands[command_id]
        action = QAction(text or command.text, parent)
        action.setIcon(_icon(command))
        action.setShortcut(QKeySequence(command.shortcut))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda *_checked: run())
        return action

    def recolour_icons(self, *_scheme: str) -> None:
        """Draw the icons in the current colours."""
        for command_id, action in self._actions.items():
            action.setIcon(_icon(self._commands[command_id]))

    def refresh(self) -> None:
        """Update which commands are enabled and checked."""
        with self.evaluating():
            for command_id, action in self._actions.items():
                command = self._commands[command_id]
                action.setEnabled(command.enabled())
                if command.checked is not None:
                    action.setChecked(command.checked())
        self.refreshed.emit()

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Evaluate several commands: what they have in common, such as the state of the page, is computed once."""
        self._evaluations += 1
        self.evaluation = self._evaluations
        try:
            yield
        finally:
            self.evaluation = 0


def _icon(command: Command) -> QIcon:
    if not command.icon:
        return QIcon()
    return icons.icon(command.icon, "bad" if command.destructive else "text", in_menu=True)
