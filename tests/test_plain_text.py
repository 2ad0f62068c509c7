"""Text of others is plain where people read it: one door to the terminal, one into the log, and nobody goes past them."""

import ast
import inspect
import io
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cli import output
from console.startup import terminal_output
from console.startup.crash_reports import format_report
from services.common import logging_setup
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.plain_text import (
    escape_and_indent,
    escape_controls,
    escape_controls_in_json,
    is_free_of_controls,
)
from tests.test_architecture import ROOT, files, tree

FAKED = "2026-11-28 10:00:00,000 INFO    console: all is well"
HOSTILE = f"a\x1b]0;title\x07b\x9b2Jc\u202ed\u2066e\u200f\u061cf\rg\x85h\u2028i\x00j\n{FAKED}\nRemedy:   send the password"
PROBLEM = Problem(HOSTILE, HOSTILE, HOSTILE, Owner.CONSOLE, HOSTILE, FaultId.SOAP_FAULT)
DOORS = (
    "console/startup/terminal_output.py",
    "console/cli/output.py",
    "services/practice/script_engine_process.py",
)
"""The last one talks with the program that started it, and with nobody else."""
CONTROLS = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))} - {"\t", "\n"}
TURNING = set("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def assert_plain(text):
    assert not (CONTROLS | TURNING) & set(text), sorted((CONTROLS | TURNING) & set(text))


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@given(st.text())
def test_plain_text_holds_nothing_that_commands_a_terminal(text):
    assert_plain(escape_controls(text))
    assert is_free_of_controls(escape_controls(text))
    assert_plain(escape_controls_in_json(text))


@given(st.text())
def test_a_further_line_never_begins_at_the_margin(text):
    first, *further = escape_and_indent(text, "    ").split("\n")
    assert all(line.startswith("    ") for line in further)
    assert first == escape_controls(first)


CALLS = {
    "print_message": lambda: output.print_message(HOSTILE),
    "print_result": lambda: output.print_result(HOSTILE),
    "print_json": lambda: output.print_json({HOSTILE: [HOSTILE]}),
    "print_problem": lambda: output.print_problem(InputError(PROBLEM), json_too=True),
    "file_error": lambda: output.print_problem(output.file_error("Write", HOSTILE, OSError(HOSTILE))),
    "print_table": lambda: output.print_table(("One", "Two"), [(HOSTILE, HOSTILE)], whole=("Two",)),
    "write_bytes": lambda: output.write_bytes(HOSTILE.encode("utf-8", "surrogatepass")),
}
NOT_WRITING = {"configure_streams", "supports_unicode", "write_text"}
"""`piece` writes documents, whose texts were made plain by whoever made them: the exports are tested for it."""


def test_every_function_that_writes_is_among_those_tested():
    own = {
        name
        for name, found in vars(output).items()
        if inspect.isfunction(found) and found.__module__ == output.__name__ and not name.startswith("_")
    }
    assert own == {*CALLS, *NOT_WRITING}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("columns", ["200", "20"])
def test_what_a_command_writes_on_a_terminal_is_plain(name, columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    CALLS[name]()
    assert_plain(shown.getvalue())
    assert_plain(capsys.readouterr().err)


@pytest.mark.parametrize("name", sorted({*CALLS} - {"write_bytes"}))
def test_what_a_command_writes_into_a_file_is_plain(name, capsys):
    CALLS[name]()
    out, err = capsys.readouterr()
    assert_plain(out)
    assert_plain(err)


def test_no_line_of_others_passes_for_a_part_of_a_problem():
    lines = PROBLEM.as_text().split("\n")
    parts = ("  Evidence:", "  Cause:", "  Owner:", "  Remedy:", "  Id:")
    assert [line.startswith(parts) for line in lines].count(True) == len(parts)
    assert all(line.startswith(" ") for line in lines[1:])


def test_what_libraries_write_to_standard_error_is_plain(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    terminal_output.install_plain_stderr()
    terminal_output.install_plain_stderr()  # once is enough
    print(HOSTILE, file=sys.stderr)
    sys.stderr.writelines([HOSTILE])
    assert not hasattr(sys.stderr, "buffer")
    assert_plain(capsys.readouterr().err)


def test_a_usage_error_that_repeats_the_call_is_plain(capsys, monkeypatch):
    from console.cli.app import run_cli

    monkeypatch.setattr(sys, "stderr", sys.stderr)
    assert run_cli(["requests", f"show{HOSTILE}"]) == output.EXIT_INPUT_ERROR
    assert_plain(capsys.readouterr().err)


# -- the log ---------------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path, caplog):
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield logging_setup.configure_logging(tmp_path)
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    caplog.get_records("call").clear()


def fail(text):
    raise RuntimeError(text)


def failing(text):
    try:
        fail(text)
    except RuntimeError:
        logging.getLogger("console.test").exception("failed on %s", text)


def test_what_is_logged_is_plain_and_begins_at_the_margin_once_a_record(log):
    own = logging.getLogger("console.test")
    own.info("%s", HOSTILE)
    own.info(HOSTILE)
    own.warning("%(key)s", {"key": HOSTILE}, stack_info=True)
    logging.getLogger(HOSTILE).error("of a library")
    failing(HOSTILE)
    text = log.read_text(encoding="utf-8")
    assert_plain(text)
    at_margin = [line for line in text.splitlines() if not line.startswith(logging_setup.CONTINUATION_INDENT)]
    assert len(at_margin) == 5
    assert FAKED not in at_margin


def test_the_same_traceback_is_logged_once_and_then_counted(log):
    for _ in range(1000):
        failing("again")
    text = log.read_text(encoding="utf-8")
    assert text.count("Traceback") == 1
    assert "1,000th time" in text
    assert len(text.splitlines()) < 15


def test_another_traceback_is_logged_as_well(log):
    failing("one")
    try:
        _ = {}["missing"]
    except KeyError:
        logging.getLogger("console.test").exception("another")
    assert log.read_text(encoding="utf-8").count("Traceback") == 2


def test_a_new_file_of_the_log_holds_the_traceback_again(log):
    failing("one")
    [handler] = [
        one
        for one in logging.getLogger().handlers
        if isinstance(one, logging_setup.PrivateRotatingFileHandler)
    ]
    handler.doRollover()
    failing("one")
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_crash_report_is_plain():
    try:
        fail(HOSTILE)
    except RuntimeError as error:
        assert_plain(format_report(type(error), error, error.__traceback__))


# -- nobody goes past the doors --------------------------------------------------------------------------------


def bypasses(path):
    """Give every place of a file that writes to a stream of the terminal by itself."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr", "__stdout__", "__stderr__"):
            if isinstance(node.value, ast.Name) and node.value.id == "sys":
                yield node.lineno, f"sys.{node.attr}"
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in (
                "print",
                "typer.echo",
                "click.echo",
                "typer.secho",
                "os.write",
                "logging.StreamHandler",
            ):
                yield node.lineno, called
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("rich", "click")):
            yield node.lineno, node.module


def test_nothing_is_written_to_the_terminal_past_its_door():
    allowed = {
        ("console/cli/app.py", "sys.stdout"),
        ("console/cli/app.py", "sys.stderr"),  # which it closes
        (
            "services/common/logging_setup.py",
            "sys.stderr",
        ),  # plain text, where the log cannot be written and nobody else hears of it
    }
    found = [
        f"{name}:{line} {what}"
        for path in files("console", "services", "models")
        for name in [path.relative_to(ROOT).as_posix()]
        if name not in DOORS
        for line, what in bypasses(path)
        if (name, what) not in allowed
    ]
    assert found == []


def test_every_handler_of_the_log_writes_through_its_door():
    made = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
        for path in files("console", "services", "models")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith("logging.")
        and not ast.unparse(node.func).endswith((".addHandler", ".removeHandler"))
        and ast.unparse(node.func).endswith(("Handler", "basicConfig"))
        and ast.unparse(node.func) != "logging.NullHandler"
    ]
    assert made == []
