"""Schemas of bodies and parameters in a Swagger 2 document, with references resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.common.json_types import JsonObject, JsonValue
from services.common.plain_text import replace_unstorable

DEPTH_MAX = 12
"""Nested schemas beyond this are cut; a definition may contain itself."""
SCHEMAS_MAX = 5_000
"""Schemas that one operation may consist of; definitions that name each other several times would grow without limit."""
_DEFINITIONS = "#/definitions/"


@dataclass(frozen=True, slots=True)
class Schema:
    """What a value has to be. Empty and None mean that the document does not say."""

    type: str = ""
    """`string`, `integer`, `number`, `boolean`, `array`, `object`, or empty."""
    format: str = ""
    description: str = ""
    enum: tuple[JsonValue, ...] = ()
    max_length: int | None = None
    """Characters of a text."""
    default: JsonValue = None
    properties: Mapping[str, "Schema"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: "Schema | None" = None
    name: str = ""
    """The definition that it was taken from."""
    cut: bool = False
    """Whether parts were left out: a reference that leads nowhere, to itself, or too deep."""


class SchemaReader:
    """Reads schemas of one document."""

    def __init__(self, definitions: JsonObject) -> None:
        self._definitions = definitions
        self._read = 0

    def read(self, value: JsonValue) -> Schema:
        """Return the schema in `value`, a part of the document."""
        self._read = 0
        return self._schema(value, ())

    def _schema(self, value: JsonValue, parents: tuple[str, ...], depth: int = 0) -> Schema:
        self._read += 1
        if not isinstance(value, dict) or depth > DEPTH_MAX or self._read > SCHEMAS_MAX:
            return Schema(cut=True)
        reference = value.get("$ref")
        if isinstance(reference, str):
            return self._referenced(reference, parents, depth)
        found = self._merged(value)
        properties = found.get("properties")
        required = found.get("required")
        enum = found.get("enum")
        inside = found.get("items")
        return Schema(
            type=_text(found.get("type")) or ("object" if isinstance(properties, dict) else ""),
            format=_text(found.get("format")),
            description=_text(found.get("description")),
            enum=tuple(enum) if isinstance(enum, list) else (),
            max_length=_length(found.get("maxLength")),
            default=found.get("default"),
            properties={
                replace_unstorable(name): self._schema(part, parents, depth + 1)
                for name, part in (properties.items() if isinstance(properties, dict) else ())
            },
            required=frozenset(filter(None, map(_text, required)))
            if isinstance(required, list)
            else frozenset(),
            items=None if inside is None else self._schema(inside, parents, depth + 1),
            name=parents[-1] if parents and depth == len(parents) else "",
        )

    def _referenced(self, reference: str, parents: tuple[str, ...], depth: int) -> Schema:
        name = reference.removeprefix(_DEFINITIONS).replace("~1", "/").replace("~0", "~")
        if not reference.startswith(_DEFINITIONS) or name in parents or name not in self._definitions:
            return Schema(name=replace_unstorable(name), cut=True)
        found = self._schema(self._definitions[name], (*parents, name), depth + 1)
        return _named(found, replace_unstorable(name))

    def _merged(self, value: JsonObject) -> JsonObject:
        """Return a schema with the parts of `allOf` in it; these may be references to definitions without any of their own."""
        parts = value.get("allOf")
        if not isinstance(parts, list):
            return value
        merged: JsonObject = {key: one for key, one in value.items() if key != "allOf"}
        properties: JsonObject = {}
        required: list[JsonValue] = []
        for part in [*parts, value]:
            found = self._plain(part)
            own = found.get("properties")
            properties.update(own if isinstance(own, dict) else {})
            names = found.get("required")
            required.extend(names if isinstance(names, list) else [])
        return {**merged, "properties": properties, "required": required}

    def _plain(self, value: JsonValue) -> JsonObject:
        if not isinstance(value, dict):
            return {}
        reference = value.get("$ref")
        if isinstance(reference, str):
            found = self._definitions.get(reference.removeprefix(_DEFINITIONS))
            return found if isinstance(found, dict) else {}
        return value


def _named(schema: Schema, name: str) -> Schema:
    return Schema(
        type=schema.type,
        format=schema.format,
        description=schema.description,
        enum=schema.enum,
        max_length=schema.max_length,
        default=schema.default,
        properties=schema.properties,
        required=schema.required,
        items=schema.items,
        name=schema.name or name,
        cut=schema.cut,
    )


def _text(value: JsonValue) -> str:
    return replace_unstorable(value) if isinstance(value, str) else ""


def _length(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
