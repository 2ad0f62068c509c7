"""A drop-down that narrows a list: a button that shows the choice, and a searchable list under it."""

from collections.abc import Sequence

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtWidgets import QSizePolicy

from console.design import theme
from console.widgets.line_editors import PickerButton
from console.widgets.popup_list import PickRow, PopupList
from models.text_folding import fold_text
from services.language import tr

WIDTH, BUTTON_EXTRA_WIDTH = 124, 46
"""Width of a drop-down, and the width that its text does not have."""


class FilterDropdown(PickerButton):
    """A drop-down with a searchable list; its first row, `anything`, means no choice. Without it one is always chosen."""

    MARK_ICON = "chevron-down"
    changed = pyqtSignal(str)

    def __init__(self, name: str, anything: str, search: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._search, self._anything = search, anything
        self._rows: list[PickRow] = self._with_first([])
        self.key = ""
        self._popup: PopupList | None = None
        self.clicked.connect(self.open)
        self.set_value("", anything)

    def sizeHint(self) -> QSize:
        """Return the common width of the drop-downs, or more if the text for no choice is longer."""
        hint = super().sizeHint()
        text = QFontMetrics(theme.font("body")).horizontalAdvance(self._anything)
        hint.setWidth(max(WIDTH, text + BUTTON_EXTRA_WIDTH))
        return hint

    def set_rows(self, rows: Sequence[PickRow]) -> None:
        """Offer these rows; the choice stays, even if it is not among them."""
        self._rows = self._with_first(rows)
        self.choose(self.key)

    def _with_first(self, rows: Sequence[PickRow]) -> list[PickRow]:
        return [*([PickRow("", self._anything)] if self._anything else []), *rows]

    def choose(self, key: str) -> None:
        """Show a choice."""
        self.key = key
        text = next((row.text for row in self._rows if row.key == key), key)
        self.set_value("", text)

    def open(self) -> None:
        """Open the list under the button."""
        popup = self._popup
        if popup is None:
            popup = self._popup = PopupList(self)
            popup.set_placeholder(self._search)
            popup.search_changed.connect(self._fill)
            popup.chosen.connect(self._picked)
        self._fill("")
        popup.popup()

    def _fill(self, text: str) -> None:
        if self._popup is None:
            return
        needle = fold_text(text).strip()
        rows = [row for row in self._rows if needle in fold_text(row.text)]
        self._popup.set_rows(rows, current=self.key)
        self._popup.set_state("ready" if rows else "empty", "" if rows else tr("Nothing matches"))

    def _picked(self, key: str) -> None:
        self.setFocus()
        if key != self.key:
            self.choose(key)
            self.changed.emit(key)
