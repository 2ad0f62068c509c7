"""Which filters of a policy are to be added and removed. Knows no Qt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from models.translation_marks import tr_later
from services.language import tr

if TYPE_CHECKING:
    from services.policies import PolicyPlan

ROLE_NAMES = {1: tr_later("Application target"), 2: tr_later("Inclusion"), 3: tr_later("Exclusion")}
"""Names of the values of `FilterRole`, whose module is imported with the client."""


@dataclass(frozen=True, slots=True)
class FilterLine:
    """A filter of a policy: whether the server has it there, and whether it is to be there."""

    item_id: str
    name: str
    role: int
    is_there: bool = True
    is_wanted: bool = True

    @property
    def key(self) -> str:
        """What a row of it is recognised by."""
        return f"{self.role}/{self.item_id}"

    @property
    def shape(self) -> str:
        """The status shape of what happens to it."""
        if self.is_there == self.is_wanted:
            return "keep"
        return "create" if self.is_wanted else "update"

    @property
    def word(self) -> str:
        """What happens to it."""
        if self.is_there == self.is_wanted:
            return tr("Keep")
        return tr("Add") if self.is_wanted else tr("Remove")

    def switched(self) -> Self:
        """Return the line with the other wish."""
        return replace(self, is_wanted=not self.is_wanted)


@dataclass(frozen=True, slots=True)
class FilterChanges:
    """GUID and role of the filters to add and to remove."""

    added: tuple[tuple[str, int], ...] = ()
    removed: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, lines: Sequence[FilterLine]) -> Self:
        """Return what differs from what the server has."""
        return cls(
            tuple((one.item_id, one.role) for one in lines if one.is_wanted and not one.is_there),
            tuple((one.item_id, one.role) for one in lines if one.is_there and not one.is_wanted),
        )


NO_FILTERS = FilterChanges()


def change_lines(lines: Sequence[FilterLine], item_id: str, name: str, role: int) -> list[FilterLine]:
    """Return lines in which a filter is wanted."""
    added = FilterLine(item_id, name, role, is_there=False)
    found = [replace(one, is_wanted=True) if one.key == added.key else one for one in lines]
    return found if any(one.key == added.key for one in found) else [*found, added]


def current_lines(plan: "PolicyPlan", names: Mapping[str, str], changes: FilterChanges) -> list[FilterLine]:
    """Return the filters of a policy as a plan has read them, with the changes that are wanted so far."""
    before = plan.before.filter_ids if plan.before is not None else ()
    lines = [
        FilterLine(one, names.get(one, one), role, is_wanted=(one, role) not in changes.removed)
        for role, ids in before
        for one in ids or ()
    ]
    for item_id, role in changes.added:
        lines = change_lines(lines, item_id, names.get(item_id, item_id), role)
    return lines
