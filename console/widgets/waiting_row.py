"""A row that says what is awaited and how to cause it, with a button that ends the waiting."""

from PyQt6.QtCore import QPointF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from console.design import theme
from console.widgets import buttons
from console.widgets.labels import ElidedLabel, Label
from console.widgets.motion import Rotation, draw_status
from console.widgets.steps import STEP_WORDS, StepState
from models.translation_marks import tr_later
from services.language import tr

SHAPE, HEIGHT = 14, 40
STOP_WAITING = tr_later("Stop waiting")


class StatusShape(QWidget):
    """A status shape on a background; a running one turns where motion is wanted."""

    def __init__(self, background: str = "page", size: int = SHAPE, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background, self._size, self._state = background, size, StepState.TODO
        self._rotation = Rotation(self)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(size, size)
        theme.of().theme_changed.connect(self._repaint)

    def set_state(self, state: StepState) -> None:
        """Show the shape of a state."""
        self._state = state
        self._rotation.set_running(state is StepState.RUNNING)
        self.setAccessibleName(tr(STEP_WORDS[state]))
        self.update()

    def _repaint(self, _scheme: str) -> None:
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the shape."""
        return QSize(self._size, self._size)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the shape with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = self._state.shape
        draw_status(painter, QPointF(0, 0), shape, self._size, self._background, self._rotation.angle)


class WaitingRow(QFrame):
    """The row. While it runs its button stops it; another state may come with another button."""

    stop_clicked = pyqtSignal()
    """The button was pressed, whatever stands on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setMinimumHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.state = StepState.RUNNING
        self._shape = StatusShape("raised")
        self._text, self._caption = Label("", role="strong"), ElidedLabel("", role="caption")
        self._caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.button = buttons.secondary(STOP_WAITING)
        self.button.clicked.connect(lambda _on: self.stop_clicked.emit())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(13, 5, 8, 5)
        layout.setSpacing(8)
        layout.addWidget(self._shape)
        layout.addSpacing(3)
        layout.addWidget(self._text)
        layout.addWidget(self._caption, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)

    def set_content(
        self,
        text: str,
        caption: str = "",
        *,
        state: StepState = StepState.RUNNING,
        button: str = STOP_WAITING,
    ) -> None:
        """Show what is awaited, how to cause it, and what the button does; an empty `button` for none."""
        self.state = state
        self._shape.set_state(state)
        self._text.setText(text)
        self._caption.setText(caption)
        self.button.setText(tr(button) if button else "")
        self.button.setAccessibleName(f"{self.button.text()}: {text}" if button else "")
        self.button.setVisible(bool(button))
        parts = (text, tr(STEP_WORDS[state]), caption)
        self.setAccessibleName(", ".join(part for part in parts if part))
