"""The search bar of the inbox: a text field, and drop-downs for policy, process and time."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from console.design import icons, theme
from console.inbox.list_criteria import TIME_RANGES, SearchCriteria
from console.runtime.debounce import Debounce
from console.widgets.filter_dropdown import FilterDropdown
from console.widgets.key_cap import KeyCap
from console.widgets.popup_list import PickRow
from console.widgets.search_field import name_line_buttons
from models.translation_marks import tr_later
from services.language import tr

MARGIN, GAP, SEARCH_DELAY_MS = 24, 8, 120
HINT = tr_later("Number, user, computer, file or reason")


class SearchField(QLineEdit):
    """Searches requests by their texts. `searched` follows the typing after SEARCH_DELAY_MS."""

    searched = pyqtSignal(str)
    left = pyqtSignal()
    """The keyboard focus goes to the table."""

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(tr(HINT))
        self.setAccessibleName(tr("Search requests: number, user, computer, file or reason"))
        self.setProperty("role", "search")
        self.setClearButtonEnabled(True)
        self._glass = self.addAction(icons.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        name_line_buttons(self)
        self._cap = KeyCap("Ctrl+F", self)
        self._cap.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._search = Debounce(self, SEARCH_DELAY_MS, lambda: self.searched.emit(self.text()))
        self.textChanged.connect(self._typed)
        theme.of().theme_changed.connect(self._themed)

    def _themed(self, *_scheme: str) -> None:
        if self._glass is not None:
            self._glass.setIcon(icons.icon("search", "muted"))

    def _typed(self, text: str) -> None:
        self._cap.setVisible(not text)
        self._make_room()
        self._search.restart()

    def _make_room(self) -> None:
        """End the placeholder text before the key cap."""
        self.setTextMargins(0, 0, 0 if self.text() else self._cap.sizeHint().width(), 0)

    def show_text(self, text: str) -> None:
        """Show a text without searching for it."""
        self.setText(text)
        self._search.cancel()

    def drop_pending_search(self) -> None:
        """Do not search for what was typed last: it is being read already."""
        self._search.cancel()

    def search_now(self) -> None:
        """Search for the present text without waiting for more typing."""
        if self._search.cancel():
            self.searched.emit(self.text())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the key cap at the right end."""
        super().resizeEvent(event)
        self._make_room()
        hint = self._cap.sizeHint()
        self._cap.setGeometry(
            self.width() - hint.width() - 6, (self.height() - hint.height()) // 2, hint.width(), hint.height()
        )

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Clear with Escape; go on to the rows with Down, Enter, or Escape in an empty field."""
        key = event.key() if event is not None else None
        if key == Qt.Key.Key_Escape and self.text():
            self.clear()
            self.search_now()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down, Qt.Key.Key_Escape):
            self.search_now()
            self.left.emit()
        else:
            super().keyPressEvent(event)


class SearchBar(QWidget):
    """The field and the drop-downs in a row."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = SearchField()
        self.policy = FilterDropdown(tr("Policy"), tr("Any policy"), tr("Search policies"))
        self.process = FilterDropdown(tr("Process"), tr("Any process"), tr("Search processes"))
        self.time = FilterDropdown(tr("Raised"), tr(TIME_RANGES[0][1]), tr("Search times"))
        self.time.set_rows([PickRow(key, tr(text)) for key, text in TIME_RANGES[1:]])
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.setSpacing(GAP)
        row.addWidget(self.field, 1)
        self.field.setMinimumWidth(160)
        for choice in (self.policy, self.process, self.time):
            row.addWidget(choice)
            choice.changed.connect(lambda _key: self.changed.emit())
        self.field.searched.connect(lambda _text: self.changed.emit())

    @property
    def criteria(self) -> SearchCriteria:
        """The values that are entered and chosen."""
        return SearchCriteria(self.field.text(), self.policy.key, self.process.key, self.time.key)

    def show_criteria(self, criteria: SearchCriteria) -> None:
        """Show values without emitting `changed`."""
        self.field.show_text(criteria.text)
        self.policy.choose(criteria.policy)
        self.process.choose(criteria.process)
        self.time.choose(criteria.time)
