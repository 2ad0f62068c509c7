"""The status shape of running work, turning where motion is wanted and standing still where it is not."""

from PyQt6.QtCore import QEvent, QObject, QPointF, QTimer
from PyQt6.QtGui import QPainter
from PyQt6.QtWidgets import QStyle, QWidget

from console.design import icons
from console.widgets.painting import pixel_ratio

STEP_MS, STEP_DEGREES = 60, 20
RUNNING = "running"


def is_motion_wanted(widget: QWidget) -> bool:
    """Whether the desktop wants animations at all."""
    style = widget.style()
    hint = QStyle.StyleHint.SH_Widget_Animation_Duration
    return style is not None and style.styleHint(hint, None, widget) > 0


class Rotation(QObject):
    """Turns the running shapes of one widget while they are in sight."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.angle = 0
        self._widget, self._running = widget, False
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._step)
        widget.installEventFilter(self)

    @property
    def is_moving(self) -> bool:
        """Whether the shapes move now."""
        return self._timer.isActive()

    def set_running(self, running: bool) -> None:  # noqa: FBT001 - as setters of Qt are
        """Say whether there is a running shape to turn."""
        self._running = running
        self._update()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Move only what can be seen."""
        if event is not None and event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._update(visible=event.type() is QEvent.Type.Show)
        return super().eventFilter(watched, event)

    def _update(self, *, visible: bool | None = None) -> None:
        seen = self._widget.isVisible() if visible is None else visible
        if self._running and seen and is_motion_wanted(self._widget):
            self._timer.start()
        else:
            self._timer.stop()

    def _step(self) -> None:
        self.angle = (self.angle + STEP_DEGREES) % 360
        self._widget.update()


def draw_status(
    painter: QPainter, corner: QPointF, state: str, size: int, background: str, angle: int = 0
) -> None:
    """Draw a status shape with its upper left corner at a point; a running one turned by an angle in degrees."""
    picture = icons.status_pixmap(state, size, background, pixel_ratio(painter))
    if state != RUNNING or not angle:
        painter.drawPixmap(corner, picture)
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.translate(corner.x() + size / 2, corner.y() + size / 2)
    painter.rotate(angle)
    painter.drawPixmap(QPointF(-size / 2, -size / 2), picture)
    painter.restore()
