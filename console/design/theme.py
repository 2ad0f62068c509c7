"""The theme: palette, fonts and style sheet made from the tokens, for light, dark and high contrast, switchable live."""

import atexit
import re
from pathlib import Path

from PyQt6 import sip
from PyQt6.QtCore import QDir, QObject, Qt, QTemporaryDir, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontInfo, QPalette
from PyQt6.QtWidgets import QApplication

from console.design.colours import COLOURS, FIXED_FAMILIES, ROLES, S4, S8, S12, S16, S24, S32, SCHEMES
from resources import read_text

__all__ = [
    "S4",
    "S8",
    "S12",
    "S16",
    "S24",
    "S32",
    "Theme",
    "Tokens",
    "apply",
    "colour",
    "current",
    "font",
    "of",
    "on",
    "scaled",
]

_PALETTE: tuple[tuple[QPalette.ColorRole, str, str], ...] = (
    (QPalette.ColorRole.Window, "page", "page"),
    (QPalette.ColorRole.WindowText, "text", "faint"),
    (QPalette.ColorRole.Base, "page", "raised"),
    (QPalette.ColorRole.AlternateBase, "raised", "raised"),
    (QPalette.ColorRole.Text, "text", "faint"),
    (QPalette.ColorRole.Button, "page", "page"),
    (QPalette.ColorRole.ButtonText, "text", "faint"),
    (QPalette.ColorRole.BrightText, "bad", "faint"),
    (QPalette.ColorRole.PlaceholderText, "muted", "faint"),
    (QPalette.ColorRole.Highlight, "accent", "sel-idle"),
    (QPalette.ColorRole.HighlightedText, "on-accent", "text"),
    (QPalette.ColorRole.Accent, "accent", "faint"),
    (QPalette.ColorRole.Link, "link", "faint"),
    (QPalette.ColorRole.LinkVisited, "link", "faint"),
    (QPalette.ColorRole.ToolTipBase, "raised", "raised"),
    (QPalette.ColorRole.ToolTipText, "text", "text"),
    (QPalette.ColorRole.Light, "page", "page"),
    (QPalette.ColorRole.Midlight, "hover", "hover"),
    (QPalette.ColorRole.Mid, "line", "line"),
    (QPalette.ColorRole.Dark, "edge", "line"),
    (QPalette.ColorRole.Shadow, "edge", "line"),
)


LARGE_FONT_PX = 15
"""Up to this size of letters the widths of the tokens have room."""


class Tokens(dict[str, str]):
    """The colours of one scheme by token."""

    def __init__(self, scheme: str) -> None:
        column = SCHEMES.index(scheme)
        super().__init__({name: colours[column] for name, colours in COLOURS.items()})
        self.scheme = scheme


class Theme(QObject):
    """What the application looks like now. One per application, made by `of`."""

    theme_changed = pyqtSignal(str)
    """Another scheme was applied: painted widgets repaint, icons are drawn again."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.tokens = Tokens("light")
        self.scheme = "system"
        self.base_px = max(QFontInfo(app.font()).pixelSize(), 11)
        self._app = app
        self._files = QTemporaryDir(f"{QDir.tempPath()}/approval-console-style-XXXXXX")
        atexit.register(self._files.remove)  # what is left to Qt is not destroyed when Python ends
        hints = app.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._system_changed)

    def apply(self, scheme: str) -> None:
        """Show a scheme: “light”, “dark”, “contrast”, or “system” to follow the desktop."""
        self.scheme = scheme
        tokens = Tokens(self._resolved(scheme))
        self.tokens = tokens
        self._app.setPalette(_palette(tokens))
        # Set again after the palette: a style sheet alone does not repaint when the palette changes.
        self._app.setStyleSheet(self._sheet(tokens))
        self.theme_changed.emit(tokens.scheme)

    def _resolved(self, scheme: str) -> str:
        if scheme in SCHEMES:
            return scheme
        hints = self._app.styleHints()
        dark = hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark
        return "dark" if dark else "light"

    def _system_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self.scheme == "system":
            self.apply("system")

    def _sheet(self, tokens: Tokens) -> str:
        values = dict(tokens)
        values |= {f"px-{role}": f"{self.pixels(role)}px" for role in ROLES}
        values |= {"fixed": ", ".join(f'"{f}"' for f in FIXED_FAMILIES)}
        for name, tone in (("chevron-down", "muted"), ("up-down", "muted"), ("tick", "on-accent")):
            values[f"image-{name}"] = self._image(name, tokens[tone], tokens.scheme)
        template = read_text("style/console.qss")
        return re.sub(r"@([a-z-]+)@", lambda found: values[found.group(1)], template)

    def _image(self, name: str, tint: str, scheme: str) -> str:
        # Pictures in a style sheet have to be files; one set per scheme, kept while the program runs.
        file = Path(self._files.path(), f"{name}-{scheme}.svg")
        file.write_text(read_text(f"icons/{name}.svg").replace("currentColor", tint), encoding="utf-8")
        return file.as_posix()

    def pixels(self, role: str) -> int:
        """Return the size of a role in whole pixels."""
        return round(self.base_px * ROLES[role][0])


_themes: list[Theme] = []


def scaled(pixels: int) -> int:
    """Return a width or height that was made for letters of usual size, for letters as large as they are now."""
    return round(pixels * max(1.0, of().base_px / LARGE_FONT_PX))


def of(app: QApplication | None = None) -> Theme:
    """Return the theme of the application, made when it is first asked for."""
    if _themes and not sip.isdeleted(_themes[0]):
        return _themes[0]  # asked for by every widget and every paint
    found = app or QApplication.instance()
    if not isinstance(found, QApplication):
        raise TypeError("there is no application to have a theme")
    made = Theme(found)
    _themes[:] = [made]
    return made


def apply(app: QApplication, scheme: str = "system") -> None:
    """Show a scheme on the whole application."""
    of(app).apply(scheme)


def current() -> Tokens:
    """Return the colours that are shown now."""
    return of().tokens


def colour(name: str) -> QColor:
    """Return the colour of a token as it is shown now."""
    return QColor(current()[name])


def on(ground: str, tone: str) -> str:
    """Return the token that `tone` is drawn in on the token `ground`: in high contrast nothing but `sel-text` on `sel`."""
    return "sel-text" if ground == "sel" and current().scheme == "contrast" else tone


def font(role: str = "body") -> QFont:
    """Return the font of a role, for painters and delegates."""
    theme = of()
    made = QFont(QApplication.font())
    if role == "code":
        made.setFamilies(list(FIXED_FAMILIES))
    made.setPixelSize(theme.pixels(role))
    made.setWeight(QFont.Weight(ROLES[role][1]))
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    for role, active, disabled in _PALETTE:
        palette.setColor(role, QColor(tokens[active]))
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens[disabled]))
    return palette
