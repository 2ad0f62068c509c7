"""`faults`: the fault catalog, for whoever has an id from a ticket and no window at hand."""

from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import Json
from console.cli.errors import input_error
from services.common.closest_match import closest_match
from services.common.errors import InputError
from services.common.fault_ids import FaultId
from services.connectivity import CheckFault, all_faults, fault_catalog_texts
from services.connectivity.complete_catalog import faults_by_id


def faults(
    fault: Annotated[
        str, typer.Argument(help="Id of a fault, such as tls-untrusted; without one, all of them.")
    ] = "",
    json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Write Markdown: the page of the documentation.")
    ] = False,
) -> None:
    """Say what a fault of the check, or of an answer on its way back, means: what people see, cause, owner and remedy.

    Without an id all of them are listed.
    """
    if json and markdown:
        raise typer.BadParameter("choose one of --json and --markdown", param_hint="--markdown")
    try:
        found = _find_faults(fault) if fault else list(all_faults())
    except InputError as error:
        output.print_problem(error, json_too=json)
        raise typer.Exit(error.exit_status) from error
    if json:
        output.print_json({"faults": [fault_catalog_texts.fault_to_dict(one) for one in found]})
    elif markdown:
        output.print_result(
            (
                ("\n\n".join(map(fault_catalog_texts.render_fault_markdown, found)))
                if fault
                else fault_catalog_texts.render_markdown()
            ).rstrip()
        )
    elif fault:
        output.print_result("\n".join(map(fault_catalog_texts.format_fault, found)))
    else:
        rows = [
            (fault_catalog_texts.join_stage_names(one.stages), one.id, one.owner.value, one.symptom)
            for one in found
        ]
        output.print_table(("Stage", "Fault", "Owner", "People see"), rows, whole=("Fault",))


def _find_faults(fault_id: str) -> list[CheckFault]:
    wanted = fault_id.strip().lower()
    found = faults_by_id(wanted)
    if found:
        return found
    near = closest_match(fault_id, [one.id for one in all_faults()])
    raise input_error(
        f"Look up the fault “{fault_id}”",
        "The catalog has no fault of this id.",
        "The id is misspelt, or no fault of the check.",
        f"Type {near}, if that is meant." if near else "Type approval-console faults for every id.",
        FaultId.FAULT_UNKNOWN,
    )
