"""What a window shows and does after its first paint: the content of step 4 of the start, and the steps 5 and 6.

Imported in a thread after the first paint, because it imports most of the console.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtWidgets import QApplication

from console.runtime import drafts
from console.runtime.caret_rest import CaretRest
from console.runtime.context import Context
from console.runtime.options import Options
from console.runtime.page_targets import HOME, Target
from console.setup import home_facts
from console.shell import window_content  # noqa: F401 - `Window.fill` finds it imported
from console.shell.main_window import Window
from console.shell.page_registry import page_class, page_imports
from console.startup import start_trace
from console.startup.memory import give_back_free_memory
from services.common.logging_setup import PrivateRotatingFileHandler

if TYPE_CHECKING:
    from services.store.tree_outline import Outline

SETTLE_MS = 2500
"""How long after the store was opened what nobody waits for begins: polling, notifications, expiry dates."""
REST_MS = 4000
"""How long after that memory which the start has left free is given back: the first round of polling is over."""
INPUT_EVENTS = frozenset(
    {
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.KeyPress,
    }
)


class FirstInput(QObject):
    """Notices the first input of any kind to the program, and calls back once: the pages are imported from then on.

    A window that nobody touches, such as one that starts with the session, needs neither the time nor the memory.
    """

    def __init__(self, window: Window, then: Callable[[], object]) -> None:
        super().__init__(window)
        self._then = then
        # Not of the application: a filter in Python for each event of each widget would slow the start.
        self._handle = window.windowHandle()
        if self._handle is not None:
            self._handle.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Wait for an event that somebody caused."""
        if event is not None and self._handle is not None and event.type() in INPUT_EVENTS:
            self._handle.removeEventFilter(self)
            self._handle = None
            QTimer.singleShot(0, self._then)
        return super().eventFilter(watched, event)


def first_target(outline: "Outline | None", stored_page: str) -> Target:
    """Return the object whose page was shown last, if it still exists, or Home."""
    kind, _, object_id = stored_page.partition("|")
    for row in outline.rows if outline is not None else ():
        if row.kind == kind and str(row.id) == object_id:
            return Target(row.kind, row.id)
    return Target(HOME)


def import_home() -> None:
    """Import Home, and what reads it."""
    from services.setup import guide_outline  # noqa: F401 - importing is the effect

    page_class(Target(HOME))


def fill(
    window: Window, options: Options, profile: Path, notice: str, outline: "Outline | None", target: Target
) -> Iterator[None]:
    """Give the window its content, tree and drafts; yields where other events may be handled.

    `notice` is a sentence for the strip, or empty; `target` will be the first page.
    """
    app = QApplication.instance()
    if isinstance(app, QApplication):
        CaretRest(app)
    ctx = Context(options, profile, preload=page_imports, settle_ms=SETTLE_MS)
    if target.kind == HOME:
        home_facts.read_ahead(ctx)
    yield
    yield from window.fill_in_turns(ctx)
    yield
    if notice:
        ctx.notify(notice)
    else:
        _report_log_failures(ctx)
    ctx.drafts.restore(drafts.drafts_file(profile, ctx.options.store))
    if outline is not None:
        window.show_outline(outline)
        start_trace.log_start_event("tree-filled")
    yield


def open_store(window: Window, target: Target) -> None:
    """Show the first page, then open the store, which takes longer."""
    ctx = window.ctx
    if start_trace.quits_after_trace():
        window.close()
        return
    ctx.settled.connect(window.polling.start)
    ctx.settled.connect(window.imports.start)
    rest = QTimer(window)
    rest.setSingleShot(True)
    rest.setInterval(REST_MS)
    rest.timeout.connect(lambda: ctx.tasks.start(_give_back_memory(ctx), group="memory"))
    ctx.settled.connect(rest.start)
    # What polls of many servers needed for a moment is as much again as a start leaves free.
    window.polling.changed.connect(lambda: rest.isActive() or rest.start())
    if not window.pages.has_target:  # nobody was faster
        window.show_target(target)
    # After the page has begun to read: what it can read without the open store must not wait for it.
    ctx.open()
    FirstInput(window, ctx.warm_up)


async def _give_back_memory(ctx: Context) -> None:
    await ctx.call(give_back_free_memory)


def _report_log_failures(ctx: Context) -> None:
    """Let the window say that the log cannot be written any more; any thread may notice it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrivateRotatingFileHandler):
            handler.on_failure = ctx.notify
