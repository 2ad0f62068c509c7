"""Items and reports in replies: what is absent or odd stays unknown, and nothing is made up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.privilege_manager.api_items import (
    FilterRole,
    ItemList,
    Members,
    read_action,
    read_filter,
    read_policy,
)
from services.privilege_manager.reports import read_report
from services.privilege_manager.task_parameters import (
    boolean_parameter,
    guid_parameter,
    text_parameter,
)
from tests.services.privilege_manager.client_support import ACTION, FILTER, POLICY
from tests.services.privilege_manager.test_swagger import JSON

WHOLE = {
    "$type": "Thycotic.Data.Contracts.ApplicationControl.Policy.ApplicationControlPolicyContract, Some.Assembly",
    "ItemId": POLICY.upper(),
    "Name": "Elevate",
    "Description": "",
    "Enabled": True,
    "Priority": 9,
    "ApplicationActionIds": [ACTION.upper(), f"{{{FILTER}}}"],
    "ChildApplicationActionIds": [],
    "DefaultResourceTargetIds": [{"Id": FILTER}],
    "PositiveFileFilterIds": [FILTER],
    "ManditoryFilterIds": None,
    "Tags": ["pm.platform.windows"],
}


def test_a_whole_policy_is_read():
    policy = read_policy(WHOLE)
    assert (policy.item_id, policy.name, policy.description) == (POLICY, "Elevate", "")
    assert policy.contract == "ApplicationControlPolicyContract"
    assert (policy.active, policy.priority, policy.tags) == (True, 9, ("pm.platform.windows",))
    assert (policy.action_ids, policy.child_action_ids) == ((ACTION, FILTER), ())
    assert policy.target_ids == (FILTER,)
    assert policy.filter_ids == {
        FilterRole.APPLICATION_TARGET: (FILTER,),
        FilterRole.INCLUSION: None,
        FilterRole.EXCLUSION: None,
    }
    assert policy.document is WHOLE


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in ("ItemId", "$type")])
def test_a_member_that_is_absent_is_unknown_and_the_others_stay(name):
    whole, partly = read_policy(WHOLE), read_policy({k: v for k, v in WHOLE.items() if k != name})
    assert partly != whole or WHOLE[name] is None
    assert partly.item_id == whole.item_id


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("False", False), ("yes", None), (1, None), (None, None), ([], None)],
)
def test_a_boolean_is_one_or_unknown(value, expected):
    assert Members({"enabled": value}).boolean("Enabled") is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), ("10", 10), (True, None), (1.5, None), ("x", None), ("9" * 40, None), ("٣", None)],
)
def test_a_number_is_one_or_unknown(value, expected):
    assert Members({"Priority": value}).integer("Priority") == expected


@pytest.mark.parametrize("value", [None, {}, "x", 3, [None], ["x"], [ACTION, 3], [{"Name": "no id"}]])
def test_a_list_with_anything_but_ids_is_unknown(value):
    assert Members({"ApplicationActionIds": value}).ids("ApplicationActionIds") is None


@pytest.mark.parametrize(
    "row", [None, [], "x", 3, {}, {"ItemId": ""}, {"ItemId": "x"}, {"ItemId": 3}, {"Name": "A"}]
)
def test_a_row_without_an_id_is_no_item(row):
    assert read_action(row) is read_filter(row) is read_policy(row) is None


def test_characters_that_no_store_takes_are_replaced():
    assert read_action({"Id": ACTION, "Name": "a\x00\ud800b"}).name == "a\ufffd\ufffdb"


@given(st.dictionaries(st.sampled_from(["Id", *WHOLE]) | st.text(max_size=5), JSON, max_size=8))
def test_any_row_is_an_item_or_none(row):
    for read in (read_action, read_filter, read_policy):
        item = read({**row, "ItemId": POLICY})
        assert item is not None
        assert item.item_id == POLICY


def test_a_list_knows_whether_it_is_complete():
    items = (read_action({"Id": ACTION}),)
    assert ItemList(items).complete
    assert ItemList(items, 1).complete
    assert not ItemList(items, 2).complete
    assert not ItemList(items, 0).complete
    assert not ItemList(items, None, 1).complete
    assert ItemList(items).find("x") is None


def columns(*names):
    return [
        {"field": f"[{i}]", "title": f"T {name}", "columnName": name, "hidden": name[0] == "_", "dataType": "System.String"}
        for i, name in enumerate(names)
    ]  # fmt: skip


@pytest.mark.parametrize("member", ["Rows", "rows", "Data", "Results", "anything"])
def test_rows_are_the_list_of_arrays(member):
    report = read_report(
        {"$type": "X", "Columns": columns("_ItemId", "Name"), member: [["1", "a"], ["2", "b"]], "Other": [1]}
    )
    assert report.values("name") == ("a", "b")
    assert [column.hidden for column in report.columns] == [True, False]
    assert list(report.records())[1] == {"_ItemId": "2", "Name": "b"}


def test_an_empty_report_has_columns():
    report = read_report({"Columns": columns("Name"), "Rows": []})
    assert (len(report.columns), report.rows) == (1, ())
    assert read_report({"Columns": columns("Name"), "Data": []}).rows == ()


def test_a_short_row_is_counted_and_left_out():
    report = read_report({"Columns": columns("A", "B"), "Rows": [["1", "2"], ["1"], None]})
    assert (report.rows, report.unreadable) == ((("1", "2"),), 2)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Columns": columns("A")},
        {"Columns": "A", "Rows": []},
        {"Columns": [None], "Rows": []},
        {"Columns": [{"field": "[1]", "columnName": "A"}], "Rows": []},
        {"Columns": [{}], "Rows": []},
        {"Columns": columns("A"), "First": [["1"]], "Second": [["2"]]},
    ],
    ids=str,
)
def test_what_cannot_be_assigned_is_no_report(body):
    assert read_report(body) is None


@given(st.dictionaries(st.sampled_from(["Columns", "Rows", "Data"]) | st.text(max_size=5), JSON, max_size=5))
def test_any_reply_is_a_report_or_none(body):
    report = read_report(body)
    assert report is None or all(len(row) >= len(report.columns) for row in report.rows)


def test_parameters_name_their_types():
    found = [text_parameter("A", "x"), boolean_parameter("B", True), guid_parameter("C", ACTION)]
    assert [one.as_json()["Value"]["ValueType"] for one in found] == [
        "System.String",
        "System.Boolean",
        "System.Guid",
    ]
