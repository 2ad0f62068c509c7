"""Buttons by their place in a page: one primary, then secondary, quiet and dangerous ones."""

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QPushButton, QSizePolicy, QStyleOptionButton

from console.design import icons, theme
from console.widgets import activation, plain_text
from services.language import translate

_TONES = {"primary": "on-accent", "danger": "bad"}
ICON, ICON_MARGIN, COMPACT_WIDTH = 14, 3, 36
"""Size of a button's icon, and the room behind it beyond what the style leaves."""
RING_INSET, RING_WIDTH, RING_RADIUS = 3, 2, 3
"""Where the focus ring of a primary button stands: on its own ground, as its border has the colour of the ring."""


class ThemedButton(QPushButton):
    """A button whose icon follows the theme. It takes the keyboard by Tab and leaves it where it was on a click."""

    def __init__(self, text: str, kind: str, icon: str | None, *, small: bool = False) -> None:
        text = translate(text)
        super().__init__(plain_text.menu_text(text))
        self._elided = ""
        self._full_width = 0
        """Room of icon and text of a button that may shrink, 0 for others."""
        self._short = ""
        """What stands on it where there is no room for its text; nothing for its icon alone."""
        self.setProperty("kind", kind)
        if small:
            self.setProperty("size", "small")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setIconSize(QSize(ICON + ICON_MARGIN, ICON))
        self.setAccessibleName(text)
        if icon:
            self.setIcon(icons.icon(icon, _TONES.get(kind, "text")))

    def setText(self, text: str | None) -> None:
        """Put other words on the button; a screen reader says them, unless it was given words of its own."""
        own = self.accessibleName() != self.text().replace("&&", "&")
        super().setText(plain_text.menu_text(text or ""))
        if not own:
            self.setAccessibleName(text or "")

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Press with Enter as well, in dialogs too; Qt presses with Space."""
        if activation.is_enter_press(event):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the button, and on the ground of a primary one the ring while the keyboard is here."""
        super().paintEvent(event)
        if self.hasFocus() and self.property("kind") == "primary":
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour("on-accent"), RING_WIDTH))
            inset = RING_INSET + RING_WIDTH / 2
            box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
            painter.drawRoundedRect(box, RING_RADIUS, RING_RADIUS)

    def set_compactable(self) -> None:
        """Let the button shrink to its icon where there is no room for its text; the tooltip keeps the text."""
        self.ensurePolished()
        self._full_width = self.sizeHint().width()
        plain_text.set_tooltip(self, self.text().replace("&&", "&"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def measure_again(self) -> None:
        """Take the room of the text again, after another kind gave it another weight."""
        if self._full_width:
            self._full_width = 0
            self._full_width = self.sizeHint().width()
        self.updateGeometry()

    def set_short(self, text: str) -> None:
        """Let the button say less where there is no room for its text; the tooltip keeps the text."""
        self.set_compactable()
        self._short = text

    def minimumSizeHint(self) -> QSize:
        """Return the room of the icon, or of the short text, for a button that may shrink."""
        hint = super().sizeHint()
        if not self._full_width:
            return super().minimumSizeHint()
        if not self._short:
            return QSize(COMPACT_WIDTH, hint.height())
        letters = self.fontMetrics().horizontalAdvance
        return QSize(self._full_width - letters(self.text()) + letters(self._short), hint.height())

    def sizeHint(self) -> QSize:
        """Return the room of icon and text, also while the text is left out."""
        elided, self._elided = self._elided, ""
        hint = super().sizeHint()
        self._elided = elided
        return QSize(self._full_width, hint.height()) if self._full_width else hint

    def initStyleOption(self, option: QStyleOptionButton | None) -> None:
        """Leave the text out where it does not fit."""
        super().initStyleOption(option)
        if option is not None and 0 < self.width() < self._full_width:
            option.text = self._short
        elif option is not None and self._elided:
            option.text = plain_text.menu_text(self._elided)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Cut the middle out of a text that holds a long name of somebody's, where it does not fit."""
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look again with the font as the style sheet has it."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        lacking = 0 if self._full_width else self.sizeHint().width() - self.width()
        if lacking <= 0:
            self._elided = ""
            return
        words, metrics = self.text().replace("&&", "&"), self.fontMetrics()
        room = max(metrics.horizontalAdvance(words) - lacking, 0)
        self._elided = metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room)
        plain_text.set_tooltip(self, words)


def primary(text: str, icon: str | None = None) -> QPushButton:
    """Make the one button a page is about."""
    return ThemedButton(text, "primary", icon)


def secondary(text: str, icon: str | None = None) -> ThemedButton:
    """Make a button with a border."""
    return ThemedButton(text, "secondary", icon)


def quiet(text: str, icon: str | None = None) -> ThemedButton:
    """Make a button without a border."""
    return ThemedButton(text, "quiet", icon)


def danger(text: str, icon: str | None = None) -> QPushButton:
    """Make a button that destroys something."""
    return ThemedButton(text, "danger", icon)


def small(text: str, icon: str | None = None) -> QPushButton:
    """Make a low button for rows and strips."""
    return ThemedButton(text, "secondary", icon, small=True)


def set_kind(button: QPushButton, kind: str, icon: str | None = None) -> None:
    """Make another kind of button of one, where another one of its page is the primary one now."""
    if button.property("kind") == kind:
        return
    button.setProperty("kind", kind)
    style = button.style()
    if style is not None:
        style.unpolish(button)
        style.polish(button)
    if icon:
        button.setIcon(icons.icon(icon, _TONES.get(kind, "text")))
    if isinstance(button, ThemedButton):
        button.measure_again()
