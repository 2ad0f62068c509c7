"""What provisioning meets on an instance: who may write what, mandatory columns, stamps, what a deletion leaves."""

import pytest

from services.practice import PracticeInstance
from services.practice.initial_data import EXECUTE_ITEM_ID, WORKFLOW
from services.practice.schema import TABLES
from services.servicenow.script_templates import MARKER_COLUMN, item_marker

WEB_SERVICES = {"sys_web_service", "sys_web_service_input", "sys_web_service_output"}
CATALOGUE = {"sc_category", "sc_cat_item", "item_option_new", "item_option_new_set", "io_set_item"}
OTHERS = {
    "wf_workflow",
    "sys_properties",
    "sys_dictionary",
    "sys_user",
    "sys_user_has_role",
    "sys_audit_delete",
    "sc_catalog",
}
MAY = {
    "admin": WEB_SERVICES | CATALOGUE | OTHERS,
    "privman.integration": WEB_SERVICES,
    "privman.documented": WEB_SERVICES,
    "catalog.admin": CATALOGUE,
    "service.desk": set(),
    "app.approver": set(),
    "no.roles": set(),
}
MANDATORY = {
    "sys_web_service": "name",
    "sys_web_service_input": "name",
    "sys_web_service_output": "name",
    "sc_category": "title",
    "sc_cat_item": "name",
    "item_option_new": "name",
}


@pytest.mark.parametrize("account", MAY)
def test_an_account_makes_changes_and_deletes_what_its_roles_allow(practice, signed_in, account):
    client, admin = signed_in(account), signed_in("admin")
    for table in sorted(WEB_SERVICES | CATALOGUE | OTHERS):
        allowed = table in MAY[account]
        values = {MANDATORY[table]: "Tried"} if table in MANDATORY else {}
        made = client.post(f"api/now/table/{table}", json=values)
        assert made.status_code == (201 if allowed else 403), table
        if not allowed:
            assert made.json()["error"]["detail"] == "ACL Exception Insert Failed due to security constraints"
        key = (made if allowed else admin.post(f"api/now/table/{table}", json=values)).json()["result"][
            "sys_id"
        ]
        changed = client.patch(f"api/now/table/{table}/{key}", json=values)
        gone = client.delete(f"api/now/table/{table}/{key}")
        assert (changed.status_code, gone.status_code) == ((200, 204) if allowed else (403, 403)), table
        if not allowed:
            assert "Update Failed" in changed.json()["error"]["detail"]
            assert "Delete Failed" in gone.json()["error"]["detail"]
            assert admin.delete(f"api/now/table/{table}/{key}").status_code == 204
        assert client.delete(f"api/now/table/{table}/{key}").status_code == (404 if allowed else 403)


@pytest.mark.parametrize("account", ["privman.integration", "app.approver", "service.desk"])
def test_only_an_administrator_deletes_requests_and_approvals(practice, signed_in, account):
    from tests.services.practice.soaping import order

    item = order(signed_in("privman.integration"))
    approval = practice.records("sysapproval_approver", sysapproval=item)[0]["sys_id"]
    for table, key in (("sc_req_item", item), ("sysapproval_approver", approval)):
        assert signed_in(account).delete(f"api/now/table/{table}/{key}").status_code == 403
        assert signed_in("admin").delete(f"api/now/table/{table}/{key}").status_code == 204


@pytest.mark.parametrize(("table", "column"), MANDATORY.items())
def test_a_mandatory_column_is_not_left_empty(practice, signed_in, table, column):
    admin = signed_in("admin")
    assert practice.records("sys_dictionary", name=table, element=column)[0]["mandatory"] == "true"
    before = len(practice.records(table))
    for values in ({}, {column: ""}, {column: "  "}, {column: None}):
        refused = admin.post(f"api/now/table/{table}", json=values)
        assert refused.status_code == 403
        error = refused.json()["error"]
        assert error["message"] == "Operation Failed"
        assert error["detail"].startswith("Data Policy Exception: The following fields are mandatory: ")
    assert len(practice.records(table)) == before
    key = admin.post(f"api/now/table/{table}", json={column: "Tried"}).json()["result"]["sys_id"]
    assert admin.patch(f"api/now/table/{table}/{key}", json={column: ""}).status_code == 403
    assert admin.patch(f"api/now/table/{table}/{key}", json={"order": "1"}).status_code == 200
    assert practice.records(table, sys_id=key)[0][column] == "Tried"
    admin.delete(f"api/now/table/{table}/{key}")


def test_a_record_carries_who_when_and_how_often(practice, signed_in):
    catalog, admin = signed_in("catalog.admin"), signed_in("admin")
    made = catalog.post(
        "api/now/table/sc_category",
        json={"title": "New", "sys_created_by": "somebody", "sys_mod_count": "7", "sc_catalog": "0" * 32},
    ).json()["result"]
    assert (made["sys_created_by"], made["sys_updated_by"], made["sys_mod_count"]) == (
        "catalog.admin",
        "catalog.admin",
        "0",
    )
    assert made["sys_created_on"] == made["sys_updated_on"]
    # An instance takes a reference to nothing.
    assert made["sc_catalog"]["value"] == "0" * 32
    address = f"api/now/table/sc_category/{made['sys_id']}"
    same = admin.patch(address, json={"title": "New"}).json()["result"]
    assert (same["sys_updated_by"], same["sys_mod_count"]) == ("catalog.admin", "0")
    changed = admin.patch(address, json={"title": "Newer"}).json()["result"]
    assert (changed["sys_created_by"], changed["sys_updated_by"], changed["sys_mod_count"]) == (
        "catalog.admin",
        "admin",
        "1",
    )
    admin.delete(address)


def test_a_deletion_is_noted_and_takes_nothing_along(practice, signed_in):
    admin = signed_in("admin")
    item = admin.post("api/now/table/sc_cat_item", json={"name": "Doomed"}).json()["result"]["sys_id"]
    variable = admin.post(
        "api/now/table/item_option_new", json={"name": "V", "question_text": "V", "cat_item": item}
    ).json()["result"]["sys_id"]
    assert admin.delete(f"api/now/table/sc_cat_item/{item}").status_code == 204
    (noted,) = practice.records("sys_audit_delete", documentkey=item)
    assert (noted["tablename"], noted["display_value"], noted["sys_created_by"]) == (
        "sc_cat_item",
        "Doomed",
        "admin",
    )
    assert noted["sys_created_on"]
    assert len(practice.records("item_option_new", sys_id=variable)) == 1
    admin.delete(f"api/now/table/item_option_new/{variable}")
    for account, sees in (("admin", True), ("privman.integration", False)):
        found = signed_in(account).get(
            "api/now/table/sys_audit_delete", params={"sysparm_query": f"documentkey={item}"}
        )
        assert bool(found.json()["result"]) == sees


def test_a_deletion_that_finds_nothing_notes_nothing(practice, signed_in):
    before = len(practice.records("sys_audit_delete"))
    assert signed_in("admin").delete(f"api/now/table/sc_cat_item/{'0' * 32}").status_code == 404
    assert len(practice.records("sys_audit_delete")) == before


def test_the_dictionary_describes_every_column_once(practice):
    described = [(row["name"], row["element"]) for row in practice.records("sys_dictionary")]
    assert len(set(described)) == len(described)
    for table, spec in TABLES.items():
        for column in spec.columns:
            assert (table, column) in described or (spec.extends, column) in described
    (parent,) = practice.records("sys_dictionary", name="sys_web_service_input", element="web_service")
    assert (parent["internal_type"], parent["reference"]) == ("reference", "sys_web_service")


def test_the_stock_item_has_marker_and_workflow():
    stock, empty = PracticeInstance(), PracticeInstance(state="empty")
    (item,) = stock.records("sc_cat_item", sys_id=EXECUTE_ITEM_ID)
    assert item[MARKER_COLUMN] == item_marker("")
    (flow,) = stock.records("wf_workflow", sys_id=item["workflow"])
    assert (flow["name"], flow["table"]) == (WORKFLOW, "sc_req_item")
    assert empty.records("wf_workflow") != []
    assert empty.records("sc_cat_item", sys_id=EXECUTE_ITEM_ID) == []
    assert empty.records("sc_category", title="Thycotic") == []
    assert [row["name"] for row in empty.records("sys_web_service")] == ["InstanceInfo"]
    assert empty.records("sys_web_service_input") == []
    for instance in (stock, empty):
        instance.stop()
