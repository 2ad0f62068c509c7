"""Asks what a property of the approval operation is filled with."""

from PyQt6.QtWidgets import QWidget

from console.connect.answer_sources import LEFT_OUT, SOURCE_NAMES, UNITS, SourceChoice
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.dialog_parts import button_row, titled_column
from console.widgets.field import Field
from console.widgets.line_editors import ElidingComboBox, TextLineEdit
from services.language import tr

WIDTH = 460


class SourceDialog(Dialog):
    """A choice of sources, and the values that the chosen one needs."""

    def __init__(self, name: str, kind: str, choice: SourceChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = tr("What fills {variable}", variable=name)
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        layout = titled_column(self, title)
        self.source, self.unit = ElidingComboBox(), ElidingComboBox()
        self.source.addItem(tr("Leave it out"), LEFT_OUT)
        for source, text in SOURCE_NAMES.items():
            self.source.addItem(tr(text), source.value)
        for key, text in UNITS:
            self.unit.addItem(tr(text), key)
        self.first, self.second = TextLineEdit(), TextLineEdit()
        help_text = tr("The operation takes: {values}", values=plain_text.one_line(kind)) if kind else ""
        self.fields = (
            Field("Filled with", self.source, help_text),
            Field("Value", self.first, ""),
            Field("Value for a denial", self.second, tr("Empty where the operation has none")),
            Field("Unit", self.unit, ""),
        )
        for field in self.fields:
            layout.addWidget(field)
        layout.addStretch(1)
        self.use_button = buttons.primary("Use")
        self.use_button.setDefault(True)
        self.use_button.clicked.connect(self.accept)
        layout.addLayout(button_row(self, self.use_button))
        self._show(choice)
        self.source.currentIndexChanged.connect(lambda _place: self._refresh())
        self.first.textChanged.connect(lambda _text: self._refresh())
        self._refresh()
        self.source.setFocus()

    def _show(self, choice: SourceChoice) -> None:
        self.source.setCurrentIndex(max(self.source.findData(choice.source), 0))
        place = self.unit.findData(choice.unit)
        if place < 0:
            self.unit.addItem(tr("{count} seconds", count=choice.unit), choice.unit)
            place = self.unit.count() - 1
        self.unit.setCurrentIndex(place)
        self.first.setText(choice.first)
        self.second.setText(choice.second)

    @property
    def choice(self) -> SourceChoice:
        """What is chosen now."""
        return SourceChoice(
            str(self.source.currentData()),
            self.first.text(),
            self.second.text(),
            str(self.unit.currentData()),
        )

    def _refresh(self) -> None:
        choice = self.choice
        first, second = choice.labels
        for field, label in zip(self.fields[1:3], (first, second), strict=True):
            field.setVisible(bool(label))
            if label:
                field.label.setText(label)
                field.set_help(field.text)
        self.fields[3].setVisible(choice.source == "duration")
        self.use_button.setEnabled(choice.is_complete)
