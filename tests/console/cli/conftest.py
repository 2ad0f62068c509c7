"""Fixtures for the command line: programs of their own, without a screen and without Qt, and calls in this process."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.cli.app import run_cli
from services.common.user_folders import Paths
from services.practice import PracticeInstance
from services.store import Store
from tests.limits import PROGRAM_S, WAIT_S

ROOT = Path(__file__).parents[3]
SECRET = "Pl4nted-S3cret'<&>ü"
SECRET_VARIABLE = "APPROVAL_CONSOLE_SECRET_SERVICENOW"

# Python runs this before anything else. It refuses Qt and writes down that it was asked for; and it presses Ctrl+C when
# the module named in INTERRUPT_AT is imported.
NO_QT = """
import importlib.abc, os, signal, sys

class NoQt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PyQt6", "qasync"):
            with open(os.environ["QT_ASKED_FOR"], "a", encoding="utf-8") as file:
                file.write(name + " " + " ".join(sys.argv) + chr(10))
            raise ImportError("no Qt here: " + name)
        if name == os.environ.get("INTERRUPT_AT"):
            del os.environ["INTERRUPT_AT"]
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, NoQt())
"""

DOCUMENT = """\
version: 1
credentials:
  - {{name: ServiceNow, account: privman.integration, description: Signs in to ServiceNow}}
foreign_systems:
  - {{name: ServiceNow Server, kind: servicenow, base_url: "{base_url}", credential: ServiceNow,
     production: {production}, ca_bundle: null, client_certificate: null, proxy: null}}
approval_processes:
  - name: ServiceNow Approval Process
    kind: servicenow
    server: ServiceNow Server
    request_item: {{name: Execute Application Request, category: Thycotic, sys_id: null}}
    create_service: CreateExecuteAppApprovalRequest
    status_service: GetExecuteAppApprovalRequestStatus
    cancel_service: CancelExecuteAppApprovalRequest
    check_status_every: 20s
    timeout_after: 20m
approval_types:
  - {{name: ServiceNow Execute Application Request Type, process_handler: ServiceNow Approval Process,
     policy_specific: false, file_specific: true}}
"""
TYPE = "ServiceNow Execute Application Request Type"
SERVER = "ServiceNow Server"


def document(base_url, *, production=False):
    """Return the first four sections of the public interface's example for an instance."""
    return DOCUMENT.format(base_url=base_url, production=str(production).lower())


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Program:
    """Runs the command line as a program of its own, as scripts do."""

    folder: Path
    environ: dict = field(default_factory=dict)

    def __post_init__(self):
        hook = self.folder / "hook"
        hook.mkdir(parents=True, exist_ok=True)
        (hook / "sitecustomize.py").write_text(NO_QT, encoding="utf-8")
        hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_RUNTIME_DIR", "PYTHONPATH")
        self.environ = {
            **{k: v for k, v in os.environ.items() if k not in hidden},
            "PYTHONPATH": os.pathsep.join((str(hook), str(ROOT))),
            "QT_ASKED_FOR": str(self.folder / "qt.txt"),
            "APPROVAL_CONSOLE_HOME": str(self.folder / "home"),
            SECRET_VARIABLE: SECRET,
            "PRACTICE_PASSWORD": SECRET,
            "PYTHONWARNINGS": "error::ResourceWarning",
            **self.environ,
        }

    def start(self, *arguments, **more):
        environ = {**self.environ, **more.pop("environ", {})}
        return subprocess.Popen(
            [sys.executable, "-m", "console", *arguments],
            env=environ,
            cwd=self.folder,
            stdin=more.pop("stdin", subprocess.DEVNULL),
            stdout=more.pop("stdout", subprocess.PIPE),
            stderr=more.pop("stderr", subprocess.PIPE),
            text=True,
            encoding="utf-8",
            **more,
        )

    def run(self, *arguments, text=None, environ=None):
        stdin = subprocess.DEVNULL if text is None else subprocess.PIPE
        with self.start("--vault", "env", *arguments, stdin=stdin, environ=environ or {}) as process:
            try:
                out, err = process.communicate(text, PROGRAM_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Outcome(process.returncode, out, err)

    @property
    def qt_asked_for(self):
        file = self.folder / "qt.txt"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def read_to(stream, wanted):
    """Read lines of a program's output until one contains `wanted`; returns them all."""
    lines = []
    while not lines or wanted not in lines[-1]:
        line = stream.readline()
        if not line:
            raise AssertionError("".join(lines))
        lines.append(line)
    return "".join(lines)


def interrupt(process):
    """Press Ctrl+C and wait for the end."""
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=PROGRAM_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Outcome(process.returncode, out, err)


def until(condition, seconds=WAIT_S):
    """Wait in this thread until `condition` gives something true, and return it."""
    end = time.monotonic() + seconds
    while True:
        seen = condition()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError("the condition did not come about")
        time.sleep(0.01)


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path)


@pytest.fixture
def own_store(tmp_path, monkeypatch):
    """Make the store of this user: commands that only read make none."""
    monkeypatch.setenv("APPROVAL_CONSOLE_HOME", str(tmp_path / "home"))
    Store.open(Paths.of().default_store, actor="ada").close()


@pytest.fixture
def practice():
    instance = PracticeInstance(password=SECRET).start()
    yield instance
    instance.stop()


@pytest.fixture
def cli(capsys, monkeypatch):
    """Call the command line in this process; what it logs to is let go of again."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    monkeypatch.setenv("APPROVAL_CONSOLE_VAULT", "env")
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)

    def call(*arguments):
        status = run_cli([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return Outcome(status, out, err)

    yield call
    for handler in [h for h in root.handlers if h not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
