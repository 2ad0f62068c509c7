"""What past requests and checks say of a timing, counted in a real store and told by the practice instance."""

from datetime import UTC, datetime, timedelta

import pytest

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import Kind, RequestState
from models.request_event import RequestEvent
from services.common.secret import Secret
from services.configuration import Configuration
from services.connectivity import run_check
from services.connectivity.check_history import last_call_limit, save_check
from services.connectivity.stored_results import parse_calls_per_hour
from services.practice import PracticeInstance
from services.servicenow import ConnectionSettings, SignIn
from services.statistics import timing_advice
from services.statistics.timing_advice import (
    ApprovalTimes,
    load_approval_times,
    load_polling_load,
    median_daily_peak,
)
from services.store import Store
from services.store.row_values import get_table, row_to_dict

DAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def configuration(tmp_path):
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    yield Configuration(store)
    store.close()


@pytest.fixture
def server(configuration):
    return configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM, base_url="https://acme.service-now.com/", minimum_interval_s=45
        )
    )


@pytest.fixture
def process(configuration, server):
    return configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))


def raised(configuration, process, state, took_s=None, ago=timedelta(days=1), **values):
    at = utcnow() - ago
    ended = None if took_s is None else at + timedelta(seconds=took_s)
    row = ApprovalRequest(process_id=process.id, state=state.value, requested_at=at, ended_at=ended, **values)
    with configuration.store.write() as work:
        work.insert(row)
    return row


def test_the_share_of_approvals_that_came_after_a_timeout(configuration, process):
    for took in (60, 120, 300, 1200, 4000):
        raised(configuration, process, RequestState.APPROVED, took)
    times = load_approval_times(configuration.store, process.id)
    assert times.seconds == pytest.approx((60, 120, 300, 1200, 4000))
    assert times.share_after(59) == 1
    assert times.share_after(60) == pytest.approx(0.8)
    assert times.share_after(1200) == pytest.approx(0.2)
    assert times.share_after(4000) == 0
    assert (times.percentile(0.5), times.percentile(0.9)) == pytest.approx((300, 4000))


def test_nothing_is_said_of_no_approvals(configuration, process):
    raised(configuration, process, RequestState.REJECTED, 60)
    raised(configuration, process, RequestState.TIMED_OUT, 1200, servicenow_state="requested")
    raised(configuration, process, RequestState.APPROVED, 5, rehearsal=True)
    other = configuration.save(configuration.new(Kind.APPROVAL_PROCESS))
    raised(configuration, other, RequestState.APPROVED, 5)
    times = load_approval_times(configuration.store, process.id)
    assert times == ApprovalTimes(unanswered=1, ended=2)
    assert (times.share_after(1), times.percentile(0.5)) == (0.0, None)


def test_requests_that_nobody_answered_are_counted(configuration, process, monkeypatch):
    for days, state, there in (
        (9, RequestState.TIMED_OUT, "requested"),  # too long ago, once three are enough
        (3, RequestState.TIMED_OUT, "cancelled"),
        (2, RequestState.TIMED_OUT, "rejected"),
        (1, RequestState.APPROVED, "approved"),
    ):
        raised(configuration, process, state, 1200, timedelta(days=days), servicenow_state=there)
    raised(configuration, process, RequestState.PENDING)
    times = load_approval_times(configuration.store, process.id)
    assert (times.unanswered, times.ended) == (2, 4)
    monkeypatch.setattr(timing_advice, "APPROVALS_MAX", 3)
    times = load_approval_times(configuration.store, process.id)
    assert (times.unanswered, times.ended) == (1, 3)


def test_an_approval_that_came_after_the_console_had_given_up_counts_with_its_own_time(
    configuration, process
):
    late = raised(configuration, process, RequestState.TIMED_OUT, 1200, servicenow_state="approved")
    decided = late.requested_at + timedelta(seconds=5000)
    told = RequestEvent(request_id=late.id, at=decided, kind="decided")
    with configuration.store.write() as work:
        work.session.execute(get_table(told).insert().values(**row_to_dict(told)))
    assert load_approval_times(configuration.store, process.id).seconds == pytest.approx((5000,))


def test_where_the_time_is_not_known_it_is_when_it_was_seen_and_never_before_the_timeout(
    configuration, process
):
    values = {"servicenow_state": "approved"}
    raised(configuration, process, RequestState.TIMED_OUT, 1200, **values)
    seen = raised(configuration, process, RequestState.CANCELLED, 1200, **values)
    with configuration.store.write() as work:
        at = seen.requested_at + timedelta(seconds=9000)
        work.observe(ApprovalRequest, {seen.id: {"observed_at": at}})
    assert load_approval_times(configuration.store, process.id).seconds == pytest.approx((1200, 9000))


def test_the_newest_approvals_count(configuration, process, monkeypatch):
    monkeypatch.setattr(timing_advice, "APPROVALS_MAX", 2)
    for days, took in ((3, 10), (2, 20), (1, 30)):
        raised(configuration, process, RequestState.APPROVED, took, timedelta(days=days))
    assert load_approval_times(configuration.store, process.id).seconds == pytest.approx((20, 30))


@pytest.mark.parametrize(
    ("spans", "peak"),
    [
        ([], 0),
        ([(0, 10)], 1),
        ([(0, 10), (10, 20)], 2),
        ([(0, 10), (11, 20)], 1),
        ([(0, 30), (10, 20), (12, 40)], 3),
        ([(0, None), (50, None)], 2),
    ],
)
def test_requests_that_are_open_at_once_are_counted(spans, peak):
    at = lambda s: None if s is None else DAY + timedelta(seconds=s)  # noqa: E731
    assert median_daily_peak([(at(a), at(b)) for a, b in spans], DAY + timedelta(hours=1)) == peak


def test_one_busy_day_is_not_the_usual_one():
    spans = [(DAY, DAY + timedelta(hours=1))] * 50
    for day in range(1, 5):
        spans += [(DAY + timedelta(days=day), DAY + timedelta(days=day, hours=1))] * day
    assert median_daily_peak(spans, DAY + timedelta(days=9)) == 3


def test_what_is_open_and_usual_and_how_often_the_server_may_be_asked(configuration, process):
    for _ in range(3):
        raised(configuration, process, RequestState.PENDING, None, timedelta(minutes=1))
    raised(configuration, process, RequestState.SUBMITTING, None, timedelta(minutes=1))
    for _ in range(2):
        raised(configuration, process, RequestState.APPROVED, 60, timedelta(days=45))
    load = load_polling_load(configuration.store, process.id)
    assert (load.open_now, load.median_peak, load.minimum_interval_s, load.reported_call_limit) == (
        4,
        4,
        45,
        None,
    )
    nowhere = configuration.save(configuration.new(Kind.APPROVAL_PROCESS))
    assert load_polling_load(configuration.store, nowhere.id) == timing_advice.PollingLoad()


@pytest.mark.parametrize(
    ("evidence", "told"),
    [
        ("5000 calls an hour; one pending request is asked about 180 times an hour", 5000),
        ("60 calls an hour by the rule Integrations; one", 60),
        ("the instance tells no rate limit; one pending request is asked about 180 times an hour", None),
        ("", None),
    ],
)
def test_the_limit_is_read_from_what_the_check_said(evidence, told):
    assert parse_calls_per_hour(evidence) == told


async def test_the_limit_that_an_instance_told_is_kept_with_its_checks(configuration, server, process):
    async def check():
        settings = ConnectionSettings("Server", practice.base_url)
        report = await run_check(settings, SignIn("privman.integration", Secret("practice")), process)
        save_check(configuration.store, server, report, process)

    practice = PracticeInstance(password="practice").start()
    try:
        practice.faults.set("rate_limit_told", limit=4321)
        await check()
        assert last_call_limit(configuration.store, server.id) == 4321
        # An instance that tells none the next time has not lifted it.
        practice.faults.clear()
        await check()
    finally:
        practice.stop()
    assert load_polling_load(configuration.store, process.id).reported_call_limit == 4321
