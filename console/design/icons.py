"""Icons: our own SVG set, tinted from the theme and drawn at the ratio of the screen."""

from functools import lru_cache

from PyQt6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

from console.design import theme
from resources import path_of, read_text

STATUS_TONES: dict[str, str] = {
    "good": "good-icon",
    "notice": "notice-icon",
    "bad": "bad-icon",
    "off": "off-icon",
    "pending": "off-icon",
    "running": "off-icon",
    "todo": "off-icon",
    "next": "text",
    "blocked": "off-icon",
    "elsewhere": "off-icon",
    "create": "good-icon",
    "update": "notice-icon",
    "keep": "off-icon",
}
"""Status shapes and the token each is drawn in."""


def _names() -> tuple[str, ...]:
    found = [f.name.removesuffix(".svg") for f in path_of("icons").iterdir() if f.name.endswith(".svg")]
    return tuple(sorted(n for n in found if not n.startswith("status-")))


ICON_NAMES = _names()
"""Every icon that is no status shape."""


@lru_cache(maxsize=256)
def _svg_source(name: str) -> str:
    return read_text(f"icons/{name}.svg")


@lru_cache(maxsize=1024)
def _draw(name: str, tint: str, ground: str, line: str, size: int, ratio: float) -> QPixmap:
    text = (
        _svg_source(name)
        .replace("currentColor", tint)
        .replace('"ground"', f'"{ground}"')
        .replace('"line"', f'"{line}"')
    )
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture


def _ratio(ratio: float | None) -> float:
    if ratio:
        return ratio
    screen = QGuiApplication.primaryScreen()
    return screen.devicePixelRatio() if screen is not None else 1.0


def pixmap(name: str, tone: str = "text", size: int = 16, ratio: float | None = None) -> QPixmap:
    """Return a picture of an icon in the colour of a token; `ratio` defaults to that of the screen."""
    tokens = theme.current()
    return _draw(name, tokens[tone], tokens["page"], tokens["line"], size, _ratio(ratio))


def status_pixmap(state: str, size: int = 14, ground: str = "page", ratio: float | None = None) -> QPixmap:
    """Return a status shape; `ground` is the token of what lies behind it, for the part that is cut out."""
    tokens = theme.current()
    tint, line = tokens[theme.on(ground, STATUS_TONES[state])], tokens["line"]
    if theme.on(ground, "line") != "line" or line == tint:
        line = tokens[ground]  # a track as dark as what runs on it would hide it
    return _draw(f"status-{state}", tint, tokens[ground], line, size, _ratio(ratio))


class _Engine(QIconEngine):
    """Draws an icon when it is first shown, at the size, ratio and theme of that moment; most menus never are."""

    def __init__(self, name: str, tone: str, ground: str, *, in_menu: bool) -> None:
        super().__init__()
        self._name, self._tone, self._ground, self._in_menu = name, tone, ground, in_menu
        self._is_status = name in STATUS_TONES and name not in ICON_NAMES

    def _picture(self, size: int, mode: QIcon.Mode, ratio: float) -> QPixmap:
        # Lists say of their selected row that it is selected, menus that it is active, as buttons under the pointer are.
        chosen = mode == (QIcon.Mode.Active if self._in_menu else QIcon.Mode.Selected)
        ground = "sel" if chosen else self._ground
        if self._is_status:
            return status_pixmap(self._name, size, ground, ratio)
        tone = "faint" if mode == QIcon.Mode.Disabled else theme.on(ground, self._tone)
        return pixmap(self._name, tone, size, ratio)

    def paint(self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw the icon into a rectangle of a widget."""
        del state
        device = painter.device() if painter is not None else None
        if painter is not None and device is not None:
            size = min(rect.width(), rect.height())
            painter.drawPixmap(rect.topLeft(), self._picture(size, mode, device.devicePixelRatioF()))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return the picture at a size in pixels of the screen; in a wide place it stands at the left."""
        del state
        picture = self._picture(min(size.width(), size.height()), mode, 1.0)
        if size.width() <= size.height():
            return picture
        wide = QPixmap(size)
        wide.fill(Qt.GlobalColor.transparent)
        painter = QPainter(wide)
        painter.drawPixmap(0, 0, picture)
        painter.end()
        return wide

    def clone(self) -> QIconEngine:
        """Return an engine of its own for another icon."""
        return _Engine(self._name, self._tone, self._ground, in_menu=self._in_menu)


def icon(name: str, tone: str = "text", ground: str = "page", *, in_menu: bool = False) -> QIcon:
    """Return an icon in the colour of a token, faint when disabled; status shapes stand on `ground`.

    On the selected row of a list, and with `in_menu` of a menu, it is drawn for the ground `sel`.
    """
    return QIcon(_Engine(name, tone, ground, in_menu=in_menu))
