"""Buttons by their place in a page: one primary, then secondary, quiet and dangerous ones."""

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QPushButton, QSizePolicy, QStyleOptionButton

from console import icons
from services.language import shown

_TONES = {"primary": "on-accent", "danger": "bad"}
ICON, AIR, COMPACT_WIDTH = 14, 3, 36
"""Size of a button's icon, and the room behind it beyond what the style leaves."""


class ThemedButton(QPushButton):
    """A button whose icon follows the theme. It takes the keyboard by Tab and leaves it where it was on a click."""

    def __init__(self, text: str, kind: str, icon: str | None, *, small: bool = False) -> None:
        text = shown(text)
        super().__init__(text)
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
        self.setIconSize(QSize(ICON + AIR, ICON))
        self.setAccessibleName(text)
        if icon:
            self.setIcon(icons.icon(icon, _TONES.get(kind, "text")))

    def set_compactable(self) -> None:
        """Let the button shrink to its icon where there is no room for its text; the tooltip keeps the text."""
        self.ensurePolished()
        self._full_width = self.sizeHint().width()
        self.setToolTip(self.text())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

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
        hint = super().sizeHint()
        return QSize(self._full_width, hint.height()) if self._full_width else hint

    def initStyleOption(self, option: QStyleOptionButton | None) -> None:
        """Leave the text out where it does not fit."""
        super().initStyleOption(option)
        if option is not None and 0 < self.width() < self._full_width:
            option.text = self._short


def primary(text: str, icon: str | None = None) -> QPushButton:
    """Make the one button a page is about."""
    return ThemedButton(text, "primary", icon)


def secondary(text: str, icon: str | None = None) -> ThemedButton:
    """Make a button with a border."""
    return ThemedButton(text, "secondary", icon)


def quiet(text: str, icon: str | None = None) -> QPushButton:
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
