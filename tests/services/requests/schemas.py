"""Compares answers with the schemas of an OpenAPI document: those words of JSON Schema that ours uses, and no others."""

import contextlib
import re
import uuid
from datetime import datetime

TYPES = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip
KNOWN = {
    "type", "required", "properties", "additionalProperties", "items", "enum", "format", "minimum", "maximum",
    "minLength", "maxLength", "description", "$ref", "oneOf",
}  # fmt: skip


def response_schema(document, path, method, response):
    """Return the schema that an answer is described by; fails where it is not described at all."""
    operation = document["paths"][path][method.lower()]
    described = resolved(operation["responses"].get(str(response.status_code)), document)
    assert described is not None, (
        f"{method} {path} is not described to answer {response.status_code}: {response.text}"
    )
    kind = response.headers["content-type"].partition(";")[0]
    assert kind in described["content"], f"{kind} is not described"
    for name in described.get("headers", {}):
        assert name.lower() in response.headers
    return described["content"][kind]["schema"]


def resolved(node, document):
    """Follow a reference."""
    while node and "$ref" in node:
        found = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def assert_fits(value, schema, document):
    """Fail where a value is not what its schema says."""
    schema = resolved(schema, document)
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    if "oneOf" in schema:
        _assert_fits_one(value, schema["oneOf"], document)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds:
        fitting = [
            k
            for k in kinds
            if isinstance(value, TYPES[k]) and (k == "boolean" or not isinstance(value, bool))
        ]
        assert fitting, f"{value!r} is no {kinds}"
    assert value in schema.get("enum", [value])
    if isinstance(value, dict):
        assert set(schema.get("required", [])) <= set(value), (
            f"{set(schema['required']) - set(value)} is missing"
        )
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is False:
            assert set(value) <= set(properties)
        for name, inner in value.items():
            if name in properties:
                assert_fits(inner, properties[name], document)
    if isinstance(value, list) and "items" in schema:
        for inner in value:
            assert_fits(inner, schema["items"], document)
    if isinstance(value, str):
        _assert_format(value, schema.get("format"))
    if isinstance(value, int):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value)


def _assert_fits_one(value, schemas, document):
    fitting = 0
    for schema in schemas:
        with contextlib.suppress(AssertionError):
            assert_fits(value, schema, document)
            fitting += 1
    assert fitting == 1, f"{value!r} fits {fitting} of {len(schemas)} schemas"


def _assert_format(value, name):
    match name:
        case "uuid":
            uuid.UUID(value)
        case "date-time":
            datetime.fromisoformat(value)
        case "uri":
            assert re.match(r"[a-z][a-z0-9+.-]*:", value)
