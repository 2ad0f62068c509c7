"""Requests raised here that share an order with other items: only the record of the request itself is followed."""

import pytest

import services.requests.lifecycle.lifecycle
from models.kinds import RequestState
from services.practice import orders_and_approvals
from services.practice.initial_data import EXECUTE_ITEM_ID
from tests.services.requests import followed
from tests.services.requests.ordered import LAPTOP
from tests.services.requests.own_requests import between, change_script, clock, own, practice
from tests.services.transfer.conftest import configuration, empty_store, store, vault, workspace

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


def known_by_its_order(own, row, **observed):
    """Let a request know nothing but the id of its order, as where Create returns that."""
    store = own.workspace.store
    with store.write() as work:
        present = work.session.get(services.requests.lifecycle.lifecycle.ApprovalRequest, row.id)
        work.session.expunge(present)
        [item] = own.practice.records("sc_req_item", sys_id=row.external_id)
        present.external_id = item["request"]
        work.update(present, present.version)
        if observed:
            work.observe(services.requests.lifecycle.lifecycle.ApprovalRequest, {row.id: observed})
    return item


def beside(own, item, approval_id, cat_item=EXECUTE_ITEM_ID):
    """Put another item into the order of `item`."""
    database = own.practice._database
    values = {
        "request": item["request"],
        "cat_item": cat_item,
        "approval": "requested",
        "state": "1",
        "active": "true",
    }
    made = database.insert("sc_req_item", values, by=followed.ACCOUNT)
    if cat_item == EXECUTE_ITEM_ID:
        orders_and_approvals._store_variables(
            database, cat_item, made, followed.variables_of(99, approval_id), followed.ACCOUNT
        )
    return made


@pytest.fixture
def own_practice(own, practice):
    own.practice = practice
    return own


@pytest.mark.parametrize("hidden", [True, False])
async def test_the_item_of_its_order_is_followed_and_not_the_one_beside_it(own_practice, store, hidden):
    own = own_practice
    row = await own.raised()
    item = known_by_its_order(own, row)
    laptop = beside(own, item, "", LAPTOP)
    if hidden:
        own.practice.faults.set("variables_hidden")
    await own.rounds(2)
    own.practice._database.update("sc_req_item", laptop, {"approval": "approved"})
    await own.rounds(2)
    kept = own.row(row.id)
    assert (kept["record_id"], kept["state"]) == (item["sys_id"], RequestState.PENDING)
    assert followed.counted(store) == 1
    followed.decide(own.practice, item["sys_id"], "rejected")
    await own.rounds(2)
    assert own.row(row.id)["state"] == RequestState.REJECTED


async def test_of_two_alike_in_its_order_none_is_followed_for_it_while_variables_are_hidden(own_practice):
    own = own_practice
    row = await own.raised()
    item = known_by_its_order(own, row)
    other = beside(own, item, "9f86d081-884c-4d65-9a2f-eaa0c55ad015")
    own.practice.faults.set("variables_hidden")
    change_script(own.practice)  # what the service says of an order is not asked here
    own.practice.faults.set("unknown_status", word="pending")
    await own.rounds(2)
    own.practice._database.update("sc_req_item", other, {"approval": "approved", "state": "2"})
    await own.rounds(3)
    kept = own.row(row.id)
    assert (kept["record_id"], kept["servicenow_state"], kept["state"]) == ("", "", RequestState.PENDING)


async def test_a_record_beside_its_own_that_was_stored_for_it_is_forgotten(own_practice, store):
    """A console that took the first item of an order for the request had stored that."""
    own = own_practice
    row = await own.raised()
    item = known_by_its_order(own, row)
    laptop = beside(own, item, "", LAPTOP)
    own.practice._database.update("sc_req_item", laptop, {"approval": "approved", "state": "2"})
    with store.write() as work:
        wrong = {
            "record_id": laptop,
            "number": "RITM0099999",
            "servicenow_state": "requested",
            "record_state": "1",
        }
        work.observe(services.requests.lifecycle.lifecycle.ApprovalRequest, {row.id: wrong})
    await own.rounds(5)
    kept = own.row(row.id)
    assert (kept["record_id"], kept["number"]) == (item["sys_id"], item["number"])
    assert (kept["servicenow_state"], kept["state"]) == ("requested", RequestState.PENDING)


async def test_a_record_that_carries_another_approval_id_decides_nothing(own_practice, store):
    own = own_practice
    row = await own.raised()
    stranger = followed.place(own.practice, 5)
    with store.write() as work:
        work.observe(services.requests.lifecycle.lifecycle.ApprovalRequest, {row.id: {"record_id": stranger}})
    followed.decide(own.practice, stranger, "approved")
    await own.rounds(4)
    kept = own.row(row.id)
    assert (kept["state"], kept["record_id"]) == (RequestState.PENDING, row.external_id)
    # It is what Privilege Manager raised itself.
    [copy] = [one for one in followed.requests_of(store) if one["id"] != row.id]
    assert (copy["record_id"], copy["state"]) == (stranger, RequestState.APPROVED)
