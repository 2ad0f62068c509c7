"""The Table API of the practice instance: forms of values, pages, headers, and recorded words."""

import json
import re
from pathlib import Path

import pytest

from services.practice.initial_data import EXECUTE_ITEM_ID
from tests.services.practice.soaping import order

RECORDED = Path("shared/reference/recorded/responses")


def recorded(name):
    """Return a recorded answer if it lies in a folder above, else None."""
    for folder in Path(__file__).resolve().parents:
        if (folder / RECORDED / name).is_file():
            return (folder / RECORDED / name).read_text(encoding="utf-8")
    return None


@pytest.fixture
def pm(signed_in):
    return signed_in("privman.integration")


def rows(client, table, **params):
    reply = client.get(f"api/now/table/{table}", params={f"sysparm_{k}": str(v) for k, v in params.items()})
    assert reply.status_code == 200, reply.text
    return reply.json()["result"]


# -- values -------------------------------------------------------------------------


def test_a_value_is_shown_as_asked_for(pm):
    item_id = order(pm)
    one = {
        "query": f"sys_id={item_id}",
        "fields": "active,approval,state,request,cat_item,cat_item.name,opened_at",
    }
    (plain,) = rows(pm, "sc_req_item", **one)
    assert (plain["active"], plain["approval"], plain["state"]) == ("true", "requested", "1")
    assert plain["cat_item"] == {
        "link": f"/api/now/table/sc_cat_item/{EXECUTE_ITEM_ID}",
        "value": EXECUTE_ITEM_ID,
    }
    assert plain["cat_item.name"] == "Execute Application Request"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", plain["opened_at"])
    (without,) = rows(pm, "sc_req_item", **one, exclude_reference_link="true")
    assert without["cat_item"] == EXECUTE_ITEM_ID
    (words,) = rows(pm, "sc_req_item", **one, display_value="true")
    assert (words["approval"], words["state"]) == ("Requested", "Open")
    assert words["cat_item"] == "Execute Application Request"
    (both,) = rows(pm, "sc_req_item", **one, display_value="all")
    assert both["state"] == {"display_value": "Open", "value": "1"}
    assert both["cat_item"]["value"] == EXECUTE_ITEM_ID
    assert set(plain) == set(words) == set(both) == set(one["fields"].split(","))


def test_an_empty_reference_is_an_empty_text(pm):
    item_id = order(pm)
    (row,) = rows(
        pm, "sc_req_item", query=f"sys_id={item_id}", fields="assignment_group,assignment_group.name,none"
    )
    assert row == {"assignment_group": "", "assignment_group.name": ""}


def test_one_record_is_an_object_and_a_list_is_a_list(pm):
    item_id = order(pm)
    one = pm.get(f"api/now/table/sc_req_item/{item_id}", params={"sysparm_fields": "sys_id"}).json()
    assert one == {"result": {"sys_id": item_id}}
    assert rows(pm, "sc_req_item", query=f"sys_id={item_id}", fields="sys_id") == [{"sys_id": item_id}]


def test_a_table_holds_its_own_class_and_its_parent_all(pm):
    item_id = order(pm)
    assert pm.get(f"api/now/table/sc_req_item/{item_id}").status_code == 200
    assert pm.get(f"api/now/table/task/{item_id}").status_code == 200
    assert pm.get(f"api/now/table/sc_request/{item_id}").status_code == 404
    classes = {row["sys_class_name"] for row in rows(pm, "task", fields="sys_class_name")}
    assert classes == {"sc_request", "sc_req_item", "sysapproval_group"}


@pytest.mark.parametrize(
    "query",
    [
        "sysapproval.sys_class_name=sc_req_item",
        f"sysapproval.ref_sc_req_item.cat_item={EXECUTE_ITEM_ID}",
        "sysapproval.ref_sc_req_item.cat_item.name=Execute Application Request",
        "approver.user_name=app.approver",
        "state=requested^approverISNOTEMPTY^group.assignment_group.name=Application Approvers",
        "state=requested^ORstate=approved",
        "state=nonsense^NQsysapproval.numberSTARTSWITHRITM",
    ],
)
def test_approvals_are_found_through_what_they_are_for(pm, practice, query):
    item_id = order(pm)
    found = rows(pm, "sysapproval_approver", query=query, fields="sysapproval", exclude_reference_link="true")
    assert {"sysapproval": item_id} in found


def test_the_caller_is_known_to_a_query(signed_in):
    for account in ("app.approver", "service.desk"):
        client = signed_in(account)
        for query in ("sys_id=javascript:gs.getUserID()", "user_name=javascript:gs.getUserName()"):
            assert [row["user_name"] for row in rows(client, "sys_user", query=query)] == [account]


# -- invalid parts ---------------------------------------------------------------------


def test_an_invalid_part_is_ignored_unless_the_property_says_otherwise(practice, signed_in, pm):
    total = len(practice.records("sc_category"))
    assert len(rows(pm, "sc_category", query="no_such_field=x")) == total
    assert len(rows(pm, "sc_category", query="title=Hardware^no_such_field=x")) == 1
    prop = practice.records("sys_properties", name="glide.invalid_query.returns_no_rows")[0]["sys_id"]
    admin = signed_in("admin")
    admin.patch(f"api/now/table/sys_properties/{prop}", json={"value": "true"}).raise_for_status()
    try:
        assert rows(pm, "sc_category", query="no_such_field=x") == []
        assert len(rows(pm, "sc_category", query="title=Hardware")) == 1
    finally:
        admin.patch(f"api/now/table/sys_properties/{prop}", json={"value": "false"}).raise_for_status()


# -- pages ---------------------------------------------------------------------------


def test_pages_follow_their_links(practice, pm):
    total = len(practice.records("sc_cat_item"))
    address, seen = (
        "/api/now/table/sc_cat_item?sysparm_query=ORDERBYname&sysparm_limit=7&sysparm_fields=name",
        [],
    )
    while address:
        reply = pm.get(address)
        assert int(reply.headers["x-total-count"]) == total
        seen += [row["name"] for row in reply.json()["result"]]
        links = {rel: target for target, rel in re.findall(r'<([^>]*)>;rel="(\w+)"', reply.headers["link"])}
        assert all("sysparm_fields=name" in target for target in links.values())
        assert {"first", "last"} <= set(links)
        address = links.get("next")
    assert seen == sorted(seen, key=str.lower)
    assert len(seen) == len(set(seen)) == total


def test_headers_of_a_page_are_left_out_when_asked(pm):
    both = {"sysparm_suppress_pagination_header": "true", "sysparm_no_count": "true"}
    headers = pm.get("api/now/table/sc_cat_item", params=both).headers
    assert "link" not in headers
    assert "x-total-count" not in headers


def test_a_limit_counts_before_access_rules(practice, signed_in, pm):
    for _ in range(3):
        order(pm)
    other = signed_in("other.approver").get("api/now/table/sysapproval_approver?sysparm_limit=2")
    assert other.json()["result"] == []
    assert int(other.headers["x-total-count"]) == len(practice.records("sysapproval_approver")) >= 3


def test_pages_by_key_do_not_overlap(practice, pm):
    last, seen = "", []
    while page := rows(pm, "sc_cat_item", query=f"sys_id>{last}^ORDERBYsys_id", limit=6, fields="sys_id"):
        seen += [row["sys_id"] for row in page]
        last = seen[-1]
    assert seen == sorted(row["sys_id"] for row in practice.records("sc_cat_item"))


# -- changes ---------------------------------------------------------------------------


def test_a_change_is_stamped_and_counted(practice, signed_in, pm):
    item_id = order(pm)
    desk = signed_in("service.desk")
    before = practice.records("sc_req_item", sys_id=item_id)[0]
    reply = desk.patch(
        f"api/now/table/sc_req_item/{item_id}",
        json={
            "description": "new",
            "sys_id": "x",
            "sys_mod_count": "99",
            "sys_class_name": "task",
            "none": "x",
        },
    )
    assert reply.status_code == 200
    after = practice.records("sc_req_item", sys_id=item_id)[0]
    assert after["description"] == "new"
    assert int(after["sys_mod_count"]) == int(before["sys_mod_count"]) + 1
    assert (after["sys_updated_by"], after["sys_created_by"]) == ("service.desk", "privman.integration")
    assert after["sys_class_name"] == "sc_req_item"


def test_a_journal_keeps_entries_and_no_value(practice, pm):
    item_id = order(pm)
    for text in ("one", "two", " "):
        reply = pm.patch(f"api/now/table/sc_req_item/{item_id}", json={"work_notes": text})
        assert reply.json()["result"]["work_notes"] == ""
    entries = practice.records("sys_journal_field", element_id=item_id, element="work_notes")
    assert [(entry["value"], entry["sys_created_by"]) for entry in entries] == [
        ("one", "privman.integration"),
        ("two", "privman.integration"),
    ]


def test_a_record_is_made_read_and_removed(practice, signed_in):
    admin = signed_in("admin")
    made = admin.post("api/now/table/sc_category", json={"title": "New", "active": True})
    assert made.status_code == 201
    key = made.json()["result"]["sys_id"]
    assert re.fullmatch("[0-9a-f]{32}", key)
    assert practice.records("sc_category", sys_id=key)[0]["active"] == "true"
    assert admin.delete(f"api/now/table/sc_category/{key}").status_code == 204
    assert admin.get(f"api/now/table/sc_category/{key}").status_code == 404


# -- recorded --------------------------------------------------------------------------


def body_of(practice, client, kind):
    match kind:
        case "401":
            client.auth = ("admin", "wrong")
            return client.get("api/now/table/sc_catalog")
        case "403":
            practice.faults.set("forbidden")
            return client.get("api/now/table/sc_catalog")
        case "404":
            return client.patch("api/now/table/sc_catalog/none", json={})
        case "429":
            practice.faults.set("rate_limited", seconds=30)
            return client.get("api/now/table/sc_catalog")
    raise AssertionError(kind)


@pytest.mark.parametrize(
    ("kind", "message", "file"),
    [
        ("401", "User Not Authenticated", "rest_error_401_user_not_authenticated.json"),
        ("403", "Insufficient rights to query records", "rest_error_403_insufficient_rights_query.json"),
        ("429", "Rate limit exceeded", "rest_error_429_rate_limit.json"),
    ],
)
def test_errors_are_worded_as_recorded(practice, signed_in, kind, message, file):
    reply = body_of(practice, signed_in("admin"), kind)
    assert reply.status_code == int(kind)
    body = reply.json()
    assert body["error"]["message"] == message
    assert body["status"] == "failure"
    known = recorded(file)
    if known is not None:
        assert body == json.loads(known)


def test_a_limited_call_says_when_to_come_back(practice, signed_in):
    headers = body_of(practice, signed_in("admin"), "429").headers
    assert headers["retry-after"] == "30"
    assert headers["x-ratelimit-limit"] == "100"


def test_answers_carry_the_recorded_headers(pm):
    headers = pm.get("api/now/table/sc_catalog").headers
    expected = {"x-is-logged-in", "x-transaction-id", "pragma", "cache-control", "expires", "content-type", "date",
                "server", "set-cookie"}  # fmt: skip
    assert expected <= set(headers)
    assert headers["server"] == "ServiceNow"
    assert headers["content-type"] == "application/json;charset=UTF-8"
    assert "etag" not in headers
    known = recorded("headers_2020_recorded.txt")
    if known is not None:
        said = dict(re.findall(r"^([\w-]+): (.*)$", known, re.MULTILINE))
        for name in ("Pragma", "Cache-control", "Expires", "Server", "X-Is-Logged-In"):
            assert headers[name] == said[name]
