"""`practice serve`: a practice instance or a practice Privilege Manager by itself."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from console.cli import output
from console.cli.command_context import CommandContext
from console.startup import termination_signals
from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.process_environment import full_environment

if TYPE_CHECKING:
    from services.practice.faults import FaultRegistry

PASSWORD_VARIABLE = "PRACTICE_PASSWORD"  # noqa: S105 -- the name of a variable
CLIENT_SECRET_VARIABLE = "PRACTICE_CLIENT_SECRET"  # noqa: S105 -- the name of a variable
WEBHOOK_VARIABLE = "PRACTICE_WEBHOOK_AUTHORIZATION"

app = typer.Typer(help="The practice instance and the practice Privilege Manager.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep `serve` a command of its own."""


@app.command()
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0 for a free one.")
    ] = 8099,
    state: Annotated[
        Literal["stock", "empty"], typer.Option(help="Whether the approval items exist.")
    ] = "stock",
    fault: Annotated[
        list[str] | None, typer.Option(help="Fault to begin with, as NAME or NAME:option=value.")
    ] = None,
    items: Annotated[int, typer.Option(min=0, help="Further catalog items.")] = 0,
    requests: Annotated[int, typer.Option(min=0, help="Pending requests to begin with.")] = 0,
    privilege_manager: Annotated[
        bool, typer.Option("--privilege-manager", help="Serve a practice Privilege Manager instead.")
    ] = False,
    instance_port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="With --privilege-manager: port of a practice instance that is served as well.",
        ),
    ] = None,
    computers: Annotated[int, typer.Option(min=0, help="Further computers, with --privilege-manager.")] = 0,
    webhook: Annotated[
        str | None,
        typer.Option(help="Address on this machine that approval events go to, with --privilege-manager."),
    ] = None,
) -> None:
    """Serve a practice server on this machine until it is told to stop (Ctrl+C, SIGTERM or SIGHUP).

    Every account, API client and OAuth client has a password or secret of its own, made up at start; PRACTICE_PASSWORD
    or PRACTICE_CLIENT_SECRET in the environment sets one for all. PRACTICE_WEBHOOK_AUTHORIZATION is the Authorization
    header of the webhook.
    """
    if privilege_manager:
        serving = _privilege_manager(port, state, fault or [], computers, webhook)
        if instance_port is not None:
            serving = _serve_both(serving, _instance(instance_port, state, [], items, requests))
    else:
        serving = _instance(port, state, fault or [], items, requests)
    told: list[int] = []
    try:
        with termination_signals.terminate_as_interrupt() as told:
            asyncio.run(serving)
    except KeyboardInterrupt:
        raise typer.Exit(output.EXIT_OK if told else output.EXIT_CANCELLED) from None
    except OSError as error:
        raise typer.Exit(CommandContext.failed(_listen_error(port, error))) from error


# Passwords come from the environment only: what stands on a command line can be read by every user.


def _instance(
    port: int, state: Literal["stock", "empty"], faults: list[str], items: int, requests: int
) -> Coroutine[None, None, None]:
    """Return the work of a practice ServiceNow instance."""
    from services.practice import serve as serve_practice
    from services.practice.faults import FaultRegistry

    _check_faults(FaultRegistry(), faults)
    environment = full_environment()
    return serve_practice(
        port=port,
        state=state,
        items=items,
        requests=requests,
        faults=faults,
        password=environment.get(PASSWORD_VARIABLE) or None,
        client_secret=environment.get(CLIENT_SECRET_VARIABLE) or None,
        printer=output.print_result,
    )


def _privilege_manager(
    port: int, state: Literal["stock", "empty"], faults: list[str], computers: int, webhook: str | None
) -> Coroutine[None, None, None]:
    """Return the work of a practice Privilege Manager."""
    from services.practice.privilege_manager import PrivilegeManagerFaults
    from services.practice.privilege_manager import serve as serve_practice
    from services.practice.privilege_manager.state import check_webhook

    _check_faults(PrivilegeManagerFaults(), faults)
    try:
        if webhook is not None:
            check_webhook(webhook)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--webhook") from error
    environment = full_environment()
    return serve_practice(
        port=port,
        empty=state == "empty",
        computers=computers,
        faults=faults,
        secret=environment.get(CLIENT_SECRET_VARIABLE) or None,
        webhook=webhook,
        webhook_authorization=environment.get(WEBHOOK_VARIABLE, ""),
        printer=output.print_result,
    )


async def _serve_both(*servers: Coroutine[None, None, None]) -> None:
    await asyncio.gather(*servers)


def _check_faults(registry: "FaultRegistry", faults: list[str]) -> None:
    """Raise a usage error for a fault that is not known."""
    from services.practice.faults import UnknownFaultError

    try:
        for text in faults:
            registry.read(text)
    except UnknownFaultError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error


def _listen_error(port: int, error: OSError) -> ConsoleError:
    return ConsoleError(
        Problem(
            tried=f"Serve a practice instance on port {port}",
            evidence=str(error),
            cause="Another program listens on this port, or it may not be used.",
            owner=Owner.CONSOLE,
            remedy="Choose another one with --port; --port 0 takes one that is free.",
            fault=FaultId.PORT_UNUSABLE,
        )
    )
