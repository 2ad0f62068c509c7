"""The command line: `approval-console COMMAND`. Nothing here imports PyQt6, but for `demo`."""

import contextlib
import logging
import os
import sys
from typing import Annotated

import typer

from console import ending
from console.cli import (
    audit,
    checking,
    configuration,
    credential,
    deciding,
    demo,
    faults,
    intake,
    output,
    practice,
    provision,
    requests,
    support,
    worker,
)
from console.cli.context import CommandContext
from console.options import VAULTS, Options
from console.version import VERSION
from services import language
from services.errors import ConsoleError
from services.logs import PrivateLog

STORE_HELP = (
    "Path or URL of the store (APPROVAL_CONSOLE_STORE). Everybody on this computer can read a password in it: for"
    " PostgreSQL leave it out and put it into ~/.pgpass or the file that PGPASSFILE names, or name a service of"
    " ~/.pg_service.conf with postgresql+psycopg:///?service=NAME."
)

app = typer.Typer(
    name="approval-console",
    help="Sets up, checks and watches ServiceNow approval processes of Privilege Manager.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(credential.app, name="credential")
app.add_typer(configuration.app, name="config")
app.add_typer(requests.app, name="requests")
deciding.register(requests.app)
app.add_typer(intake.app, name="intake")
app.add_typer(audit.history_app, name="history")
app.add_typer(audit.audit_app, name="audit")
app.add_typer(practice.app, name="practice")
app.command("items")(checking.items)
app.command("check")(checking.check)
app.command("faults")(faults.faults)
app.command("provision")(provision.provision)
app.command("demo")(demo.demo)
app.command("worker")(worker.worker)
app.command("support-bundle")(support.support_bundle)


def _version(asked: bool) -> None:
    if asked:
        output.result(VERSION)
        raise typer.Exit


@app.callback()
def common(
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
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read the options that every command shares."""
    if lang and not language.is_known(lang):
        raise typer.BadParameter(
            f"{lang} is not available; choose from {', '.join(language.languages())}", param_hint="--language"
        )
    language.use(language.choose(lang))
    options = Options.of(store, vault, verbose=verbose, language=lang)
    if options.vault not in VAULTS:
        raise typer.BadParameter(
            f"{options.vault} is no vault; known are {', '.join(VAULTS)}", param_hint="--vault"
        )
    try:
        context.obj = CommandContext(options)
    except ConsoleError as error:
        output.problem(error)
        raise typer.Exit(error.exit_status) from error


def run_cli(arguments: list[str]) -> int:
    """Run a command and return its exit status; a traceback goes to the log, never to the person."""
    output.prepare()
    try:
        with ending.as_interrupt():
            app(_common_first(arguments), prog_name="approval-console", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else output.WRONG_INPUT
    except KeyboardInterrupt:
        output.say("Cancelled.")
        return output.CANCELLED
    except output.ReaderGoneError:
        _let_go_of_output()
        return output.GOOD
    except output.UnwritableError as error:
        return _unwritable(error)
    except Exception as error:  # noqa: BLE001 -- a traceback goes to the log, whatever it is
        if isinstance(error, OSError) and error.filename is None and error.errno in output.TAKES_NOTHING:
            return _unwritable(output.UnwritableError(error))  # the help is written without us
        return _unexpected(error)
    return output.GOOD


def _unwritable(error: output.UnwritableError) -> int:
    output.say(error.problem.as_text())
    _let_go_of_output()
    return output.IMPOSSIBLE


def _unexpected(error: Exception) -> int:
    root = logging.getLogger()
    files = [handler.baseFilename for handler in root.handlers if isinstance(handler, PrivateLog)]
    if not root.handlers:
        # Without a handler, logging would write the traceback to the terminal.
        root.addHandler(logging.NullHandler())
    logging.getLogger(__name__).error("the command ended with an unexpected error", exc_info=error)
    where = (
        f"Its details are in {files[0]}." if files else f"No log is written; it was {type(error).__name__}."
    )
    output.say(f"The command ended with an unexpected error. {where}")
    return output.IMPOSSIBLE


def _let_go_of_output() -> None:
    """Send what is still buffered nowhere, so that the end of the process does not fail on it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
            continue
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _common_first(arguments: list[str]) -> list[str]:
    """Move the shared options in front of the command, so that they may appear anywhere."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in ("--store", "--vault", "--language"):
            front += [word, *([value] if (value := next(words, None)) is not None else [])]
        elif word == "--verbose" or word.startswith(("--store=", "--vault=", "--language=")):
            front.append(word)
        else:
            rest.append(word)
    return front + rest
