"""Stores of revision 0006 keep what programs decide on, when it moves from texts and leases into columns and tables."""

import json
import os
import random
import subprocess
import sys
import threading
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select, text

from models.api_call import ApiCall
from models.approval_process import ApprovalProcess
from models.approval_request import COPY_VERSION, ApprovalRequest
from models.approval_type import ApprovalType
from models.base import name_key
from models.foreign_system import ForeignSystem
from models.intake_client import IntakeClient
from models.kinds import RequestErrorKind, RequestOrigin, RequestState
from models.lease import Lease
from models.polled_server import PolledServer
from models.request_event import LEGACY_HASH_FORMAT, RequestEvent
from models.task_run import TaskRun
from models.worker_presence import WorkerPresence
from services.connectivity.check_history import (
    CheckSignIn,
    find_last_sign_in,
    last_call_limit,
    past_checks,
)
from services.coordination.call_budget import CallBudget
from services.coordination.clock import SystemClock
from services.intake.accepted_requests import Intake
from services.requests.details.loader import load_stored_details
from services.requests.domain import journal
from services.requests.domain.journal import CancelIntent
from services.requests.polling.poll_state import load_freshness, load_poll_state, paused_servers
from services.requests.rehearsal import baseline
from services.store import Store, StoreError
from services.store.schema_version import SCHEMA_REVISION
from tests.services.store.revision_0006 import NOON, OldStore, check_run, intake_client, lease

pytestmark = pytest.mark.every_database

ROOT = Path(__file__).resolve().parents[3]
LONG_COMMENT = "because " * 600


def configured(old):
    """Add a server, a process and a type; returns their ids."""
    server = ForeignSystem(name="Server", base_url="https://a.example")
    process = ApprovalProcess(name="Process", server_id=server.id)
    kind = ApprovalType(name="Type", process_id=process.id)
    for item in (server, process, kind):
        item.name_key, item.version = name_key(item.name), 1
        old.add_versioned(item)
    return server.id, process.id, kind.id


OWN_LINES = {
    "created": ([("sent", "Create", "")], {"state": "submitting"}),
    "cancel wanted": (
        [
            ("sent", "Create", ""),
            ("created", "PMRequestId 1", ""),
            ("sent", "Cancel: not needed: sold", "ada"),
        ],
        {"state": "pending", "external_id": "1"},
    ),
    "cancel failed": (
        [("sent", "Cancel", "ada"), ("failed", "Not cancelled: refused", "")],
        {"state": "pending", "external_id": "2"},
    ),
    "time over": (
        [("sent", "Cancel, because the time is over: Timed out in Privilege Manager", "")],
        {"state": "pending", "external_id": "3"},
    ),
    "approved": (
        [("sent", "Create", ""), ("decided", "Approved: fine: go on", "worker")],
        {"state": "approved", "external_id": "4", "number": "RITM4"},
    ),
    "rejected here": (
        [
            ("decided", "RITM5 rejected by D. Whitfield: not now", "ada"),
            ("decided", "Rejected: not now", "ada"),
        ],
        {"state": "rejected", "external_id": "5", "number": "RITM5"},
    ),
    "reminded": (
        [("reminded", "D. Whitfield and ada: please look", "ada")],
        {"state": "pending", "external_id": "6"},
    ),
    "unreadable": (
        [("problem", "Its status could not be read: a reason", "")],
        {"state": "pending", "external_id": "7", "error": "Its status could not be read: a reason"},
    ),
    "not sent": ([], {"state": "submitting", "error": "It could not be sent to ServiceNow: a reason"}),
    "long": ([("sent", f"Cancel: {LONG_COMMENT}"[:4000], "ada")], {"state": "pending", "external_id": "8"}),
    "failed": ([("failed", "nobody knows", "")], {"state": "failed", "error": "nobody knows"}),
}


class Old:
    """What is in the store of revision 0006 before it is opened."""

    def __init__(self, place):
        self.place = place
        now = datetime.now(UTC)
        with OldStore(place) as old:
            self.server, self.process, kind = configured(old)
            self.client, self.other = intake_client("one", kind), intake_client("two", kind)
            for client in (self.client, self.other):
                old.add_versioned(client)
            self.keys = {
                name: old.add_request(lines, process_id=self.process, server_id=self.server, **values)
                for name, (lines, values) in OWN_LINES.items()
            }
            self.keys["intake"] = old.add_request(
                [("raised", f"Through the intake, client {self.client.id}", "one"), ("sent", "Create", "")],
                state="submitting",
            )
            self.keys["copy"] = old.add_request(
                [("raised", "RITM9", "eva"), ("decided", "RITM9: rejected", "")],
                version=COPY_VERSION,
                origin=RequestOrigin.SERVICENOW,
                state="rejected",
                number="RITM9",
            )
            server = self.server.hex
            self.paused, self.polled_at = uuid.uuid4(), now - timedelta(minutes=3)
            old.add(
                lease(f"seen:{server}", "partial", self.polled_at, 7),
                lease(f"pause:{self.paused.hex}", "tcp-refused", now + timedelta(hours=2), 3),
                lease(f"call:{server}:000", "look", now + timedelta(minutes=40)),
                lease(f"call:{server}:001", "further", now + timedelta(minutes=50)),
                lease(f"call:{server}:002", "look", now - timedelta(minutes=50)),
                lease("worker:gone:1:aa", "gone:1:aa", now - timedelta(days=9)),
                lease("worker:there:1:bb", "there:1:bb", now + timedelta(seconds=50)),
                lease(f"follow:{server}", "there:1:bb", now, 12),
                lease(f"act:{uuid.uuid4()}", "ada#1", now, 1),
                lease("call:no server", "look", now),
            )
            self.rehearsal = TaskRun(
                task="rehearsal",
                object_id=self.process,
                state="running",
                started_at=now,
                correlation_id=str(self.keys["created"]),
                report=json.dumps({"holder": "elsewhere:1:aa", "legs": []}),
            )
            for number, run in enumerate(
                (
                    check_run(self.server, NOON, mark="m1", evidence="5000 calls an hour by the rule R; one"),
                    check_run(self.server, NOON + timedelta(hours=1), mark="m2", process_id=self.process),
                    TaskRun(task="request_inputs", report="no JSON"),
                    self.rehearsal,
                )
            ):
                run.correlation_id = run.correlation_id or str(number)
                old.add_versioned(run)


@pytest.fixture
def old(places):
    return Old(places.empty())


@pytest.fixture
def store(old):
    with closing(Store.open(old.place, actor="ada")) as opened:
        yield opened


def facts_of(store, key):
    with store.read() as session:
        lines = select(RequestEvent).where(RequestEvent.request_id == key).order_by(RequestEvent.line)
        return [(one.operation, one.outcome, one.comment) for one in session.exec(lines)]


def test_the_chain_of_an_upgraded_store_is_valid_and_goes_on(old, store):
    assert store.verify_audit().ok
    with store.write() as work:
        journal.add_event(
            work.session, old.keys["created"], CancelIntent(RequestState.CANCELLED, "x").event(), actor="ada"
        )
    verdict = store.verify_audit()
    assert (verdict.ok, verdict.problem) == (True, "")
    with store.read() as session:
        formats = session.exec(select(RequestEvent.hash_format)).all()
    assert sorted(formats)[-2:] == [LEGACY_HASH_FORMAT, 2]


@pytest.mark.parametrize(
    "edit",
    [
        "operation = 'cancel' WHERE operation = 'create'",
        "outcome = 'approved' WHERE outcome = 'rejected'",
        "comment = 'other' WHERE comment = 'not now'",
        "hash_format = 2 WHERE operation = 'create'",
    ],
)
def test_an_edited_fact_of_an_old_line_is_found(store, edit):
    with store.engine.begin() as connection:
        assert connection.execute(text(f"UPDATE request_event SET {edit}")).rowcount
    assert "was edited" in store.verify_audit().problem


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("created", [("create", "", "")]),
        ("cancel wanted", [("create", "", ""), ("", "", ""), ("cancel", "cancelled", "not needed: sold")]),
        ("cancel failed", [("cancel", "cancelled", ""), ("", "", "")]),
        ("time over", [("cancel", "timed_out", "Timed out in Privilege Manager")]),
        ("approved", [("create", "", ""), ("", "approved", "fine: go on")]),
        ("rejected here", [("decide", "rejected", "not now"), ("", "rejected", "not now")]),
        ("reminded", [("remind", "", "please look")]),
        ("unreadable", [("", "", "")]),
        ("long", [("cancel", "cancelled", LONG_COMMENT[: 4000 - len("Cancel: ")])]),
        ("intake", [("", "", ""), ("create", "", "")]),
        ("copy", [("", "", ""), ("", "rejected", "")]),
    ],
)
def test_lines_get_the_facts_of_their_texts(old, store, name, facts):
    assert facts_of(store, old.keys[name]) == facts


def test_what_was_begun_before_the_upgrade_is_known_after_it(old, store):
    with store.read() as session:
        attempts = journal.load_create_attempts(session, old.keys["created"])
        assert (attempts.count, attempts.last) == (1, NOON)
        wanted = CancelIntent(RequestState.CANCELLED, "not needed: sold")
        assert journal.load_cancel_intent(session, old.keys["cancel wanted"]) == wanted
        assert journal.load_cancel_intent(session, old.keys["cancel failed"]) is None
        open_intents = journal.load_open_cancel_intents(session, NOON + timedelta(hours=1))
    assert set(open_intents) == {old.keys[name] for name in ("cancel wanted", "time over", "long")}
    assert open_intents[old.keys["time over"]].state is RequestState.TIMED_OUT


def test_a_request_of_the_intake_stays_its_client_s(old, store):
    intake = Intake(store)
    assert intake.find_request(old.client, old.keys["intake"]).intake_client_id == old.client.id
    assert intake.find_request(old.other, old.keys["intake"]) is None
    assert intake.find_request(old.client, old.keys["created"]) is None
    timeline = load_stored_details(store, old.keys["intake"]).timeline
    assert "Taken in from one" in [line.title for line in timeline]


def test_the_timeline_says_who_decided_here_and_what_the_service_answered(old, store):
    lines = load_stored_details(store, old.keys["rejected here"]).timeline
    decided = [(line.title, line.actor) for line in lines if line.kind == "decided"]
    assert decided == [("Decided by ada", "ada"), ("Answer received from ServiceNow", "")]


def test_errors_say_what_clears_them(old, store):
    kinds = {
        "unreadable": RequestErrorKind.STATUS_UNREADABLE,
        "not sent": RequestErrorKind.STEP_FAILED,
        "failed": RequestErrorKind.NONE,
        "created": RequestErrorKind.NONE,
    }
    with store.read() as session:
        assert {name: session.get(ApprovalRequest, old.keys[name]).error_kind for name in kinds} == kinds


def test_poll_state_calls_and_workers_leave_the_table_of_leases(old, store):
    budget = CallBudget(store, SystemClock())
    with store.read() as session:
        left = sorted(row.name.partition(":")[0] for row in session.exec(select(Lease)))
        assert left == ["act", "follow"]
        state = load_poll_state(session, old.server, budget)
        assert (state.seen_at, state.complete, state.calls) == (
            old.polled_at - timedelta(seconds=7),
            False,
            2,
        )
        assert budget.usage_in_session(session, old.server).further == 1
        assert paused_servers(session, datetime.now(UTC)) == [old.paused]
        assert session.get(PolledServer, old.paused).failures == 3
        assert load_freshness(session, [old.paused]).failing == ((old.paused, "tcp-refused"),)
        assert session.exec(select(WorkerPresence.holder)).all() == ["there:1:bb"]
        assert len(session.exec(select(ApiCall)).all()) == 3


def test_checks_and_rehearsals_are_found_by_columns(old, store):
    assert last_call_limit(store, old.server) == 5000
    used = CheckSignIn("api", "https://a.example", "m1")
    assert find_last_sign_in(store, old.server, used).at == NOON
    assert find_last_sign_in(store, old.server, CheckSignIn("api", "https://a.example", "m3")) is None
    assert [one.at - NOON for one in past_checks(store, old.server, process_id=old.process)] == [
        timedelta(hours=1)
    ]
    with store.read() as session:
        assert session.get(TaskRun, old.rehearsal.id).holder == "elsewhere:1:aa"
    assert old.rehearsal.id not in {one.run.id for one in baseline.find_unfinished(store) if one.run}


def test_clients_and_their_requests_are_all_there(old, store):
    with store.read() as session:
        assert len(session.exec(select(IntakeClient)).all()) == 2
        assert len(session.exec(select(ApprovalRequest)).all()) == len(old.keys)


# -- large stores, and kills -------------------------------------------------------------------------------------

PROGRAM = """
import sys
from services.store import Store

def progress(text, done=0, total=None):
    print(done, total, flush=True)

Store.open(sys.argv[1], actor="upgrader", progress=progress).close()
print("finished", flush=True)
"""
LINES = 6000


def made_large(place):
    """Make a store whose timelines take several steps; returns the number of its lines with facts."""
    with OldStore(place) as old:
        key = old.add_request([], state="pending", external_id="1")
        old.add_lines(
            RequestEvent(request_id=key, at=NOON, kind="reminded", detail=f"ada: look {number}", actor="ada")
            for number in range(LINES)
        )
    return LINES


def test_the_upgrade_reports_its_progress(places):
    place, reports = places.empty(), []
    made_large(place)
    Store.open(place, progress=lambda _text, done=0, total=None: reports.append((done, total))).close()
    steps = [done for done, total in reports if total == LINES]
    assert steps == sorted(steps)
    assert len(steps) >= 3
    assert steps[-1] == LINES


def test_an_upgrade_that_is_killed_is_made_good_by_the_next_one(places):
    """The whole upgrade is one transaction: after a kill the store is as it was, or as it is meant to be."""
    place, chance, pause = places.empty(), random.Random(7), threading.Event()
    made_large(place)
    for reports in (2, 3, 4, 5, 6):
        program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, place],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with program:
            for _ in range(reports):
                program.stdout.readline()
            pause.wait(chance.uniform(0, 0.05))
            program.kill()
            program.stdout.read()
    with closing(Store.open(place, actor="ada")) as store:
        with store.engine.connect() as connection:
            version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            moved = connection.exec_driver_sql(
                "SELECT count(*) FROM request_event WHERE operation = 'remind'"
            ).scalar()
        assert (version, moved) == (SCHEMA_REVISION, LINES)
        assert store.verify_audit().ok


def test_a_failed_upgrade_leaves_the_store_as_it_was(old):
    """With an error at its last step; the next attempt succeeds."""

    def failing(_text, _done=0, total=None):
        if total:
            raise OSError("the disk is full")

    with pytest.raises(StoreError):
        Store.open(old.place, progress=failing)
    with closing(Store.open(old.place, actor="ada")) as store:
        assert store.verify_audit().ok
        assert facts_of(store, old.keys["created"]) == [("create", "", "")]
