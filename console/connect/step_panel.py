"""What a step shows that has no event: its place, what is true, values to copy, and buttons."""

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from console.connect.step_content import PanelContent
from console.widgets import buttons
from console.widgets.labels import Label, wrapped_label
from console.widgets.rows_table import RowsTable, TableRow
from console.widgets.value_list import ValueList
from models.translation_marks import tr_later
from services.language import tr

ANSWER_COLUMNS = (tr_later("Property"), tr_later("Type"), tr_later("Required"), tr_later("Filled with"))
ROW, HEAD = 28, 30


class StepPanel(QWidget):
    """The panel. `acted` carries the key of the button that was pressed."""

    acted = pyqtSignal(str)
    property_opened = pyqtSignal()
    """A row of the table was opened; `chosen_property` is its name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self.title, self.path = Label("", role="section"), wrapped_label("", "caption")
        self.text = wrapped_label("")
        self.values = ValueList(tr("Values to enter"))
        self.table = RowsTable(tr("What answers are filled with"), ANSWER_COLUMNS, (160, 140, 80, 260))
        self.table.setProperty("role", "card")
        self.table.activated.connect(lambda _index: self.property_opened.emit())
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self.buttons: dict[str, QPushButton] = {}
        for widget in (self.title, self.path, self.text, self.values, self.table):
            layout.addWidget(widget)
        layout.addLayout(self._row)
        layout.addStretch(1)

    def show_content(self, content: PanelContent) -> None:
        """Show the content of a step."""
        self.title.setText(content.title)
        self.path.setText(content.path)
        self.path.setVisible(bool(content.path))
        self.text.setText(content.text)
        self.text.setVisible(bool(content.text))
        self.values.set_rows(content.values)
        self.values.setVisible(bool(content.values))
        self.table.show_rows(
            [TableRow(content.shape if row[3] else "off", row, row[0]) for row in content.table]
        )
        self.table.setFixedHeight(HEAD + ROW * len(content.table) + 4)
        self.table.setVisible(bool(content.table))
        self._show_buttons(content.buttons)

    @property
    def chosen_property(self) -> str:
        """The property of the selected row, else that of the first."""
        place = max(self.table.currentIndex().row(), 0)
        return self.table.rows.row(place).key if place < self.table.rows.rowCount() else ""

    def _show_buttons(self, wanted: Sequence[tuple[str, str, bool]]) -> None:
        if [key for key, _, _ in wanted] != list(self.buttons):
            while (item := self._row.takeAt(0)) is not None:
                if (widget := item.widget()) is not None:
                    widget.hide()
                    widget.deleteLater()
            self.buttons = {}
            for key, text, _ in wanted:
                button = self.buttons[key] = buttons.secondary(text)
                button.clicked.connect(lambda _on, key=key: self.acted.emit(key))
                self._row.addWidget(button)
            self._row.addStretch(1)
        for key, text, enabled in wanted:
            self.buttons[key].setText(text)
            self.buttons[key].setAccessibleName(text)
            self.buttons[key].setEnabled(enabled)
