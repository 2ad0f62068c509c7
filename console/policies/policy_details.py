"""The details below the list: the name of the selected policy, what is known of it, and its plan."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.policies.plan_view import PlanView
from console.widgets import buttons, plain_text
from console.widgets.badge import Badge
from console.widgets.labels import ElidedLabel, Label
from console.widgets.vertical_scroll_area import VerticalScrollArea
from services.language import tr

MARGIN, BUTTON_WIDTH, LEAST_HEIGHT = 24, 28, 140


class PolicyDetails(QWidget):
    """The pane below the table."""

    closed = pyqtSignal()
    page_requested = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Details of the policy"))
        self.setMinimumHeight(LEAST_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._head())
        self.plan = PlanView()
        body = QWidget()
        body.setProperty("role", "page")
        inside = QVBoxLayout(body)
        inside.setContentsMargins(MARGIN, 2, MARGIN, 12)
        inside.addWidget(self.plan)
        inside.addStretch(1)
        self.area = VerticalScrollArea(body, tr("Plan"))
        column.addWidget(self.area, 1)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 0, MARGIN - 9, 0)
        head.setSpacing(10)
        self.name = ElidedLabel("", role="section")
        self.name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._badges = QHBoxLayout()
        self._badges.setSpacing(8)
        self.about = ElidedLabel("", role="caption")
        self.page_button = buttons.quiet("Open page", icon="open")
        self.page_button.clicked.connect(self.page_requested)
        close = buttons.quiet("", icon="cross")
        close.setFixedWidth(BUTTON_WIDTH)
        close.setAccessibleName(tr("Close the details"))
        plain_text.set_tooltip(close, tr("Close the details (Escape)"))
        close.clicked.connect(self.closed)
        head.addWidget(self.name)
        head.addLayout(self._badges)
        head.addWidget(self.about, 1)
        head.addWidget(self.page_button)
        head.addWidget(close)
        return head

    def show_policy(
        self, name: str, about: str, badges: list[tuple[str, str, str | None]], *, managed: bool
    ) -> None:
        """Show what is known of a policy."""
        self.name.setText(name)
        self.about.setText(about)
        self.page_button.setText(tr("Open page") if managed else tr("Manage here"))
        while (entry := self._badges.takeAt(0)) is not None:
            badge = entry.widget()
            if badge is not None:
                badge.hide()
                badge.deleteLater()
        for text, tone, icon in badges:
            self._badges.addWidget(Badge(text, tone, icon))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Close with Escape."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


class PlanTab(QWidget):
    """The plan as the tab of the page of one policy."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plan = PlanView(adds_actions=False)
        body = QWidget()
        body.setProperty("role", "page")
        inside = QVBoxLayout(body)
        inside.setContentsMargins(MARGIN, 16, MARGIN, 16)
        self.elsewhere = Label("", role="muted")
        self.elsewhere.setWordWrap(True)
        self.elsewhere.hide()
        inside.addWidget(self.elsewhere)
        inside.addWidget(self.plan)
        inside.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(VerticalScrollArea(body, tr("Plan")))
