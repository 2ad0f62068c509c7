"""`policies`: policies of Privilege Manager, with a plan before every change and a read-back after it."""

import asyncio
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import ConfirmOpen, ConfirmProduction, Json, PrivilegeManagerName
from console.cli.command_context import get_command_context
from console.cli.errors import call_error
from console.cli.item_lists import SearchText, find_server, read_copies, search_items, write_list
from models.action import Platform
from models.policy import Policy
from models.privilege_manager_server import PrivilegeManagerServer
from models.server_item import ItemKind
from models.text_folding import fold_text
from services.common.json_types import JsonLike
from services.language import number, plural, tr, translate_message
from services.policies import (
    ApplyResult,
    PolicyGoal,
    PolicyPlan,
    PolicyService,
    RowOperation,
    WantedAction,
    goal_for_policy,
    undo,
)
from services.policies.plan import ACTIVE, INACTIVE, PlanField, value_text
from services.policies.problems import PolicyRunStoppedError
from services.policies.runs import StepKind, find_run
from services.policies.server_state import platform_of
from services.privilege_manager.api_items import FilterRole, PolicyItem
from services.store import NotFoundError
from services.workspace import Workspace

app = typer.Typer(help="Policies of Privilege Manager.", no_args_is_help=True, rich_markup_mode=None)
OPERATION_SIGNS = {
    RowOperation.CREATE: "+",
    RowOperation.ADD: "+",
    RowOperation.REMOVE: "-",
    RowOperation.UPDATE: "~",
    RowOperation.KEEP: "=",
    RowOperation.CONFLICT: "!",
    RowOperation.BLOCKED: "!",
}


class CreateFor(StrEnum):
    """Platforms as the command names them."""

    WINDOWS = "windows"
    MAC = "mac"

    @property
    def platform(self) -> Platform:
        """The platform."""
        return Platform.WINDOWS if self is CreateFor.WINDOWS else Platform.MACOS


PolicyName = Annotated[str, typer.Argument(help="Name or id of the policy.")]
Create = Annotated[
    CreateFor | None, typer.Option(help="Create the policy for this platform where it is missing.")
]
AddAction = Annotated[
    list[str] | None, typer.Option(metavar="ACTION", help="Name or id of an action to add.")
]
RemoveAction = Annotated[
    list[str] | None, typer.Option(metavar="ACTION", help="Name or id of an action to remove.")
]
Enable = Annotated[
    bool | None, typer.Option("--enable/--disable", help="Make the policy active or inactive.")
]


@app.command("list")
def list_policies(
    context: typer.Context,
    server: PrivilegeManagerName,
    search: SearchText = "",
    json: Json = False,
) -> None:
    """List the policies of a server by priority."""

    async def work(workspace: Workspace) -> int:
        stored, copies = await read_copies(workspace, server, (ItemKind.POLICY, ItemKind.ACTION))
        policies = await asyncio.to_thread(copies.policies)
        actions = await asyncio.to_thread(copies.actions)
        names = {one.item_id: one.name or one.item_id for one in actions.items}
        shown = search_items(policies, search)
        shown.sort(key=lambda one: (one.priority is None, one.priority or 0, fold_text(one.name or "")))
        listed = {"policies": [_policy_as_dict(one, names) for one in shown]}
        incomplete = tr("The list of policies is incomplete.")
        return write_list(
            stored, policies, listed, lambda: _print_policies(shown, names), incomplete, json=json
        )

    get_command_context(context).run(work, json_too=json)


@app.command()
def plan(
    context: typer.Context,
    server: PrivilegeManagerName,
    policy: PolicyName,
    create: Create = None,
    add_action: AddAction = None,
    remove_action: RemoveAction = None,
    enable: Enable = None,
    json: Json = False,
) -> None:
    """Say what applying would change; without options as the Policy of this name in the store; 1 with conflicts."""

    async def work(workspace: Workspace) -> int:
        service = await _open_service(workspace, server)
        goal = await _read_goal(workspace, service, policy, create, add_action, remove_action, enable)
        made = await _make_plan(service, goal)
        if json:
            output.print_json(made.as_dict())
        else:
            print_plan(made)
        return output.EXIT_NOT_OK if made.problems else output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


@app.command()
def apply(
    context: typer.Context,
    server: PrivilegeManagerName,
    policy: PolicyName,
    create: Create = None,
    add_action: AddAction = None,
    remove_action: RemoveAction = None,
    enable: Enable = None,
    confirm: ConfirmProduction = "",
    confirm_open: ConfirmOpen = 0,
    json: Json = False,
) -> None:
    """Apply the plan and read it back; goes on with a run that stopped; 1 with conflicts or differences."""

    async def work(workspace: Workspace) -> int:
        service = await _open_service(workspace, server)
        _require_production(service.server, confirm)
        goal = await _read_goal(workspace, service, policy, create, add_action, remove_action, enable)
        made = await _make_plan(service, goal)
        try:
            done = await service.apply(made, confirmed=confirm_open, progress=_print_progress)
        except PolicyRunStoppedError as error:
            return _print_stopped(error, json=json)
        if json:
            output.print_json(done.as_dict())
        else:
            _print_applied(done)
        return output.EXIT_OK if done.ok else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json)


@app.command("undo")
def undo_run(
    context: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of the run, as apply wrote it.")],
    confirm: ConfirmProduction = "",
    confirm_open: ConfirmOpen = 0,
    json: Json = False,
) -> None:
    """Restore actions and status as they were before a run; 1 where others changed something since."""

    async def work(workspace: Workspace) -> int:
        found = await asyncio.to_thread(find_run, workspace.store, run)
        server_id = found.row.object_id
        assert server_id is not None  # noqa: S101 -- every run of this kind has one
        server = await asyncio.to_thread(workspace.configuration.get, PrivilegeManagerServer, server_id)
        _require_production(server, confirm)
        service = PolicyService(workspace.store, server, await workspace.privilege_manager(server.id))
        try:
            done = await undo(service, run, confirmed=confirm_open, progress=_print_progress)
        except PolicyRunStoppedError as error:
            return _print_stopped(error, json=json)
        if json:
            output.print_json(done.as_dict())
        else:
            for label, steps in ((tr("Restored"), done.restored), (tr("Left"), done.left)):
                output.print_result(f"{label}: {', '.join(step.kind for step in steps) or '-'}")
            if any(step.kind is StepKind.CREATE for step in done.left):
                output.print_message(tr("The created policy stays: no call of the API deletes one."))
        return output.EXIT_OK if done.ok else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json)


# -- what is asked for -----------------------------------------------------------


async def _open_service(workspace: Workspace, server: str) -> PolicyService:
    stored = await find_server(workspace, server)
    return PolicyService(workspace.store, stored, await workspace.privilege_manager(stored.id))


async def _read_goal(
    workspace: Workspace,
    service: PolicyService,
    name: str,
    create: CreateFor | None,
    added: Collection[str] | None,
    removed: Collection[str] | None,
    active: bool | None,
) -> PolicyGoal:
    """Return what the options ask for; without any, what the stored Policy of this name on the server does."""
    both = {fold_text(one) for one in added or ()} & {fold_text(one) for one in removed or ()}
    if both:
        raise call_error(
            "Read the call",
            f"“{min(both)}” is to be added and removed",
            "Name each action with --add-action or with --remove-action.",
        )
    asked = PolicyGoal(
        name,
        create=create.platform if create is not None else None,
        platform=create.platform if create is not None else None,
        add_actions=tuple(WantedAction(one) for one in added or ()),
        remove_actions=tuple(WantedAction(one) for one in removed or ()),
        active=active,
    )
    if asked.wants_change:
        return asked
    stored = await asyncio.to_thread(workspace.configuration.find_by_name, Policy, name)
    if stored is None or stored.server_id != service.server.id:
        return asked
    return await asyncio.to_thread(goal_for_policy, workspace.store, stored)


async def _make_plan(service: PolicyService, goal: PolicyGoal) -> PolicyPlan:
    """Return the plan; a policy that is not there and is not to be created is refused."""
    made = await service.plan(goal)
    missing = (
        made.before is None and made.rows[0].operation is RowOperation.CONFLICT and not made.rows[0].before
    )
    if missing:
        known = [one.name for one in await service.client.policies() if one.name]
        raise NotFoundError(f"the policy “{goal.policy}” of “{service.server.name}”", goal.policy, known)
    return made


def _require_production(server: PrivilegeManagerServer, confirm: str) -> None:
    if server.production and confirm != server.name:
        raise call_error(
            "Read the call",
            f"“{server.name}” is marked production",
            f'Confirm with --confirm "{server.name}", or use a test server.',
        )


# -- what is shown -----------------------------------------------------------------


def print_plan(made: PolicyPlan) -> None:
    """Write a plan for people."""
    for row in made.rows:
        sign = OPERATION_SIGNS[row.operation]
        before, after = row.before_text, row.after_text
        shown = before if row.before == row.after else f"{before} -> {after}"
        why = f"  {translate_message(row.why)}" if row.why else ""
        output.print_result(f"{sign} {tr(row.operation.label):10}{tr(row.field.label):15}{shown}{why}")
    for warning in made.warnings:
        output.print_message(tr("Warning: {text}", text=translate_message(warning.text)))
    if made.open_requests is not None and made.open_requests.count:
        output.print_message(tr("Warning: {text}", text=translate_message(made.open_requests.text)))
    changes = plural(len(made.changes), "{count} change", "{count} changes")
    calls = plural(made.calls, "{count} call", "{count} calls")
    output.print_result(f"{changes}, {calls}")


def _print_applied(done: ApplyResult) -> None:
    print_plan(done.plan)
    if done.run is None:
        output.print_result(tr("Nothing was written."))
        return
    for one in done.run.differences:
        name = PlanField(one.field)
        output.print_result(
            tr(
                "! {field}: expected {expected}, is {actual}",
                field=tr(name.label),
                expected=value_text(name, one.expected),
                actual=value_text(name, one.actual),
            )
        )
    output.print_result(tr("Run ID {id}", id=done.run.id))
    output.print_result(tr("Verified") if done.run.verified else tr("Not verified"))


def _print_stopped(error: PolicyRunStoppedError, *, json: bool) -> int:
    output.print_problem(error)
    if json:
        output.print_json({"error": error.problem.as_dict(), "run": error.run_id, "verified": False})
    return error.exit_status


def _print_progress(text: str, done: int = 0, total: int | None = None) -> None:
    output.print_message(f"{min(done + 1, total)}/{total} {text}" if total else text)


def _print_policies(policies: Iterable[PolicyItem], names: dict[str, str]) -> None:
    rows = [
        (
            one.name or "",
            value_text(PlanField.STATUS, _status(one)),
            number(one.priority) if one.priority is not None else value_text(PlanField.PRIORITY, None),
            platform_of(one) or "",
            _names(one.action_ids, names),
            one.item_id,
        )
        for one in policies
    ]
    heads = (tr("Policy"), tr("Status"), tr("Priority"), tr("Platform"), tr("Actions"), tr("Id"))
    output.print_table(heads, rows, whole=(tr("Id"),))


def _names(ids: Iterable[str] | None, names: dict[str, str]) -> str:
    if ids is None:
        return value_text(PlanField.ACTIONS, None)
    return ", ".join(names.get(one, one) for one in ids)


def _status(policy: PolicyItem) -> str | None:
    return None if policy.active is None else ACTIVE if policy.active else INACTIVE


def _policy_as_dict(policy: PolicyItem, names: dict[str, str]) -> dict[str, JsonLike]:
    def actions(ids: tuple[str, ...] | None) -> JsonLike:
        return None if ids is None else [{"id": one, "name": names.get(one)} for one in ids]

    return {
        "id": policy.item_id,
        "name": policy.name,
        "description": policy.description,
        "active": policy.active,
        "priority": policy.priority,
        "platform": platform_of(policy),
        "actions": actions(policy.action_ids),
        "child_actions": actions(policy.child_action_ids),
        "targets": policy.target_ids,
        "application_targets": policy.filter_ids.get(FilterRole.APPLICATION_TARGET),
        "inclusions": policy.filter_ids.get(FilterRole.INCLUSION),
        "exclusions": policy.filter_ids.get(FilterRole.EXCLUSION),
    }
