"""The cancel script: it really cancels, once, with the comment, and leaves decisions alone."""

import pytest

from tests.services.practice.soaping import CANCEL, STATUS, call, order, status

DONE = {"TmsCancelResult": "Success", "PMCancelResult": "Success"}


@pytest.fixture
def pm(signed_in):
    return signed_in("privman.integration")


def comments(practice, element_id):
    return [row["value"] for row in practice.records("sys_journal_field", element_id=element_id)]


def standing(practice, item_id):
    item = practice.records("sc_req_item", sys_id=item_id)[0]
    request = practice.records("sc_request", sys_id=item["request"])[0]
    approvals = practice.records("sysapproval_approver", sysapproval=item_id)
    return item, request, approvals


def state_of(practice, item_id):
    item, request, approvals = standing(practice, item_id)
    return (
        item["approval"],
        item["state"],
        item["active"],
        request["approval"],
        [a["state"] for a in approvals],
    )


CANCELLED = ("cancelled", "4", "false", "cancelled", ["cancelled"])


@pytest.mark.parametrize("by_request", [False, True])
def test_item_and_approvals_are_cancelled_with_the_comment(practice, pm, by_request):
    item_id = order(pm)
    _, request, (approval,) = standing(practice, item_id)
    key = request["sys_id"] if by_request else item_id
    assert call(pm, CANCEL, PMCancelRequestId=key, PMCancelComment="timed out") == DONE
    assert state_of(practice, item_id) == CANCELLED
    assert comments(practice, item_id) == comments(practice, approval["sys_id"]) == ["timed out"]
    assert call(pm, STATUS, PMGetRequestId=key) == {"PMApprovalStatus": "invalid", "PMComment": "timed out"}
    after = standing(practice, item_id)
    assert {row["sys_updated_by"] for row in (after[0], after[1], *after[2])} == {"privman.integration"}


def test_cancelling_again_changes_nothing(practice, pm):
    item_id = order(pm)
    call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment="first")
    before = standing(practice, item_id), comments(practice, item_id)
    assert call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment="second") == DONE
    assert (standing(practice, item_id), comments(practice, item_id)) == before


@pytest.mark.parametrize("word", ["approved", "rejected"])
def test_a_decision_is_left_alone(practice, signed_in, pm, word):
    item_id = order(pm)
    key = standing(practice, item_id)[2][0]["sys_id"]
    signed_in("app.approver").patch(f"api/now/table/sysapproval_approver/{key}", json={"state": word})
    before = standing(practice, item_id)
    assert call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment="late") == DONE
    assert standing(practice, item_id) == before
    assert comments(practice, item_id) == []
    assert status(pm, item_id) == word


@pytest.mark.parametrize("values", [{"approval": word} for word in ("not_required", "duplicate", "skipped", "own")]
                         + [{"state": state} for state in ("3", "4", "7")])  # fmt: skip
def test_what_waits_for_nobody_is_left_alone(practice, pm, values):
    item_id = order(pm)
    practice._database.update("sc_req_item", item_id, values)
    before = standing(practice, item_id)
    assert call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment="late") == DONE
    assert standing(practice, item_id) == before


@pytest.mark.parametrize("approval", ["not requested", ""])
def test_an_item_that_asks_nobody_is_cancelled(practice, pm, approval):
    item_id = order(pm)
    key = standing(practice, item_id)[2][0]["sys_id"]
    practice._database.delete("sysapproval_approver", key)
    practice._database.update("sc_req_item", item_id, {"approval": approval})
    assert call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment="x") == DONE
    assert state_of(practice, item_id) == (*CANCELLED[:4], [])


@pytest.mark.parametrize("inputs", [{}, {"PMCancelComment": ""}, {"PMCancelComment": "  "}])
def test_without_a_comment_none_is_written(practice, pm, inputs):
    item_id = order(pm)
    assert call(pm, CANCEL, PMCancelRequestId=item_id, **inputs) == DONE
    assert state_of(practice, item_id) == CANCELLED
    assert comments(practice, item_id) == []


def test_only_the_request_named_is_cancelled(practice, pm):
    one, other = order(pm), order(pm)
    call(pm, CANCEL, PMCancelRequestId=one, PMCancelComment="x")
    for nothing in ("", "ISNOTEMPTY", "x^ORactive=true"):
        assert set(call(pm, CANCEL, PMCancelRequestId=nothing).values()) == {"Not found"}
    assert (status(pm, one), status(pm, other)) == ("invalid", "pending")


def test_a_long_comment_is_kept_whole(practice, pm):
    item_id = order(pm)
    text = "& < > \" ' ]]> 😀 " * 250
    call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment=text)
    assert comments(practice, item_id) == [text]


def beside(practice, item_id, **values):
    """Put another item into the request of an item."""
    [item] = practice.records("sc_req_item", sys_id=item_id)
    other = {"request": item["request"], "approval": "requested", "state": "1", "active": "true", **values}
    return practice._database.insert("sc_req_item", other, by="admin"), item["request"]


def test_of_a_request_with_several_items_the_one_that_privilege_manager_raised_is_cancelled(practice, pm):
    item_id = order(pm, PMApprovalId="3f2504e0-4f89-41d3-9a0c-0305e82c3301")
    laptop, request = beside(practice, item_id)
    assert call(pm, CANCEL, PMCancelRequestId=request, PMCancelComment="timed out") == DONE
    assert practice.records("sc_req_item", sys_id=item_id)[0]["approval"] == "cancelled"
    assert practice.records("sc_req_item", sys_id=laptop)[0]["approval"] == "requested"


def test_where_it_cannot_be_told_which_item_is_meant_none_is_cancelled(practice, pm):
    items = [order(pm, PMApprovalId=f"3f2504e0-4f89-41d3-9a0c-0305e82c330{n}") for n in range(2)]
    [first] = practice.records("sc_req_item", sys_id=items[0])
    practice._database.update("sc_req_item", items[1], {"request": first["request"]})
    answer = call(pm, CANCEL, PMCancelRequestId=first["request"], PMCancelComment="timed out")
    assert set(answer.values()) == {"Not found"}
    assert [practice.records("sc_req_item", sys_id=one)[0]["approval"] for one in items] == ["requested"] * 2


def test_a_record_that_is_not_active_is_left_alone(practice, pm):
    item_id = order(pm)
    practice._database.update("sc_req_item", item_id, {"state": "8", "active": "false"})
    call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment="timed out")
    assert practice.records("sc_req_item", sys_id=item_id)[0]["approval"] == "requested"
    assert comments(practice, item_id) == []
