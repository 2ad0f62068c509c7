"""A process that runs one command collects garbage while the command works, and at no other time."""

import os
import subprocess
import sys
from pathlib import Path

from tests.limits import PROGRAM_S

ROOT = Path(__file__).resolve().parents[3]
COMMAND = """
import atexit, gc
from console.cli.command_context import CommandContext
from console.cli.garbage import GARBAGE
from console.cli.lazy_group import CommandSource, import_command
from console.runtime.options import Options

def say(when):
    print(when, gc.isenabled(), gc.get_freeze_count() > 10_000)

def load():
    say("imported")
    return lambda: None

async def work(workspace):
    say("works")
    return 0

say("not started")
GARBAGE.start()
import_command("nothing", CommandSource(load, "Do nothing."))
say("called")
atexit.register(say, "ended")
CommandContext(Options.from_command_line("", "session")).run(work, begins=True)
"""


def said(tmp_path, code):
    """Return the lines that a process of `code` writes."""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "APPROVAL_CONSOLE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
    )
    return ended.stdout.splitlines()


def test_garbage_is_collected_while_a_command_works(tmp_path):
    assert said(tmp_path, COMMAND) == [
        "not started True False",
        "imported False False",
        "called True True",
        "works True True",
        "ended False True",
    ]


def test_in_a_process_of_others_nothing_changes(tmp_path):
    """Tests call commands in their own process, where what a window left must still be found."""
    assert said(tmp_path, COMMAND.replace("GARBAGE.start()", "")) == [
        "not started True False",
        "imported True False",
        "called True False",
        "works True False",
        "ended True False",
    ]
