"""An order from its placing to its end: request, requested item, variables, approvals, and what a decision carries on."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.practice.initial_data import EXECUTE_ITEM_ID, WORKFLOW
from services.servicenow.contract import VARIABLES
from tests.services.practice.soaping import (
    CANCEL,
    CREATE,
    STATUS,
    call,
    fault_of,
    order,
    status,
    variables_of,
)

DONE = {"TmsCancelResult": "Success", "PMCancelResult": "Success"}


@pytest.fixture
def pm(signed_in):
    return signed_in("privman.integration")


def only(practice, table, **equal):
    rows = practice.records(table, **equal)
    assert len(rows) == 1
    return rows[0]


def decide(client, practice, item_id, state, comments=""):
    key = only(practice, "sysapproval_approver", sysapproval=item_id)["sys_id"]
    return client.patch(
        f"api/now/table/sysapproval_approver/{key}", json={"state": state, "comments": comments}
    )


def standing(practice, item_id):
    """Return the approval words of requested item, request and approvals."""
    item = only(practice, "sc_req_item", sys_id=item_id)
    request = only(practice, "sc_request", sys_id=item["request"])
    states = [row["state"] for row in practice.records("sysapproval_approver", sysapproval=item_id)]
    return item["approval"], request["approval"], states


def test_an_order_makes_everything_that_belongs_to_it(practice, pm):
    sent = {name: f"value of {name}" for name in VARIABLES}
    item_id = order(pm, **sent, PMUnknownToTheItem="x")
    item = only(practice, "sc_req_item", sys_id=item_id)
    request = only(practice, "sc_request", sys_id=item["request"])
    assert item["number"].startswith("RITM00")
    assert request["number"].startswith("REQ00")
    assert (item["cat_item"], item["active"], item["state"]) == (EXECUTE_ITEM_ID, "true", "1")
    caller = only(practice, "sys_user", user_name="privman.integration")["sys_id"]
    assert item["opened_by"] == item["requested_for"] == request["requested_for"] == caller
    assert item["sys_created_by"] == "privman.integration"
    assert variables_of(practice, item_id) == sent
    approval = only(practice, "sysapproval_approver", sysapproval=item_id)
    assert only(practice, "sys_user", sys_id=approval["approver"])["user_name"] == "app.approver"
    assert (approval["source_table"], approval["document_id"]) == ("sc_req_item", item_id)
    assert standing(practice, item_id) == ("requested", "requested", ["requested"])
    assert status(pm, item_id) == "pending"


def test_variables_that_were_not_sent_are_empty(practice, pm):
    assert variables_of(practice, order(pm)) == dict.fromkeys(VARIABLES, "")


def test_orders_placed_at_once_are_not_mixed(practice, signed_in):
    clients = [signed_in("privman.integration") for _ in range(4)]

    def place(n):
        return n, order(clients[n % 4], **{name: f"{name} {n}" for name in VARIABLES})

    with ThreadPoolExecutor(4) as pool:
        placed = list(pool.map(place, range(24)))
    for n, item_id in placed:
        assert variables_of(practice, item_id) == {name: f"{name} {n}" for name in VARIABLES}
    numbers = [row["number"] for row in practice.records("sc_req_item")]
    assert len(set(numbers)) == len(numbers)
    requests = [only(practice, "sc_req_item", sys_id=item_id)["request"] for _, item_id in placed]
    assert len(set(requests)) == 24


@pytest.mark.parametrize(
    ("word", "ends", "state"), [("approved", "approved", "2"), ("rejected", "rejected", "4")]
)
def test_a_decision_is_carried_to_item_and_request(practice, signed_in, pm, word, ends, state):
    item_id = order(pm)
    reply = decide(signed_in("app.approver"), practice, item_id, word, "because")
    assert reply.json()["result"]["state"] == word
    assert standing(practice, item_id) == (word, word, [word])
    assert only(practice, "sc_req_item", sys_id=item_id)["state"] == state
    answer = call(pm, STATUS, PMGetRequestId=item_id)
    assert answer == {"PMApprovalStatus": ends, "PMComment": "because"}


def test_the_request_stands_for_its_item(practice, signed_in, pm):
    item_id = order(pm)
    request = only(practice, "sc_req_item", sys_id=item_id)["request"]
    assert status(pm, request) == "pending"
    decide(signed_in("app.approver"), practice, item_id, "approved")
    assert status(pm, request) == "approved"


@pytest.mark.parametrize("second", ["approved", "rejected", "cancelled", "requested"])
def test_what_was_decided_stays_decided(practice, signed_in, pm, second):
    item_id = order(pm)
    approver = signed_in("app.approver")
    assert decide(approver, practice, item_id, "approved", "first").status_code == 200
    decide(approver, practice, item_id, second, "second")
    assert standing(practice, item_id)[:2] == ("approved", "approved")
    assert call(pm, STATUS, PMGetRequestId=item_id)["PMApprovalStatus"] == "approved"
    call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment="too late")
    assert status(pm, item_id) == "approved"


@pytest.mark.parametrize("account", ["other.approver", "service.desk", "catalog.admin", "no.roles"])
def test_nobody_decides_what_was_not_asked_of_them(practice, signed_in, pm, account):
    item_id = order(pm)
    reply = decide(signed_in(account), practice, item_id, "approved")
    assert reply.status_code in (403, 404)
    assert standing(practice, item_id) == ("requested", "requested", ["requested"])
    visible = signed_in(account).get(
        "api/now/table/sysapproval_approver", params={"sysparm_query": f"sysapproval={item_id}"}
    )
    assert visible.json()["result"] == []


def test_an_administrator_of_approvals_may_decide_for_others(practice, pm):
    item_id = order(pm)
    assert decide(pm, practice, item_id, "rejected").status_code == 200
    assert standing(practice, item_id) == ("rejected", "rejected", ["rejected"])


def test_a_cancelled_request_is_closed_with_its_approvals(practice, signed_in, pm):
    item_id = order(pm)
    assert call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment="timed out") == DONE
    assert standing(practice, item_id) == ("cancelled", "cancelled", ["cancelled"])
    item = only(practice, "sc_req_item", sys_id=item_id)
    assert (item["state"], item["active"]) == ("4", "false")
    assert status(pm, item_id) == "invalid"
    entry = only(practice, "sys_journal_field", element_id=item_id)
    assert (entry["value"], entry["element"], entry["sys_created_by"]) == (
        "timed out",
        "comments",
        "privman.integration",
    )
    decide(signed_in("app.approver"), practice, item_id, "approved")
    assert status(pm, item_id) == "invalid"
    assert call(pm, CANCEL, PMCancelRequestId=item_id, PMCancelComment="again") == DONE


@pytest.mark.parametrize("state", ["4", "7"])
def test_an_item_that_somebody_closes_is_invalid(practice, signed_in, pm, state):
    item_id = order(pm)
    signed_in("service.desk").patch(
        f"api/now/table/sc_req_item/{item_id}", json={"state": state}
    ).raise_for_status()
    assert status(pm, item_id) == "invalid"
    assert standing(practice, item_id)[2] == ["cancelled"]


@pytest.mark.parametrize("request_id", ["", "none", "0" * 32, "%", "' OR 1=1 --", "x" * 5000])
def test_an_id_that_nothing_has_is_invalid(practice, pm, request_id):
    assert call(pm, STATUS, PMGetRequestId=request_id) == {"PMApprovalStatus": "invalid", "PMComment": ""}
    assert call(pm, CANCEL, PMCancelRequestId=request_id, PMCancelComment="x") == dict.fromkeys(
        DONE, "Not found"
    )


def test_the_newest_comment_is_told(practice, signed_in, pm):
    item_id = order(pm)
    approver = signed_in("app.approver")
    for text in ("first", "second", "   "):
        decide(approver, practice, item_id, "requested", text)
    assert call(pm, STATUS, PMGetRequestId=item_id)["PMComment"] == "second"


# -- who is asked -----------------------------------------------------------------


@pytest.fixture
def second_approver(practice):
    """Add another member to the group of approvers for one test."""
    group = only(practice, "sys_user_group", name=WORKFLOW)["sys_id"]
    user = only(practice, "sys_user", user_name="other.approver")["sys_id"]
    member = practice._database.insert("sys_user_grmember", {"user": user, "group": group})
    yield
    practice._database.delete("sys_user_grmember", member)


@pytest.mark.parametrize("word", ["approved", "rejected"])
def test_one_of_several_decides_for_all(practice, signed_in, pm, second_approver, word):
    item_id = order(pm)
    assert standing(practice, item_id)[2] == ["requested", "requested"]
    key = practice.records("sysapproval_approver", sysapproval=item_id)[1]["sys_id"]
    signed_in("other.approver").patch(f"api/now/table/sysapproval_approver/{key}", json={"state": word})
    assert standing(practice, item_id) == (word, word, ["not_required", word])


def change(practice, table, sys_id, **values):
    practice._database.update(table, sys_id, values)


def test_an_item_without_a_workflow_asks_nobody(practice, pm):
    workflow = only(practice, "sc_cat_item", sys_id=EXECUTE_ITEM_ID)["workflow"]
    change(practice, "sc_cat_item", EXECUTE_ITEM_ID, workflow="")
    try:
        item_id = order(pm)
    finally:
        change(practice, "sc_cat_item", EXECUTE_ITEM_ID, workflow=workflow)
    assert standing(practice, item_id) == ("not requested", "not requested", [])
    assert status(pm, item_id) == "pending"


@pytest.mark.parametrize("table", ["sc_cat_item", "sc_category", "sc_catalog"])
def test_what_is_not_active_cannot_be_ordered(practice, pm, table):
    item = only(practice, "sc_cat_item", sys_id=EXECUTE_ITEM_ID)
    category = only(practice, "sc_category", sys_id=item["category"])
    key = {
        "sc_cat_item": EXECUTE_ITEM_ID,
        "sc_category": category["sys_id"],
        "sc_catalog": category["sc_catalog"],
    }[table]
    before = len(practice.records("sc_request"))
    change(practice, table, key, active="false")
    try:
        assert "not active" in fault_of(pm, CREATE, PMFilePath="x")
    finally:
        change(practice, table, key, active="true")
    assert len(practice.records("sc_request")) == before
