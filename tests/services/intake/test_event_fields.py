"""Fields of events: every value by its pointer, suggestions by name, and the state of each variable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import InvalidError
from services.intake.event_fields import (
    FIELDS_MAX,
    MAPPED_VARIABLES,
    VALUE_MAX,
    RowState,
    flatten_event,
    mapping_rows,
    missing_variables,
    pointer_source,
    read_event,
    suggest_fields,
    with_variable,
)
from services.intake.payload_mapping import JsonPointer
from services.practice.privilege_manager.options import EVENT_MEMBERS
from services.servicenow.contract import VARIABLES

GUID = "5f0c7b1e-9d24-4c7a-b8a1-20f6c1d4e377"
NESTED = {
    "ApprovalId": GUID,
    "User": {"Id": GUID, "Name": "ACME\\bo"},
    "Policy": {"Id": GUID, "Name": "Installers"},
    "Computer": {"Id": GUID, "Name": "LT-40213"},
    "File": {"Path": "C:\\a.exe"},
    "Reason": "Tools",
}

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=30,
)


@given(st.dictionaries(st.text(max_size=8), values, max_size=6))
def test_every_pointer_leads_to_its_value(payload):
    fields, is_cut = flatten_event(payload)
    assert not is_cut
    assert len({field.pointer for field in fields}) == len(fields)
    for field in fields:
        found = JsonPointer(field.pointer, optional=True).read(payload)
        if field.is_empty:
            assert found == ""
        else:
            assert field.value == found[:VALUE_MAX]


@given(st.dictionaries(st.text(max_size=8), values, max_size=6))
def test_suggestions_are_fields_and_none_is_given_twice(payload):
    fields, _ = flatten_event(payload)
    found = suggest_fields(fields)
    assert set(found) <= set(MAPPED_VARIABLES)
    assert len(set(found.values())) == len(found)
    assert set(found.values()) <= {field.pointer for field in fields}


@given(st.text(max_size=200))
def test_any_body_can_be_read(body):
    assert read_event(body) is None or isinstance(read_event(body), dict)


def test_what_is_too_much_is_cut_and_said():
    assert flatten_event({str(n): n for n in range(FIELDS_MAX + 1)})[1]
    assert flatten_event({"a": list(range(FIELDS_MAX + 1))})[1]
    deep = value = {}
    for _ in range(100):
        value["a"] = value = {}
    value["a"] = 1
    assert flatten_event(deep) == ([], True)
    [field] = flatten_event({"a": "x" * 10_000})[0]
    assert len(field.value) == VALUE_MAX


def test_names_of_flat_and_nested_events_are_recognised():
    flat, _ = flatten_event(dict.fromkeys(EVENT_MEMBERS, GUID))
    assert suggest_fields(flat) == {name: f"/{name.removeprefix('PM')}" for name in MAPPED_VARIABLES}
    nested, _ = flatten_event(NESTED)
    assert suggest_fields(nested) == {
        "PMApprovalId": "/ApprovalId",
        "PMInitiatorId": "/User/Id",
        "PMInitiatorName": "/User/Name",
        "PMPolicyId": "/Policy/Id",
        "PMPolicyName": "/Policy/Name",
        "PMAgentId": "/Computer/Id",
        "PMAgentName": "/Computer/Name",
        "PMFilePath": "/File/Path",
        "PMUserReason": "/Reason",
    }


def test_unrelated_names_are_not_suggested():
    fields, _ = flatten_event({"Version": 3, "Server": {"Url": "https://x"}, "Name": "System", "Id": 7})
    assert suggest_fields(fields) == {}


def test_a_suggestion_is_not_a_mapping():
    rows = {row.variable: row for row in mapping_rows({}, NESTED)}
    assert tuple(rows) == VARIABLES
    assert (rows["PMFilePath"].state, rows["PMFilePath"].value) == (RowState.SUGGESTED, "C:\\a.exe")
    assert not rows["PMFilePath"].is_done
    assert rows["PMProcessId"].state is RowState.FILLED_IN
    assert missing_variables({}) == list(MAPPED_VARIABLES)


def test_every_state_of_a_variable():
    document = {
        "id": "/ApprovalId",
        "PMInitiatorName": {"join": ["/User/Name", {"const": "!"}]},
        "PMPolicyName": {"const": "Always this"},
        "PMPolicyId": {"const": ""},
        "PMUserReason": {"pointer": "/Nowhere", "optional": True},
    }
    rows = {row.variable: row for row in mapping_rows(document, NESTED)}
    assert rows["PMApprovalId"].value == GUID
    assert (rows["PMInitiatorName"].source, rows["PMInitiatorName"].value) == (
        "/User/Name + “!”", "ACME\\bo!",
    )  # fmt: skip
    assert rows["PMPolicyName"].state is RowState.FIXED
    assert rows["PMPolicyId"].state is RowState.LEFT_EMPTY
    assert rows["PMUserReason"].state is RowState.NOT_IN_EVENT
    assert rows["PMAgentId"].state is RowState.SUGGESTED
    assert {row.state for row in mapping_rows({}, None)} == {RowState.UNKNOWN, RowState.FILLED_IN}
    assert {row.state for row in mapping_rows({}, {"x": 1})} == {RowState.NOT_MAPPED, RowState.FILLED_IN}


def test_a_variable_gets_a_source_and_loses_it():
    document = with_variable({}, "PMApprovalId", pointer_source("PMApprovalId", "/ApprovalId"))
    assert document == {"id": "/ApprovalId"}
    document = with_variable(document, "PMFilePath", pointer_source("PMFilePath", "/File/Path"))
    assert document["PMFilePath"] == {"pointer": "/File/Path", "optional": True}
    assert with_variable(document, "PMFilePath", None) == {"id": "/ApprovalId"}
    with pytest.raises(InvalidError):
        with_variable({}, "PMApprovalId", {"const": "same"})
