"""`worker`: runs approval processes without a window."""

import asyncio
import contextlib
import signal
import uuid
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import output
from console.cli.command_context import get_command_context
from console.startup import termination_signals
from services.language import time_of_day, tr
from services.requests.polling.poll_result import PollResult, SkipReason
from services.requests.worker.worker import Worker, WorkerReport, load_server_names
from services.workspace import Workspace

if TYPE_CHECKING:
    from services.intake.server import IntakeServer


class _StopSignal:
    """Whether the worker was told to stop, and whether somebody pressed Ctrl+C for it."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.pressed = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Take Ctrl+C and the signals to end as a wish to stop; the second one is taken as the system does."""
        loop = asyncio.get_running_loop()

        def told(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.event.set)

        def pressed(number: int, frame: FrameType | None) -> None:
            self.pressed = True
            signal.signal(signal.SIGINT, before)
            told(number, frame)

        before = signal.signal(signal.SIGINT, pressed)
        try:
            with termination_signals.handle_termination(told):
                yield
        finally:
            signal.signal(signal.SIGINT, before)


@dataclass(frozen=True, slots=True)
class _IntakeAddress:
    """Where the intake is served, and with which certificate."""

    port: int
    host: str
    certificate: str
    key: str
    names: tuple[str, ...]


def worker(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do one round of everything, then end.")] = False,
    intake: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Serve the intake on this port; 0 for a free one.")
    ] = None,
    intake_host: Annotated[
        str,
        typer.Option(
            help="Address that the intake listens at; outside this machine with a certificate only."
        ),
    ] = "127.0.0.1",
    intake_certificate: Annotated[str, typer.Option(help="File with the certificate, in PEM.")] = "",
    intake_key: Annotated[str, typer.Option(help="File with its key, in PEM.")] = "",
    intake_name: Annotated[
        list[str] | None, typer.Option(help="Further host name that the intake answers to.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="With --once: write one JSON document to standard output.")
    ] = False,
) -> None:
    """Raise what was taken in, follow requests, time them out, until it is told to stop (Ctrl+C, SIGTERM or SIGHUP).

    With --once the status is 1 when something that was due could not be done.
    """
    if json and not once:
        raise typer.BadParameter("goes with --once only", param_hint="--json")
    if intake is not None and once:
        raise typer.BadParameter(
            "is served until the worker is told to stop; leave --once out", param_hint="--intake"
        )
    address = (
        None
        if intake is None
        else _IntakeAddress(intake, intake_host, intake_certificate, intake_key, tuple(intake_name or ()))
    )

    async def work(workspace: Workspace) -> int:
        if once:
            return await _run_once(workspace, json=json)
        return await _run_until_stopped(workspace, address)

    get_command_context(context).run(work, json_too=json)


async def _run_until_stopped(workspace: Workspace, address: _IntakeAddress | None) -> int:
    stop = _StopSignal()
    with stop.listening():
        async with _serve_intake(workspace, address) as served, workspace.sign_periodically():
            if served is not None:
                output.print_message(f"The intake is served at {served.url}")
            output.print_message("The worker is running. Stop it with Ctrl+C.")
            await Worker(workspace, intake_url=served.public_url if served else "").run(stop.event)
    output.print_message("The worker has stopped.")
    return output.EXIT_CANCELLED if stop.pressed else output.EXIT_OK


def _serve_intake(
    workspace: Workspace, address: _IntakeAddress | None
) -> "AbstractAsyncContextManager[IntakeServer | None]":
    """Return the intake as a context manager; without an address, one that serves nothing."""
    if address is None:
        return nullcontext()
    from services.intake.server import IntakeServer

    return IntakeServer(
        workspace.store,
        host=address.host,
        port=address.port,
        certificate=address.certificate,
        key=address.key,
        names=address.names,
    )


async def _run_once(workspace: Workspace, *, json: bool) -> int:
    done = await Worker(workspace, present=False).once()
    names = await asyncio.to_thread(load_server_names, workspace.store)
    if json:
        output.print_json(_result_as_dict(done, names))
    else:
        for server_id, one in done.rounds.items():
            output.print_result(f"{names.get(server_id, str(server_id))}: {_round_text(one)}")
        if done.raised or done.timed_out or done.cleaned or done.answered:
            output.print_result(
                f"{done.raised} raised, {done.timed_out} timed out, {done.cleaned} rehearsals cleaned up, "
                f"{done.answered} answers sent back"
            )
    problems = [*done.problems, *(one.problem for one in done.rounds.values() if one.problem)]
    for problem in problems:
        output.print_message(problem.as_text())
    return output.EXIT_OK if done.ok else output.EXIT_NOT_OK


def _round_text(one: PollResult) -> str:
    if one.skip_reason is not None and not one.calls:
        when = (
            tr(", next at {time}", time=time_of_day(one.next_at, seconds=True))
            if one.next_at and one.skip_reason is not SkipReason.NOTHING_TO_POLL
            else ""
        )
        return f"{one.skip_reason}{when}"
    whole = "" if one.complete else ", not all of them could be seen"
    if not one.proven and one.problem is None:
        whole = ", whether the account sees requests is unknown"
    return f"{one.seen} seen, {one.new} new, {len(one.decided)} ended, {one.calls} calls{whole}"


def _result_as_dict(done: WorkerReport, names: dict[uuid.UUID, str]) -> dict[str, object]:
    return {
        "ok": done.ok,
        "raised": done.raised,
        "timed_out": done.timed_out,
        "cleaned_up": done.cleaned,
        "answered": done.answered,
        "servers": [
            {
                "server": names.get(server_id, ""),
                "seen": one.seen,
                "changed": one.changed,
                "new": one.new,
                "ended": [str(key) for key in one.decided],
                "calls": one.calls,
                "complete": one.complete,
                "proven": one.proven,
                "note": one.skip_reason or "",
                "next_at": one.next_at.isoformat().replace("+00:00", "Z") if one.next_at else None,
                "problem": one.problem.as_dict() if one.problem else None,
            }
            for server_id, one in done.rounds.items()
        ],
        "problems": [problem.as_dict() for problem in done.problems],
    }
