"""Numbered steps below each other, every one of them selectable; a drop-down “Step 3 of 7” where there is little room."""

from collections.abc import Sequence

from PyQt6.QtCore import (
    QAbstractListModel,
    QLineF,
    QModelIndex,
    QObject,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    pyqtSignal,
)
from PyQt6.QtGui import QFontMetrics, QPainter, QPen
from PyQt6.QtWidgets import (
    QFrame,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from console.design import icons, theme
from console.widgets import plain_text
from console.widgets.line_editors import ElidingComboBox
from console.widgets.motion import Rotation, draw_status
from console.widgets.painting import draw_elided_text
from console.widgets.steps import STEP_WORDS, Step, StepState
from services.language import tr

__all__ = ["Step", "StepList", "StepModel", "StepState"]

ROW, SHAPE, NUMBER_MIDDLE, SHAPE_LEFT, TEXT_LEFT, BAR = 42, 14, 20, 34, 58, 3
SHAPE_TOP, LINE_AIR = 6, 3


class StepModel(QAbstractListModel):
    """The steps; they change in place."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.steps: list[Step] = []

    def set_steps(self, steps: Sequence[Step]) -> None:
        """Show steps; rows come and go only where their number changes."""
        if len(steps) != len(self.steps):
            self.beginResetModel()
            self.steps = list(steps)
            self.endResetModel()
            return
        self.steps = list(steps)
        if self.steps:
            self.dataChanged.emit(self.index(0), self.index(len(self.steps) - 1))

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many steps there are."""
        return 0 if parent.isValid() else len(self.steps)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the name of a step, its shape, its caption as tooltip, or the words for a screen reader."""
        if not index.isValid():
            return None
        step = self.steps[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return plain_text.one_line(step.name)
        if role == Qt.ItemDataRole.DecorationRole:
            return icons.icon(step.state.shape)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_text.tooltip(step.caption)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            place = tr("{at} of {count}", at=index.row() + 1, count=len(self.steps))
            parts = (f"{place}: {step.name}", tr(STEP_WORDS[step.state]), step.caption)
            return plain_text.one_line(", ".join(part for part in parts if part))
        return None


def row_height() -> int:
    """Return the height of a step for the letters as they are now."""
    letters = QFontMetrics(theme.font("body")).height() + QFontMetrics(theme.font("caption")).height()
    return max(ROW, letters + 12)


class StepDelegate(QStyledItemDelegate):
    """Draws a step: number, shape, name, caption, and the line to the step below."""

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self.rotation = Rotation(view.viewport() or view)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a step."""
        del option, index
        return QSize(0, row_height())

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one step with the tokens as they are now."""
        model, view = index.model(), option.widget
        if painter is None or not isinstance(model, StepModel) or not isinstance(view, QListView):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            self._paint_selection(painter, option.rect)
        else:
            self._paint_line(painter, option.rect, index.row(), view.currentIndex().row(), len(model.steps))
        self._paint_step(painter, option.rect, index.row(), model.steps[index.row()], chosen=chosen)
        painter.restore()

    def _paint_selection(self, painter: QPainter, box: QRect) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("sel"))
        painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), 4, 4)
        painter.setBrush(theme.colour(theme.on("sel", "link")))
        high = box.height() - 16
        painter.drawRoundedRect(QRectF(box.left(), box.top() + 8, BAR, high), BAR / 2, BAR / 2)

    def _paint_line(self, painter: QPainter, box: QRect, place: int, chosen: int, count: int) -> None:
        painter.setPen(QPen(theme.colour("line"), 1))
        x = box.left() + SHAPE_LEFT + SHAPE / 2
        low = box.top() + SHAPE_TOP + SHAPE + LINE_AIR
        if place < count - 1 and place + 1 != chosen:
            painter.drawLine(QLineF(x, low, x, box.bottom() + 1))
        if place and place - 1 != chosen:
            painter.drawLine(QLineF(x, box.top(), x, box.top() + SHAPE_TOP - LINE_AIR))

    def _paint_step(self, painter: QPainter, box: QRect, place: int, step: Step, *, chosen: bool) -> None:
        behind = "sel" if chosen else "page"
        corner = QPointF(box.left() + SHAPE_LEFT, box.top() + SHAPE_TOP)
        draw_status(painter, corner, step.state.shape, SHAPE, behind, self.rotation.angle)
        name, caption = theme.font("strong" if chosen else "body"), theme.font("caption")
        high, low = QFontMetrics(name).height(), QFontMetrics(caption).height()
        top = box.top() + max(SHAPE_TOP + SHAPE // 2 - high // 2, 2)
        number = QRect(box.left() + 2, top, 2 * (NUMBER_MIDDLE - 2), high)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.colour("sel-text" if chosen else "muted"))
        painter.drawText(number, Qt.AlignmentFlag.AlignCenter, str(place + 1))
        width = box.width() - TEXT_LEFT - 8
        room = QRect(box.left() + TEXT_LEFT, top, width, high)
        tone = "sel-text" if chosen else "text"
        draw_elided_text(painter, room, step.name, name, tone, mode=Qt.TextElideMode.ElideRight)
        room = QRect(box.left() + TEXT_LEFT, top + high + 1, width, low)
        tone = "sel-text" if chosen else "muted"
        draw_elided_text(painter, room, step.caption, caption, tone, mode=Qt.TextElideMode.ElideRight)


class _StepChoice(ElidingComboBox):
    """The steps in a drop-down that says which of them it shows."""

    def initStyleOption(self, option: QStyleOptionComboBox | None) -> None:
        """Put the number before the name."""
        super().initStyleOption(option)
        if option is not None and self.currentIndex() >= 0:
            option.currentText = self.place_text()

    def place_text(self) -> str:
        """Return what is shown."""
        step = tr("Step {at} of {count}", at=self.currentIndex() + 1, count=self.count())
        text = f"{step}: {self.currentText()}"
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width() - 48)


class StepList(QWidget):
    """The steps, as rows or as a drop-down. `selected` carries the place of the one a person chose."""

    selected = pyqtSignal(int)

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = name or tr("Steps")
        self._showing = False
        self.model = StepModel(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self._delegate = StepDelegate(self.view)
        self.view.setItemDelegate(self._delegate)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setAccessibleName(self._title)
        self.view.setTabKeyNavigation(False)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.choice = _StepChoice()
        self.choice.setModel(self.model)
        self.choice.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        layout.addWidget(self.choice)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        selection = self.view.selectionModel()
        if selection is not None:
            selection.currentChanged.connect(lambda now, _was: self._chosen(now.row()))
        self.choice.currentIndexChanged.connect(self._chosen)
        theme.of().theme_changed.connect(self._fit)

    @property
    def current_index(self) -> int:
        """Return the place of the selected step, -1 for none."""
        return self.view.currentIndex().row()

    @property
    def is_narrow(self) -> bool:
        """Whether the steps are a drop-down."""
        return not self.choice.isHidden()

    def set_steps(self, steps: Sequence[Step]) -> None:
        """Show steps; the selected one stays selected."""
        place = self.current_index
        self._showing = True  # a drop-down chooses the first of other rows by itself
        try:
            self.model.set_steps(steps)
        finally:
            self._showing = False
        running = any(step.state is StepState.RUNNING for step in steps)
        self._delegate.rotation.set_running(running)
        if self.current_index != place or self.choice.currentIndex() != place:
            self.select(min(place, len(steps) - 1))
        self._describe()
        self._fit()

    def select(self, place: int) -> None:
        """Select a step from the program; no signal follows."""
        self._showing = True
        try:
            self.view.setCurrentIndex(self.model.index(place) if place >= 0 else QModelIndex())
            self.choice.setCurrentIndex(place)
        finally:
            self._showing = False
        self._describe()

    def set_narrow(self, *, narrow: bool) -> None:
        """Show a drop-down, or rows."""
        if narrow != self.is_narrow:
            self.view.setVisible(not narrow)
            self.choice.setVisible(narrow)
            self.updateGeometry()

    def _chosen(self, place: int) -> None:
        if self._showing or place < 0:
            return
        self.select(place)
        self.selected.emit(place)

    def _describe(self) -> None:
        place = self.current_index
        spoken = self.model.data(self.model.index(place), Qt.ItemDataRole.AccessibleTextRole)
        self.choice.setAccessibleName(f"{self._title}: {spoken}" if spoken else self._title)

    def _fit(self, *_scheme: str) -> None:
        self.view.setFixedHeight(row_height() * len(self.model.steps))
        viewport = self.view.viewport()
        if viewport is not None:
            viewport.update()
