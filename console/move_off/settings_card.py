"""The checklist: a card of rows, each with a shape, a name, a value to copy and where it is entered."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.move_off.presenter import SettingRow
from console.widgets import plain_text
from console.widgets.labels import ElidedLabel, IconLabel, Label, horizontal_rule
from console.widgets.value_list import CopyButton

ROW, SHAPE = 42, 14


class _Row(QWidget):
    """One setting."""

    def __init__(self, row: SettingRow) -> None:
        super().__init__()
        self.setMinimumHeight(ROW)
        line = QHBoxLayout(self)
        line.setContentsMargins(14, 3, 10, 3)
        line.setSpacing(12)
        self._shape = IconLabel("", SHAPE)
        self._name, self._value = Label("", role="strong"), ElidedLabel("", role="code")
        self._where = ElidedLabel("", role="caption")
        self.button = CopyButton(row.name)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(self._name)
        first.addWidget(self._value, 1)
        texts.addLayout(first)
        texts.addWidget(self._where)
        line.addWidget(self._shape, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addLayout(texts, 1)
        line.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.show_row(row)

    def show_row(self, row: SettingRow) -> None:
        """Show other texts."""
        self._shape.show_shape(row.shape, word=row.spoken)
        self._name.setText(row.name)
        self._value.setText(row.value)
        self._where.setText(row.where)
        self.setAccessibleName(plain_text.one_line(f"{row.name}: {row.value}, {row.where}, {row.spoken}"))


class SettingsCard(QFrame):
    """The card. Rows with the same names stay, and so does the keyboard."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.rows: list[SettingRow] = []
        self.lines: list[_Row] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(1, 1, 1, 1)
        self._layout.setSpacing(0)

    def set_rows(self, rows: Sequence[SettingRow]) -> None:
        """Show the settings."""
        same = [row.name for row in rows] == [row.name for row in self.rows]
        self.rows = list(rows)
        if not same:
            self._rebuild()
        for row, line in zip(self.rows, self.lines, strict=True):
            line.show_row(row)

    def _rebuild(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.lines = [_Row(row) for row in self.rows]
        for place, line in enumerate(self.lines):
            if place:
                self._layout.addWidget(horizontal_rule())
            line.button.clicked.connect(lambda _on, place=place: self.copy(place))
            line.button.moved.connect(lambda step, place=place: self._move(place + step))
            self._layout.addWidget(line)

    def _move(self, place: int) -> None:
        if 0 <= place < len(self.lines):
            self.lines[place].button.setFocus(Qt.FocusReason.TabFocusReason)

    def copy(self, place: int) -> None:
        """Put the value of a row on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.rows[place].value)
            self.lines[place].button.show_copied()

    def copy_all(self) -> None:
        """Put all settings on the clipboard, with their places."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText("\n".join(f"{row.name}: {row.value} ({row.where})" for row in self.rows))


class PartsCard(QFrame):
    """A small table of texts with a shape and its word at the end; its rows keep their places."""

    def __init__(self, name: str, heads: Sequence[str], rows: int, *, figures: bool = True) -> None:
        """`figures`: the columns after the first are figures, which end at one edge; else they are sentences."""
        super().__init__()
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._title = name
        self._heads = [Label(head, role="caption") for head in heads]
        columns = len(heads)
        grid = QGridLayout(self)
        grid.setContentsMargins(1, 1, 1, 1)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(0)
        grid.setRowMinimumHeight(0, 30)
        self.cells: list[list[Label]] = []
        self._shapes: list[IconLabel] = []
        self._words: list[Label] = []
        middle = Qt.AlignmentFlag.AlignVCenter
        for column, head in enumerate(self._heads):
            grid.addWidget(head, 0, column, middle | _side(column, figures=figures))
            grid.setColumnStretch(column, (3 if column == 0 else 2) if figures else 1 + 4 * column)
        self._heads[0].setContentsMargins(10, 0, 0, 0)
        for place in range(rows):
            line = 2 * place + 2
            grid.addWidget(horizontal_rule(), line - 1, 0, 1, columns + 2)
            grid.setRowMinimumHeight(line, 26)
            cells = [Label("") if column == 0 else ElidedLabel("") for column in range(columns)]
            cells[0].setContentsMargins(10, 0, 0, 0)
            for column, cell in enumerate(cells):
                cell.setAlignment(_side(column, figures=figures) | middle)
                grid.addWidget(cell, line, column)
            shape, word = IconLabel("", SHAPE), Label("")
            word.setMinimumWidth(70)
            grid.addWidget(shape, line, columns, middle)
            grid.addWidget(word, line, columns + 1, middle)
            self.cells.append(cells)
            self._shapes.append(shape)
            self._words.append(word)

    def set_heads(self, heads: Sequence[str]) -> None:
        """Show other heads."""
        for label, head in zip(self._heads, heads, strict=True):
            label.setText(head)

    def set_row(self, place: int, texts: Sequence[str], shape: str, word: str) -> None:
        """Show a row."""
        for cell, text in zip(self.cells[place], texts, strict=True):
            cell.setText(text)
        self._shapes[place].show_shape(shape, word=word)
        self._words[place].setText(word)

    def describe(self) -> None:
        """Tell a screen reader what stands in the card."""
        rows = (
            ", ".join([*(cell.text() for cell in cells if cell.text()), word.text()])
            for cells, word in zip(self.cells, self._words, strict=True)
        )
        self.setAccessibleName(plain_text.one_line(f"{self._title}: {'; '.join(rows)}"))


def _side(column: int, *, figures: bool) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignRight if column and figures else Qt.AlignmentFlag.AlignLeft
