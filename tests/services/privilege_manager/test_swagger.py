"""Swagger documents: every spelling of addresses, references, changes, and documents that describe nothing."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import ConsoleError
from services.privilege_manager import Operation
from services.privilege_manager.operations import find_operation_reason
from services.privilege_manager.schemas import DEPTH_MAX, Schema, SchemaReader
from services.privilege_manager.swagger import parse_description
from tests.services.privilege_manager.client_support import paths_of, swagger_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


def parse(document):
    return parse_description(json.dumps(document).encode(), "Read")


@pytest.mark.parametrize("prefix", ["", "/services", "/TMS/services", "/Tms/Services"])
@pytest.mark.parametrize("base", ["/", "/TMS", "/tms/services", None])
def test_operations_are_found_wherever_the_virtual_directory_stands(prefix, base):
    document = swagger_of(paths=paths_of(*Operation, prefix=prefix))
    if base is None:
        del document["basePath"]
    else:
        document["basePath"] = base
    found = parse(document)
    assert found.missing == ()
    for operation, described in found.operations.items():
        values = ["1", "true"][: operation.path.count("{}")]
        expected = operation.path
        for value in values:
            expected = expected.replace("{}", value, 1)
        assert described.address(*values) == f"services{expected}"


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_case_does_not_matter_and_the_document_s_spelling_is_called(change):
    document = swagger_of()
    document["paths"] = {change(path): entry for path, entry in document["paths"].items()}
    found = parse(document)
    assert found.missing == ()
    assert found.operations[Operation.VERSION].path == change("/api/v1/version/Current")


@pytest.mark.parametrize("operation", Operation, ids=str)
def test_each_operation_can_be_missing_alone(operation):
    found = parse(swagger_of(*(one for one in Operation if one is not operation)))
    assert found.missing == (operation,)
    assert operation not in found
    reason = find_operation_reason(operation)
    assert operation.label in reason
    assert operation.path in reason
    with pytest.raises(ConsoleError) as raised:
        found.require(operation, "Try")
    assert raised.value.problem.fault == "privilege-manager-operation-missing"


def test_a_list_is_not_taken_for_an_item_nor_the_reverse():
    found = parse(swagger_of(Operation.LIST_ACTIONS))
    assert set(found.operations) == {Operation.LIST_ACTIONS}
    found = parse(swagger_of(Operation.READ_ACTION))
    assert set(found.operations) == {Operation.READ_ACTION}


@pytest.mark.parametrize(
    "path", ["/api/v2/actions/GetAll", "/api/v1/actions/GetAll/more", "/api/v1/action/GetAll", "actions", "/"]
)
def test_other_paths_are_unknown(path):
    found = parse(swagger_of(paths={path: {"get": {}}}))
    assert not found.operations
    assert found.unknown_paths == (path,)


def test_another_method_is_another_operation():
    found = parse(swagger_of(paths={"/api/v1/actions/GetAll": {"post": {}}}))
    assert not found.operations


def test_post_is_preferred_for_switching_a_policy():
    both = {"/api/v1/policies/{id}/enable/{enable}": {"get": {}, "post": {}}}
    assert parse(swagger_of(paths=both)).operations[Operation.SET_ACTIVE].method == "POST"


def test_values_in_addresses_are_quoted():
    described = parse(swagger_of()).operations[Operation.READ_ACTION]
    assert described.address("../a?b#c") == "services/api/v1/actions/..%2Fa%3Fb%23c"


ANSWER = {
    "type": "object",
    "required": ["Id", "Response"],
    "properties": {
        "Id": {"type": "string", "format": "uuid", "description": "Which request"},
        "Response": {"type": "string", "enum": ["Yes", "No"], "default": "No"},
        "Until": {"$ref": "#/definitions/Until"},
        "Parts": {"type": "array", "items": {"$ref": "#/definitions/Part"}},
    },
}
DEFINITIONS = {
    "Answer": ANSWER,
    "Until": {"type": "object", "properties": {"Minutes": {"type": "integer", "format": "int32"}}},
    "Part": {"type": "object", "properties": {"Whole": {"$ref": "#/definitions/Answer"}}},
    "Derived": {
        "allOf": [
            {"$ref": "#/definitions/Until"},
            {"required": ["X"], "properties": {"X": {"type": "string"}}},
        ]
    },
}


def approval(schema, **changes):
    document = swagger_of(definitions=copy.deepcopy(DEFINITIONS), **changes)
    entry = document["paths"]["/api/v1/approval/approve"]["post"]
    entry["parameters"] = [{"name": "body", "in": "body", "schema": schema}]
    return document


def test_references_are_resolved_and_loops_cut():
    schema = parse(approval({"$ref": "#/definitions/Answer"})).operations[Operation.SEND_ANSWER].body
    assert (schema.name, schema.type, schema.required) == ("Answer", "object", {"Id", "Response"})
    assert schema.properties["Id"] == Schema("string", "uuid", "Which request")
    assert schema.properties["Response"].enum == ("Yes", "No")
    assert schema.properties["Response"].default == "No"
    assert schema.properties["Until"].name == "Until"
    assert schema.properties["Until"].properties["Minutes"].type == "integer"
    part = schema.properties["Parts"].items
    assert part.name == "Part"
    assert part.properties["Whole"] == Schema(name="Answer", cut=True)


def test_parts_of_a_schema_are_merged():
    schema = parse(approval({"$ref": "#/definitions/Derived"})).operations[Operation.SEND_ANSWER].body
    assert set(schema.properties) == {"Minutes", "X"}
    assert schema.required == {"X"}
    assert schema.type == "object"


@pytest.mark.parametrize("reference", ["#/definitions/Nothing", "other.json#/A", "", 7])
def test_a_reference_that_leads_nowhere_is_cut(reference):
    schema = SchemaReader(DEFINITIONS).read({"properties": {"A": {"$ref": reference}}})
    assert schema.properties["A"].cut or reference == 7


def test_endless_depth_and_breadth_end():
    deep = {"type": "string"}
    for _ in range(DEPTH_MAX * 3):
        deep = {"type": "array", "items": deep}
    assert SchemaReader({}).read(deep).type == "array"
    wide = {
        f"D{i}": {"properties": {c: {"$ref": f"#/definitions/D{i + 1}"} for c in "abcdef"}} for i in range(11)
    }
    assert SchemaReader(wide).read({"$ref": "#/definitions/D0"}).name == "D0"


def test_the_order_of_a_document_does_not_matter_and_its_content_does():
    document = approval({"$ref": "#/definitions/Answer"})
    turned = {key: copy.deepcopy(document[key]) for key in reversed(document)}
    turned["host"] = "other.example.com"
    assert parse(document).fingerprint == parse(turned).fingerprint
    document["definitions"]["Answer"]["properties"]["Response"]["enum"].append("Later")
    changed = parse(document)
    assert changed.fingerprint != parse(turned).fingerprint
    own = Operation.SEND_ANSWER
    assert changed.operations[own].fingerprint != parse(turned).operations[own].fingerprint


def test_parameters_are_recorded_and_shared_ones_resolved():
    document = swagger_of(parameters={"Name": {"name": "InstanceName", "in": "query", "type": "string"}})
    task = document["paths"]["/api/v1/tasks/{p0}"]
    task["parameters"] = [{"$ref": "#/parameters/Name"}]
    described = parse(document).operations[Operation.RUN_TASK]
    assert described.query_name("instanceName") == "InstanceName"
    assert described.query_name("p0") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"[]", b"null", b'"2.0"', b"[" * 100_000, b'{"swagger": 2.0, "paths": {}}', b'{"swagger": "2.0", "paths": []}'],
)  # fmt: skip
def test_what_is_no_swagger_document_is_refused(content):
    with pytest.raises(ConsoleError) as raised:
        parse_description(content, "Read")
    assert raised.value.problem.fault == "privilege-manager-swagger-unreadable"


@given(JSON, JSON, JSON)
def test_no_content_of_a_document_ends_in_another_error(entry, parameters, definitions):
    document = swagger_of(definitions=definitions, parameters=parameters)
    for path in list(document["paths"])[:3]:
        document["paths"][path] = entry
    document["paths"]["/api/v1/approval/approve"] = {"post": {"parameters": parameters}}
    document["paths"]["/api/v1/tasks/{id}"] = {"post": entry, "parameters": parameters}
    found = parse(document)
    assert len(found.operations) + len(found.missing) == len(Operation)


@given(st.binary(max_size=200))
def test_no_bytes_end_in_another_error(content):
    with pytest.raises(ConsoleError):
        parse_description(content, "Read")


@given(JSON)
def test_any_value_is_read_as_a_schema(value):
    assert isinstance(
        SchemaReader({"A": value}).read({"properties": {"a": {"$ref": "#/definitions/A"}}}), Schema
    )
