"""Three-way merge of an object, field by field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged values, and the fields that both sides changed to different ends (they hold my value)."""

    values: dict[str, Any]
    conflicts: list[str]


def merge(
    base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], fields: Iterable[str]
) -> Merge:
    """Merge `mine` and `theirs`, which both began as `base`, over `fields`."""
    values: dict[str, Any] = {}
    conflicts: list[str] = []
    for name in fields:
        was, my, their = base.get(name), mine.get(name), theirs.get(name)
        if their in (my, was):
            values[name] = my
        elif my == was:
            values[name] = their
        else:
            values[name] = my
            conflicts.append(name)
    return Merge(values, conflicts)
