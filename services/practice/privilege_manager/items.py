"""The items of the practice server: actions, policies and filters, with export and import."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from services.common.json_types import JsonObject, JsonValue
from services.practice.privilege_manager.item_xml import (
    BASE_MEMBERS,
    POLICY_CONTRACT,
    Contract,
    pack,
    read_import,
    write_policy,
)

PROTECTED = frozenset({"NoModify", "NoDelete", "System"})
"""Attributes of items that an import does not overwrite."""
LISTS = (
    "ApplicationActionIds", "ChildApplicationActionIds", "PositiveFileFilterIds", "ManditoryFilterIds",
    "NegativeFileFilterIds", "DefaultResourceTargetIds",
)  # fmt: skip
"""The lists of ids of a policy."""


class ItemKind(StrEnum):
    """The kind of an item, which is the part of the address it is read from."""

    ACTION = "action"
    POLICY = "policy"
    FILTER = "filter"
    OTHER = "other"


def kind_of(contract: str) -> ItemKind:
    """Return the kind of item that a contract describes."""
    if contract == POLICY_CONTRACT:
        return ItemKind.POLICY
    if contract.endswith("ActionContract"):
        return ItemKind.ACTION
    return ItemKind.FILTER if contract.endswith("FilterContract") else ItemKind.OTHER


@dataclass(slots=True)
class Item:
    """An item. `document` is its XML as imported or written; None: its contract is not public, or it was changed."""

    kind: ItemKind
    members: JsonObject
    type_name: str = ""
    """The type as the product shows it in lists, or empty."""
    document: bytes | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        return str(self.members["ItemId"])

    @property
    def name(self) -> str:
        return str(self.members["Name"])

    @property
    def is_protected(self) -> bool:
        """Whether it is built in."""
        return not PROTECTED.isdisjoint(str(self.members.get("Attributes") or "").split())

    @property
    def command_line(self) -> str:
        return str(self.members.get("Commandline") or "")

    def ids(self, member: str) -> list[str]:
        """Return the ids of a list of the policy, in lower case."""
        value = self.members.get(member)
        return [str(one).lower() for one in value] if isinstance(value, list) else []

    def view(self, id_member: str, *, whole: bool) -> JsonObject:
        """Return what the API gives: all of a policy, and the common members of others unless `whole`."""
        everything = whole or self.kind is ItemKind.POLICY
        shown: JsonObject = {
            name: value for name, value in self.members.items() if everything or name in BASE_MEMBERS
        }
        if id_member != "ItemId":
            shown = {id_member: self.id, **{name: value for name, value in shown.items() if name != "ItemId"}}
        return {**shown, "Type": self.type_name} if self.type_name else shown


@dataclass(slots=True)
class ImportResult:
    """What an import did, as lists of ids."""

    imported: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Built-in items, which are not overwritten."""


class ItemStore:
    """The items by id. It has no lock; the owner of the server's state has."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._items: dict[str, Item] = {item.id: item for item in items}

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Item) -> Item:
        """Add or replace an item."""
        self._items[item.id] = item
        return item

    def remove(self, item_id: str) -> None:
        """Remove an item, as the product does when nothing refers to it."""
        self._items.pop(item_id.lower(), None)

    def get(self, item_id: str, kind: ItemKind | None = None) -> Item | None:
        """Return an item by its id, without regard to case and braces, or None."""
        item = self._items.get(item_id.strip("{}").lower())
        return item if item is not None and kind in (None, item.kind) else None

    def of_kind(self, kind: ItemKind) -> list[Item]:
        """Return the items of a kind in the order they were added."""
        return [item for item in self._items.values() if item.kind is kind]

    def named(self, name: str) -> Item | None:
        """Return the item of a name, or None."""
        return next((item for item in self._items.values() if item.name == name), None)

    def export(self, item_id: str) -> bytes | None:
        """Return the zip file of an item; None: unknown, or its contract is not public."""
        item = self.get(item_id)
        if item is None:
            return None
        if item.document is None and item.kind is ItemKind.POLICY:
            return pack(b"<items>" + write_policy(item.members) + b"</items>")
        return pack(item.document) if item.document is not None else None

    def import_file(self, content: bytes, *, overwrite: bool) -> ImportResult:
        """Import a zip or XML file. Raises ImportRefusedError, and then nothing was imported."""
        result = ImportResult()
        for contract in read_import(content):
            present = self.get(contract.item_id)
            if present is not None and present.is_protected:
                result.refused.append(contract.item_id)
            elif present is not None and not overwrite:
                result.skipped.append(contract.item_id)
            else:
                self.add(_item_of(contract, present))
                result.imported.append(contract.item_id)
        return result


def _item_of(contract: Contract, present: Item | None) -> Item:
    kind = kind_of(contract.name)
    members: JsonObject = dict(contract.members)
    for name in LISTS if kind is ItemKind.POLICY else ():
        members[name] = _list_or_empty(members.get(name))
    type_name = TYPE_NAMES.get(contract.name, present.type_name if present else "")
    return Item(kind, members, type_name, contract.document)


def _list_or_empty(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


TYPE_NAMES = {
    "CustomXamlExecutionActionContract": "Display Advanced (Xaml) Windows Message",
    "PracticeMessageActionContract": "Display Advanced Message Action",
}
"""Types as the product shows them, where that is public."""
