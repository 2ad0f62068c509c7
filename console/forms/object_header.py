"""The header of an object's page: breadcrumb, title with badges, and actions with the reason when Save cannot run."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from console.widgets import buttons
from console.widgets.badge import Badge
from console.widgets.page_header import PageHeader
from models.translation_marks import tr_later
from services.language import plural, tr

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage

OPTIONAL_COMMANDS = (
    ("discard", tr_later("Discard changes"), tr_later("Discard")),
    ("check", tr_later("Check connection"), tr_later("Check")),
    ("rehearse", tr_later("Rehearse a request"), tr_later("Rehearse")),
    ("connect", tr_later("Connect Privilege Manager…"), tr_later("Connect")),
    ("move_off", tr_later("Move off passwords…"), tr_later("Move off")),
)
"""Commands with the texts of their buttons, and their texts in narrow windows."""


class ObjectHeader(QWidget):
    """Shows the state of the page's session; every button runs a command of the page."""

    tab_changed = pyqtSignal(int)

    def __init__(self, page: "ObjectPage") -> None:
        super().__init__(page)
        self._page = page
        self._users = 0
        self._badges: list[tuple[str, str, str | None]] = []
        self._places = page.breadcrumb
        self.save_button = self._button("save", buttons.primary("Save", icon="disk"))
        left: list[QPushButton] = [self.save_button]
        self.buttons: dict[str, QPushButton] = {"save": self.save_button}
        for command, text, short in OPTIONAL_COMMANDS:
            if command in page.offered:
                made = buttons.secondary(text)
                made.set_short(tr(short))
                self.buttons[command] = self._button(command, made)
                left.append(self.buttons[command])
        for command, own in page.extra_buttons().items():
            self.buttons[command] = self._button(command, own)
            left.append(own)
        self.buttons["duplicate"] = self._button("duplicate", buttons.quiet("Duplicate", icon="copy"))
        self.buttons["delete"] = self._button("delete", buttons.danger("Delete", icon="bin"))
        right = [self.buttons["duplicate"], self.buttons["delete"]]
        self._object_buttons = [*left]
        self._tab_buttons: dict[int, list[QPushButton]] = {}
        for name, buttons_of_tab in page.tab_buttons().items():
            self._tab_buttons[page.tabs.index(name)] = buttons_of_tab
            left += buttons_of_tab
        self.head = PageHeader([text for text, _ in self._places], "", left, right, list(page.tabs))
        self.head.breadcrumb_clicked.connect(self._go)
        self.head.tab_changed.connect(self.tab_changed)
        self.head.tab_changed.connect(self._show_buttons)
        self._tab = 0
        self._show_buttons(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.head)

    def _button(self, command: str, button: QPushButton) -> QPushButton:
        button.clicked.connect(lambda: self._page.run(command))
        return button

    def _show_buttons(self, tab: int) -> None:
        # A tab with its own buttons shows them instead of those of the object.
        self._tab = tab
        special = tab in self._tab_buttons
        for button in self._object_buttons:
            button.setVisible(not special)
        for place, tab_buttons in self._tab_buttons.items():
            for button in tab_buttons:
                button.setVisible(place == tab)
        if not special:
            self._page.arrange_buttons(self)
        self.head.set_primary_reason(*(() if special else self._reason_wordings()))

    def _go(self, index: int) -> None:
        target = self._places[index][1]
        if target is not None:
            self._page.ctx.navigate(target)

    # -- what it shows -----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show title, badges, and which actions can run, as the page stands."""
        page = self._page
        self.head.set_title(page.title)
        enabled = page.enabled()
        for command, button in self.buttons.items():
            button.setEnabled(command in enabled)
        self.head.set_primary_reason(*(() if self._tab in self._tab_buttons else self._reason_wordings()))
        if self._tab not in self._tab_buttons:
            page.arrange_buttons(self)
        badges = self.badges()
        if badges != self._badges:
            self._badges = badges
            self.head.set_badges([Badge(text, tone, icon) for text, tone, icon in badges])

    def reason(self) -> str:
        """Return why Save cannot run, or an empty text."""
        return next(iter(self._reason_wordings()), "")

    def _reason_wordings(self) -> tuple[str, ...]:
        """Return why Save cannot run, the longest wording first, or nothing."""
        session = self._page.session
        if session.lost is not None:
            return (tr("Could not be read"),)
        if not session.ready:
            return (tr("Reading"),)
        if session.saving:
            return (tr("Saving"),)
        if not session.dirty:
            return self._page.idle_reasons()
        count = len(session.errors)
        if not count:
            return ()
        shown = sum(1 for one in self._page.form if one.error)
        if shown or not session.is_new:
            return (
                plural(count, "Fix {count} error to save", "Fix {count} errors to save"),
                plural(count, "Fix {count} error", "Fix {count} errors"),
            )
        return (
            plural(count, "Fill in {count} field to save", "Fill in {count} fields to save"),
            plural(count, "Fill in {count} field", "Fill in {count} fields"),
        )

    def badges(self) -> list[tuple[str, str, str | None]]:
        """Return the badges after the title: errors, the draft, and those of the kind."""
        session = self._page.session
        if session.lost is not None:
            return [(tr("Not readable"), "bad", "bad")]
        found: list[tuple[str, str, str | None]] = []
        shown = sum(1 for one in self._page.form if one.error)
        if shown:
            found.append((plural(shown, "{count} error", "{count} errors"), "bad", "bad"))
        if session.dirty:
            found.append((tr("New, not saved") if session.is_new else tr("Draft, not saved"), "off", "off"))
        return found + self._page.extra_badges()

    def set_users(self, count: int) -> None:
        """Show how many objects use this one in the title of the last tab."""
        self._users = count
        self.head.set_tab_text(
            len(self._page.tabs) - 1, tr("Used by ({count})", count=count) if count else tr("Used by")
        )

    def select_tab(self, index: int) -> None:
        """Show a tab by its place."""
        self.head.set_current_tab(index)
