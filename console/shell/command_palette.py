"""The palette: one field over commands, objects and requests."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PyQt6 import sip
from PyQt6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    pyqtSignal,
)
from PyQt6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PyQt6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsDropShadowEffect,
    QHBoxLayout,
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
from console.widgets.key_cap import KeyCap
from console.widgets.labels import Label, horizontal_rule
from console.widgets.painting import pixel_ratio
from services.language import number, plural, tr

WIDTH, ROW_HEIGHT, HEADING_HEIGHT, ROWS_PER_GROUP, MARGIN, KEY_CAP_HEIGHT, KEY_CAP_PADDING = (
    620,
    30,
    26,
    5,
    28,
    18,
    6,
)
VERTICAL_MARGIN = 100
"""The height of everything but the list, with air below."""
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One row: what it says, where it stands, its shortcut, and what choosing it does. A heading does nothing."""

    text: str
    caption: str = ""
    icon: str = ""
    shortcut: str = ""
    run: Callable[[], object] | None = None
    keeps_open: bool = False
    """Whether the palette stays open when it is chosen."""


class EntryModel(QAbstractListModel):
    """The rows found."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[PaletteEntry] = []

    def rowCount(self, parent: QModelIndex = ROOT) -> int:
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.entries)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a row's text, or the row itself."""
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return plain_text.one_line(entry.text)
            case Qt.ItemDataRole.AccessibleTextRole:
                return plain_text.one_line(
                    ", ".join(part for part in (entry.text, entry.caption, entry.shortcut) if part)
                )
            case _ if role == ENTRY_ROLE:
                return entry
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        if index.isValid() and self.entries[index.row()].run is None:
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    def replace(self, entries: list[PaletteEntry]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()


class EntryDelegate(QStyledItemDelegate):
    """Draws rows with the typed letters in bold."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.needle = ""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a row or a heading."""
        del option
        return QSize(theme.scaled(WIDTH) - 16, ROW_HEIGHT if index.data(ENTRY_ROLE).run else HEADING_HEIGHT)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw a row."""
        if painter is None:
            return
        entry: PaletteEntry = index.data(ENTRY_ROLE)
        rect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry.run is None:
            painter.setFont(theme.font("caption"))
            painter.setPen(theme.colour("muted"))
            painter.drawText(rect.adjusted(10, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, entry.text)
            painter.restore()
            return
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        tone = "sel-text" if selected else "text"
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("sel"))
            painter.drawRoundedRect(rect, 4, 4)
            painter.setBrush(theme.colour(theme.on("sel", "link")))
            painter.drawRoundedRect(QRect(rect.left(), rect.top() + 5, 3, rect.height() - 10), 1.5, 1.5)
        ratio = pixel_ratio(painter)
        if entry.icon:
            middle = rect.center().y() + 1
            painter.drawPixmap(
                QPoint(rect.left() + 10, middle - 8), icons.pixmap(entry.icon, tone, 16, ratio)
            )
        left = self._write_name(painter, entry.text, rect.adjusted(38, 0, -120, 0), tone)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.colour("sel-text" if selected else "muted"))
        metrics = QFontMetrics(painter.font())
        room = QRect(left + 12, rect.top(), rect.right() - 110 - left, rect.height())
        painter.drawText(
            room,
            Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(entry.caption, Qt.TextElideMode.ElideRight, max(0, room.width())),
        )
        if entry.shortcut:
            width = metrics.horizontalAdvance(entry.shortcut) + 2 * KEY_CAP_PADDING
            cap = QRectF(
                rect.right() - 10 - width + 0.5,
                rect.center().y() - KEY_CAP_HEIGHT / 2 + 0.5,
                width,
                KEY_CAP_HEIGHT,
            )
            painter.setPen(QPen(theme.colour("sel-text" if selected else "edge")))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cap, 3, 3)
            painter.setPen(theme.colour("sel-text" if selected else "muted"))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, entry.shortcut)
        painter.restore()

    def _write_name(self, painter: QPainter, text: str, room: QRect, tone: str) -> int:
        """Write a name with the typed letters in bold; returns where it ends."""
        at = text.casefold().find(self.needle) if self.needle else -1
        parts = [(text, "body")]
        if at >= 0:
            end = at + len(self.needle)
            parts = [(text[:at], "body"), (text[at:end], "strong"), (text[end:], "body")]
        left = room.left()
        painter.setPen(theme.colour(tone))
        for part, role in parts:
            painter.setFont(theme.font(role))
            metrics = QFontMetrics(painter.font())
            shown = metrics.elidedText(part, Qt.TextElideMode.ElideRight, max(0, room.right() - left))
            painter.drawText(
                QRect(left, room.top(), room.right() - left, room.height()),
                Qt.AlignmentFlag.AlignVCenter,
                shown,
            )
            left += metrics.horizontalAdvance(shown)
        return left


def _shadow(parent: QWidget) -> QGraphicsDropShadowEffect:
    shadow = QGraphicsDropShadowEffect(parent)
    shadow.setBlurRadius(24)
    shadow.setOffset(0, 7)
    shadow.setColor(QColor(0, 0, 0, 46))
    return shadow


def _key_hints() -> QHBoxLayout:
    """Make the foot: what the keys do."""
    foot = QHBoxLayout()
    foot.setContentsMargins(16, 5, 16, 5)
    foot.setSpacing(6)
    for keys, words in (
        ("↑ ↓", tr("move")),
        ("Enter", tr("run")),
        (">", tr("commands only")),
        ("Esc", tr("close")),
    ):
        foot.addWidget(KeyCap(keys))
        foot.addWidget(Label(words, role="caption"))
        foot.addSpacing(10)
    foot.addStretch(1)
    return foot


Groups = list[tuple[str, list[PaletteEntry]]]


class Palette(QFrame):
    """Floats over the page while it is open. `find` returns groups of entries for a text.

    What takes longer to find is asked for with `asked` and comes with `add`, as long as the text is still the same.
    """

    asked = pyqtSignal(str)

    def __init__(self, parent: QWidget, find: Callable[[str], Groups]) -> None:
        super().__init__(parent)
        self.setProperty("role", "popup")
        self.setAccessibleName(tr("Find or run anything"))
        self._find = find
        self._groups: Groups = []
        self._before: QWidget | None = None
        self._whole: set[str] = set()
        """Groups of which all is shown, by their heads."""
        self._searching = self._cut = False
        self.field = QLineEdit()
        self.field.setProperty("role", "palette")
        self.field.setPlaceholderText(tr("Find or run anything"))
        self.field.setAccessibleName(tr("Find or run anything"))
        self.field.addAction(icons.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.count = Label("", role="caption")
        self.model = EntryModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setAccessibleName(tr("Matches"))
        chosen = self.list.selectionModel()
        if chosen is not None:
            chosen.currentChanged.connect(self._say_current)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._delegate = EntryDelegate(self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.clicked.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        top = QHBoxLayout()
        top.setContentsMargins(6, 0, 16, 0)
        top.addWidget(self.field, 1)
        top.addWidget(self.count)
        layout.addLayout(top)
        layout.addWidget(horizontal_rule())
        rows = QHBoxLayout()
        rows.setContentsMargins(6, 4, 6, 4)
        rows.addWidget(self.list)
        layout.addLayout(rows)
        layout.addWidget(horizontal_rule())
        layout.addLayout(_key_hints())
        self.setGraphicsEffect(_shadow(self))
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.hide()

    def _say_current(self, index: QModelIndex) -> None:
        """Tell a screen reader which row Enter would choose: the keyboard stays in the field."""
        self.field.setAccessibleDescription(str(index.data(Qt.ItemDataRole.AccessibleTextRole) or ""))

    def open(self) -> None:
        """Show the palette, empty, with the keyboard in it."""
        if not self.isVisible():
            self._before = QApplication.focusWidget()
        self.field.clear()
        self._search("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_and_restore_focus(self) -> None:
        """Hide the palette and put the keyboard back where it was."""
        before, self._before = self._before, None
        if before is not None and not sip.isdeleted(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.hide()

    def add(self, text: str, head: str, found: list[PaletteEntry], *, cut: bool = False) -> None:
        """Show one more group, unless something else was typed since it was asked for.

        `cut` says that there may be more than these. Where nothing else was found its first row is chosen. Enter runs what is seen and chosen, and nothing that comes later.
        """
        if found and text == self.field.text().strip() and self.isVisible():
            chosen = self.list.currentIndex().row()
            self._cut = self._cut or cut
            self._show([*self._groups, (head, found)])
            if chosen >= 0:
                self.list.setCurrentIndex(self.model.index(chosen))
                return
            self._step(1, start=-1)

    def finish(self, text: str) -> None:
        """Say that nothing more is searched for, unless something else was typed since."""
        if text == self.field.text().strip():
            self._searching = False
            self._tell()

    def place(self, area: QRect) -> None:
        """Stand centred on `area`, a fifth down."""
        height = sum(ROW_HEIGHT if e.run else HEADING_HEIGHT for e in self.model.entries)
        most = min(area.height() * 3 // 5, area.height() * 7 // 8 - VERTICAL_MARGIN)
        height = max(min(height, most), ROW_HEIGHT)
        self.list.setFixedHeight(height)
        width = min(theme.scaled(WIDTH), area.width() - 2 * MARGIN)
        self.setFixedWidth(width)
        layout = self.layout()
        if layout is not None:
            layout.activate()  # the list stands in a row of its own, which would not tell its new height by itself
        self.adjustSize()
        self.move(area.left() + (area.width() - width) // 2, area.top() + area.height() // 8)

    def _search(self, text: str) -> None:
        self._whole.clear()
        self._searching, self._cut = bool(text.strip()), False
        self._delegate.needle = text.strip().removeprefix(">").strip().casefold()
        self._show(self._find(text.strip()))
        self._step(1, start=-1)
        self.asked.emit(text.strip())

    def _show(self, groups: Groups) -> None:
        self._groups = groups
        entries: list[PaletteEntry] = []
        for head, found in groups:
            shown = found if head in self._whole else found[:ROWS_PER_GROUP]
            if found:
                entries += [PaletteEntry(head), *shown]
            if len(found) > len(shown) and self.field.text().strip():
                left = tr("Show {count} more", count=len(found) - len(shown))
                entries.append(
                    PaletteEntry(
                        left,
                        head,
                        "chevron-down",
                        "",
                        partial(self._show_all, head),
                        keeps_open=True,
                    )
                )
        self.model.replace(entries)
        self._tell()
        parent = self.parentWidget()
        if parent is not None:
            self.place(parent.rect())

    def _show_all(self, head: str) -> None:
        """Show all of a group; the first row that was not there before is chosen."""
        chosen = self.list.currentIndex().row()
        self._whole.add(head)
        self._show(self._groups)
        self.list.setCurrentIndex(self.model.index(chosen))

    def _tell(self) -> None:
        """Say how many matches there are, and whether more are searched for."""
        matches = sum(len(found) for _, found in self._groups)
        counted = number(matches) + ("+" if self._cut else "")
        words = plural(matches, "{counted} match", "{counted} matches", counted=counted)
        if self._searching:
            words = tr("{matches}, searching…", matches=words) if matches else tr("Searching…")
        self.count.setText(words if self.field.text().strip() else "")

    def _step(self, by: int, start: int | None = None) -> None:
        row = self.list.currentIndex().row() if start is None else start
        for _ in range(len(self.model.entries)):
            row = (row + by) % len(self.model.entries)
            if self.model.entries[row].run is not None:
                self.list.setCurrentIndex(self.model.index(row))
                return

    def _choose(self, index: QModelIndex) -> None:
        entry: PaletteEntry | None = index.data(ENTRY_ROLE)
        if entry is not None and entry.run is not None:
            if not entry.keeps_open:
                self.close_and_restore_focus()
            entry.run()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Move and choose with the keys while the typing goes on; close when the keyboard leaves."""
        if event is not None and event.type() == QEvent.Type.FocusOut:
            self.hide()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            match event.key():
                case Qt.Key.Key_Down:
                    self._step(1)
                case Qt.Key.Key_Up:
                    self._step(-1)
                case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                    self._choose(self.list.currentIndex())
                case Qt.Key.Key_Escape:
                    self.close_and_restore_focus()
                case _:
                    return super().eventFilter(watched, event)
            return True
        return super().eventFilter(watched, event)
