"""What a command works with: the options, and the workspace opened for the length of a block."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypeVar

import typer

from console.cli import output
from console.options import Options
from services.errors import ConsoleError
from services.logs import try_to_set_up
from services.paths import Paths, profile_folder
from services.store.location import as_url, file_of, without_password
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
READABLE_ADDRESS = (
    "The address of the store holds a password, which others on this computer can read in the list of processes or the"
    " environment. Put it into ~/.pgpass (or PGPASSFILE), or use a service (?service=NAME)."
)
log = logging.getLogger(__name__)


class CommandContext:
    """Options and folders of one call."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.paths = Paths.of()
        # What was asked for may well be possible without a log.
        silent = try_to_set_up(self.paths.state / "logs", verbose=options.verbose)
        if silent:
            output.say(silent)

    @asynccontextmanager
    async def workspace(self, *, begins: bool = False, plans: bool = False) -> AsyncIterator[Workspace]:
        """Open the workspace; it is closed with the block.

        A store that is missing or empty is made by commands that begin one (`begins`), and refused by all others: an
        empty one would answer as if nothing had ever been set up. A command that `plans` what would be made works on a
        store of its own where this user has none yet, and leaves nothing behind. Raises InputError, and what `Workspace.open` does.
        """
        store = self.options.store or self.paths.default_store
        if without_password(store) != store:
            output.say(READABLE_ADDRESS)
        folder = profile_folder(self.paths.config)
        missing = await asyncio.to_thread(_missing, store) if begins or plans else None
        with contextlib.ExitStack() as until_closed:
            if plans and missing is not None and not self.options.store:
                output.say(
                    f"There is no store yet ({missing}); the plan is for a new one, and nothing is made."
                )
                store = str(Path(until_closed.enter_context(TemporaryDirectory())) / "console.db")
                begins, missing = True, None
            vault = VaultKind(self.options.vault)
            opened = await asyncio.to_thread(
                partial(Workspace.open, store, vault, folder, _tell, make=begins)
            )
            if missing is not None and begins:
                output.say(f"Created store: {missing}")
            try:
                yield opened
            finally:
                await opened.aclose()

    def run(
        self,
        work: Callable[[Workspace], Awaitable[int]],
        *,
        json_too: bool = False,
        begins: bool = False,
        plans: bool = False,
    ) -> None:
        """Run a command's coroutine and end the process with its exit status; errors come in five parts.

        `begins` says that it may be the first command on a store, which is made then; `plans`, that it only says what
        such a command would do.
        """

        async def body() -> int:
            async with self.workspace(begins=begins, plans=plans) as workspace:
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


def _missing(store: str) -> Path | None:
    """Return the file of a store that is not there yet but could be; None for all others."""
    try:
        file = file_of(as_url(store))
        if file is None or file.exists():
            return None
        return file if next(p for p in file.parents if p.exists()).is_dir() else None
    except (OSError, RuntimeError):
        return None  # opening it says what is wrong


def _tell(text: str, done: int = 0, total: int | None = None) -> None:
    del done, total
    output.say(f"{text}.")


async def _awaited(body: Callable[[], Awaitable[T]]) -> T:
    return await body()


def of(context: typer.Context) -> CommandContext:
    """Return the context of the call that `context` belongs to."""
    found: CommandContext = context.find_root().obj
    return found
