"""`endpoints`: brings policies to computers, and says which computers have them as far as the server tells."""

import asyncio
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import ConfirmProduction, Json, PrivilegeManagerName
from console.cli.command_context import get_command_context
from console.cli.errors import call_error
from console.cli.item_lists import find_server
from services.language import plural, tr, translate_message
from services.policies.endpoints import Endpoints, EndpointStatus
from services.policies.item_copies import find_items
from services.privilege_manager.api_items import read_id
from services.store import NotFoundError
from services.workspace import Workspace

app = typer.Typer(help="Endpoints of Privilege Manager.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def update(
    context: typer.Context,
    server: PrivilegeManagerName,
    task: Annotated[
        str, typer.Option(metavar="ID", help="Id of the targeting update task; kept for the server.")
    ] = "",
    confirm: ConfirmProduction = "",
    json: Json = False,
) -> None:
    """Start the task Resource and Collection Targeting Update."""

    async def work(workspace: Workspace) -> int:
        _require_item_id("--task", task)
        stored = await find_server(workspace, server)
        if stored.production and confirm != stored.name:
            raise call_error(
                "Read the call",
                f"“{stored.name}” is marked production",
                f'Confirm with --confirm "{stored.name}", or use a test server.',
            )
        client = await workspace.privilege_manager(stored.id)
        done = await Endpoints(workspace.store, stored, client).update(task)
        if json:
            output.print_json(done.as_dict())
        else:
            output.print_result(tr("Started: {name}", name=done.instance_name))
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


@app.command()
def status(
    context: typer.Context,
    server: PrivilegeManagerName,
    policy: Annotated[str, typer.Argument(help="Name or id of a policy; else all.")] = "",
    report: Annotated[
        str,
        typer.Option(metavar="ID", help="Id of a report of computers by policy; kept for the server."),
    ] = "",
    json: Json = False,
) -> None:
    """Say which computers have which policy; 1 where the server does not tell everything."""

    async def work(workspace: Workspace) -> int:
        _require_item_id("--report", report)
        stored = await find_server(workspace, server)
        client = await workspace.privilege_manager(stored.id)
        wanted: dict[str, str] | None = None
        if policy:
            listed = await client.policies()
            wanted = {one.item_id: one.name or one.item_id for one in find_items(listed, policy)}
            if not wanted:
                known = [one.name for one in listed if one.name]
                raise NotFoundError(f"the policy “{policy}” of “{stored.name}”", policy, known)
        found = await Endpoints(workspace.store, stored, client).status(wanted, report)
        if json:
            output.print_json(found.as_dict())
        else:
            await asyncio.to_thread(_print_status, found)
        return output.EXIT_OK if found.ok else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json)


def _require_item_id(option: str, text: str) -> None:
    if text and read_id(text) is None:
        raise call_error(
            "Read the call",
            f"{option} {text}: is not a GUID",
            "Open the item in Privilege Manager, and copy the id from the address of its page.",
        )


def _print_status(found: EndpointStatus) -> None:
    if found.agents is not None:
        output.print_result(
            plural(found.agents, "{count} computer with an agent", "{count} computers with an agent")
        )
    if found.computers is not None:
        rows = [(one.policy, one.computer, one.updated) for one in found.computers]
        output.print_table((tr("Policy"), tr("Computer"), tr("Updated")), rows)
    for finding in (found.agent_report, found.policy_report):
        if finding is not None and finding.problem is not None:
            output.print_message(finding.problem.as_text())
    for text in found.not_told:
        output.print_message(translate_message(text))
