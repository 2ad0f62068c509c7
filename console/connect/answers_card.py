"""The card Answers sent back: figures of the last 24 hours, and what can be done about failed ones."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from console.widgets import buttons
from console.widgets.labels import Label, LinkLabel, set_tone, wrapped_label
from models.translation_marks import tr_later
from services.language import tr

ROWS = 5
RETRY = tr_later("Retry")


class AnswersCard(QWidget):
    """Title, link to the list, figures, and Retry while an answer has failed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(Label(tr("Answers sent back"), role="section"))
        head.addStretch(1)
        self.show_link = LinkLabel(tr("Show"))
        head.addWidget(self.show_link)
        layout.addLayout(head)
        layout.addWidget(wrapped_label(tr("To Privilege Manager, in the last 24 hours"), "caption"))
        layout.addSpacing(4)
        grid = QGridLayout()
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        self._names = [Label("", role="muted") for _ in range(ROWS)]
        self._values = [Label("") for _ in range(ROWS)]
        for row, (name, value) in enumerate(zip(self._names, self._values, strict=True)):
            grid.addWidget(name, row, 0)
            grid.addWidget(value, row, 1, Qt.AlignmentFlag.AlignRight)
        layout.addLayout(grid)
        self.retry_button = buttons.secondary(RETRY, icon="refresh")
        self.retry_button.setAccessibleName(tr("Send failed answers again"))
        self.retry_button.hide()
        layout.addSpacing(4)
        layout.addWidget(self.retry_button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_figures(self, figures: Sequence[tuple[str, str, str]], *, failed: int) -> None:
        """Show name, value and tone of each figure."""
        for place, (name, value) in enumerate(zip(self._names, self._values, strict=True)):
            text, shown, tone = figures[place] if place < len(figures) else ("", "", "text")
            name.setText(text)
            value.setText(shown)
            set_tone(value, tone)
        self.retry_button.setVisible(failed > 0)
