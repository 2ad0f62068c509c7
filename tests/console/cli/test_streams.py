"""What lies around a call: pipes that close, Ctrl+C, standard input, terminals that cannot show everything."""

import codecs
import errno
import fcntl
import io
import json
import os
import signal
import sqlite3
import struct
import sys
import termios
from pathlib import Path

import httpx
import pytest
import yaml

from console.cli.app import run_cli
from tests.console.cli.conftest import SECRET, SERVER, TYPE, interrupt, read_to, until
from tests.console.cli.test_wrong_calls import applied

pytestmark = pytest.mark.usefixtures("own_store")

NAME = "Müller – ☃"
DOCUMENT = f"version: 1\ncredentials:\n  - {{name: {NAME}, account: a}}\n"


def unread(pipe):
    """Return how many bytes wait in a pipe for whoever reads it."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]


class Screen(io.TextIOWrapper):
    """Standard output that says it is a terminal; not every machine has a real one to give."""

    def isatty(self):
        return True


class Terminal:
    """Standard output and standard error in one encoding, for calls in this process."""

    def __init__(self, monkeypatch, encoding):
        self._monkeypatch = monkeypatch
        self._encoding = encoding

    def __call__(self, *arguments, text=b""):
        out, err = (
            io.TextIOWrapper(io.BytesIO(), encoding=self._encoding, write_through=True) for _ in range(2)
        )
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text), encoding=self._encoding))
            status = run_cli([str(a) for a in arguments])
        return status, out.buffer.getvalue(), err.buffer.getvalue()


@pytest.fixture(params=["ascii", "latin-1", "cp1252", "utf-8"])
def terminal(request, cli, monkeypatch):
    return Terminal(monkeypatch, request.param)


@pytest.fixture
def utf8(cli, monkeypatch):
    return Terminal(monkeypatch, "utf-8")


class TestTerminalOfAnyEncoding:
    def test_shows_plans_and_tables(self, terminal, tmp_path):
        (tmp_path / "d.yaml").write_text(DOCUMENT, encoding="utf-8")
        status, out, _ = terminal("config", "apply", tmp_path / "d.yaml")
        assert status == 0
        assert b"create  user_credential   M" in out
        for words in (("history",), ("credential", "list")):
            status, out, _ = terminal(*words)
            assert status == 0
            assert b"ller" in out

    def test_gets_json_that_any_reader_takes(self, terminal, tmp_path):
        (tmp_path / "d.yaml").write_text(DOCUMENT, encoding="utf-8")
        status, out, _ = terminal("config", "plan", tmp_path / "d.yaml", "--json")
        assert status == 1
        assert json.loads(out)["changes"][0]["name"] == NAME

    def test_gets_an_export_that_plans_nothing(self, terminal, tmp_path):
        (tmp_path / "d.yaml").write_text(DOCUMENT, encoding="utf-8")
        assert terminal("config", "apply", tmp_path / "d.yaml")[0] == 0
        status, out, _ = terminal("config", "export")
        assert status == 0
        assert yaml.safe_load(out)["credentials"][0]["name"] == NAME
        assert terminal("config", "plan", "-", text=out)[0] == 0

    def test_shows_errors(self, terminal):
        status, _, err = terminal("items", NAME)
        assert status == 2
        assert b"Remedy:   " in err


@pytest.mark.parametrize(
    "encoded",
    [
        DOCUMENT.encode(),
        codecs.BOM_UTF8 + DOCUMENT.encode(),
        DOCUMENT.encode("utf-16"),
        codecs.BOM_UTF16_BE + DOCUMENT.encode("utf-16-be"),
        DOCUMENT.replace("\n", "\r\n").encode(),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16", "utf-16 big-endian", "dos lines"],
)
def test_documents_are_read_alike_from_files_and_from_standard_input(utf8, tmp_path, encoded):
    (tmp_path / "d.yaml").write_bytes(encoded)
    for words, text in ((("d.yaml",), b""), (("-",), encoded), ((), encoded)):
        file = [tmp_path / w if w != "-" else w for w in words]
        status, out, _ = utf8("config", "plan", *file, "--json", text=text)
        assert status == 1
        assert json.loads(out)["changes"][0]["name"] == NAME


def test_standard_input_that_is_no_text_is_refused(utf8):
    status, _, err = utf8("config", "apply", text=b"version: 1\n\xff\xfe\xfd")
    assert status == 2
    assert b"Read -" in err


@pytest.mark.parametrize("words", [("history", "--json"), ("config", "export")])
def test_a_reader_that_closes_the_pipe_is_no_error(program, words):
    assert program.run(*words).status == 0
    with program.start("--vault", "env", *words) as process:
        process.stdout.close()
        error = process.stderr.read()
    assert (process.returncode, error) == (0, "")


class Full(io.RawIOBase):
    """A device without room, as /dev/full is; not every system has one."""

    def writable(self):
        return True

    def write(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")


def full():
    return io.TextIOWrapper(io.BufferedWriter(Full()), encoding="utf-8")


class TestOutputThatTakesNothing:
    @pytest.mark.parametrize(
        "words",
        [
            ("history",),
            ("history", "--json"),
            ("requests", "list", "--csv"),
            ("config", "export"),
            ("--help",),
        ],
    )
    def test_is_told_with_what_to_do(self, cli, monkeypatch, capsys, tmp_path, words):
        (tmp_path / "d.yaml").write_text(DOCUMENT, encoding="utf-8")
        assert cli("config", "apply", tmp_path / "d.yaml").status == 0
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", full())
            patch.setattr("console.cli.app.os.dup2", lambda *_: None)
            patch.setattr(Full, "fileno", lambda _: 1, raising=False)
            assert run_cli(["--vault", "env", *words]) == 3
            patch.setattr(Full, "write", lambda _, data: len(data))
            sys.stdout.flush()
        told = capsys.readouterr().err
        assert "No space left on device" in told
        assert "output-unwritable" in told
        assert "Make room" in told
        assert "Traceback" not in told
        assert "unexpected" not in told

    def test_loses_messages_but_no_work(self, cli, monkeypatch, tmp_path):
        (tmp_path / "d.yaml").write_text(DOCUMENT, encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", full())
            assert run_cli(["--vault", "env", "config", "apply", str(tmp_path / "d.yaml")]) == 0
            patch.setattr(Full, "write", lambda _, data: len(data))
            sys.stderr.flush()
        assert cli("config", "plan", tmp_path / "d.yaml").status == 0

    def test_is_left_alone_where_it_was_closed(self, cli, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", None)
            patch.setattr(sys, "stderr", None)
            assert run_cli(["--vault", "env", "history"]) == 0
            for stream in (sys.stdout, sys.stderr):
                stream.close()


def test_a_full_disk_is_no_wrong_input(cli, monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("services.common.file_writing.os.fsync", refuse)
    outcome = cli("audit", "export", tmp_path / "trail.jsonl")
    assert outcome.status == 3
    assert "The disk is full, or takes no file of this size." in outcome.err


def test_what_nobody_expected_names_its_log(cli, monkeypatch, caplog):
    monkeypatch.setattr("console.cli.audit_commands._load_revisions", lambda *_: 1 / 0)
    outcome = cli("history")
    assert outcome.status == 3
    assert "Traceback" not in outcome.err
    file = outcome.err.strip().rpartition(" in ")[2].removesuffix(".")
    assert "ZeroDivisionError" in Path(file).read_text(encoding="utf-8")
    caplog.clear()


def test_one_entry_is_counted_as_one(cli, tmp_path):
    assert cli("credential", "list").status == 0
    (tmp_path / "d.yaml").write_text(DOCUMENT, encoding="utf-8")
    assert cli("config", "apply", tmp_path / "d.yaml").status == 0
    assert cli("audit", "verify").out == "Audit trail intact: 1 entry.\n"
    assert cli("audit", "export", tmp_path / "trail").err.startswith("1 entry written to ")


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_a_narrow_terminal_breaks_no_id(cli, monkeypatch, tmp_path, columns):
    (tmp_path / "d.yaml").write_text(DOCUMENT, encoding="utf-8")
    assert cli("config", "apply", tmp_path / "d.yaml").status == 0
    revision = cli("history", "--json").json["revisions"][0]["id"]
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    shown = Screen(io.BytesIO(), encoding="utf-8", write_through=True)
    monkeypatch.setattr(sys, "stdout", shown)
    assert run_cli(["--vault", "env", "history"]) == 0
    assert revision in shown.buffer.getvalue().decode()


class TestCtrlC:
    def test_while_libraries_are_imported(self, program):
        outcome = program.run("history", environ={"INTERRUPT_AT": "typer"})
        assert (outcome.status, outcome.out, outcome.err) == (130, "", "Cancelled.\n")

    def test_while_a_document_is_waited_for(self, program):
        reader, writer = os.pipe()
        try:
            with program.start("config", "apply", "-", stdin=reader) as process:
                os.write(writer, b"version: 1\n")
                until(lambda: unread(reader) == 0)
                outcome = interrupt(process)
        finally:
            os.close(reader)
            os.close(writer)
        assert (outcome.status, outcome.out) == (130, "")
        assert "Traceback" not in outcome.err

    def test_while_a_request_is_raised(self, program, cli, practice, tmp_path):
        store = tmp_path / "console.db"
        applied(lambda *words: cli("--store", store, *words), tmp_path, practice.base_url)
        environ = {"APPROVAL_CONSOLE_HOME": os.environ["APPROVAL_CONSOLE_HOME"]}
        practice.faults.set("slow", seconds=20)
        words = ("--vault", "env", "--store", str(store), "requests", "rehearse", "--type", TYPE, "--json")
        with program.start(*words, environ=environ) as process:
            read_to(process.stderr, "Raising a request")
            until(lambda: states(store))
            outcome = interrupt(process)
        assert (outcome.status, outcome.out) == (130, "")
        assert outcome.err.endswith("Cancelling the request\nCancelled.\n")
        # Nothing had been sent yet, so that it is known to be nowhere.
        assert states(store) == [("cancelled", "")]
        assert practice.records("sc_req_item") == []
        assert cli("--store", store, "audit", "verify").status == 0

    def test_while_a_request_is_followed_cancels_it_on_the_instance(self, program, cli, practice, tmp_path):
        store = tmp_path / "console.db"
        applied(lambda *words: cli("--store", store, *words), tmp_path, practice.base_url)
        environ = {"APPROVAL_CONSOLE_HOME": os.environ["APPROVAL_CONSOLE_HOME"]}
        practice.faults.set("slow", seconds=0.2)
        words = ("--vault", "env", "--store", str(store), "requests", "rehearse", "--type", TYPE)
        with program.start(*words, environ=environ) as process:
            read_to(process.stderr, "Looking for the request")
            outcome = interrupt(process)
        assert outcome.status == 130
        assert [state for state, _ in states(store)] == ["cancelled"]
        [item] = practice.records("sc_req_item")
        assert item["approval"] == "cancelled"


def states(store):
    connection = sqlite3.connect(store)
    try:
        return connection.execute("SELECT state, error FROM approval_request").fetchall()
    finally:
        connection.close()


def test_an_instance_does_not_command_the_terminal(cli, practice, tmp_path):
    name = "Red \x1b[31m title \x1b]0;x\x07 \x9b2J line\rover \u202epotpal\u2066 laptop"
    applied(cli, tmp_path, practice.base_url)
    body = json.dumps({"name": name, "active": "true", "short_description": "x"}).encode()
    address = f"{practice.base_url}api/now/table/sc_cat_item"
    added = httpx.post(
        address, content=body, auth=("admin", SECRET), headers={"Content-Type": "application/json"}
    )
    assert added.status_code == 201
    listed = cli("items", SERVER, "Red")
    assert r"Red \x1b[31m title \x1b]0;x\x07 \x9b2J line\x0dover \u202epotpal\u2066 laptop" in listed.out
    as_json = cli("items", SERVER, "Red", "--json")
    assert name in {item["name"] for item in as_json.json["items"]}
    missing = cli("check", name)
    for text in (listed.out, listed.err, as_json.out, as_json.err, missing.out, missing.err):
        assert not {c for c in text if ord(c) < 32 or 127 <= ord(c) < 160} - {"\n", "\t"}


def test_a_document_on_the_terminal_turns_no_line_around_and_reads_back(cli, tmp_path):
    name = "good \u202erevres\u202c \u2066x"
    (tmp_path / "one.yaml").write_text(
        json.dumps({"version": 1, "credentials": [{"name": name, "account": "a"}]})
    )
    assert cli("config", "apply", tmp_path / "one.yaml").status == 0
    shown = cli("config", "export").out
    assert "\u202e" not in shown
    assert yaml.safe_load(shown)["credentials"][0]["name"] == name


def test_a_terminal_without_control_sequences_gets_none(monkeypatch, cli):
    for name, value in {"NO_COLOR": "1", "COLUMNS": "200", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    shown = Screen(io.BytesIO(), encoding="utf-8", write_through=True)
    monkeypatch.setattr(sys, "stdout", shown)
    assert run_cli(["--vault", "env", "history"]) == 0
    seen = shown.buffer.getvalue()
    assert b"Revision" in seen
    assert b"\x1b" not in seen


def test_a_program_that_is_ended_from_outside_leaves_a_whole_store(program, cli, practice, tmp_path):
    store = tmp_path / "console.db"
    applied(lambda *words: cli("--store", store, *words), tmp_path, practice.base_url)
    practice.faults.set("slow", seconds=20)
    environ = {"APPROVAL_CONSOLE_HOME": os.environ["APPROVAL_CONSOLE_HOME"]}
    words = ("--vault", "env", "--store", str(store), "requests", "rehearse", "--type", TYPE)
    with program.start(*words, environ=environ) as process:
        until(lambda: states(store))
        process.send_signal(signal.SIGKILL)
    assert states(store) == [("submitting", "")]
    assert cli("--store", store, "audit", "verify").status == 0
    practice.faults.clear()
    assert cli("--store", store, "requests", "rehearse", "--type", TYPE).status == 0
    assert [state for state, _ in states(store)] == ["cancelled", "cancelled"]
