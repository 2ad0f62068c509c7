"""The window: menus and the palette's door, tree and page, activity. Pages come and go; the window leads to them."""

import asyncio
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PyQt6.QtCore import QPoint, QSize, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QResizeEvent
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMenuBar,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from console.checks import check_schedule
from console.checks.check_all import ServerCheckRunner, has_servers
from console.checks.check_schedule import CheckSchedule
from console.checks.server_badges import ServerHealth
from console.design import theme
from console.forms import object_actions as acts
from console.forms.undo import push_rename
from console.inbox import my_names, notifications
from console.inbox.notifications import RequestNotifier
from console.inbox.saved_filter_nodes import SavedFilterController
from console.inbox.window_polling import PollingController
from console.navigation.page import Page
from console.navigation.page_registry import create_page
from console.navigation.tree_model import Node, TreeModel
from console.navigation.tree_view import Navigation
from console.runtime import lazy_imports
from console.runtime.context import Context
from console.runtime.targets import FAULTS, HOME, REQUESTS, Target
from console.runtime.task_runner import TaskRunner, show_and_wait
from console.runtime.tray import Tray
from console.runtime.window_settings import WindowSettings
from console.shell import dialogs, window_commands
from console.shell.activity_strip import ActivityPane, ActivityStrip
from console.shell.command_palette import Palette
from console.shell.menus import build_menu_bar, node_menu
from console.shell.palette_search import MAX_REQUESTS, PaletteSearch
from console.shell.unfinished_work import StartupCleanup
from console.widgets import activation, plain_text
from console.widgets.dialog import WINDOW_FRAME
from console.widgets.palette_field import PaletteButton
from models.kinds import Kind
from services.common.errors import InvalidError, Owner, Problem
from services.common.fault_ids import FaultId
from services.language import plural, tr, tr_message

MINIMUM_SIZE = (960, 600)
DEFAULT_SIZE = (1280, 800)
TREE_WIDTH = (240, 420)
MENU_ROW_HEIGHT = 38
MAX_OPEN_PAGES = 12


class Window(QMainWindow):
    """One window on one store."""

    def __init__(self, ctx: Context, settings: WindowSettings) -> None:
        super().__init__()
        self.ctx = ctx
        self.settings = ctx.settings = settings
        self.tasks = TaskRunner(self, self.show_problem)
        self.page: Page | None = None
        self._pages: dict[tuple[str, object], Page] = {}
        self._back: list[Target] = []
        self._forward: list[Target] = []
        self._leaving = False
        self._gone: list[Page] = []
        """Pages that nothing was typed on, to be taken down when another one is shown."""
        self.model = TreeModel(self)
        self.navigation = Navigation(self.model)
        self.health = ServerHealth(self)
        self.rounds = ServerCheckRunner(self)
        self.leftovers = StartupCleanup(self.ctx, self)
        self.rounds.changed.connect(self.ctx.commands.refresh)
        ctx.undo.changed.connect(self.ctx.commands.refresh)
        self.tray = Tray(self)
        self.schedule = CheckSchedule(self, settings)
        self.saved_filters = SavedFilterController(ctx, self, self.navigation)
        self.news = RequestNotifier(
            ctx,
            self,
            settings,
            self.tray,
            is_list_visible=lambda: (
                self.isActiveWindow() and self.page is not None and self.page.target.kind == REQUESTS
            ),
            show_target=self.show_target,
        )
        self.polling = PollingController(self)
        window_commands.register_commands(self)
        self._build()
        self._connect()
        self._restore()

    # -- building ----------------------------------------------------------

    def _build(self) -> None:
        self.setWindowTitle("Approval Console")
        self.setMinimumSize(QSize(*MINIMUM_SIZE).boundedTo(self._room()))
        self.stack = QStackedWidget()
        self.stack.setMinimumWidth(500)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.navigation)
        self.splitter.addWidget(self.stack)
        self.splitter.setStretchFactor(1, 1)
        self.navigation.setMinimumWidth(TREE_WIDTH[0])
        self.navigation.setMaximumWidth(TREE_WIDTH[1])
        label = store_label(self.ctx.options.store)
        self.strip = ActivityStrip(self.ctx.activity, label, self.polling)
        self.pane = ActivityPane(self.ctx.activity)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (_rule(), self.splitter, self.pane, _rule(), self.strip):
            column.addWidget(widget, 1 if widget is self.splitter else 0)
        self.setCentralWidget(body)
        self.setMenuWidget(self._menu_row())
        self.search = PaletteSearch(self)
        self.palette_box = Palette(self, self.search.find)
        self.palette_box.asked.connect(self._start_background_search)

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
        ctx.navigated.connect(self.show_target)
        ctx.opened.connect(self.refresh_tree)
        ctx.changes.connect(self.refresh_tree)
        ctx.drafts.changed.connect(self.refresh_tree)
        ctx.problem_raised.connect(self.show_problem)
        ctx.notified.connect(lambda text: ctx.activity.record(text, text))
        self.navigation.chosen.connect(self.show_target)
        self.navigation.tree.menu_requested.connect(self._node_menu)
        self.navigation.tree.delete_requested.connect(self._delete_node)
        self.model.renamed.connect(self._renamed)
        self.strip.toggled.connect(self.toggle_activity)
        theme.of().theme_changed.connect(ctx.commands.recolour_icons)
        activation.enable_context_menu_shortcut(self)
        for command in ctx.commands:
            self.addAction(ctx.commands.action(command.id))

    def _room(self) -> QSize:
        """Return the greatest window that the screen shows whole."""
        screen = self.screen()
        return QSize(*DEFAULT_SIZE) if screen is None else screen.availableGeometry().size() - WINDOW_FRAME

    def default_size(self) -> QSize:
        """Return the size of the first window: what is usual, or what the screen has room for."""
        return QSize(*DEFAULT_SIZE).boundedTo(self._room())

    def _restore(self) -> None:
        geometry = self.settings.bytes("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(self.default_size())
        splitter = self.settings.bytes("splitter")
        self._width_chosen = splitter is not None and self.splitter.restoreState(splitter)
        if not self._width_chosen:
            self._set_tree_width(TREE_WIDTH[0])
        self.splitter.splitterMoved.connect(self._divider_moved)
        opened = self.settings.keys("expanded")
        if opened is not None:
            self.navigation.restore(opened)

    def _divider_moved(self, _place: int, _index: int) -> None:
        self._width_chosen = True

    def _set_tree_width(self, width: int) -> None:
        self.splitter.setSizes([width, self.width() - width - self.splitter.handleWidth()])

    def _grow_tree_to_names(self) -> None:
        """Make the tree as wide as its widest name, until somebody has moved the divider; it only ever grows."""
        wanted = min(self.navigation.natural_width(), TREE_WIDTH[1])
        if not self._width_chosen and wanted > self.navigation.width():
            self._set_tree_width(wanted)

    def remember(self) -> None:
        """Keep the layout for the next start."""
        self.settings.set_bytes("geometry", self.saveGeometry())
        if self._width_chosen:
            self.settings.set_bytes("splitter", self.splitter.saveState())
        self.settings.set_keys("expanded", self.navigation.expanded())
        if self.page is not None:
            target = self.page.target
            self.settings.set_text("page", f"{target.kind}|{target.id or ''}")
        self.settings.sync()

    # -- the tree ----------------------------------------------------------

    def show_outline(self, outline: Any) -> None:
        """Fill the tree with what was read."""
        shown = self.page.target if self.page is not None else None
        self.navigation.show_outline(outline, self.ctx.drafts.all(), shown)
        self._grow_tree_to_names()
        self.ctx.commands.refresh()

    def refresh_tree(self, *_what: object) -> None:
        """Read the outline again."""
        if self.ctx.workspace_or_none is not None:
            self.tasks.start(self._read_outline(), group="outline")

    async def _read_outline(self) -> None:
        self.show_outline(await self.ctx.call(self.ctx.workspace.configuration.outline))

    def _node_menu(self, node: Node, where: QPoint) -> None:
        menu: QMenu = node_menu(self, node)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(where)

    def _delete_node(self, node: Node) -> None:
        if node.saved_filter:
            self.saved_filters.delete(node.saved_filter)
        else:
            self.run_on_node(node, "delete")

    def _renamed(self, node: Node, name: str) -> None:
        if node.saved_filter:
            self.saved_filters.rename(node.saved_filter, name)
            return
        self.tasks.start(self._rename(node, name), group="rename")

    async def _rename(self, node: Node, name: str) -> None:
        workspace = await self.ctx.ready()
        from console.forms.open_requests_dialog import run_with_confirmation

        item = await self.ctx.call(workspace.configuration.get, node.kind, node.object_id)
        rename = partial(workspace.configuration.rename, node.kind, node.object_id, name, item.version)
        was = item.name
        try:
            done, _ = await run_with_confirmation(
                lambda count: self.ctx.call(partial(rename, confirmed=count)), self
            )
        except InvalidError as error:
            self.navigation.refuse(node, name, error)
            return
        if done:
            push_rename(self.ctx, node.kind, SimpleNamespace(id=node.object_id, name=name), was)
            self.ctx.notify(tr("Renamed to {name}", name=name))

    # -- pages -------------------------------------------------------------

    def show_target(self, target: Target) -> None:
        """Show the page of a target; pages with drafts and the newest ones stay in memory."""
        if self.page is not None and self.page.target.same_page(target):
            self.page.arrive(target)
            self.navigation.select(target)
            return
        if self.page is not None:
            self._back.append(self.page.target.place)
            self._forward.clear()
        self._show(target)

    def _show(self, target: Target) -> None:
        key = (target.kind, target.id)
        page = self._pages.pop(key, None)
        fresh = page is None
        if page is None:
            page = create_page(target, self.ctx)
            page.title_changed.connect(lambda _title: self._update_title())
            page.commands_changed.connect(self.ctx.commands.refresh)
            page.placed.connect(self._placed)
            self.stack.addWidget(page)
        self._pages[key] = page
        left, self.page = self.page, page
        if fresh:
            # Built now, laid out and painted in the next turn of the loop: together they would be one long step.
            # Not 0, which Qt runs before it looks at the keyboard again.
            QTimer.singleShot(1, self._reveal)
            # Or the page that is left would be painted once more; at the start there is none.
            self.stack.setUpdatesEnabled(self.stack.currentWidget() in (None, page))
            page.load()
        else:
            self._reveal()
            page.arrive(target)
        self.navigation.select(target)
        self._update_title()
        self.ctx.commands.refresh()
        if left is not None and left is not page:
            self._discard_empty_draft(left.target)
        self._close_old_pages()

    def _discard_empty_draft(self, target: Target) -> None:
        """Forget a new object whose page was left without anything typed."""
        draft = self.ctx.drafts.get(target.kind, target.id)
        if draft is None or not draft.untouched:
            return
        self.ctx.drafts.discard(target.kind, draft.id)
        gone = self._pages.pop((target.kind, target.id), None)
        if gone is not None and gone is self.stack.currentWidget():
            self._gone.append(gone)  # it is seen until the other page is laid out
        elif gone is not None:
            gone.deleteLater()

    def _placed(self, target: Target) -> None:
        if self.page is not None and self.page.target.same_page(target):
            self.navigation.select(target)

    def _reveal(self) -> None:
        self.stack.setUpdatesEnabled(True)
        if self.page is None or self.page is self.stack.currentWidget():
            return
        left, keyboard = self.stack.currentWidget(), QApplication.focusWidget()
        inside = left is not None and keyboard is not None and left.isAncestorOf(keyboard)
        self.stack.setCurrentWidget(self.page)
        while self._gone:
            self._gone.pop().deleteLater()
        if inside:
            # Qt would put the keyboard on whatever button comes next; Tab is to begin at the top of the page.
            self.page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close_old_pages(self) -> None:
        """Close the pages that were not looked at for longest and hold nothing."""
        for key, page in list(self._pages.items())[:-MAX_OPEN_PAGES]:
            if page is not self.page and not page.has_draft and not page.working:
                del self._pages[key]
                self.stack.removeWidget(page)
                page.deleteLater()

    def _update_title(self) -> None:
        title = self.page.title if self.page is not None else ""
        self.setWindowTitle(
            plain_text.window_title(f"{title} – Approval Console" if title else "Approval Console")
        )

    def page_supports(self, command: str) -> bool:
        """Whether the shown page can do something now."""
        return self.page is not None and command in self.page.enabled()

    def switch_tab(self, step: int) -> None:
        """Show the tab so many places further on a page that has tabs; after the last comes the first."""
        tabs = self.page.tab_bar if self.page is not None else None
        if tabs is not None:
            tabs.setCurrentIndex((tabs.currentIndex() + step) % tabs.count())

    def run_on_page(self, command: str) -> None:
        """Let the shown page do something."""
        if self.page is not None:
            self.page.run(command)

    # -- going -------------------------------------------------------------

    def can_go_back(self) -> bool:
        """Whether there is a page before this one."""
        return any(self._is_other_existing_page(target) for target in self._back)

    def can_go_forward(self) -> bool:
        """Whether there is a page that was left by going back."""
        return any(self._is_other_existing_page(target) for target in self._forward)

    def go_back(self) -> None:
        """Show the page before."""
        self._walk(self._back, self._forward)

    def go_forward(self) -> None:
        """Show the page that was left by going back."""
        self._walk(self._forward, self._back)

    def _walk(self, way: list[Target], other_way: list[Target]) -> None:
        while way and self.page is not None:
            target = way.pop()
            if self._is_other_existing_page(target):
                other_way.append(self.page.target.place)
                self._show(target)
                return

    def _is_other_existing_page(self, target: Target) -> bool:
        """Whether a target is another page than this one, and of something that still exists."""
        exists = target.object_kind is None or self.model.node_of(target) is not None
        return exists and self.page is not None and not self.page.target.same_page(target)

    def go_home(self) -> None:
        """Show the guide."""
        self.show_target(Target(HOME))

    def go_requests(self) -> None:
        """Show the requests."""
        self.show_target(Target(REQUESTS))

    def go_faults(self) -> None:
        """Show the fault catalog."""
        self.show_target(Target(FAULTS))

    # -- commands ----------------------------------------------------------

    def new(self, kind: str) -> None:
        """Start an object of a kind as a draft."""
        self.tasks.start(acts.new_object(self.ctx, Kind(kind)), group="new")

    def open_wizard(self) -> None:
        """Open the set-up wizard."""
        from console.setup.wizard import open_wizard

        open_wizard(self.ctx, self)

    def open_my_names(self) -> None:
        """Ask what whoever sits here is called in ServiceNow."""
        my_names.open_my_names(self.settings, self, self.saved_filters.filters.reset_inbox)

    def open_palette(self) -> None:
        """Open the palette over the page."""
        self.palette_box.open()

    def _start_background_search(self, text: str) -> None:
        self.tasks.start(self._search_in_background(text), group="palette")

    async def _search_in_background(self, text: str) -> None:
        # A caller's name comes first: somebody waits on the telephone.
        try:
            requests = await self.search.requests(text)
            cut = len(requests) == MAX_REQUESTS
            self.palette_box.add(text, tr("Requests"), requests, cut=cut)
            self.palette_box.add(text, tr("Faults"), await self.search.faults(text))
        finally:
            self.palette_box.finish(text)

    def focus_search(self) -> None:
        """Put the keyboard into the search of the shown page, or into the tree's filter where the page has none."""
        if not (self.page is not None and self.page.run("find")):
            self.focus_filter()

    def focus_filter(self) -> None:
        """Put the keyboard into the tree's filter."""
        self.navigation.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.navigation.filter.selectAll()

    def can_rename(self) -> bool:
        """Whether the selected node or the shown page has a name that can change."""
        node = self.navigation.current()
        named = node is not None and (node.object_id is not None or bool(node.saved_filter))
        return named or self.page_supports("rename")

    def rename(self) -> None:
        """Rename in the tree where the keyboard is there, else on the page."""
        node = self.navigation.current()
        if (
            self.navigation.tree.hasFocus()
            and node is not None
            and (node.object_id is not None or node.saved_filter)
            and not node.draft
        ):
            self.navigation.edit(node)
        else:
            self.run_on_page("rename")

    def current_kind(self) -> Kind | None:
        """Return the kind of objects that the shown page is about."""
        if self.page is None:
            return None
        node = self.model.node_of(self.page.target)
        return node.kind if node is not None else self.page.target.object_kind

    def new_of_current_kind(self) -> None:
        """Start an object of the kind that is shown."""
        kind = self.current_kind()
        if kind is not None:
            self.new(kind)

    def run_on_node(self, node: Node, command: str) -> None:
        """Run a command on an object of the tree; its page is opened for it and runs it once it has read the object."""
        if command == "rename" and not node.draft:
            self.navigation.edit(node)
        else:
            self.show_target(replace(node.target, run=command))

    def toggle_activity(self) -> None:
        """Open or close the log of activity."""
        self.pane.setVisible(not self.pane.isVisible())

    def set_scheme(self, scheme: str) -> None:
        """Show other colours, and remember them."""
        theme.of().apply(scheme)
        self.settings.set_text("scheme", scheme)

    def reset_layout(self) -> None:
        """Bring sizes and open nodes back to what they were at the first start."""
        # What people chose is no layout.
        chosen = {
            key: self.settings.text(key)
            for key in (check_schedule.SETTING_KEY, notifications.SETTING_KEY, my_names.SETTING_KEY)
        }
        self.settings.clear()
        for key, value in chosen.items():
            if value:
                self.settings.set_text(key, value)
        self.resize(self.default_size())
        self.splitter.setSizes([TREE_WIDTH[0] + 22, self.width() - TREE_WIDTH[0] - 22])
        self.navigation.expand_defaults()
        for page in self._pages.values():
            page.reset_layout()

    def can_check_all(self) -> bool:
        """Whether there are servers, and no round goes on."""
        return has_servers(self.model) and not self.rounds.running

    def verify_audit(self) -> None:
        """Walk the audit chain and say what was found."""
        self.tasks.start(self._verify_audit(), group="audit")

    async def _verify_audit(self) -> None:
        job = self.ctx.activity.begin(tr("Verify the audit trail"))
        workspace = await self.ctx.ready()
        await lazy_imports.ready(self.ctx, lazy_imports.audit)
        from services.audit import signing

        verdict = await asyncio.to_thread(signing.verify_audit_trail, workspace.store, workspace.vault)
        if verdict.ok:
            text = plural(
                verdict.entries, "Audit trail intact, {count} entry", "Audit trail intact, {count} entries"
            )
            signed = tr("not signed") if verdict.signature.anchor is None else tr("signed")
            job.end(f"{text}, {signed}")
            return
        job.end(verdict.problem, "failed")
        self.show_problem(
            Problem(
                tried=tr_message("Verify the audit trail"),
                evidence=verdict.problem,
                cause=tr_message("The trail was changed from outside this program."),
                owner=Owner.CONSOLE,
                remedy=tr_message("Compare the store with its backups, and find out who may write to it."),
                fault=FaultId.AUDIT_BROKEN,
            )
        )

    def show_shortcuts(self) -> None:
        """Show every shortcut."""
        dialogs.shortcuts_sheet(self.ctx.commands, self).open()

    def show_about(self) -> None:
        """Show versions that can be copied."""
        dialogs.about_sheet(self.ctx.options.store, self.ctx.options.vault, self).open()

    def show_problem(self, problem: Problem) -> None:
        """Show what went wrong in its five parts."""
        shown = (s for s in self.findChildren(dialogs.ProblemSheet) if s.isVisible())
        if any(sheet.problem is problem for sheet in shown):
            return  # several parts of the window may have met the one failure
        self.ctx.activity.record(problem.tried, problem.cause, "failed")
        dialogs.ProblemSheet(problem, self).open()

    def show_crash(self, report: str) -> None:
        """Show what nobody expected."""
        dialogs.crash_sheet(report, self).open()

    # -- leaving -----------------------------------------------------------

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Ask about drafts first; the layout is kept."""
        drafts = [draft for draft in self.ctx.drafts.all() if not draft.untouched]
        if event is not None and drafts and not self._leaving:
            event.ignore()
            self.tasks.start(self._ask_to_leave(len(drafts)), group="leave")
            return
        self.remember()
        parts = (self.health, self.rounds, self.leftovers, self.schedule, self.polling, self.news)
        for part in (*parts, self.saved_filters):
            part.stop()
        super().closeEvent(event)

    async def _ask_to_leave(self, count: int) -> None:
        if await show_and_wait(dialogs.LeaveDialog(count, self)):
            self._leaving = True
            self.close()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the palette in its place."""
        super().resizeEvent(event)
        if self.palette_box.isVisible():
            self.palette_box.place(self.rect())


def store_label(url: str) -> str:
    """Return how the strip names a store: a file by its name, a shared one by its host."""
    if url.startswith("sqlite:///") or "://" not in url:
        return Path(url.removeprefix("sqlite:///")).name
    host = re.match(r"[^:/]+://(?:.*@)?(\[[^\]]+\]|[^:/?#]+)", url)
    return tr("Team store on {host}", host=host[1]) if host else tr("Team store")


def _rule() -> QFrame:
    rule = QFrame()
    rule.setProperty("role", "rule")
    return rule
