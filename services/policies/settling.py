"""Finds out whether calls happened whose answers were lost, by reading the server."""

import asyncio
from datetime import datetime

from models.base import utcnow
from services.policies.problems import not_created_error
from services.policies.runs import PolicyRun, RunStep, StepKind, StepState
from services.policies.server_state import ServerState, read_server_state
from services.privilege_manager import PrivilegeManagerClient
from services.privilege_manager.api_items import FilterRole, PolicyItem

_LOOK_AGAIN_S = 2.0


class Settling:
    """Finds out about the steps of which it is not known whether they happened. Only reads the server."""

    def __init__(self, client: PrivilegeManagerClient, run: PolicyRun, create_settles_s: float) -> None:
        self._client = client
        self._run = run
        self._create_settles_s = create_settles_s

    async def settle(self) -> None:
        """Set every step in doubt to done or void, and store that. Raises ConsoleError.

        One of which the server does not tell stays in doubt.
        """
        doubtful = [step for step in self._run.steps if step.state is StepState.DOING]
        for step in doubtful:
            if step.kind is StepKind.CREATE:
                await self._settle_create(step)
            else:
                carried_out = is_carried_out(step, await self.read_policy())
                if carried_out is not None:
                    step.state = StepState.DONE if carried_out else StepState.VOID
        if doubtful:
            await self._run.save("Policy: found what had happened")

    async def read_policy(self) -> PolicyItem | None:
        """Return the policy of the run as it is now, or None when it is gone."""
        run = self._run
        state = await read_server_state(self._client, run.policy_id or run.goal.policy, run.policy_id)
        found = state.find_policies(run.policy_id or run.goal.policy, run.policy_id)
        return found[0] if len(found) == 1 else None

    async def _settle_create(self, step: RunStep) -> None:
        """Look for the policy by its name until it is there, or Create can have no effect any more."""
        run, client = self._run, self._client
        sent = datetime.fromisoformat(step.at)
        while True:
            listed = await client.policies()
            same = ServerState(await client.operations(), listed, None, None).find_policies(run.name)
            if len(same) > 1:
                raise not_created_error(run.name, f"{len(same)} policies have this name")
            if same:
                step.state, run.policy_id = StepState.DONE, same[0].item_id
                return
            if not listed.complete:
                raise not_created_error(run.name, "The list of policies is incomplete")
            if (utcnow() - sent).total_seconds() >= self._create_settles_s:
                step.state = StepState.VOID
                return
            await asyncio.sleep(_LOOK_AGAIN_S)


def is_carried_out(step: RunStep, policy: PolicyItem | None) -> bool | None:
    """Whether the policy shows what a step writes; None where the server does not tell."""
    if policy is None:
        return None
    if step.kind is StepKind.STATUS:
        return None if policy.active is None else policy.active is step.active
    if step.kind in (StepKind.ADD_FILTERS, StepKind.REMOVE_FILTERS):
        return _are_filters_written(step, policy)
    if policy.action_ids is None:
        return None
    present = set(policy.action_ids)
    if step.kind is StepKind.ADD:
        return set(step.action_ids) <= present
    return step.kind is StepKind.REMOVE and present.isdisjoint(step.action_ids)


def _are_filters_written(step: RunStep, policy: PolicyItem) -> bool | None:
    """Whether the policy has, or has not, the filters of a step; None where the server does not tell."""
    found = []
    for item_id, role in step.filters:
        present = policy.filter_ids.get(FilterRole(role))
        if present is None:
            return None
        found.append(item_id in present)
    return all(found) if step.kind is StepKind.ADD_FILTERS else not any(found)
