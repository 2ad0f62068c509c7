"""The badges of servers in the tree: the worst verdict of the last checks of each."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from console.checks.verdicts import VERDICT_SHAPES
from console.navigation.tree_model import object_key
from console.runtime import lazy_imports
from console.runtime.debounce import Debounce
from console.runtime.task_runner import TaskRunner
from models.check_stages import CHECKED_KINDS
from models.kinds import Kind
from services.common.errors import ConsoleError

if TYPE_CHECKING:
    from console.shell.main_window import Window
    from services.store import Change

WATCHED_TABLES = {"task_run", Kind.APPROVAL_PROCESS.value, *CHECKED_KINDS}
"""Tables whose changes can change a badge."""
READ_DELAY_MS = 150
"""A run writes down each of its steps: badges are read once for several of them."""


class ServerHealth(QObject):
    """Reads the verdicts when the store is open and after each check, and shows them in the tree of a window."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._window = window
        self.ctx = window.ctx
        self.tasks = TaskRunner(self, self.ctx.show_problem)
        self._due = Debounce(self, READ_DELAY_MS, self.refresh)
        self.ctx.opened.connect(self.refresh)
        self.ctx.changes.connect(self._changed)

    def _changed(self, changes: "list[Change]") -> None:
        if any(c.kind in WATCHED_TABLES for c in changes):
            self._due.request()

    def refresh(self) -> None:
        """Read the verdicts."""
        self.tasks.start(self._read(), group="read health")

    async def _read(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.check_history)
        from services.connectivity import check_history

        workspace = await self.ctx.ready()
        try:
            verdicts = await self.ctx.call(check_history.last_verdicts, workspace.store)
        except ConsoleError:
            return  # the next call by the user reports a store that is busy or gone
        self._window.model.set_badges(
            {
                object_key(kind.value, server): VERDICT_SHAPES.get(verdict, "off")
                for server, verdict in verdicts.items()
                for kind in CHECKED_KINDS
            }
        )

    def stop(self) -> None:
        """Cancel reading; the window closes."""
        self.tasks.cancel_all()
