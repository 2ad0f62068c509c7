"""`intake`: the programs that may raise requests through the worker."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

import typer

from console.cli import output
from console.cli.command_context import get_command_context
from models.approval_type import ApprovalType
from models.delivery import AnswerKind
from models.intake_event import IntakeEvent
from models.privilege_manager_server import PrivilegeManagerServer
from models.user_credential import UserCredential
from services.answers.target import PREFIX_PRIVILEGE_MANAGER, AnswerTarget, parse_answer, through_proxy
from services.common.secret import Secret
from services.intake.answer_setup import confirm_answer_setup, read_answer_setup
from services.intake.clients import IntakeClients, NewClient, forget_webhook_secret
from services.intake.event_mapping import map_variables
from services.intake.event_store import IntakeEvents, event_as_dict
from services.intake.payload_mapping import document_from_arguments
from services.workspace import Workspace

app = typer.Typer(help="Programs that may raise requests.", no_args_is_help=True)


ApprovalTypeName = Annotated[
    str,
    typer.Option(
        "--type",
        help="Name of the Approval Type that it raises requests of.",
    ),
]
Mappings = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Where a variable stands in the payload: NAME=/pointer, NAME?=/pointer where it may be missing, "
        "NAME=text for a constant, or NAME={…} with a source in JSON. id=/pointer is the payload's own id. "
        "May be given again; without it the payload names the variables as the contract does.",
    ),
]
Answer = Annotated[
    str,
    typer.Option(
        help="Where decisions go: privilege-manager:SERVER with the name of a Privilege Manager Server, or "
        "webhook:URL. Without it the program asks the intake.",
    ),
]
EventsOf = Annotated[
    str,
    typer.Option(
        help="Name of the Privilege Manager Server whose webhook it is. Its events are stored and raise nothing until "
        "intake map has mapped every variable; decisions go back to that server unless --answer names another place."
    ),
]
AnswerDuration = Annotated[
    str,
    typer.Option(
        help="How long an approval lasts on the endpoint, such as 1h, where the server takes a duration; "
        "without it an approval counts once."
    ),
]

AnswerProxy = Annotated[
    str,
    typer.Option(help="Proxy on the way to the webhook, as http://HOST:PORT; without it the way is direct."),
]
AnswerProxyCredential = Annotated[
    str, typer.Option(help="Name of the User Credential that signs in to the proxy, where it wants that.")
]


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the program is called.")],
    type_: ApprovalTypeName,
    map_: Mappings = None,
    answer: Answer = "",
    events_of: EventsOf = "",
    answer_duration: AnswerDuration = "",
    answer_proxy: AnswerProxy = "",
    answer_proxy_credential: AnswerProxyCredential = "",
) -> None:
    """Let a program raise requests; its token is written to standard output, this once.

    With a webhook the secret of its signatures follows on a second line.
    """
    if answer_duration and not (answer or events_of):
        raise typer.BadParameter("goes with --answer only", param_hint="--answer-duration")

    async def work(workspace: Workspace) -> int:
        given = _GivenAnswer(answer, answer_duration, answer_proxy, answer_proxy_credential)
        made = await asyncio.to_thread(_add_client, workspace, name, type_, map_ or [], given, events_of)
        output.print_message(f"“{name}” may raise requests of “{type_}”. Its token is shown only now:")
        output.print_result(made.token)
        _print_webhook_secret(made.webhook_secret)
        if events_of:
            output.print_message(
                "Privilege Manager is to post its events to http://HOST:PORT/v1/requests, with PORT as in worker --intake "
                "PORT, and with the header Authorization: Bearer TOKEN. What has come shows intake map "
                f"“{name}”."
            )
        if made.client.answer_kind == AnswerKind.PRIVILEGE_MANAGER:
            output.print_message(
                "Nothing is answered yet: see what is filled into the approval operation of the server, and confirm "
                f"it, with intake answer “{name}” --confirm."
            )
        return output.EXIT_OK

    get_command_context(context).run(work)


def _add_client(
    workspace: Workspace,
    name: str,
    type_name: str,
    pairs: list[str],
    given: "_GivenAnswer",
    events_of: str,
) -> NewClient:
    document = document_from_arguments(pairs)
    approval_type = workspace.configuration.named(ApprovalType, type_name)
    if events_of and not given.text:
        given = replace(given, text=f"{PREFIX_PRIVILEGE_MANAGER}{events_of}")
    target = given.target(workspace)
    clients = IntakeClients(workspace.store)
    source = _find_server(workspace, events_of) if events_of else None
    return clients.add_with_secret(
        name, approval_type.id, document, target, workspace.vault, source_server_id=source
    )


def _find_server(workspace: Workspace, name: str) -> uuid.UUID:
    return workspace.configuration.named(PrivilegeManagerServer, name).id


@dataclass(frozen=True, slots=True)
class _GivenAnswer:
    """Where answers go, as it was typed."""

    text: str
    duration: str
    proxy: str
    proxy_credential: str

    def target(self, workspace: Workspace) -> AnswerTarget:
        """Return what it means. Raises InputError, NotFoundError."""
        target = AnswerTarget()
        if self.text:
            target = parse_answer(self.text, partial(_find_server, workspace), self.duration)
        credential_id = None
        if self.proxy_credential:
            credential_id = workspace.configuration.named(UserCredential, self.proxy_credential).id
        return through_proxy(target, self.proxy, credential_id)


def _change_answer(workspace: Workspace, name: str, given: _GivenAnswer) -> Secret | None:
    return IntakeClients(workspace.store).set_answer(name, given.target(workspace), workspace.vault)


def _print_webhook_secret(secret: Secret | None) -> None:
    if secret is not None:
        output.print_message("The secret with which its webhook verifies answers is shown only now:")
        output.print_result(secret.reveal())


@app.command("answer")
def answer_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the program is called.")],
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="What a property of the server's approval operation is filled with: PROPERTY=approval_id, =comment, "
            "=approver, =duration:SECONDS with the unit, =duration:timespan or =duration:iso8601, =one_time:ONCE:TIMED, =decision:APPROVED:DENIED (DENIED may be left "
            "out), =fixed:VALUE, or PROPERTY= to leave it out. Values are JSON, or else text. May be given again; the "
            "other properties are proposed by name and type.",
        ),
    ] = None,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Send answers by this mapping from now on.")
    ] = False,
    answer: Annotated[
        str,
        typer.Option(
            help="Change where decisions go, also those that wait: privilege-manager:SERVER, webhook:URL, or none."
        ),
    ] = "",
    answer_duration: AnswerDuration = "",
    answer_proxy: AnswerProxy = "",
    answer_proxy_credential: AnswerProxyCredential = "",
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")] = False,
) -> None:
    """Show what is filled into the approval operation of the client's Privilege Manager Server, and confirm it.

    With --answer the decisions go to another place first. The secret of a new webhook is written to standard output, this
    once. The status is 1 while nothing may be sent: the mapping is unconfirmed, or does not fit what the server describes.
    """
    given = _GivenAnswer(answer, answer_duration, answer_proxy, answer_proxy_credential)
    if not answer and (answer_duration or answer_proxy or answer_proxy_credential):
        raise typer.BadParameter("is missing", param_hint="--answer")
    has_mapping = not answer or answer.startswith(PREFIX_PRIVILEGE_MANAGER)
    if not has_mapping and (map_ or confirm or json):
        raise typer.BadParameter("has no mapping to show or confirm", param_hint="--answer")

    async def work(workspace: Workspace) -> int:
        if answer:
            secret = await asyncio.to_thread(_change_answer, workspace, name, given)
            output.print_message(f"The answers of “{name}” go to {answer} from now on.")
            _print_webhook_secret(secret)
        if not has_mapping:
            return output.EXIT_OK
        setup = await read_answer_setup(workspace, name, map_ or [])
        if confirm:
            setup = await asyncio.to_thread(confirm_answer_setup, workspace, setup)
        if json:
            output.print_json(setup.as_dict())
        else:
            output.print_table(("Property", "Type", "Required", "Filled with"), setup.rows())
            for line in setup.notes():
                output.print_message(line)
        return output.EXIT_OK if setup.is_confirmed else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json)


@app.command("list")
def list_(context: typer.Context) -> None:
    """List the programs that may raise requests."""

    async def work(workspace: Workspace) -> int:
        found = await asyncio.to_thread(IntakeClients(workspace.store).all)
        rows = [
            (
                client.name,
                type_name,
                client.mapping,
                client.answer_url or client.answer_kind.replace("_", "-"),
                f"{client.created_at:%Y-%m-%d}",
                client.created_by,
            )
            for client, type_name in found
        ]
        output.print_table(("Name", "Approval Type", "Mapping", "Answers to", "Added", "By"), rows)
        return output.EXIT_OK

    get_command_context(context).run(work)


@app.command()
def remove(
    context: typer.Context, name: Annotated[str, typer.Argument(help="What the program is called.")]
) -> None:
    """Take the right to raise requests back; the requests that it raised stay."""

    async def work(workspace: Workspace) -> int:
        removed = await asyncio.to_thread(IntakeClients(workspace.store).remove, name)
        await asyncio.to_thread(forget_webhook_secret, removed, workspace.vault)
        output.print_message(f"“{name}” may raise requests no longer.")
        return output.EXIT_OK

    get_command_context(context).run(work)


@app.command()
def events(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the program is called.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")] = False,
) -> None:
    """Show the newest calls of a program; without a name, calls whose token belongs to none.

    Bodies are kept of programs that send events of Privilege Manager; headers are never kept.
    """

    async def work(workspace: Workspace) -> int:
        found = await asyncio.to_thread(_load_events, workspace, name)
        if json:
            output.print_json({"events": [event_as_dict(one) for one in found]})
            return output.EXIT_OK
        rows = [
            (
                f"{one.received_at:%Y-%m-%d %H:%M:%SZ}",
                one.sender,
                str(one.size),
                f"{one.status} {one.fault}".strip(),
                one.body,
            )
            for one in found
        ]
        output.print_table(("Received", "From", "Bytes", "Answered", "Body"), rows)
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


@app.command("map")
def map_command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the program is called.")],
    variables: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VARIABLE=SOURCE",
            help="As with intake add --map; PMApprovalId=/pointer is the id by which the sender knows its request. "
            "VARIABLE= leaves a variable empty.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")] = False,
) -> None:
    """Map variables to fields of a program's events, and show what its last event has there.

    Requests are raised as soon as every variable is mapped. The status is 1 until then.
    """

    async def work(workspace: Workspace) -> int:
        state = await asyncio.to_thread(map_variables, workspace.store, name, variables or [])
        if json:
            output.print_json(state.as_dict())
        else:
            output.print_table(
                ("Variable", "State", "Field in the event", "Value received"),
                [(row.variable, row.state, row.source, row.value) for row in state.rows],
            )
            if state.is_learning:
                output.print_message(f"Nothing is raised yet: {', '.join(state.missing)} is not mapped.")
        return output.EXIT_NOT_OK if state.is_learning else output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


def _load_events(workspace: Workspace, name: str) -> Sequence[IntakeEvent]:
    client_id = IntakeClients(workspace.store).find(name).id if name else None
    return IntakeEvents(workspace.store).newest(client_id)
