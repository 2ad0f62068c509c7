"""The tables of states: complete, total, and in step with what the status service of the instance answers."""

import itertools

import pytest

from models.kinds import RequestState
from services.requests.domain import states
from services.requests.domain.states import (
    ASSESSMENT_RULES,
    TRANSITIONS,
    RecordStatus,
    ResponsibleParty,
    TransitionError,
    assess_states,
    check_transition,
)
from services.servicenow.contract import ApprovalStatus

APPROVALS = ["not requested", "requested", "approved", "rejected", "cancelled", "not_required", "skipped", "duplicate",
             "", "in_review", states.MISSING_RECORD]  # fmt: skip
RECORDS = ["", "1", "2", "3", "4", "7", "-5"]
ORDERS = [
    "",
    "requested",
    "not requested",
    "approved",
    "rejected",
    "cancelled",
    "in_review",
    states.MISSING_RECORD,
]


def test_a_pair_of_states_has_one_rule():
    with pytest.raises(ValueError, match="have two rows"):
        states._add_rules([RequestState.PENDING], [RecordStatus.WAITING], "", ResponsibleParty.NOBODY, "")


def test_every_state_has_its_transitions_and_final_ones_have_none():
    assert set(TRANSITIONS) == set(RequestState)
    for state, following in TRANSITIONS.items():
        assert (not following) == state.is_final
        assert state not in following


@pytest.mark.parametrize(("before", "after"), list(itertools.product(RequestState, repeat=2)))
def test_only_what_the_table_has_may_happen(before, after):
    if after in TRANSITIONS[before]:
        check_transition(before.value, after)
    else:
        with pytest.raises(TransitionError, match=f"{before} never becomes {after}"):
            check_transition(before, after.value)


def test_every_pair_has_its_row_and_says_something():
    assert set(ASSESSMENT_RULES) == set(itertools.product(RequestState, RecordStatus))
    for key, pair in ASSESSMENT_RULES.items():
        assert pair.sentence.endswith("."), key
        assert len(pair.mismatch) <= 40
        assert isinstance(pair.actor, ResponsibleParty)
        if pair.mismatch:
            assert pair.actor is not ResponsibleParty.NOBODY, f"{key}: somebody has to put a mismatch right"


@pytest.mark.parametrize("state", RequestState)
def test_whatever_an_instance_says_is_judged(state):
    kinds = set()
    for approval, record, order in itertools.product(APPROVALS, RECORDS, ORDERS):
        judged = assess_states(state, approval, record, order)
        kinds.add(states.record_status(approval, record, order))
        assert judged.sentence
        assert (
            judged.mismatch == ASSESSMENT_RULES[state, states.record_status(approval, record, order)].mismatch
        )
        assert judged.status is states.approval_status(approval, record, order)
    assert kinds == set(RecordStatus)


def test_the_order_that_is_approved_while_its_item_is_not_is_named():
    judged = assess_states("pending", "requested", "1", "approved")
    assert (judged.mismatch, judged.status, judged.actor) == (
        "order-approved",
        ApprovalStatus.PENDING,
        ResponsibleParty.APPROVERS,
    )
    assert assess_states("pending", "requested", "1", "requested").mismatch == ""


def test_only_the_word_approved_lets_a_program_run():
    for approval, record, order in itertools.product(APPROVALS, RECORDS, ORDERS):
        status = states.approval_status(approval, record, order)
        assert (status is ApprovalStatus.APPROVED) == (approval == "approved")


@pytest.mark.parametrize("approval", [a for a in APPROVALS if a not in ("", states.MISSING_RECORD)])
async def test_it_is_what_the_status_service_of_the_instance_answers(life, approval_type, practice, approval):
    row = await life.submit(approval_type, {"PMUserReason": "why"})
    [item] = practice.records("sc_req_item")
    for record, order in itertools.product(
        RECORDS[1:], [o for o in ORDERS if o not in ("", states.MISSING_RECORD)]
    ):
        practice._database.execute(
            "UPDATE task SET approval = ?, state = ?, active = 'true' WHERE sys_id = ?",
            [approval, record, item["sys_id"]],
        )
        practice._database.execute("UPDATE task SET approval = ? WHERE sys_id = ?", [order, item["request"]])
        answer = await life.services.status(row.external_id)
        assert answer.status is states.approval_status(approval, record, order), (approval, record, order)


async def test_a_record_that_is_not_there_is_invalid_as_the_service_says_it(life):
    assert (await life.services.status("f" * 32)).status is states.approval_status(states.MISSING_RECORD, "")
