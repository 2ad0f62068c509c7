"""Fills the window: tree, pages, commands and menu bar, and the parts that work in the background while it is open.

Imported after the frame of the window was painted, because it imports most of the console.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMenuBar

from console.actions.import_watcher import ImportWatcher
from console.checks import check_schedule
from console.checks.check_all import ServerCheckRunner
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
from console.navigation.tree_model import TreeModel
from console.navigation.tree_view import Navigation
from console.policies.server_policies import PolicyNodes
from console.runtime.task_runner import TaskRunner
from console.runtime.tray import Tray
from console.shell import window_commands
from console.shell.activity_strip import ActivityPane, ActivityStrip
from console.shell.command_palette import Palette
from console.shell.menus import build_menu_bar
from console.shell.page_registry import create_object
from console.shell.page_stack import PageStack
from console.shell.palette_search import PaletteSearch
from console.shell.tree_controller import TreeController
from console.shell.unfinished_work import StartupCleanup
from console.widgets import activation
from console.widgets.palette_field import PaletteButton
from services.language import tr

if TYPE_CHECKING:
    from console.shell.main_window import Window

KEPT_SETTINGS = (
    check_schedule.SETTING_KEY,
    notifications.SETTING_KEY,
    my_names.SETTING_KEY,
    expiry_notices.SETTING_KEY,
)
"""Settings that resetting the layout keeps."""


def fill(window: "Window") -> Iterator[None]:
    """Create the content of a window and connect it; yields where other events may be handled."""
    ctx = window.ctx
    ctx.settings = window.settings
    window.tasks = TaskRunner(window, window.show_problem)
    _create_views(window)
    yield
    _create_background_parts(window)
    ctx.create_object = partial(create_object, ctx)
    window.objects = TreeController(
        ctx, window.navigation, window.pages, window.tasks, window.saved_filters, window
    )
    window_commands.register_commands(window)
    yield
    _insert(window)
    yield
    _connect(window)


def _create_views(window: "Window") -> None:
    window.model = TreeModel(window)
    window.navigation = Navigation(window.model)
    window.pages = PageStack(window.ctx, lambda target: window.model.node_of(target) is not None)


def _create_background_parts(window: "Window") -> None:
    ctx, settings = window.ctx, window.settings
    window.health = ServerHealth(window)
    window.policies = PolicyNodes(window)
    window.rounds = ServerCheckRunner(window)
    window.leftovers = StartupCleanup(ctx, window)
    window.tray = Tray(window)
    window.schedule = CheckSchedule(window, settings)
    window.saved_filters = SavedFilterController(ctx, window, window.navigation)
    window.news = RequestNotifier(
        ctx,
        window,
        settings,
        window.tray,
        is_list_visible=window.is_request_list_visible,
        show_target=window.show_target,
    )
    window.expiries = expiry_watch(ctx)
    ExpiryBadges(window.expiries, window.model)
    ExpiryNotifier(window.expiries, ctx.activity, settings, window.tray, window.show_target)
    window.polling = PollingController(ctx, window)
    window.imports = ImportWatcher(ctx, window)
    window.background = (
        window.health,
        window.policies,
        window.rounds,
        window.leftovers,
        window.schedule,
        window.polling,
        window.imports,
        window.expiries,
        window.news,
        window.saved_filters,
    )


def _insert(window: "Window") -> None:
    """Put the content into the frame."""
    ctx = window.ctx
    window.strip = ActivityStrip(ctx.activity, store_label(ctx.options.store), window.polling)
    window.pane = ActivityPane(ctx.activity)
    window.menu_bar = QMenuBar()
    window.menu_bar.setNativeMenuBar(False)
    build_menu_bar(window.menu_bar, ctx.commands)
    window.door = PaletteButton()
    window.door.opened.connect(window.open_palette)
    line = window.frame.menu_row
    line.addWidget(window.menu_bar, 1, Qt.AlignmentFlag.AlignVCenter)
    window.frame.insert(window.navigation, window.pages, window.pane, window.strip)
    line.addWidget(window.door)  # the last that Tab comes to before the page
    window.arrangement.attach(window.navigation)
    window.search = PaletteSearch(ctx, window.model, window.show_target, window)
    window.palette_box = Palette(window, window.search.find_now)
    window.palette_box.asked.connect(window.search_in_background)


def _connect(window: "Window") -> None:
    ctx = window.ctx
    for changed in (window.rounds.changed, ctx.undo.changed):
        changed.connect(ctx.commands.refresh)
    ctx.navigated.connect(window.show_target)
    ctx.problem_raised.connect(window.show_problem)
    ctx.notified.connect(lambda text: ctx.activity.record(text, text))
    window.pages.title_changed.connect(window.update_title)
    window.objects.outlined.connect(window.arrangement.grow_tree_to_names)
    window.strip.toggled.connect(window.toggle_activity)
    theme.of().theme_changed.connect(ctx.commands.recolour_icons)
    activation.enable_context_menu_shortcut(window)
    for command in ctx.commands:
        window.addAction(ctx.commands.action(command.id))


def store_label(url: str) -> str:
    """Return how the strip names a store: a file by its name, a database server by its host."""
    if url.startswith("sqlite:///") or "://" not in url:
        return Path(url.removeprefix("sqlite:///")).name
    host = re.match(r"[^:/]+://(?:.*@)?(\[[^\]]+\]|[^:/?#]+)", url)
    return tr("Team store on {host}", host=host[1]) if host else tr("Team store")
