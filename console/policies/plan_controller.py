"""Carries out what the plan view asks for: plans, applies, goes on, takes back, adds an action."""

import contextlib
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from console.forms.open_requests_dialog import run_with_confirmation
from console.policies import operations
from console.policies.apply_dialog import ProductionDialog
from console.policies.conditions_dialog import ConditionsDialog
from console.policies.filter_changes import current_lines
from console.policies.operations import ActionChoice, PolicyRef
from console.policies.plan_presenter import PlanPresenter, Work
from console.policies.plan_view import PlanView
from console.policies.policy_rows import PLATFORM_LABELS
from console.runtime.activity import DONE, FAILED, Job
from console.runtime.task_runner import TaskRunner, show_and_wait
from console.widgets.popup_list import PickRow
from services.common.errors import ConsoleError
from services.language import plural, tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.common.progress import Progress
    from services.policies import ApplyResult, UndoResult

PLAN_GROUP, ADD_GROUP, RUN_GROUP, CHOICES_GROUP = "plan", "add action", "policy run", "actions"


class PlanController(QObject):
    """The plan of one policy in a view."""

    changed = pyqtSignal()
    """Something else is shown, or a button can be pressed now."""
    written = pyqtSignal()
    """Something was written to the server, or may have been."""
    managed = pyqtSignal(object)
    """The policy is managed here now; carries its `PolicyRef`."""

    def __init__(self, ctx: "Context", tasks: TaskRunner, view: PlanView, page: QWidget) -> None:
        super().__init__(page)
        self._ctx, self._tasks, self._page = ctx, tasks, page
        self.view, self.presenter = view, PlanPresenter()
        self._choices: list[ActionChoice] = []
        self._job: Job | None = None
        view.apply_requested.connect(self.apply)
        view.plan_requested.connect(self.plan)
        view.undo_requested.connect(self.undo)
        view.choices_requested.connect(self._offer_actions)
        view.add_requested.connect(self.add_action)
        view.conditions_requested.connect(self.change_conditions)
        self.refresh()

    @property
    def working(self) -> bool:
        """Whether something is being written."""
        return self.presenter.work in (Work.APPLYING, Work.UNDOING)

    def refresh(self) -> None:
        """Show what the presenter decides."""
        self.view.show_presenter(self.presenter)
        self.changed.emit()

    # -- planning ----------------------------------------------------------------------------------------------

    def show_policy(self, ref: PolicyRef | None) -> None:
        """Plan another policy; the same one again is planned again only when `plan` says so."""
        if self.working:
            return
        if self.presenter.choose(ref):
            self._tasks.cancel(PLAN_GROUP)
            self._tasks.cancel(ADD_GROUP)
            if ref is not None:
                self.plan()
        self.refresh()

    def plan(self) -> None:
        """Plan again."""
        if self.presenter.ref is None or self.working:
            return
        self.presenter.result = self.presenter.undone = None
        self.plan_stored()

    def plan_stored(self) -> None:
        """Plan again after what is stored changed; what became of the last run stays in sight."""
        ref = self.presenter.ref
        if ref is not None and not self.working:
            self.presenter.begin(Work.PLANNING)
            self.refresh()
            self._tasks.start(self._plan(ref), group=PLAN_GROUP)

    async def _plan(self, ref: PolicyRef) -> None:
        try:
            plan = await operations.make_plan(self._ctx, ref, self.presenter.filters)
            run = await operations.last_run(self._ctx, ref)
        except ConsoleError as error:
            if self.presenter.is_about(ref):
                self.presenter.fail(error.problem)
        else:
            if self.presenter.is_about(ref):
                self.presenter.show_plan(plan, run)
                changes = len(plan.changes)
                counted = plural(changes, "{count} change", "{count} changes")
                self._ctx.activity.record(tr("Plan for {policy}", policy=ref.name), counted, routine=True)
        if not sip.isdeleted(self):
            self.refresh()

    # -- runs --------------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Apply the plan, or go on with a run that stopped."""
        presenter = self.presenter
        if presenter.plan is not None and not presenter.controls().apply_reason:
            self._tasks.start(self._apply(), group=RUN_GROUP)

    async def _apply(self) -> None:
        presenter, ref, plan = self.presenter, self.presenter.ref, self.presenter.plan
        if ref is None or plan is None:
            return
        verb = presenter.controls().apply_text
        if not await self._confirmed(ref, verb):
            return

        async def act(count: int) -> "ApplyResult":
            return await operations.apply_plan(self._ctx, ref, plan, count, self._report_progress)

        title = tr("Applying the plan for {policy}", policy=ref.name)
        if not self._begin(Work.APPLYING, title):
            return
        try:
            done, result = await run_with_confirmation(act, self._page.window())
            if done and result is not None:
                presenter.show_result(result)
                self._end_job(
                    tr("Applied and read back") if result.ok else tr("Not as planned"), ok=result.ok
                )
                await self._after_apply(ref, applied=result.run is not None)
            else:
                self._end_job(tr("Nothing was written"), ok=True)
        except ConsoleError as error:
            await self._show_failure(ref, error)
        finally:
            self._end()

    async def _after_apply(self, ref: PolicyRef, *, applied: bool) -> None:
        if not applied:
            return
        self.presenter.ref = self._found(ref)
        if self.view.endpoints.isChecked():
            job = self._ctx.activity.begin(tr("Updating endpoints of {server}", server=ref.server.name))
            try:
                await operations.update_endpoints(self._ctx, ref.server)
                job.end(tr("The server started the task"), DONE)
            except ConsoleError as error:
                job.end(translate(error.problem.cause), FAILED)
                self._ctx.show_problem(error.problem)
        self.presenter.plan = await operations.make_plan(self._ctx, self.presenter.ref)

    def _found(self, ref: PolicyRef) -> PolicyRef:
        """Return the policy with its GUID, which it has once it was created."""
        run = self.presenter.run
        item_id = run.policy_id if run is not None else ref.item_id
        return PolicyRef(
            ref.server, ref.name, item_id or ref.item_id, ref.object_id, ref.platform, ref.active
        )

    def undo(self) -> None:
        """Take the last run back."""
        run = self.presenter.run
        if run is not None and self.presenter.controls().can_undo:
            self._tasks.start(self._undo(run.id), group=RUN_GROUP)

    async def _undo(self, run_id: str) -> None:
        presenter, ref = self.presenter, self.presenter.ref
        if ref is None or not await self._confirmed(ref, tr("Undo")):
            return

        async def act(count: int) -> "UndoResult":
            return await operations.undo_run(self._ctx, ref, run_id, count, self._report_progress)

        title = tr("Taking back the last run on {policy}", policy=ref.name)
        if not self._begin(Work.UNDOING, title):
            return
        try:
            done, result = await run_with_confirmation(act, self._page.window())
            if done and result is not None:
                presenter.plan = await operations.make_plan(self._ctx, ref)
                presenter.show_undone(result)
                self._end_job(tr("Undone") if result.ok else tr("Undone in part"), ok=result.ok)
            else:
                self._end_job(tr("Nothing was written"), ok=True)
        except ConsoleError as error:
            await self._show_failure(ref, error)
        finally:
            self._end()

    async def _confirmed(self, ref: PolicyRef, verb: str) -> bool:
        """Ask a second time on a production server."""
        if not ref.server.production:
            return True
        text = tr("It is written to “{policy}” on a production server.", policy=ref.name)
        return bool(await show_and_wait(ProductionDialog(ref.server, verb, text, self._page.window())))

    async def _show_failure(self, ref: PolicyRef, error: ConsoleError) -> None:
        """Show what stopped a run, with how far it came and what is left of the plan."""
        self._end_job(translate(error.problem.cause), ok=False)
        presenter = self.presenter
        presenter.run = await operations.last_run(self._ctx, ref)
        with contextlib.suppress(ConsoleError):  # the plan from before stays; the failure below says why
            presenter.plan = await operations.make_plan(self._ctx, ref, presenter.filters)
        presenter.fail(error.problem)

    def _begin(self, work: Work, title: str) -> bool:
        if self.working:
            return False
        self.presenter.begin(work)
        self._job = self._ctx.activity.begin(title, lambda: self._tasks.cancel(RUN_GROUP))
        self.refresh()
        return True

    @property
    def _report_progress(self) -> "Progress":
        job = self._job

        def report(text: str, done: int = 0, total: int | None = None) -> None:
            if job is not None and job.running:
                job.progress(translate(text), done, total)

        return report

    def _end_job(self, text: str, *, ok: bool) -> None:
        if self._job is not None:
            self._job.end(text, DONE if ok else FAILED)

    def _end(self) -> None:
        if sip.isdeleted(self):
            return
        self._job = None
        if self.working:
            # Cancelled, or the question was answered with No.
            self.presenter.work = Work.NONE
        self.refresh()
        self.written.emit()

    # -- actions -----------------------------------------------------------------------------------------------

    def _offer_actions(self) -> None:
        ref = self.presenter.ref
        if ref is not None:
            self._tasks.start(
                operations.action_choices(self._ctx, ref), group=CHOICES_GROUP, on_result=self._show_choices
            )

    def _show_choices(self, choices: list[ActionChoice]) -> None:
        self._choices = choices
        present = {line.after for line in self.presenter.lines()}
        rows = [
            PickRow(
                one.key,
                one.name,
                tr("On Privilege Manager")
                if one.object_id is None
                else PLATFORM_LABELS.get(one.platform, ""),
                "action",
            )
            for one in choices
            if one.name not in present
        ]
        self.view.set_choices(rows)

    def add_action(self, key: str) -> None:
        """Let the policy have one more action, and plan it; the policy is managed here from then on."""
        ref, choice = self.presenter.ref, next((one for one in self._choices if one.key == key), None)
        if ref is not None and choice is not None:
            self._tasks.start(
                operations.add_action(self._ctx, ref, choice), group=ADD_GROUP, on_result=self._added
            )

    def change_conditions(self) -> None:
        """Ask which filters the policy is to have, and plan that."""
        if self.presenter.can_change_filters:
            self._tasks.start(self._change_conditions(), group=CHOICES_GROUP)

    async def _change_conditions(self) -> None:
        presenter, ref, plan = self.presenter, self.presenter.ref, self.presenter.plan
        if ref is None or plan is None:
            return
        names = await operations.filter_choices(self._ctx, ref.server)
        lines = current_lines(plan, names, presenter.filters)
        dialog = ConditionsDialog(ref.name, lines, list(names.items()), self._page.window())
        if await show_and_wait(dialog) and presenter.is_about(ref):
            presenter.filters = dialog.changes
            self.plan_stored()

    def _added(self, ref: PolicyRef) -> None:
        self.presenter.ref = ref
        self.managed.emit(ref)
        self.plan_stored()
