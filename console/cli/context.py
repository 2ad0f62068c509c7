"""What a command works with: the options, and the workspace opened for the length of a block."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

import typer

from console.cli import output
from console.options import Options
from services.errors import ConsoleError
from services.logs import set_up
from services.paths import Paths, profile_folder
from services.vault import VaultKind
from services.workspace import Workspace

T = TypeVar("T")
ConfirmOpen = Annotated[
    int,
    typer.Option(
        "--confirm-open",
        min=0,
        metavar="N",
        help="Rename or re-point objects although up to N open requests hang on one of them.",
    ),
]
log = logging.getLogger(__name__)


class CommandContext:
    """Options and folders of one call."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.paths = Paths.of()
        try:
            set_up(self.paths.state / "logs", verbose=options.verbose)
        except OSError as error:
            # What was asked for may well be possible without a log.
            logging.getLogger().addHandler(logging.NullHandler())
            output.say(f"No log is written: {error}")

    @asynccontextmanager
    async def workspace(self) -> AsyncIterator[Workspace]:
        """Open the workspace; it is closed with the block."""
        store = self.options.store or self.paths.default_store
        folder = profile_folder(self.paths.config)
        opened = await asyncio.to_thread(Workspace.open, store, VaultKind(self.options.vault), folder)
        try:
            yield opened
        finally:
            await opened.aclose()

    def run(self, work: Callable[[Workspace], Awaitable[int]], *, json_too: bool = False) -> None:
        """Run a command's coroutine and end the process with its exit status; errors come in five parts."""

        async def body() -> int:
            async with self.workspace() as workspace:
                return await work(workspace)

        raise typer.Exit(self.status_of(body, json_too=json_too))

    def status_of(self, body: Callable[[], Awaitable[int]], *, json_too: bool = False) -> int:
        """Run `body` and return its exit status, with errors written for people."""
        try:
            return asyncio.run(_awaited(body))
        except ConsoleError as error:
            return self.failed(error, json_too=json_too)
        except KeyboardInterrupt:
            output.say("Cancelled.")
            return output.CANCELLED

    @staticmethod
    def failed(error: ConsoleError, *, json_too: bool = False) -> int:
        """Write an error for people and into the log, and return the exit status that it ends a command with."""
        log.info("command failed: %s", error.problem.as_text())
        output.problem(error, json_too=json_too)
        return error.exit_status


async def _awaited(body: Callable[[], Awaitable[T]]) -> T:
    return await body()


def of(context: typer.Context) -> CommandContext:
    """Return the context of the call that `context` belongs to."""
    found: CommandContext = context.find_root().obj
    return found
