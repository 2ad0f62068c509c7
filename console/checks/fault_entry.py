"""One entry of the fault catalog: its id, symptom, cause, owner, remedy and source."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from console.widgets import buttons
from console.widgets.labels import IconLabel, Label, wrapped_label
from services.language import tr

LABEL_COLUMN_WIDTH, MIN_WIDTH = 92, 300
"""The width of the column of labels, and the minimum width of the view."""


class FaultDetailView(QScrollArea):
    """Shows an entry; scrolls vertically."""

    copy_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Entry"))
        self.setMinimumWidth(MIN_WIDTH)
        self._rows: list[tuple[Label, Label]] = []
        self._shapes = {shape: IconLabel(shape, 18) for shape in ("bad", "notice")}
        self.heading = wrapped_label("", "section")
        self.copy_button = buttons.secondary("Copy", icon="copy")
        self.copy_button.setAccessibleName(tr("Copy the entry"))
        self.copy_button.clicked.connect(self.copy_requested)
        content = QWidget()
        content.setProperty("role", "page")
        layout = QVBoxLayout(content)
        layout.setContentsMargins(24, 8, 24, 16)
        layout.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(10)
        for picture in self._shapes.values():
            head.addWidget(picture)
        head.addWidget(self.heading, 1)
        head.addWidget(self.copy_button)
        layout.addLayout(head)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(10)
        self._grid.setColumnMinimumWidth(0, LABEL_COLUMN_WIDTH)
        self._grid.setColumnStretch(1, 1)
        layout.addLayout(self._grid)
        layout.addStretch(1)
        self.setWidget(content)

    def show_fault(self, name: str, shape: str, parts: Sequence[tuple[str, str]]) -> None:
        """Show the parts of the entry `name`, with the shape of its severity."""
        self.heading.setText(name)
        self.setAccessibleDescription(". ".join((name, *(f"{part}: {text}" for part, text in parts))))
        for key, picture in self._shapes.items():
            picture.setVisible(key == shape)
        while len(self._rows) < len(parts):
            row = len(self._rows)
            pair = (Label("", role="field"), wrapped_label(""))
            self._grid.addWidget(pair[0], row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(pair[1], row, 1)
            self._rows.append(pair)
        for number, (label, text) in enumerate(self._rows):
            filled = number < len(parts)
            label.setText(parts[number][0] if filled else "")
            text.setText(parts[number][1] if filled else "")
            label.setVisible(filled)
            text.setVisible(filled)
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(0)
