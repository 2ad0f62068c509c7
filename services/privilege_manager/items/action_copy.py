"""Writes the copy of an approval action: own item id, name, approval type and texts; every other byte as exported.

What is edited are spans of the text. The copy is read again and compared with what was asked for before it is returned.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from models.translation_marks import tr_later
from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.approval_action import (
    GUID,
    ApprovalAction,
    choose_action,
    require_text_only,
)
from services.privilege_manager.items.character_data import (
    CanExpress,
    CharacterData,
    Edit,
    Form,
    apply_edits,
    escape_text,
)
from services.privilege_manager.items.document_error import ItemDocumentError
from services.privilege_manager.items.marked_text import LanguageTexts, normalise_line_ends
from services.privilege_manager.items.names import (
    APPLICATION_ACTION,
    BASE_MEMBERS,
    BUILT_IN_ATTRIBUTES,
    BUILT_IN_IDS,
)
from services.privilege_manager.items.reader import is_null, read_items
from services.privilege_manager.items.verification import Expectation, not_verified, verify_copy
from services.privilege_manager.items.window_edits import (
    WindowEdits,
    check_characters,
    invalid_value,
    space_start,
)
from services.privilege_manager.items.xml_tree import Element, read_attributes, tag_name

NAME_MAX = 255
"""Characters of a name that this program writes."""


class ChangeKind(StrEnum):
    """What a change of the copy is about."""

    ITEM_ID = tr_later("Item id")
    NAME = tr_later("Name")
    DESCRIPTION = tr_later("Description")
    ATTRIBUTES = tr_later("Attributes")
    STATE = tr_later("State")
    APPROVAL_TYPE = tr_later("Approval Type")
    REQUIRE_AUTHENTICATION = tr_later("Require authentication")
    TEXT = tr_later("Text")
    LANGUAGE = tr_later("Language")
    OTHER_ITEM = tr_later("Other item, left out")
    LEADING_SPACE = tr_later("White space before the XML declaration")


@dataclass(frozen=True, slots=True)
class ActionEdits:
    """What the copy has instead of the exported values.

    `texts` has texts by language and key; "" is the default language, and a language that the window lacks is added as
    a copy of the default. None, an empty approval type and missing texts leave the exported value. `item_id` is a new
    random one unless given. `source_item_id` chooses one of several actions in the export.
    """

    name: str
    approval_type_id: str = ""
    description: str | None = None
    require_authentication: bool | None = None
    texts: Mapping[str, LanguageTexts] = field(default_factory=dict)
    item_id: str = ""
    source_item_id: str = ""


@dataclass(frozen=True, slots=True)
class ChangedSpan:
    """Bytes `source_start` to `source_end` of the source became `copy_start` to `copy_end` of the copy."""

    source_start: int
    source_end: int
    copy_start: int
    copy_end: int


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what it is about, with language and key of a text, the values, and where it is in both files."""

    kind: ChangeKind
    before: str
    after: str
    language: str = ""
    key: str = ""
    spans: tuple[ChangedSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionCopy:
    """A written copy. `xml` and `source_xml` are encoded as the export; `changes` are in the order of the text."""

    xml: bytes
    source_xml: bytes
    item_id: str
    name: str
    changes: tuple[Change, ...]


def write_copy(source: bytes, edits: ActionEdits) -> bytes:
    """Return the XML of a copy of the action in an upload, XML or zip. Raises ItemDocumentError."""
    return make_copy(source, edits).xml


def changed_spans(source: bytes, edits: ActionEdits) -> tuple[Change, ...]:
    """Return what a copy changes, without writing it anywhere. Raises ItemDocumentError."""
    return make_copy(source, edits).changes


def make_copy(source: bytes, edits: ActionEdits) -> ActionCopy:
    """Return the verified copy of the action in an upload, XML or zip, with what it changes.

    Raises ItemDocumentError: for the export, for values that cannot be written, and for a copy that does not read as
    asked for.
    """
    return _CopyWriter(choose_action(read_items(source), edits.source_item_id), edits).write()


def parse_guid(text: str, name: str) -> str:
    """Return a GUID in lower case without braces; raises ItemDocumentError. `name` is what it identifies."""
    bare = text.strip()
    if bare.startswith("{") and bare.endswith("}"):
        bare = bare[1:-1]
    if not GUID.fullmatch(bare):
        raise invalid_value(name, tr_message("It is not a GUID."), text)
    return bare.lower()


class _CopyWriter:
    """Plans the edits of one copy, writes and verifies it."""

    def __init__(self, action: ApprovalAction, edits: ActionEdits) -> None:
        self._action = action
        self._edits = edits
        self._document = action.document
        self._source = action.document.source
        self._text = self._source.text
        self._planned: list[tuple[Change, tuple[Edit, ...]]] = []
        self._expected = Expectation(
            item_id=_choose_item_id(edits.item_id),
            name=edits.name,
            description=action.item.description,
            approval_type_id=action.approval_type_id,
            require_logon=action.require_logon,
            texts=action.texts,
            members=list(action.item.member_order),
        )

    def write(self) -> ActionCopy:
        """Return the verified copy."""
        self._plan_base_members()
        self._plan_approval_type()
        self._plan_require_logon()
        self._plan_texts()
        self._plan_surroundings()
        try:
            text = apply_edits(self._text, [edit for _, edits in self._planned for edit in edits])
        except ValueError as error:
            raise not_verified(str(error)) from error
        xml = self._source.encode(text)
        verify_copy(xml, self._action, self._expected)
        return ActionCopy(
            xml=xml,
            source_xml=self._source.encode(self._text),
            item_id=self._expected.item_id,
            name=self._expected.name,
            changes=self._locate_changes(),
        )

    def _plan_base_members(self) -> None:
        item, expected = self._action.item, self._expected
        self._set_text(ChangeKind.ITEM_ID, item.required("ItemId"), expected.item_id)
        name = self._edits.name
        if not name.strip() or len(name) > NAME_MAX or "\n" in name or "\r" in name or "\t" in name:
            raise invalid_value(
                tr_message(ChangeKind.NAME.value),
                tr_message("It must be one line of 1 to {limit} characters.", limit=NAME_MAX),
                name,
            )
        self._set_text(ChangeKind.NAME, item.required("Name"), name)
        if self._edits.description is not None:
            self._plan_description(normalise_line_ends(self._edits.description))
        attributes = item.member("Attributes")
        if attributes is not None and BUILT_IN_ATTRIBUTES & set(item.attributes):
            kept = " ".join(one for one in item.attributes if one not in BUILT_IN_ATTRIBUTES)
            if kept:
                self._set_text(ChangeKind.ATTRIBUTES, attributes, kept)
            else:
                self._remove(ChangeKind.ATTRIBUTES, attributes)
                expected.members.remove(attributes.key)
        state = item.member("State")
        if state is not None:
            self._remove(ChangeKind.STATE, state)
            expected.members.remove(state.key)

    def _plan_description(self, description: str) -> None:
        self._expected.description = description
        member = self._action.item.member("Description")
        if member is not None:
            self._set_text(ChangeKind.DESCRIPTION, member, description)
            return
        check_characters(description, tr_message(ChangeKind.DESCRIPTION.value))
        item_id = self._action.item.required("ItemId")
        successor = min(
            (
                found
                for name in BASE_MEMBERS[BASE_MEMBERS.index("Description") + 1 :]
                if name != "State" and (found := self._action.item.member(name)) is not None
            ),
            key=lambda found: found.start,
        )
        prefix, colon, _ = tag_name(self._text, item_id).rpartition(":")
        name = f"{prefix}{colon}Description"
        space = self._text[space_start(self._text, successor.start) : successor.start]
        content = escape_text(description, Form.PLAIN, self._can_express)
        element = f"<{name}>".encode() + content + f"</{name}>".encode() + space
        self._add(ChangeKind.DESCRIPTION, "", description, (Edit(successor.start, successor.start, element),))
        members = self._expected.members
        members.insert(members.index(successor.key), (item_id.namespace, "Description"))

    def _plan_approval_type(self) -> None:
        if not self._edits.approval_type_id:
            return
        wanted = parse_guid(self._edits.approval_type_id, tr_message(ChangeKind.APPROVAL_TYPE.value))
        switch = self._action.switch
        if switch is None and self._action.is_window_action:
            raise self._document.error_at(
                FaultId.ACTION_EXPORT_NOT_APPROVAL_ACTION,
                tr_message("The command line of the action has no /approvalTypeId: switch."),
                self._action.item.required("Commandline", APPLICATION_ACTION).start,
            )
        if switch is None:
            raise self._not_editable(ChangeKind.APPROVAL_TYPE)
        self._expected.approval_type_id = wanted
        if switch.approval_type_id.lower() == wanted:
            return
        is_lower = switch.approval_type_id.islower()
        written = wanted if is_lower else wanted.upper()
        edits = switch.characters.replace(switch.start, switch.end, written, self._can_express)
        self._add(ChangeKind.APPROVAL_TYPE, switch.approval_type_id, written, tuple(edits))

    def _plan_require_logon(self) -> None:
        wanted = self._edits.require_authentication
        if wanted is None:
            return
        member = self._action.item.member("RequireLogon", APPLICATION_ACTION)
        if member is None or not self._action.is_window_action:
            raise self._not_editable(ChangeKind.REQUIRE_AUTHENTICATION)
        self._expected.require_logon = wanted
        if self._action.require_logon is not wanted:
            self._set_text(ChangeKind.REQUIRE_AUTHENTICATION, member, "true" if wanted else "false")

    def _plan_texts(self) -> None:
        if not self._edits.texts:
            return
        window = self._action.window
        if window is None:
            raise self._not_editable(ChangeKind.TEXT)
        edits = WindowEdits(window, self._can_express)
        for change in edits.plan(self._edits.texts):
            placed = [
                outer
                for inner in change.edits
                for outer in window.characters.replace(
                    inner.start, inner.end, inner.replacement.decode(), self._can_express
                )
            ]
            kind = ChangeKind.TEXT if change.key else ChangeKind.LANGUAGE
            self._add(kind, change.before, change.after, tuple(placed), change.language, change.key)
        self._expected.texts = edits.expected

    def _plan_surroundings(self) -> None:
        """Leave out the other items: importing them again would replace what the server has."""
        for item in self._document.items:
            if item is not self._action.item:
                self._remove(ChangeKind.OTHER_ITEM, item.element, item.name or item.contract)
        if self._source.xml_start:
            self._add(ChangeKind.LEADING_SPACE, "", "", (Edit(0, self._source.xml_start, b""),))

    @property
    def _can_express(self) -> CanExpress:
        return self._source.can_express

    def _set_text(self, kind: ChangeKind, element: Element, value: str) -> None:
        """Plan the edit of a member's text; a member that is null or closes itself gets tags around it."""
        require_text_only(self._document, element)
        check_characters(value, tr_message(kind.value))
        before = "" if is_null(element) else element.text
        if before == value and not is_null(element):
            return
        edits = [
            Edit(*attribute.span, b"")
            for attribute in read_attributes(self._text, element)
            if is_null(element) and re.fullmatch(r"([^:]+:)?nil", attribute.raw_name)
        ]
        if element.closes_itself:
            tag_end = space_start(self._text, element.end - 2)
            name = tag_name(self._text, element)
            content = escape_text(value, Form.PLAIN, self._can_express)
            edits.append(Edit(tag_end, element.end, b">" + content + f"</{name}>".encode()))
        else:
            characters = CharacterData(self._text, element)
            edits += characters.replace(0, len(characters.data), value, self._can_express)
        self._add(kind, before, value, tuple(edits))

    def _remove(self, kind: ChangeKind, element: Element, before: str = "") -> None:
        start = space_start(self._text, element.start)
        self._add(kind, before or " ".join(element.text.split()), "", (Edit(start, element.end, b""),))

    def _add(
        self,
        kind: ChangeKind,
        before: str,
        after: str,
        edits: tuple[Edit, ...],
        language: str = "",
        key: str = "",
    ) -> None:
        self._planned.append((Change(kind, before, after, language, key), edits))

    def _not_editable(self, kind: ChangeKind) -> ItemDocumentError:
        return ItemDocumentError(
            FaultId.ACTION_COPY_NOT_EDITABLE,
            tr_message(
                "{what} cannot be changed in an action of the contract {contract}.",
                what=tr_message(kind.value),
                contract=self._action.item.contract,
            ),
        )

    def _locate_changes(self) -> tuple[Change, ...]:
        """Return the changes with their spans in the encoded files."""
        mark = len(self._source.byte_order_mark)
        source_at = copy_at = mark
        position = 0
        spans: dict[int, list[ChangedSpan]] = {}
        numbered = [(edit, index) for index, (_, edits) in enumerate(self._planned) for edit in edits]
        for edit, index in sorted(numbered, key=lambda pair: (pair[0].start, pair[0].end)):
            between = len(self._source.encoded(self._text[position : edit.start]))
            removed = len(self._source.encoded(self._text[edit.start : edit.end]))
            added = len(self._source.encoded(edit.replacement))
            source_at, copy_at = source_at + between, copy_at + between
            spans.setdefault(index, []).append(
                ChangedSpan(source_at, source_at + removed, copy_at, copy_at + added)
            )
            source_at, copy_at, position = source_at + removed, copy_at + added, edit.end
        changes = [
            Change(one.kind, one.before, one.after, one.language, one.key, tuple(spans.get(index, ())))
            for index, (one, _) in enumerate(self._planned)
        ]
        return tuple(sorted(changes, key=lambda one: one.spans[0].source_start if one.spans else 0))


def _choose_item_id(wanted: str) -> str:
    """Return the id of the copy: the given one, or a new random one."""
    item_id = parse_guid(wanted, tr_message(ChangeKind.ITEM_ID.value)) if wanted else str(uuid.uuid4())
    if item_id in BUILT_IN_IDS:
        raise ItemDocumentError(
            FaultId.ACTION_COPY_ID_BUILT_IN,
            tr_message("The item id {id} belongs to an item of the product.", id=item_id),
        )
    return item_id
