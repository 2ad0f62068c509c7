"""Starts the window. The order matters and is told here.

1. Folders, log and crash reports, before anything can go wrong.
2. A window that already shows this store is raised instead of a second one.
3. Theme and window; the first paint. Until here nothing slow is imported.
4. The outline, read with the standard library alone, fills the tree.
5. Store, vault and services open in a thread; pages wait for them one by one.
6. With the first input all other pages are imported in that thread. A while after the store was opened, what nobody
   waits for begins: the polling of ServiceNow, notifications, expiry dates.
7. When the window closes: drafts are written, tasks end, the store is closed.
"""

import asyncio
import contextlib
import logging
import os
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import (
    QEvent,
    QLibraryInfo,
    QLocale,
    QObject,
    QTimer,
    QtMsgType,
    QTranslator,
    qInstallMessageHandler,
)
from PyQt6.QtGui import QFont
from PyQt6.QtWidgets import QApplication

from console.design import icons, theme
from console.runtime import drafts
from console.runtime.caret_rest import CaretRest
from console.runtime.context import Context
from console.runtime.options import Options
from console.runtime.page_targets import HOME, Target
from console.runtime.single_instance import SingleInstance
from console.runtime.window_settings import WindowSettings
from console.shell.main_window import Window
from console.shell.page_registry import import_all_pages
from console.startup import event_loop, memory, start_trace, terminal_output
from console.startup.crash_reports import CrashReports
from models.kinds import Kind
from services import language
from services.common.user_folders import FolderError, Paths, create_profile_folder

STYLE_ARGUMENTS = ("-style", "fusion")
"""The style that draws the same everywhere; asked for here because `setStyle` hands a style to Python, whose
enumerations would then be made before the first paint."""
SETTLE_MS = 2500
"""How long after the store was opened what nobody waits for begins: polling, notifications, expiry dates."""
INPUT_EVENTS = frozenset(
    {
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.KeyPress,
    }
)

QT_LIBRARIES_HINT = """\
On Linux, see that the display can be reached; python3 dev.py run installs the shared libraries that a window needs, or
names them."""
NO_DISPLAY = """\
There is no display for a window: neither DISPLAY nor WAYLAND_DISPLAY is set.
Every command works without one; approval-console --help lists them, and demo --headless --out DIR saves pictures of the pages."""
EXIT_NO_DISPLAY, EXIT_CANCELLED = 3, 130
"""The exit statuses of the public interface for what could not be done, and for what was broken off."""


class FirstPaint(QObject):
    """Notices when a window was painted for the first time, and calls back once."""

    def __init__(self, window: Window, then: Callable[[], object]) -> None:
        super().__init__(window)
        self._then = then
        window.installEventFilter(self)
        self._window = window

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Wait for the first paint to be over."""
        if event is not None and event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self._then)
        return super().eventFilter(watched, event)


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


def _qt_message(kind: QtMsgType, _context: object, text: str | None) -> None:
    """Write what Qt says into the log; without a screen it says much that is true and means nothing.

    After its last words Qt ends the process, so these are for the person who started it.
    """
    level = logging.WARNING if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg) else logging.INFO
    logging.getLogger("qt").log(level, "%s", text)
    if kind == QtMsgType.QtFatalMsg:
        terminal_output.write(f"{(text or '').strip()}\n{QT_LIBRARIES_HINT}", err=True)


def install_qt_message_handler() -> None:
    """Take over Qt's own messages."""
    qInstallMessageHandler(_qt_message)


def is_display_missing() -> bool:
    """Whether there is nowhere to show a window; says so, because Qt would end the process instead."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if not sys.platform.startswith("linux") or any(os.environ.get(name) for name in named):
        return False
    terminal_output.write(NO_DISPLAY, err=True)
    return True


def make_application() -> QApplication:
    """Return the application, made if there is none, with its name and icon."""
    found = QApplication.instance()
    app = found if isinstance(found, QApplication) else QApplication([*sys.argv[:1], *STYLE_ARGUMENTS])
    app.setApplicationName("Approval Console")
    app.setDesktopFileName("approval-console")
    _translate_qt(app)
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        # Without a desktop there is no interface font; hinting would make letters stand unevenly.
        font = QFont(app.font())
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        app.setFont(font)
    return app


def _system_tags() -> list[str]:
    """Return the languages of the system; macOS does not put them into the environment of what the Finder starts."""
    found = language.system_tags()
    return found if found or sys.platform != "darwin" else QLocale.system().uiLanguages()


def _translate_qt(app: QApplication) -> None:
    """Let Qt's own texts, such as those of standard buttons, follow the language of the program."""
    used = language.current_language()
    if used.is_english:
        return
    translator = QTranslator(app)
    if translator.load(f"qtbase_{used.code}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)


def run(options: Options) -> int:
    """Open the window and return when it has closed."""
    from services.common.logging_setup import try_configure_logging

    language.set_language(language.choose_language(options.language, system=_system_tags()))
    if is_display_missing():
        return EXIT_NO_DISPLAY
    try:
        paths = Paths.of()
        for folder in (paths.state, paths.config):
            create_profile_folder(folder)
    except FolderError as error:
        terminal_output.write(error.problem.as_text(), err=True)
        return error.exit_status
    silent = try_configure_logging(paths.state / "logs", verbose=options.verbose)
    if silent:
        terminal_output.write(silent, err=True)
    install_qt_message_handler()
    app = make_application()
    options = replace(options, store=options.store or paths.default_store)
    one = SingleInstance(options.store, paths.state)
    if not one.is_first() and one.raise_existing():
        return 0
    crash = CrashReports(paths.state)
    crash.install()
    try:
        return event_loop.run(app, lambda stop: _main(app, options, paths, crash, one, stop, silent)) or 0
    finally:
        one.close()
        crash.close()


async def _main(
    app: QApplication,
    options: Options,
    paths: Paths,
    crash: CrashReports,
    one: SingleInstance,
    stop: asyncio.Event,
    silent: str,
) -> int:
    asyncio.get_running_loop().set_exception_handler(crash.loop_error)
    profile = paths.config
    settings = WindowSettings(profile)
    theme.apply(app, settings.text("scheme", "system"))
    app.setWindowIcon(icons.icon("process", "accent"))
    CaretRest(app)
    ctx = Context(options, profile, preload=import_all_pages, settle_ms=SETTLE_MS)
    window = Window(ctx, settings)
    crash.show = window.show_crash
    one.raised.connect(lambda: _bring_to_front(window))
    FirstPaint(window, lambda: _on_first_paint(window, profile, one))
    if silent:
        ctx.notify(silent)
    else:
        _report_log_failures(ctx)
    window.show()
    await stop.wait()
    window.remember()
    with contextlib.suppress(asyncio.CancelledError):
        await ctx.aclose(window)
    return 0


def _report_log_failures(ctx: Context) -> None:
    """Let the window say that the log cannot be written any more; any thread may notice it."""
    from services.common.logging_setup import PrivateRotatingFileHandler

    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrivateRotatingFileHandler):
            handler.on_failure = ctx.notify


def _on_first_paint(window: Window, profile: Path, one: SingleInstance) -> None:
    """Fill the tree, then open what takes longer."""
    from services.store.tree_outline import read_outline

    start_trace.log_start_event("first-paint")
    memory.share_heap_between_threads()
    ctx = window.ctx
    ctx.drafts.restore(drafts.drafts_file(profile, ctx.options.store))
    outline = read_outline(ctx.options.store)
    if outline is not None:
        window.show_outline(outline)
        start_trace.log_start_event("tree-filled")
    if start_trace.quits_after_trace():
        window.close()
        return
    one.listen()
    ctx.settled.connect(window.polling.start)
    ctx.settled.connect(window.imports.start)
    window.show_target(_last_page(window))
    # After the page has begun to read: what it can read without the open store must not wait for it.
    ctx.open()
    FirstInput(window, ctx.warm_up)


def _last_page(window: Window) -> Target:
    """Return the page that was shown last, if it still exists."""
    kind, _, object_id = window.settings.text("page").partition("|")
    if object_id and kind in set(Kind):
        target = Target(kind, uuid.UUID(object_id))
        if window.model.node_of(target) is not None:
            return target
    return Target(HOME)


def _bring_to_front(window: Window) -> None:
    window.showNormal() if window.isMinimized() else window.show()
    window.raise_()
    window.activateWindow()
