"""How the servers stand: the badge of each in the tree, by the worst of its last checks."""

from typing import Any

from PyQt6.QtCore import QObject

from console.navigation.tree_model import object_key
from console.runtime import lazy_imports
from console.runtime.task_runner import TaskRunner
from models.kinds import Kind
from services.common.errors import ConsoleError

VERDICT_SHAPES = {"ok": "good", "warning": "notice", "failed": "bad"}
WATCHED_TABLES = {"task_run", Kind.FOREIGN_SYSTEM.value, Kind.APPROVAL_PROCESS.value}
"""Tables whose changes may change how a server stands."""


class ServerHealth(QObject):
    """Reads how the servers stand once the store is open and after each check, and shows it in the tree of a window."""

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self._window = window
        self.ctx = window.ctx
        self.workers = TaskRunner(self, self.ctx.show_problem)
        self.ctx.opened.connect(self.refresh)
        self.ctx.changes.connect(self._changed)

    def _changed(self, changes: list[Any]) -> None:
        if any(c.kind in WATCHED_TABLES for c in changes):
            self.refresh()

    def refresh(self) -> None:
        """Read how the servers stand, off the thread of the window."""
        self.workers.start(self._read(), group="read health")

    async def _read(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.connectivity)
        from services.connectivity import check_history

        workspace = await self.ctx.ready()
        try:
            verdicts = await self.ctx.call(check_history.last_verdicts, workspace.store)
        except ConsoleError:
            return  # a store that is busy or gone is told about by the next call that a person makes
        kind = Kind.FOREIGN_SYSTEM.value
        self._window.model.set_badges(
            {
                object_key(kind, server): VERDICT_SHAPES.get(verdict, "off")
                for server, verdict in verdicts.items()
            }
        )

    def stop(self) -> None:
        """End what goes on; the window closes."""
        self.workers.cancel_all()
