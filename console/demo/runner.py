"""Starts the practice instance and the window of the demo, in a store and profile that are gone afterwards."""

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from console.demo.options import DemoOptions
from console.startup import terminal_output

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QApplication

    from console.demo.script import DemoScript
    from console.shell.main_window import Window
    from services.practice import PracticeInstance
    from services.practice.privilege_manager import PracticePrivilegeManager

WIDTH, HEIGHT, FRAME = 1680, 960, 80
"""The size of a window that people look at, and what a desktop puts around it."""


def run(options: DemoOptions) -> int:
    """Run the demo; the window stays open unless it is headless."""
    if options.headless:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        os.environ.setdefault("QT_SCALE_FACTOR", "2")
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
    # Qt reads its environment when it is first imported.
    from PyQt6.QtCore import Qt

    from console.startup import event_loop
    from console.startup.application import (
        EXIT_CANCELLED,
        EXIT_NO_DISPLAY,
        install_qt_message_handler,
        is_display_missing,
        make_application,
    )

    if is_display_missing():
        return EXIT_NO_DISPLAY
    install_qt_message_handler()
    app = make_application()
    # The demo fills dialogs of files in, as it does its own.
    app.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    with tempfile.TemporaryDirectory(prefix="approval-console-demo-") as folder:
        try:
            return int(
                event_loop.run(
                    app, lambda stop: _main(app, options, Path(folder), stop), breaks_off=options.headless
                )
                or 0
            )
        except asyncio.CancelledError:
            return EXIT_CANCELLED


async def _main(app: "QApplication", options: DemoOptions, folder: Path, stop: asyncio.Event) -> int:
    from console.demo.script import DemoScript
    from console.design import icons, theme
    from console.runtime.context import Context
    from console.runtime.options import Options
    from console.runtime.page_targets import HOME, Target
    from console.runtime.window_settings import WindowSettings
    from console.shell.main_window import Window
    from console.shell.page_registry import import_all_pages
    from console.startup.crash_reports import CrashReports
    from services.language import preload_formatting
    from services.practice import PracticeInstance
    from services.practice.privilege_manager import PracticePrivilegeManager

    crash = CrashReports(folder)
    crash.install()
    asyncio.get_running_loop().set_exception_handler(crash.loop_error)
    async with (
        PracticeInstance(state="empty") as practice,
        PracticePrivilegeManager(empty=True) as privilege_manager,
    ):
        theme.apply(app, "light" if options.headless else "system")
        app.setWindowIcon(icons.icon("process", "accent"))
        ctx = Context(Options(f"sqlite:///{folder / 'demo.db'}", "session"), folder)
        window = Window(WindowSettings(folder))
        window.fill(ctx)
        _resize(window, headless=options.headless)
        problems: list[str] = []
        crash.show = problems.append if options.headless else window.show_crash
        window.show()
        ctx.open()
        await ctx.ready()
        for importing in (import_all_pages, preload_formatting, _import_services_of_script):
            await ctx.call_importing(importing)
        window.show_target(Target(HOME))
        good = True
        script = DemoScript(window, practice, privilege_manager, options.out, _print_line)
        if options.headless:
            _print_line(f"Practice instance at {practice.base_url}, without request items")
            _print_line(f"Practice Privilege Manager at {privilege_manager.base_url}, without policies")
            good = await _walk(window, script)
            for report in problems:
                _print_line(report)
        elif options.by_hand:
            window.polling.start()
            _print_introduction(practice, privilege_manager)
            await stop.wait()
        else:
            script.stage.slow_down()
            good = await _show(window, script, stop)
        with contextlib.suppress(asyncio.CancelledError):
            await ctx.aclose(window)
    crash.close()
    return 0 if good and not problems else 1


def _import_services_of_script() -> None:
    """Import what the script itself calls; runs in a thread, so that no import counts as a step of the window."""
    import services.connectivity.runner
    import services.intake.server
    import services.requests.worker.worker
    import services.transport.call_imports  # noqa: F401 - importing is the effect


def _resize(window: "Window", *, headless: bool) -> None:
    """Take the size of the pictures, or one in which the three sides of the workflow stand beside each other."""
    screen = window.screen()
    if headless or screen is None:
        window.resize(1280, 800)
    else:
        room = screen.availableGeometry()
        window.resize(min(WIDTH, room.width() - FRAME), min(HEIGHT, room.height() - FRAME))


async def _walk(window: "Window", script: "DemoScript") -> bool:
    """Walk the guide and close the window; returns whether everything was observed."""
    try:
        good = await script.run()
    finally:
        await script.close()
    drafts = window.ctx.drafts
    for draft in drafts.all():
        drafts.discard(draft.kind, draft.id)
    window.close()
    return good


async def _show(window: "Window", script: "DemoScript", stop: asyncio.Event) -> bool:
    """Walk the guide in the window, and leave it open on the workflow; returns whether everything was observed."""
    from console.runtime.task_runner import TaskRunner

    outcomes: list[bool] = []

    def ended(good: bool) -> None:  # noqa: FBT001 -- called by the runner
        outcomes.append(good)
        if good:
            _print_line(
                "The workflow stays open: ask as the endpoint, decide as the approver. Close the window to end."
            )

    tasks = TaskRunner(window, window.show_problem)
    tasks.start(script.run(), on_result=ended)
    try:
        await stop.wait()
    finally:
        tasks.cancel_all()
        await script.close()
    return outcomes != [False]


def _print_introduction(practice: "PracticeInstance", privilege_manager: "PracticePrivilegeManager") -> None:
    """Say at the terminal which address and accounts the guide can be walked with."""
    accounts = practice.accounts
    _print_line(f"The practice instance is at {practice.base_url}")
    for name in ("privman.integration", "app.approver", "admin"):
        account = accounts[name]
        _print_line(f"  {account.user:22} {account.password:18} {account.purpose}")
    _print_line(f"The practice Privilege Manager is at {privilege_manager.base_url}")
    _print_line(
        f"  {privilege_manager.client_id}  {privilege_manager.client_secret}  API client of the console"
    )
    _print_line(
        "Follow the guide on the home page, or choose Set up everything. Close the window to end the demo."
    )


def _print_line(text: str) -> None:
    terminal_output.write(text, err=False)
