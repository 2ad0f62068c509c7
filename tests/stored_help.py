"""Writes the help of the program as it is stored: `python -m tests.stored_help`, after a change of what it says."""

import io
import os
from contextlib import redirect_stdout
from pathlib import Path

from console.cli import quick_answers, stored_help
from console.cli.app import run_cli

FILE = Path(stored_help.__file__)
HEAD = '"""The help of the program as the command line writes it; made by `python -m tests.stored_help`."""'


def help_of_command_line(columns: int) -> str:
    """Return the help that the definitions of the command line make on a terminal so wide."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(columns)
    written = io.StringIO()
    try:
        with redirect_stdout(written):
            status = run_cli(["--help"])
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    assert status == 0
    return written.getvalue()


def main() -> None:
    text = help_of_command_line(quick_answers.HELP_COLUMNS).removesuffix("\n")
    FILE.write_text(f'{HEAD}\n\nHELP = """\\\n{text}"""\n', encoding="utf-8")


if __name__ == "__main__":
    main()
