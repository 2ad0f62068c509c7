"""Small stores of many kinds of requests, and what the inbox has to show of them, worked out row by row in Python."""

import random
import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select

from models.approval_request import ApprovalRequest
from models.kinds import OPEN_STATES, Kind, RequestState
from services.common.plain_text import replace_unstorable
from services.configuration import Configuration
from services.requests.inbox.filters import ME
from services.requests.inbox.row_place import row_place
from services.store.full_text import ID_COLUMNS, TEXT_COLUMNS, fold, id_search_forms
from services.store.row_values import get_table

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
TEXTS = (
    "Needed for release 8",
    "50% off_line \"quoted\" 'single' \\ back",
    "NEAR(a b) AND OR NOT * ^ - + : {x}",
    "Größe ΣΑΣ ÉCOLE école ИВАН иван",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER} \N{PARTY POPPER}\N{PARTY POPPER}",
    "שלום עולם \N{RIGHT-TO-LEFT OVERRIDE}exe.txt",
    "a\N{REPLACEMENT CHARACTER}b",
    "tab\tand\nline",
    "",
)
USERS = ("b.okafor", "B.Lindqvist", "émile", "Z.last", "")
FILES = (r"C:\Users\b.okafor\vs_setup.exe", r"D:\%TEMP%\7z2408-x64.exe", "/opt/Tools/run_me", "")
NAMES = ("App Approvers", "D. Whitfield", "100%_group")


def drawn_row(drawn: random.Random, number: int, processes):
    """Return the columns of a request; many have the same time."""
    raised = NOW - timedelta(seconds=drawn.choice((0, 30, 30, 60, 3_600, 86_400)) * drawn.randrange(1, 4))
    state = drawn.choice(list(RequestState))
    key = uuid.UUID(int=drawn.getrandbits(128))
    process, server = drawn.choice(processes)
    return {
        "id": key,
        "state": state,
        "approval_id": str(key),
        "external_id": f"{drawn.getrandbits(128):032x}",
        "record_id": drawn.choice(("", f"{drawn.getrandbits(128):032X}")),
        "number": drawn.choice(("", f"RITM{number:07}")),
        "order_number": f"REQ{number % 7:07}",
        "process_id": process,
        "server_id": server,
        "answer_fault": drawn.choice(("", "", "", "delivery-refused")),
        "mismatch": drawn.choice(("", "", "", "order-approved")),
        "initiator_name": drawn.choice(USERS),
        "agent_name": f"LT-{40_000 + number % 9}",
        "policy_name": drawn.choice(("Network tools", "Unsigned", "")),
        "file_path": drawn.choice(FILES),
        "reason": drawn.choice(TEXTS),
        "waits_for": "\n".join(drawn.sample(NAMES, drawn.randrange(3))),
        "requested_at": raised,
        "times_out_at": drawn.choice((None, raised + timedelta(minutes=20))),
        "ended_at": NOW - timedelta(seconds=drawn.randrange(200_000)) if state.is_final else None,
        "rehearsal": drawn.random() < 0.3,
    }


def processes_of(store):
    """Make two processes, each with its server; returns their ids."""
    configuration = Configuration(store)
    found = []
    for number in range(2):
        server = configuration.new(Kind.FOREIGN_SYSTEM, name=f"S{number}", base_url="https://a.example/")
        configuration.save(server)
        process = configuration.new(Kind.APPROVAL_PROCESS, name=f"P{number}", server_id=server.id)
        configuration.save(process)
        found.append((process.id, server.id))
    return found


def add_rows(store, rows):
    """Write rows as a worker does, in a unit of work."""
    with store.write() as work:
        work.session.execute(insert(ApprovalRequest), rows)


def stored_rows(store):
    """Return all rows as they are stored, each with its `place`."""
    with store.read() as session:
        table = get_table(ApprovalRequest)
        return list(session.execute(select(table, row_place(table.c.id).label("place"))).mappings())


def shown(rows, filter_, me=(), at=NOW):
    """Return the rows that a filter shows, judged one by one."""
    return [row for row in rows if _shows(row, filter_, me, at)]


def _shows(row, f, me, at):
    def within(moment, seconds):
        return seconds is None or (moment is not None and (at - moment).total_seconds() <= seconds)

    opened = RequestState(row["state"]) in OPEN_STATES
    midnight = at.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    due, until = f.due_within_s, row["times_out_at"]
    left = (until - at).total_seconds() if until is not None else None
    asked = {fold(name) for name in row["waits_for"].split("\n")}
    wanted = {fold(name) for name in (me if f.waits_for == ME else (f.waits_for,))}
    return all(
        (
            not f.states or row["state"] in f.states,
            not f.policy or row["policy_name"] == f.policy,
            f.process_id is None or row["process_id"] == f.process_id,
            f.server_id is None or row["server_id"] == f.server_id,
            within(row["requested_at"], f.raised_within_s),
            f.raised_since is None or row["requested_at"] >= f.raised_since,
            f.older_than_s is None or (at - row["requested_at"]).total_seconds() >= f.older_than_s,
            within(row["ended_at"], f.ended_within_s),
            not f.ended_today or (row["ended_at"] is not None and row["ended_at"] >= midnight),
            due is None or (opened and left is not None and left <= due),
            not f.mismatch or row["mismatch"],
            not f.answer_failed or row["answer_fault"],
            not f.waits_for or (opened and asked & wanted),
            f.rehearsals or not row["rehearsal"],
            *(holds(row, word) for word in fold(replace_unstorable(f.text)).split()),
        )
    )


def holds(row, word):
    """Whether a row holds a word that is written in small letters."""
    if any(word in fold(row[name]) for name in TEXT_COLUMNS):
        return True
    return any(fold(row[name]).startswith(form) for name in ID_COLUMNS for form in id_search_forms(word))


def in_order(rows, sort):
    """Return the ids of rows as an order has them."""

    def small(text):
        return "".join(c.lower() if c.isascii() else c for c in text).encode()

    own = {
        "age": lambda row: (),
        "state": lambda row: row["state"],
        "policy": lambda row: row["policy_name"].encode(),
        "user": lambda row: small(row["initiator_name"]),
        "computer": lambda row: small(row["agent_name"]),
        "file": lambda row: small(row["file_path"]),
        "times_out": lambda row: row["times_out_at"] or row["requested_at"],
        "number": lambda row: row["number"],
    }[sort.column]
    backwards = sort.descending != (sort.column == "age")
    ordered = sorted(rows, key=lambda row: (own(row), row["requested_at"], row["place"]), reverse=backwards)
    return [row["id"] for row in ordered]
