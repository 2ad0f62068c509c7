"""The journal of a request: entries that precede a call, the last intent to cancel, and the latest problem."""

import uuid
from datetime import timedelta

import pytest

from models.base import utcnow
from models.kinds import RequestEventKind, RequestState
from services.requests.domain import journal
from services.requests.domain.journal import CREATE_EVENT, CancelIntent, TimelineEvent, add_event
from services.requests.domain.validation import describe_invalid_text

NOW = utcnow()


@pytest.fixture
def write(store):
    """Write entries of one request, a minute apart; returns its id."""

    def write_entries(*entries):
        key = uuid.uuid4()
        with store.write() as work:
            for minute, event in enumerate(entries):
                add_event(work.session, key, event, actor="ada", at=NOW + timedelta(minutes=minute))
        return key

    return write_entries


def read(store, function, *arguments):
    with store.read() as session:
        return function(session, *arguments)


def test_calls_of_create_are_counted(store, write):
    key = write(
        CREATE_EVENT,
        TimelineEvent(RequestEventKind.FAILED, "x"),
        CREATE_EVENT,
    )
    attempts = read(store, journal.load_create_attempts, key)
    assert (attempts.count, attempts.last) == (2, NOW + timedelta(minutes=2))
    assert read(store, journal.load_create_attempts, uuid.uuid4()).last is None


@pytest.mark.parametrize(
    "intent",
    [
        CancelIntent(RequestState.CANCELLED, "no longer needed: a: b"),
        CancelIntent(RequestState.TIMED_OUT, ""),
    ],
)
def test_the_last_intent_to_cancel_counts_until_it_fails(store, write, intent):
    line, failed = intent.event(), TimelineEvent(RequestEventKind.FAILED, "refused")
    assert read(store, journal.load_cancel_intent, write(line)) == intent
    assert read(store, journal.load_cancel_intent, write(line, failed)) is None


def test_the_latest_problem_is_returned(store, write):
    key = write(
        TimelineEvent(RequestEventKind.PROBLEM, "first"),
        TimelineEvent(RequestEventKind.PROBLEM, "second"),
        TimelineEvent(RequestEventKind.SEEN, "x"),
    )
    assert read(store, journal.latest_problem, key) == "second"
    assert read(store, journal.latest_problem, uuid.uuid4()) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("fine", ""),
        ("x" * 11, "has 11 characters; at most 10 are kept"),
        ("a\x00b", "holds U+0000, which no request can carry"),
    ],
)
def test_a_text_that_cannot_be_sent_is_described(text, reason):
    assert describe_invalid_text(text, 10) == reason
