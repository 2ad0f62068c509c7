"""Random interleavings of answers, faults, crashes and two programs: never two requests for one, and ends are ends.

The instance is the practice instance on a real socket and the store a file. A crash ends a program before or after any
of its transactions and calls; a fault hits one of its calls. Afterwards both programs go on with what is stored.
"""

import asyncio
import shutil
import tempfile
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import select

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import Kind, RequestState
from services.common.errors import ConsoleError
from services.configuration import Configuration
from services.practice import PracticeInstance, orders_and_approvals
from services.requests.lifecycle import lifecycle as life_module
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.store import Store
from tests.services.requests.conftest import PASSWORD, sign_in

SHORT, FULL = 40, 10_000
STEPS = 8
RENEWED_AFTER = 150
"""Examples after which the practice instance is made anew: its tables have no index on what is looked for."""
FAULTS = {
    "answer_lost": {}, "server_error": {}, "rate_limited": {"seconds": 3600}, "cut_body": {}, "hibernating": {},
    "soap_fault": {}, "accepted": {}, "outputs_missing": {}, "not_well_formed": {}, "unknown_status": {},
    "login_page": {}, "unauthorised": {}, "forbidden": {}, "query_ignored": {}, "error_in_200": {}, "empty_pages": {},
}  # fmt: skip
SURE = (life_module.OUTCOME_UNKNOWN_COMMENT,)
OPEN = ("requested", "not requested")


class Crash(BaseException):
    """The program is gone."""


class Plan:
    """What happens to a program in one step of it: it dies after so many points, and a fault hits one of its calls."""

    def __init__(self, crash=None, fault=None):
        self.crash, self.fault = crash, fault
        self.calls, self.dead = 0, False

    def point(self):
        if self.crash is not None:
            self.dead |= self.crash <= 0
            self.crash -= 1
        if self.dead:
            raise Crash


class DyingStore(Store):
    plan = Plan()

    @contextmanager
    def write(self, note=""):
        self.plan.point()
        with super().write(note) as work:
            yield work
        self.plan.point()


class DyingInstance(ServiceNowClient):
    plan = Plan()
    practice = None

    async def _send(self, *arguments, **named):
        plan = self.plan
        plan.point()
        plan.calls += 1
        hit = plan.fault is not None and plan.calls == plan.fault[0]
        if hit:
            self.practice.faults.set(plan.fault[1], **FAULTS[plan.fault[1]])
        try:
            response = await super()._send(*arguments, **named)
        finally:
            if hit:
                self.practice.faults.clear()
        plan.point()
        return response


class World:
    """What every run shares: the practice instance, a store to copy, and the clock."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.ahead = timedelta()
        self.examples = 0
        self.practice = None
        with closing(Store.open(str(self.folder / "template.db"), actor="ada")) as store:
            configuration = Configuration(store)
            self.process = configuration.save(
                configuration.new(Kind.APPROVAL_PROCESS, name="Process", timeout_after_s=3600)
            )
            self.type = configuration.save(
                configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=self.process.id)
            )

    def renew(self):
        if self.examples % RENEWED_AFTER == 0:
            self.stop()
            self.practice = PracticeInstance(password=PASSWORD).start()
            place = ConnectionSettings("Practice", self.practice.base_url)
            self.instances = [DyingInstance(place, sign_in("privman.integration")) for _ in range(2)]
            for instance in self.instances:
                instance.practice = self.practice
        self.examples += 1

    def stop(self):
        if self.practice is not None:
            for instance in self.instances:
                self.runner.run(instance.aclose())
            self.practice.stop()
            self.practice = None

    def close(self):
        self.stop()
        self.runner.close()
        shutil.rmtree(self.folder)

    def items(self, key):
        """Return the requested items of a request, past every access rule."""
        found = self.practice._database.execute(
            "SELECT m.request_item FROM sc_item_option o JOIN sc_item_option_mtom m ON m.sc_item_option = o.sys_id "
            "WHERE o.value = ?",
            [str(key)],
        )
        return [self.practice._database.get("sc_req_item", row[0]) for row in found]


class Requests(RuleBasedStateMachine):
    world = None

    def __init__(self):
        super().__init__()
        self.world.renew()
        self.world.ahead = timedelta()
        self.world.practice.faults.clear()
        self.path = self.world.folder / "console.db"
        for left in self.world.folder.glob("console.db*"):
            left.unlink()
        shutil.copy(self.world.folder / "template.db", self.path)
        self.born = 0
        self.ends = {}
        self.raised = set()
        self.stores, self.lives = [None, None], [None, None]
        for who in (0, 1):
            self.start(who)

    def start(self, who):
        """Start a program anew."""
        self.born += 1
        if self.stores[who] is not None:
            self.stores[who].close()
        self.stores[who] = DyingStore(f"sqlite:///{self.path}", actor=f"program {who}")
        self.lives[who] = RequestLifecycle(
            self.stores[who],
            self.world.instances[who],
            self.world.process,
            holder=f"nowhere:{self.born}:x",
        )

    def go(self, *steps):
        """Let programs take a step each, side by side: who, what it does, and its plan. Who dies is started anew."""
        for who, _, plan in steps:
            self.stores[who].plan = self.world.instances[who].plan = plan

        async def together():
            return await asyncio.gather(*(body() for _, body, _ in steps), return_exceptions=True)

        for (who, _, plan), done in zip(steps, self.world.runner.run(together()), strict=True):
            if isinstance(done, BaseException) and not isinstance(done, ConsoleError | Crash):
                raise done
            assert plan.dead or not isinstance(done, Crash)
            self.stores[who].plan = self.world.instances[who].plan = Plan()
            if plan.dead:
                self.start(who)

    def rows(self):
        with self.stores[0].read() as session:
            return list(session.exec(select(ApprovalRequest).order_by(ApprovalRequest.requested_at)))

    def row(self, place):
        rows = self.rows()
        return rows[place % len(rows)]

    # -- what happens -----------------------------------------------------------------------------------------

    plans = st.builds(
        Plan,
        st.none() | st.integers(0, 16),
        st.none() | st.tuples(st.integers(1, 8), st.sampled_from(sorted(FAULTS))),
    )
    programs = st.integers(0, 1)
    places = st.integers(0, 3)
    deeds = st.sampled_from(["resume", "resume", "follow", "cancel", "withdraw"])

    def deed(self, who, word, row):
        life = self.lives[who]
        match word:
            case "resume":
                return lambda: life.resume(row)
            case "follow":
                return lambda: life.follow(row)
            case "cancel":
                return lambda: life.cancel(row, "No longer needed")
            case _:
                return lambda: life.withdraw(row, "Taken back")

    @initialize(plan=plans)
    def first(self, plan):
        self.submit(0, plan)

    @rule(who=programs, plan=plans)
    def submit(self, who, plan):
        life = self.lives[who]
        row = life.draft(self.world.type, {"PMUserReason": "why & <how>"})
        self.go((who, lambda: life.send(row, {"PMUserReason": "why & <how>"}), plan))
        if any(kept.id == row.id for kept in self.rows()):
            self.raised.add(row.id)
        else:
            assert self.world.items(row.id) == []

    @precondition(lambda self: self.raised)
    @rule(who=programs, word=deeds, place=places, plan=plans)
    def one(self, who, word, place, plan):
        self.go((who, self.deed(who, word, self.row(place)), plan))

    @precondition(lambda self: self.raised)
    @rule(words=st.tuples(deeds, deeds), place=places, plans=st.tuples(plans, plans))
    def both(self, words, place, plans):
        row = self.row(place)
        steps = [
            (who, self.deed(who, word, row.model_copy()), Plan(plan.crash))
            for who, word, plan in zip((0, 1), words, plans, strict=True)
        ]
        self.go(*steps)

    @rule(crash=st.integers(0, 8), words=st.tuples(deeds, deeds), plan=plans)
    def race(self, crash, words, plan):
        """The case that matters most: a request that was left in the middle, and two that go on with it."""
        before = len(self.raised)
        self.submit(0, Plan(crash))
        self.time_goes_by(301)
        if len(self.raised) > before:
            row = self.rows()[-1]
            self.go(*((who, self.deed(who, words[who], row.model_copy()), Plan()) for who in (0, 1)))
            self.go((1, self.deed(1, "resume", self.rows()[-1]), plan))

    @precondition(lambda self: self.raised)
    @rule(place=places, word=st.sampled_from(["approved", "rejected"]))
    def decide(self, place, word):
        database = self.world.practice._database
        for item in self.world.items(self.row(place).id):
            for asked in database.rows("sysapproval_approver", sysapproval=item["sys_id"], state="requested"):
                orders_and_approvals.update_record(
                    database, "sysapproval_approver", asked["sys_id"], {"state": word}, by="a"
                )

    @precondition(lambda self: self.raised)
    @rule(place=places)
    def close_there(self, place):
        database = self.world.practice._database
        for item in self.world.items(self.row(place).id):
            orders_and_approvals.update_record(
                database, "sc_req_item", item["sys_id"], {"state": "4"}, by="a"
            )

    @rule(seconds=st.sampled_from([10, 301, 301, 3700]))
    def time_goes_by(self, seconds):
        self.world.ahead += timedelta(seconds=seconds)

    # -- what holds -------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_lost_or_doubled(self):
        rows = {row.id: row for row in self.rows()}
        assert set(rows) == self.raised
        for key, row in rows.items():
            items = self.world.items(key)
            assert len(items) <= 1, f"{row.state}: {len(items)} requests on the instance"
            state = RequestState(row.state)
            if state is RequestState.PENDING:
                assert row.external_id == items[0]["sys_id"]
            if state is RequestState.APPROVED:
                assert items[0]["approval"] == "approved"
            if state.is_final:
                end = (state, row.external_id, row.comment, row.error, row.ended_at)
                assert self.ends.setdefault(key, end) == end, "an end is an end"
            else:
                assert key not in self.ends

    def teardown(self):
        try:
            if self.raised:
                self.everything_comes_to_its_end()
        finally:
            for store in self.stores:
                store.close()

    def everything_comes_to_its_end(self):
        """No fault and no crash any more: time goes by, and nothing is left on either side."""
        self.world.practice.faults.clear()
        for word, seconds in (("resume", 301), ("resume", 301), ("follow", 3700), ("follow", 0)):
            self.world.ahead += timedelta(seconds=seconds)
            for place in range(len(self.raised)):
                self.go((0, self.deed(0, word, self.row(place)), Plan()))
        self.nothing_is_lost_or_doubled()
        for row in self.rows():
            state = RequestState(row.state)
            assert state.is_final
            waits = [
                item for item in self.world.items(row.id) if item["approval"] in OPEN and item["state"] == "1"
            ]
            if waits:
                assert state is RequestState.FAILED
                assert row.error.startswith(SURE), row.error
        assert self.stores[0].verify_audit().ok


@pytest.fixture
def world(monkeypatch):
    made = World()
    monkeypatch.setattr(life_module, "utcnow", lambda: utcnow() + made.ahead)
    monkeypatch.setattr(Requests, "world", made)
    yield made
    made.close()


def run(examples):
    from hypothesis.stateful import run_state_machine_as_test

    # Whatever the machine is told to do happens on real sockets and files, which take their time.
    run_state_machine_as_test(
        Requests,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(600)
def test_no_interleaving_loses_or_doubles_a_request(world):
    run(SHORT)


@pytest.mark.long
@pytest.mark.timeout(6 * 3600)
def test_no_interleaving_of_10000_loses_or_doubles_a_request(world):
    run(FULL)
