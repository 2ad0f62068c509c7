"""Starts the window. The order matters and is told here.

1. Folders, log and crash reports, before anything can go wrong.
2. A window that already shows this store is raised instead of a second one.
3. Theme and frame of the window; the first paint. Until here only what paints empty areas is imported.
4. A thread reads the outline, with the standard library alone, and imports the rest of the window; both are shown.
5. Store, vault and services open in a thread; pages wait for them one by one.
6. With the first input all other pages are imported in that thread. A while after the store was opened, what nobody
   waits for begins: the polling of ServiceNow, notifications, expiry dates.
7. When the window closes: drafts are written, tasks end, the store is closed.

Step 4 is in `window_start`, what it imports and the steps 5 and 6 in `window_filling`.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace

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

from console.design import theme
from console.runtime.options import Options
from console.runtime.single_instance import SingleInstance
from console.runtime.window_settings import WindowSettings
from console.shell.main_window import Window
from console.startup import event_loop, memory, start_trace, terminal_output
from console.startup.crash_reports import CrashReports
from console.startup.window_start import WindowStart
from services import language
from services.common.user_folders import FolderError, Paths, create_profile_folder

STYLE_ARGUMENTS = ("-style", "fusion")
"""The style that draws the same everywhere; asked for here because `setStyle` hands a style to Python, whose
enumerations would then be made before the first paint."""
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
    settings = WindowSettings(paths.config)
    theme.apply(app, settings.text("scheme", "system"))
    window = Window(settings)
    crash.show = window.show_crash
    one.raised.connect(lambda: _bring_to_front(window))
    start = WindowStart(window, options, paths.config, silent)
    FirstPaint(window, lambda: _on_first_paint(app, one, start))
    window.show()
    await stop.wait()
    start.end()
    window.remember()
    if window.has_context:
        with contextlib.suppress(asyncio.CancelledError):
            await window.ctx.aclose(window)
    return 0


def _on_first_paint(app: QApplication, one: SingleInstance, start: WindowStart) -> None:
    start_trace.log_start_event("first-paint")
    memory.share_heap_between_threads()
    start.begin()
    from console.design import icons

    app.setWindowIcon(icons.icon("process", "accent"))
    one.listen()


def _bring_to_front(window: Window) -> None:
    window.showNormal() if window.isMinimized() else window.show()
    window.raise_()
    window.activateWindow()
