"""From the first paint of the window to its content: imports in a thread, so that the window answers meanwhile."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PyQt6.QtCore import QObject, QTimer

from console.runtime.import_lock import import_alone
from console.runtime.options import Options
from console.shell.main_window import Window

if TYPE_CHECKING:
    from console.runtime.page_targets import Target
    from services.store.tree_outline import Outline

log = logging.getLogger(__name__)


class FirstContent(NamedTuple):
    """What a window shows first: the tree, None where only the open store can say, and a page."""

    outline: "Outline | None"
    target: "Target"


class WindowStart(QObject):
    """The start of one window. `profile` is the folder of drafts and layout, `notice` a sentence for the strip."""

    def __init__(self, window: Window, options: Options, profile: Path, notice: str) -> None:
        super().__init__(window)
        self.window = window
        self._options, self._profile, self._notice = options, profile, notice
        self._loading: asyncio.Future[FirstContent] | None = None
        self._content: FirstContent | None = None
        self._turns: Iterator[None] = iter(())
        self._ended = False

    def begin(self) -> None:
        """Import the content in a thread, then fill the window."""
        loop = asyncio.get_running_loop()
        stored = self.window.settings.text("page")
        self._loading = loop.run_in_executor(None, _load, self._options.store, stored)
        self._loading.add_done_callback(self._fill)

    def end(self) -> None:
        """Leave the window as it is: it is closing."""
        self._ended = True
        if self._loading is not None:
            self._loading.cancel()

    @property
    def _is_over(self) -> bool:
        return self._ended or self.window.isHidden()  # one that is minimised is not hidden

    def _fill(self, loading: "asyncio.Future[FirstContent]") -> None:
        if loading.cancelled() or self._is_over:
            return
        self._content = loading.result()
        from console.startup import window_filling

        self._turns = window_filling.fill(
            self.window, self._options, self._profile, self._notice, *self._content
        )
        self.window.setUpdatesEnabled(False)  # what follows is painted once
        self._take_turn()

    def _take_turn(self) -> None:
        """Create the next part of the content; one after the other would be a step of the event loop that is too long."""
        if self._is_over or self._content is None:
            return
        try:
            for _ in self._turns:
                QTimer.singleShot(1, self._take_turn)
                return
        except Exception:
            self.window.setUpdatesEnabled(True)
            raise
        self.window.setUpdatesEnabled(True)
        from console.startup import window_filling

        window_filling.open_store(self.window, self._content.target)


def _load(store: str, stored_page: str) -> FirstContent:
    """Import the content of the window, and Home if that is the first page; return what is shown.

    `stored_page` is the page that was shown last, as the settings of the window have it. The page of an object is
    imported when it is shown: it takes longer than all the rest.
    """
    from services.store.tree_outline import read_outline

    outline = read_outline(store)
    import_alone(_import_content)
    from console.startup import window_filling

    target = window_filling.first_target(outline, stored_page)
    if target.object_kind is None:
        try:
            import_alone(window_filling.import_home)
        except Exception:
            log.exception("Home cannot be imported")  # and is told where it is shown
    return FirstContent(outline, target)


def _import_content() -> None:
    from console.startup import window_filling  # noqa: F401 - importing is the effect
