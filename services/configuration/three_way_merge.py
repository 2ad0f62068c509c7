"""Three-way merge of an object, field by field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.field_values import FieldValue, FieldValues


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged values, and the fields that both sides changed differently (their value is mine)."""

    values: FieldValues
    conflicts: list[str]


def merge(
    base: Mapping[str, FieldValue],
    mine: Mapping[str, FieldValue],
    theirs: Mapping[str, FieldValue],
    fields: Iterable[str],
) -> Merge:
    """Merge `mine` and `theirs`, which both started from `base`, over `fields`."""
    values: FieldValues = {}
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
