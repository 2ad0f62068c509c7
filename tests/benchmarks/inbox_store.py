"""A store with very many requests, as a few years of a large company leave them. The same every time."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from models.approval_request import COPY_VERSION, ApprovalRequest
from models.base import utcnow
from models.kinds import Kind, RequestOrigin, RequestState
from services.configuration import Configuration
from services.store import Store
from services.store.row_values import get_table

SORTED_KB = 128 * 1024
CHUNK = 10_000
OPEN_ONES = 10_000
"""So many of the newest are open, as in an instance that is far behind."""

EVERY = timedelta(seconds=30)
USERS, COMPUTERS, POLICIES, PROCESSES = 20_000, 30_000, 120, 6
FIRST = "abcdefghijklmnoprstuvw"
LAST = (
    "okafor",
    "lindqvist",
    "nakamura",
    "brandt",
    "mbeki",
    "novak",
    "obrien",
    "haddad",
    "ferreira",
    "castellano",
)
PRODUCTS = (
    "vs",
    "npp",
    "sapgui",
    "python",
    "wireshark",
    "putty",
    "7z",
    "zoom",
    "teams",
    "chrome",
    "java",
    "docker",
)
KINDS = ("_setup.exe", "-installer.exe", "_update.msi", "64.exe", "-portable.exe", ".ps1")
WORDS = (
    *(
        "needed",
        "for",
        "the",
        "release",
        "tools",
        "editor",
        "log",
        "files",
        "month",
        "end",
        "patch",
        "reports",
        "new",
    ),
    *(
        "laptop",
        "setup",
        "trace",
        "case",
        "printer",
        "driver",
        "repair",
        "switch",
        "console",
        "vendor",
        "archive",
    ),
    *("customer", "call", "training", "update", "access", "test", "finance", "migration", "audit", "quarter"),
)
ENDS = (
    [RequestState.APPROVED] * 62
    + [RequestState.REJECTED] * 14
    + [RequestState.TIMED_OUT] * 15
    + [RequestState.CANCELLED] * 6
    + [RequestState.FAILED] * 2
    + [RequestState.INVALID]
)


@dataclass(frozen=True, slots=True)
class Company:
    """What requests are drawn from."""

    users: list[str]
    computers: list[str]
    policies: list[str]
    processes: list[tuple[uuid.UUID, uuid.UUID, str]]
    """Id, id of the server, and name."""


def requests(company: Company, count: int, now: datetime, drawn: random.Random) -> Iterator[dict[str, Any]]:
    """Yield the columns of `count` requests, the oldest first, one every half minute on the average."""
    raised = now - EVERY * count
    for number in range(count):
        raised += 2 * drawn.random() * (now - raised) / (count - number)
        opened = number >= count - min(OPEN_ONES, count // 100)
        yield _one(company, drawn, number, raised, RequestState.PENDING if opened else drawn.choice(ENDS))


def _one(
    company: Company, drawn: random.Random, number: int, raised: datetime, state: RequestState
) -> dict[str, Any]:
    key = uuid.UUID(int=drawn.getrandbits(128))
    user = drawn.choice(company.users)
    process, server, name = drawn.choice(company.processes)
    mine, opened = drawn.random() < 0.5, not state.is_final
    return {
        "id": key,
        "version": 1 if mine else COPY_VERSION,
        "origin": RequestOrigin.CONSOLE if mine else RequestOrigin.SERVICENOW,
        "approval_id": str(key),
        "external_id": f"{drawn.getrandbits(128):032x}",
        "record_id": f"{drawn.getrandbits(128):032x}",
        "order_id": f"{drawn.getrandbits(128):032x}",
        "order_number": f"REQ{number + 10_000:07}",
        "number": f"RITM{number + 40_000:07}",
        "process_id": process,
        "server_id": server,
        "process_name": name,
        "state": state,
        "servicenow_state": "requested" if opened else "approved",
        "mismatch": "order-approved" if drawn.random() < 0.001 else "",
        "initiator_name": user,
        "agent_name": drawn.choice(company.computers),
        "policy_name": company.policies[min(int(drawn.expovariate(1 / 20)), POLICIES - 1)],
        "file_path": rf"C:\Users\{user}\Downloads\{drawn.choice(PRODUCTS)}{drawn.choice(KINDS)}",
        "reason": " ".join(drawn.choices(WORDS, k=drawn.randrange(2, 9))).capitalize(),
        "waits_for": "App Approvers\nD. Whitfield" if opened else "",
        "requested_at": raised,
        "times_out_at": raised + timedelta(minutes=20),
        "ended_at": None if opened else raised + timedelta(seconds=drawn.expovariate(1 / 400)),
        "observed_at": raised + timedelta(minutes=20),
        "rehearsal": drawn.random() < 0.002,
    }


def fill(where: Path | str, count: int) -> None:
    """Write a store with so many requests; the indexes are made at the end, in a tenth of the time."""
    store = Store.open(str(where), actor="bench")
    drawn = random.Random(5)
    rows: list[dict[str, Any]] = []
    indexes = sorted(get_table(ApprovalRequest).indexes, key=lambda index: str(index.name))
    with store.write() as work:
        for index in indexes:
            index.drop(work.session.connection())
    for row in requests(_company(store, drawn), count, utcnow(), drawn):
        rows.append(row)
        if len(rows) == CHUNK:
            _write(store, rows)
            rows = []
    if rows:
        _write(store, rows)
    with store.write() as work:
        if store.engine.dialect.name == "sqlite":
            work.session.connection().exec_driver_sql(f"PRAGMA cache_size = -{SORTED_KB}")
        for index in indexes:
            index.create(work.session.connection())
    store.close()


def _company(store: Store, drawn: random.Random) -> Company:
    configuration = Configuration(store)
    processes = []
    for number in range(PROCESSES):
        server = configuration.new(
            Kind.FOREIGN_SYSTEM, name=f"Server {number}", base_url=f"https://host{number}.example/"
        )
        configuration.save(server)
        process = configuration.new(
            Kind.APPROVAL_PROCESS, name=f"Approval Process {number}", server_id=server.id
        )
        configuration.save(process)
        processes.append((process.id, server.id, process.name))
    return Company(
        users=[f"{drawn.choice(FIRST)}.{drawn.choice(LAST)}{n or ''}" for n in range(USERS)],
        computers=[f"{drawn.choice(('LT', 'WS', 'SRV'))}-{10_000 + n}" for n in range(COMPUTERS)],
        policies=[
            f"{drawn.choice(PRODUCTS).capitalize()} {drawn.choice(WORDS)} {n}" for n in range(POLICIES)
        ],
        processes=processes,
    )


def _write(store: Store, rows: list[dict[str, Any]]) -> None:
    with store.write() as work:
        work.session.execute(insert(ApprovalRequest), rows)
