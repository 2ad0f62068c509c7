"""Plans and applies changes of a policy: read again, one call after the other, read back and compared."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from models.kinds import TaskState
from models.policy import Policy
from models.privilege_manager_server import PrivilegeManagerServer
from models.server_item import ItemKind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, GuardedAction, RequestsOpenError
from services.common.json_types import JsonLike
from services.common.progress import Progress, ignore_progress
from services.common.threads import run_to_completion
from services.configuration import Configuration
from services.coordination.leases import LeaseLostError
from services.policies.item_copies import ItemCopies
from services.policies.open_requests import CONSEQUENCE, count_policy_requests
from services.policies.plan import (
    PlanField,
    PolicyPlan,
    RowOperation,
    make_plan,
    mark_changes_since,
)
from services.policies.policy_goal import PolicyGoal
from services.policies.problems import may_have_run, stopped_error
from services.policies.runs import (
    Difference,
    PolicyRun,
    RunStep,
    StepKind,
    StepState,
    find_unfinished_run,
    hold_policy,
    start_run,
)
from services.policies.server_state import ServerState, read_server_state
from services.policies.settling import Settling
from services.privilege_manager import PrivilegeManagerClient
from services.privilege_manager.client import PolicyAction
from services.store import Store, StoreError

log = logging.getLogger(__name__)

CREATE_SETTLES_S = 15.0
"""After a Create whose answer was lost, a policy that is not there for so long was not created."""


@dataclass(frozen=True, slots=True)
class PolicyService:
    """The policies of one server: its client, the store, and how long a lost Create is waited for."""

    store: Store
    server: PrivilegeManagerServer
    client: PrivilegeManagerClient
    create_settles_s: float = CREATE_SETTLES_S

    async def plan(self, goal: PolicyGoal) -> PolicyPlan:
        """Return what `apply` would do. Writes nothing; raises ConsoleError."""
        state = await read_server_state(self.client, goal.policy, goal.item_id)
        made = make_plan(goal, state, self.server.name)
        if not made.weakens:
            return made
        found = await asyncio.to_thread(count_policy_requests, self.store, made.policy_id, made.policy_name)
        return replace(made, open_requests=found)

    async def apply(
        self, plan: PolicyPlan, *, confirmed: int = 0, progress: Progress = ignore_progress
    ) -> "ApplyResult":
        """Carry out a plan, without its conflicts and what is blocked.

        Reads again first: where the policy changed since the plan, nothing is written, and the result has a plan
        with conflicts and no run. A run on the policy that stopped is gone on with. Raises RequestsOpenError while
        more open requests than `confirmed` lose something, `policy-run-busy`, PolicyRunStoppedError in the middle.
        """
        async with hold_policy(self.store, self.server, plan.policy_name) as held:
            progress(tr_later("Reading the policy again"), 0)
            run = await asyncio.to_thread(
                find_unfinished_run, self.store, self.server, plan.policy_id, plan.policy_name
            )
            if run is not None:
                run.held = held
                run.row.state, run.row.ended_at, run.row.outcome = TaskState.RUNNING, None, ""
                await run.save("Policy: going on")
                await Settling(self.client, run, self.create_settles_s).settle()
            now = await self.plan(_with_id(plan.goal, run.policy_id if run is not None else ""))
            checked = mark_changes_since(plan, now)
            if run is None and any(row.operation is RowOperation.CONFLICT for row in checked.rows):
                return ApplyResult(checked, None)
            if run is None and not now.changes:
                return ApplyResult(now, None, unchanged=not now.problems)
            self._require_confirmation(now, confirmed)
            if run is None:
                run = await start_run(self.store, self.server, now.goal, now.policy_name, now.before)
                run.held = held
            return await _Application(self, run, now, progress).carry_out()

    async def go_on(
        self, run: PolicyRun, *, confirmed: int = 0, progress: Progress = ignore_progress
    ) -> "ApplyResult":
        """Go on with a run that stopped in the middle."""
        run.require_server(self.server)
        return await self.apply(
            await self.plan(_with_id(run.goal, run.policy_id)), confirmed=confirmed, progress=progress
        )

    def _require_confirmation(self, plan: PolicyPlan, confirmed: int) -> None:
        found = plan.open_requests
        if found is not None and found.count > confirmed:
            raise RequestsOpenError(plan.policy_name, GuardedAction.CHANGE, found, CONSEQUENCE)


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What became of a plan."""

    plan: PolicyPlan
    run: PolicyRun | None
    """None: nothing was written."""
    unchanged: bool = False
    """Whether everything was as it is meant to be already."""

    @property
    def ok(self) -> bool:
        """Whether everything is as it is meant to be."""
        verified = self.run.verified if self.run is not None else self.unchanged
        return verified and not self.plan.problems

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the result for JSON."""
        run: dict[str, JsonLike] = {"run": None, "verified": self.unchanged, "differences": []}
        return {**self.plan.as_dict(), **(self.run.as_dict() if self.run is not None else run)}


class _Application:
    """One run, from the first call to reading back."""

    def __init__(self, service: PolicyService, run: PolicyRun, plan: PolicyPlan, progress: Progress) -> None:
        self._service = service
        self._client = service.client
        self._run = run
        self._plan = plan
        self._progress = progress
        self._done = 0
        self._doing = "Read the policy"

    async def carry_out(self) -> ApplyResult:
        run = self._run
        try:
            await self._write()
            await self._read_back()
        except LeaseLostError:
            raise
        except ConsoleError as error:
            await self._record_failure(error)
            raise stopped_error(error, self._doing, run.name, run.id) from error
        except asyncio.CancelledError:
            await run.finish(TaskState.CANCELLED, f"Cancelled: {self._doing}", "apply policy")
            raise
        await self._remember()
        return ApplyResult(self._plan, run)

    async def _record_failure(self, error: ConsoleError) -> None:
        """Write down that the run stopped. Where that is refused as well, what was written before each call remains."""
        try:
            await self._run.finish(TaskState.FAILED, str(error), "apply policy")
        except StoreError as unwritten:
            log.info("The end of run %s could not be written down: %s", self._run.id, unwritten)

    async def _write(self) -> None:
        plan, run = self._plan, self._run
        if plan.policy_id:
            run.policy_id = plan.policy_id
        if any(row.operation is RowOperation.CREATE for row in plan.rows):
            await self._create()
        if plan.new_status is False:
            await self._switch(active=False)
        added, removed = plan.ids(RowOperation.ADD), plan.ids(RowOperation.REMOVE)
        if added:
            step = RunStep(StepKind.ADD, action_ids=list(added))
            await self._step(
                step, "Add actions", lambda: self._client.add_actions(run.policy_id, _entries(added))
            )
        if removed:
            step = RunStep(StepKind.REMOVE, action_ids=list(removed))
            await self._step(
                step, "Remove actions", lambda: self._client.remove_actions(run.policy_id, _entries(removed))
            )
        await self._write_filters()
        if plan.new_status is True:
            await self._switch(active=True)

    async def _write_filters(self) -> None:
        """Add filters before others are removed: without any a policy may be for everything."""
        policy_id, client = self._run.policy_id, self._client
        for operation, kind, doing, call in (
            (RowOperation.ADD, StepKind.ADD_FILTERS, "Add filters", client.add_filters),
            (RowOperation.REMOVE, StepKind.REMOVE_FILTERS, "Remove filters", client.remove_filters),
        ):
            filters = self._plan.filters(operation)
            if filters:
                step = RunStep(kind, filters=[(one.filter_id, int(one.role)) for one in filters])
                await self._step(step, doing, partial(call, policy_id, filters))

    async def _create(self) -> None:
        plan, run = self._plan, self._run
        platform = plan.goal.create
        assert platform is not None  # noqa: S101 -- a plan creates only with one
        step = RunStep(StepKind.CREATE)
        self._report_progress("Create the policy")
        await run.begin_step(step, f"About to create {run.name}")
        try:
            run.policy_id = await self._client.create_policy(
                plan.policy_name, plan.goal.description, platform.value
            )
            step.state = StepState.DONE
        except ConsoleError as error:
            if not may_have_run(error):
                step.state = StepState.VOID
                raise
            # Never sent a second time in one run: it may be carried out late.
            await Settling(self._service.client, run, self._service.create_settles_s).settle()
            if not run.policy_id:
                raise
        await run.save(f"Created {run.name}")

    async def _switch(self, *, active: bool) -> None:
        policy_id = self._run.policy_id
        step = RunStep(StepKind.STATUS, active=active)
        doing = "Make the policy active" if active else "Make the policy inactive"
        await self._step(step, doing, lambda: self._client.set_active(policy_id, active=active))

    async def _step(
        self, step: RunStep, doing: str, call: Callable[[], Awaitable[None]], *, again: bool = True
    ) -> None:
        """Write a step down and carry it out.

        After a lost answer the policy is read, and the step is repeated once if it did not happen.
        """
        self._report_progress(doing)
        await self._run.begin_step(step, f"About to: {doing}")
        try:
            await call()
            step.state = StepState.DONE
        except ConsoleError as error:
            if not may_have_run(error):
                step.state = StepState.VOID
                raise
            await Settling(self._service.client, self._run, self._service.create_settles_s).settle()
            if step.state is StepState.DOING:
                raise  # whether it happened is not told
            if step.state is StepState.VOID:
                if not again:
                    raise
                await self._step(replace(step, state=StepState.DOING), doing, call, again=False)
                return
        await self._run.save(f"Done: {doing}")

    def _report_progress(self, doing: str) -> None:
        self._doing = doing
        self._progress(doing, self._done, len(self._plan.changes) + 1)
        self._done += 1

    # -- reading back --------------------------------------------------------

    async def _read_back(self) -> None:
        self._report_progress("Read back")
        run = self._run
        state = await read_server_state(self._client, run.goal.policy, run.policy_id)
        now = make_plan(_with_id(run.goal, run.policy_id), state, self._service.server.name)
        run.differences = _compare(self._plan, now, state)
        run.verified = not run.differences and bool(now.policy_id)
        written = len([step for step in run.steps if step.state is StepState.DONE])
        outcome = f"{written} calls written, {'verified' if run.verified else 'not verified'}"
        await run.finish(TaskState.SUCCEEDED, outcome, "apply policy")
        await asyncio.to_thread(self._store_copy, state)

    def _store_copy(self, state: ServerState) -> None:
        found = state.find_policies(self._run.policy_id)
        if found:
            ItemCopies(self._service.store, self._service.server).put(ItemKind.POLICY, found[0])

    async def _remember(self) -> None:
        """Keep the GUID with the stored Policy, so that it is found after it was renamed there."""
        run, goal = self._run, self._run.goal
        if goal.object_id is None or not run.policy_id:
            return
        configuration = Configuration(self._service.store)
        object_id = goal.object_id

        def save() -> None:
            try:
                stored = configuration.get(Policy, object_id)
                if stored.item_id != run.policy_id:
                    stored.item_id = run.policy_id
                    configuration.save(stored, "Found on Privilege Manager")
            except ConsoleError as error:
                # The policy is found by its name next time.
                log.info("The id of the policy could not be kept: %s", error)

        await run_to_completion(save)


def _compare(plan: PolicyPlan, now: PolicyPlan, state: ServerState) -> list[Difference]:
    """Return what is not as the plan says it is after Apply."""
    found = []
    there = now.before
    if there is None:
        return [Difference(PlanField.POLICY.value, plan.policy_name, "")]
    for row in plan.rows:
        if row.field is PlanField.ACTIONS and row.item_id:
            if there.action_ids is None:
                found.append(Difference(row.field.value, row.after, None))
            elif (row.item_id in there.action_ids) != bool(
                row.after
            ) and row.operation is not RowOperation.BLOCKED:
                name = state.action_name(row.item_id)
                actual = name if row.item_id in there.action_ids else ""
                found.append(Difference(row.field.value, row.after, actual))
    found += _compare_filters(plan, now)
    known = {row.item_id for row in plan.rows if row.field is PlanField.ACTIONS}
    extra = [one for one in there.action_ids or () if one not in known]
    found += [Difference(PlanField.ACTIONS.value, "", state.action_name(one)) for one in extra]
    values = {row.field: row.before for row in now.rows}
    for row in plan.rows:
        compared = row.operation in (RowOperation.KEEP, RowOperation.UPDATE)
        shown = row.field not in (PlanField.POLICY, PlanField.ACTIONS, PlanField.FILTER)
        # What a new policy has besides is up to the server.
        told = plan.before is not None or row.field is PlanField.STATUS
        if compared and shown and told and values[row.field] != row.after:
            found.append(Difference(row.field.value, row.after, values[row.field]))
    return found


def _compare_filters(plan: PolicyPlan, now: PolicyPlan) -> list[Difference]:
    """Return the filters that are not in the policy, or still are."""
    there = {row.key: row.before for row in now.rows if row.field is PlanField.FILTER}
    return [
        Difference(row.field.value, row.after, there.get(row.key))
        for row in plan.rows
        if row.field is PlanField.FILTER
        and row.operation is not RowOperation.BLOCKED
        and there.get(row.key) != row.after
    ]


def _entries(ids: tuple[str, ...]) -> list[PolicyAction]:
    return [PolicyAction(one) for one in ids]


def _with_id(goal: PolicyGoal, policy_id: str) -> PolicyGoal:
    return replace(goal, item_id=policy_id) if policy_id else goal
