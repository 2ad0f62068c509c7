"""The line under the table: the status of the list, and how many rows are in view."""

from PyQt6.QtWidgets import QHBoxLayout, QWidget

from console.inbox.status_text import StatusText
from console.widgets.labels import ElidedLabel, IconLabel, Label
from services.language import tr

MARGIN, HEIGHT = 24, 22


class ListFooter(QWidget):
    """Shows a status text, with the shape of a notice if needed."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.setSpacing(6)
        self._shape = IconLabel("notice", 12)
        self._shape.hide()
        self.text = ElidedLabel("", role="caption")
        self.seen = Label("", role="caption")
        row.addWidget(self._shape)
        row.addWidget(self.text, 1)
        row.addWidget(self.seen)

    def show_status(self, status: StatusText) -> None:
        """Show a status."""
        self._shape.setVisible(status.is_notice)
        self.text.setText(status.text)

    def show_visible_range(self, first: int, last: int, count: int) -> None:
        """Show how many of `count` rows are in view."""
        self.seen.setText(
            tr("{shown} of {count} in view", shown=last - first + 1, count=count) if count else ""
        )
