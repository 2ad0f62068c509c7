"""The selected change of a plan: what is done, why, and both sides of what differs."""

import asyncio
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.provisioning.plan_texts import OPERATION_LABELS, OPERATION_TONES, change_summary, display_value
from console.widgets.badge import Badge
from console.widgets.diff_view import ADDED, CHANGED, SAME, DifferenceView, DiffRow, side_by_side
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel
from console.widgets.line_editors import CheckBox
from services.language import tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.provisioning import RecordChange

SCRIPT = "script"


def diff_rows(change: "RecordChange", names: dict[str, str]) -> list[DiffRow]:
    """Return the lines of both sides: scripts line by line, other columns in one line each. Slow; call in a thread."""
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


class ChangeView(QWidget):
    """Shows one change, with a checkbox where it is a conflict that can be overwritten."""

    overwrite_requested = pyqtSignal(str, bool)
    """The checkbox was clicked; carries the key of the record and the new state."""

    def __init__(self, ctx: "Context", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self.change: RecordChange | None = None
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
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.sentence, 1)
        line.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(line)
        self.overwrite = CheckBox(tr("Write over it"))
        self.overwrite.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.overwrite.clicked.connect(self._on_overwrite_clicked)
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

    def _on_overwrite_clicked(self, on: bool) -> None:  # noqa: FBT001 - a slot
        if self.change is not None:
            self.overwrite_requested.emit(self.change.key, on)

    async def show_change(self, change: "RecordChange", names: dict[str, str], server: str) -> None:
        """Show a change; `names` holds the names of all records of the plan by key. Both sides are compared in a thread."""
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
        self.overwrite.setVisible(
            (change.sys_id is not None and (change.operation == "conflict" or change.overwrites))
            or change.can_be_created
        )
        if change.can_be_created:
            self.overwrite.setText(tr("Create it all the same"))
        else:
            self.overwrite.setText(tr("Write over it"))
        self.overwrite.setChecked(change.overwrites)
        self.overwrite.setAccessibleName(
            tr("Create {name} all the same", name=change.name)
            if change.can_be_created
            else tr("Write over {name}", name=change.name)
        )
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
            self._ctx.notify(tr("Copied the new script of {name}", name=self.change.name))
