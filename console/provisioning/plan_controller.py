"""Plans for the page: reads the instance, plans again after edits, and shows plan and selected change."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QWidget

from console.provisioning import operations
from console.provisioning.operations import PlanResult
from console.provisioning.plan_tab import CHANGE, PlanTab
from console.provisioning.presenter import ProvisioningPresenter
from console.runtime import lazy_imports
from console.runtime.task_runner import TaskRunner
from services.common.errors import ConsoleError

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem

REPLAN_DELAY_MS = 300
TASK_GROUP = "plan"


class PlanController(QObject):
    """Makes one plan at a time and shows it in a `PlanTab`."""

    changed = pyqtSignal()
    """The state of the presenter changed."""

    def __init__(
        self,
        ctx: "Context",
        tasks: TaskRunner,
        presenter: ProvisioningPresenter,
        tab: PlanTab,
        page: QWidget,
    ) -> None:
        super().__init__(page)
        self._ctx = ctx
        self._tasks = tasks
        self._presenter = presenter
        self._tab = tab
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REPLAN_DELAY_MS)
        self._timer.timeout.connect(self.plan)
        tab.parameters.changed.connect(self._on_names_edited)
        tab.change_chosen.connect(self._show_change)
        tab.plan_requested.connect(self.plan)
        tab.cancel_requested.connect(self.cancel)
        tab.change.overwrite_requested.connect(self._on_overwrite_requested)

    # -- planning ----------------------------------------------------------

    def plan(self) -> None:
        """Plan anew, and forget how the last run ended."""
        self._presenter.result = None
        self.plan_after_run()

    def plan_after_run(self) -> None:
        """Plan anew, while the page keeps showing how the last run ended."""
        self._timer.stop()
        server = self._presenter.server
        if server is None or not self._presenter.begin_planning():
            return
        self._tab.planning(on=True)
        self._tasks.start(self._plan(server), group=TASK_GROUP)
        self.changed.emit()

    async def _plan(self, server: "ForeignSystem") -> None:
        await lazy_imports.ready(self._ctx, lazy_imports.provisioning)
        from services.provisioning import ItemNames
        from services.provisioning.item_names import ItemNameError

        presenter, parameters = self._presenter, self._tab.parameters
        parameters.clear_errors()
        try:
            presenter.names = ItemNames.of(**parameters.values())
        except ItemNameError as error:
            presenter.names = None
            self._show_failure(error)
            parameters.show_error(error)
            self._tab.show_parameters()
            return
        try:
            planned = await operations.make_plan(self._ctx, server, presenter.names, presenter.overwrite)
        except ConsoleError as error:
            self._show_failure(error)
        else:
            self._show_plan(planned)

    def _show_failure(self, error: ConsoleError) -> None:
        self._presenter.finish_planning(None)
        self._tab.failed(error)
        self.changed.emit()

    def _show_plan(self, planned: PlanResult) -> None:
        self._presenter.finish_planning(planned)
        self._tab.show_plan(planned)
        self.changed.emit()

    def cancel(self) -> None:
        """Stop planning; the last plan stays."""
        self.stop()
        self._tab.cancelled()
        self.changed.emit()

    def stop(self) -> None:
        """Stop planning without showing it, as when another server is chosen."""
        self._timer.stop()
        self._tasks.cancel(TASK_GROUP)
        self._presenter.cancel_planning()

    def _on_names_edited(self) -> None:
        self._presenter.edit_names()
        if self._presenter.plan_pending:
            self._timer.start()
        self.changed.emit()

    # -- conflicts ---------------------------------------------------------

    def overwrite_all(self, *, on: bool) -> None:
        """Choose whether all conflicts are overwritten."""
        self._presenter.overwrite_all = on
        self._replan()

    def _on_overwrite_requested(self, key: str, on: bool) -> None:  # noqa: FBT001 - a slot
        self._presenter.overwrite_record(key, on=on)
        self.changed.emit()
        self._replan()

    def _replan(self) -> None:
        planned = self._presenter.planned
        if planned is not None and not self._presenter.planning:
            self._tasks.start(self._replan_from(planned), group=TASK_GROUP)

    async def _replan_from(self, planned: PlanResult) -> None:
        self._show_plan(await operations.replan(self._ctx, planned, self._presenter.overwrite))

    # -- the selected change -----------------------------------------------

    def _show_change(self, key: str) -> None:
        plan, server = self._presenter.plan, self._presenter.server
        if plan is None or server is None:
            return
        change = next((c for c in plan.changes if c.key == key), None)
        if change is None:
            return
        names = {c.key: c.name for c in plan.changes}
        self._tab.right.setCurrentIndex(CHANGE)
        self._tasks.start(self._tab.change.show_change(change, names, server.name), group="change")
