"""Labels: plain by role, elided, links that the keyboard reaches, and identifiers that a click copies."""

import re

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PyQt6.QtWidgets import QLabel, QSizePolicy, QWidget

from console import icons, theme
from console.widgets import pressing

TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
BREAK, PIECE = "\u200b", 8
"""What may end a line without being seen, and after how many letters of a long word it stands."""
LONG_WORD = re.compile(r"[!-~]{17,}")
"""Words of other scripts are left alone: to break them well takes more than counting."""


class Label(QLabel):
    """Text in a role of the theme; never rich text, so that data shows as it is."""

    def __init__(self, text: str = "", role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)


def upright(text: str) -> str:
    """Return a text with marks in place of characters that turn the direction of a line, as a false file name has them."""
    return text if text.isascii() else text.translate(TURNING)


def breakable(text: str) -> str:
    """Return a text whose long words may be broken, so that a path or an identifier never leaves its column."""
    return LONG_WORD.sub(lambda word: BREAK.join(_pieces(word.group())), upright(text))


def _pieces(word: str) -> list[str]:
    return [word[start : start + PIECE] for start in range(0, len(word), PIECE)]


def wrapped(text: str, role: str = "body") -> Label:
    """Make a text of several lines that can be marked and copied."""
    label = Label(text, role=role)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def set_tone(widget: QWidget, tone: str) -> None:
    """Give a widget the colour of a tone and let the style sheet see it."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        style = widget.style()
        if style is not None:
            style.unpolish(widget)
            style.polish(widget)


class ElidedLabel(Label):
    """Data that may be longer than its place: elided in the middle, whole in the tooltip, never pushing the layout."""

    def __init__(self, text: str = "", role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__("", role, parent)
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Show a text, as much of it as there is room for."""
        self._whole = (text or "").replace("\n", " ")
        super().setText(self._whole)
        self.setAccessibleName(self._whole)
        self._set_tip()

    def _set_tip(self) -> None:
        cut = QFontMetrics(self.font()).horizontalAdvance(self._whole) > self.width()
        self.setToolTip(self._whole if cut else "")

    def resizeEvent(self, event: object) -> None:
        """Show the tooltip only when something is cut off."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._set_tip()

    def minimumSizeHint(self) -> QSize:
        """Ask for no width at all."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the text elided in the middle."""
        del event
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)


class FittingLabel(ElidedLabel):
    """A sentence in several wordings: the first that fits is shown, the first of all is what a screen reader says."""

    def __init__(self, role: str = "body", parent: QWidget | None = None) -> None:
        self._wordings: tuple[str, ...] = ("",)
        super().__init__("", role, parent)

    def set_wordings(self, *wordings: str) -> None:
        """Say one thing in several wordings, the longest first."""
        self._wordings = wordings or ("",)
        self.ensurePolished()
        self.updateGeometry()
        self._fit()

    def _fit(self) -> None:
        metrics, margins = QFontMetrics(self.font()), self.contentsMargins()
        room = self.width() - margins.left() - margins.right()
        fitting = (text for text in self._wordings if metrics.horizontalAdvance(text) <= room)
        self.setText(next(fitting, self._wordings[-1]))
        self.setAccessibleName(self._wordings[0])
        if self.text() != self._wordings[0]:
            self.setToolTip(self._wordings[0])

    def sizeHint(self) -> QSize:
        """Return the room of the longest wording, whichever is shown."""
        margins = self.contentsMargins()
        width = QFontMetrics(self.font()).horizontalAdvance(self._wordings[0])
        return QSize(width + margins.left() + margins.right(), super().sizeHint().height())

    def resizeEvent(self, event: object) -> None:
        """Choose the wording for the new width."""
        super().resizeEvent(event)
        self._fit()


class Picture(QLabel):
    """An icon, or a status shape on its ground, that follows the theme."""

    def __init__(self, name: str, size: int, tone: str = "muted", ground: str = "page") -> None:
        super().__init__()
        self._name, self._size, self._tone, self._ground = name, size, tone, ground
        theme.of().theme_changed.connect(self._draw)
        self._draw()

    def _draw(self, *_scheme: str) -> None:
        if self._name in icons.STATES and self._name not in icons.ICON_NAMES:
            self.setPixmap(icons.status_pixmap(self._name, self._size, self._ground))
        else:
            self.setPixmap(icons.pixmap(self._name, self._tone, self._size))


class LinkLabel(QLabel):
    """A text that does something: clicked, or Enter and Space when the keyboard is on it."""

    clicked = pyqtSignal()

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setProperty("tone", "link")
        self.setAccessibleName(text)
        self.setContentsMargins(4, 1, 4, 1)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def setText(self, text: str | None) -> None:
        """Show another text."""
        super().setText(text)
        self.setAccessibleName(text or "")

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Follow a click that ends on the text."""
        if pressing.by_mouse(self, event):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Follow Enter and Space."""
        if pressing.by_key(event):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the text, and the ring while the keyboard is here."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour("link"), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)


class CopyLabel(ElidedLabel):
    """An identifier; a click puts it on the clipboard."""

    copied = pyqtSignal(str)

    def __init__(self, text: str = "", role: str = "code", parent: QWidget | None = None) -> None:
        super().__init__(text, role, parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Copy on a click."""
        if pressing.by_mouse(self, event):
            self._copy()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Copy on Enter and Space."""
        if pressing.by_key(event):
            self._copy()
        else:
            super().keyPressEvent(event)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._whole)
            self.copied.emit(self._whole)
