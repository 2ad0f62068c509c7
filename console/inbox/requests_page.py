"""The Requests page: it creates the parts, connects their signals, and runs the commands of the page."""

import functools
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtCore import QPoint, QTimer, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.inbox.action_availability import ACTION_NAMES
from console.inbox.action_controller import ActionController
from console.inbox.details_area import DetailsArea
from console.inbox.details_loader import DetailsLoader
from console.inbox.details_pane import DetailsPane, copy_text
from console.inbox.empty_states import EmptyStateActions
from console.inbox.filter_counts import filter_catalog
from console.inbox.list_controller import RequestListController
from console.inbox.requests_layout import RequestsLayout
from console.inbox.requests_presenter import Choices, RequestsPresenter
from console.inbox.row_menu import row_menu
from console.inbox.selection_presenter import SelectionPresenter
from console.inbox.table_model import InboxModel
from console.navigation.page import Page
from console.navigation.request_places import ALL, FILTER_TAB_PREFIX, filter_target, is_passing_filter
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from services.common.errors import Problem
from services.common.process_environment import hide_driver_secrets
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.store.change_feed import Change

TICK_INTERVAL_MS, RELOAD_INTERVAL_MS = 1000, 30_000
WIDTHS_SETTING = "requests_widths"


class RequestsPage(Page):
    """Shows the requests of the store, follows their changes, and acts on the selected ones."""

    kind, icon = "requests", "tray"
    offered: ClassVar[tuple[str, ...]] = ("find", "export", "save_filter", "copy_answer", *ACTION_NAMES)

    _filters_changed = pyqtSignal()

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Requests"))
        self.tasks = TaskRunner(self, self._on_problem)
        self.filters = filter_catalog(ctx, self)
        self.model = InboxModel(self)
        self.widgets = RequestsLayout(self.title, self.model, self)
        self.table, self.bar, self.chips = self.widgets.table, self.widgets.bar, self.widgets.chips
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.widgets)
        self.details_area = DetailsArea(self.widgets.splitter, ctx.settings, self)
        self.late_parts.append(self.details_area.make_wanted)
        self.list_controller = RequestListController(ctx, self.table, self.filters)
        self.details_loader = DetailsLoader(ctx, self, self.details_area.show_details)
        self.presenter = RequestsPresenter(
            self.widgets,
            self.list_controller,
            self.details_loader,
            self.filters,
            tasks=self.tasks,
            polling=lambda: ctx.polling,
            read_choices=self._read_choices,
        )
        self.selection = self.presenter.selection = SelectionPresenter(
            self.list_controller,
            self.details_loader,
            self.details_area,
            shows_everything=lambda: self.presenter.shows_everything,
            focus_rows=self.widgets.focus_rows,
            commands_changed=self.commands_changed.emit,
        )
        self.action_controller = ActionController(
            ctx,
            self,
            self.tasks,
            focus_list=self.widgets.focus_list,
            finished=self.presenter.on_action_finished,
        )
        self.widgets.empty_actions = self._empty_state_actions()
        self._commands = self._command_functions()
        self.chips.choose(self.presenter.criteria.key)
        self._tick_timer = QTimer(self)
        self._tick_timer.setInterval(TICK_INTERVAL_MS)
        self._tick_timer.timeout.connect(self.widgets.update_times)
        self._tick_timer.timeout.connect(self.presenter.status.update)
        self._reload_timer = QTimer(self)
        self._reload_timer.setInterval(RELOAD_INTERVAL_MS)
        self._reload_timer.timeout.connect(self.list_controller.reload)
        self._connect_widgets()
        self._connect_controllers()

    def _empty_state_actions(self) -> EmptyStateActions:
        return EmptyStateActions(
            rehearse=self.rehearse,
            set_up=lambda: self.ctx.commands.run("setup"),
            refresh=self.presenter.refresh,
            clear_search=self.presenter.clear_search,
            search_everywhere=self.presenter.search_everywhere,
            show_all=lambda: self.presenter.show_filter(ALL),
        )

    def _command_functions(self) -> dict[str, Callable[[], None]]:
        return {
            "refresh": self.presenter.refresh,
            "find": self.widgets.focus_search,
            "export": self.export,
            "save_filter": self.save_filter,
            "rehearse": self.rehearse,
            "copy_answer": self.copy_answer,
            "open_in_servicenow": self.open_in_servicenow,
            **{name: functools.partial(self.act, name) for name in ACTION_NAMES},
        }

    def _connect_widgets(self) -> None:
        widgets, table, area = self.widgets, self.table, self.details_area
        for button, command in (
            (widgets.rehearse_button, "rehearse"),
            (widgets.export_button, "export"),
            (widgets.refresh_button, "refresh"),
        ):
            button.clicked.connect(lambda *_checked, command=command: self.run(command))
        widgets.place_requested.connect(lambda key: self.placed.emit(filter_target(key)))
        widgets.commands_updated.connect(self.commands_changed)
        self.chips.chosen.connect(self.presenter.show_filter)
        self.chips.save_requested.connect(lambda: self.run("save_filter"))
        self.bar.changed.connect(self.presenter.on_search_changed)
        self.bar.field.left.connect(widgets.focus_first_row)
        table.user_selected.connect(self.selection.on_user_selected)
        table.opened.connect(self.selection.focus_details)
        table.escape_pressed.connect(self.selection.close)
        table.copy_requested.connect(lambda: self.run("copy_answer"))
        table.menu_requested.connect(self._open_menu)
        table.sort_requested.connect(self.presenter.sort_by)
        settings = self.ctx.settings
        if settings is not None:
            table.set_widths(settings.text(WIDTHS_SETTING))
            table.widths_changed.connect(lambda: settings.set_text(WIDTHS_SETTING, table.widths()))
        area.command_requested.connect(self.run)
        area.closed.connect(self.selection.close)
        area.find_requested.connect(self.presenter.find_shown_request)

    def _connect_controllers(self) -> None:
        self.list_controller.shown.connect(self.presenter.show_snapshot)
        self.list_controller.resolved.connect(self.selection.follow)
        self.list_controller.failed.connect(self.presenter.show_read_failure)
        self.details_loader.changed.connect(self.selection.update_actions)
        self.details_loader.failed.connect(self.presenter.show_details_failure)
        # Through a signal of this page: the filters outlive the page, and Qt disconnects what a deleted object owns.
        self.filters.changed.connect(self._filters_changed)
        self._filters_changed.connect(self.presenter.update_filters)
        self.filters.identity_changed.connect(self.list_controller.reload)

    # -- the page ----------------------------------------------------------------------------------------------

    @property
    def pane(self) -> DetailsPane:
        """The details below the list."""
        return self.details_area.pane

    @property
    def visible_pane(self) -> DetailsPane | None:
        """The details if they are shown."""
        return self.details_area.visible_pane

    @property
    def working(self) -> bool:
        """Whether an action runs."""
        return self.action_controller.running > 0

    def load(self) -> None:
        """Read the requests, and read them again after every change."""
        self.ctx.changes.connect(self._on_changes)
        self.widgets.show_loading()
        self.arrive(self.target)
        self.presenter.start()

    def open_tab(self, name: str) -> None:
        """Show a filter, or one request: tabs of this page are `filter:KEY` and the ids of requests."""
        if name.startswith(FILTER_TAB_PREFIX):
            key = name.removeprefix(FILTER_TAB_PREFIX)
            if is_passing_filter(key):
                self.filters.keep_passing(key)
            self.presenter.show_filter(key)
        else:
            self.presenter.open_request(uuid.UUID(name))

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done now, by command id."""
        available = self.presenter.available_commands()
        return {name: function for name, function in self._commands.items() if name in available}

    def reset_layout(self) -> None:
        """Let the columns follow their texts again."""
        self.table.set_widths("")

    def showEvent(self, event: QShowEvent | None) -> None:
        """Read again what changed while the page was hidden, and update times from now on."""
        super().showEvent(event)
        self._tick_timer.start()
        self._reload_timer.start()
        self.presenter.on_visible()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Stop the timers while the page is hidden."""
        super().hideEvent(event)
        self._tick_timer.stop()
        self._reload_timer.stop()

    def _on_problem(self, problem: Problem) -> None:
        self.presenter.show_read_failure(problem)

    def _on_changes(self, changes: "list[Change]") -> None:
        self.presenter.on_store_changed({change.kind for change in changes}, visible=self.isVisible())

    async def _read_choices(self) -> Choices:
        inbox = await self.list_controller.inbox()
        from models.approval_process import ApprovalProcess

        workspace = await self.ctx.ready()
        policies = await self.ctx.call(inbox.policies)
        processes = await self.ctx.call(workspace.configuration.all, ApprovalProcess)
        return Choices(policies, sorted(processes, key=lambda process: process.name.casefold()))

    # -- commands ----------------------------------------------------------------------------------------------

    def act(self, name: str) -> None:
        """Open the dialog of an action for the selected requests."""
        rows = self.selection.rows()
        if rows:
            self.action_controller.open(
                name, rows, self.selection.known_approvers(rows), self.selection.denial_reason(rows)
            )

    def copy_answer(self) -> None:
        """Copy the answer for the caller to the clipboard."""
        copy_text(self.pane.answer)
        self.ctx.notify(tr("Copied the answer for the caller"))

    def open_in_servicenow(self) -> None:
        """Open the record in the browser."""
        with hide_driver_secrets():
            QDesktopServices.openUrl(QUrl(self.pane.link))

    def rehearse(self) -> None:
        """Rehearse a request through a process; if there are several, the user chooses one."""
        from console.rehearsal.rehearsal_from_inbox import start_rehearsal

        button = self.widgets.rehearse_button
        start_rehearsal(self.ctx, self, button, lambda: self.presenter.processes, self.tasks)

    def save_filter(self) -> None:
        """Save what is shown as a filter."""
        self.tasks.start(self._save_filter(), group="save")

    async def _save_filter(self) -> None:
        from console.inbox.save_filter_dialog import save_filter

        filter_, sort = self.presenter.shown_list()
        proposed = self.bar.criteria.proposed_name
        key = await save_filter(self.ctx, self.filters, filter_, sort, proposed, self.window() or self)
        if key is not None:
            self.presenter.show_filter(key)

    def export(self) -> None:
        """Export the list to a file."""
        from console.inbox.csv_export import CsvExport

        export = CsvExport(self.ctx, self.list_controller, *self.presenter.shown_list())
        name = self.filters.name_of(self.presenter.criteria.key)
        export.open_dialog(self.window(), name, lambda path: export.start(Path(path), self.tasks))

    def _open_menu(self, where: QPoint) -> None:
        sort = self.presenter.criteria.sort() if self.filters.filters_by_key else None
        row_menu(self, self.ctx.commands, sort, self.presenter.sort_by).popup(where)
