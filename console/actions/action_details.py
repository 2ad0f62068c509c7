"""The Details tab of an action: steps above two columns, the form and the preview; in narrow windows one under the other."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from console.design import theme
from console.forms.details_tab import MARGIN, NARROW_WINDOW, SCROLL_BAR
from console.forms.form import Form
from console.forms.notice import Notice
from console.widgets.endpoint_window import EndpointWindow, Mode
from console.widgets.failure_panel import FailurePanel
from console.widgets.labels import ElidedLabel, IconLabel, Label
from console.widgets.step_strip import StepStrip
from services.language import tr

LEFT_WIDTH, RIGHT_WIDTH, GAP = 467, 500, 24
LEFT_MINIMUM = 400
"""Below this width of the form the preview goes under it."""


class ActionDetails(QScrollArea):
    """Scrolls everything; nothing is cut off at the side."""

    def __init__(self, form: Form, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Details"))
        self._form = form
        self.notice = Notice(margin=0)
        self.strip = StepStrip(tr("Steps of the copy"))
        self.failure = FailurePanel()
        self.preview = EndpointWindow(Mode.PREVIEW)
        self.caption = ElidedLabel("", role="caption")
        self.hint = Label(
            tr("Click a text in the window to edit it. Reason takes at most 250 characters."), role="caption"
        )
        self.hint.setWordWrap(True)
        self.right = self._make_right()
        content = QWidget(self.viewport())
        content.setProperty("role", "page")
        self.setWidget(
            content
        )  # empty, as Qt would compute the size of everything, which changes once it is shown
        outer = QVBoxLayout(content)
        outer.setContentsMargins(MARGIN, 12, MARGIN, MARGIN)
        outer.setSpacing(12)
        for widget in (self.notice, self.strip, self.failure):
            outer.addWidget(widget)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(GAP)
        outer.addLayout(self._columns)
        form.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._columns.addWidget(form, LEFT_WIDTH, Qt.AlignmentFlag.AlignTop)
        self._columns.addWidget(self.right, RIGHT_WIDTH, Qt.AlignmentFlag.AlignTop)
        self._columns.addStretch(1)
        outer.addStretch(1)

    def _make_right(self) -> QWidget:
        right = QWidget()
        self._right_column = QVBoxLayout(right)
        self._right_column.setContentsMargins(0, 0, 0, 0)
        self._right_column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label(tr("As the end user sees it"), role="section"))
        self.caption.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.caption, 1)
        self._right_column.addLayout(head)
        self._right_column.addWidget(self.preview)
        foot = QHBoxLayout()
        foot.setSpacing(6)
        foot.addWidget(IconLabel("pencil", 12), 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self.hint, 1)
        self._right_column.addLayout(foot)
        right.setMaximumWidth(RIGHT_WIDTH)
        right.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        return right

    def put_above_preview(self, widget: QWidget) -> None:
        """Move a field of the form above the preview."""
        self._right_column.insertWidget(0, widget)

    @property
    def folded(self) -> bool:
        """Whether the preview is under the form."""
        return self._columns.direction() == QBoxLayout.Direction.TopToBottom

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the preview beside the form or under it, by the width of the window."""
        self._fold()  # before the content is laid out
        super().resizeEvent(event)

    def _fold(self) -> None:
        window = self.window()
        least = max(self._form.minimumSizeHint().width(), theme.scaled(LEFT_MINIMUM))
        needed = 2 * MARGIN + least + GAP + RIGHT_WIDTH + SCROLL_BAR
        narrow = window is not None and (
            window.width() < theme.scaled(NARROW_WINDOW) or self.width() < needed
        )
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._columns.setDirection(direction)
        self.right.setMinimumWidth(0 if narrow else RIGHT_WIDTH)
