"""What the program says of itself: the same whichever way it is answered, and without importing what it does not need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli import command_table, quick_answers, request_group, stored_help
from console.cli.credential_commands import LATER_COMMANDS
from console.cli.lazy_group import import_command
from console.version import VERSION
from tests.limits import PROGRAM_S
from tests.stored_help import help_of_command_line

ROOT = Path(__file__).resolve().parents[3]
WHOLE = 1_000_000
"""Wide enough for every first sentence."""
SOURCES = {**command_table.COMMANDS, **request_group.COMMANDS, **LATER_COMMANDS}
CALLED = """
import sys
from console.__main__ import main
try:
    main()
finally:
    print(" ".join(sys.modules), file=sys.stderr)
"""


def called(tmp_path, *arguments, **environ):
    """Call the program; return its status, what it wrote, and the modules that it imported."""
    ended = subprocess.run(
        [sys.executable, "-c", CALLED, *arguments],
        check=False,
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "APPROVAL_CONSOLE_HOME": str(tmp_path / "home"),
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
    )
    *said, modules = ended.stderr.splitlines()
    return ended.returncode, ended.stdout, "\n".join(said), set(modules.split())


@pytest.mark.parametrize(
    ("arguments", "expected"), [(["--version"], VERSION), (["--help"], stored_help.HELP)]
)
def test_version_and_help_are_answered_without_the_command_line(tmp_path, arguments, expected):
    status, out, err, modules = called(tmp_path, *arguments, COLUMNS="80")
    assert (status, out, err) == (0, f"{expected}\n", "")
    assert modules.isdisjoint({"typer", "asyncio", "inspect", "dataclasses", "console.cli.app"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("columns", [80, 81, 120, 400])
def test_the_stored_help_is_what_the_definitions_say(columns):
    """Run `python -m tests.stored_help` where it is not."""
    assert help_of_command_line(columns) == f"{stored_help.HELP}\n"


@pytest.mark.parametrize("columns", [30, 60, 79])
def test_a_narrow_terminal_gets_its_own_help(tmp_path, columns):
    assert help_of_command_line(columns) != f"{stored_help.HELP}\n"
    status, out, _, modules = called(tmp_path, "--help", COLUMNS=str(columns))
    assert (status, out) == (0, help_of_command_line(columns))
    assert "typer" in modules


@pytest.mark.parametrize(
    "arguments",
    [["--version", "--help"], ["--help", "--version"], ["--verbose", "--version"], ["--version", "config"]],
)
def test_with_anything_else_the_command_line_answers(arguments):
    assert not quick_answers.answer(arguments)


def test_the_help_of_a_narrow_terminal_imports_no_command(tmp_path):
    _, _, _, modules = called(tmp_path, "--help", COLUMNS="60")
    mine = {one for one in modules if one.startswith("console.cli.")}
    assert mine == {
        "console.cli.app",
        "console.cli.command_table",
        "console.cli.garbage",
        "console.cli.lazy_group",
        "console.cli.output",
        "console.cli.quick_answers",
        "console.cli.stored_help",
    }
    assert modules.isdisjoint({"sqlalchemy", "pydantic", "httpx", "asyncio"})


@pytest.mark.parametrize("name", SOURCES)
def test_a_list_of_commands_says_what_the_help_of_each_says(name):
    command = import_command(name, SOURCES[name])
    assert command.name == name
    assert command.get_short_help_str(WHOLE) == SOURCES[name].summary
    assert (command.hidden, command.deprecated) == (False, False)


def test_a_command_that_is_called_imports_no_other(tmp_path):
    status, out, _, modules = called(tmp_path, "requests", "list", "--help")
    assert (status, out.splitlines()[0]) == (0, "Usage: approval-console requests list [OPTIONS]")
    mine = {
        one for one in modules if one.startswith("console.cli.") and one.endswith(("_command", "_commands"))
    }
    assert mine == {"console.cli.request_list_command"}


@pytest.mark.parametrize(("word", "status"), [("--version", 0), ("--help", 1)])
def test_an_output_that_nobody_reads_ends_the_program_as_any_command(tmp_path, word, status):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "console", word],
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"},
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PROGRAM_S,
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (status, "")
