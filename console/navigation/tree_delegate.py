"""Draws a row of the tree: selection, guide lines, icon, name, pencil, status shape, count."""

from collections.abc import Callable

from PyQt6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter
from PyQt6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from console.design import icons, theme
from console.navigation.name_editor import NameEditor
from console.navigation.node_tree import Node
from console.navigation.tree_model import Role, worst_badge
from console.widgets import plain_text

ROW, ICON, STEP, RIGHT_MARGIN, GAP, BAR, RADIUS, INSET = 28, 16, 8, 8, 6, 3, 4, 6
SHAPE = 14
SELECTION_COLOURS = ("sel", "sel-idle")
"""Grounds of the selected row: with the keyboard in the tree, and without."""
COMMIT_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
TEXT_INSET = 16
"""Room for the chevron inside a row, before its icon."""


class TreeDelegate(QStyledItemDelegate):
    """Paints nodes with the tokens as they are now."""

    def __init__(self, view: QTreeView, tone_of: Callable[[QModelIndex], str]) -> None:
        """Draw for `view`; `tone_of` returns the token of a row's ground."""
        super().__init__(view)
        self._view = view
        # Asked of the view, because touching the style's own flags would cost the start all of QStyle's enumerations.
        self._tone_of = tone_of

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the room a row asks for, so that the tree can open as wide as its widest name."""
        del option
        node: Node = index.data(Role.NODE)
        metrics = QFontMetrics(_node_font(node, selected=False))
        right = RIGHT_MARGIN + GAP
        if node.count:
            right += QFontMetrics(theme.font("caption")).horizontalAdvance(node.count) + GAP
        right += (SHAPE + GAP) * (bool(node.badge) + bool(node.draft))
        return QSize(TEXT_INSET + ICON + GAP + metrics.horizontalAdvance(node.text) + right, ROW)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the row; the ground and the branch are drawn by the view."""
        if painter is None:
            return
        node: Node = index.data(Role.NODE)
        ground = self._tone_of(index)
        selected = ground in SELECTION_COLOURS
        text_tone = "sel-text" if selected and ground == "sel" else "text"
        icon_tone = text_tone if selected else "text" if node.is_root else "muted"
        rect = option.rect
        painter.save()
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        middle = rect.center().y() + 1
        painter.drawPixmap(
            QPoint(rect.left() + TEXT_INSET, middle - ICON // 2),
            icons.pixmap(node.icon, icon_tone, ICON, ratio),
        )
        right = self._paint_right(painter, node, rect, ground, text_tone, ratio, index)
        left = rect.left() + TEXT_INSET + ICON + GAP
        font = _node_font(node, selected=selected)
        painter.setFont(font)
        painter.setPen(theme.colour(text_tone))
        room = QRect(left, rect.top(), max(0, right - left), rect.height())
        text = QFontMetrics(font).elidedText(
            plain_text.one_line(node.text), Qt.TextElideMode.ElideMiddle, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()

    def _paint_right(
        self,
        painter: QPainter,
        node: Node,
        rect: QRect,
        ground: str,
        tone: str,
        ratio: float,
        index: QModelIndex,
    ) -> int:
        right = rect.right() - RIGHT_MARGIN
        middle = rect.center().y() + 1
        if node.count:
            font = theme.font("caption")
            width = QFontMetrics(font).horizontalAdvance(node.count)
            painter.setFont(font)
            painter.setPen(theme.colour("muted" if ground in ("nav", "hover") else tone))
            room = QRect(right - width, rect.top(), width, rect.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, node.count)
            right -= width + GAP
        closed = not self._view.isExpanded(index)
        badge = worst_badge(node) if closed else node.badge
        if badge:
            picture = icons.status_pixmap(badge, SHAPE, ground, ratio)
            painter.drawPixmap(QPoint(right - SHAPE, middle - SHAPE // 2), picture)
            right -= SHAPE + GAP
        if node.draft:
            painter.drawPixmap(
                QPoint(right - SHAPE, middle - SHAPE // 2), icons.pixmap("pencil", tone, SHAPE, ratio)
            )
            right -= SHAPE + GAP
        return right

    def createEditor(
        self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> QWidget | None:
        """Make the line for renaming in place."""
        del option
        return NameEditor(parent, index.data(Role.NODE))

    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        """Begin with the name as it is; what is typed then stays, whatever changes in the tree."""
        if isinstance(editor, NameEditor) and not editor.filled:
            super().setEditorData(editor, index)
            editor.filled = True

    def setModelData(
        self, editor: QWidget | None, model: QAbstractItemModel | None, index: QModelIndex
    ) -> None:
        """Pass on a name that the node can have."""
        if not (isinstance(editor, NameEditor) and editor.error):
            super().setModelData(editor, model, index)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Keep the line open while its name cannot be taken; Escape leaves it."""
        if isinstance(watched, NameEditor) and event is not None and watched.error:
            leaving = event.type() == QEvent.Type.FocusOut
            entered = (
                isinstance(event, QKeyEvent)
                and event.type() == QEvent.Type.KeyPress
                and event.key() in COMMIT_KEYS
            )
            if leaving or entered:
                watched.show_error(watched.error)
                return entered
        return super().eventFilter(watched, event)

    def updateEditorGeometry(
        self, editor: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Put the line where the name stands."""
        del index
        if editor is not None:
            editor.setGeometry(option.rect.adjusted(TEXT_INSET + ICON + 2, 0, -4, 0))


def _node_font(node: Node, *, selected: bool) -> QFont:
    return theme.font("strong" if node.is_root else "field" if selected else "body")
