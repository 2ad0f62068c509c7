"""What the switch changes: names and values below the steps."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from console.widgets.labels import ElidedLabel, Label
from services.language import tr

ROWS = 5


class ChangesCard(QWidget):
    """A title, and five rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(Label(tr("What the switch changes"), role="section"))
        grid = QGridLayout()
        grid.setVerticalSpacing(9)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        self._names = [Label("", role="muted") for _ in range(ROWS)]
        self.values = [ElidedLabel("") for _ in range(ROWS)]
        for row, (name, value) in enumerate(zip(self._names, self.values, strict=True)):
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(name, row, 0)
            grid.addWidget(value, row, 1)
        layout.addLayout(grid)

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show names and values."""
        for place, (name, value) in enumerate(zip(self._names, self.values, strict=True)):
            text, shown = rows[place] if place < len(rows) else ("", "")
            name.setText(text)
            value.setText(shown)
