"""From the first paint of the window to its content: imports in a thread, so that the window answers meanwhile."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from console.runtime.options import Options
from console.shell.main_window import Window

if TYPE_CHECKING:
    from services.store.tree_outline import Outline


class WindowStart(QObject):
    """The start of one window. `profile` is the folder of drafts and layout, `notice` a sentence for the strip."""

    filled = pyqtSignal()
    """The window has its content."""

    def __init__(self, window: Window, options: Options, profile: Path, notice: str) -> None:
        super().__init__(window)
        self.window = window
        self._options, self._profile, self._notice = options, profile, notice
        self._loading: asyncio.Future[Outline | None] | None = None
        self._ended = False
        self._outline: Outline | None = None

    def begin(self) -> None:
        """Import the content in a thread, then fill the window."""
        loop = asyncio.get_running_loop()
        page = self.window.settings.text("page").partition("|")[0]
        self._loading = loop.run_in_executor(None, _load, self._options.store, page)
        self._loading.add_done_callback(self._fill)

    def end(self) -> None:
        """Leave the window as it is: it is closing."""
        self._ended = True
        if self._loading is not None:
            self._loading.cancel()

    def _fill(self, loading: "asyncio.Future[Outline | None]") -> None:
        if loading.cancelled():
            return
        self._outline = loading.result()
        from console.startup import window_filling

        window_filling.fill(self.window, self._options, self._profile, self._notice)
        self.filled.emit()
        # Painted once, with what follows; in a turn of its own, because together it would be one long step.
        self.window.setUpdatesEnabled(False)
        QTimer.singleShot(1, self._open)

    def _open(self) -> None:
        self.window.setUpdatesEnabled(True)
        if not self._ended:
            from console.startup import window_filling

            window_filling.open_store(self.window, self._profile, self._outline)


def _load(store: str, page: str) -> "Outline | None":
    """Import the content of the window and a page by its kind; return what the tree shows."""
    from console.shell.page_registry import import_first_page
    from console.startup import window_filling  # noqa: F401 - importing is the effect
    from services.store.tree_outline import read_outline

    import_first_page(page)
    return read_outline(store)
