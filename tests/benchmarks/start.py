"""How long the window takes from the start of its process, measured in turns with a bare Qt window."""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from console.startup import start_trace

OBJECTS, REQUESTS, ROUNDS = 1_000, 100_000, 15
LIMIT_S = 60


@dataclass
class Runs:
    """Milliseconds of each round: bare window painted, our window painted, our tree filled."""

    bare: list[float] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)
    filled: list[float] = field(default_factory=list)


def measure(folder: Path) -> Runs:
    """Fill a store once, then start both windows in turns."""
    store = folder / "console.db"
    fill(store)
    runs = Runs()
    ours = ["-m", "console", "--store", f"sqlite:///{store}", "--vault", "session"]
    bare = ["-m", "tests.benchmarks.bare_window"]
    for number in range(ROUNDS + 1):
        without = _start(bare, folder)
        events = _start(ours, folder)
        if number == 0:
            continue  # the first of both reads files from the disk
        runs.bare.append(without["first-paint"]["ms"])
        runs.painted.append(events["first-paint"]["ms"])
        runs.filled.append(events["tree-filled"]["ms"])
        slow = events["first-paint"]["slow_modules"]
        if slow:
            raise SystemExit(f"Imported before the first paint: {', '.join(slow)}")
    return runs


def _start(arguments: list[str], folder: Path) -> dict[str, dict]:
    target = folder / "trace.jsonl"
    target.unlink(missing_ok=True)
    environ = {
        **os.environ,
        "APPROVAL_CONSOLE_HOME": str(folder / "home"),
        start_trace.TRACE_VARIABLE: str(target),
        start_trace.QUIT_VARIABLE: "1",
    }
    subprocess.run(
        [sys.executable, *arguments], check=True, env=environ, timeout=LIMIT_S, stderr=subprocess.DEVNULL
    )
    lines = target.read_text(encoding="utf-8").splitlines()
    return {event["event"]: event for event in map(json.loads, lines)}


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
