"""RequestedItem: states, the approval that counts, and the mapping to the observed columns."""

from datetime import timedelta

import pytest

from models.approval_request import ApprovalRequest
from models.base import TEXT_MAX, utcnow
from services.requests.domain.states import UNOBSERVED_COLUMNS, RecordStatus
from services.requests.records.approver_names import UNNAMED_APPROVER, format_waits_for
from services.requests.records.requested_item import (
    Approval,
    RequestedItem,
    max_length,
    parse_item,
    stored_item,
)
from services.servicenow.contract import ApprovalStatus

NOW = utcnow()


def approval(state, minutes=0, name="Alex"):
    return Approval(sys_id=name, state=state, name=name, changed_at=NOW + timedelta(minutes=minutes))


def test_observed_columns_are_the_columns_of_an_observation():
    item = RequestedItem(sys_id="a" * 32)
    assert item.observed_columns().keys() == UNOBSERVED_COLUMNS.keys() - {"waits_for"}


def test_observed_columns_are_no_longer_than_their_columns():
    item = RequestedItem(**dict.fromkeys(
        ("sys_id", "number", "approval", "state", "order_id", "order_number", "order_approval"), "x" * 300
    ))  # fmt: skip
    texts = {name: value for name, value in item.observed_columns().items() if isinstance(value, str)}
    assert texts == {name: "x" * max_length(name) for name in texts}


def test_a_stored_item_is_the_one_that_was_observed():
    item = RequestedItem(
        sys_id="a" * 32, number="RITM1", approval="requested", state="1", active=False,
        order_id="b" * 32, order_number="REQ1", order_approval="approved",
    )  # fmt: skip
    assert stored_item(ApprovalRequest(**item.observed_columns())) == item


@pytest.mark.parametrize(
    ("values", "status", "answer", "is_open"),
    [
        ({"approval": "requested", "state": "1"}, RecordStatus.WAITING, ApprovalStatus.PENDING, True),
        ({"approval": "requested", "state": "3"}, RecordStatus.CLOSED, ApprovalStatus.INVALID, False),
        ({"approval": "requested", "state": "1", "active": False}, RecordStatus.CLOSED, ApprovalStatus.INVALID, False),
        ({"approval": "requested", "state": "1", "order_approval": "rejected"}, RecordStatus.ORDER_REJECTED, ApprovalStatus.REJECTED, False),
        ({"approval": "approved", "state": "2"}, RecordStatus.APPROVED, ApprovalStatus.APPROVED, False),
        ({}, RecordStatus.UNSEEN, ApprovalStatus.PENDING, True),
        ({"active": False}, RecordStatus.UNSEEN, ApprovalStatus.PENDING, False),
    ],
)  # fmt: skip
def test_states_of_an_item(values, status, answer, is_open):
    item = RequestedItem(sys_id="a" * 32, **values)
    assert (item.status, item.approval_status, item.is_open) == (status, answer, is_open)


@pytest.mark.parametrize(
    ("item_approval", "approvals", "expected"),
    [
        ("requested", [], None),
        ("requested", [approval("requested")], None),
        ("requested", [approval("approved", 1, "A"), approval("requested", 2, "B")], "A"),
        ("rejected", [approval("rejected", 1, "A"), approval("approved", 2, "B")], "A"),
        ("approved", [approval("approved", 1, "A"), approval("approved", 2, "B")], "B"),
        ("cancelled", [approval("approved", 1, "A"), approval("cancelled", 2, "B")], "A"),
    ],
)
def test_the_approval_that_counts_has_the_decision_of_the_item(item_approval, approvals, expected):
    item = RequestedItem(sys_id="a" * 32, approval=item_approval, approvals=tuple(approvals))
    found = item.deciding_approval
    assert (found.name if found else None) == expected


def test_an_item_is_parsed_from_fields_with_a_prefix():
    row = {"request_item.number": "RITM1", "request_item.active": "false", "request_item.request": "o",
           "request_item.sys_created_on": "2026-01-02 03:04:05"}  # fmt: skip
    item = parse_item(row, sys_id="a", task_prefix="request_item.", item_prefix="request_item.")
    assert (item.number, item.active, item.order_id) == ("RITM1", False, "o")
    assert f"{item.created_at:%Y-%m-%d %H:%M:%S %Z}" == "2026-01-02 03:04:05 UTC"


def test_only_text_columns_have_a_length():
    with pytest.raises(TypeError, match="record_closed"):
        max_length("record_closed")


def test_open_approvals_are_shown_by_name_or_as_not_visible():
    named, hidden, given = (
        approval("requested"),
        Approval(sys_id="b", state="requested"),
        approval("approved"),
    )
    item = RequestedItem(sys_id="a", approvals=(named, hidden, given))
    assert [one.display_name for one in item.open_approvals] == ["Alex", UNNAMED_APPROVER]


def test_waits_for_holds_each_name_once_and_only_whole_names():
    assert format_waits_for(["Ada  L.", "Ada L.", "Bo"]) == "Ada L.\nBo"
    kept = format_waits_for(f"{number} {'n' * 100}" for number in range(TEXT_MAX))
    assert len(kept) <= TEXT_MAX
    assert all(len(line.split()[1]) == 100 for line in kept.split("\n"))
