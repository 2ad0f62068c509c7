"""Leases and claims: one holder at a time, taken over from the dead, and refused to whoever lost it."""

import os
import subprocess
import sys
import uuid

import pytest

from models.approval_request import ApprovalRequest
from models.kinds import RequestState
from services.coordination import process_identity
from services.coordination.call_budget import EXTRA_CALL, POLL_CALL, CallBudget
from services.coordination.leases import LeaseLostError, Leases, load_lease
from tests.services.requests import followed
from tests.services.requests.followed import SimulatedClock
from tests.services.transfer.conftest import empty_store, store

__all__ = ["empty_store", "store"]

pytestmark = pytest.mark.every_database

SERVER = uuid.UUID(int=7)


@pytest.fixture
def clock():
    return SimulatedClock()


@pytest.fixture
def ours(store, clock):
    return Leases(store, "node-a:1:aa", clock)


@pytest.fixture
def theirs(store, clock):
    return Leases(store, "node-b:1:bb", clock)


def test_one_holder_at_a_time_until_it_ends(ours, theirs, clock):
    held = ours.take("follow:x", 10)
    assert theirs.take("follow:x", 10) is None
    clock.pass_by(9)
    held = ours.renew(held, 10)
    clock.pass_by(9)
    assert theirs.take("follow:x", 10) is None
    clock.pass_by(1)
    taken = theirs.take("follow:x", 10)
    assert taken.token > held.token


def test_what_is_given_back_is_free_at_once_and_its_token_goes_on(ours, theirs):
    first = ours.take("follow:x", 10)
    ours.release_lease(first)
    second = theirs.take("follow:x", 10)
    assert second.token == first.token + 1
    ours.release_lease(first)  # too late: it is another's now
    assert ours.take("follow:x", 10) is None


def test_whoever_lost_it_is_refused_in_its_transaction(store, ours, theirs, clock):
    held = ours.take("follow:x", 10)
    with store.write() as work:
        ours.check(work.session, held)
    clock.pass_by(11)
    theirs.take("follow:x", 10)
    with pytest.raises(LeaseLostError), store.write() as work:
        ours.check(work.session, held)
    with pytest.raises(LeaseLostError):
        ours.renew(held, 10)


def test_taken_again_by_the_same_holder_it_is_another_lease(store, ours):
    """Two rounds of one process: the first one, that is late, must not write into the second."""
    first = ours.take("follow:x", 10)
    ours.take("follow:x", 10)
    with pytest.raises(LeaseLostError), store.write() as work:
        ours.check(work.session, first)


def test_what_a_process_of_this_machine_held_is_free_when_it_has_ended(store, clock, theirs):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        node, _, mark = process_identity.process_identity().split(":")
        dying = Leases(store, f"{node}:{process.pid}:{mark}", clock)
        dying.take("follow:x", 3600)
        assert theirs.take("follow:x", 10) is None
        process.kill()
    assert process.returncode
    assert theirs.take("follow:x", 10) is not None


def test_a_process_elsewhere_may_live_whatever_its_number_is(store, clock, theirs):
    Leases(store, f"elsewhere:{os.getpid()}:aa", clock).take("follow:x", 60)
    assert theirs.take("follow:x", 10) is None


def test_a_request_is_claimed_by_one(store, ours, theirs, clock):
    row = ApprovalRequest(state=RequestState.PENDING)
    with store.write() as work:
        work.insert(row)
    entries = store.verify_audit().checked
    assert ours.claim([row.id], 60) == [row.id]
    assert theirs.claim([row.id], 60) == []
    theirs.release([row.id])
    assert theirs.claim([row.id], 60) == []
    ours.release([row.id])
    assert theirs.claim([row.id], 60) == [row.id]
    clock.pass_by(61)
    assert ours.claim([row.id], 60) == [row.id]
    ours.release_all()
    assert theirs.claim([row.id], 60) == [row.id]
    assert store.verify_audit().checked == entries


def test_a_worker_that_stops_gives_everything_back_but_the_calls_it_made(store, ours, theirs, clock):
    ours.take("follow:x", 60)
    CallBudget(store, clock).take(SERVER, POLL_CALL)
    ours.release_all()
    assert theirs.take("follow:x", 60) is not None
    assert followed.call_usage(CallBudget(store, clock), SERVER).calls == 1


# -- calls ---------------------------------------------------------------------


def test_no_window_of_an_hour_holds_more_calls_than_allowed(store, clock):
    """Many programs take calls as fast as they can, for three hours: any hour is within the limit."""
    budgets = [CallBudget(store, clock, limit=12) for _ in range(3)]
    taken = []
    for step in range(3 * 360):
        if budgets[step % 3].take(SERVER, POLL_CALL):
            taken.append(step * 10)
        clock.pass_by(10)
    assert len(taken) == 36
    for start in taken:
        assert sum(start <= one < start + 3600 for one in taken) <= 12


def test_120_looks_an_hour_at_30_s_never_wait(store, clock):
    budget = CallBudget(store, clock)
    for _ in range(250):
        assert budget.take(SERVER, POLL_CALL)
        clock.pass_by(30)


def test_further_calls_are_bounded_by_themselves(store, clock):
    budget = CallBudget(store, clock)
    assert not budget.take(SERVER, EXTRA_CALL, further_most=0)
    assert [budget.take(SERVER, EXTRA_CALL, further_most=2) for _ in range(3)] == [True, True, False]
    assert budget.take(SERVER, POLL_CALL)
    assert followed.call_usage(budget, SERVER).further == 2
    assert followed.call_usage(budget, uuid.UUID(int=8)).calls == 0


def test_it_is_told_when_the_next_call_is_free(store, clock):
    budget = CallBudget(store, clock, limit=2)
    begun = clock.now()
    for _ in range(2):
        budget.take(SERVER, POLL_CALL)
        clock.pass_by(60)
    assert (followed.call_usage(budget, SERVER).free_at - begun).total_seconds() == 3600
    assert not budget.take(SERVER, POLL_CALL)


def test_taking_calls_and_leases_is_no_edit(store, clock, ours):
    entries = store.verify_audit().checked
    CallBudget(store, clock).take(SERVER, POLL_CALL)
    ours.take("follow:x", 10)
    assert store.verify_audit().checked == entries
    with store.read() as session:
        assert load_lease(session, "follow:x").holder == ours.holder
