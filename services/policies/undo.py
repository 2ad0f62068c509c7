"""Takes back what a run did to a policy: actions and status as they were read before."""

import asyncio
from dataclasses import dataclass

from models.kinds import TaskState
from services.common.errors import ConsoleError, GuardedAction, RequestsOpenError
from services.common.json_types import JsonLike
from services.common.progress import Progress, ignore_progress
from services.coordination.leases import LeaseLostError
from services.policies.apply import PolicyService
from services.policies.open_requests import CONSEQUENCE, count_policy_requests
from services.policies.problems import may_have_run, stopped_error
from services.policies.runs import PolicyRun, RunStep, StepKind, StepState, find_run, hold_policy
from services.policies.settling import Settling, is_carried_out
from services.privilege_manager.api_items import FilterRole, PolicyItem
from services.privilege_manager.client import PolicyAction, PolicyFilter


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What became of an undo."""

    run: PolicyRun
    restored: tuple[RunStep, ...]
    left: tuple[RunStep, ...]
    """Steps that stay: others changed it since, or the API cannot take it back, as the creation of a policy."""

    @property
    def ok(self) -> bool:
        """Whether everything is as before, but for a created policy, which stays and is inactive."""
        return all(step.kind is StepKind.CREATE for step in self.left)

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the result for JSON."""
        return {
            **self.run.as_dict(),
            "restored": [step.kind.value for step in self.restored],
            "left": [step.kind.value for step in self.left],
        }


async def undo(
    service: PolicyService, run_id: str, *, confirmed: int = 0, progress: Progress = ignore_progress
) -> UndoResult:
    """Take a run back, the last step first; an undo that stopped is gone on with.

    What others changed since is left as it is. Raises like `PolicyService.apply` does.
    """
    run = await asyncio.to_thread(find_run, service.store, run_id)
    run.require_server(service.server)
    async with hold_policy(service.store, service.server, run.name) as held:
        run = await asyncio.to_thread(find_run, service.store, run_id)
        run.held = held
        taking_back = _Undo(service, run, progress)
        try:
            return await taking_back.carry_out(confirmed)
        except (LeaseLostError, RequestsOpenError):
            raise
        except ConsoleError as error:
            if run.undo_begun:
                await run.finish(TaskState.FAILED, str(error), "undo policy")
            raise stopped_error(error, taking_back.doing, run.name, run.id) from error


class _Undo:
    """One undo."""

    def __init__(self, service: PolicyService, run: PolicyRun, progress: Progress) -> None:
        self._service = service
        self._run = run
        self._progress = progress
        self._settling = Settling(service.client, run, service.create_settles_s)
        self.doing = "Undo"

    async def carry_out(self, confirmed: int) -> UndoResult:
        run = self._run
        await self._settling.settle()
        steps = list(reversed(run.live))
        await self._require_confirmation(steps, confirmed)
        run.undo_begun = True
        await run.save("Policy: undo begun")
        for done, step in enumerate(steps):
            self._progress(f"Undo {step.kind}", done, len(steps))
            await self._take_back(step)
        run.undone = True
        left = tuple(step for step in steps if step.state is StepState.LEFT)
        restored = tuple(step for step in steps if step.state is StepState.UNDONE)
        result = UndoResult(run, restored, left)
        outcome = f"{len(restored)} calls taken back, {len(left)} left"
        await run.finish(TaskState.SUCCEEDED, outcome, "undo policy")
        return result

    async def _require_confirmation(self, steps: list[RunStep], confirmed: int) -> None:
        weakens = any(step.kind is StepKind.ADD or step.active is True for step in steps)
        if not weakens:
            return
        run = self._run
        found = await asyncio.to_thread(count_policy_requests, self._service.store, run.policy_id, run.name)
        if found.count > confirmed:
            raise RequestsOpenError(run.name, GuardedAction.CHANGE, found, CONSEQUENCE)

    async def _take_back(self, step: RunStep) -> None:
        policy = await self._settling.read_policy()
        if step.kind is StepKind.CREATE:
            step.state = StepState.LEFT
            await self._run.save("The policy stays: the API cannot delete one")
            return
        if step.state is StepState.UNDOING and is_carried_out(step, policy) is False:
            step.state = StepState.UNDONE
            await self._run.save(f"Taken back: {step.kind}")
            return
        if policy is None or not is_carried_out(step, policy):
            step.state = StepState.LEFT
            await self._run.save(f"Left: {step.kind}")
            return
        self.doing = f"Take back: {step.kind}"
        step.state = StepState.UNDOING
        await self._run.save(f"About to take back: {step.kind}")
        try:
            await self._call(step, policy)
        except ConsoleError as error:
            if not may_have_run(error):
                raise
            seen = await self._settling.read_policy()
            if is_carried_out(step, seen) is not False:
                await self._call(step, policy)
        step.state = StepState.UNDONE
        await self._run.save(f"Taken back: {step.kind}")

    async def _call(self, step: RunStep, policy: PolicyItem) -> None:
        client, policy_id = self._service.client, policy.item_id
        entries = [PolicyAction(one) for one in step.action_ids]
        if step.kind is StepKind.ADD:
            await client.remove_actions(policy_id, entries)
        elif step.kind is StepKind.REMOVE:
            await client.add_actions(policy_id, entries)
        elif step.kind in (StepKind.ADD_FILTERS, StepKind.REMOVE_FILTERS):
            filters = [PolicyFilter(one, FilterRole(role)) for one, role in step.filters]
            if step.kind is StepKind.ADD_FILTERS:
                await client.remove_filters(policy_id, filters)
            else:
                await client.add_filters(policy_id, filters)
        else:
            await client.set_active(policy_id, active=not step.active)
