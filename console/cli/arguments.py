"""Arguments and options that several commands have in common."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")]
ServerName = Annotated[str, typer.Argument(help="Name of the ServiceNow server.")]
PrivilegeManagerName = Annotated[str, typer.Argument(help="Name of the Privilege Manager server.")]
DecideAs = Annotated[str, typer.Option(help="User Credential that decides; else the server's own account.")]
ConfirmProduction = Annotated[str, typer.Option(help="Name of the server, where it is marked production.")]
ConfirmOpen = Annotated[
    int,
    typer.Option(
        "--confirm-open",
        min=0,
        metavar="N",
        help="Rename or re-point objects although up to N open requests hang on one of them.",
    ),
]
