"""The window: its frame is painted first, then it is filled with menu bar, tree, pages and activity strip."""

from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCloseEvent, QResizeEvent
from PyQt6.QtWidgets import QMainWindow

from console.runtime.window_settings import WindowSettings
from console.shell.window_frame import WindowFrame
from console.shell.window_layout import WindowLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PyQt6.QtWidgets import QMenuBar

    from console.actions.import_watcher import ImportWatcher
    from console.checks.check_all import ServerCheckRunner
    from console.checks.check_schedule import CheckSchedule
    from console.checks.server_badges import ServerHealth
    from console.expiries.expiry_watch import ExpiryWatch
    from console.inbox.notifications import RequestNotifier
    from console.inbox.polling_controller import PollingController
    from console.inbox.saved_filter_nodes import SavedFilterController
    from console.navigation.page import Page
    from console.navigation.tree_model import TreeModel
    from console.navigation.tree_view import Navigation
    from console.policies.server_policies import PolicyNodes
    from console.runtime.context import Context
    from console.runtime.page_targets import Target
    from console.runtime.task_runner import TaskRunner
    from console.runtime.tray import Tray
    from console.shell.activity_strip import ActivityPane, ActivityStrip
    from console.shell.command_palette import Palette
    from console.shell.page_stack import PageStack
    from console.shell.palette_search import PaletteSearch
    from console.shell.tree_controller import TreeController
    from console.shell.unfinished_work import StartupCleanup
    from console.widgets.palette_field import PaletteButton
    from services.common.errors import Problem
    from services.store.tree_outline import Outline

TITLE = "Approval Console"


class Stoppable(Protocol):
    """A part that works while the window is open."""

    def stop(self) -> None:
        """End the work; nothing of it goes on after the window has closed."""


class Window(QMainWindow):
    """The window of one store: a frame of empty areas until `fill`. Before it, the window can be closed and show a crash.

    What is declared here is created by `console.shell.window_content`. Only what the frame needs is imported before.
    """

    ctx: "Context"
    tasks: "TaskRunner"
    model: "TreeModel"
    navigation: "Navigation"
    pages: "PageStack"
    objects: "TreeController"
    saved_filters: "SavedFilterController"
    menu_bar: "QMenuBar"
    door: "PaletteButton"
    search: "PaletteSearch"
    palette_box: "Palette"
    strip: "ActivityStrip"
    pane: "ActivityPane"
    tray: "Tray"
    health: "ServerHealth"
    policies: "PolicyNodes"
    rounds: "ServerCheckRunner"
    leftovers: "StartupCleanup"
    schedule: "CheckSchedule"
    news: "RequestNotifier"
    expiries: "ExpiryWatch"
    polling: "PollingController"
    imports: "ImportWatcher"
    background: tuple[Stoppable, ...] = ()
    """The parts that are stopped when the window closes."""

    def __init__(self, settings: WindowSettings) -> None:
        super().__init__()
        self.settings = settings
        self.has_context = self.is_filled = False
        """Whether `ctx` is there, and all the rest."""
        self._leaving = False
        """Whether the user has confirmed to close the window although there are drafts."""
        self.setWindowTitle("Approval Console")
        self.frame = WindowFrame(self)
        self.splitter = self.frame.splitter
        self.arrangement = WindowLayout(self, self.splitter, settings)
        self.arrangement.restore()

    def fill(self, ctx: "Context") -> None:
        """Import and create the content, once."""
        for _ in self.fill_in_turns(ctx):
            pass

    def fill_in_turns(self, ctx: "Context") -> "Iterator[None]":
        """Do what `fill` does; yields where other events may be handled, because together it is a long step."""
        from console.shell import window_content

        self.ctx, self.has_context = ctx, True
        yield from window_content.fill(self)
        self.is_filled = True
        if self.isActiveWindow() and self.focusWidget() is None:
            self.focusNextChild()  # as Qt does for a window that has its content when it is activated

    # -- tree and pages ----------------------------------------------------------------------------------------

    @property
    def page(self) -> "Page | None":
        """The shown page; None before the first one."""
        return self.pages.page

    def show_target(self, target: "Target") -> None:
        """Show the page of a target."""
        self.pages.show_target(target)

    def show_outline(self, outline: "Outline") -> None:
        """Fill the tree."""
        self.objects.show_outline(outline)

    def refresh_tree(self) -> None:
        """Read the tree again."""
        self.objects.refresh()

    def update_title(self) -> None:
        """Show the name of the page in the title."""
        from console.widgets import plain_text

        title = self.page.title if self.page is not None else ""
        self.setWindowTitle(plain_text.window_title(f"{title} – {TITLE}" if title else TITLE))

    def is_request_list_visible(self) -> bool:
        """Whether the user sees the list of requests."""
        from console.runtime.page_targets import REQUESTS

        return self.isActiveWindow() and self.page is not None and self.page.target.kind == REQUESTS

    # -- commands ----------------------------------------------------------------------------------------------

    def open_palette(self) -> None:
        """Open the command palette over the page."""
        self.palette_box.open()

    def search_in_background(self, text: str) -> None:
        """Search for a text of the palette in what is not in memory."""
        self.tasks.start(self.search.find_in_background(text, self.palette_box), group="palette")

    def focus_search(self) -> None:
        """Focus the search field of the shown page, or the filter of the tree if the page has none."""
        if not self.pages.run("find"):
            self.focus_filter()

    def focus_filter(self) -> None:
        """Focus the filter of the tree."""
        self.navigation.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.navigation.filter.selectAll()

    def can_check_all(self) -> bool:
        """Whether there are servers and no check of all of them is running."""
        from console.checks.check_all import has_servers

        return has_servers(self.model) and not self.rounds.running

    def toggle_activity(self) -> None:
        """Open or close the list of activities."""
        self.pane.setVisible(not self.pane.isVisible())

    def set_scheme(self, scheme: str) -> None:
        """Show other colours, and store the choice."""
        from console.design import theme

        theme.of().apply(scheme)
        self.settings.set_text("scheme", scheme)

    def reset_layout(self) -> None:
        """Show the layout of the first start; other choices are kept."""
        from console.shell.window_content import KEPT_SETTINGS

        self.settings.clear(keep=KEPT_SETTINGS)
        self.arrangement.reset()
        self.pages.reset_layout()

    # -- problems ----------------------------------------------------------------------------------------------

    def show_problem(self, problem: "Problem") -> None:
        """Show a problem in a dialog, once if several parts of the window report the same one."""
        from console.runtime.activity import FAILED
        from console.shell import dialogs

        shown = (sheet for sheet in self.findChildren(dialogs.ProblemSheet) if sheet.isVisible())
        if any(sheet.problem is problem for sheet in shown):
            return
        self.ctx.activity.record(problem.tried, problem.cause, FAILED)
        dialogs.ProblemSheet(problem, self).open()

    def show_crash(self, report: str) -> None:
        """Show the report of an unexpected error."""
        from console.shell import dialogs

        dialogs.crash_sheet(report, self).open()

    # -- closing -----------------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Store the layout and the shown page for the next start."""
        self.arrangement.store()
        if self.is_filled and self.page is not None:
            target = self.page.target
            self.settings.set_text("page", f"{target.kind}|{target.id or ''}")
        self.settings.sync()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Ask for confirmation if there are drafts; otherwise store the layout and stop all background work."""
        drafts = [draft for draft in self.ctx.drafts.all() if not draft.untouched] if self.has_context else []
        if event is not None and drafts and not self._leaving:
            event.ignore()
            self.tasks.start(self._confirm_leaving(len(drafts)), group="leave")
            return
        self.remember()
        for part in self.background:
            part.stop()
        super().closeEvent(event)

    async def _confirm_leaving(self, count: int) -> None:
        from console.runtime.task_runner import show_and_wait
        from console.shell import dialogs

        if await show_and_wait(dialogs.LeaveDialog(count, self)):
            self._leaving = True
            self.close()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Move the palette with the window."""
        super().resizeEvent(event)
        if self.is_filled and self.palette_box.isVisible():
            self.palette_box.place(self.rect())
