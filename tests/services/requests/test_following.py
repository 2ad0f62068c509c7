"""Requests followed in batches: what a look sees, what it keeps, and what it leaves alone."""

from dataclasses import replace

import pytest

from models.kinds import RequestOrigin, RequestState
from models.request_event import RequestEvent
from services.coordination.call_budget import POLL_CALL
from services.requests.inbox.freshness import load_list_freshness
from services.requests.polling import sync
from services.requests.polling.poll_result import SkipReason
from services.requests.polling.poller import MANUAL_POLLS_PER_HOUR_MAX
from services.requests.polling.sync import MatchContext
from services.requests.records.requested_item import RequestedItem
from services.store.row_values import get_table
from tests.services.requests import followed
from tests.services.requests.followed_setup import (
    clock,
    configuration,
    empty_store,
    practice,
    server,
    store,
    vault,
    workspace,
)

__all__ = ["clock", "configuration", "empty_store", "practice", "server", "store", "vault", "workspace"]

pytestmark = pytest.mark.every_database


@pytest.fixture
def follower(workspace, clock):
    return followed.follower_of(workspace, clock)


def audit_length(store):
    return store.verify_audit().checked


async def test_what_privilege_manager_raised_is_copied_with_all_that_it_says(
    practice, server, follower, store, clock
):
    record = followed.place(practice, 7)
    seen = await follower.round(server.id)
    assert (seen.new, seen.calls, seen.complete) == (1, 1, True)
    [row] = followed.requests_of(store)
    assert row["origin"] == RequestOrigin.SERVICENOW
    assert row["state"] == RequestState.PENDING
    assert (row["record_id"], row["servicenow_state"], row["record_state"]) == (record, "requested", "1")
    assert (row["policy_name"], row["initiator_name"]) == ("Unsigned installers", "user07")
    assert (row["agent_name"], row["reason"]) == ("LT-40007", "Needed for case 7")
    assert row["approval_id"] == followed.variables_of(7)["PMApprovalId"]
    assert row["requested_at"] == clock.now()
    assert row["process_name"] == "Process"
    assert (row["times_out_at"] - row["requested_at"]).total_seconds() == 2 * 3600
    assert store.verify_audit().ok


async def test_who_is_asked_is_known_with_the_next_look(practice, server, follower, store, clock):
    followed.place(practice, 1)
    await follower.round(server.id)
    clock.pass_by(30)
    await follower.round(server.id)
    [row] = followed.requests_of(store)
    assert row["waits_for"] == "Alex Approver"


@pytest.mark.parametrize("word", ["approved", "rejected"])
async def test_a_decision_is_seen_by_the_next_look_whichever_table_it_asks(
    practice, server, follower, store, clock, word
):
    first, second = followed.place(practice, 1), followed.place(practice, 2)
    for record in (first, second):
        await follower.round(server.id)
        clock.pass_by(20)
        followed.decide(practice, record, word)
        clock.pass_by(10)
        seen = await follower.round(server.id)
        assert len(seen.decided) == 1
        [row] = followed.requests_of(store, record_id=record)
        assert (row["state"], row["servicenow_state"], row["waits_for"]) == (word, word, "")
        clock.pass_by(30)
    events = followed.counted(store, get_table(RequestEvent))
    assert events >= 4


async def test_a_look_that_finds_nothing_new_writes_nothing(practice, server, follower, store, clock):
    for number in range(5):
        followed.place(practice, number)
    for _ in range(3):
        await follower.round(server.id)
        clock.pass_by(30)
    before = audit_length(store)
    rows = followed.requests_of(store)
    for _ in range(25):
        assert (await follower.round(server.id)).changed == 0
        clock.pass_by(30)
    assert audit_length(store) == before
    assert followed.requests_of(store) == rows


async def test_it_is_asked_no_earlier_than_it_is_due(practice, server, follower, clock):
    await follower.round(server.id)
    clock.pass_by(29)
    early = await follower.round(server.id)
    assert (early.skip_reason, early.calls) == (SkipReason.NOT_DUE, 0)
    clock.pass_by(1)
    assert (await follower.round(server.id)).calls == 1


async def test_a_limit_that_the_instance_tells_holds_for_everybody(
    practice, server, follower, workspace, store, clock
):
    practice.faults.set("rate_limited", seconds=100.0)
    refused = await follower.round(server.id)
    assert refused.skip_reason == SkipReason.PAUSED
    assert refused.problem.fault == "rate-limited"
    assert 100 <= (refused.next_at - clock.now()).total_seconds() < 110
    practice.faults.clear()
    other = followed.follower_of(workspace, clock, "worker:other")
    clock.pass_by(99)
    calls = len(practice.log)
    assert (await other.round(server.id)).skip_reason == SkipReason.PAUSED
    followed.place(practice, 1)
    assert len(practice.log) == calls
    clock.pass_by(11)
    assert (await other.round(server.id)).complete
    assert followed.poll_state(other, server.id).paused_until is None


async def test_a_look_that_a_person_wants_is_taken_at_once(practice, server, follower, clock):
    await follower.round(server.id)
    clock.pass_by(3)
    followed.place(practice, 1)
    wanted = await follower.round(server.id, wanted=True)
    assert (wanted.skip_reason, wanted.new) == (None, 1)
    clock.pass_by(1)
    assert (await follower.round(server.id, wanted=True)).skip_reason == SkipReason.NOT_DUE
    clock.pass_by(28)
    assert (
        await follower.round(server.id)
    ).skip_reason == SkipReason.NOT_DUE  # the regular looks count on from there


async def test_a_look_that_a_person_wants_does_not_wait_for_a_pause_that_only_spares_a_dead_instance(
    practice, server, follower, store, clock
):
    await follower.round(server.id)
    practice.faults.set("hibernating")
    clock.pass_by(30)
    for _ in range(4):
        failed = await follower.round(server.id)
        clock.pass_by((failed.next_at - clock.now()).total_seconds())
    failed = await follower.round(server.id)
    assert (failed.next_at - clock.now()).total_seconds() > 100
    assert not load_list_freshness(store).complete
    practice.faults.clear()
    followed.place(practice, 1)
    clock.pass_by(3)
    assert (await follower.round(server.id)).skip_reason == SkipReason.PAUSED
    wanted = await follower.round(server.id, wanted=True)
    assert (wanted.skip_reason, wanted.new) == (None, 1)
    assert load_list_freshness(store).complete


async def test_a_look_that_a_person_wants_respects_a_limit_and_a_locked_account(
    practice, server, follower, clock
):
    practice.faults.set("rate_limited", seconds=100.0)
    await follower.round(server.id)
    practice.faults.clear()
    clock.pass_by(5)
    assert (await follower.round(server.id, wanted=True)).skip_reason == SkipReason.PAUSED
    clock.pass_by(200)
    followed.place(practice, 1)
    assert (await follower.round(server.id)).complete
    practice.faults.set("unauthorised")
    tries = []
    for _ in range(4):
        clock.pass_by(5)
        calls = len(practice.log)
        await follower.round(server.id, wanted=True)
        tries.append(len(practice.log) > calls)
    assert tries == [True, True, False, False]


async def test_looks_that_people_want_leave_calls_for_the_regular_ones(server, follower, clock):
    notes = []
    for _ in range(MANUAL_POLLS_PER_HOUR_MAX + 5):
        clock.pass_by(3)
        notes.append((await follower.round(server.id, wanted=True)).skip_reason)
    assert notes == [None] * MANUAL_POLLS_PER_HOUR_MAX + [SkipReason.BUDGET_EXHAUSTED] * 5
    clock.pass_by(30)
    assert (await follower.round(server.id)).skip_reason is None


def test_a_look_that_sees_some_of_the_variables_loses_none_that_are_known(store, server, clock):
    ground = MatchContext(server.id, (), frozenset())
    item = RequestedItem(
        sys_id="a" * 32, number="RITM1", approval="requested", state="1", cat_item="c" * 32,
        opened_at=clock.now(), changed_at=clock.now(),
        variables={"PMFilePath": r"C:\setup.exe", "PMUserReason": "Release 8"},
    )  # fmt: skip
    sync.sync_items(store, ground, [item], now=clock.now(), check=lambda session: None)
    item = replace(item, variables={"PMUserReason": "Release 9"}, approval="approved")
    sync.sync_items(store, ground, [item], now=clock.now(), check=lambda session: None)
    [row] = followed.requests_of(store)
    assert (row["file_path"], row["reason"], row["state"]) == (r"C:\setup.exe", "Release 9", "approved")


async def test_variables_that_stand_on_the_next_page_are_asked_for_again(
    practice, server, workspace, store, clock
):
    follower = followed.follower_of(workspace, clock)
    followed.place(practice, 1)
    await follower.round(server.id)
    course = follower._cursors[server.id]
    course.includes_variables, course.page_size = False, 26  # two requests and a part of the third
    for number in range(2, 8):
        followed.place(practice, number)
    for _ in range(20):
        clock.pass_by(31)
        await follower.round(server.id)
    rows = followed.requests_of(store)
    assert len(rows) == 7
    assert all(
        row["approval_id"] and row["file_path"] and row["reason"] and row["initiator_name"] for row in rows
    )


async def test_a_look_that_was_broken_off_with_all_calls_used_up_is_made_up_for_within_one_interval(
    practice, server, workspace, store, clock
):
    """Whether its call was sent nobody can tell, so that it counts: one more would be the 121st of the hour."""
    record = followed.place(practice, 1)
    follower = followed.follower_of(workspace, clock)
    for _ in range(120):
        clock.pass_by(30)
        assert follower.budget.take(server.id, POLL_CALL)
    followed.decide(practice, record)
    # The last one of them was killed: it saw nothing.
    told = await follower.round(server.id)
    assert told.skip_reason == SkipReason.BUDGET_EXHAUSTED
    assert (told.next_at - clock.now()).total_seconds() <= 30
    clock.pass_by(30)
    assert (await follower.round(server.id)).calls == 1
    [row] = followed.requests_of(store, record_id=record)
    assert row["state"] == RequestState.APPROVED


async def test_an_empty_look_is_complete_only_where_the_account_is_shown_requested_items(
    practice, server, follower, store, clock
):
    """A query rule empties every list with 200: that none is seen is then no proof that there is none."""
    practice.faults.set("query_acl", table="sc_req_item")
    first = await follower.round(server.id)
    assert (first.seen, first.calls, first.complete, first.proven) == (0, 2, False, False)
    assert load_list_freshness(store).unproven == (server.id,)
    clock.pass_by(60)
    assert (await follower.round(server.id)).calls == 1  # not asked for again at once
    practice.faults.clear()
    followed.place(practice, 1)
    clock.pass_by(60)
    shown = await follower.round(server.id)
    assert (shown.new, shown.complete, shown.proven) == (1, True, True)
    assert load_list_freshness(store).unproven == ()


async def test_open_requests_that_are_not_shown_any_more_are_not_complete(practice, server, follower, clock):
    followed.place(practice, 1)
    assert (await follower.round(server.id)).complete
    practice.faults.set("query_acl", table="sc_req_item")
    results = []
    for _ in range(4):
        clock.pass_by(60)
        results.append((await follower.round(server.id)).complete)
    # The next look may be at another table than the one that is hidden now.
    assert results[1:] == [False] * 3
