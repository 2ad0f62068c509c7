"""Requests raised here: ended by a look where that is enough, by their service where it is not."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

import services.requests.lifecycle.lifecycle
from models.api_call import ApiCall
from models.delivery import AnswerKind
from models.kinds import Kind, RequestEventKind, RequestOrigin, RequestState
from services.answers.outbox import Outbox
from services.answers.target import AnswerTarget
from services.common.secret import Secret
from services.coordination.call_budget import POLL_CALL
from services.coordination.leases import LeaseLostError
from services.intake.clients import IntakeClients
from services.practice import PracticeInstance, orders_and_approvals
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.polling.poll_targets import load_target
from services.store.row_values import get_table
from services.vault.base import EntryKey, SecretMissingError
from tests.services.requests import followed
from tests.services.requests.followed import SimulatedClock
from tests.services.requests.own_requests import (
    Own,
    between,
    change_script,
    clock,
    kinds,
    own,
    practice,
    status_calls,
)
from tests.services.transfer.conftest import PASSWORD, configuration, empty_store, store, vault, workspace

__all__ = [
    "between",
    "clock",
    "configuration",
    "empty_store",
    "own",
    "practice",
    "store",
    "vault",
    "workspace",
]

pytestmark = pytest.mark.every_database


@pytest.mark.parametrize("word", ["approved", "rejected"])
async def test_a_look_at_records_ends_it_and_its_service_is_not_asked(own, practice, store, word):
    row = await own.raised()
    await own.rounds()
    assert own.row(row.id)["state"] == RequestState.PENDING
    followed.decide(practice, row.external_id, word)
    [seen] = await own.rounds()
    assert seen.decided == (row.id,)
    kept = own.row(row.id)
    assert (kept["state"], kept["servicenow_state"], kept["mismatch"]) == (word, word, "")
    assert kept["number"].startswith("RITM")
    assert kinds(store, row.id)[RequestEventKind.DECIDED] == 1
    assert status_calls(practice) == 0
    assert followed.counted(store) == 1
    assert store.verify_audit().ok
    await own.rounds(3)
    assert own.row(row.id) == kept


async def test_its_record_is_found_by_its_approval_id_while_its_own_id_is_lost(own, practice, store):
    """The answer of Create got lost: the request is there, and no copy of it is made beside it."""
    row = await own.raised()
    with store.write() as work:
        lost = work.session.get(services.requests.lifecycle.lifecycle.ApprovalRequest, row.id)
        work.session.expunge(lost)
        lost.state, lost.external_id = RequestState.SUBMITTING, ""
        work.update(lost, lost.version)
    await own.rounds()
    assert followed.counted(store) == 1
    kept = own.row(row.id)
    assert (kept["state"], kept["mismatch"]) == (RequestState.SUBMITTING, "answer-lost")
    assert kept["record_id"] == row.external_id


async def test_its_record_is_found_by_its_approval_id_in_another_spelling(own, practice, store):
    """A script may write it as Privilege Manager shows ids: no copy of the request is made beside it."""
    row = await own.raised()
    with store.write() as work:
        lost = work.session.get(services.requests.lifecycle.lifecycle.ApprovalRequest, row.id)
        work.update(lost.model_copy(update={"external_id": "ticket 4711"}), lost.version)
    [value] = practice.records("sc_item_option", value=row.approval_id)
    spelt = {"value": f"{{{row.approval_id.upper()}}}"}
    practice._database.update("sc_item_option", value["sys_id"], spelt)
    await own.rounds(2)
    [kept] = followed.requests_of(store)
    assert (kept["id"], kept["number"].startswith("RITM")) == (row.id, True)


async def test_an_order_that_is_rejected_ends_its_item_though_that_was_not_touched(own, practice):
    row = await own.raised()
    await own.rounds()
    [order] = practice.records("sc_request")
    own.clock.pass_by(60)
    practice._database.update("sc_request", order["sys_id"], {"approval": "rejected"})
    await own.rounds()
    assert own.row(row.id)["state"] == RequestState.REJECTED


async def test_a_process_with_a_script_of_its_own_is_decided_by_its_service_alone(own, practice):
    change_script(practice)
    row = await own.raised()
    await own.rounds(4)
    asked = status_calls(practice)
    assert asked >= 1
    followed.decide(practice, row.external_id, "rejected")
    practice.faults.set("unknown_status", word="approved")  # what a script of one's own may say
    await own.rounds(4)
    assert own.row(row.id)["state"] == RequestState.APPROVED
    assert own.row(row.id)["mismatch"] == "decision-differs"


async def test_those_whose_record_changed_are_asked_for_first(own, practice):
    change_script(practice)
    rows = [await own.raised() for _ in range(8)]
    await own.rounds(6)
    last = rows[-1]
    followed.decide(practice, last.external_id, "approved")
    for _ in range(4):
        [seen] = await own.rounds()
        if seen.decided:
            break
    assert seen.decided == (last.id,)


async def test_where_records_are_hidden_every_request_is_asked_for_one_after_the_other(
    workspace, configuration, vault, practice, between, clock
):
    between.hides_records = True
    own = Own(workspace, configuration, vault, between, clock)
    rows = [await own.raised() for _ in range(3)]
    first = (await own.rounds(8))[-1]
    assert not first.complete
    followed.decide(practice, rows[1].external_id, "approved")
    await own.rounds(12)
    assert own.row(rows[1].id)["state"] == RequestState.APPROVED
    assert own.row(rows[0].id)["state"] == RequestState.PENDING
    with workspace.store.read() as session:
        assert own.follower.budget.usage_in_session(session, own.server.id).calls <= 120


async def test_a_record_that_is_gone_is_invalid_once_the_service_says_so(own, practice, store):
    row = await own.raised()
    copied = followed.place(practice, 1)
    await own.rounds(2)
    for record in (row.external_id, copied):
        practice._database.delete("sc_req_item", record)
    await own.rounds(8)
    assert own.row(row.id)["state"] == RequestState.INVALID
    [copy] = followed.requests_of(store, origin=RequestOrigin.SERVICENOW)
    assert (copy["state"], copy["servicenow_state"], copy["mismatch"]) == (
        RequestState.INVALID,
        "no record",
        "",
    )
    assert status_calls(practice) == 2


async def test_a_record_that_is_only_hidden_from_now_on_stays_open(
    workspace, configuration, vault, practice, between, clock
):
    own = Own(workspace, configuration, vault, between, clock)
    row = await own.raised()
    await own.rounds(2)
    between.hides_records = True
    await own.rounds(8)
    assert own.row(row.id)["state"] == RequestState.PENDING
    assert status_calls(practice) >= 1


async def test_variables_that_come_with_no_record_are_read_from_their_own_table(
    workspace, configuration, vault, practice, between, clock
):
    between.withholds_variables = True
    own = Own(workspace, configuration, vault, between, clock)
    records = [followed.place(practice, number) for number in range(5)]
    await own.rounds(2)
    copies = followed.requests_of(workspace.store)
    assert {row["record_id"] for row in copies} == set(records)
    assert {row["policy_name"] for row in copies} == {"Unsigned installers"}
    assert len({row["approval_id"] for row in copies}) == 5


async def test_a_copy_that_turns_out_to_be_a_request_raised_here_is_no_second_one(
    workspace, configuration, vault, practice, between, clock
):
    between.withholds_variables = True
    own = Own(workspace, configuration, vault, between, clock)
    row = await own.raised()
    with workspace.store.write() as work:
        lost = work.session.get(services.requests.lifecycle.lifecycle.ApprovalRequest, row.id)
        work.session.expunge(lost)
        lost.state, lost.external_id = RequestState.SUBMITTING, ""
        work.update(lost, lost.version)
    await own.rounds()
    assert followed.counted(workspace.store) == 2
    await own.rounds(3)
    assert followed.counted(workspace.store) == 1
    assert own.row(row.id)["record_id"] == row.external_id


async def test_an_end_that_was_asked_for_is_what_an_ended_record_means(own, practice, store):
    """The program died between Cancel and its end: the request was cancelled, not invalid."""
    row = await own.raised()
    life = RequestLifecycle(store, await own.workspace.instance(own.server.id), own.process)
    await asyncio.to_thread(
        life._steps.record_cancel_intent, row, RequestState.CANCELLED, "No longer", own.clock.now()
    )
    await life.services.cancel(row.external_id, "No longer")
    await own.rounds(2)
    kept = own.row(row.id)
    assert (kept["state"], kept["comment"]) == (RequestState.CANCELLED, "No longer")
    assert kinds(store, row.id)[RequestEventKind.CANCELLED] == 1


async def test_whoever_lost_the_lease_writes_nothing(own, practice, store, workspace, clock):
    """Its call took so long that another one took over meanwhile, and saw what it did not."""
    record = followed.place(practice, 1)
    await own.rounds()
    other = followed.follower_of(workspace, clock, "worker:other")
    keep = own.follower._keep

    async def slowly(*arguments):
        clock.pass_by(60)
        followed.decide(practice, record)
        await other.round(own.server.id)
        [before] = followed.requests_of(store)
        assert before["state"] == RequestState.APPROVED
        with pytest.raises(LeaseLostError):
            await keep(*arguments)
        assert followed.requests_of(store) == [before]
        raise LeaseLostError("follow")

    own.follower._keep = slowly
    lost = await own.follower.round(own.server.id)
    assert lost.problem.fault == "lease-lost"


@pytest.mark.parametrize("ahead", [-600, 600])
async def test_an_instance_whose_clock_differs_is_followed_by_its_own(
    workspace, configuration, vault, clock, ahead
):
    theirs = SimulatedClock(clock.at)
    theirs.pass_by(ahead)
    with_clock = PracticeInstance(password=PASSWORD, clock=theirs.now).start()
    try:
        own = Own(workspace, configuration, vault, with_clock, clock)
        records = [followed.place(with_clock, number) for number in range(6)]
        await own.rounds(2)
        for record in records:
            theirs.at = clock.at
            theirs.pass_by(ahead)
            followed.decide(with_clock, record)
            [seen] = await own.rounds()
            assert len(seen.decided) == 1
    finally:
        with_clock.stop()


async def test_a_made_up_date_in_the_future_makes_nothing_count_as_seen(own, practice):
    records = [followed.place(practice, number) for number in range(4)]
    practice._database.execute(
        "UPDATE task SET sys_updated_on = '2099-01-01 00:00:00' WHERE sys_id = ?", [records[0]]
    )
    await own.rounds(2)
    for record in records[1:]:
        followed.decide(practice, record)
        [seen] = await own.rounds()
        assert len(seen.decided) == 1


async def test_a_restart_goes_on_where_the_last_one_was(own, practice, store, workspace, clock):
    records = [followed.place(practice, number) for number in range(20)]
    await own.rounds(3)
    rows, entries = followed.requests_of(store), store.verify_audit().checked
    own.follower = followed.follower_of(workspace, clock, "worker:next")
    await own.rounds(3)
    assert followed.requests_of(store) == rows
    assert store.verify_audit().checked == entries
    followed.decide(practice, records[3])
    assert len((await own.rounds())[0].decided) == 1


async def test_an_instance_that_cuts_queries_off_is_asked_for_less(own, practice):
    followed.place(practice, 1)
    practice.faults.set("error_in_200")
    [cut] = await own.rounds()
    assert cut.problem.fault == "transaction-cancelled"
    assert not own.follower._cursors[own.server.id].includes_variables
    practice.faults.clear()
    own.clock.pass_by(60)
    await own.rounds(3)
    [row] = followed.requests_of(own.workspace.store)
    assert (row["state"], row["policy_name"]) == (RequestState.PENDING, "Unsigned installers")


async def test_approvers_of_many_are_read_in_parts(own, practice):
    for number in range(300):
        followed.place(practice, number)
    await own.rounds(8)
    rows = followed.requests_of(own.workspace.store)
    assert {row["waits_for"] for row in rows} == {"Alex Approver"}


async def test_somebody_who_is_asked_in_place_of_another_is_known_after_a_while(own, practice):
    record = followed.place(practice, 1)
    await own.rounds(2)
    [asked] = practice.records("sysapproval_approver", sysapproval=record)
    [olive] = practice.records("sys_user", user_name="other.approver")
    practice._database.update("sysapproval_approver", asked["sys_id"], {"approver": olive["sys_id"]})
    await own.rounds(14)
    [row] = followed.requests_of(own.workspace.store)
    assert row["waits_for"] == "Olive Approver"


async def test_with_calls_to_spare_more_is_known_at_once(workspace, configuration, vault, practice, clock):
    """Asked every minute only, half of the calls are left for approvers and comments."""
    own = Own(workspace, configuration, vault, practice, clock, interval=60)
    row = await own.raised()
    record = followed.place(practice, 1)
    first = await own.follower.round(own.server.id)
    assert first.calls > 1
    assert own.row(row.id)["waits_for"] == "Alex Approver"
    [asked] = practice.records("sysapproval_approver", sysapproval=row.external_id)
    change = {"state": "rejected", "comments": "Not this one"}
    orders_and_approvals.update_record(
        practice._database, "sysapproval_approver", asked["sys_id"], change, by="app.approver"
    )
    clock.pass_by(60)
    for _ in range(3):
        await own.follower.round(own.server.id)
        clock.pass_by(60)
    kept = own.row(row.id)
    assert (kept["state"], kept["comment"]) == (RequestState.REJECTED, "Not this one")
    [copy] = followed.requests_of(workspace.store, record_id=record)
    assert copy["waits_for"] == "Alex Approver"


@pytest.mark.parametrize("word", ["approved", "rejected"])
async def test_the_answer_waits_for_the_comment_of_its_decision(own, practice, clock, word):
    """Where regular polls need all calls of an hour, one of them is made for the comment."""
    store = own.workspace.store
    answer = AnswerTarget(AnswerKind.WEBHOOK, url="http://127.0.0.1:9/answers")
    client, _ = IntakeClients(store).add("Program", own.type.id, answer=answer)
    row = await own.raised()
    with store.write() as work:
        work.session.execute(
            update(followed.TABLE).where(followed.TABLE.c.id == row.id).values(intake_client_id=client.id)
        )
        calls = [{"id": uuid.uuid4(), "server_id": own.server.id, "at": clock.at - timedelta(seconds=30 * n),
                  "purpose": POLL_CALL} for n in range(1, 120)]  # fmt: skip
        work.session.execute(get_table(ApiCall).insert(), calls)
    [asked] = practice.records("sysapproval_approver", sysapproval=row.external_id)
    change = {"state": word, "comments": "Because of that"}
    orders_and_approvals.update_record(
        practice._database, "sysapproval_approver", asked["sys_id"], change, by="app.approver"
    )
    outbox, due = Outbox(store), False
    for _ in range(8):
        await own.follower.round(own.server.id)
        due = outbox.has_due(clock.now())
        if due:
            break
        clock.pass_by(30)
    kept = own.row(row.id)
    assert (kept["state"], kept["comment"]) == (word, "Because of that")
    assert due


async def test_another_instance_at_the_same_server_is_begun_anew(
    own, practice, configuration, vault, workspace, clock
):
    followed.place(practice, 1)
    await own.rounds(3)
    theirs = SimulatedClock(clock.at)
    theirs.pass_by(-7 * 24 * 3600)
    other = PracticeInstance(password=PASSWORD, clock=theirs.now).start()
    try:
        record = followed.place(other, 2)
        server = configuration.get(Kind.FOREIGN_SYSTEM, own.server.id)
        server.base_url = other.base_url
        server = configuration.save(server, confirmed=1)
        vault.put(server.credential_id, "Account", followed.ACCOUNT, Secret(PASSWORD), [server.origin])
        await own.rounds(2)
        [copy] = followed.requests_of(workspace.store, record_id=record)
        assert copy["state"] == RequestState.PENDING
        followed.decide(other, record)
        await own.rounds()
        [copy] = followed.requests_of(workspace.store, record_id=record)
        assert copy["state"] == RequestState.APPROVED
    finally:
        other.stop()


async def test_a_status_call_without_a_password_pauses_the_server_and_is_no_problem_of_the_request(own):
    row = await own.raised()
    await own.rounds(1)
    instance = await own.workspace.instance(own.server.id)

    async def no_password():
        raise SecretMissingError(EntryKey(uuid.uuid4(), "Practice"))

    instance._sign_in, instance._signed = no_password, None
    queue = own.follower._status_queues[own.server.id]
    queue._first[row.id] = None
    with own.workspace.store.read() as session:
        target = load_target(session, own.server.id)
    with pytest.raises(SecretMissingError):
        await queue.ask(instance, target, lambda session: None)
    assert row.id in queue._first
    assert own.row(row.id)["error"] == ""
