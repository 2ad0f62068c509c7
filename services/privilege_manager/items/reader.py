"""Reads exported items: the items of a document, and their members with their places in the text.

The root is one contract element, or `items` with several. Members are found by name space and local name, whatever
their prefix is.
"""

from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.archive import read_upload
from services.privilege_manager.items.document_error import ItemDocumentError, position_of
from services.privilege_manager.items.encoding import SourceText, decode_source
from services.privilege_manager.items.names import BASE, REQUIRED_BASE_MEMBERS, SCHEMA_INSTANCE
from services.privilege_manager.items.xml_tree import Element, parse_xml

ITEMS_ROOT = "items"


class ItemDocument:
    """A document of exported items."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.root = parse_xml(
            source.text, source.xml_start, self.error_at, FaultId.ACTION_EXPORT_NOT_WELL_FORMED
        )
        self.has_items_root = self.root.key == ("", ITEMS_ROOT)
        elements = self.root.children if self.has_items_root else [self.root]
        self.items = tuple(ExportedItem(self, element) for element in elements)
        if not self.items:
            raise self.error_at(
                FaultId.ACTION_EXPORT_NO_ITEM, tr_message("It contains no item."), self.root.start
            )

    @property
    def text(self) -> bytes:
        """The text in UTF-8, to which all positions refer."""
        return self.source.text

    def error_at(self, fault: FaultId, reason: str, index: int) -> ItemDocumentError:
        """Return an error at a byte of the text."""
        return ItemDocumentError(fault, reason, position=position_of(self.source.text, index))


class ExportedItem:
    """One item: its contract and its members. Raises ItemDocumentError for a member that is there twice."""

    def __init__(self, document: ItemDocument, element: Element) -> None:
        self.document = document
        self.element = element
        self._members: dict[tuple[str, str], Element] = {}
        for child in element.children:
            if child.key in self._members:
                raise document.error_at(
                    FaultId.ACTION_EXPORT_MEMBER_TWICE,
                    tr_message("The member {name} is there twice.", name=child.name),
                    child.start,
                )
            self._members[child.key] = child

    @property
    def contract(self) -> str:
        """Local name of the contract, such as CustomXamlExecutionActionContract."""
        return self.element.name

    @property
    def contract_namespace(self) -> str:
        return self.element.namespace

    @property
    def span(self) -> tuple[int, int]:
        """Where the item stands in the text of its document."""
        return self.element.start, self.element.end

    @property
    def member_order(self) -> tuple[tuple[str, str], ...]:
        """Name space and name of the members, in their order."""
        return tuple(child.key for child in self.element.children)

    def member(self, name: str, namespace: str = BASE) -> Element | None:
        """Return a member, or None."""
        return self._members.get((namespace, name))

    def required(self, name: str, namespace: str = BASE) -> Element:
        """Return a member; raises ItemDocumentError where it is missing."""
        found = self.member(name, namespace)
        if found is None:
            raise self.document.error_at(
                FaultId.ACTION_EXPORT_MEMBER_MISSING,
                tr_message("The member {name} is missing.", name=name),
                self.element.start,
            )
        return found

    def text(self, name: str, namespace: str = BASE) -> str | None:
        """Return the text of a member; None where it is missing or null."""
        found = self.member(name, namespace)
        return None if found is None or is_null(found) else found.text

    @property
    def item_id(self) -> str:
        """Item id in lower case, or an empty text."""
        return (self.text("ItemId") or "").strip().lower()

    @property
    def name(self) -> str:
        return self.text("Name") or ""

    @property
    def description(self) -> str | None:
        return self.text("Description")

    @property
    def folder_id(self) -> str | None:
        return self.text("FolderId")

    @property
    def product_id(self) -> str | None:
        return self.text("ProductId")

    @property
    def attributes(self) -> tuple[str, ...]:
        """Attributes such as NoModify and System, in their order."""
        return tuple((self.text("Attributes") or "").split())

    def require_base_members(self) -> None:
        """Raise ItemDocumentError where a member that every item has is missing."""
        for name in REQUIRED_BASE_MEMBERS:
            self.required(name)


def is_null(element: Element) -> bool:
    """Return whether a member is null, which differs from empty."""
    return (element.attribute("nil", SCHEMA_INSTANCE) or "").strip() in ("true", "1")


def read_items(upload: bytes) -> ItemDocument:
    """Read an upload, XML or zip. Raises ItemDocumentError."""
    return ItemDocument(decode_source(read_upload(upload).xml))
