"""What a step of the guide asks for in another program: the page there, and the values to copy."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QUrl
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.labels import Label, wrapped_label
from console.widgets.value_list import ValueList, ValueRow
from services.language import tr, translate, translate_message

if TYPE_CHECKING:
    from services.setup.guide_step import ExternalTask, GuideStep

WIDTH = 480


class ExternalTaskDialog(Dialog):
    """Shows the way to a page of another program, opens it, and offers the values to enter there."""

    def __init__(self, step: "GuideStep", task: "ExternalTask", parent: QWidget) -> None:
        super().__init__(parent)
        program = translate_message(task.program)
        title = tr("Step {number}: {text}", number=step.number, text=translate(step.text))
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        self._url = task.url
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        layout.addWidget(Label(tr("In {program}", program=program), role="section"))
        if task.path:
            layout.addWidget(wrapped_label(task.path, "caption"))
        layout.addWidget(wrapped_label(translate_message(step.fact)))
        if task.values:
            self.values = ValueList(tr("Values to enter"))
            self.values.set_rows([ValueRow(translate_message(name), value) for name, value in task.values])
            layout.addWidget(self.values)
        if not task.url:
            layout.addWidget(
                wrapped_label(tr("The page can be opened from here once its server is set up."), "caption")
            )
        layout.addStretch(1)
        layout.addLayout(self._make_buttons(program))

    def _make_buttons(self, program: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        close = buttons.secondary("Close")
        close.clicked.connect(self.accept)
        row.addWidget(close)
        if self._url:
            self.open_button = buttons.primary(tr("Open {program}", program=program), icon="open")
            self.open_button.clicked.connect(self.open_page)
            row.addWidget(self.open_button)
        return row

    def open_page(self) -> None:
        """Open the page in the browser."""
        QDesktopServices.openUrl(QUrl(self._url))
