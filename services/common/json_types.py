"""Types of JSON values."""

from collections.abc import Mapping, Sequence

JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
"""A JSON value that is read only; narrow it with `isinstance` before use."""
JsonObject = dict[str, JsonValue]
