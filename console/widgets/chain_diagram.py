"""A chain as tiles in a row with arrows between them, the first broken one marked; a rail of links where there is no room."""

from collections.abc import Sequence
from itertools import pairwise

from PyQt6.QtCore import QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from console.design import icons, theme
from console.widgets import activation, plain_text
from console.widgets.chain_tiles import ChainTile, TileState, first_broken
from console.widgets.link_chain import ChainLink, ObjectChain
from console.widgets.motion import Rotation, draw_status
from console.widgets.painting import draw_elided_text
from console.widgets.text_lines import break_lines, is_cut
from services.language import tr

__all__ = ["ChainDiagram", "ChainTile", "TileState"]

WIDTH, LEAST_WIDTH, HEIGHT, GAP, MAX_TILES = 121, 106, 160, 24, 7
PADDING, ICON, SHAPE, NAME_LINES, FOOT = 10, 16, 14, 4, 32
RADIUS, BREAK_SHAPE, ARROW_AIR, ARROW_HEAD = 6, 16, 3, 5
SHAPES = {
    TileState.GOOD: "good",
    TileState.BROKEN: "bad",
    TileState.UNKNOWN: "off",
    TileState.TODO: "todo",
    TileState.RUNNING: "running",
    TileState.MISSING: "todo",
}
"""Status shapes of the states."""
TONES = {TileState.GOOD: "good", TileState.BROKEN: "bad"}
"""Tones of the words of the states; the others are `off`."""


class TileButton(QAbstractButton):
    """Paints one link. Arrow keys go to its neighbours, Space selects it, Enter opens it."""

    moved = pyqtSignal(int)
    """The keyboard goes to another tile: the number of places, or -`MAX_TILES` and `MAX_TILES` for the ends."""
    opened = pyqtSignal()

    def __init__(self, tile: ChainTile, parent: QWidget) -> None:
        super().__init__(parent)
        self.tile = tile
        self.is_selected = self.is_break = self._has_ring = False
        self._place, self._count = 0, 1
        self._rotation = Rotation(self)

    def show_tile(self, tile: ChainTile, *, place: int, count: int, is_break: bool, selected: bool) -> None:
        """Show a link in place of the one before; the keyboard stays where it is."""
        self.tile, self._place, self._count = tile, place, count
        self.is_break, self.is_selected = is_break, selected
        self._rotation.set_running(tile.state is TileState.RUNNING)
        self.setText(plain_text.menu_text(tile.name))
        words = [
            f"{tile.kind} {plain_text.one_line(tile.name)}".strip(),
            plain_text.one_line(tile.state_text),
        ]
        if is_break:
            words.append(tr("first broken link"))
        if selected:
            words.append(tr("selected"))
        words.append(tr("{at} of {count}", at=place + 1, count=count))
        self.setAccessibleName(", ".join(word for word in words if word))
        self._set_tip()
        self.update()

    def _name_font(self) -> QFont:
        return theme.font("strong")

    def _set_tip(self) -> None:
        room = self.width() - 2 * PADDING
        cut = is_cut(self.tile.name, self._name_font(), room, NAME_LINES)
        word = QFontMetrics(theme.font("body")).horizontalAdvance(self.tile.state_text)
        cut_word = word > self.width() - 2 * PADDING - SHAPE - 5
        parts = [self.tile.name] if cut else []
        parts += [self.tile.state_text] if cut_word else []
        plain_text.set_tooltip(self, "\n".join(parts))

    def sizeHint(self) -> QSize:
        """Return the size of a tile for the letters as they are now."""
        name, caption = QFontMetrics(self._name_font()), QFontMetrics(theme.font("caption"))
        needed = PADDING + 2 + ICON + 5 + caption.height() + 2 + NAME_LINES * name.lineSpacing() + 4
        word = QFontMetrics(theme.font("body")).horizontalAdvance(self.tile.state_text)
        wide = word + 2 * PADDING + SHAPE + 5
        return QSize(max(theme.scaled(WIDTH), wide), max(HEIGHT, needed + self._foot()))

    def _foot(self) -> int:
        return max(FOOT, QFontMetrics(theme.font("body")).height() + 12)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show the tooltip only when something is cut off."""
        super().resizeEvent(event)
        self._set_tip()

    # -- mouse and keyboard --------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go to a neighbour, open, or leave the key to Qt, which selects on Space."""
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Home: -MAX_TILES,
            Qt.Key.Key_End: MAX_TILES,
        }
        if event is not None and event.key() in steps:
            self.moved.emit(steps[Qt.Key(event.key())])
        elif activation.is_enter_press(event):
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Open the object."""
        if event is not None and event.button() is Qt.MouseButton.LeftButton:
            self.opened.emit()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Show the ring for the keyboard, and not for the mouse."""
        super().focusInEvent(event)
        self._has_ring = event is not None and event.reason() is not Qt.FocusReason.MouseFocusReason
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self._has_ring = False
        self.update()

    # -- painting --------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the tile with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter)
        tile, ratio = self.tile, self.devicePixelRatioF()
        room, y = self.width() - 2 * PADDING, PADDING + 2
        missing = tile.state is TileState.MISSING
        tone = "text" if self.is_selected else "muted"
        painter.drawPixmap(PADDING, y, icons.pixmap(tile.icon, tone, ICON, ratio))
        y += ICON + 5
        caption, strong = theme.font("caption"), self._name_font()
        high = QFontMetrics(caption).height()
        draw_elided_text(painter, QRect(PADDING, y, room, high), tile.kind, caption, "muted")
        y += high + 2
        painter.setFont(strong)
        painter.setPen(theme.colour("muted" if missing else "text"))
        metrics = QFontMetrics(strong)
        for line in break_lines(tile.name, strong, room, NAME_LINES):
            painter.drawText(
                QRect(PADDING, y, room + 2, metrics.lineSpacing()), Qt.AlignmentFlag.AlignVCenter, line
            )
            y += metrics.lineSpacing()
        self._paint_state(painter)

    def _paint_frame(self, painter: QPainter) -> None:
        box = QRectF(self.rect())
        painter.setBrush(theme.colour("page"))
        if self._has_ring and not self.is_break:
            pen = QPen(theme.colour("link"), 2)
        elif self.is_break:
            pen = QPen(theme.colour("bad"), 2)
        else:
            selected = self.is_selected
            pen = QPen(theme.colour("text" if selected else "edge"), 2 if selected else 1)
            if self.tile.state is TileState.MISSING:
                pen.setStyle(Qt.PenStyle.DashLine)
        half = pen.widthF() / 2
        painter.setPen(pen)
        painter.drawRoundedRect(box.adjusted(half, half, -half, -half), RADIUS, RADIUS)
        if self._has_ring and self.is_break:
            # The border says what is wrong and stays; the ring stands inside it, with 2 px of air.
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("link"), 2))
            painter.drawRoundedRect(box.adjusted(5, 5, -5, -5), RADIUS - 2, RADIUS - 2)

    def _paint_state(self, painter: QPainter) -> None:
        tile, foot = self.tile, self._foot()
        top = self.height() - foot
        edge = 2 if self.is_break or self.is_selected else 1
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(QPointF(edge, top + 0.5), QPointF(self.width() - edge, top + 0.5))
        middle = top + foot / 2
        corner = QPointF(PADDING, round(middle - SHAPE / 2))
        draw_status(painter, corner, SHAPES[tile.state], SHAPE, "page", self._rotation.angle)
        left = PADDING + SHAPE + 5
        word = QRect(left, top, self.width() - left - PADDING + 2, foot)
        draw_elided_text(
            painter,
            word,
            tile.state_text,
            theme.font("body"),
            TONES.get(tile.state, "off"),
            mode=Qt.TextElideMode.ElideRight,
        )


class _TileRow(QWidget):
    """The tiles beside each other, and what connects them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.tiles: list[TileButton] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def needed_width(self, count: int) -> int:
        """Return the least width of a number of tiles."""
        return count * theme.scaled(LEAST_WIDTH) + max(count - 1, 0) * GAP

    def place_tiles(self) -> None:
        """Give every tile its place, narrower ones where there is less room; Tab goes from left to right."""
        self._place()
        for tile in self.tiles:
            tile.show()
        for before, after in pairwise(self.tiles):
            QWidget.setTabOrder(before, after)
        self.updateGeometry()
        self.update()

    def _place(self) -> None:
        count, left = len(self.tiles), 0
        room = (self.width() - (count - 1) * GAP) // max(count, 1)
        sizes = [tile.sizeHint() for tile in self.tiles]
        # As wide as the longest word of a state needs, where there is room for that.
        widest = max((size.width() for size in sizes), default=0)
        width = max(min(widest, room), theme.scaled(LEAST_WIDTH))
        for tile, size in zip(self.tiles, sizes, strict=True):
            tile.setGeometry(left, 0, width, size.height())
            left += width + GAP

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Use the room there is."""
        super().resizeEvent(event)
        self._place()

    def sizeHint(self) -> QSize:
        """Return the room of all tiles."""
        high = max((tile.sizeHint().height() for tile in self.tiles), default=HEIGHT)
        count = len(self.tiles)
        return QSize(count * theme.scaled(WIDTH) + max(count - 1, 0) * GAP, high)

    def minimumSizeHint(self) -> QSize:
        """Ask for no width: where there is too little, the rail is shown."""
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw an arrow between two tiles, the shape of the break, and dashed arrows behind it."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        broken = first_broken([button.tile for button in self.tiles])
        for place, button in enumerate(self.tiles[1:], 1):
            box = button.geometry()
            middle, left = box.center().y() + 0.5, box.left() - GAP
            if place == broken:
                corner = QPointF(left + (GAP - BREAK_SHAPE) / 2, middle - BREAK_SHAPE / 2)
                draw_status(painter, corner, "bad", BREAK_SHAPE, "page")
                continue
            dashed = 0 <= broken < place or button.tile.state is TileState.MISSING
            self._paint_arrow(painter, left + ARROW_AIR, box.left() - ARROW_AIR, middle, dashed=dashed)

    def _paint_arrow(
        self, painter: QPainter, start: float, end: float, middle: float, *, dashed: bool
    ) -> None:
        pen = QPen(theme.colour("edge"), 1.25)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if dashed:
            pen.setDashPattern([3, 2.2])
        painter.setPen(pen)
        painter.drawLine(QPointF(start, middle), QPointF(end, middle))
        pen.setStyle(Qt.PenStyle.SolidLine)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        for side in (-ARROW_HEAD, ARROW_HEAD):
            painter.drawLine(QPointF(end, middle), QPointF(end - ARROW_HEAD, middle + side))


class ChainDiagram(QWidget):
    """Up to seven tiles in a row; where they do not fit beside each other, the same links as a rail.

    Tab comes to the selected tile, arrow keys and the mouse select, Enter and a double click open. The first broken
    link selects itself until somebody selects another one.
    """

    selected = pyqtSignal(int)
    """The place of the selected link, -1 for none."""
    activated = pyqtSignal(int)
    """The place of the link that was opened."""

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name or tr("Chain"))
        self._title = name or tr("Chain")
        self.tiles: list[ChainTile] = []
        self.selected_index = -1
        self._chosen_by_hand = False
        self._row, self._rail = _TileRow(self), ObjectChain(self)
        self._rail.hide()
        self._rail.clicked.connect(self._rail_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._row)
        layout.addWidget(self._rail)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.of().theme_changed.connect(self._theme_changed)

    @property
    def is_narrow(self) -> bool:
        """Whether the links are shown as a rail."""
        return not self._rail.isHidden()

    def set_tiles(self, tiles: Sequence[ChainTile]) -> None:
        """Show links in their order. Tiles that are there already finish in place."""
        self.tiles = list(tiles)[:MAX_TILES]
        buttons = self._row.tiles
        while len(buttons) > len(self.tiles):
            button = buttons.pop()
            button.hide()
            button.deleteLater()
        for tile in self.tiles[len(buttons) :]:
            buttons.append(self._make_button(tile))
        self._row.place_tiles()
        self._choose_by_itself()
        self._show()
        self._fit()

    def set_tile(self, index: int, tile: ChainTile) -> None:
        """Show what became known about one link."""
        self.set_tiles([*self.tiles[:index], tile, *self.tiles[index + 1 :]])

    def select(self, index: int) -> None:
        """Select a link as a person does."""
        if not 0 <= index < len(self.tiles):
            return
        self._chosen_by_hand = True
        self._set_selected(index)

    def reset_selection(self) -> None:
        """Let the first broken link select itself again, as for another chain."""
        self._chosen_by_hand = False
        self._choose_by_itself()
        self._show()

    def _make_button(self, tile: ChainTile) -> TileButton:
        button = TileButton(tile, self._row)
        button.clicked.connect(lambda: self.select(self._row.tiles.index(button)))
        button.moved.connect(self._move)
        button.opened.connect(lambda: self._open(self._row.tiles.index(button)))
        return button

    def _choose_by_itself(self) -> None:
        if self._chosen_by_hand and self.selected_index < len(self.tiles):
            return
        self._chosen_by_hand = False
        self._set_selected(first_broken(self.tiles))

    def _set_selected(self, index: int) -> None:
        if index != self.selected_index:
            self.selected_index = index
            self._show()
            self.selected.emit(index)

    def _move(self, step: int) -> None:
        now = next((place for place, button in enumerate(self._row.tiles) if button.hasFocus()), 0)
        place = min(max(now + step, 0), len(self.tiles) - 1)
        self.select(place)
        self._row.tiles[place].setFocus(Qt.FocusReason.TabFocusReason)

    def _open(self, index: int) -> None:
        self.select(index)
        self.activated.emit(index)

    def _rail_clicked(self, key: object) -> None:
        """Select a link of the rail; open it when it is selected already."""
        if not isinstance(key, int):
            return
        if key == self.selected_index:
            self.activated.emit(key)
        self.select(key)

    def _show(self) -> None:
        broken, count = first_broken(self.tiles), len(self.tiles)
        stop = max(self.selected_index, 0)
        for place, (tile, button) in enumerate(zip(self.tiles, self._row.tiles, strict=False)):
            button.show_tile(
                tile,
                place=place,
                count=count,
                is_break=place == broken,
                selected=place == self.selected_index,
            )
            policy = Qt.FocusPolicy.StrongFocus if place == stop else Qt.FocusPolicy.ClickFocus
            button.setFocusPolicy(policy)
        self._rail.set_links(
            [
                ChainLink(place, tile.icon, tile.kind, tile.name, SHAPES[tile.state], tile.state_text)
                for place, tile in enumerate(self.tiles)
            ]
        )
        links = (f"{tile.kind} {plain_text.one_line(tile.name)}, {tile.state_text}" for tile in self.tiles)
        self.setAccessibleName(": ".join(part for part in (self._title, "; ".join(links)) if part))
        self._row.update()

    def _fit(self) -> None:
        narrow = self.width() < self._row.needed_width(len(self.tiles))
        had_focus = self.isAncestorOf(focused) if (focused := self.focusWidget()) is not None else False
        if narrow != self.is_narrow:
            self._row.setVisible(not narrow)
            self._rail.setVisible(narrow)
            if had_focus and not narrow and self._row.tiles:
                self._row.tiles[max(self.selected_index, 0)].setFocus()
        self.updateGeometry()

    def _theme_changed(self, _scheme: str) -> None:
        self._row.place_tiles()
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Ask for no more width than the rail needs."""
        shown = self._rail if self.is_narrow else self._row
        return QSize(160, shown.minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show tiles or the rail, as there is room."""
        super().resizeEvent(event)
        self._fit()
