"""The palette's door: a field in the menu row that opens the palette."""

from PyQt6.QtCore import QPoint, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QSizePolicy

from console.design import icons, theme
from console.widgets import activation
from models.translation_marks import tr_later
from services.language import tr

WIDTH, HEIGHT, ICON = 300, 24, 14
TEXT, KEYS = tr_later("Find or run anything"), "Ctrl+K"


class PaletteButton(QAbstractButton):
    """Says what the palette does and which keys open it."""

    opened = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr(TEXT))
        self.clicked.connect(lambda _on: self.opened.emit())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the fixed size."""
        return QSize(WIDTH, HEIGHT)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open the palette with Enter as well; Qt does with Space."""
        if activation.is_enter_press(event):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.hasFocus()
        painter.setPen(QPen(theme.colour("link" if focused else "line"), 2 if focused else 1))
        painter.setBrush(theme.colour("page"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        glass = icons.pixmap("search", "muted", ICON, self.devicePixelRatioF())
        painter.drawPixmap(QPoint(10, (HEIGHT - ICON) // 2), glass)
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font("body"))
        painter.drawText(self.rect().adjusted(32, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, tr(TEXT))
        painter.setFont(theme.font("caption"))
        width = QFontMetrics(painter.font()).horizontalAdvance(KEYS) + 10
        box = QRectF(self.width() - width - 6, 4, width, HEIGHT - 8)
        painter.setPen(theme.colour("line"))
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(theme.colour("muted"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, KEYS)
