"""The choice between two versions of one object, field by field, when somebody else saved first."""

import uuid
from dataclasses import dataclass

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.labels import ElidedLabel, Label
from services.language import exact_duration, plural, tr

MINE, THEIRS = "mine", "theirs"
USE_THEIRS_RESULT = 2


@dataclass(frozen=True, slots=True)
class MergeRow:
    """One field in a merge: its label and its value as opened, as saved by the other, and as typed."""

    name: str
    label: str
    was: str
    theirs: str
    mine: str
    conflict: bool
    picked: str = MINE


class MergeDialog(Dialog):
    """Shows each field that differs; a field both sides changed has to be chosen. `choice` holds what was picked.

    Finishes with Accepted for "Save merged", `DISCARDED` for "Use their version", Rejected for "Keep editing".
    """

    def __init__(
        self, title: str, explanation: str, rows: list[MergeRow], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(680)
        self._rows = rows
        self._radios: dict[tuple[str, str], QRadioButton] = {}
        self.choice: dict[str, str] = {r.name: r.picked for r in rows if not r.conflict}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(title, role="section"))
        text = Label(explanation)
        text.setWordWrap(True)
        layout.addWidget(text)
        layout.addLayout(self._table())
        layout.addStretch(1)
        layout.addLayout(self._foot())
        self._update()

    def _table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        for column, head in enumerate(
            (tr("Field"), tr("When opened"), tr("Their version"), tr("Your version"))
        ):
            grid.addWidget(Label(head, role="caption"), 0, column)
            grid.setColumnStretch(column, 0 if column == 0 else 1)
        for line, row in enumerate(self._rows, 1):
            grid.addWidget(Label(row.label, role="field"), line, 0)
            grid.addWidget(ElidedLabel(row.was), line, 1)
            group = QButtonGroup(self)
            for column, (side, text) in enumerate(((THEIRS, row.theirs), (MINE, row.mine)), 2):
                radio = _make_radio_button(row.label, side, text)
                radio.setChecked(self.choice.get(row.name) == side)
                radio.toggled.connect(lambda on, name=row.name, picked=side: self._pick(name, picked, on))
                group.addButton(radio)
                self._radios[row.name, side] = radio
                grid.addWidget(radio, line, column)
        return grid

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.save_button = buttons.primary("Save merged")
        self.save_button.clicked.connect(self.accept)
        self._reason = ElidedLabel("", role="caption")
        self.theirs_button = buttons.secondary("Use their version")
        self.theirs_button.clicked.connect(lambda: self.done(USE_THEIRS_RESULT))
        self.keep_button = buttons.secondary("Keep editing")
        self.keep_button.clicked.connect(self.reject)
        for widget in (self.save_button, self._reason):
            foot.addWidget(widget, 0 if widget is self.save_button else 1)
        foot.addWidget(self.theirs_button)
        foot.addWidget(self.keep_button)
        return foot

    def _pick(self, name: str, side: str, on: bool) -> None:  # noqa: FBT001 - the slot of a Qt signal
        if on:
            self.choice[name] = side
            self._update()

    def choose(self, name: str, side: str) -> None:
        """Choose a side of a field, as a click does."""
        self._radios[name, side].setChecked(True)

    def _update(self) -> None:
        open_rows = [r for r in self._rows if r.name not in self.choice]
        self.save_button.setEnabled(not open_rows)
        count = len(open_rows)
        self._reason.setText(
            plural(count, "Choose for {count} field to save", "Choose for {count} fields to save")
            if count
            else ""
        )

    def picked(self, name: str) -> str:
        """Return which side was picked for a field; mine where it was not asked."""
        return self.choice.get(name, MINE)


def _make_radio_button(label: str, side: str, text: str) -> QRadioButton:
    radio = QRadioButton()
    metrics = radio.fontMetrics()
    radio.setText(
        plain_text.menu_text(metrics.elidedText(plain_text.one_line(text), Qt.TextElideMode.ElideMiddle, 180))
    )
    plain_text.set_tooltip(radio, text)
    radio.setAccessibleName(
        tr("{label}: your version, {text}", label=label, text=text)
        if side == MINE
        else tr("{label}: their version, {text}", label=label, text=text)
    )
    return radio


def format_value(value: object, names: dict[uuid.UUID, str], *, seconds: bool = False) -> str:
    """Return a value in the words of a form: names for references, Yes and No, durations with their unit."""
    if value is None or value == "":
        return tr("not set")
    if isinstance(value, bool):
        return tr("Yes") if value else tr("No")
    if isinstance(value, str) and len(value) == UUID_LENGTH:
        value = _uuid_or_text(value)
    if isinstance(value, uuid.UUID):
        return names.get(value, str(value))
    if seconds and isinstance(value, int):
        return exact_duration(value)
    return str(value)


def _uuid_or_text(text: str) -> uuid.UUID | str:
    # Revisions keep ids as text.
    try:
        return uuid.UUID(text)
    except ValueError:
        return text


UUID_LENGTH = 36
