"""The command line: `approval-console COMMAND`. Nothing here imports PyQt6, but for `demo`."""

import contextlib
import logging
import os
import sys
from typing import Annotated

import typer

from console.cli import output
from console.cli.command_table import COMMANDS
from console.cli.lazy_group import lazy_group, new_app
from console.runtime.options import VAULTS, Options
from console.startup import termination_signals
from console.version import VERSION
from services import language

STORE_HELP = (
    "Path or URL of the store (APPROVAL_CONSOLE_STORE). Everybody on this computer can read a password in it: for"
    " PostgreSQL leave it out and put it into ~/.pgpass or the file that PGPASSFILE names, or name a service of"
    " ~/.pg_service.conf with postgresql+psycopg:///?service=NAME."
)

app = new_app(
    cls=lazy_group(COMMANDS),
    name="approval-console",
    help="Sets up, checks and watches ServiceNow approval processes of Privilege Manager.",
    no_args_is_help=True,
)


def _print_version(asked: bool) -> None:
    if asked:
        output.print_result(VERSION)
        raise typer.Exit


@app.callback()
def shared_options(
    context: typer.Context,
    store: Annotated[str, typer.Option(help=STORE_HELP)] = "",
    vault: Annotated[str, typer.Option(help="system, file, env or session (APPROVAL_CONSOLE_VAULT).")] = "",
    lang: Annotated[
        str,
        typer.Option(
            "--language", help="en or de (APPROVAL_CONSOLE_LANGUAGE); else the language of the system."
        ),
    ] = "",
    verbose: Annotated[bool, typer.Option("--verbose", help="Log more details.")] = False,
    version: Annotated[  # noqa: ARG001 -- handled by its callback
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read the options that every command shares."""
    if lang and not language.is_known(lang):
        raise typer.BadParameter(
            f"{lang} is not available; choose from {', '.join(language.available_languages())}",
            param_hint="--language",
        )
    language.set_language(language.choose_language(lang))
    options = Options.from_command_line(store, vault, verbose=verbose, language=lang)
    if options.vault not in VAULTS:
        raise typer.BadParameter(
            f"{options.vault} is no vault; known are {', '.join(VAULTS)}", param_hint="--vault"
        )
    from console.cli.command_context import CommandContext
    from services.common.errors import ConsoleError

    try:
        context.obj = CommandContext(options)
    except ConsoleError as error:
        output.print_problem(error)
        raise typer.Exit(error.exit_status) from error


def run_cli(arguments: list[str]) -> int:
    """Run a command and return its exit status; a traceback goes to the log, never to the person."""
    output.configure_streams()
    try:
        with termination_signals.terminate_as_interrupt():
            app(_move_shared_options_first(arguments), prog_name="approval-console", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else output.EXIT_INPUT_ERROR
    except KeyboardInterrupt:
        output.print_message("Cancelled.")
        return output.EXIT_CANCELLED
    except output.OutputClosedError:
        _discard_buffered_output()
        return output.EXIT_OK
    except output.UnwritableError as error:
        return _end_unwritable(error)
    except Exception as error:  # noqa: BLE001 -- a traceback goes to the log, whatever it is
        if isinstance(error, OSError) and error.filename is None and error.errno in output.UNWRITABLE_ERRNOS:
            return _end_unwritable(output.UnwritableError(error))  # the help is written without us
        return _end_unexpected(error)
    return output.EXIT_OK


def _end_unwritable(error: output.UnwritableError) -> int:
    output.print_message(error.problem.as_text())
    _discard_buffered_output()
    return output.EXIT_FAILURE


def _end_unexpected(error: Exception) -> int:
    root = logging.getLogger()
    from services.common.logging_setup import PrivateRotatingFileHandler

    files = [
        handler.baseFilename for handler in root.handlers if isinstance(handler, PrivateRotatingFileHandler)
    ]
    if not root.handlers:
        # Without a handler, logging would write the traceback to the terminal.
        root.addHandler(logging.NullHandler())
    logging.getLogger(__name__).error("the command ended with an unexpected error", exc_info=error)
    where = (
        f"Its details are in {files[0]}." if files else f"No log is written; it was {type(error).__name__}."
    )
    output.print_message(f"The command ended with an unexpected error. {where}")
    return output.EXIT_FAILURE


def _discard_buffered_output() -> None:
    """Send what is still buffered nowhere, so that the end of the process does not fail on it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
            continue
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _move_shared_options_first(arguments: list[str]) -> list[str]:
    """Move the shared options in front of the command, so that they may appear anywhere.

    After `actions copy`, `--language` is the language of the texts in the copy.
    """
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word.partition("=")[0] == "--language" and rest[:2] == ["actions", "copy"]:
            rest.append(word)
        elif word in ("--store", "--vault", "--language"):
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        elif word == "--verbose" or word.startswith(("--store=", "--vault=", "--language=")):
            front.append(word)
        else:
            rest.append(word)
    return front + rest
