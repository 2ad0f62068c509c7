"""`faults`: the fault catalog, for whoever has an id from a ticket and no window at hand."""

from typing import Annotated

import typer

from console.cli import output
from services.connectivity import CATALOGUE, CheckFault, handbook
from services.connectivity.faults import faults_called
from services.errors import InputError, Owner, Problem
from services.servicenow.contract import did_you_mean


def faults(
    fault: Annotated[
        str, typer.Argument(help="Id of a fault, such as tls-untrusted; without one, all of them.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Write Markdown: the page of the documentation.")
    ] = False,
) -> None:
    """Say what a fault of the check means: what people see, cause, owner, remedy and source."""
    if json and markdown:
        raise typer.BadParameter("choose one of --json and --markdown", param_hint="--markdown")
    try:
        found = _called(fault) if fault else list(CATALOGUE)
    except InputError as error:
        output.problem(error, json_too=json)
        raise typer.Exit(error.exit_status) from error
    if json:
        output.as_json({"faults": [handbook.as_dict(one) for one in found]})
    elif markdown:
        output.result((("\n\n".join(map(handbook.section, found))) if fault else handbook.page()).rstrip())
    elif fault:
        output.result("\n".join(map(handbook.as_text, found)))
    else:
        rows = [(handbook.words_of(one.stages), one.id, one.owner.value, one.people_see) for one in found]
        output.table(("Stage", "Fault", "Owner", "People see"), rows, whole=("Fault",))


def _called(fault_id: str) -> list[CheckFault]:
    found = faults_called(fault_id.strip().lower())
    if found:
        return found
    near = did_you_mean(fault_id, [one.id for one in CATALOGUE])
    raise InputError(
        Problem(
            tried=f"Look up the fault “{fault_id}”",
            evidence="The catalog has no fault of this id.",
            cause="The id is misspelt, or no fault of the check.",
            owner=Owner.CONSOLE,
            remedy=f"Type {near}, if that is meant."
            if near
            else "Type approval-console faults for every id.",
            fault="fault-unknown",
        )
    )
