"""Edits the texts of a window: one button for each language, and the grid of the texts of the chosen one."""

from dataclasses import replace

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from console.actions.languages import OWN_NAMES, is_right_to_left, own_name
from console.actions.text_sets import TextSets, check_language
from console.forms.field_editors import Editor, EditorHost
from console.widgets import buttons
from console.widgets.endpoint_cuts import cut_texts
from console.widgets.endpoint_layout import decode_logo
from console.widgets.flow_layout import FlowLayout
from console.widgets.labels import Label
from console.widgets.popup_list import PickRow, PopupList
from console.widgets.text_entries import TextEntry
from console.widgets.text_grid import TextGrid
from console.widgets.window_content import Run
from models.field_values import FieldValues
from models.text_folding import fold_text
from models.window_texts import DEFAULT_LANGUAGE, load_window_texts
from services.language import tr


class WindowTextsField(Editor):
    """The editor of the field `texts`. `shown` is emitted when other texts, another language or another text are shown."""

    shown = pyqtSignal()

    def __init__(self, name: str) -> None:
        box = QWidget()
        super().__init__(box, name)
        self.sets = TextSets()
        self._errors: tuple[TextSets, int] | None = None
        """The texts whose errors were counted last, and how many there are."""
        self.language = DEFAULT_LANGUAGE
        self.grid = TextGrid(tr("Texts"))
        self.popup: PopupList | None = None
        self._buttons: dict[str, buttons.ThemedButton] = {}
        self._group = QButtonGroup(box)
        self._tabs = FlowLayout(gap=2)
        self.add_button = buttons.quiet("Language", icon="plus")
        self.add_button.setAccessibleName(tr("Add a language"))
        self.add_button.clicked.connect(self.choose_language)
        heading = Label(tr("Texts"), role="section")
        heading.setBuddy(self.grid)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(heading, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addLayout(self._tabs, 1)
        head.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.grid)
        self.grid.selected.connect(lambda _key: self.shown.emit())
        self.grid.edited.connect(self._edited)
        self._show()

    @property
    def focus_target(self) -> QWidget:
        """Return the grid."""
        return self.grid

    @property
    def error_count(self) -> int:
        """How many texts cannot be written; counted once for each set of texts, of which an edit makes a new one."""
        if self._errors is None or self._errors[0] is not self.sets:
            self._errors = self.sets, len(self.sets.errors())
        return self._errors[1]

    def read(self) -> FieldValues:
        """Return the changes."""
        return {self.names[0]: self.sets.dump()}

    def write(self, values: FieldValues) -> None:
        """Show the changes of an action; what is no set of texts changes nothing."""
        try:
            changed = load_window_texts(str(values.get(self.names[0]) or "{}"))
        except ValueError:
            changed = {}
        if changed != self.sets.changed:
            self.sets = TextSets(self.sets.source, changed, self.sets.look)
            self._show()

    def set_source(self, sets: TextSets) -> None:
        """Show the texts of an export under the changes."""
        shown = TextSets(sets.source, self.sets.changed, sets.look)
        if shown != self.sets:
            self.sets = shown
            self._show()

    def select_language(self, language: str) -> None:
        """Show the texts of a language."""
        self.grid.finish_editing()
        self.language = language
        self._show()

    def edit_text(self, key: str) -> None:
        """Open the editor of a text, as a click into the preview does."""
        self.grid.edit(key)
        self.shown.emit()

    # -- languages ---------------------------------------------------------------------------------------------

    def choose_language(self) -> None:
        """Open the list of languages under the button."""
        if self.popup is None:
            self.popup = PopupList(self.add_button)
            self.popup.set_placeholder(tr("Search languages, or type a tag"))
            self.popup.search_changed.connect(self._list_languages)
            self.popup.chosen.connect(self.add_language)
        self._list_languages("")
        self.popup.popup()

    def _list_languages(self, text: str) -> None:
        if self.popup is None:
            return
        needle = fold_text(text).strip()
        rows = [
            PickRow(tag, name, tag)
            for tag, name in OWN_NAMES.items()
            if self.sets.find_language(tag) is None and needle in fold_text(f"{name} {tag}")
        ]
        typed = text.strip()
        known = {row.key.casefold() for row in rows}
        is_new = typed.casefold() not in known and self.sets.find_language(typed) is None
        if typed and is_new and not check_language(typed):
            rows.append(PickRow(typed, tr("Add {language}", language=typed), "", "plus"))
        self.popup.set_rows(rows)
        self.popup.set_state("ready" if rows else "empty", "" if rows else tr("No language matches"))

    def add_language(self, tag: str) -> None:
        """Add a language that begins as the default set, and show it."""
        if check_language(tag):
            return
        known = self.sets.find_language(tag)
        if known is None:
            self.sets = self.sets.with_language(tag, right_to_left=is_right_to_left(tag))
            self.edited.emit()
        self.select_language(known if known is not None else tag)
        self.add_button.setFocus()

    def _show(self) -> None:
        languages = self.sets.languages
        if self.language not in languages:
            self.language = self.sets.find_language(self.language) or DEFAULT_LANGUAGE
        if list(self._buttons) != languages:
            self._make_buttons(languages)
        self._buttons[self.language].setChecked(True)
        self.grid.set_entries(self._entries())
        self.shown.emit()

    def _entries(self) -> list[TextEntry]:
        """Return the rows of the grid; one that is too long for the window of the endpoint says what is seen of it."""
        logo = decode_logo(self.sets.look.logo)
        cuts = cut_texts(self.sets.content(self.language), logo.size() if logo is not None else None)
        return [
            replace(entry, notice=tr("Cut off on the endpoint after “{text}”", text=cuts[entry.key]))
            if entry.key in cuts
            else entry
            for entry in self.sets.entries(self.language)
        ]

    def _make_buttons(self, languages: list[str]) -> None:
        for old in self._buttons.values():
            self._group.removeButton(old)
            self._tabs.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._buttons = {}
        for language in languages:
            name = own_name(language) if language else tr("Default")
            button = buttons.ThemedButton(name, "quiet", None)
            button.setCheckable(True)
            button.setAccessibleName(tr("Texts in {language}", language=name))
            button.clicked.connect(lambda _on, language=language: self.select_language(language))
            self._group.addButton(button)
            self._tabs.addWidget(button)
            self._buttons[language] = button

    def _edited(self, key: str, runs: list[Run]) -> None:
        self.sets = self.sets.with_text(self.language, key, runs)
        self.grid.set_entries(self._entries())
        self.edited.emit()
        self.shown.emit()


def window_texts(host: EditorHost, name: str) -> Editor:
    """Make the editor of the texts."""
    del host
    return WindowTextsField(name)
