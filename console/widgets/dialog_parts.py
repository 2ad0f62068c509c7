"""What dialogs begin and end with: a column under a title, and the row of buttons."""

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout

from console.widgets import buttons
from console.widgets.dialog import Dialog
from console.widgets.labels import Label


def titled_column(dialog: Dialog, title: str, *, spacing: int = 8) -> QVBoxLayout:
    """Give a dialog its column, which begins with a title."""
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(24, 16, 24, 16)
    layout.setSpacing(spacing)
    layout.addWidget(Label(title, role="section"))
    return layout


def button_row(dialog: Dialog, *actions: QPushButton) -> QHBoxLayout:
    """Return the buttons at the end of a dialog: `actions`, then “Cancel”, or “Close” where there are none."""
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addStretch(1)
    for action in actions:
        row.addWidget(action)
    out = buttons.secondary("Cancel" if actions else "Close")
    out.clicked.connect(dialog.reject)
    row.addWidget(out, 0, Qt.AlignmentFlag.AlignRight)
    return row
