"""The chain: every link from a credential to what depends on it, with its state in a word, opened by a click."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QEnterEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from console.design import icons, theme
from console.widgets import activation, plain_text
from console.widgets.painting import draw_elided_text
from services.language import plural, tr

ICON, SHAPE, TEXT_INDENT, GAP, HEAD = 16, 12, 28, 8, 16
MAX_LINKS = 8
"""How many links of one kind are shown at most."""
TEXT_LINE_HEIGHT = 1.75
"""How many lines of text fit into two lines, as words break them before they are full."""
_TEXT_TONES = {"good": "good", "notice": "notice", "bad": "bad"}


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One link: what a click opens, icon, kind and name, and the state as a shape and a word."""

    key: Hashable
    icon: str
    kind: str
    name: str
    state: str
    word: str
    current: bool = False


class LinkRow(QAbstractButton):
    """Paints one link; reached by Tab, opened by click, Enter or Space."""

    opened = pyqtSignal(object)

    def __init__(self, link: ChainLink, *, last: bool) -> None:
        super().__init__()
        self._hovered = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._open)
        self.show_link(link, last=last)

    def show_link(self, link: ChainLink, *, last: bool) -> None:
        """Show a link, in place of the one before; the keyboard stays where it is."""
        self.link, self._last = link, last
        self.setAccessibleName(f"{link.kind} {link.name}, {link.word}")
        plain_text.set_tooltip(self, link.name)
        self.setText(plain_text.menu_text(link.name))
        opens = link.key is not None and not link.current
        self.setEnabled(opens)  # what leads nowhere is no button that can be pressed
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if opens else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if opens else Qt.CursorShape.ArrowCursor)
        if self.testAttribute(Qt.WidgetAttribute.WA_Resized):
            self.setFixedHeight(self.sizeHint().height())
        self.update()

    def _lines(self, width: int) -> int:
        font = theme.font("strong" if self.link.current else "body")
        box = QFontMetrics(font).boundingRect(
            QRect(0, 0, max(width - TEXT_INDENT, 40), 200),
            int(Qt.TextFlag.TextWordWrap),
            plain_text.one_line(self.link.name),
        )
        return min(box.height(), 2 * QFontMetrics(font).lineSpacing())

    def sizeHint(self) -> QSize:
        """Return the room of kind and name."""
        width = self.width() if self.width() > TEXT_INDENT else 232
        return QSize(160, self._head() + self._lines(width) + GAP + 4)

    def _head(self) -> int:
        """Return the height of the line with kind and word."""
        return max(HEAD, QFontMetrics(theme.font("caption")).height())

    def minimumSizeHint(self) -> QSize:
        """Shrink in width."""
        return QSize(120, self.sizeHint().height())

    def resizeEvent(self, event: object) -> None:
        """Ask for another height when the name wraps differently."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.setFixedHeight(self.sizeHint().height())

    def _open(self, *_on: bool) -> None:
        if self.link.key is not None and not self.link.current:
            self.opened.emit(self.link.key)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open the link on Enter as well; Qt does on Space."""
        if activation.is_enter_press(event):
            self.click()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent | None) -> None:
        """Underline the name under the pointer."""
        super().enterEvent(event)
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent | None) -> None:
        """Take the line away again."""
        super().leaveEvent(event)
        self._hovered = False
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw icon, rail, kind, state and name with the tokens as they are now."""
        del event
        painter, link, head = QPainter(self), self.link, self._head()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ratio = self.devicePixelRatioF()
        painter.drawPixmap(
            0,
            (head - HEAD) // 2 + 2,
            icons.pixmap(link.icon, "text" if link.current else "muted", ICON, ratio),
        )
        if not self._last:
            painter.setPen(QPen(theme.colour("edge"), 1))
            painter.drawLine(8, head + 8, 8, self.height() - 2)
        caption = theme.font("caption")
        word = QFontMetrics(caption).horizontalAdvance(link.word)
        painter.setFont(caption)
        painter.setPen(theme.colour(_TEXT_TONES.get(link.state, "off")))
        painter.drawText(
            QRect(self.width() - word - 2, 0, word + 2, head), Qt.AlignmentFlag.AlignVCenter, link.word
        )
        shape = icons.status_pixmap(link.state, SHAPE, "page", ratio)
        painter.drawPixmap(self.width() - word - SHAPE - 8, (head - SHAPE) // 2, shape)
        room = QRect(TEXT_INDENT, 0, self.width() - TEXT_INDENT - word - 24, head)
        draw_elided_text(painter, room, link.kind, caption, "muted", mode=Qt.TextElideMode.ElideRight)
        font = theme.font("strong" if link.current else "body")
        font.setUnderline(self._hovered and link.key is not None and not link.current)
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        room = QRect(TEXT_INDENT, head + 1, self.width() - TEXT_INDENT, self._lines(self.width()))
        # Two lines; words that do not fit break them before they are full.
        name = QFontMetrics(font).elidedText(
            plain_text.one_line(link.name), Qt.TextElideMode.ElideMiddle, int(room.width() * TEXT_LINE_HEIGHT)
        )
        painter.drawText(room, int(Qt.TextFlag.TextWordWrap), name)
        if self.hasFocus():
            painter.setPen(QPen(theme.colour("link"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().adjusted(TEXT_INDENT - 6, 1, -1, -GAP + 3), 4, 4)


class ObjectChain(QWidget):
    """A column of links; `clicked` carries the key of the one that was opened."""

    clicked = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Chain"))
        self.links: list[ChainLink] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)

    def set_links(self, links: Sequence[ChainLink]) -> None:
        """Show links from top to bottom; only rows whose link changed are touched, and those stay what they are."""
        before, self.links = self.links, list(links)
        for place, link in enumerate(self.links):
            last = place == len(self.links) - 1
            row = self._row(place)
            if row is None:
                row = LinkRow(link, last=last)
                row.opened.connect(self.clicked)
                self._layout.addWidget(row)
            elif link != before[place] or last != (place == len(before) - 1):
                row.show_link(link, last=last)
        while (row := self._row(len(self.links))) is not None:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()

    def _row(self, place: int) -> LinkRow | None:
        item = self._layout.itemAt(place)
        row = item.widget() if item is not None else None
        return row if isinstance(row, LinkRow) else None


def truncate_links(links: Sequence[ChainLink], key: Hashable, kind: str) -> list[ChainLink]:
    """Return as many links of a kind as a rail has room for; one more, with `key`, says how many are left out."""
    if len(links) <= MAX_LINKS:
        return list(links)
    left = len(links) - MAX_LINKS + 1
    more = ChainLink(
        key=key,
        icon=links[0].icon,
        kind=kind,
        name=plural(left, "and {count} more", "and {count} more"),
        state="off",
        word=tr("Used by"),
    )
    return [*links[: MAX_LINKS - 1], more]
