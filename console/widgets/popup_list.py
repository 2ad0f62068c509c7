"""A searchable list under a picker: a search line, rows with icon, caption and badge, and a word on what it shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPoint,
    QRect,
    QSize,
    Qt,
    pyqtSignal,
)
from PyQt6.QtGui import QFontMetrics, QHideEvent, QKeyEvent, QPainter
from PyQt6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from console.design import icons, theme
from console.widgets import plain_text
from console.widgets.labels import ElidedLabel
from console.widgets.painting import draw_elided_text
from services.language import tr

ROW, MAX_ROWS, MIN_ROWS, MIN_WIDTH = 28, 9, 4, 340
FRAME_HEIGHT = 84
"""Height of everything but the rows."""
KEY_ROLE = Qt.ItemDataRole.UserRole
LOADING, READY, EMPTY, FAILED, TRUNCATED = "loading", "ready", "empty", "failed", "cut"


@dataclass(frozen=True, slots=True)
class PickRow:
    """One choice: its key, its name, what tells it apart, its icon and its badge."""

    key: str
    text: str
    caption: str = ""
    icon: str = ""
    badge: str = ""


class PickModel(QAbstractListModel):
    """The rows of a list, replaced or added to."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[PickRow] = []

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def row(self, place: int) -> PickRow:
        """Return a row by its place."""
        return self._rows[place]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return name, words for a screen reader, or the key of a row."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return plain_text.one_line(row.text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return plain_text.one_line(", ".join(part for part in (row.text, row.caption, row.badge) if part))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_text.tooltip(f"{row.text}\n{row.caption}" if row.caption else row.text)
        return row.key if role == KEY_ROLE else None

    def replace(self, rows: Sequence[PickRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def append(self, rows: Sequence[PickRow]) -> None:
        """Show more rows under the others."""
        if rows:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
            self._rows.extend(rows)
            self.endInsertRows()


class PickDelegate(QStyledItemDelegate):
    """Draws a row: icon, name, caption in grey, badge at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a row."""
        del option, index
        return QSize(0, ROW)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one row with the tokens as they are now."""
        model = index.model()
        if painter is None or not isinstance(model, PickModel):
            return
        row = model.row(index.row())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        box = option.rect.adjusted(4, 1, -4, -1)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("sel" if chosen else "hover"))
            painter.drawRoundedRect(box, 4, 4)
        left, right = box.left() + 8, box.right() - 8
        tone = "sel-text" if chosen else "muted"
        if row.icon:
            painter.drawPixmap(left, box.center().y() - 7, icons.pixmap(row.icon, tone, 16))
            left += 24
        if row.badge:
            font = theme.font("caption")
            width = QFontMetrics(font).horizontalAdvance(row.badge) + 2
            draw_elided_text(
                painter, QRect(right - width, box.top(), width, box.height()), row.badge, font, tone
            )
            right -= width + 12
        left = draw_elided_text(
            painter,
            QRect(left, box.top(), right - left, box.height()),
            row.text,
            theme.font("body"),
            "sel-text" if chosen else "text",
        )
        if row.caption and right - left > 40:
            draw_elided_text(
                painter,
                QRect(left + 10, box.top(), right - left - 10, box.height()),
                row.caption,
                theme.font("caption"),
                tone,
            )
        painter.restore()


class PopupList(QFrame):
    """Opened by `popup` under its anchor. Up and Down move, Enter chooses, Escape closes; typing searches.

    One list serves its anchor for as long as that lives: closing hides it, opening again begins with an empty search.
    """

    search_changed = pyqtSignal(str)
    chosen = pyqtSignal(str)
    cancelled = pyqtSignal()

    def __init__(self, anchor: QWidget) -> None:
        super().__init__(anchor, Qt.WindowType.Popup)
        self.setProperty("role", "popup")
        self.setAccessibleName(tr("Choices"))
        self._anchor = anchor
        self._done = False
        self._above = False
        self.state, self.state_text = LOADING, ""
        self.search = QLineEdit()
        self.search.setAccessibleName(tr("Search"))
        self.search.textEdited.connect(self.search_changed)
        self.search.installEventFilter(self)
        self.model = PickModel(self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(PickDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setAccessibleName(tr("Choices"))
        self.view.clicked.connect(self._choose)
        chosen = self.view.selectionModel()
        if chosen is not None:
            chosen.currentChanged.connect(self._say_current)
        self.message = ElidedLabel("", role="caption")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.search)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.message)
        self.setFocusProxy(self.search)

    def _say_current(self, index: QModelIndex) -> None:
        """Tell a screen reader which row Enter would choose: the keyboard stays in the search line."""
        self.search.setAccessibleDescription(str(index.data(Qt.ItemDataRole.AccessibleTextRole) or ""))

    # -- rows --------------------------------------------------------------------------------------------------

    def set_placeholder(self, text: str) -> None:
        """Say in the search line what is searched."""
        self.search.setPlaceholderText(text)
        self.search.setAccessibleName(text)

    def search_text(self) -> str:
        """Return what is searched for."""
        return self.search.text()

    @property
    def rows(self) -> list[PickRow]:
        """Return the rows shown."""
        return [self.model.row(i) for i in range(self.model.rowCount())]

    def set_rows(self, rows: Sequence[PickRow], current: str | None = None) -> None:
        """Show rows; the one with the key `current`, or the first, is selected."""
        self.model.replace(rows)
        self._fit()
        place = next((i for i, row in enumerate(rows) if row.key == current), 0)
        if rows:
            self.view.setCurrentIndex(self.model.index(place))

    def append_rows(self, rows: Sequence[PickRow]) -> None:
        """Show more rows; the selection stays."""
        self.model.append(rows)
        self._fit()

    def _fit(self) -> None:
        # Grows with its rows and does not shrink while it is searched, so that it does not jump.
        rows = min(max(self.model.rowCount(), MIN_ROWS), MAX_ROWS)
        if self.isVisible() and not self._above and rows * ROW + FRAME_HEIGHT > self.height():
            self.resize(self.width(), rows * ROW + FRAME_HEIGHT)

    def set_state(self, state: str, text: str = "") -> None:
        """Say what the rows are: loading, ready, empty, failed or cut."""
        self.state, self.state_text = state, text
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def mark_outdated(self, text: str) -> None:
        """Say that other rows are on their way; until they are here, Enter chooses none of the old ones."""
        self.set_state(LOADING, text)
        self.view.setCurrentIndex(QModelIndex())

    # -- opening and closing -----------------------------------------------------------------------------------

    def popup(self) -> None:
        """Open under the anchor, or above it where there is no room below."""
        self._done, self._above = False, False
        self.search.clear()
        width = max(self._anchor.width(), MIN_WIDTH)
        height = ROW * MAX_ROWS + FRAME_HEIGHT
        below = self._anchor.mapToGlobal(QPoint(0, self._anchor.height() + 2))
        screen = self._anchor.screen()
        if screen is not None and below.y() + height > screen.availableGeometry().bottom():
            self._above = True
            below = self._anchor.mapToGlobal(QPoint(0, -height - 2))
        else:
            height = ROW * min(max(self.model.rowCount(), MIN_ROWS), MAX_ROWS) + FRAME_HEIGHT
        self.setGeometry(QRect(below, QSize(width, height)))
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def _choose(self, index: QModelIndex) -> None:
        key = self.model.data(index, KEY_ROLE)
        if key is not None:
            self._done = True
            self.close()
            self.chosen.emit(key)

    def choose_key(self, key: str) -> None:
        """Choose a row by its key, as a click on it does."""
        place = next(i for i, row in enumerate(self.rows) if row.key == key)
        self._choose(self.model.index(place))

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Tell that nothing was chosen when the list is closed in another way."""
        super().hideEvent(event)
        if not self._done:
            self._done = True
            self.cancelled.emit()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Move through the rows with the keys of the search line."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(Qt.Key(event.key()))
        return super().eventFilter(watched, event)

    def _key(self, key: Qt.Key) -> bool:
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: MAX_ROWS,
            Qt.Key.Key_PageUp: -MAX_ROWS,
        }
        if key in steps and self.model.rowCount():
            place = self.view.currentIndex().row() + steps[key]
            place = min(max(place, 0), self.model.rowCount() - 1)
            self.view.setCurrentIndex(self.model.index(place))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.view.currentIndex().isValid():
                self._choose(self.view.currentIndex())
            return True
        if key == Qt.Key.Key_Escape:
            self.close()
            return True
        return False
