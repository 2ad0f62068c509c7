"""The selected change of a plan: what is done, why, and both sides of what differs."""

import asyncio
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.widgets.badge import Badge
from console.widgets.diff_view import ADDED, CHANGED, SAME, DifferenceView, DiffRow, side_by_side
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel
from console.widgets.line_editors import CheckBox
from models.translation_marks import tr_later
from services.language import plural, tr, translate

OPERATION_TONES = {
    "create": ("good", "create"),
    "update": ("notice", "update"),
    "keep": ("off", "keep"),
    "conflict": ("bad", "bad"),
}
OPERATION_LABELS = {
    "create": tr_later("Create"),
    "update": tr_later("Update"),
    "keep": tr_later("Keep"),
    "conflict": tr_later("Conflict"),
    "delete": tr_later("Delete"),
}
"""What is done with a record, as a word of its own."""
SCRIPT = "script"


def display_value(value: Any, names: dict[str, str]) -> str:
    """Return what is to be written as text; a record that is made by the same plan by its name."""
    key = getattr(value, "key", None)
    if key is None:
        return str(value)
    return tr("{record} (made by this plan)", record=names.get(key, key))


def diff_rows(change: Any, names: dict[str, str]) -> list[DiffRow]:
    """Return the lines of both sides: a script line by line, other columns in one line each. For a thread."""
    single: list[DiffRow] = []
    scripts: list[DiffRow] = []
    for column, (before, after) in change.fields.items():
        to = display_value(after, names)
        if column == SCRIPT or "\n" in to:
            if len(change.fields) > 1:
                scripts.append(DiffRow(heading=column))
            scripts += side_by_side(before or "", to)
            continue
        left = None if before is None else f"{column}: {before}"
        sign = ADDED if before is None else CHANGED if before != to else SAME
        single.append(DiffRow(sign, left, f"{column}: {to}"))
    return single + scripts


def change_summary(change: Any) -> str:
    """Return in a sentence what differs."""
    columns = ", ".join(change.fields)
    count = len(change.fields)
    if change.operation == "create":
        return plural(count, "Creates a record with {count} field.", "Creates a record with {count} fields.")
    if change.operation == "keep":
        return tr("No changes.")
    if not change.fields:
        return tr("Nothing can be written as things are.")
    named = f"{columns[:1].upper()}{columns[1:]}"
    differ = plural(count, "{fields} differs.", "{fields} differ.", fields=named)
    if change.operation == "update":
        return tr("{differing} No other field is changed.", differing=differ)
    return tr("{differing} Not changed unless you choose to overwrite it.", differing=differ)


class ChangeView(QWidget):
    """Head, sentence, both sides, reason. `overwrite_wanted(key, on)` follows the tick at a conflict."""

    overwrite_requested = pyqtSignal(str, bool)

    def __init__(self, page: Any) -> None:
        super().__init__()
        self._page = page
        self.change: Any = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(10)
        self.title = ElidedLabel("", role="section")
        self.title.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._badge = QHBoxLayout()
        self.copy = LinkLabel(tr("Copy new script"))
        self.copy.clicked.connect(self._copy)
        head.addWidget(self.title)
        head.addLayout(self._badge)
        head.addStretch(1)
        column.addLayout(head)
        self.sentence = Label("", role="muted")
        self.sentence.setWordWrap(True)
        said = QHBoxLayout()
        said.setSpacing(8)
        said.addWidget(self.sentence, 1)
        said.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(said)
        self.overwrite = CheckBox(tr("Write over it"))
        self.overwrite.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.overwrite.clicked.connect(
            lambda on: self.change and self.overwrite_requested.emit(self.change.key, on)
        )
        column.addWidget(self.overwrite)
        column.addSpacing(4)
        self.difference = DifferenceView()
        column.addWidget(self.difference, 1)
        why = QHBoxLayout()
        why.setSpacing(8)
        self._clock = IconLabel("history", 16)
        self.why = Label("")
        self.why.setWordWrap(True)
        why.addWidget(self._clock)
        why.addWidget(self.why, 1)
        column.addLayout(why)
        column.addStretch(0)

    async def show_change(self, change: Any, names: dict[str, str], server: str, *, ticked: bool) -> None:
        """Show a change; both sides are compared in a thread."""
        self.change = change
        tone, icon = OPERATION_TONES[change.operation]
        while (old := self._badge.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._badge.addWidget(Badge(tr(OPERATION_LABELS[change.operation]), tone, icon))
        self.title.setText(change.name)
        self.title.updateGeometry()
        self.sentence.setText(change_summary(change))
        self.overwrite.setVisible(change.sys_id is not None and (change.operation == "conflict" or ticked))
        self.overwrite.setChecked(ticked)
        self.overwrite.setAccessibleName(tr("Write over {name}", name=change.name))
        self.copy.setVisible(SCRIPT in change.fields)
        self.why.setText(f"{translate(change.why)}.")
        self.difference.setVisible(bool(change.fields))
        rows = await asyncio.to_thread(diff_rows, change, names)
        if change is self.change:
            self.difference.show_rows(rows, tr("On {server}", server=server), tr("After Apply"))

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self.change is not None:
            clipboard.setText(str(self.change.fields[SCRIPT][1]))
            self._page.ctx.notify(tr("Copied the new script of {name}", name=self.change.name))
