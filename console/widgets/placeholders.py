"""What stands in place of content: nothing yet, a failure, or a first look while it loads."""

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import (
    QFrame,
    QGridLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from console.design import icons, theme
from console.widgets import buttons
from console.widgets.flow_layout import FlowLayout
from console.widgets.labels import Label, scrolled_label, with_break_points, wrapped_label
from console.widgets.possible_causes import UNLIMITED, PossibleCauses
from console.widgets.vertical_scroll_area import VerticalScrollArea
from services.common.errors import Problem
from services.language import tr, translate

TILE, ICON, ARROW = 42, 20, 30
TEXT_WIDTH = 460


class ChainTiles(QWidget):
    """The place of an object in the chain: tiles with arrows between them, its own one dashed."""

    def __init__(self, names: Sequence[tuple[str, str]], own: str) -> None:
        super().__init__()
        self._names, self._own = list(names), own
        self.setAccessibleName(tr(", then ").join(word for _, word in names))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the room of tiles and arrows."""
        count = len(self._names)
        return QSize(count * TILE + (count - 1) * ARROW + 2, TILE + 2)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, (name, _) in enumerate(self._names):
            left, own = number * (TILE + ARROW) + 1, name == self._own
            painter.setPen(
                QPen(theme.colour("text"), 1.5, Qt.PenStyle.DashLine)
                if own
                else QPen(theme.colour("edge"), 1)
            )
            painter.drawRoundedRect(QRectF(left, 1, TILE - 1, TILE - 1), 6, 6)
            picture = icons.pixmap(name, "text" if own else "muted", ICON, self.devicePixelRatioF())
            painter.drawPixmap(left + (TILE - ICON) // 2, 1 + (TILE - ICON) // 2, picture)
            if number:
                self._arrow(painter, left - ARROW + 6, TILE / 2)

    def _arrow(self, painter: QPainter, left: float, middle: float) -> None:
        painter.setPen(QPen(theme.colour("edge"), 1.25))
        end = left + ARROW - 12
        painter.drawLine(QPointF(left, middle), QPointF(end, middle))
        painter.drawLine(QPointF(end - 4, middle - 4), QPointF(end, middle))
        painter.drawLine(QPointF(end - 4, middle + 4), QPointF(end, middle))


class EmptyState(QWidget):
    """Says what belongs here, offers the button that makes it, and what is already ready for it."""

    def __init__(
        self,
        tiles: Sequence[tuple[str, str]],
        own: str,
        heading: str,
        text: str,
        button: QPushButton | None = None,
        caption: str = "",
        *,
        link: QWidget | None = None,
    ) -> None:
        """`link` is a second way on, below the button."""
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addStretch(2)
        if tiles:
            layout.addWidget(ChainTiles(tiles, own), 0, Qt.AlignmentFlag.AlignHCenter)
            layout.addSpacing(8)
        head = wrapped_label(heading, "section")
        head.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(head)
        words = Label(text, role="muted")
        words.setWordWrap(True)
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        words.setFixedWidth(TEXT_WIDTH)
        words.setMinimumHeight(words.heightForWidth(TEXT_WIDTH))
        layout.addWidget(words, 0, Qt.AlignmentFlag.AlignHCenter)
        if button is not None:
            layout.addSpacing(4)
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        if link is not None:
            layout.addWidget(link, 0, Qt.AlignmentFlag.AlignHCenter)
        self.caption = Label(caption, role="caption")
        layout.addWidget(self.caption, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)


def capitalize_first(text: str) -> str:
    """Return a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


class ErrorState(QWidget):
    """A failure in its five parts, with its possible causes where there are some, with Retry and Copy."""

    def __init__(self, problem: Problem, retry: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.problem = problem
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        panel = QFrame()
        panel.setProperty("role", "panel")
        panel.setMaximumWidth(640)
        inner = QVBoxLayout(panel)
        inner.setContentsMargins(16, 12, 16, 12)
        inner.setSpacing(8)
        inner.addWidget(scrolled_label(with_break_points(translate(problem.tried)), "section"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        parts = (
            (tr("Evidence"), translate(problem.evidence)),
            (tr("Cause"), translate(problem.cause)),
            (tr("Owner"), capitalize_first(translate(problem.owner.value))),
            (tr("Remedy"), translate(problem.remedy)),
        )
        for line, (name, text) in enumerate(parts):
            label = scrolled_label(with_break_points(text), "code" if line == 0 else "body")
            grid.addWidget(Label(name, role="field"), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label, line, 1)
        if problem.candidates:
            self.causes = PossibleCauses(problem.candidates, max_height=UNLIMITED)
            heading = Label(tr("Possible causes"), role="field")
            grid.addWidget(heading, len(parts), 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self.causes, len(parts), 1)
        inner.addLayout(grid)
        foot = FlowLayout(gap=8)
        if retry is not None:
            again = buttons.secondary("Retry", icon="refresh")
            again.clicked.connect(retry)
            foot.addWidget(again)
        copy = buttons.secondary("Copy", icon="copy")
        copy.setAccessibleName(tr("Copy the failure"))
        copy.clicked.connect(self._copy)
        foot.addWidget(copy)
        inner.addLayout(foot)
        # Where the window is low it scrolls: a long list of causes must not make the window higher than the screen.
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(panel)
        self._column.addStretch(1)
        layout.addWidget(VerticalScrollArea(holder, translate(problem.tried)), 1)

    def needed_height(self, width: int) -> int:
        """Return the height that everything takes at a width."""
        margins = self.contentsMargins()
        own = self.layout()
        if own is not None:
            margins = own.contentsMargins()
        return self._column.totalHeightForWidth(width) + margins.top() + margins.bottom()

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.problem.as_text())


class Skeleton(QWidget):
    """Grey bars where rows will be."""

    ROWS, ROW = 6, 28

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Loading"))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the bars with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("hover"))
        for row in range(self.ROWS):
            width = (220, 300, 180, 260, 200, 240)[row % 6]
            painter.drawRoundedRect(QRectF(24, 24 + row * self.ROW, width, 12), 4, 4)


class StateStack(QStackedWidget):
    """Shows one of: skeleton, content, empty, error."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content, self._skeleton = content, Skeleton()
        self.addWidget(self._skeleton)
        self.addWidget(content)

    def show_loading(self) -> None:
        """Show the skeleton, unless there is content that can stay."""
        if self.currentWidget() is not self.content:
            self.setCurrentWidget(self._skeleton)

    def show_content(self) -> None:
        """Show the content."""
        self._show(self.content)

    def show_placeholder(self, widget: QWidget) -> None:
        """Show an empty state or an error in place of the content."""
        area = VerticalScrollArea(widget, widget.accessibleName())
        self.addWidget(area)
        self._show(area)

    def currentWidget(self) -> QWidget | None:
        """Return what is shown, without the area that lets it scroll."""
        widget = super().currentWidget()
        return widget.widget() if isinstance(widget, VerticalScrollArea) else widget

    def _show(self, widget: QWidget) -> None:
        self.setCurrentWidget(widget)
        for place in range(self.count() - 1, -1, -1):
            other = self.widget(place)
            if other is not None and other not in (widget, self.content, self._skeleton):
                self.removeWidget(other)
                other.deleteLater()
