"""Understands an approval action as exported: approval type, texts, look, and what of it can be changed.

The Windows actions are of one public contract. That of the macOS actions is not public: of an unknown contract only
the members of every item, and a `/approvalTypeId:` text where there is exactly one, are changed.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.character_data import CharacterData
from services.privilege_manager.items.names import APPLICATION_ACTION, BASE, SERIALIZATION, WINDOW_ACTION
from services.privilege_manager.items.reader import ExportedItem, ItemDocument, is_null, read_items
from services.privilege_manager.items.window import ActionWindow
from services.privilege_manager.items.xml_tree import Element

_SWITCH = re.compile(rb"""/approvalTypeId:(?P<open>["{]{0,2})(?P<id>[^\s"{}]*)""", re.IGNORECASE)
GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
PIECES_MAX = 500_000
"""References and CDATA sections in one text; a window of 10 MB that is written with references has far fewer."""
_ACTION_NAME = re.compile(r"Action(Contract)?\Z|Message\w*Contract\Z")
_TRUE = ("true", "1")
_PLATFORM_TAG = "pm.platform."


class ActionField(Enum):
    """What a copy can change, beside name, description and item id, which every item has."""

    APPROVAL_TYPE = auto()
    REQUIRE_AUTHENTICATION = auto()
    TEXTS = auto()


@dataclass(frozen=True, slots=True)
class ApprovalTypeSwitch:
    """The switch in a command line that names the approval type. `start` and `end` are the id's span in `data`."""

    characters: CharacterData
    start: int
    end: int
    approval_type_id: str
    """As written; an empty text where none follows the switch."""


class ApprovalAction:
    """An action that raises an approval request. Raises ItemDocumentError for one that is damaged."""

    def __init__(self, item: ExportedItem) -> None:
        item.require_base_members()
        self.item = item
        self.is_window_action = (item.contract_namespace, item.contract) == (
            APPLICATION_ACTION,
            WINDOW_ACTION,
        )
        self.switch = find_switch(item)
        self.window: ActionWindow | None = None
        if self.is_window_action:
            item.required("Commandline", APPLICATION_ACTION)
            xaml = item.required("Xaml", APPLICATION_ACTION)
            require_text_only(item.document, xaml)
            if not is_null(xaml):
                self.window = ActionWindow(item.document, xaml)

    @property
    def document(self) -> ItemDocument:
        """The document in which the action is."""
        return self.item.document

    @property
    def approval_type_id(self) -> str | None:
        """The approval type in lower case; None where no command line names one."""
        return self.switch.approval_type_id.lower() if self.switch is not None else None

    @property
    def require_logon(self) -> bool | None:
        """Whether authentication is required; None where the action does not say."""
        value = self.item.text("RequireLogon", APPLICATION_ACTION) if self.is_window_action else None
        return None if value is None else value.strip() in _TRUE

    @property
    def platform(self) -> str | None:
        """`windows` or `macos`, or what else its tags name; None where the export does not tell."""
        tags = self.item.member("Tags")
        for tag in tags.find_all("string", f"{SERIALIZATION}Arrays") if tags is not None else []:
            if tag.text.startswith(_PLATFORM_TAG):
                return tag.text.removeprefix(_PLATFORM_TAG)
        return "windows" if self.is_window_action else None

    @property
    def texts(self) -> dict[str, dict[str, str]]:
        """Texts by language ("" is the default) and key; empty where the window has none that can be changed."""
        return self.window.texts if self.window is not None else {}

    @property
    def editable(self) -> frozenset[ActionField]:
        """What a copy can change of this action."""
        fields = set()
        if self.switch is not None:
            fields.add(ActionField.APPROVAL_TYPE)
        if self.require_logon is not None:
            fields.add(ActionField.REQUIRE_AUTHENTICATION)
        if self.texts:
            fields.add(ActionField.TEXTS)
        return frozenset(fields)


def find_switch(item: ExportedItem) -> ApprovalTypeSwitch | None:
    """Return the switch that names the approval type, or None.

    Raises ItemDocumentError where there are several, or something follows it that is no GUID.
    """
    if (item.contract_namespace, item.contract) == (APPLICATION_ACTION, WINDOW_ACTION):
        command = item.member("Commandline", APPLICATION_ACTION)
        elements = [command] if command is not None else []
    else:
        own = [member for member in item.element.children if member.namespace != BASE]
        elements = [element for member in own for element in member.walk() if not element.children]
    switches = [switch for element in elements for switch in _read_switches(item, element)]
    if len(switches) > 1:
        raise item.document.error_at(
            FaultId.ACTION_EXPORT_MEMBER_TWICE,
            tr_message("The switch /approvalTypeId: is there {count} times.", count=len(switches)),
            switches[1].characters.place(switches[1].start),
        )
    return switches[0] if switches else None


def _read_switches(item: ExportedItem, element: Element) -> list[ApprovalTypeSwitch]:
    if "/approvaltypeid:" not in element.text.lower():
        return []
    require_text_only(item.document, element)
    characters = CharacterData(item.document.text, element)
    found = []
    for match in _SWITCH.finditer(characters.data):
        written = match["id"].decode()
        if written and not GUID.fullmatch(written):
            raise item.document.error_at(
                FaultId.ACTION_EXPORT_MEMBER_FORM,
                tr_message("What follows /approvalTypeId: is not a GUID."),
                characters.place(match.start("id")),
            )
        found.append(ApprovalTypeSwitch(characters, match.start("id"), match.end("id"), written))
    return found


def require_text_only(document: ItemDocument, element: Element) -> None:
    """Raise ItemDocumentError where an element that must be text has elements in it, or too many references."""
    pieces = document.text.count(b"&", element.content_start, element.content_end)
    pieces += document.text.count(b"<![CDATA[", element.content_start, element.content_end)
    if pieces > PIECES_MAX:
        raise document.error_at(
            FaultId.ACTION_EXPORT_TOO_LARGE,
            tr_message(
                "The member {name} has more than {limit} references.", name=element.name, limit=PIECES_MAX
            ),
            element.start,
        )
    if element.children:
        raise document.error_at(
            FaultId.ACTION_EXPORT_MEMBER_FORM,
            tr_message("The member {name} has elements in it instead of text.", name=element.name),
            element.children[0].start,
        )


def find_actions(document: ItemDocument) -> list[ExportedItem]:
    """Return the items that are actions: those with an approval type where there are any, else all actions."""
    actions = [item for item in document.items if _is_action(item)]
    return [item for item in actions if find_switch(item) is not None] or actions


def _is_action(item: ExportedItem) -> bool:
    return (
        item.contract_namespace == APPLICATION_ACTION
        or _ACTION_NAME.search(item.contract) is not None
        or find_switch(item) is not None
    )


def choose_action(document: ItemDocument, item_id: str = "") -> ApprovalAction:
    """Return the only action of a document, or the one with this item id. Raises ItemDocumentError."""
    actions = find_actions(document)
    if item_id:
        actions = [item for item in document.items if item.item_id == item_id.strip("{} ").lower()]
        if not actions:
            raise document.error_at(
                FaultId.ACTION_EXPORT_NOT_APPROVAL_ACTION,
                tr_message("It contains no item with the id {id}.", id=item_id),
                document.items[0].element.start,
            )
    if len(actions) > 1:
        raise document.error_at(
            FaultId.ACTION_EXPORT_SEVERAL_ACTIONS,
            tr_message("It contains {count} actions instead of one.", count=len(actions)),
            actions[1].element.start,
        )
    if not actions or not _is_action(actions[0]):
        raise document.error_at(
            FaultId.ACTION_EXPORT_NOT_APPROVAL_ACTION,
            tr_message(
                "It contains no approval action, but {contract}.", contract=document.items[0].contract
            ),
            document.items[0].element.start,
        )
    return ApprovalAction(actions[0])


def read_action(upload: bytes, item_id: str = "") -> ApprovalAction:
    """Read an approval action from an upload, XML or zip; `item_id` chooses one of several.

    Raises ItemDocumentError.
    """
    return choose_action(read_items(upload), item_id)
