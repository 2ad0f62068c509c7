"""The Details tab: a form with an optional side panel, which moves under the form in narrow windows."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from console.design import theme
from console.forms.form import FORM_WIDTH
from services.language import tr

RAIL_WIDTH = 232
RAIL_GAP = 28
NARROW_WINDOW = 1100
MARGIN, SCROLL_BAR = 24, 10
FORM_STRETCH = 1000
"""The form takes the available width up to its maximum; the rest stays empty."""


class DetailsView(QScrollArea):
    """Scrolls the form and its side panel; horizontally only where large fonts need it."""

    def __init__(self, form: QWidget, rail: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Details"))
        self._rail, self._form = rail, form
        content = QWidget(self.viewport())
        content.setProperty("role", "page")
        # Before there is anything in it: Qt would compute the size of everything, which changes once it is shown.
        self.setWidget(content)
        outer = QVBoxLayout(content)
        outer.setContentsMargins(MARGIN, 16, MARGIN, MARGIN)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._line.setSpacing(RAIL_GAP)
        outer.addLayout(self._line)
        self._line.addWidget(form, FORM_STRETCH, Qt.AlignmentFlag.AlignTop)
        if rail is not None:
            rail.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
            self._line.addWidget(rail, 0, Qt.AlignmentFlag.AlignTop)
        self._line.addStretch(1)
        outer.addStretch(1)

    @property
    def folded(self) -> bool:
        """Whether the side panel is under the form."""
        return self._line.direction() == QBoxLayout.Direction.TopToBottom

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Move the side panel under the form or beside it, by the width of the window."""
        self._fold()  # before the content is laid out
        super().resizeEvent(event)

    def _fold(self) -> None:
        if self._rail is None:
            return
        window = self.window()
        # A wide tree leaves as little width as a narrow window does.
        needed = (
            2 * MARGIN
            + self._form.minimumSizeHint().width()
            + RAIL_GAP
            + theme.scaled(RAIL_WIDTH)
            + SCROLL_BAR
        )
        narrow = window is not None and (
            window.width() < theme.scaled(NARROW_WINDOW) or self.width() < needed
        )
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._line.setDirection(direction)
        self._rail.setMinimumWidth(0 if narrow else theme.scaled(RAIL_WIDTH))
        self._rail.setMaximumWidth(theme.scaled(FORM_WIDTH if narrow else RAIL_WIDTH))
