"""`practice serve`: the practice instance by itself."""

import asyncio
from typing import Annotated, Literal

import typer

from console.cli import output
from console.cli.command_context import CommandContext
from console.startup import termination_signals
from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.process_environment import full_environment

PASSWORD_VARIABLE = "PRACTICE_PASSWORD"  # noqa: S105 -- the name of a variable

app = typer.Typer(help="The practice instance.", no_args_is_help=True)


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
) -> None:
    """Serve a practice ServiceNow instance on this machine until it is told to stop (Ctrl+C, SIGTERM or SIGHUP).

    Every account has a password of its own, made up at start; PRACTICE_PASSWORD in the environment sets one for all.
    """
    from services.practice import serve as serve_practice
    from services.practice.faults import FaultRegistry, UnknownFaultError

    try:
        for text in fault or []:
            FaultRegistry().read(text)
    except UnknownFaultError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error
    told: list[int] = []
    try:
        with termination_signals.terminate_as_interrupt() as told:
            asyncio.run(
                serve_practice(
                    port=port,
                    state=state,
                    items=items,
                    requests=requests,
                    faults=fault or [],
                    # From the environment only: what stands on a command line can be read by every user.
                    password=full_environment().get(PASSWORD_VARIABLE) or None,
                    printer=output.print_result,
                )
            )
    except KeyboardInterrupt:
        raise typer.Exit(output.EXIT_OK if told else output.EXIT_CANCELLED) from None
    except OSError as error:
        raise typer.Exit(CommandContext.failed(_listen_error(port, error))) from error


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
