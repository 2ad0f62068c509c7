"""Proposals and bodies for any schema: nothing that a mapping gives leaves the schema, and nothing breaks on odd ones."""

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import utcnow
from models.kinds import RequestState
from services.answers.answer import Answer
from services.answers.approval_body import (
    AnswerMapping,
    DurationForm,
    PropertySource,
    Source,
    build_body,
    check_mapping,
    describe_change,
    suggest_mapping,
)
from services.answers.approval_client import json_schema
from services.common.errors import ConsoleError
from services.privilege_manager.schemas import SchemaReader

FINAL = [state for state in RequestState if state.is_final]
NAMES = st.sampled_from(
    ["approvalId", "ApprovalID", "requestId", "id", "response", "status", "isApproved", "approved", "comment",
     "Comments", "approverName", "approvedBy", "durationMinutes", "duration", "hours", "type", "x", "ticket_number"]
)  # fmt: skip
PROPERTY = st.one_of(
    st.sampled_from(
        [{"type": "string"}, {"type": "string", "maxLength": 3}, {"type": "boolean"}, {"type": "integer"}, {},
         {"type": "string", "enum": ["Approve", "Deny"]}, {"type": "string", "enum": ["approved", "Rejected", "Pending"]},
         {"type": "string", "enum": ["Approve"]}, {"type": "integer", "enum": [0, 1]}, {"type": "object"},
         {"type": "array"}, {"enum": []}, {"type": ["string", "null"]}]
    ),
)  # fmt: skip
SCHEMAS = st.builds(
    lambda properties, required: {"type": "object", "properties": properties, "required": sorted(required)},
    st.dictionaries(NAMES, PROPERTY, min_size=1),
    st.sets(NAMES, max_size=4),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def answer_of(state=RequestState.APPROVED, duration_s=0, comment="Fine"):
    return Answer(
        uuid.uuid4(), uuid.uuid4(), "a", "pm-1", state, comment, "Ada", utcnow(), "RITM1", "", duration_s
    )


def attempt(call):
    """Return what a call returns; None where it ends with a fault of a delivery. Anything else is raised."""
    try:
        return call()
    except ConsoleError as error:
        if not error.problem.fault.startswith("delivery-"):
            raise
        return None


@given(SCHEMAS, st.sampled_from(FINAL), st.integers(0, 100000), st.text(max_size=30))
def test_a_proposal_gives_a_body_of_the_schema_or_a_clear_fault(schema, state, duration_s, comment):
    mapping = suggest_mapping(schema)
    assert mapping.schema_hash == ""
    confirmed = mapping.confirmed_for(schema)
    answer = answer_of(state, duration_s, comment)
    body = attempt(lambda: build_body(schema, confirmed, answer))
    if body is None:
        return
    assert set(body) <= set(schema["properties"])
    assert set(schema["required"]) <= set(body)
    assert "pm-1" in body.values()
    for name, value in body.items():
        described = schema["properties"][name]
        assert "enum" not in described or value in described["enum"]
        assert described.get("type") != "boolean" or isinstance(value, bool)
        assert len(str(value)) <= described.get("maxLength", 10**6)
    json.dumps(body)


@given(JSON.filter(lambda value: isinstance(value, dict)), JSON)
def test_odd_schemas_and_mappings_end_in_a_fault(schema, stored):
    for text in (json.dumps({"properties": stored}), json.dumps(stored)):
        mapping = attempt(lambda text=text: AnswerMapping.from_text(text))
        if mapping is not None:
            attempt(lambda mapping=mapping: check_mapping(schema, mapping))
    attempt(lambda: suggest_mapping(schema))


@pytest.mark.parametrize(
    ("name", "described", "expected"),
    [
        ("ApprovalId", {"type": "string"}, PropertySource(Source.APPROVAL_ID)),
        ("requestGuid", {"type": "string"}, None),
        ("response", {"type": "string", "enum": ["Approve", "Deny"]}, PropertySource(Source.DECISION, "Approve", "Deny")),
        ("status", {"type": "string", "enum": ["Approved", "Rejected", "Pending"]}, PropertySource(Source.DECISION, "Approved", "Rejected")),
        ("kind", {"type": "string", "enum": ["OneTime", "Timed"]}, None),
        ("Approved", {"type": "boolean"}, PropertySource(Source.DECISION, approved=True, denied=False)),
        ("denied", {"type": "boolean"}, None),
        ("ApproverComment", {"type": "string"}, PropertySource(Source.COMMENT)),
        ("durationInHours", {"type": "integer"}, PropertySource(Source.DURATION, unit_s=3600)),
        ("duration", {"type": "integer"}, None),
        ("duration", {"type": "string", "format": "duration"}, None),
        ("duration", {"type": "string", "format": "time-span"}, PropertySource(Source.DURATION, form=DurationForm.TIMESPAN)),
        ("isOneTime", {"type": "boolean"}, PropertySource(Source.ONE_TIME, approved=True, denied=False)),
    ],
)  # fmt: skip
def test_proposals_by_name_and_type(name, described, expected):
    assert suggest_mapping({"properties": {name: described}}).properties.get(name) == expected


def test_a_duration_counts_only_for_approvals_with_one():
    schema = {
        "properties": {"id": {"type": "string"}, "hours": {"type": "integer"}, "ok": {"type": "boolean"}}
    }
    confirmed = suggest_mapping(schema).confirmed_for(schema)
    sources = dict(confirmed.properties) | {
        "ok": PropertySource(Source.DECISION, approved=True, denied=False)
    }
    confirmed = AnswerMapping(sources).confirmed_for(schema)
    assert build_body(schema, confirmed, answer_of(duration_s=5400)) == {"id": "pm-1", "hours": 2, "ok": True}
    assert build_body(schema, confirmed, answer_of()) == {"id": "pm-1", "ok": True}
    denied = build_body(schema, confirmed, answer_of(RequestState.CANCELLED, 5400))
    assert denied == {"id": "pm-1", "ok": False}


@pytest.mark.parametrize(
    ("source", "described", "once", "timed"),
    [
        (PropertySource(Source.DURATION, form=DurationForm.TIMESPAN), {"type": "string"}, None, "1.02:03:04"),
        (PropertySource(Source.DURATION, form=DurationForm.ISO8601), {"type": "string"}, None, "PT93784S"),
        (PropertySource(Source.DURATION, unit_s=86400), {"type": "string"}, None, "2"),
        (PropertySource(Source.ONE_TIME, True, False), {"type": "boolean"}, True, False),
        (PropertySource(Source.ONE_TIME, "Once", "Timed"), {"type": "string", "enum": ["Once", "Timed"]}, "Once", "Timed"),
    ],
)  # fmt: skip
def test_one_time_and_for_a_duration(source, described, once, timed):
    schema = {"properties": {"id": {"type": "string"}, "x": described}}
    confirmed = AnswerMapping({"id": PropertySource(Source.APPROVAL_ID), "x": source}).confirmed_for(schema)
    assert AnswerMapping.from_text(confirmed.as_text()) == confirmed
    assert build_body(schema, confirmed, answer_of()).get("x") == once
    assert build_body(schema, confirmed, answer_of(duration_s=93784)).get("x") == timed


def test_a_changed_schema_is_told_by_the_properties_that_changed():
    text, number = {"type": "string"}, {"type": "integer"}
    before = {"properties": {"id": text, "old": text, "minutes": number}, "required": ["id"]}
    mapping = AnswerMapping.from_text(suggest_mapping(before).confirmed_for(before).as_text())
    now = {"properties": {"id": text, "minutes": text, "key": text}, "required": ["id"]}
    assert describe_change(now, mapping) == "New: key. Gone: old. Described in another way: minutes."
    assert describe_change({**before, "required": ["id", "old"]}, mapping) == "Described in another way: old."
    assert describe_change({}, mapping) == "Gone: id, minutes, old."
    assert describe_change(now, AnswerMapping({}, mapping.schema_hash)) == "", (
        "an earlier version kept no marks"
    )


def test_the_length_that_a_server_describes_counts():
    described = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}, "comment": {"type": "string", "maxLength": 3}},
    }
    assert json_schema(SchemaReader({}).read(described)) == described
