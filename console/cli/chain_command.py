"""`chain`: every link from a policy to the people who approve."""

import asyncio
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import Json
from console.cli.command_context import get_command_context
from services.approval_chain import ChainReport, LinkKind, LinkState
from services.approval_chain.check import check_chain
from services.approval_chain.report_text import report_lines, summary_line
from services.approval_chain.route import ChainStart
from services.approval_chain.starts import find_policy_start, find_process_start, find_starts
from services.common.json_types import JsonObject
from services.workspace import Workspace


def chain(
    context: typer.Context,
    policy: Annotated[
        str, typer.Option(help="Name of a policy here, or name or id of one on the server.")
    ] = "",
    process: Annotated[str, typer.Option(help="Name of an Approval Process.")] = "",
    json: Json = False,
) -> None:
    """Check every link from the policy to the approver; 1 when one is broken. Without a name: all policies here."""
    if policy and process:
        raise typer.BadParameter("name a policy or an Approval Process, not both", param_hint="--process")

    async def work(workspace: Workspace) -> int:
        reports = [
            await check_chain(workspace, start) for start in await _find_starts(workspace, policy, process)
        ]
        verdict = _worst(reports)
        if json:
            output.print_json(_to_json(reports, verdict))
        else:
            _print_reports(reports)
        if verdict is LinkState.BROKEN:
            return output.EXIT_NOT_OK
        return output.EXIT_FAILURE if any(map(_could_not_be_asked, reports)) else output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


async def _find_starts(workspace: Workspace, policy: str, process: str) -> list[ChainStart]:
    if policy:
        return [await find_policy_start(workspace, policy)]
    configuration = workspace.configuration
    if process:
        return [await asyncio.to_thread(find_process_start, configuration, process)]
    return await asyncio.to_thread(find_starts, configuration)


def _could_not_be_asked(report: ChainReport) -> bool:
    """Whether a call to Privilege Manager failed; what its API does not tell has a fault of the chain instead."""
    return any(
        link.state is LinkState.UNKNOWN
        and link.kind in (LinkKind.POLICY, LinkKind.ACTION)
        and link.fault is not None
        and not link.fault.startswith("chain-")
        for link in report.links
    )


def _worst(reports: list[ChainReport]) -> LinkState:
    states = {report.verdict for report in reports}
    return next((one for one in (LinkState.BROKEN, LinkState.UNKNOWN) if one in states), LinkState.OK)


def _to_json(reports: list[ChainReport], verdict: LinkState) -> JsonObject:
    """Return one document: of one chain as it is; of several the links of all, each with the name of its chain."""
    if len(reports) == 1:
        return reports[0].as_dict()
    return {
        "links": [{**link.as_dict(), "chain": report.name} for report in reports for link in report.links],
        "verdict": verdict.value,
        "chains": [report.as_dict() for report in reports],
    }


def _print_reports(reports: list[ChainReport]) -> None:
    for number, report in enumerate(reports):
        if number:
            output.print_result("")
        for line in report_lines(report):
            output.print_result(line)
        output.print_result(summary_line(report))
