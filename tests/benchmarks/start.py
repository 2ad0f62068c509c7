"""How long the window takes from the start of its process, what it needs, and how long its steps are."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.benchmarks import screen

OBJECTS, REQUESTS, ROUNDS = 1_000, 100_000, 7
LIMIT_S = 60
WATCH_S, IDLE_S, IDLE_ROUNDS = 2.2, 8.0, 2
"""How long a start is watched after its first paint, and one whose memory is read when it is idle."""
PEERS: dict[str, tuple[str, ...]] = {
    "git-cola": ("git-cola", "--repo", "."),
    "vorta": ("vorta", "--foreground"),
    "sqlitebrowser": ("sqlitebrowser",),
}
"""Other programs that are measured in the same turns, where they are installed."""


@dataclass
class Runs:
    """The starts of every program, in turns, and the memory of idle windows in MB."""

    shown: dict[str, list[screen.Shown]] = field(default_factory=dict)
    idle_mb: dict[str, list[float]] = field(default_factory=dict)
    steps: list[list[float]] = field(default_factory=list)
    """Milliseconds of each start: its steps of the UI thread in the first seconds, without the shortest."""

    def of(self, name: str, figure: str) -> list[float]:
        """Return a figure of each start of a program."""
        return [getattr(one, figure) for one in self.shown[name]]


def measure(folder: Path) -> Runs:
    """Fill a store, then start the bare window, ours on an empty and on a filled store, and peers, in turns.

    Raises `screen.NoScreenError` where there is no Xvfb.
    """
    filled, empty = folder / "console.db", folder / "empty.db"
    fill(filled)
    _make_empty(empty)
    programs = {
        "bare": [sys.executable, "-m", "tests.benchmarks.bare_window"],
        "empty": _window(empty),
        "filled": _window(filled),
    }
    programs |= {name: list(command) for name, command in PEERS.items() if shutil.which(command[0])}
    runs = Runs({name: [] for name in programs}, {"empty": [], "filled": []})
    with screen.screen() as on:
        for number in range(ROUNDS + 1):
            for name, command in programs.items():
                shown = screen.watch(on, command, _environ(folder, name), seconds=WATCH_S)
                if number:  # the first of each reads files from the disk
                    runs.shown[name].append(shown)
        for _ in range(IDLE_ROUNDS):
            for name, values in runs.idle_mb.items():
                shown = screen.watch(on, programs[name], _environ(folder, name), seconds=IDLE_S)
                values.append(shown.memory_mb)
    runs.steps = [_steps(folder, filled) for _ in range(IDLE_ROUNDS + 1)][1:]
    return runs


def _window(store: Path) -> list[str]:
    return [sys.executable, "-m", "console", "--store", f"sqlite:///{store}", "--vault", "session"]


def _environ(folder: Path, name: str) -> dict[str, str]:
    """Return the environment of a program with a home of its own."""
    home = folder / f"home-{name}"
    home.mkdir(mode=0o700, exist_ok=True)
    own = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "APPROVAL_CONSOLE_HOME": str(home / "console")}
    return os.environ | own


def _steps(folder: Path, store: Path) -> list[float]:
    program = [sys.executable, "-m", "tests.benchmarks.start_steps", f"sqlite:///{store}"]
    environ = _environ(folder, "steps") | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(program, check=True, env=environ, timeout=LIMIT_S, capture_output=True, text=True)
    return [float(one) for one in json.loads(done.stdout)]


def _make_empty(path: Path) -> None:
    from services.store import Store

    Store.open(f"sqlite:///{path}", actor="bench").close()


def fill(path: Path) -> None:
    """Write a store with many objects, made the way people make them, and very many requests."""
    from sqlalchemy import insert

    from models.approval_request import ApprovalRequest
    from models.base import utcnow
    from models.kinds import Kind, RequestState
    from services.configuration import Configuration
    from services.store import Store

    store = Store.open(f"sqlite:///{path}", actor="bench")
    configuration = Configuration(store)
    for number in range(OBJECTS // 4):
        credential = configuration.new(Kind.USER_CREDENTIAL, name=f"Account {number}", account="app")
        configuration.save(credential)
        server = configuration.new(
            Kind.FOREIGN_SYSTEM,
            name=f"Server {number}",
            base_url=f"https://host{number}.example/",
            credential_id=credential.id,
        )
        configuration.save(server)
        process = configuration.new(
            Kind.APPROVAL_PROCESS,
            name=f"Approval Process {number}",
            server_id=server.id,
            request_item_id=f"{number:032x}",
            request_item_name="Execute Application Request",
        )
        configuration.save(process)
        configuration.save(
            configuration.new(Kind.APPROVAL_TYPE, name=f"Request Type {number}", process_id=process.id)
        )
    now = utcnow()
    rows = [
        {
            "id": uuid.uuid4(),
            "process_name": "Approval Process 0",
            "state": RequestState.PENDING if number % 50 == 0 else RequestState.APPROVED,
            "external_id": f"{number:032x}",
            "number": f"RITM{number:07}",
            "file_path": r"C:\Program Files\Example\setup.exe",
            "reason": "Needed for the release",
            "requested_at": now - timedelta(seconds=number),
        }
        for number in range(REQUESTS)
    ]
    with store.write() as work:
        work.session.execute(insert(ApprovalRequest), rows)
    store.close()
