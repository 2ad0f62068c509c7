"""A reminder reaches those who are asked, once in a quarter of an hour, and is only told when it is there."""

import asyncio
from datetime import timedelta

import pytest

from models.base import utcnow
from models.kinds import RequestEventKind, RequestState
from services.coordination import clock
from services.requests.decisions import request_lock
from services.requests.decisions.decide import decide_requests
from services.requests.decisions.remind import remind_approvers
from tests.services.requests.decision_setup import PM, between, desk

__all__ = ["desk"]


async def test_everybody_who_is_asked_is_written_to(desk):
    desk.joins("other.approver")
    row = desk.copied()
    [outcome] = await remind_approvers(desk.workspace, [row.id], "The caller is on the phone")
    assert outcome.ok, outcome.problem
    assert outcome.message.startswith("A comment for ")
    for name in ("Alex Approver", "Olive Approver"):
        assert name in outcome.message
    assert desk.comments(row) == ["The caller is on the phone"] * 2
    assert desk.item(row)["approval"] == "requested"
    [event] = desk.events(row.id)
    assert (event.kind, event.actor) == (RequestEventKind.REMINDED, "ada")


async def test_nobody_is_reminded_twice_within_a_quarter_of_an_hour(desk, monkeypatch):
    row, other = desk.copied(1), desk.copied(2)
    both = await asyncio.gather(*(remind_approvers(desk.workspace, [row.id]) for _ in range(2)))
    assert sorted(outcome.ok for [outcome] in both) == [False, True]
    [refused] = [outcome for [outcome] in both if not outcome.ok]
    assert refused.problem.fault == "reminded-already"
    assert len(desk.comments(row)) == 1
    [outcome] = await remind_approvers(desk.workspace, [other.id])
    assert outcome.ok
    now = utcnow()
    monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(minutes=14))
    [outcome] = await remind_approvers(desk.workspace, [row.id])
    assert not outcome.ok
    monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(minutes=16))
    [outcome] = await remind_approvers(desk.workspace, [row.id])
    assert outcome.ok
    assert len(desk.comments(row)) == 2


async def test_another_console_on_the_same_store_counts_too(desk):
    row = desk.copied()
    assert request_lock.acquire_reminder(desk.store, row.id)
    [outcome] = await remind_approvers(desk.workspace, [row.id])
    assert outcome.problem.fault == "reminded-already"
    assert desk.comments(row) == []


def test_a_reminder_that_is_given_back_late_leaves_the_next_one_alone(desk, monkeypatch):
    row, now = desk.copied(), utcnow()
    slow = request_lock.acquire_reminder(desk.store, row.id)
    monkeypatch.setattr(clock, "utcnow", lambda: now + timedelta(minutes=16))
    assert request_lock.acquire_reminder(desk.store, row.id)
    slow.release_lease()
    assert request_lock.acquire_reminder(desk.store, row.id) is None


async def test_a_refused_reminder_may_be_tried_again_at_once(desk):
    row = desk.copied()
    desk.signed_in_as("no.roles")
    [outcome] = await remind_approvers(desk.workspace, [row.id])
    assert (outcome.ok, outcome.problem.fault) == (False, "rights-missing")
    assert desk.events(row.id) == []
    desk.signed_in_as(PM)
    [outcome] = await remind_approvers(desk.workspace, [row.id])
    assert outcome.ok, outcome.problem


async def test_who_sees_no_approval_writes_on_the_item(desk):
    row = desk.copied()
    desk.signed_in_as("service.desk")
    [outcome] = await remind_approvers(desk.workspace, [row.id], "Anybody there?")
    assert outcome.ok, outcome.problem
    assert outcome.message == f"A comment for those who follow {row.number} is on {row.number}."
    assert desk.comments(row) == ["Anybody there?"]


async def test_a_lost_answer_reminds_nobody_twice(desk):
    row = desk.copied()

    def answer(request, forward):
        reply = forward(request)
        return b"" if request.startswith(b"PATCH") else reply

    with between(desk, answer):
        for fault in ("decision-unclear", "reminded-already"):
            [outcome] = await remind_approvers(desk.workspace, [row.id])
            assert (outcome.ok, outcome.problem.fault) == (False, fault)
    assert len(desk.comments(row)) == 1


@pytest.mark.parametrize("own", [True, False])
async def test_who_has_decided_is_not_reminded(desk, own):
    row = await desk.raised() if own else desk.copied()
    await decide_requests(desk.workspace, [row.id], "approve")
    [outcome] = await remind_approvers(desk.workspace, [row.id])
    assert outcome.problem.fault == "request-not-open"
    assert desk.comments(row) == []


async def test_what_failed_before_it_arrived_is_said_to_have_ended(desk):
    row = await desk.drafted()
    with desk.store.write() as work:
        work.update(row.model_copy(update={"state": RequestState.FAILED, "ended_at": utcnow()}), row.version)
    [outcome] = await remind_approvers(desk.workspace, [row.id], "")
    assert (outcome.ok, outcome.problem.fault) == (False, "request-not-open")
    assert outcome.problem.evidence == "It has failed."
