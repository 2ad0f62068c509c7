"""Labels: plain by role, elided, links that the keyboard reaches, and identifiers that a click copies."""

import re

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt6.QtWidgets import QAbstractButton, QFrame, QLabel, QSizePolicy, QWidget

from console.design import icons, theme
from console.widgets import activation, plain_text
from console.widgets.plain_text import replace_bidi_controls
from models.translation_marks import tr_later
from services.language import tr

HEADINGS = {"title": tr_later("Heading, level 1"), "section": tr_later("Heading, level 2")}
"""What a screen reader says behind the text of a role: a label of Qt has no role of its own for headings."""
ZERO_WIDTH_SPACE, PIECE_LENGTH = "\u200b", 8
"""What may end a line without being seen, and after how many letters of a long word it stands."""
LONG_WORD_PATTERN = re.compile(r"[!-~]{17,}")
"""Words of other scripts are left alone: to break them well takes more than counting."""


class Label(QLabel):
    """Text in a role of the theme; never rich text, so that data shows as it is."""

    def __init__(self, text: str = "", role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        if role in HEADINGS:
            self.setAccessibleDescription(tr(HEADINGS[role]))
        Label.setText(self, text)

    def setText(self, text: str | None) -> None:
        """Show a text. An “&” names a shortcut only where the console's own words name a field."""
        shown = replace_bidi_controls(text or "")
        if shown != self.text() and self.accessibleName():
            self.setAccessibleName("")  # it was that of the text before
        super().setText(shown)


def with_break_points(text: str) -> str:
    """Return a text whose long words may be broken, so that a path or an identifier never leaves its column."""
    return LONG_WORD_PATTERN.sub(
        lambda word: ZERO_WIDTH_SPACE.join(_split_pieces(word.group())), replace_bidi_controls(text)
    )


def _split_pieces(word: str) -> list[str]:
    return [word[start : start + PIECE_LENGTH] for start in range(0, len(word), PIECE_LENGTH)]


def wrapped_label(text: str, role: str = "body") -> Label:
    """Make a text of several lines that can be marked and copied."""
    label = Label(text, role=role)
    label.setWordWrap(True)
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(
        True
    )  # a policy of one's own takes it away, and lines at the end would be cut off
    label.setSizePolicy(policy)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def scrolled_label(text: str, role: str = "body") -> Label:
    """Make a text of several lines for a scroll area: it asks for the height at its width, and for no more.

    A text whose hint is its minimum would get a scroll bar that has nothing to scroll.
    """
    label = wrapped_label(text, role)
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label


def set_tone(widget: QWidget, tone: str) -> None:
    """Give a widget the colour of a tone and let the style sheet see it."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        polish_again(widget)


def polish_again(widget: QWidget) -> None:
    """Let the style sheet see changed properties; Qt polishes a widget that was never shown when it is shown."""
    if widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished) and (style := widget.style()) is not None:
        style.unpolish(widget)
        style.polish(widget)


def set_shown(widget: QWidget, shown: bool) -> None:  # noqa: FBT001 - as setVisible
    """Show or hide a widget in a layout where it is not so already.

    To show a widget again makes Qt polish it and lay it out, even where its parent is not visible yet.
    """
    if widget.isHidden() == shown:
        widget.setVisible(shown)


class ElidedLabel(Label):
    """Data that may be longer than its place: elided in the middle, whole in the tooltip, never pushing the layout."""

    def __init__(self, text: str = "", role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__("", role, parent)
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setText(text)

    def setText(self, text: str | None) -> None:
        """Show a text, as much of it as there is room for."""
        self._whole = plain_text.one_line(text or "")
        super().setText(self._whole)
        self.setAccessibleName(self._whole)
        self._set_tip()

    def _set_tip(self) -> None:
        cut = QFontMetrics(self.font()).horizontalAdvance(self._whole) > self.width()
        plain_text.set_tooltip(self, self._whole if cut else "")

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
            plain_text.set_tooltip(self, self._wordings[0])

    def sizeHint(self) -> QSize:
        """Return the room of the longest wording, whichever is shown."""
        margins = self.contentsMargins()
        width = QFontMetrics(self.font()).horizontalAdvance(self._wordings[0])
        return QSize(width + margins.left() + margins.right(), super().sizeHint().height())

    def resizeEvent(self, event: object) -> None:
        """Choose the wording for the new width."""
        super().resizeEvent(event)
        self._fit()


class IconLabel(QLabel):
    """An icon, or a status shape on its ground, that follows the theme; `word` is what a screen reader says of it."""

    def __init__(
        self, name: str, size: int, tone: str = "muted", ground: str = "page", *, word: str = ""
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._name, self._size, self._tone, self._ground = name, size, tone, ground
        theme.of().theme_changed.connect(self._draw)
        if word:
            self.setAccessibleName(word)
        self._draw()

    def show_shape(self, name: str, *, word: str = "") -> None:
        """Show another icon or status shape; an empty name for none."""
        self._name = name
        self.setAccessibleName(word)
        self._draw()

    def _draw(self, *_scheme: str) -> None:
        if not self._name:
            self.clear()
            return
        ratio = self.devicePixelRatioF()
        if self._name in icons.STATUS_TONES and self._name not in icons.ICON_NAMES:
            self.setPixmap(icons.status_pixmap(self._name, self._size, self._ground, ratio))
        else:
            self.setPixmap(icons.pixmap(self._name, self._tone, self._size, ratio))


class TextButton(QAbstractButton):
    """A text that does something: clicked, or Enter and Space when the keyboard is on it.

    It is a button of Qt, so that a screen reader knows that it can be pressed; it is as wide as its text where there is
    room, else elided in the middle with the whole text in the tooltip.
    """

    LEAST, NAMELESS = 40, tr_later("Link")
    """The least width of a long text, and what a screen reader says while there is no text."""

    def __init__(self, text: str, role: str, tone: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._said, self._tone = "", tone
        self.setProperty("role", role)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setText(text)

    def text(self) -> str:
        """Return the text as it was given."""
        return self._said

    def setText(self, text: str | None) -> None:
        """Show another text."""
        self._said = text or ""
        super().setText(plain_text.menu_text(self._said))
        self.setAccessibleName(plain_text.one_line(self._said) or tr(self.NAMELESS))
        self.updateGeometry()
        self._set_tip()

    def display_font(self) -> QFont:
        """Return the font of the text as it is now."""
        return theme.font(str(self.property("role")))

    def _room(self) -> int:
        margins = self.contentsMargins()
        return self.width() - margins.left() - margins.right()

    def _set_tip(self) -> None:
        text = plain_text.one_line(self._said)
        cut = QFontMetrics(self.display_font()).horizontalAdvance(text) > self._room()
        plain_text.set_tooltip(self, text if cut else "")

    def sizeHint(self) -> QSize:
        """Return the room of the text and its margins."""
        metrics, margins = QFontMetrics(self.display_font()), self.contentsMargins()
        width = metrics.horizontalAdvance(plain_text.one_line(self._said)) + 1
        return QSize(
            width + margins.left() + margins.right(), metrics.height() + margins.top() + margins.bottom()
        )

    def minimumSizeHint(self) -> QSize:
        """Shrink to a part of a long text."""
        hint = self.sizeHint()
        return QSize(min(hint.width(), self.LEAST), hint.height())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Follow Enter as well; Qt follows Space."""
        if activation.is_enter_press(event):
            self.click()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show the tooltip only when something is cut off."""
        super().resizeEvent(event)
        self._set_tip()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the text, and the ring while the keyboard is here."""
        del event
        painter = QPainter(self)
        font = self.display_font()
        painter.setFont(font)
        painter.setPen(theme.colour(self._tone if self.isEnabled() else "faint"))
        text = QFontMetrics(font).elidedText(
            plain_text.one_line(self._said), Qt.TextElideMode.ElideMiddle, self._room()
        )
        painter.drawText(
            self.contentsRect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text
        )
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour("link"), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)


class LinkLabel(TextButton):
    """A text in the colour of links that leads somewhere or does something."""

    LEAST = 120

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, "field", "link", parent)
        self.setContentsMargins(4, 1, 4, 1)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)


class CopyLabel(TextButton):
    """An identifier; a click puts it on the clipboard."""

    NAMELESS = tr_later("Identifier")
    copied = pyqtSignal(str)

    def __init__(self, text: str = "", role: str = "code", parent: QWidget | None = None) -> None:
        super().__init__(text, role, "text", parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleDescription(tr("Copies it"))
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.text())
            self.copied.emit(self.text())


def horizontal_rule() -> QFrame:
    """Return a line between two parts of a page or window."""
    rule = QFrame()
    rule.setProperty("role", "rule")
    return rule
