"""Three workers share the work and one of them is killed at a random moment: nothing is lost, doubled or late."""

import random
import sqlite3
import time
import uuid
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy
from sqlalchemy import select

import services.requests.lifecycle.lifecycle
from models.api_call import ApiCall
from models.compact_columns import CompactTime
from models.kinds import Kind, RequestOrigin, RequestState
from models.request_event import RequestEvent
from services.practice import PracticeInstance
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.store.row_values import get_table
from tests.services.requests import followed, simulated_worker
from tests.services.requests.simulation import Conductor
from tests.services.transfer.conftest import PASSWORD, configuration, empty_store, store, vault

__all__ = ["configuration", "empty_store", "store", "vault"]

WORKERS = 3
SEEN_WITHIN = timedelta(seconds=30)
END_SEEN = """
CREATE TABLE end_seen (request_id CHAR(32) PRIMARY KEY, at DATETIME);
CREATE TRIGGER end_of_new AFTER INSERT ON approval_request WHEN new.ended_at IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM end_seen WHERE request_id = new.id)
BEGIN INSERT INTO end_seen VALUES (new.id, new.observed_at); END;
CREATE TRIGGER end_of_known AFTER UPDATE ON approval_request WHEN new.ended_at IS NOT NULL AND old.ended_at IS NULL
BEGIN INSERT INTO end_seen VALUES (new.id, new.observed_at); END;
"""
"""Keeps when an end was first seen: a request tells only when something new of it was seen last. An end seen twice fails.

A copy that learns more after its end (its variables, say) is put in its own place again, which is no second end.
"""
END = sqlalchemy.table("end_seen", sqlalchemy.column("request_id"), sqlalchemy.column("at", CompactTime()))
CALLS_AN_HOUR = 120
TAKEN_IN = 3
"""Requests taken in for the workers to raise, in each run."""


class Story:
    """One instance, one store, and runs of a few minutes each in which one worker is killed."""

    def __init__(self, practice, store, configuration, vault, conductor, requests, seed):
        self.practice, self.store, self.conductor = practice, store, conductor
        self.chance = random.Random(seed)
        self.server, self.process = followed.configure(configuration, vault, practice, PASSWORD, timeout=90)
        self.type = configuration.save(
            configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=self.process.id)
        )
        self.path = store.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(END_SEEN)
        self.number = 0
        self.open, self.decided = [], {}
        for _ in range(requests):
            self.place()

    def place(self):
        self.number += 1
        self.open.append(followed.place(self.practice, self.number))

    def decide(self):
        record = self.open.pop(self.chance.randrange(len(self.open)))
        word = self.chance.choice(["approved", "rejected"])
        followed.decide(self.practice, record, word)
        self.decided[record] = (self.conductor.now(), word)

    async def take_in(self):
        """Store a request for the workers to raise, as the intake does."""
        life = RequestLifecycle(
            self.store, ServiceNowClient(ConnectionSettings.of(self.server), None), self.process
        )
        row = life.draft(self.type, {"PMFilePath": f"C:\\{uuid.uuid4()}.exe", "PMUserReason": "Needed"})
        await life.keep(row, {"PMFilePath": row.file_path, "PMUserReason": "Needed"})
        with self.store.write() as work:
            table = followed.TABLE
            free = {"claimed_by": "", "claimed_until": None}
            work.session.execute(table.update().where(table.c.id == row.id).values(**free))

    def start(self):
        return self.conductor.start(
            simulated_worker.main,
            self.path,
            str(self.server.credential_id),
            followed.ACCOUNT,
            PASSWORD,
            self.practice.base_url,
        )

    async def run(self, minutes):
        """Let three workers work; things happen on the instance meanwhile, and one worker is killed."""
        conductor = self.conductor
        workers = [self.start() for _ in range(WORKERS)]
        begun, calls = conductor.seconds, len(self.practice.log)
        kill_at = begun + self.chance.uniform(0, minutes * 60)
        # Looks are due every 30 s, and that is when most is to be killed; a few die between them.
        if self.chance.random() < 0.8:
            kill_at = begun + 30 * self.chance.randrange(int(minutes * 2))
        what = [self.decide] * 12 + [self.place] * 6 + [self.take_in] * TAKEN_IN
        moments = sorted(begun + self.chance.uniform(1, minutes * 60 - 31) for _ in what)
        self.chance.shuffle(what)
        for at, happens in zip([*moments, begun + minutes * 60], [*what, None], strict=True):
            if kill_at is not None and kill_at <= at:
                self.kill_one(workers, kill_at)
                kill_at = None
            conductor.pass_until(at)
            if happens is not None and (made := happens()) is not None:
                await made
        self.drain(begun)
        conductor.stop()
        return self.practice.log[calls:]

    def kill_one(self, workers, at):
        """Kill a worker a random real time after it was woken at `at`: anywhere in what it does then."""
        conductor = self.conductor
        conductor.pass_until(max(conductor.seconds, at - 0.001))
        conductor.seconds = max(conductor.seconds, at)
        conductor.wake()
        time.sleep(self.chance.uniform(0, 0.5))  # a random moment, not a wait for something
        conductor.kill(workers.pop(self.chance.randrange(len(workers))))

    def drain(self, begun):
        """Let time pass until no request that was taken in hangs in between."""
        while followed.requests_of(self.store, state=RequestState.SUBMITTING):
            assert self.conductor.seconds < begun + 1800, "a request is never raised"
            self.conductor.pass_until(self.conductor.seconds + 30)
        # What was raised last is known by its record only from the next look on.
        self.conductor.pass_until(self.conductor.seconds + 31)

    def another_hour(self):
        """Let an hour pass without workers: the calls of the last run count no longer."""
        self.conductor.seconds += 3600

    # -- what must hold --------------------------------------------------------

    def check(self, log):
        looks = [one for one in log if _is_a_look(one)]
        assert len(looks) <= CALLS_AN_HOUR
        assert self.taken() <= CALLS_AN_HOUR
        copies = followed.requests_of(self.store, origin=RequestOrigin.SERVICENOW)
        by_record = {row["record_id"]: row for row in copies}
        assert len(by_record) == len(copies), "a request was copied twice"
        items = {row["sys_id"] for row in self.practice.records("sc_req_item")}
        own = followed.requests_of(self.store, origin=RequestOrigin.CONSOLE)
        assert {row["record_id"] for row in own} | set(by_record) == items, "a request was lost"
        with self.store.read() as session:
            seen = dict(
                session.execute(
                    select(followed.TABLE.c.id, END.c.at).join(END, END.c.request_id == followed.TABLE.c.id)
                ).all()
            )
        for record, (at, word) in self.decided.items():
            row = by_record[record]
            assert row["state"] == word
            late = seen[row["id"]] - at
            assert late <= SEEN_WITHIN, f"seen {late} after it"
        for record in self.open:
            assert by_record[record]["state"] == RequestState.PENDING
        self.check_own(own)
        self.decided.clear()

    def check_own(self, own):
        answers = Counter(
            answer["value"]
            for answer in self.practice.records("sc_item_option")
            if self.variable(answer) == "PMApprovalId"
        )
        for row in own:
            assert answers[row["approval_id"]] == 1, "Create was called twice, or never"
        with self.store.read() as session:
            events = get_table(RequestEvent)
            ends = events.c.kind.in_(("decided", "timed_out", "cancelled", "failed"))
            told = Counter(session.execute(select(events.c.request_id).where(ends)).scalars())
        assert set(told.values()) <= {1}, "an end was told twice"
        finals = {row["id"] for row in own if RequestState(row["state"]).is_final}
        assert finals <= set(told)

    def variable(self, answer):
        return self.practice._database.get("item_option_new", answer["item_option_new"])["name"]

    def taken(self):
        table = get_table(ApiCall)
        with self.store.read() as session:
            tickets = select(table.c.id).where(table.c.at > self.conductor.now() - timedelta(hours=1))
            return len(session.execute(tickets).all())


def _is_a_look(one):
    """Whether a call that arrived was one of the following, and not a step of a single request."""
    if "sc_item_option.value%3D" in one.query or one.method != "GET":
        return False
    return one.path.startswith("/api/now/table/")


@pytest.fixture
def conductor(tmp_path):
    made = Conductor(tmp_path / "time")
    yield made
    made.close()


@pytest.fixture
def practice(conductor):
    instance = PracticeInstance(password=PASSWORD, clock=conductor.now).start()
    yield instance
    instance.stop()


async def survive(
    practice,
    store,
    configuration,
    vault,
    conductor,
    monkeypatch,
    *,
    kills,
    requests,
    seed,
):
    monkeypatch.setattr(services.requests.lifecycle.lifecycle, "utcnow", conductor.now)
    story = Story(practice, store, configuration, vault, conductor, requests, seed)
    for _ in range(kills):
        story.check(await story.run(minutes=3))
        story.another_hour()
    verdict = store.verify_audit()
    assert verdict.ok, verdict.problem


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_or_late_when_one_of_three_is_killed(
    practice, store, configuration, vault, conductor, monkeypatch
):
    await survive(
        practice,
        store,
        configuration,
        vault,
        conductor,
        monkeypatch,
        kills=3,
        requests=100,
        seed=2026,
    )


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_100_kills_at_random_points(practice, store, configuration, vault, conductor, monkeypatch):
    await survive(
        practice, store, configuration, vault, conductor, monkeypatch, kills=100, requests=1000, seed=1
    )
