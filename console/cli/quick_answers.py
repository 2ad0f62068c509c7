"""Answers `--version` and `--help` by themselves without the libraries of the command line.

These take most of the time that both calls need. With any other argument, the command line answers.
"""

import shutil

from console.cli.stored_help import HELP
from console.startup import terminal_output
from console.version import VERSION

HELP_COLUMNS = 80
"""The help is not wider than this on any terminal; on a narrower one, the command line breaks its lines elsewhere."""


def answer(arguments: list[str]) -> bool:
    """Write what the arguments ask for, and return whether that was done."""
    if arguments == ["--version"]:
        text = VERSION
    elif arguments == ["--help"] and shutil.get_terminal_size().columns >= HELP_COLUMNS:
        text = HELP
    else:
        return False
    try:
        terminal_output.write(text, err=False)
    except OSError:
        return False  # the command line tries it again, and says what is wrong
    return True
