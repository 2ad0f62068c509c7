"""What both halves of the work share: the page, its dialogs, and writing as a task."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from console.connect.presenter import ConnectPresenter
from console.widgets.dialog import Dialog
from models.intake_client import IntakeClient

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from console.connect.connect_page import ConnectPage
    from console.runtime.context import Context
    from console.runtime.task_runner import TaskRunner


class PageWork(QObject):
    """Work of the page."""

    changed = pyqtSignal()
    """Something was written: the store is to be read again."""

    def __init__(
        self, ctx: "Context", tasks: "TaskRunner", presenter: ConnectPresenter, page: "ConnectPage"
    ) -> None:
        super().__init__(page)
        self._ctx, self._tasks, self._presenter, self._page = ctx, tasks, presenter, page

    @property
    def _client(self) -> IntakeClient | None:
        return self._presenter.stored.client if self._presenter.stored is not None else None

    @property
    def _window(self) -> "QWidget | None":
        return self._page.window()

    def _open(self, dialog: Dialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _write(self, writing: Awaitable[object], then: Callable[[], object] | None = None) -> None:
        async def write() -> None:
            await writing

        def end(_result: None) -> None:
            self.changed.emit()
            if then is not None:
                then()

        self._tasks.start(write(), on_result=end)
