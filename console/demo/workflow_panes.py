"""The panes of the workflow: the endpoint, ServiceNow as its approver sees it, and Privilege Manager."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from console.demo.workflow_presenter import FactRow
from console.widgets import buttons
from console.widgets.endpoint_window import EndpointWindow, Mode
from console.widgets.field import Field
from console.widgets.labels import ElidedLabel, IconLabel, Label
from console.widgets.line_editors import TextLineEdit
from services.language import tr

MARGIN, SHAPE = 16, 14


class FactGrid(QWidget):
    """Names and values in rows that change in place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(2, 1)
        self._rows: list[tuple[QLabel, IconLabel, ElidedLabel]] = []

    def show_rows(self, rows: Sequence[FactRow]) -> None:
        """Show rows."""
        while len(self._rows) < len(rows):
            place = len(self._rows)
            made = (Label("", role="muted"), IconLabel("", SHAPE), ElidedLabel(""))
            for column, widget in enumerate(made):
                self._grid.addWidget(widget, place, column)
            self._rows.append(made)
        for place, (name, shape, value) in enumerate(self._rows):
            row = rows[place] if place < len(rows) else FactRow("")
            name.setText(row.name)
            value.setText(row.value)
            value.setAccessibleName(f"{row.name}: {row.value}")
            shape.setVisible(bool(row.shape))
            if row.shape:
                shape.show_shape(row.shape)

    @property
    def values(self) -> dict[str, str]:
        """What is shown, by name."""
        return {name.text(): value.text() for name, _shape, value in self._rows}


class Pane(QFrame):
    """A card with a heading, what it shows in a caption, and content below."""

    def __init__(self, title: str, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setAccessibleName(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(MARGIN, 12, MARGIN, MARGIN)
        self.column.setSpacing(8)
        self.column.addWidget(Label(title, role="section"))
        self.caption = ElidedLabel(caption, role="caption")
        self.column.addWidget(self.caption)
        self.column.addSpacing(4)


class EndpointPane(Pane):
    """The window of the endpoint with program and user above it, and the console's own line below."""

    def __init__(self, caption: str, application: str, user: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Endpoint"), caption, parent)
        self.application, self.user = TextLineEdit(), TextLineEdit()
        self.application.setText(application)
        self.user.setText(user)
        fields = QHBoxLayout()
        fields.setSpacing(16)
        fields.addWidget(Field("Application", self.application, "The program that was started"), 3)
        fields.addWidget(Field("User", self.user, "Who has started it"), 2)
        self.column.addLayout(fields)
        self.window_frame = EndpointWindow(Mode.WORKING)
        self.column.addWidget(self.window_frame)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(Label(tr("Approval Console"), role="strong"))
        self.shape, self.line = IconLabel("", SHAPE), ElidedLabel("", role="caption")
        foot.addWidget(self.shape)
        foot.addWidget(self.line, 1)
        self.column.addLayout(foot)
        self.column.addStretch(1)

    @property
    def entered(self) -> tuple[str, str, str]:
        """Program, user and reason as they are typed."""
        return self.application.text(), self.user.text(), self.window_frame.reason


class ServiceNowPane(Pane):
    """The requested item, and the decision of its approver."""

    decided = pyqtSignal(str, str)
    """Carries the state that the approval gets, and the comment."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("ServiceNow"), caption, parent)
        self.facts = FactGrid()
        self.column.addWidget(self.facts)
        self.column.addStretch(1)
        self.comment = TextLineEdit()
        self.column.addWidget(Field("Comment", self.comment))
        row = QHBoxLayout()
        row.setSpacing(8)
        self.approve = buttons.secondary("Approve", icon="tick")
        self.reject = buttons.secondary("Reject", icon="cross")
        for button, word in ((self.approve, "approved"), (self.reject, "rejected")):
            button.clicked.connect(lambda _on, word=word: self.decided.emit(word, self.comment.text()))
            row.addWidget(button)
        row.addStretch(1)
        self.column.addLayout(row)
        self.set_waiting(waiting=False)

    def set_waiting(self, *, waiting: bool) -> None:
        """Whether an approval waits for its approver."""
        for widget in (self.comment, self.approve, self.reject):
            widget.setEnabled(waiting)


class PrivilegeManagerPane(Pane):
    """The policy, and the approval with the answer that arrived."""

    def __init__(self, caption: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Privilege Manager"), caption, parent)
        self.facts = FactGrid()
        self.column.addWidget(self.facts)
        self.column.addStretch(1)
        self.column.setAlignment(self.facts, Qt.AlignmentFlag.AlignTop)
