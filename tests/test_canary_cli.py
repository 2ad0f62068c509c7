"""The planted secret and the command line: every command, good and failing, in processes of their own."""

import base64
import concurrent.futures
import json
import logging
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from console.cli.app import run_cli
from services.practice import PracticeInstance
from tests.canary import (
    ACCOUNT,
    SECRET,
    Listener,
    forward_to,
    header_of,
    leaks,
    leaks_below,
    password_of,
    process_texts,
    reply,
)
from tests.limits import PROGRAM_S

ROOT = Path(__file__).parents[1]
PASSPHRASE = "correct horse battery staple"
TYPE = "Canary type"
SERVER = "Canary server"
DOCUMENT = """\
version: 1
credentials:
  - {{name: Canary, account: privman.integration}}
foreign_systems:
  - {{name: Canary server, base_url: "{base_url}", credential: Canary}}
approval_processes:
  - name: Canary process
    server: Canary server
    request_item: {{name: Execute Application Request, category: Thycotic, sys_id: null}}
    create_service: CreateExecuteAppApprovalRequest
    status_service: GetExecuteAppApprovalRequestStatus
    cancel_service: CancelExecuteAppApprovalRequest
approval_types:
  - {{name: Canary type, process_handler: Canary process}}
"""


def answer_rudely(request):
    """Send the header and the password back in every reply."""
    said = {"error": {"message": header_of(request, "authorization"), "detail": password_of(request)}}
    return reply(400, json.dumps(said), "application/json")


class Console:
    """Calls the command line in a profile of its own, as a person with this environment does."""

    def __init__(self, folder, vault, **environ):
        self.folder, self.vault = folder, vault
        folder.mkdir()
        hidden = ("PRACTICE_PASSWORD", "PYTHONWARNINGS", "PYTHONDEVMODE")
        self.environ = {k: v for k, v in os.environ.items() if k not in hidden} | {
            "PYTHONPATH": str(ROOT),
            "APPROVAL_CONSOLE_HOME": str(folder / "home"),
            "TMPDIR": str(folder),
            **environ,
        }

    def start(self, *words, **pipes):
        return subprocess.Popen(
            [sys.executable, "-m", "console", *words, "--vault", self.vault, "--verbose"],
            env=self.environ,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def call(self, *words, text=""):
        """Call, and return the status with everything that was written."""
        with self.start(*words) as process:
            try:
                out, err = process.communicate(text.encode(), PROGRAM_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return process.returncode, out + b"\n" + err

    def write(self, name, base_url, until=None):
        """Write the document, whole or up to a heading."""
        text = DOCUMENT.format(base_url=base_url).partition(until or "\0")[0]
        (self.folder / name).write_text(text, encoding="utf-8")
        return name


@pytest.fixture
def log_handlers():
    """Take away what calls in this process add to the log."""
    before = logging.getLogger().handlers[:]
    yield
    for handler in [h for h in logging.getLogger().handlers if h not in before]:
        logging.getLogger().removeHandler(handler)
        handler.close()


@pytest.fixture(scope="module")
def practice():
    instance = PracticeInstance(password=SECRET).start()
    yield instance
    instance.stop()


@pytest.fixture(scope="module")
def home(practice):
    listener = Listener(forward_to(int(practice.base_url.rstrip("/").rsplit(":", 1)[1])))
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def rude():
    listener = Listener(answer_rudely)
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def by_environment(tmp_path_factory, home, rude):
    """Every command with the password in the environment; what each answered, and the folder it worked in."""
    console = Console(tmp_path_factory.mktemp("cli") / "env", "env", APPROVAL_CONSOLE_SECRET_CANARY=SECRET)
    answered = {"apply": console.call("config", "apply", console.write("good.yaml", home.url), "--json")}
    calls = {
        "check": ("check", SERVER, "--json"),
        "items": ("items", SERVER, "--json"),
        "rehearse": ("requests", "rehearse", "--type", TYPE, "--decide", "approve", "--json"),
    }
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        running = {name: pool.submit(console.call, *words) for name, words in calls.items()}
        answered |= {name: future.result() for name, future in running.items()}
    # The whole document asks the new host for its request item, and must not; the server alone can be moved.
    answered["move all"] = console.call("config", "apply", console.write("moved.yaml", rude.url))
    alone = console.write("server.yaml", rude.url, until="approval_processes")
    answered["move"] = console.call("config", "apply", alone)
    answered["check elsewhere"] = console.call("check", SERVER, "--json")
    return console, answered


def test_every_command_does_its_work_without_showing_the_password(by_environment):
    console, answered = by_environment
    statuses = {name: status for name, (status, _) in answered.items()}
    assert statuses == {**dict.fromkeys(answered, 0), "move all": 3, "check elsewhere": 1}, answered
    assert {name: leaks(said) for name, (_, said) in answered.items() if leaks(said)} == {}
    assert leaks_below(console.folder) == {}


@pytest.mark.parametrize(
    "words",
    [
        ("credential", "list"),
        ("credential", "forget", "Canary"),
        ("credential", "set", "Canary", "--account", "x"),
        ("config", "export"),
        ("config", "plan", "good.yaml", "--json"),
        ("config", "validate", "wrong.yaml"),
        ("history", "--json"),
        ("history",),
        ("audit", "export", "audit.jsonl"),
        ("items", "Nowhere", "--json"),
        ("requests", "rehearse", "--type", TYPE, "--decide-as", "Nobody", "--json"),
        ("requests", "show", "RITM0000000", "--json"),
        ("requests", "approve", "RITM0000000", "--decide-as", "Canary"),
        ("intake", "add", "Webhook", "--type", TYPE, "--map", "PMFilePath=/file"),
        ("intake", "list"),
    ],
    ids=" ".join,
)
def test_what_only_reads_the_store_shows_nothing_either(
    by_environment, words, monkeypatch, capfd, log_handlers
):
    console, _ = by_environment
    for name, value in console.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(console.folder)
    (console.folder / "wrong.yaml").write_text(
        "version: 1\ncredentials:\n  - {name: a, pasword: b}\n", encoding="utf-8"
    )
    status = run_cli([*words, "--vault", "env", "--verbose"])
    said = capfd.readouterr()
    assert said.out or said.err
    assert status in (0, 1, 2), said.err
    assert leaks(said.out + said.err) == []
    assert leaks_below(console.folder) == {}


def test_a_support_bundle_holds_logs_and_configuration_and_no_password(
    by_environment, monkeypatch, capfd, log_handlers
):
    console, _ = by_environment
    for name, value in console.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(console.folder)
    log = console.folder / "home" / "state" / "logs" / "approval-console.log.1"
    log.write_text(f"{header_line()}\n", encoding="utf-8")
    try:
        assert run_cli(["support-bundle", "bundle.zip", "--vault", "env"]) == 0
    finally:
        log.unlink()
    with zipfile.ZipFile(console.folder / "bundle.zip") as bundle:
        parts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert leaks("".join(parts.values()) + capfd.readouterr().err) == []
    assert set(parts) == {
        "versions.txt", "configuration.yaml", "credentials.json", "checks.json", "deliveries.json",
        "logs/approval-console.log", "logs/approval-console.log.1",
    }  # fmt: skip
    assert "Canary server" in parts["configuration.yaml"]
    assert "of Canary server: warning" in parts["logs/approval-console.log"]
    assert "httpx " in parts["versions.txt"]


def header_line():
    return "Authorization: Basic " + base64.b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()


def test_the_password_reached_its_own_host_and_only_in_the_header(by_environment, home):
    assert {password_of(request) for request in home.requests} == {SECRET, ""}
    rest = [line for line in home.received.split(b"\r\n") if not line.startswith(b"Authorization: Basic ")]
    assert leaks(b"\r\n".join(rest)) == []


def test_a_server_moved_by_a_document_does_not_get_it(by_environment, rude):
    _, answered = by_environment
    assert b"secret-not-for-host" in answered["move all"][1]
    assert b"bound to scheme, host and port" in answered["move"][1]
    assert b"secret-not-for-host" in answered["check elsewhere"][1]
    assert all(password_of(request) == "" for request in rude.requests)


def test_a_password_from_standard_input_stands_in_no_process_and_no_file(tmp_path, home, rude, practice):
    console = Console(tmp_path / "file", "file", APPROVAL_CONSOLE_PASSPHRASE=PASSPHRASE)
    status, said = console.call(
        "credential", "set", "Canary", "--account", ACCOUNT, "--password-stdin", text=SECRET + "\n"
    )
    assert (status, leaks(said)) == (0, [])
    status, said = console.call("config", "apply", console.write("good.yaml", rude.url))
    assert (status, leaks(said)) == (3, []), said
    assert SECRET in [password_of(request) for request in rude.requests]
    status, said = console.call("check", SERVER, "--json")
    assert leaks(said) == []
    assert leaks_below(tmp_path) == {}


def test_a_running_command_does_not_show_it_to_other_users(tmp_path, practice, home):
    console = Console(tmp_path / "file", "file", APPROVAL_CONSOLE_PASSPHRASE=PASSPHRASE)
    console.call("credential", "set", "Canary", "--account", ACCOUNT, "--password-stdin", text=SECRET)
    console.call("config", "apply", console.write("good.yaml", home.url))
    seen_before = len(home.requests)
    practice.faults.set("slow", seconds=1)
    try:
        with console.start("check", SERVER) as process:
            shown = {}
            while process.poll() is None and not any(password_of(r) for r in home.requests[seen_before:]):
                shown |= process_texts()
                time.sleep(0.05)
            shown |= process_texts()
            practice.faults.clear()  # it has been looked at, and may go on as fast as it can
            _, err = process.communicate(timeout=PROGRAM_S)
    finally:
        practice.faults.clear()
    assert process.pid in shown
    assert SECRET in [password_of(request) for request in home.requests[seen_before:]], err
    assert {pid: leaks(b"\n".join(texts)) for pid, texts in shown.items() if leaks(b"\n".join(texts))} == {}
