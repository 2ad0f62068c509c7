"""What the window tells of requests by itself: news, how following stands, and what keeps it from it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.inbox.notifications import ROW_LIMIT, SeenRequests, notification_text
from console.inbox.polling_controller import poll_result_text as told_round
from console.runtime.page_targets import Target
from models.kinds import RequestState
from services.common.errors import Owner, Problem
from services.requests.polling.poll_result import PollResult, SkipReason
from services.requests.polling.poll_state import PollState
from services.requests.worker.window_poller import PollingOwner, PollingStatus
from tests.console.inbox.support import LONG_S, change, put, request, settled, until
from tests.console.windows import opened_window

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def in_window(run, tmp_path):
    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "news.db"), tmp_path / "profile") as window:
                said = []
                window.tray.say = lambda title, text, then=None: said.append((title, text, then))
                await story(window, said)

        run(body(), LONG_S)

    return runner


async def looked(window):
    """Let the news look once, now."""
    news = window.news
    await until(lambda: not news.tasks.busy)
    news._check.cancel()
    news.check()
    await until(lambda: not news.tasks.busy)


# -- news -------------------------------------------------------------------------------------------------------


def test_new_and_old_requests_are_told_once_and_together(in_window):
    async def story(window, said):
        store = window.ctx.workspace.store
        put(store, request(1, 60), request(2, 2000))
        await looked(window)
        assert said == []
        put(store, request(3, 5), request(4, 6), request(5, 7), request(6, 1000))
        await looked(window)
        assert [text for _, text, _ in said] == ["4 new, 1 older than 15 min"]
        await looked(window)
        assert len(said) == 1
        put(store, request(7, 3))
        await looked(window)
        assert said[-1][1] == "New: RITM0000007, user7, Unsigned installers"
        assert window.ctx.activity.jobs[-1].text == said[-1][1]

    in_window(story)


def test_an_answer_that_was_not_delivered_is_told_once(in_window):
    async def story(window, said):
        store = window.ctx.workspace.store
        known = request(1, 60, RequestState.APPROVED, answer_fault="delivery-refused")
        later = request(2, 3600, RequestState.APPROVED)
        put(store, known, later)
        await looked(window)
        assert said == []
        change(store, later, answer_fault="delivery-refused")
        await looked(window)
        assert [text for _, text, _ in said] == [
            "Answer not delivered: RITM0000002, user2, Unsigned installers"
        ]
        await looked(window)
        assert len(said) == 1
        put(store, *(request(n, 9, RequestState.REJECTED, answer_fault="timeout") for n in (3, 4)))
        await looked(window)
        assert said[-1][1] == "2 answers not delivered"
        said[-1][2]()
        await until(lambda: window.page.presenter.criteria.key == "answer-not-delivered")

    in_window(story)


def test_a_click_on_the_news_opens_the_row_or_the_list(in_window):
    async def story(window, said):
        store = window.ctx.workspace.store
        await looked(window)
        only = request(1, 5)
        put(store, only)
        await looked(window)
        said[-1][2]()
        page = window.page
        await until(lambda: page.pane.number.text() == "RITM0000001")
        await settled(page)
        window.ctx.commands.run("home")
        put(store, request(2, 4), request(3, 3))
        await looked(window)
        said[-1][2]()
        await settled(page)
        assert window.page is page
        assert page.presenter.criteria.key == "pending"

    in_window(story)


def test_nothing_is_told_outside_while_the_list_is_looked_at_or_when_it_is_not_wanted(in_window):
    async def story(window, said):
        store = window.ctx.workspace.store
        await looked(window)
        window.show_target(Target("requests"))
        await settled(window.page)
        window.activateWindow()
        put(store, request(1, 5))
        await looked(window)
        assert said == [] or not window.isActiveWindow()
        window.ctx.commands.run("home")
        before = len(said)
        window.ctx.commands.run("notify_requests")
        assert not window.news.is_enabled
        assert not window.ctx.commands.action("notify_requests").isChecked()
        put(store, request(2, 5))
        await looked(window)
        assert len(said) == before
        window.reset_layout()
        assert not window.news.is_enabled
        window.ctx.commands.run("notify_requests")
        put(store, request(3, 5), request(4, 5, rehearsal=True))
        await looked(window)
        assert said[-1][1].startswith("New: RITM0000003")

    in_window(story)


def test_a_request_that_grows_old_is_told_by_its_name(in_window):
    async def story(window, said):
        store = window.ctx.workspace.store
        row = request(1, 60)
        put(store, row)
        await looked(window)
        change(store, row, requested_at=datetime.now(UTC) - timedelta(minutes=16))
        await looked(window)
        assert said[-1][1] == "Older than 15 min: RITM0000001, user1, Unsigned installers"
        change(store, row, state=RequestState.APPROVED, ended_at=datetime.now(UTC))
        await looked(window)
        assert len(said) == 1

    in_window(story)


@given(st.lists(st.integers(0, 400), max_size=60))
def test_what_comes_into_a_cut_off_list_from_below_is_not_new(ages):
    known = SeenRequests()
    rows = [SimpleNamespace(id=n, requested_at=NOW - timedelta(seconds=n)) for n in range(500)]
    shown = rows[:ROW_LIMIT]
    assert known.take_unseen(shown) == shown
    gone = set(ages)
    left = [row for row in rows if row.id not in gone][:ROW_LIMIT]
    assert known.take_unseen(left) == []
    newer = SimpleNamespace(id=-1, requested_at=NOW + timedelta(seconds=1))
    assert known.take_unseen([newer, *left][:ROW_LIMIT]) == [newer]


def test_the_words_of_the_news():
    many = [request(n) for n in range(ROW_LIMIT)]
    assert notification_text(many, many[:2]) == "100+ new, 2 older than 15 min"


# -- following --------------------------------------------------------------------------------------------------


def problem():
    return Problem(
        "Ask", "401", "The password was refused.", Owner.CONSOLE, "Enter it again", "authentication-refused"
    )


def test_the_strip_says_who_follows_and_what_keeps_it_from_it(in_window):
    async def story(window, _said):
        following, part = window.polling, window.strip.polling
        window.ctx.polling = following
        assert not part.isVisible()
        now = datetime.now(UTC)
        server = window.ctx.workspace.store.id
        seen = PollState(now - timedelta(seconds=12), complete=True, calls=3)
        following._on_polling_status(PollingStatus(PollingOwner.WORKER, ((server, seen),)))
        assert (part.isVisible(), part.who.text()) == (True, "Worker running")
        assert part.last.text().startswith("Last polled 1")
        following._on_polling_status(PollingStatus(PollingOwner.HERE, ((server, seen),)))
        following._on_poll_finished(server, PollResult(seen=120, calls=1, complete=True))
        assert following.asked_at is not None
        assert window.strip.text.text() == ""
        paused = PollState(
            seen.seen_at, True, 3, paused_until=now + timedelta(minutes=5), fault="authentication-refused"
        )
        following._on_poll_finished(
            server, PollResult(calls=1, skip_reason=SkipReason.PAUSED, problem=problem())
        )
        following._on_poll_finished(
            server, PollResult(calls=1, skip_reason=SkipReason.PAUSED, problem=problem())
        )
        following._on_polling_status(PollingStatus(PollingOwner.HERE, ((server, paused),)))
        assert following.why_not == "the password was refused"
        assert "the password was refused" in part.accessibleName()
        told = [job for job in window.ctx.activity.jobs if job.name == "Polling ServiceNow"]
        assert [job.text for job in told] == ["The password was refused."]
        following._on_polling_status(PollingStatus(PollingOwner.NOBODY))
        assert not part.isVisible()
        window.ctx.polling = None

    in_window(story)


def test_an_unexpected_failure_of_polling_is_told_once_and_kept_in_sight(in_window):
    async def story(window, _said):
        following = window.polling
        window.ctx.polling = following
        failed = Problem(
            "Poll", "RuntimeError: x", "Unexpected internal error.", Owner.CONSOLE, "-", "unexpected-error"
        )
        for _ in range(3):
            following._on_polling_status(PollingStatus(PollingOwner.NOBODY, problem=failed))
        assert following.why_not == "unexpected internal error"
        told = [job for job in window.ctx.activity.jobs if job.name == "Asking about requests"]
        assert [job.text for job in told] == [f"Unexpected internal error. ({failed.correlation_id})"]
        following._on_polling_status(PollingStatus(PollingOwner.HERE))
        assert following.why_not == ""
        window.ctx.polling = None

    in_window(story)


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (PollResult(seen=1, calls=1), "Status updated: 1 request checked"),
        (PollResult(seen=0, calls=1), "Status updated: no requests to check"),
        (PollResult(skip_reason=SkipReason.NOT_DUE, next_at=NOW), "Status updated a moment ago"),
        (
            PollResult(skip_reason=SkipReason.BUDGET_EXHAUSTED, next_at=NOW),
            "The hourly call limit is reached; the next poll is allowed at ",
        ),
        (PollResult(skip_reason=SkipReason.PAUSED, next_at=NOW, problem=problem()), "Polling paused until "),
        (
            PollResult(skip_reason=SkipReason.NOTHING_TO_POLL),
            "No Approval Process uses a ServiceNow server yet",
        ),
    ],
)
def test_a_round_that_is_asked_for_says_what_it_did_or_when_it_is_allowed(taken, said):
    assert told_round(taken).startswith(said)


def test_a_round_that_is_not_taken_says_what_the_last_one_met():
    assert told_round(PollResult(skip_reason=SkipReason.PAUSED, next_at=NOW), problem()).endswith(
        told_round(PollResult(skip_reason=SkipReason.PAUSED, next_at=NOW, problem=problem())).rsplit(": ", 1)[
            1
        ]
    )
    assert told_round(PollResult(skip_reason=SkipReason.PAUSED, next_at=NOW)).endswith(
        ": ServiceNow asked for a pause"
    )
