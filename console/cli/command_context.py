"""What a command works with: the options, and the workspace opened for the length of a block."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Never

import typer

from console.cli import output
from console.cli.garbage import GARBAGE
from console.runtime.options import Options
from services.common.errors import ConsoleError
from services.common.logging_setup import try_configure_logging
from services.common.store_location import mask_password, sqlite_file, to_database_url
from services.common.user_folders import Paths, create_profile_folder

if TYPE_CHECKING:
    from services.workspace import Workspace

STORE_ADDRESS_WARNING = (
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
        silent = try_configure_logging(self.paths.state / "logs", verbose=options.verbose)
        if silent:
            output.print_message(silent)

    @asynccontextmanager
    async def workspace(self, *, begins: bool = False, plans: bool = False) -> AsyncIterator["Workspace"]:
        """Open the workspace; it is closed with the block.

        A store that is missing or empty is made by commands that begin one (`begins`), and refused by all others: an
        empty one would answer as if nothing had ever been set up. A command that `plans` what would be made works on a
        store of its own where this user has none yet, and leaves nothing behind. Raises InputError, and what `Workspace.open` does.
        """
        GARBAGE.hold()
        # What opens a store takes longer to import than all that a help needs.
        from services.vault import VaultKind
        from services.workspace import Workspace

        store = self.options.store or self.paths.default_store
        if mask_password(store) != store:
            output.print_message(STORE_ADDRESS_WARNING)
        folder = create_profile_folder(self.paths.config)
        missing = await asyncio.to_thread(_missing_store_file, store) if begins or plans else None
        with contextlib.ExitStack() as until_closed:
            if plans and missing is not None and not self.options.store:
                output.print_message(
                    f"There is no store yet ({missing}); the plan is for a new one, and nothing is made."
                )
                store = str(Path(until_closed.enter_context(TemporaryDirectory())) / "console.db")
                begins, missing = True, None
            vault = VaultKind(self.options.vault)
            opened = await asyncio.to_thread(
                partial(Workspace.open, store, vault, folder, _print_progress, make=begins)
            )
            if missing is not None and begins:
                output.print_message(f"Created store: {missing}")
            GARBAGE.release()
            try:
                yield opened
            finally:
                await opened.aclose()

    def run(
        self,
        work: Callable[["Workspace"], Awaitable[int]],
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

    def status_of(self, body: Callable[[], Coroutine[object, Never, int]], *, json_too: bool = False) -> int:
        """Run `body` and return its exit status, with errors written for people."""
        try:
            return asyncio.run(body())
        except ConsoleError as error:
            return self.failed(error, json_too=json_too)
        except KeyboardInterrupt:
            output.print_message("Cancelled.")
            return output.EXIT_CANCELLED
        finally:
            GARBAGE.end()

    @staticmethod
    def failed(error: ConsoleError, *, json_too: bool = False) -> int:
        """Write an error for people and into the log, and return the exit status that it ends a command with."""
        log.info("command failed: %s", error.problem.as_text())
        output.print_problem(error, json_too=json_too)
        return error.exit_status


def _missing_store_file(store: str) -> Path | None:
    """Return the file of a store that is not there yet but could be; None for all others."""
    try:
        file = sqlite_file(to_database_url(store))
        if file is None or file.exists():
            return None
        return file if next(p for p in file.parents if p.exists()).is_dir() else None
    except (OSError, RuntimeError):
        return None  # opening it says what is wrong


def _print_progress(text: str, done: int = 0, total: int | None = None) -> None:
    del done, total
    output.print_message(f"{text}.")


def get_command_context(context: typer.Context) -> CommandContext:
    """Return the context of the call that `context` belongs to."""
    found: CommandContext = context.find_root().obj
    return found
