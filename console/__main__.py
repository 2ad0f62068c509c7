"""Starts the window, or hands over to the command line.

The window must be painted before anything slow is imported, so a call without a command never touches the command
line's own libraries.
"""

import gc
import os
import sys
from typing import TYPE_CHECKING

from console.startup import terminal_output
from services.common.process_environment import extract_secrets

if TYPE_CHECKING:
    from console.runtime.options import Options

EXIT_CANCELLED = 130


def main() -> None:
    """Run what the arguments ask for, and end the process with its exit status."""
    extract_secrets()
    # pydantic would read the metadata of every installed package, to find plugins of which none is wanted here.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        sys.exit(_run(sys.argv[1:]))
    except KeyboardInterrupt:
        # Ctrl+C while libraries are still being imported: nothing was begun, and a traceback helps nobody.
        terminal_output.write("Cancelled.", err=True)
        sys.exit(EXIT_CANCELLED)


def _run(arguments: list[str]) -> int:
    # What this program and its libraries write is for its user alone, exports included.
    os.umask(0o077)
    if arguments in (["--version"], ["--help"]):
        from console.cli import quick_answers

        if quick_answers.answer(arguments):
            return 0
    # What is made while libraries are imported stays: looking for garbage in it is a third of the time they take.
    gc.disable()
    options = _window_options(arguments)
    if options is not None:
        from console.startup.application import run

        return run(options)  # where `Collector` takes over
    from console.cli.app import run_cli
    from console.cli.garbage import GARBAGE

    GARBAGE.start()  # collects again when a command works
    return run_cli(arguments)


def _window_options(arguments: list[str]) -> "Options | None":
    """Return the options of a call that opens the window, or None for everything else."""
    from console.runtime.options import VAULTS, Options
    from services.language import is_known

    given = {"--store": "", "--vault": "", "--language": ""}
    verbose = False
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if name in given:
            given[name] = value if equals else next(rest, "")
            if not given[name]:
                return None
        elif argument == "--verbose":
            verbose = True
        else:
            return None
    if given["--vault"] not in ("", *VAULTS) or not is_known(given["--language"] or "en"):
        return None
    return Options.from_command_line(
        given["--store"], given["--vault"], verbose=verbose, language=given["--language"]
    )


if __name__ == "__main__":
    main()
