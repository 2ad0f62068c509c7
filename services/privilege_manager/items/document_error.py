"""The error for exported items that cannot be read or copied: line, column and reason."""

import re
from dataclasses import dataclass

from models.translation_marks import tr_later
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.language import tr_message

_READ = tr_later("Read the exported item")
_COPY = tr_later("Write the copy of the action")
_EXPORT_AGAIN = tr_later("Export the item again in Privilege Manager, and choose that file unchanged.")
_CHOOSE_ACTION = tr_later(
    "Export one approval request form action, or its macOS variant, and choose that file."
)
_CORRECT = tr_later("Correct the value named, then write the copy again.")
_REMEDIES = {
    FaultId.ACTION_EXPORT_NOT_WELL_FORMED: _EXPORT_AGAIN,
    FaultId.ACTION_EXPORT_DTD: tr_later(
        "An export has no DTD and no entities. Find out where the file comes from, and export the item again."
    ),
    FaultId.ACTION_EXPORT_TOO_LARGE: tr_later(
        "Export the action alone, without its folder, and choose that file."
    ),
    FaultId.ACTION_EXPORT_ARCHIVE: tr_later(
        "Choose the zip file as Privilege Manager exported it: its only entry is items.xml. Or choose that XML file."
    ),
    FaultId.ACTION_EXPORT_ENCODING: tr_later(
        "Save the file in the encoding that its first line declares, or export the item again."
    ),
    FaultId.ACTION_EXPORT_NO_ITEM: _CHOOSE_ACTION,
    FaultId.ACTION_EXPORT_NOT_APPROVAL_ACTION: _CHOOSE_ACTION,
    FaultId.ACTION_EXPORT_SEVERAL_ACTIONS: tr_later(
        "Export the action alone, or name the item id of the one to copy."
    ),
    FaultId.ACTION_EXPORT_MEMBER_MISSING: _EXPORT_AGAIN,
    FaultId.ACTION_EXPORT_MEMBER_TWICE: _EXPORT_AGAIN,
    FaultId.ACTION_EXPORT_MEMBER_FORM: _EXPORT_AGAIN,
    FaultId.ACTION_EXPORT_WINDOW_NOT_WELL_FORMED: tr_later(
        "Repair the window of the action in Privilege Manager, then export it again."
    ),
    FaultId.ACTION_COPY_TEXT_UNKNOWN: tr_later(
        "Use one of the texts that the window of the exported action has."
    ),
    FaultId.ACTION_COPY_VALUE_INVALID: _CORRECT,
    FaultId.ACTION_COPY_ID_BUILT_IN: tr_later("Leave the item id out: the copy gets a new one."),
    FaultId.ACTION_COPY_NOT_EDITABLE: tr_later(
        "Leave this value out, import the copy, and change it on the page of the action in Privilege Manager."
    ),
    FaultId.ACTION_COPY_NOT_VERIFIED: tr_later(
        "Nothing was written. Save a support bundle, and copy the action in Privilege Manager meanwhile."
    ),
}
_EDIT_FAULTS = frozenset(
    {
        FaultId.ACTION_COPY_TEXT_UNKNOWN,
        FaultId.ACTION_COPY_VALUE_INVALID,
        FaultId.ACTION_COPY_ID_BUILT_IN,
        FaultId.ACTION_COPY_NOT_EDITABLE,
        FaultId.ACTION_COPY_NOT_VERIFIED,
    }
)
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the text: line and column, both counted from 1; columns are characters."""

    line: int
    column: int


def position_of(text: bytes, index: int) -> Position:
    """Return the position of byte `index` of a text in UTF-8."""
    before = text[: max(index, 0)]
    line, start = 1, 0
    for found in _LINE_ENDS.finditer(before):
        line, start = line + 1, found.end()
    return Position(line, len(before[start:].decode("utf-8", "replace")) + 1)


class ItemDocumentError(InputError):
    """An export, or what shall be written into its copy, cannot be used; nothing was written.

    `position` is None where the reason has no place in the text. `reason` is the cause without the position.
    """

    def __init__(
        self, fault: FaultId, reason: str, *, position: Position | None = None, evidence: str = ""
    ) -> None:
        self.position = position
        self.reason = reason
        where = f"line {position.line}, column {position.column}" if position else ""
        super().__init__(
            Problem(
                tried=_COPY if fault in _EDIT_FAULTS else _READ,
                evidence="; ".join(part for part in (where, evidence) if part) or reason,
                cause=tr_message(
                    "Line {line}, column {column}: {reason}",
                    line=position.line,
                    column=position.column,
                    reason=reason,
                )
                if position
                else reason,
                owner=Owner.CONSOLE,
                remedy=_REMEDIES[fault],
                fault=fault,
            )
        )

    @property
    def line(self) -> int | None:
        return self.position.line if self.position else None

    @property
    def column(self) -> int | None:
        return self.position.column if self.position else None
