"""Types of JSON values."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

JsonValue: TypeAlias = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None
"""A value as `json.loads` returns it."""
JsonObject: TypeAlias = dict[str, JsonValue]
JsonLike: TypeAlias = Mapping[str, "JsonLike"] | Sequence["JsonLike"] | str | int | float | bool | None
"""A value that can be written as JSON; accepts also containers of more special types than JsonValue."""
UncheckedJson: TypeAlias = dict[str, Any]  # Any: the shape of this JSON has not been checked
