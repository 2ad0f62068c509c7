"""Actions, policies and filters as the API tells them. A member that a server leaves out is None: unknown, not empty.

The members of items are not part of the public reference; they are looked for under the names of the exported contracts, in
any case. The id is `ItemId` or `Id`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Generic, TypeVar

from services.common.json_types import JsonObject, JsonValue
from services.common.plain_text import replace_unstorable
from services.common.uuid_text import parse_uuid


class FilterRole(IntEnum):
    """What a filter is for in a policy; the numbers of the API."""

    APPLICATION_TARGET = 1
    INCLUSION = 2
    EXCLUSION = 3


@dataclass(frozen=True, slots=True)
class Item:
    """What all items have. `item_id` is a GUID in lower case."""

    item_id: str
    name: str | None = None
    description: str | None = None
    contract: str | None = None
    """The name of its contract, such as `ApplicationControlPolicyContract`."""
    document: JsonObject = field(default_factory=dict, repr=False, compare=False)
    """The item as the server sent it."""


@dataclass(frozen=True, slots=True)
class ActionItem(Item):
    """An action."""

    command_line: str | None = None
    """For an approval action it names the approval type."""


@dataclass(frozen=True, slots=True)
class FilterItem(Item):
    """A filter."""


@dataclass(frozen=True, slots=True)
class PolicyItem(Item):
    """A policy. Ids are GUIDs in lower case, in the server's order."""

    active: bool | None = None
    priority: int | None = None
    """Of two policies that fit, the one with the smaller number decides."""
    action_ids: tuple[str, ...] | None = None
    child_action_ids: tuple[str, ...] | None = None
    target_ids: tuple[str, ...] | None = None
    """Groups of computers and users that get the policy."""
    filter_ids: Mapping[FilterRole, tuple[str, ...] | None] = field(default_factory=dict)
    """A role that is absent or None is unknown."""
    tags: tuple[str, ...] | None = None


AnyItem = TypeVar("AnyItem", bound=Item)
AnyItem_co = TypeVar("AnyItem_co", bound=Item, covariant=True)


@dataclass(frozen=True, slots=True)
class ItemList(Generic[AnyItem_co]):
    """The items of one list call."""

    items: tuple[AnyItem_co, ...]
    total: int | None = None
    """How many there are, as the server says; None where it does not say."""
    unreadable: int = 0
    """Rows without an id, which are left out."""

    def __iter__(self) -> Iterator[AnyItem_co]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def complete(self) -> bool:
        """Whether every item of the server is here, as far as it tells."""
        return self.unreadable == 0 and (self.total is None or self.total == len(self.items))

    def find(self, item_id: str) -> AnyItem_co | None:
        """Return the item with a GUID in any spelling, or None."""
        wanted = read_id(item_id)
        return next((item for item in self.items if item.item_id == wanted), None)


class Members:
    """The members of an item by name, in any case."""

    def __init__(self, row: JsonObject) -> None:
        self._values = {name.lower(): value for name, value in row.items()}

    def text(self, name: str) -> str | None:
        """Return a text, or None."""
        value = self._values.get(name.lower())
        return replace_unstorable(value) if isinstance(value, str) else None

    def boolean(self, name: str) -> bool | None:
        """Return a boolean, or None; it may be written as text."""
        value = self._values.get(name.lower())
        if isinstance(value, str):
            return {"true": True, "false": False}.get(value.strip().lower())
        return value if isinstance(value, bool) else None

    def integer(self, name: str) -> int | None:
        """Return a whole number, or None; it may be written as text."""
        value = self._values.get(name.lower())
        if isinstance(value, str):
            text = value.strip()
            return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def ids(self, name: str) -> tuple[str, ...] | None:
        """Return a list of GUIDs; None where it is absent, null, or holds anything that is no GUID."""
        value = self._values.get(name.lower())
        if not isinstance(value, list):
            return None
        found = [_row_id(one) for one in value]
        known = tuple(one for one in found if one is not None)
        return known if len(known) == len(found) else None

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return a list of texts, or None."""
        value = self._values.get(name.lower())
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            return None
        return tuple(replace_unstorable(one) for one in value if isinstance(one, str))

    def item_id(self) -> str | None:
        """Return the item's own id, or None."""
        return read_id(self.text("ItemId") or self.text("Id") or "")


def read_id(text: str) -> str | None:
    """Return a GUID in lower case with hyphens, or None."""
    found = parse_uuid(text)
    return None if found is None else str(found)


def read_action(row: JsonValue) -> ActionItem | None:
    """Return the action in a row, or None for a row without an id."""
    members, common = _common(row)
    return None if members is None else ActionItem(*common, command_line=members.text("Commandline"))


def read_filter(row: JsonValue) -> FilterItem | None:
    """Return the filter in a row, or None for a row without an id."""
    members, common = _common(row)
    return None if members is None else FilterItem(*common)


def read_policy(row: JsonValue) -> PolicyItem | None:
    """Return the policy in a row, or None for a row without an id."""
    members, common = _common(row)
    if members is None:
        return None
    return PolicyItem(
        *common,
        active=members.boolean("Enabled"),
        priority=members.integer("Priority"),
        action_ids=members.ids("ApplicationActionIds"),
        child_action_ids=members.ids("ChildApplicationActionIds"),
        target_ids=members.ids("DefaultResourceTargetIds"),
        filter_ids={
            FilterRole.APPLICATION_TARGET: members.ids("PositiveFileFilterIds"),
            FilterRole.INCLUSION: members.ids("ManditoryFilterIds"),
            FilterRole.EXCLUSION: members.ids("NegativeFileFilterIds"),
        },
        tags=members.texts("Tags"),
    )


_Common = tuple[str, str | None, str | None, str | None, JsonObject]


def _common(row: JsonValue) -> tuple[Members | None, _Common]:
    nothing: _Common = ("", None, None, None, {})
    if not isinstance(row, dict):
        return None, nothing
    members = Members(row)
    item_id = members.item_id()
    if item_id is None:
        return None, nothing
    return members, (item_id, members.text("Name"), members.text("Description"), _contract(members), row)


def _contract(members: Members) -> str | None:
    """Return the name of the contract in a .NET type such as `A.B.SomeContract, Assembly`."""
    text = members.text("$type")
    return None if text is None else text.partition(",")[0].rpartition(".")[2].strip() or None


def _row_id(value: JsonValue) -> str | None:
    """Return the id in a part of a list: a GUID, or an item."""
    if isinstance(value, dict):
        return Members(value).item_id()
    return read_id(value) if isinstance(value, str) else None
