"""Calls of the pages into the services: reads rows, plans, applies, takes back, updates endpoints, checks chains."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.policies.filter_changes import NO_FILTERS, FilterChanges
from console.policies.list_presenter import ListSnapshot
from console.policies.policy_rows import ChainVerdict, PolicyRow, chain_verdict
from console.runtime import lazy_imports
from console.runtime.page_targets import POLICIES, Target
from services.common.progress import Progress

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.policy import Policy
    from models.privilege_manager_server import PrivilegeManagerServer
    from services.policies import ApplyResult, PolicyPlan, PolicyService, UndoResult
    from services.policies.endpoints import EndpointSettings, EndpointStatus, EndpointUpdate
    from services.policies.runs import PolicyRun
    from services.privilege_manager.api_items import ActionItem, PolicyItem
    from services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """A policy of a server: the stored one, the one on the server, or both."""

    server: "PrivilegeManagerServer"
    name: str
    item_id: str = ""
    object_id: uuid.UUID | None = None
    platform: str = ""
    active: bool | None = None

    @classmethod
    def of(cls, server: "PrivilegeManagerServer", row: PolicyRow) -> "PolicyRef":
        """Return what a row is about."""
        return cls(server, row.name, row.item_id, row.object_id, row.platform, row.active)


async def list_servers(ctx: "Context") -> "list[PrivilegeManagerServer]":
    """Return the Privilege Manager servers, by name."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from models.privilege_manager_server import PrivilegeManagerServer

    workspace = await ctx.ready()
    return await ctx.call(workspace.configuration.all, PrivilegeManagerServer)


# -- the list ------------------------------------------------------------------------------------------------------


async def read_snapshot(ctx: "Context", server: "PrivilegeManagerServer") -> ListSnapshot:
    """Return the rows of a server from the store."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    return await ctx.call(_read_snapshot, await ctx.ready(), server)


async def list_asking_policies(ctx: "Context") -> "tuple[int | None, list[tuple[uuid.UUID, PolicyRow]]]":
    """Return how many policies the servers have, None where none was asked; and those that ask and are not managed here."""
    total: int | None = None
    found: list[tuple[uuid.UUID, PolicyRow]] = []
    for server in await list_servers(ctx):
        snapshot = await read_snapshot(ctx, server)
        if snapshot.read_at is not None:
            total = (total or 0) + sum(row.on_server for row in snapshot.rows)
        found += [(server.id, row) for row in snapshot.rows if row.asks and row.object_id is None]
    return total, found


async def refresh_copies(ctx: "Context", server: "PrivilegeManagerServer") -> None:
    """Read policies, actions and targets from the server into the store. Raises ConsoleError.

    Lists that the server has no operation for are left out, except that of the policies.
    """
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from models.server_item import ItemKind
    from services import policies
    from services.privilege_manager import Operation

    workspace = await ctx.ready()
    client = await workspace.privilege_manager(server.id)
    api = await client.operations()
    kinds = [ItemKind.POLICY]
    if Operation.LIST_ACTIONS in api:
        kinds.append(ItemKind.ACTION)
    if Operation.LIST_FILTERS in api:
        kinds.append(ItemKind.FILTER)
    await policies.refresh_copies(workspace.store, server, client, kinds)


def _read_snapshot(workspace: "Workspace", server: "PrivilegeManagerServer") -> ListSnapshot:
    from services.approval_chain.stored_requests import count_recent
    from services.policies import ItemCopies

    copies = ItemCopies(workspace.store, server)
    listed, actions, filters = copies.policies(), copies.actions(), copies.filters()
    builder = _RowBuilder(
        workspace,
        server,
        {one.item_id: one for one in actions.items},
        {one.item_id: one.name or one.item_id for one in filters.items},
    )
    names = [one.name for one in listed.items if one.name]
    builder.requests = count_recent(workspace.store, names)
    return ListSnapshot(tuple(builder.rows(list(listed.items))), listed.read_at, listed.complete)


class _RowBuilder:
    """Joins the copies of a server with the stored policies. Blocks."""

    def __init__(
        self,
        workspace: "Workspace",
        server: "PrivilegeManagerServer",
        actions: "dict[str, ActionItem]",
        targets: dict[str, str],
    ) -> None:
        from models.policy import Policy

        self.requests: dict[str, int] = {}
        self._actions = actions
        self._targets = targets
        self._managed = managed_actions(workspace, server)
        every = workspace.configuration.all(Policy)
        self._stored = [one for one in every if one.server_id == server.id]

    def rows(self, listed: "list[PolicyItem]") -> list[PolicyRow]:
        """Return a row for each policy of the server, and for each stored one that is not there."""
        from models.text_folding import fold_text

        by_id = {one.item_id: one for one in self._stored if one.item_id}
        by_name = {fold_text(one.name): one for one in self._stored}
        ids = {item.item_id for item in listed}
        rows, seen = [], set[uuid.UUID]()
        for item in listed:
            stored = by_id.get(item.item_id)
            if stored is None:
                named = by_name.get(fold_text(item.name or ""))
                stored = named if named is not None and named.item_id not in ids else None
            if stored is not None:
                seen.add(stored.id)
            rows.append(self._row(item, stored))
        return rows + [self._planned_row(one) for one in self._stored if one.id not in seen]

    def _row(self, item: "PolicyItem", stored: "Policy | None") -> PolicyRow:
        from services.policies.server_state import platform_of

        wanted, surplus = self._changes(item, stored)
        platform = platform_of(item)
        name = item.name or item.item_id
        active_differs = stored is not None and item.active is not None and stored.active != item.active
        return PolicyRow(
            key=item.item_id,
            name=name,
            item_id=item.item_id,
            object_id=stored.id if stored is not None else None,
            active=item.active,
            priority=item.priority,
            platform=platform.value if platform is not None else stored.platform if stored else "",
            actions=self._names(item.action_ids),
            approval_actions=self._approval_names(item.action_ids),
            targets=None
            if item.target_ids is None
            else tuple(self._targets.get(one, one) for one in item.target_ids),
            conditions=_conditions(item),
            planned_actions=wanted,
            planned=bool(wanted or surplus or active_differs),
            requests=self.requests.get(name, 0),
        )

    def _planned_row(self, stored: "Policy") -> PolicyRow:
        return PolicyRow(
            key=str(stored.id),
            name=stored.name,
            object_id=stored.id,
            platform=stored.platform,
            actions=(),
            approval_actions=(),
            planned_actions=len(stored.references_to_actions),
            planned=True,
        )

    def _names(self, ids: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if ids is None else tuple(self._name(one) for one in ids)

    def _name(self, item_id: str) -> str:
        found = self._actions.get(item_id)
        return (found.name if found is not None else None) or item_id

    def _approval_names(self, ids: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if ids is None else tuple(self._name(one) for one in ids if self._is_approval(one))

    def _is_approval(self, item_id: str) -> bool:
        """Whether an action asks for approval: its command line names an approval type, or it is managed here."""
        from services.approval_chain.server_facts import approval_type_of

        found = self._actions.get(item_id)
        line = found.command_line if found is not None else None
        if line is not None and approval_type_of(line) is not None:
            return True
        return any(one.fits(item_id, self._name(item_id)) for one in self._managed)

    def _changes(self, item: "PolicyItem", stored: "Policy | None") -> tuple[int, int]:
        """Return how many actions a stored Policy adds, and how many it takes away."""
        if stored is None or item.action_ids is None:
            return 0, 0
        wanted = set(stored.references_to_actions)
        added = removed = 0
        for one in self._managed:
            there = any(one.fits(present, self._name(present)) for present in item.action_ids)
            added += one.object_id in wanted and not there
            removed += one.object_id not in wanted and there
        return added, removed


def _conditions(item: "PolicyItem") -> str | None:
    """Return the filters of a policy, counted by what they are for; None where the server does not tell."""
    from services.language import translate
    from services.policies.plan import condition_text

    text = condition_text(item)
    return None if text is None else translate(text)


@dataclass(frozen=True, slots=True)
class FoundPolicy:
    """A policy of the local copy of a server that a search found."""

    name: str
    item_id: str
    server_id: uuid.UUID
    server_name: str

    @property
    def target(self) -> Target:
        """The list of policies with this one selected."""
        return Target(POLICIES, tab=f"{self.server_id}/{self.item_id}")


async def search_policies(ctx: "Context", text: str, limit: int) -> list[FoundPolicy]:
    """Return policies of the local copies whose name contains a text and that are not managed here."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    return await ctx.call(_search_policies, await ctx.ready(), text, limit)


def _search_policies(workspace: "Workspace", text: str, limit: int) -> list[FoundPolicy]:
    from models.policy import Policy
    from models.privilege_manager_server import PrivilegeManagerServer
    from models.server_item import ItemKind
    from services.policies import ItemCopies

    managed = {(one.server_id, one.item_id) for one in workspace.configuration.all(Policy)}
    found = [
        FoundPolicy(name, item_id, server.id, server.name)
        for server in workspace.configuration.all(PrivilegeManagerServer)
        for name, item_id in ItemCopies(workspace.store, server).search(text, ItemKind.POLICY, limit)
        if (server.id, item_id) not in managed
    ]
    return found[:limit]


# -- actions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ManagedAction:
    """An Action of this console, and the GUID of its copy where that is known."""

    object_id: uuid.UUID
    name: str
    item_id: str = ""
    platform: str = ""

    def fits(self, item_id: str, name: str) -> bool:
        """Whether an action of the server is this one: by its GUID, or else by its name."""
        from models.text_folding import fold_text

        if self.item_id and self.item_id == item_id:
            return True
        return fold_text(name) == fold_text(self.name)


def managed_actions(workspace: "Workspace", server: "PrivilegeManagerServer") -> list[ManagedAction]:
    """Return the Actions of a server, by name; blocks."""
    from sqlmodel import select

    from models.action import Action
    from models.action_progress import ActionProgress

    with workspace.store.read() as session:
        ids = {one.action_id: one.item_id for one in session.exec(select(ActionProgress))}
    stored: list[Action] = workspace.configuration.all(Action)
    return [
        ManagedAction(one.id, one.name, ids.get(one.id, ""), one.platform)
        for one in stored
        if one.server_id == server.id
    ]


@dataclass(frozen=True, slots=True)
class ActionChoice:
    """An action that can be added: one of this console, or one that is only on the server."""

    key: str
    name: str
    platform: str = ""
    object_id: uuid.UUID | None = None


async def action_choices(ctx: "Context", ref: PolicyRef) -> list[ActionChoice]:
    """Return the actions that a policy can get: those here, then the approval actions of the server."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    return await ctx.call(_action_choices, await ctx.ready(), ref)


def _action_choices(workspace: "Workspace", ref: PolicyRef) -> list[ActionChoice]:
    from services.approval_chain.server_facts import approval_type_of
    from services.policies import ItemCopies

    managed = managed_actions(workspace, ref.server)
    found = [ActionChoice(str(one.object_id), one.name, one.platform, one.object_id) for one in managed]
    for item in ItemCopies(workspace.store, ref.server).actions().items:
        name = item.name or ""
        known = any(one.fits(item.item_id, name) for one in managed)
        if name and not known and approval_type_of(item.command_line or "") is not None:
            found.append(ActionChoice(item.item_id, name))
    return found


async def add_action(ctx: "Context", ref: PolicyRef, choice: ActionChoice) -> PolicyRef:
    """Let a policy have one more action; it is managed here from then on. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    return await ctx.call(_add_action, await ctx.ready(), ref, choice)


async def manage(ctx: "Context", ref: PolicyRef) -> PolicyRef:
    """Manage a policy of the server here, as it is. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    return await ctx.call(_manage, await ctx.ready(), ref)


def _manage(workspace: "Workspace", ref: PolicyRef) -> PolicyRef:
    policy = _stored_policy(workspace, ref)
    saved = policy if ref.object_id is not None else workspace.configuration.save(policy)
    return PolicyRef(ref.server, saved.name, ref.item_id, saved.id, saved.platform, ref.active)


def _stored_policy(workspace: "Workspace", ref: PolicyRef) -> "Policy":
    """Return the stored Policy, or a new one that asks for what is on the server."""
    from models.kinds import Kind
    from models.policy import Policy
    from models.reference_lists import dump_references
    from services.policies import ItemCopies

    configuration = workspace.configuration
    if ref.object_id is not None:
        return configuration.get(Policy, ref.object_id)
    made = configuration.new(
        Kind.POLICY, name=ref.name, server_id=ref.server.id, item_id=ref.item_id, active=bool(ref.active)
    )
    if not isinstance(made, Policy):
        raise TypeError(f"{made} is no policy")
    made.platform = ref.platform or made.platform
    copies = ItemCopies(workspace.store, ref.server)
    item = next((one for one in copies.policies().items if one.item_id == ref.item_id), None)
    names = {one.item_id: one.name or "" for one in copies.actions().items}
    present = item.action_ids or () if item is not None else ()
    # Managed actions that are there stay there.
    made.action_ids = dump_references(
        one.object_id
        for one in managed_actions(workspace, ref.server)
        if any(one.fits(there, names.get(there, "")) for there in present)
    )
    return made


def _add_action(workspace: "Workspace", ref: PolicyRef, choice: ActionChoice) -> PolicyRef:
    from models.kinds import Kind
    from models.reference_lists import dump_references

    policy = _stored_policy(workspace, ref)
    action_id = choice.object_id
    if action_id is None:
        made = workspace.configuration.new(Kind.ACTION, name=choice.name, server_id=ref.server.id)
        action_id = workspace.configuration.save(made, "Found on Privilege Manager").id
    policy.action_ids = dump_references([*policy.references_to_actions, action_id])
    saved = workspace.configuration.save(policy)
    return PolicyRef(ref.server, saved.name, ref.item_id, saved.id, saved.platform, ref.active)


# -- plan and runs -------------------------------------------------------------------------------------------------


async def policy_service(ctx: "Context", server: "PrivilegeManagerServer") -> "PolicyService":
    """Return the service of the policies of a server. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from services.policies import PolicyService

    workspace = await ctx.ready()
    return PolicyService(workspace.store, server, await workspace.privilege_manager(server.id))


async def filter_choices(ctx: "Context", server: "PrivilegeManagerServer") -> dict[str, str]:
    """Return the filters of a server, name by GUID, as the local copies tell."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from services.policies import ItemCopies

    workspace = await ctx.ready()
    found = await ctx.call(ItemCopies(workspace.store, server).filters)
    return {one.item_id: one.name or one.item_id for one in found.items}


async def make_plan(ctx: "Context", ref: PolicyRef, filters: FilterChanges = NO_FILTERS) -> "PolicyPlan":
    """Plan what a policy asks for, and `filters`; one that is not managed here asks for nothing. Writes nothing."""
    service = await policy_service(ctx, ref.server)
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from models.policy import Policy
    from services.policies import PolicyGoal, goal_for_policy
    from services.policies.policy_goal import WantedFilter
    from services.privilege_manager.api_items import FilterRole

    workspace = await ctx.ready()
    if ref.object_id is None:
        goal = PolicyGoal(ref.name, ref.item_id)
    else:
        stored = await ctx.call(workspace.configuration.get, Policy, ref.object_id)
        goal = await ctx.call(goal_for_policy, workspace.store, stored)
    added, removed = (
        tuple(WantedFilter(item_id, FilterRole(role)) for item_id, role in some)
        for some in (filters.added, filters.removed)
    )
    return await service.plan(replace(goal, add_filters=added, remove_filters=removed))


async def apply_plan(
    ctx: "Context", ref: PolicyRef, plan: "PolicyPlan", confirmed: int, progress: Progress
) -> "ApplyResult":
    """Apply a plan; a run that stopped is gone on with. Raises ConsoleError."""
    service = await policy_service(ctx, ref.server)
    return await service.apply(plan, confirmed=confirmed, progress=progress)


async def undo_run(
    ctx: "Context", ref: PolicyRef, run_id: str, confirmed: int, progress: Progress
) -> "UndoResult":
    """Take a run back. Raises ConsoleError."""
    service = await policy_service(ctx, ref.server)
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from services.policies import undo

    return await undo(service, run_id, confirmed=confirmed, progress=progress)


async def last_run(ctx: "Context", ref: PolicyRef) -> "PolicyRun | None":
    """Return the newest run on a policy, or None."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from services.policies.runs import list_runs

    workspace = await ctx.ready()
    runs = await ctx.call(list_runs, workspace.store, ref.server.id)
    return next((run for run in runs if run.matches(ref.server, ref.item_id, ref.name)), None)


# -- endpoints and chains ------------------------------------------------------------------------------------------


async def endpoint_settings(ctx: "Context", server: "PrivilegeManagerServer") -> "EndpointSettings":
    """Return the ids that are kept for a server."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from services.policies.endpoints import load_endpoint_settings

    workspace = await ctx.ready()
    return await ctx.call(load_endpoint_settings, workspace.store, server.id)


async def update_endpoints(
    ctx: "Context", server: "PrivilegeManagerServer", task_id: str = ""
) -> "EndpointUpdate":
    """Start the targeting update of a server. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from services.policies.endpoints import Endpoints

    workspace = await ctx.ready()
    client = await workspace.privilege_manager(server.id)
    return await Endpoints(workspace.store, server, client).update(task_id)


async def endpoint_status(
    ctx: "Context", server: "PrivilegeManagerServer", policies: Mapping[str, str] | None, report_id: str = ""
) -> "EndpointStatus":
    """Return what the reports of a server tell of its endpoints. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from services.policies.endpoints import Endpoints

    workspace = await ctx.ready()
    client = await workspace.privilege_manager(server.id)
    return await Endpoints(workspace.store, server, client).status(policies, report_id)


async def check_chains(
    ctx: "Context", refs: "list[tuple[str, PolicyRef]]", report: Callable[[int, str, ChainVerdict], None]
) -> None:
    """Check the chain of each policy, one after the other; `report` gets place, key and verdict of each."""
    await lazy_imports.ready(ctx, lazy_imports.policies)
    from models.kinds import Kind
    from services.approval_chain.check import check_chain
    from services.approval_chain.route import ChainStart

    workspace = await ctx.ready()
    for place, (key, ref) in enumerate(refs):
        if ref.object_id is not None:
            start = ChainStart(Kind.POLICY, ref.object_id)
        else:
            start = ChainStart(Kind.PRIVILEGE_MANAGER_SERVER, ref.server.id, ref.item_id or ref.name)
        report(place + 1, key, chain_verdict(await check_chain(workspace, start)))


async def save_csv(ctx: "Context", lines: list[list[str]], path: Path) -> None:
    """Write lines to a CSV file. Raises ConsoleError."""
    await lazy_imports.ready(ctx, lazy_imports.export)
    from services.requests.inbox.export import save_table

    await ctx.call(partial(save_table, lines, path))


def is_old(read_at: datetime | None, age_s: float) -> bool:
    """Whether something was read longer ago than `age_s` seconds, or never."""
    return read_at is None or (datetime.now(UTC) - read_at).total_seconds() > age_s
