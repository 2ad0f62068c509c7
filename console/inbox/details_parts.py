"""Widgets of the details pane: the answer for the caller, the states in both systems, the subject."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.design import theme
from console.widgets.labels import ElidedLabel, IconLabel, Label, with_break_points
from services.language import tr

SHAPE = 14
DIRECTIONS = QBoxLayout.Direction


class CallerAnswer(QFrame):
    """A text to read aloud: a panel with a bar at its left."""

    BAR = 3

    def __init__(self) -> None:
        super().__init__()
        self.label = Label("")
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 12, 10)
        layout.addWidget(self.label)

    def show_text(self, text: str) -> None:
        """Show a text."""
        self.text = text
        self.label.setText(with_break_points(text))
        self.label.setAccessibleName(tr("Answer for the caller: {text}", text=text))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw background and bar in the colours of the theme."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("raised"))
        painter.fillRect(0, 0, self.BAR, self.height(), theme.colour("edge"))


class SystemStateView(QWidget):
    """The state of a request in one system: the name of the system, the state with its shape, and details."""

    def __init__(self, icon: str, name: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._shape, self._state = IconLabel("off", SHAPE, ground="raised"), Label("", role="strong")
        self._state.setWordWrap(True)
        self._more = Label("", role="caption")
        self._more.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(IconLabel(icon, SHAPE))
        head.addWidget(Label(name, role="muted"), 1)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._shape)
        line.addWidget(self._state, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(line)
        column.addWidget(self._more)
        column.addStretch(1)
        self._name = name

    @property
    def minimum_name_width(self) -> int:
        """The width that the name of the system needs."""
        return SHAPE + 6 + QFontMetrics(theme.font("body")).horizontalAdvance(self._name) + 2

    def show_state(self, shape: str, state: str, more: str) -> None:
        """Show a state; an empty one is not known yet."""
        self._shape.show_shape(shape)
        self._shape.setVisible(bool(state))
        self._state.setText(with_break_points(state))
        self._more.setText(with_break_points(more))
        self._more.setVisible(bool(more))
        self.setAccessibleName(", ".join(part for part in (f"{self._name}: {state}", more) if part))


class SystemStates(QFrame):
    """Both systems side by side, or one below the other if their names have no room."""

    AIR = 12

    def __init__(self, here: SystemStateView, there: SystemStateView) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._parts = (here, there)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(self.AIR, 10, self.AIR, 10)
        self._line.setSpacing(self.AIR)
        self._rule = QFrame()
        self._rule.setProperty("role", "upright")
        self._line.addWidget(here, 1)
        self._line.addWidget(self._rule)
        self._line.addWidget(there, 1)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Choose the direction that has room."""
        super().resizeEvent(event)
        needed = 2 * max(part.minimum_name_width for part in self._parts) + 4 * self.AIR + 1
        beside = self.width() >= needed
        self._line.setDirection(DIRECTIONS.LeftToRight if beside else DIRECTIONS.TopToBottom)
        self._rule.setVisible(beside)


class SubjectLabel(ElidedLabel):
    """The subject of a request; hidden if there is no room for a few letters."""

    MIN_WIDTH = 60

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the text if there is room for it."""
        if self.width() >= self.MIN_WIDTH:
            super().paintEvent(event)
