"""The window: menu bar, tree, pages and activity strip, and the parts that work in the background while it is open."""

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QCloseEvent, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QMainWindow, QMenuBar, QSplitter, QVBoxLayout, QWidget

from console.actions.import_watcher import ImportWatcher
from console.checks import check_schedule
from console.checks.check_all import ServerCheckRunner, has_servers
from console.checks.check_schedule import CheckSchedule
from console.checks.server_badges import ServerHealth
from console.design import theme
from console.expiries import expiry_notices
from console.expiries.expiry_badges import ExpiryBadges
from console.expiries.expiry_notices import ExpiryNotifier
from console.expiries.expiry_watch import expiry_watch
from console.inbox import my_names, notifications
from console.inbox.notifications import RequestNotifier
from console.inbox.polling_controller import PollingController
from console.inbox.saved_filter_nodes import SavedFilterController
from console.navigation.page import Page
from console.navigation.tree_model import TreeModel
from console.navigation.tree_view import Navigation
from console.policies.server_policies import PolicyNodes
from console.runtime.activity import FAILED
from console.runtime.context import Context
from console.runtime.page_targets import REQUESTS, Target
from console.runtime.task_runner import TaskRunner, show_and_wait
from console.runtime.tray import Tray
from console.runtime.window_settings import WindowSettings
from console.shell import dialogs, window_commands
from console.shell.activity_strip import ActivityPane, ActivityStrip
from console.shell.command_palette import Palette
from console.shell.menus import build_menu_bar
from console.shell.page_registry import create_object
from console.shell.page_stack import PageStack
from console.shell.palette_search import PaletteSearch
from console.shell.tree_controller import TreeController
from console.shell.unfinished_work import StartupCleanup
from console.shell.window_layout import WindowLayout
from console.widgets import activation, plain_text
from console.widgets.labels import horizontal_rule
from console.widgets.palette_field import PaletteButton
from services.common.errors import Problem
from services.language import tr

if TYPE_CHECKING:
    from services.store.tree_outline import Outline

TITLE = "Approval Console"
MENU_ROW_HEIGHT = 38
CHOICES = (
    check_schedule.SETTING_KEY,
    notifications.SETTING_KEY,
    my_names.SETTING_KEY,
    expiry_notices.SETTING_KEY,
)
"""Settings that resetting the layout keeps."""


class Window(QMainWindow):
    """The window of one store."""

    def __init__(self, ctx: Context, settings: WindowSettings) -> None:
        super().__init__()
        self.ctx = ctx
        self.settings = ctx.settings = settings
        self.tasks = TaskRunner(self, self.show_problem)
        self._leaving = False
        """Whether the user has confirmed to close the window although there are drafts."""
        self.model = TreeModel(self)
        self.navigation = Navigation(self.model)
        self.pages = PageStack(ctx, lambda target: self.model.node_of(target) is not None)
        self.health = ServerHealth(self)
        self.policies = PolicyNodes(self)
        self.rounds = ServerCheckRunner(self)
        self.leftovers = StartupCleanup(ctx, self)
        self.tray = Tray(self)
        self.schedule = CheckSchedule(self, settings)
        self.saved_filters = SavedFilterController(ctx, self, self.navigation)
        self.news = RequestNotifier(
            ctx,
            self,
            settings,
            self.tray,
            is_list_visible=self._is_request_list_visible,
            show_target=self.show_target,
        )
        self.expiries = expiry_watch(ctx)
        ExpiryBadges(self.expiries, self.model)
        ExpiryNotifier(self.expiries, ctx.activity, settings, self.tray, self.show_target)
        self.polling = PollingController(ctx, self)
        self.imports = ImportWatcher(ctx, self)
        ctx.create_object = partial(create_object, ctx)
        self.objects = TreeController(ctx, self.navigation, self.pages, self.tasks, self.saved_filters, self)
        window_commands.register_commands(self)
        self._build()
        self._connect()
        self.arrangement.restore()

    # -- building ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.setWindowTitle("Approval Console")
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.navigation)
        self.splitter.addWidget(self.pages)
        self.splitter.setStretchFactor(1, 1)
        self.arrangement = WindowLayout(self, self.splitter, self.navigation, self.settings)
        label = store_label(self.ctx.options.store)
        self.strip = ActivityStrip(self.ctx.activity, label, self.polling)
        self.pane = ActivityPane(self.ctx.activity)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (horizontal_rule(), self.splitter, self.pane, horizontal_rule(), self.strip):
            column.addWidget(widget, 1 if widget is self.splitter else 0)
        self.setCentralWidget(body)
        self.setMenuWidget(self._menu_row())
        self.search = PaletteSearch(self.ctx, self.model, self.show_target, self)
        self.palette_box = Palette(self, self.search.find_now)
        self.palette_box.asked.connect(self._search_in_background)

    def _menu_row(self) -> QWidget:
        row = QWidget()
        row.setProperty("role", "window")
        row.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row.setFixedHeight(MENU_ROW_HEIGHT)
        line = QHBoxLayout(row)
        line.setContentsMargins(8, 0, 12, 0)
        self.menu_bar = QMenuBar()
        self.menu_bar.setNativeMenuBar(False)
        build_menu_bar(self.menu_bar, self.ctx.commands)
        self.door = PaletteButton()
        self.door.opened.connect(self.open_palette)
        line.addWidget(self.menu_bar, 1, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.door)
        return row

    def _connect(self) -> None:
        ctx = self.ctx
        for changed in (self.rounds.changed, ctx.undo.changed):
            changed.connect(ctx.commands.refresh)
        ctx.navigated.connect(self.show_target)
        ctx.problem_raised.connect(self.show_problem)
        ctx.notified.connect(lambda text: ctx.activity.record(text, text))
        self.pages.title_changed.connect(self._update_title)
        self.objects.outlined.connect(self.arrangement.grow_tree_to_names)
        self.strip.toggled.connect(self.toggle_activity)
        theme.of().theme_changed.connect(ctx.commands.recolour_icons)
        activation.enable_context_menu_shortcut(self)
        for command in ctx.commands:
            self.addAction(ctx.commands.action(command.id))

    # -- tree and pages ----------------------------------------------------------------------------------------

    @property
    def page(self) -> Page | None:
        """The shown page; None before the first one."""
        return self.pages.page

    def show_target(self, target: Target) -> None:
        """Show the page of a target."""
        self.pages.show_target(target)

    def show_outline(self, outline: "Outline") -> None:
        """Fill the tree."""
        self.objects.show_outline(outline)

    def refresh_tree(self) -> None:
        """Read the tree again."""
        self.objects.refresh()

    def _update_title(self) -> None:
        title = self.page.title if self.page is not None else ""
        self.setWindowTitle(plain_text.window_title(f"{title} – {TITLE}" if title else TITLE))

    def _is_request_list_visible(self) -> bool:
        return self.isActiveWindow() and self.page is not None and self.page.target.kind == REQUESTS

    # -- commands ----------------------------------------------------------------------------------------------

    def open_palette(self) -> None:
        """Open the command palette over the page."""
        self.palette_box.open()

    def _search_in_background(self, text: str) -> None:
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
        return has_servers(self.model) and not self.rounds.running

    def toggle_activity(self) -> None:
        """Open or close the list of activities."""
        self.pane.setVisible(not self.pane.isVisible())

    def set_scheme(self, scheme: str) -> None:
        """Show other colours, and store the choice."""
        theme.of().apply(scheme)
        self.settings.set_text("scheme", scheme)

    def reset_layout(self) -> None:
        """Show the layout of the first start; other choices are kept."""
        self.settings.clear(keep=CHOICES)
        self.arrangement.reset()
        self.pages.reset_layout()

    # -- problems ----------------------------------------------------------------------------------------------

    def show_problem(self, problem: Problem) -> None:
        """Show a problem in a dialog, once if several parts of the window report the same one."""
        shown = (sheet for sheet in self.findChildren(dialogs.ProblemSheet) if sheet.isVisible())
        if any(sheet.problem is problem for sheet in shown):
            return
        self.ctx.activity.record(problem.tried, problem.cause, FAILED)
        dialogs.ProblemSheet(problem, self).open()

    def show_crash(self, report: str) -> None:
        """Show the report of an unexpected error."""
        dialogs.crash_sheet(report, self).open()

    # -- closing -----------------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Store the layout and the shown page for the next start."""
        self.arrangement.store()
        if self.page is not None:
            target = self.page.target
            self.settings.set_text("page", f"{target.kind}|{target.id or ''}")
        self.settings.sync()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Ask for confirmation if there are drafts; otherwise store the layout and stop all background work."""
        drafts = [draft for draft in self.ctx.drafts.all() if not draft.untouched]
        if event is not None and drafts and not self._leaving:
            event.ignore()
            self.tasks.start(self._confirm_leaving(len(drafts)), group="leave")
            return
        self.remember()
        self.health.stop()
        self.policies.stop()
        self.rounds.stop()
        self.leftovers.stop()
        self.schedule.stop()
        self.polling.stop()
        self.imports.stop()
        self.expiries.stop()
        self.news.stop()
        self.saved_filters.stop()
        super().closeEvent(event)

    async def _confirm_leaving(self, count: int) -> None:
        if await show_and_wait(dialogs.LeaveDialog(count, self)):
            self._leaving = True
            self.close()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Move the palette with the window."""
        super().resizeEvent(event)
        if self.palette_box.isVisible():
            self.palette_box.place(self.rect())


def store_label(url: str) -> str:
    """Return how the strip names a store: a file by its name, a database server by its host."""
    if url.startswith("sqlite:///") or "://" not in url:
        return Path(url.removeprefix("sqlite:///")).name
    host = re.match(r"[^:/]+://(?:.*@)?(\[[^\]]+\]|[^:/?#]+)", url)
    return tr("Team store on {host}", host=host[1]) if host else tr("Team store")
