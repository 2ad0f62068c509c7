"""`requests rehearse`: a request raised, followed to its end and cleaned up."""

import asyncio
from typing import Annotated, Literal

import typer

from console.cli import output
from console.cli.arguments import ConfirmProduction, DecideAs, Json
from console.cli.command_context import get_command_context
from console.cli.errors import call_error
from console.cli.unproven_user import tell_unproven_user
from models.approval_process import ApprovalProcess
from models.approval_type import ApprovalType
from models.foreign_system import ForeignSystem
from models.user_credential import UserCredential
from services.common.errors import InputError
from services.language import tr
from services.requests.rehearsal.cleanup import clean_up_rehearsals
from services.requests.rehearsal.rehearsal import rehearse as run_rehearsal
from services.servicenow import ServiceNowClient
from services.workspace import Workspace


def rehearse(
    context: typer.Context,
    type_: Annotated[str, typer.Option("--type", help="Name of the Approval Type.")],
    field: Annotated[list[str] | None, typer.Option(help="Variable of the request, as NAME=VALUE.")] = None,
    decide: Annotated[
        Literal["approve", "reject"] | None, typer.Option(help="Decide it as an approver.")
    ] = None,
    decide_as: DecideAs = "",
    confirm: ConfirmProduction = "",
    json: Json = False,
) -> None:
    """Raise a request, follow it to its end and clean it up; 1 when a leg was not as expected."""

    async def work(workspace: Workspace) -> int:
        fields = _parse_fields(field or [])
        approval_type, process, server = await asyncio.to_thread(_load_chain, workspace, type_)
        if server.production and confirm != server.name:
            raise _unconfirmed_error(server.name)
        await _clean_up_rehearsals(workspace)
        instance = await workspace.instance(server.id)
        decider = await _decider_instance(workspace, server, decide_as) if decide_as else None
        try:
            run = await run_rehearsal(
                workspace.store,
                instance,
                approval_type,
                process,
                fields=fields,
                decide=decide,
                decider=decider,
                progress=lambda text, done=0, total=None: output.print_message(f"{done + 1}/{total} {text}"),
                notice=output.print_message,
            )
        finally:
            if decider is not None:
                await decider.aclose()
        if json:
            output.print_json(run.as_dict())
        else:
            for leg in run.legs:
                output.print_result(
                    f"{'ok' if leg.ok else 'failed':7}{tr(leg.title):9} {leg.observed}  {leg.ms:.0f} ms"
                )
            for sentence in run.slow_legs:
                output.print_result(sentence)
        return output.EXIT_OK if run.ok else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json)


async def _clean_up_rehearsals(workspace: Workspace) -> None:
    """Say what rehearsals that were killed had left behind, and what of it is still there."""
    done = await clean_up_rehearsals(workspace)
    for one in done.cleaned:
        output.print_message(
            f"Left by an earlier rehearsal: {one.number or one.request_id}, {one.cleanup_check}"
        )
    for problem in done.problems:
        output.print_message(f"An earlier rehearsal is not cleaned up: {problem.cause}")
    for key in done.ended:
        output.print_message(f"The request {key} was about to be cancelled, and has ended.")
    if done.still_pending:
        output.print_message(
            "An earlier rehearsal may still be on its way; it is looked for again next time."
        )


def _parse_fields(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    wrong = [name for name, equals, _ in split if not equals]
    if wrong:
        raise call_error("Read --field", f"“{wrong[0]}” has no =", "A field is written as NAME=VALUE.")
    return {name: value for name, _, value in split}


def _load_chain(workspace: Workspace, name: str) -> tuple[ApprovalType, ApprovalProcess, ForeignSystem]:
    """Return the type, its process and its server; raises when a link of the chain is missing."""
    configuration = workspace.configuration
    approval_type = configuration.named(ApprovalType, name)
    if approval_type.process_id is None:
        raise call_error(
            f"Rehearse “{name}”", "It has no Process Handler.", "Choose the Approval Process on the type."
        )
    process = configuration.get(ApprovalProcess, approval_type.process_id)
    if process.server_id is None:
        raise call_error(
            f"Rehearse “{name}”", f"“{process.name}” has no ServiceNow Server.", "Choose it on the process."
        )
    server = configuration.get(ForeignSystem, process.server_id)
    return approval_type, process, server


async def _decider_instance(workspace: Workspace, server: ForeignSystem, name: str) -> ServiceNowClient:
    credential = await asyncio.to_thread(workspace.configuration.named, UserCredential, name)
    instance = await workspace.instance_as(server, credential)
    tell_unproven_user(instance, credential)
    return instance


def _unconfirmed_error(name: str) -> InputError:
    return call_error(
        "Rehearse a request",
        f"“{name}” is marked production.",
        f'Confirm with --confirm "{name}", or use a test server.',
    )
