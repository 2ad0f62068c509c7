"""Texts in a grid, edited in place: short ones in pairs, sections over the whole width with their bold words."""

from collections.abc import Sequence
from dataclasses import replace

from PyQt6.QtCore import QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextLayout,
)
from PyQt6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.design import theme
from console.widgets import activation, plain_text
from console.widgets.labels import ElidedLabel, IconLabel, set_tone
from console.widgets.motion import draw_status
from console.widgets.painting import draw_elided_text
from console.widgets.run_edit import CellEdit, ChoiceCellEdit, LineCellEdit, RunCellEdit
from console.widgets.text_entries import TextEntry
from console.widgets.text_lines import layout_runs
from models.translation_marks import tr_later
from services.language import tr

__all__ = ["TextEntry", "TextGrid"]

ROW, SECTION, SECTION_LINES, PADDING, BAR, SHAPE, RADIUS, HELP = 24, 40, 2, 12, 3, 12, 6, 18
SECTION_LABEL, VALUE_MIN, GAP = 156, 70, 9
"""Where the text of a section begins, the least room of a short text, and the air before it."""
EDIT_AIR = 5
"""Border and margin of an editor."""
INHERITED = tr_later("As in Default")


class TextCell(QAbstractButton):
    """Paints one text. Arrow keys go to its neighbours; Enter, F2 and a double click edit it."""

    moved = pyqtSignal(int, int)
    """The keyboard goes so many rows and columns on."""
    edit_wanted = pyqtSignal()

    def __init__(self, entry: TextEntry, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry, self.is_selected, self.value_left = entry, False, 0
        self._has_ring = self._is_filled = False

    def show_entry(self, entry: TextEntry, *, selected: bool) -> None:
        """Show a text in place of the one before."""
        if self._is_filled and (entry, selected) == (self.entry, self.is_selected):
            return
        self._is_filled = True
        self.entry, self.is_selected = entry, selected
        shown = tr(INHERITED) if entry.is_inherited else plain_text.one_line(entry.shown)
        parts = [f"{entry.label}: {shown}"]
        if entry.error:
            parts.append(tr("error: {text}", text=plain_text.one_line(entry.error)))
        if selected:
            parts.append(tr("selected"))
        self.setAccessibleName(", ".join(parts))
        self.setAccessibleDescription(plain_text.one_line(entry.notice or entry.help))
        self.setText(plain_text.menu_text(shown))
        if self.value_left:  # else it has no place yet, and gets its tip with it
            self._set_tip()
        self.update()

    def value_rect(self) -> QRect:
        """Return the room of the value."""
        right = self.width() - 4 - (SHAPE + 4 if self.entry.error else 0)
        return QRect(self.value_left, 0, max(right - self.value_left, 1), self.height())

    def _set_tip(self) -> None:
        room, entry = self.value_rect().width(), self.entry
        font = theme.font("body")
        if entry.is_section:
            cut = layout_runs(entry.runs, font, room, _step()).lineCount() > SECTION_LINES
        else:
            cut = QFontMetrics(font).horizontalAdvance(entry.shown) > room
        parts = [entry.text] if cut and not entry.is_inherited else []
        parts += [entry.error] if entry.error else []
        plain_text.set_tooltip(self, "\n".join(parts))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show the tooltip only when something is cut off."""
        super().resizeEvent(event)
        self._set_tip()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go to a neighbour, edit, or leave the key to Qt, which selects on Space."""
        steps = {
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Home: (-99, -9),
            Qt.Key.Key_End: (99, 9),
        }
        if event is not None and event.key() in steps:
            self.moved.emit(*steps[Qt.Key(event.key())])
        elif event is not None and (event.key() == Qt.Key.Key_F2 or activation.is_enter_press(event)):
            self.edit_wanted.emit()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Edit the text."""
        if event is not None and event.button() is Qt.MouseButton.LeftButton:
            self.edit_wanted.emit()

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

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw label and value with the tokens as they are now."""
        del event
        painter, entry = QPainter(self), self.entry
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        behind = "sel" if self.is_selected else "page"
        if self.is_selected:
            painter.fillRect(self.rect(), theme.colour("sel"))
            painter.fillRect(QRect(0, 0, BAR, self.height()), theme.colour(theme.on("sel", "link")))
        font, step = theme.font("body"), _step()
        tone = "sel-text" if self.is_selected else "text"
        quiet = "sel-text" if self.is_selected else "muted"
        top = 4 if entry.is_section else (self.height() - step) // 2
        label = QRect(PADDING, top, self.value_left - PADDING - 2, step)
        draw_elided_text(painter, label, entry.label, font, quiet, mode=Qt.TextElideMode.ElideRight)
        room = self.value_rect()
        if entry.is_inherited or not entry.is_section:
            text, colour = (tr(INHERITED), quiet) if entry.is_inherited else (entry.shown, tone)
            line = QRect(room.left(), top, room.width(), step)
            draw_elided_text(painter, line, text, font, colour, mode=Qt.TextElideMode.ElideRight)
        else:
            painter.setPen(theme.colour(tone))
            lines: QTextLayout = layout_runs(entry.runs, font, room.width(), step, limit=SECTION_LINES)
            lines.draw(painter, QPointF(room.left(), top))
        if entry.error:
            corner = QPointF(self.width() - SHAPE - 4, top + (step - SHAPE) / 2)
            draw_status(painter, corner, "bad", SHAPE, behind)
        if self._has_ring:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(theme.on(behind, "link")), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)


def _step() -> int:
    return QFontMetrics(theme.font("body")).lineSpacing()


class _Card(QWidget):
    """The cells in their places, with rules between them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[list[TextCell]] = []

    def place(self, cells: Sequence[TextCell]) -> None:
        """Give every cell its place for the width, in pairs where there is room for them."""
        short = [cell for cell in cells if not cell.entry.is_section]
        sections = [cell for cell in cells if cell.entry.is_section]
        columns = self._columns(short)
        self.rows = [short[i : i + len(columns)] for i in range(0, len(short), len(columns))]
        self.rows += [[cell] for cell in sections]
        top, step = 1, _step()
        for row in self.rows:
            section = row[0].entry.is_section
            high = max(SECTION, SECTION_LINES * step + 8) if section else max(ROW, step + 7)
            left = 1
            for place, cell in enumerate(row):
                label, value = columns[place] if not section else (theme.scaled(SECTION_LABEL) - 1, 0)
                width = self.width() - 2 if section else label + value
                cell.value_left = label
                cell.setGeometry(left, top, width, high - 1)
                cell.show()
                left += width + 1
            top += high
        self.setFixedHeight(top)
        self.update()

    def _columns(self, short: Sequence[TextCell]) -> list[tuple[int, int]]:
        """Return where values begin in each column, and the room of the values."""
        for count in (2, 1):
            labels = [self._label_width(short[column::count]) for column in range(count)]
            room = self.width() - 1 - count - sum(labels)
            if count == 1 or room >= count * VALUE_MIN:
                break
        natural = [self._value_width(short[column::count]) for column in range(count)]
        spare = (room - sum(natural)) // count
        values = [max(width + spare, VALUE_MIN if count > 1 else 1) for width in natural]
        values[-1] += room - sum(values)
        return list(zip(labels, values, strict=True))

    def _label_width(self, cells: Sequence[TextCell]) -> int:
        letters = QFontMetrics(theme.font("body")).horizontalAdvance
        return PADDING + max((letters(cell.entry.label) for cell in cells), default=0) + GAP

    def _value_width(self, cells: Sequence[TextCell]) -> int:
        letters = QFontMetrics(theme.font("body")).horizontalAdvance
        widths = (
            min(letters(cell.entry.shown), 2 * VALUE_MIN) + (SHAPE + 4 if cell.entry.error else 0)
            for cell in cells
        )
        return 8 + max(widths, default=0)

    def minimumSizeHint(self) -> QSize:
        """Ask for no width of its own."""
        return QSize(200, self.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the card and the rules between cells."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("page"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        for place, row in enumerate(self.rows):
            box = row[0].geometry()
            if place < len(self.rows) - 1:
                y = box.bottom() + 1.5
                painter.drawLine(QPointF(1, y), QPointF(self.width() - 1, y))
            if not row[0].entry.is_section and len(self.rows[0]) > 1:
                x = self.rows[0][0].geometry().right() + 1.5
                painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom() + 1))


class TextGrid(QWidget):
    """The grid, and below it one line with the help or the error of the selected text."""

    selected = pyqtSignal(str)
    """The key of the text that a person selected."""
    edited = pyqtSignal(str, list)
    """A text was changed: its key, and its runs as pairs of text and whether it is bold."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.entries: list[TextEntry] = []
        self.current_key = ""
        self.editor: CellEdit | None = None
        self._cells: list[TextCell] = []
        self._card = _Card(self)
        self._shape, self._help = IconLabel("", SHAPE), ElidedLabel("", role="caption")
        foot = QHBoxLayout()
        foot.setSpacing(6)
        foot.addWidget(self._shape)
        foot.addWidget(self._help, 1)
        self._help.setFixedHeight(max(HELP, QFontMetrics(theme.font("caption")).height()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._card)
        layout.addLayout(foot)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.of().theme_changed.connect(self._place)

    def set_entries(self, entries: Sequence[TextEntry]) -> None:
        """Show texts; what is being edited stays open unless its text is gone."""
        keys = [entry.key for entry in entries]
        if keys != [entry.key for entry in self.entries]:
            self.finish_editing(keep=False)
            for cell in self._cells:
                cell.hide()
                cell.deleteLater()
            self._cells = [self._make_cell(entry) for entry in entries]
        self.entries = list(entries)
        if self.current_key not in keys:
            self.current_key = ""
        self._show()
        self._place()

    def select(self, key: str) -> None:
        """Select a text from the program; no signal follows."""
        if key in [entry.key for entry in self.entries] and key != self.current_key:
            self.finish_editing()
            self.current_key = key
            self._show()

    def edit(self, key: str) -> None:
        """Select a text and open its editor."""
        self.finish_editing()
        self.select(key)
        cell = self._cell(key)
        if cell is None:
            return
        entry = cell.entry
        if entry.choices:
            self.editor = ChoiceCellEdit(entry.choices, entry.text, self._card)
        elif entry.is_section:
            self.editor = RunCellEdit(entry.runs, self._card)
        else:
            self.editor = LineCellEdit(entry.text, self._card)
        self.editor.setAccessibleName(entry.label)
        self._place_editor(cell)
        self.editor.finished.connect(self._finished)
        self.editor.show()
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def finish_editing(self, *, keep: bool = True) -> None:
        """Close the editor; `keep` says whether what was typed counts."""
        editor, self.editor = self.editor, None
        if editor is None:
            return
        runs, key = editor.runs(), self.current_key
        editor.hide()
        editor.deleteLater()
        entry = next((entry for entry in self.entries if entry.key == key), None)
        if keep and entry is not None and tuple(runs) != entry.runs:
            changed = replace(entry, runs=tuple(runs), is_inherited=False)
            self.entries[self.entries.index(entry)] = changed
            self._show()
            self.edited.emit(key, runs)

    # -- inside ------------------------------------------------------------------

    def _make_cell(self, entry: TextEntry) -> TextCell:
        cell = TextCell(entry, self._card)
        cell.clicked.connect(lambda _on: self._choose(entry.key))
        cell.edit_wanted.connect(lambda: self._choose(entry.key, edit=True))
        cell.moved.connect(self._move)
        return cell

    def _choose(self, key: str, *, edit: bool = False) -> None:
        changed = key != self.current_key
        self.select(key)
        if changed:
            self.selected.emit(key)
        if edit:
            self.edit(key)

    def _cell(self, key: str) -> TextCell | None:
        return next((cell for cell in self._cells if cell.entry.key == key), None)

    def _move(self, rows: int, columns: int) -> None:
        row, column = next(
            (
                (r, c)
                for r, line in enumerate(self._card.rows)
                for c, cell in enumerate(line)
                if cell.hasFocus()
            ),
            (0, 0),
        )
        line = self._card.rows[min(max(row + rows, 0), len(self._card.rows) - 1)]
        self._go_to(line[min(max(column + columns, 0), len(line) - 1)])

    def _go_to(self, cell: TextCell) -> None:
        self._choose(cell.entry.key)
        cell.setFocus(Qt.FocusReason.TabFocusReason)

    def _finished(self, keep: bool, step: int) -> None:  # noqa: FBT001 - as the signal gives it
        had_focus = self.editor is not None and self.editor.hasFocus()
        self.finish_editing(keep=keep)
        order = [cell for line in self._card.rows for cell in line]
        now = next((place for place, cell in enumerate(order) if cell.entry.key == self.current_key), 0)
        if had_focus and order:
            self._go_to(order[min(max(now + step, 0), len(order) - 1)])

    def _show(self) -> None:
        stop = self.current_key or (self.entries[0].key if self.entries else "")
        for entry, cell in zip(self.entries, self._cells, strict=True):
            cell.show_entry(entry, selected=entry.key == self.current_key)
            policy = Qt.FocusPolicy.StrongFocus if entry.key == stop else Qt.FocusPolicy.ClickFocus
            cell.setFocusPolicy(policy)
        current = next((entry for entry in self.entries if entry.key == self.current_key), None)
        error, notice = (current.error, current.notice) if current is not None else ("", "")
        self._shape.setVisible(bool(error or notice))
        word = tr("Error") if error else tr("Notice") if notice else ""
        self._shape.show_shape("bad" if error else "notice" if notice else "", word=word)
        self._help.setText(error or notice or (current.help if current is not None else ""))
        set_tone(self._help, "bad" if error else "")

    def _place(self, *_scheme: str) -> None:
        self._card.place(self._cells)
        if self.editor is not None and (cell := self._cell(self.current_key)) is not None:
            self._place_editor(cell)
        self.updateGeometry()

    def _place_editor(self, cell: TextCell) -> None:
        """Put the editor over the value; that of a section covers a second one."""
        if self.editor is None:
            return
        box = cell.geometry().adjusted(cell.value_left - EDIT_AIR, 0, 0, 0)
        if cell.entry.is_section:
            box.setHeight(2 * box.height() + 1)
            box.moveTop(min(box.top(), self._card.height() - box.height() - 1))
        self.editor.setGeometry(box)
        self.editor.raise_()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Share out the new width."""
        super().resizeEvent(event)
        self._card.resize(self.width(), self._card.height())
        self._place()
