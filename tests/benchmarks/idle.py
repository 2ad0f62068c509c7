"""What an idle window costs with 250 servers: processor time of its process, soon after the start and an hour later."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

SERVERS = 250
SETTLE_S, SPAN_S, SPANS = 20.0, 20.0, 3
"""Until every server was polled once, and how long and how often the processor time is measured after that."""
ROUNDS_PER_HOUR, CALLS = 720, 100
LIMIT_S = 60


@dataclass
class Runs:
    """Per cent of a core in each span, with a new store and with one in which a window was open for an hour."""

    new: list[float] = field(default_factory=list)
    hour: list[float] = field(default_factory=list)


def measure(folder: Path) -> Runs:
    """Fill a store with servers whose User Credentials have no secret, and let a window be idle on it, twice."""
    store = folder / "console.db"
    fill(store)
    runs = Runs()
    runs.new = _measure(folder, store)
    add_hour(store)
    runs.hour = _measure(folder, store)
    return runs


def _measure(folder: Path, store: Path) -> list[float]:
    shares = []
    with _window(folder, store) as window:
        time.sleep(SETTLE_S)
        for _ in range(SPANS):
            began, used = time.monotonic(), processor_s(window.pid)
            time.sleep(SPAN_S)
            shares.append(100 * (processor_s(window.pid) - used) / (time.monotonic() - began))
    return shares


@contextmanager
def _window(folder: Path, store: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environ = {
        **os.environ,
        "APPROVAL_CONSOLE_HOME": str(folder / "home"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    command = [sys.executable, "-m", "console", "--store", f"sqlite:///{store}", "--vault", "session"]
    window = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    try:
        yield window
    finally:
        window.terminate()
        window.wait(LIMIT_S)


def processor_s(pid: int) -> float:
    """Return the processor time of all threads of a process, in seconds; of Linux, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


def fill(path: Path, servers: int = SERVERS) -> None:
    """Write a store with servers that requests go through, and no request."""
    from models.kinds import Kind
    from services.configuration import Configuration
    from services.store import Store

    store = Store.open(f"sqlite:///{path}", actor="bench")
    configuration = Configuration(store)
    for number in range(servers):
        credential = configuration.new(Kind.USER_CREDENTIAL, name=f"Account {number}", account="app")
        configuration.save(credential)
        server = configuration.new(
            Kind.FOREIGN_SYSTEM,
            name=f"Server {number}",
            base_url=f"https://host{number}.invalid/",
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
    store.close()


def add_hour(path: Path) -> None:
    """Write what an hour of polling leaves: 100 calls to each server, of 120 that are allowed, and a lease of each of 720 rounds."""
    from models.api_call import ApiCall
    from models.base import utcnow
    from models.lease import Lease
    from services.coordination.call_budget import POLL_CALL
    from services.requests.polling.polled_servers import list_servers
    from services.store import Store
    from services.store.row_values import get_table

    store, now = Store.open(f"sqlite:///{path}", actor="bench"), utcnow()
    calls = [
        {
            "id": uuid.uuid4(),
            "server_id": server,
            "at": now - timedelta(seconds=35 * number + 1),
            "purpose": POLL_CALL,
        }
        for server in list_servers(store)
        for number in range(CALLS)
    ]
    leases = [
        {
            "name": f"act:{uuid.uuid4()}",
            "holder": "bench:1:aa",
            "token": 1,
            "until": now - timedelta(seconds=5 * one),
        }
        for one in range(ROUNDS_PER_HOUR)
    ]
    with store.write() as work:
        work.session.execute(get_table(ApiCall).insert(), calls)
        work.session.execute(get_table(Lease).insert(), leases)
    store.close()
