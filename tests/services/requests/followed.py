"""An instance with many open requests, a store that follows them, and an hour that passes when a test says so."""

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from models.approval_request import ApprovalRequest
from models.kinds import Kind
from services.common.secret import Secret
from services.coordination.leases import Leases
from services.practice import orders_and_approvals
from services.practice.accounts_and_sessions import user_sys_id
from services.practice.database import fixed_sys_id
from services.practice.initial_data import EXECUTE_ITEM_ID
from services.requests.polling.poll_state import load_poll_state
from services.requests.polling.poller import Poller
from services.requests.polling.sync import copy_id
from services.servicenow.contract import VARIABLES
from services.store.row_values import get_table

ACCOUNT = "privman.integration"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TABLE = get_table(ApprovalRequest)


class SimulatedClock:
    """Time that passes when it is told to."""

    def __init__(self, start=START):
        self.at = start

    def now(self):
        return self.at

    def monotonic(self):
        return (self.at - START).total_seconds()

    async def sleep(self, seconds):
        self.pass_by(seconds)

    def pass_by(self, seconds):
        self.at += timedelta(seconds=seconds)


def variables_of(number, approval_id=None):
    values = dict.fromkeys(VARIABLES, "")
    return values | {
        "PMApprovalId": approval_id or str(fixed_sys_id("approval", str(number))),
        "PMInitiatorName": f"user{number % 50:02d}",
        "PMAgentName": f"LT-{40000 + number}",
        "PMPolicyName": "Unsigned installers",
        "PMFilePath": rf"C:\Users\Public\Downloads\setup-{number}.exe",
        "PMUserReason": f"Needed for case {number}",
    }


def place(practice, number, approval_id=None):
    """Raise a request on the instance as Privilege Manager does; returns the sys_id of the requested item."""
    order = orders_and_approvals.place_order(
        practice._database,
        EXECUTE_ITEM_ID,
        variables_of(number, approval_id),
        user_id=user_sys_id(ACCOUNT),
        by=ACCOUNT,
    )
    return order.item_id


def decide(practice, record_id, word="approved"):
    """Let the approver of a requested item decide."""
    database = practice._database
    for row in database.rows("sysapproval_approver", sysapproval=record_id):
        if row["state"] == "requested":
            orders_and_approvals.update_record(
                database, "sysapproval_approver", row["sys_id"], {"state": word}, by="app.approver"
            )
            return
    raise AssertionError("nobody is asked")


def configure(configuration, vault, practice, password, *, interval=30, timeout=2 * 3600):
    """Store a server with its credential and a process that goes through it; returns the server and the process."""
    credential = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="Account", account=ACCOUNT))
    server = configuration.new(
        Kind.FOREIGN_SYSTEM, name="Practice", base_url=practice.base_url, credential_id=credential.id
    )
    server.minimum_interval_s = interval
    server = configuration.save(server)
    vault.put(credential.id, credential.name, ACCOUNT, Secret(password), [server.origin])
    process = configuration.new(Kind.APPROVAL_PROCESS, name="Process", server_id=server.id)
    process.request_item_id, process.timeout_after_s = EXECUTE_ITEM_ID, timeout
    return server, configuration.save(process)


def call_usage(budget, server_id):
    """Return the calls to a server in the last hour."""
    with budget.store.read() as session:
        return budget.usage_in_session(session, server_id)


def poll_state(follower, server_id):
    """Return the poll state of a server as the program shows it."""
    with follower.budget.store.read() as session:
        return load_poll_state(session, server_id, follower.budget)


def follower_of(workspace, clock, holder="worker:test"):
    return Poller(workspace, Leases(workspace.store, holder, clock), clock=clock, chance=lambda: 0.5)


def fill(practice, clock, count):
    """Raise `count` requests on the instance, one every few seconds; returns the sys_ids of the requested items."""
    with practice._database.transaction():
        records = []
        for number in range(count):
            records.append(place(practice, number))
            clock.pass_by(3)
    clock.pass_by(600)
    return records


@dataclass(slots=True)
class Hour:
    """What happened while requests were followed: calls, how late each decision was seen (s), and what was not seen."""

    calls: int = 0
    late: list[float] = field(default_factory=list)
    unseen: int = 0
    seconds: list[float] = field(default_factory=list)
    """Real seconds of each round."""


async def live(practice, follower, server_id, clock, records, minutes, seed=1):
    """Let time pass second by second: approvers decide, requests are raised, and the follower looks when it is due."""
    chance, told = random.Random(seed), Hour()
    waiting, undecided, number = {}, list(records), len(records)
    chance.shuffle(undecided)
    log, due = len(practice.log), clock.now()
    for _ in range(minutes * 60):
        if clock.now() >= due:
            begun = time.perf_counter()
            done = await follower.round(server_id)
            told.seconds.append(time.perf_counter() - begun)
            assert done.problem is None, done.problem.as_text()
            due = done.next_at
            for key in done.decided:
                told.late.append((clock.now() - waiting.pop(key)).total_seconds())
        clock.pass_by(1)
        if chance.random() < 0.5:
            record = undecided.pop()
            decide(practice, record, chance.choice(["approved", "rejected"]))
            waiting[copy_id(server_id, record)] = clock.now()
        if chance.random() < 0.2:
            number += 1
            undecided.insert(0, place(practice, number))
    # What was decided in the last moments is for the next look.
    told.unseen = sum((clock.now() - at).total_seconds() > 31 for at in waiting.values())
    told.calls = len(practice.log) - log
    return told


def requests_of(store, **equal):
    with store.read() as session:
        chosen = select(TABLE).where(*(TABLE.c[name] == value for name, value in equal.items()))
        return [dict(row) for row in session.execute(chosen).mappings()]


def counted(store, table=TABLE):
    with store.read() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()
