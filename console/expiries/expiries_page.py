"""The expiry calendar as a page: everything that runs out, the nearest first; Enter opens the object."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QModelIndex
from PyQt6.QtWidgets import QAbstractItemView, QVBoxLayout, QWidget

from console.expiries.expiry_texts import STATE_SHAPES, what_text, when_text
from console.expiries.expiry_watch import expiry_watch, target_of
from console.navigation.page import Page
from console.runtime.page_targets import EXPIRIES, Target
from console.widgets.data_table import ELIDE_MIDDLE, ELIDE_RIGHT, Column, DataTable
from console.widgets.labels import wrapped_label
from console.widgets.page_header import PageHeader
from console.widgets.placeholders import EmptyState, StateStack
from console.widgets.rows_table import RowsModel, TableRow
from models.translation_marks import tr_later
from services.language import day, tr, translate, translate_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.runtime.context import Context
    from services.expiries.calendar import Expiry

COLUMNS = (
    Column("What", cut=ELIDE_RIGHT, least=21, most=40, take=1, give=2),
    Column("Object", cut=ELIDE_MIDDLE, least=12, most=60, take=2, give=4),
    Column("Expires", tone="muted", cut=ELIDE_RIGHT),
    Column("Days left", cut=ELIDE_RIGHT, least=12, most=30),
    Column("Note", tone="muted", cut=ELIDE_RIGHT, least=8, most=60, take=2, give=6),
)
EMPTY_TEXT = tr_later(
    "Dates of secrets, which User Credentials have in Secret expires on, certificates of servers, and the end of basic "
    "authentication stand here."
)
HINT = tr_later("Days left are calendar days of this computer’s time zone.")


class ExpiriesPage(Page):
    """Lists the calendar."""

    kind, icon = EXPIRIES, "history"

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Expiries"))
        self._watch = expiry_watch(ctx)
        self.tasks = self._watch.tasks
        self._entries: tuple[Expiry, ...] = ()
        self.model = RowsModel([column.name for column in COLUMNS], self)
        self.table = DataTable(self.model, COLUMNS, tr("Expiries"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.activated.connect(self._open)
        selection = self.table.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(lambda now, _was: self._show_remedy(now))
        self.head = PageHeader([], self.title)
        self.head.set_primary_reason("")
        self.head.set_caption(tr(HINT))
        self.states = StateStack(self.table)
        self.remedy = wrapped_label("", "muted")
        self.remedy.setContentsMargins(24, 8, 24, 12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.states, 1)
        layout.addWidget(self.remedy)
        self.first_focus = self.table

    def load(self) -> None:
        """Show the calendar, and read it where that was not done."""
        self._watch.changed.connect(self._show)
        self.states.show_loading()
        self._watch.start()
        if self._watch.entries is None:
            self._watch.refresh()
        else:
            self._show()

    def _show(self) -> None:
        self._entries = self._watch.entries or ()
        row = self.table.currentIndex().row()
        self.model.replace([_row(entry) for entry in self._entries])
        if not self._entries:
            self.states.show_placeholder(EmptyState((), "", tr("Nothing expires"), tr(EMPTY_TEXT)))
        else:
            self.states.show_content()
            self.table.selectRow(min(max(row, 0), len(self._entries) - 1))
        self._show_remedy(self.table.currentIndex())

    def _show_remedy(self, index: QModelIndex) -> None:
        row = index.row()
        known = 0 <= row < len(self._entries)
        self.remedy.setText(translate(self._entries[row].fact.remedy) if known else "")
        self.remedy.setVisible(known)

    def _open(self, index: QModelIndex) -> None:
        self.ctx.navigate(target_of(self._entries[index.row()]))

    def page_actions(self) -> "dict[str, Callable[[], None]]":
        """Return the commands of the page."""
        return {"refresh": self._watch.refresh}


def _row(entry: "Expiry") -> TableRow:
    fact = entry.fact
    return TableRow(
        STATE_SHAPES[entry.state],
        (
            what_text(entry),
            fact.object_name,
            day(entry.expires_at) if entry.expires_at is not None else "",
            when_text(entry),
            translate_message(fact.detail),
        ),
        f"{fact.kind}|{fact.object_id}|{entry.expires_at}",
    )
