"""Compares an item that was imported and exported again with the copy that was written.

What the server adds or may write differently does not count: State, white space around values, prefixes, CDATA or
references, the order of Attributes, the case of GUIDs, and a member that is empty in one and missing in the other.
"""

from dataclasses import dataclass

from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.approval_action import GUID
from services.privilege_manager.items.document_error import ItemDocumentError
from services.privilege_manager.items.names import BASE, XAML
from services.privilege_manager.items.reader import ExportedItem, ItemDocument, read_items
from services.privilege_manager.items.xml_tree import Element, read_attributes

_DECLARATION = "xmlns"
_STATE, _ATTRIBUTES = (BASE, "State"), (BASE, "Attributes")
_ROOT_PREFIXES = {"xml": "http://www.w3.org/XML/1998/namespace"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference: the names of members down to it, and both values; None where it is missing."""

    path: tuple[str, ...]
    written: str | None
    exported: str | None


@dataclass(frozen=True, slots=True)
class _Node:
    """What counts of an element."""

    name: str
    attributes: tuple[tuple[str, str], ...]
    value: str
    children: tuple["_Node", ...]

    @property
    def is_empty(self) -> bool:
        return not (self.value or self.children)

    @property
    def as_text(self) -> str:
        """The value, or the values of everything below."""
        inside = [self.value, *(child.as_text for child in self.children)]
        return " ".join((*(f"{name}={value}" for name, value in self.attributes), *filter(None, inside)))


def compare_items(written: bytes, exported: bytes) -> tuple[Difference, ...]:
    """Return the differences between a written copy and the same item as exported; both may be XML or zip.

    The item is found by its id. Raises ItemDocumentError, too where the export does not contain it.
    """
    copy = read_items(written)
    item = copy.items[0]
    document = read_items(exported)
    found = [one for one in document.items if one.item_id == item.item_id]
    if not found:
        raise ItemDocumentError(
            FaultId.ACTION_EXPORT_NO_ITEM,
            tr_message("It does not contain the item {id}.", id=item.item_id),
        )
    return tuple(_compare_members(_read_members(copy, item), _read_members(document, found[0])))


def _read_members(document: ItemDocument, item: ExportedItem) -> dict[str, _Node]:
    prefixes = _prefixes_of(document.text, document.root, _ROOT_PREFIXES)
    if item.element is not document.root:
        prefixes = _prefixes_of(document.text, item.element, prefixes)
    return {
        child.name: _read_node(document.text, child, prefixes)
        for child in item.element.children
        if child.key != _STATE
    }


def _compare_members(written: dict[str, _Node], exported: dict[str, _Node]) -> list[Difference]:
    differences: list[Difference] = []
    for name in {**written, **exported}:
        before, after = written.get(name), exported.get(name)
        if before is None or after is None:
            present = before or after
            if present is not None and not present.is_empty:
                differences.append(
                    Difference((name,), before.as_text if before else None, after.as_text if after else None)
                )
        else:
            differences += _compare_nodes(before, after, (name,))
    return differences


def _compare_nodes(written: _Node, exported: _Node, path: tuple[str, ...]) -> list[Difference]:
    if written == exported:
        return []
    same_form = (written.attributes, written.value) == (exported.attributes, exported.value) and [
        child.name for child in written.children
    ] == [child.name for child in exported.children]
    if not same_form:
        return [Difference(path, written.as_text, exported.as_text)]
    return [
        difference
        for before, after in zip(written.children, exported.children, strict=True)
        for difference in _compare_nodes(before, after, (*path, before.name))
    ]


def _prefixes_of(text: bytes, element: Element, outer: dict[str, str]) -> dict[str, str]:
    """Return the prefixes that are declared at an element."""
    declared = {
        attribute.raw_name.partition(":")[2]: attribute.raw_value
        for attribute in read_attributes(text, element)
        if attribute.raw_name.partition(":")[0] == _DECLARATION
    }
    return {**outer, **declared} if declared else outer


def _read_node(text: bytes, element: Element, outer: dict[str, str]) -> _Node:
    prefixes = _prefixes_of(text, element, outer)
    value = " ".join(element.text.split())
    if element.key == _ATTRIBUTES:
        value = " ".join(sorted(value.split()))
    elif GUID.fullmatch(value):
        value = value.lower()
    return _Node(
        name=element.name,
        attributes=tuple(
            sorted(
                (f"{{{namespace}}}{name}" if namespace else name, _resolve(found, prefixes))
                for (namespace, name), found in element.attributes.items()
                if namespace != XAML
            )
        ),
        value=value,
        children=tuple(_read_node(text, child, prefixes) for child in element.children),
    )


def _resolve(value: str, prefixes: dict[str, str]) -> str:
    """Return a qualified name with its name space instead of its prefix; other values unchanged."""
    prefix, colon, local = value.partition(":")
    return f"{{{prefixes[prefix]}}}{local}" if colon and prefix in prefixes else value
