"""An instance with many open requests, a store that follows them, and an hour that passes when a test says so."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from models.approval_request import ApprovalRequest
from models.kinds import Kind
from services.practice import approvals
from services.practice.accounts import user_id
from services.practice.database import sys_id_of
from services.practice.stock import EXECUTE_ITEM
from services.requests.following import Follower
from services.requests.leases import Leases
from services.secret import Secret
from services.servicenow.contract import VARIABLES
from services.store.values import table_of

ACCOUNT = "privman.integration"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TABLE = table_of(ApprovalRequest)


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
        "PMApprovalId": approval_id or str(sys_id_of("approval", str(number))),
        "PMInitiatorName": f"user{number % 50:02d}",
        "PMAgentName": f"LT-{40000 + number}",
        "PMPolicyName": "Unsigned installers",
        "PMFilePath": rf"C:\Users\Public\Downloads\setup-{number}.exe",
        "PMUserReason": f"Needed for case {number}",
    }


def place(practice, number, approval_id=None):
    """Raise a request on the instance as Privilege Manager does; returns the sys_id of the requested item."""
    order = approvals.place_order(
        practice._database,
        EXECUTE_ITEM,
        variables_of(number, approval_id),
        user_id=user_id(ACCOUNT),
        by=ACCOUNT,
    )
    return order.item_id


def decide(practice, record_id, word="approved"):
    """Let the approver of a requested item decide."""
    database = practice._database
    for row in database.rows("sysapproval_approver", sysapproval=record_id):
        if row["state"] == "requested":
            approvals.change(
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
    process.request_item_id, process.timeout_after_s = EXECUTE_ITEM, timeout
    return server, configuration.save(process)


def follower_of(workspace, clock, holder="worker:test"):
    return Follower(workspace, Leases(workspace.store, holder, clock), clock=clock, chance=lambda: 0.5)


def requests_of(store, **equal):
    with store.read() as session:
        chosen = select(TABLE).where(*(TABLE.c[name] == value for name, value in equal.items()))
        return [dict(row) for row in session.execute(chosen).mappings()]


def counted(store, table=TABLE):
    with store.read() as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()
