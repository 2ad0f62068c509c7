"""The part of Home about what runs out: the nearest entries, each with a link to its object."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.design import theme
from console.expiries.expiry_texts import STATE_SHAPES, sentence, what_text, when_text
from console.expiries.expiry_watch import target_of
from console.runtime.page_targets import EXPIRIES, Target
from console.widgets import plain_text
from console.widgets.labels import IconLabel, Label, LinkLabel, horizontal_rule, set_tone, wrapped_label
from services.language import plural, tr, translate, translate_message

if TYPE_CHECKING:
    from services.expiries.calendar import Expiry

MAX_ROWS, ROW, SHAPE = 5, 28, 14
LATER_STATES = {"unreadable": 1, "ok": 2, "unknown": 3}
"""What stands after the entries that are due, and in which order."""
LINK_PADDING = 4
"""The padding of a link for its focus ring; texts without it end as far from the margin."""


class ExpiryCard(QWidget):
    """Heading and rows. Hidden until the calendar was read; what has no date is on the page only."""

    def __init__(self, go: Callable[[Target], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._go = go
        self._entries: tuple[Expiry, ...] | None = None
        self.rows: list[QWidget] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        rule = QHBoxLayout()
        rule.setContentsMargins(0, 0, LINK_PADDING, 8)
        rule.addWidget(horizontal_rule())
        layout.addLayout(rule)
        head = QHBoxLayout()
        head.addWidget(Label(tr("Expires soon"), role="section"))
        head.addStretch(1)
        self.more = LinkLabel("")
        self.more.clicked.connect(lambda _on: go(Target(EXPIRIES)))
        head.addWidget(self.more)
        layout.addLayout(head)
        self.empty = wrapped_label(
            tr("No date is known. Enter one in Secret expires on of a User Credential."), "muted"
        )
        layout.addWidget(self.empty)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        layout.addLayout(self._rows)
        self.hide()

    def show_entries(self, entries: "Sequence[Expiry] | None") -> None:
        """Show the nearest entries of the calendar; None while it was not read."""
        found = None if entries is None else tuple(entries)
        if found is not None and found != self._entries:
            self._entries = found
            self.draw()

    def draw(self) -> None:
        """Build the rows again, with the current colours."""
        if self._entries is None:
            return
        for old in self.rows:
            self._rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        dated = [entry for entry in self._entries if entry.state != "undated"]
        shown = sorted(dated, key=lambda entry: LATER_STATES.get(entry.state, 0))[:MAX_ROWS]
        self.rows = [self._row(entry) for entry in shown]
        for row in self.rows:
            self._rows.addWidget(row)
        more = len(self._entries) - len(shown)
        self.more.setText(
            plural(more, "{count} more in the calendar", "{count} more in the calendar")
            if more
            else tr("Open calendar")
        )
        self.more.setVisible(bool(self._entries))
        self.empty.setVisible(not shown)
        self.show()

    def _row(self, entry: "Expiry") -> QWidget:
        fact, shape = entry.fact, STATE_SHAPES[entry.state]
        spoken = sentence(entry)
        row = QWidget()
        row.setFixedHeight(theme.scaled(ROW))
        row.setAccessibleName(f"{fact.object_name}: {spoken}")
        link = LinkLabel(tr("{what}, {name}", what=what_text(entry), name=fact.object_name))
        link.setAccessibleName(f"{spoken}, {fact.object_name}")
        link.clicked.connect(lambda _on: self._go(target_of(entry)))
        when = Label(when_text(entry), role="field" if shape in ("notice", "bad") else "body")
        set_tone(when, shape if shape in ("notice", "bad") else "")
        reason = " ".join(part for part in (translate_message(fact.detail), translate(fact.remedy)) if part)
        plain_text.set_tooltip(when, reason)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, LINK_PADDING, 0)
        line.setSpacing(4)
        line.addWidget(IconLabel(shape, SHAPE, word=when_text(entry)))
        line.addWidget(link)
        line.addStretch(1)
        line.addWidget(when)
        return row
