"""The page of the fault catalog: a searchable list of all faults of the check, with the selected entry."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PyQt6.QtWidgets import QAbstractItemView, QComboBox, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from console.checks.fault_entry import FaultDetailView
from console.navigation.page import Page
from console.runtime import lazy_imports
from console.runtime.page_targets import FAULTS, Target
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons
from console.widgets.data_table import ELIDE_RIGHT, Column, DataTable
from console.widgets.labels import Label
from console.widgets.page_header import PageHeader
from console.widgets.placeholders import EmptyState, StateStack, capitalize_first
from console.widgets.rows_table import RowsModel, TableRow
from console.widgets.search_field import SearchField
from models.check_stages import STAGE_NAMES
from models.translation_marks import tr_later
from services.language import plural, tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.connectivity import CheckFault

COLUMNS = (
    Column("Fault"),
    Column("Stage", tone="muted", cut=ELIDE_RIGHT, least=14, most=16, give=1),
    Column("Cause", cut=ELIDE_RIGHT, least=16, most=60, take=1, give=8),
)
CAPTION_WORDINGS = (tr_later("Every fault that the check can name: what people see, why, who can put it right, and how"),
         tr_later("What people see, why, who can put it right, and how"))  # fmt: skip
TWO_COLUMN_MIN_WIDTH, ENTRY_WIDTH = 740, 400
"""The minimum width for showing the entry beside the list, and the width of the entry there."""
LIST_MIN_SIZE = (300, 168)
STATE_SHAPES = {"failed": "bad", "warning": "notice"}


class FaultsPage(Page):
    """A searchable list and the selected entry. The tab of a target names an entry as ID@STAGE."""

    kind, icon = FAULTS, "book"

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Fault catalog"))
        self.tasks = TaskRunner(self, ctx.show_problem)
        self._loaded = False
        """Whether `services.connectivity` is imported."""
        self._shown: list[CheckFault] = []
        self._wanted = ""
        self._focus_pending = True
        self._build()
        self.ctx.commands.refreshed.connect(self._update_back_button)

    # -- building ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.back_button = buttons.quiet("Back")
        self.back_button.clicked.connect(lambda: self.ctx.commands.run("back"))
        self.head = PageHeader([], self.title, beside=[self.back_button])
        self.head.set_primary_reason("")
        self.head.set_caption(*map(tr, CAPTION_WORDINGS))
        self.model = RowsModel([column.name for column in COLUMNS], self)
        self.table = DataTable(self.model, COLUMNS, tr("Faults"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setMinimumSize(*LIST_MIN_SIZE)
        selection = self.table.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(lambda now, _was: self._show_entry(now.row()))
        copying = QShortcut(QKeySequence.StandardKey.Copy, self.table)
        copying.setContext(Qt.ShortcutContext.WidgetShortcut)
        copying.activated.connect(self.copy)
        self.entry = FaultDetailView()
        self.entry.copy_requested.connect(self.copy)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setHandleWidth(1)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.table)
        self.split.addWidget(self.entry)
        self.split.setStretchFactor(0, 1)
        self.split.setSizes([600, ENTRY_WIDTH])
        self.states = StateStack(self.split)
        self.foot = Label("", role="caption")
        self.foot.setContentsMargins(24, 4, 24, 6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addLayout(self._filters())
        layout.addWidget(self.states, 1)
        layout.addWidget(self.foot)

    def _filters(self) -> QHBoxLayout:
        self.search = SearchField(tr("Id, stage, what people see, or cause"))
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._enter_list)
        self.search.left.connect(self._enter_list)
        self.first_focus = self.search
        self.stage = _make_combo_box(
            tr("Stage"), [(tr("Any stage"), ""), *((tr(name), key) for key, name in STAGE_NAMES.items())]
        )
        self.owner = _make_combo_box(tr("Owner"), [(tr("Any owner"), "")])
        for box in (self.stage, self.owner):
            box.currentIndexChanged.connect(self._filter)
        row = QHBoxLayout()
        row.setContentsMargins(24, 12, 24, 12)
        row.setSpacing(8)
        row.addWidget(self.search, 1)
        row.addWidget(self.stage)
        row.addWidget(self.owner)
        return row

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show the entry below the list where there is no room beside it."""
        super().resizeEvent(event)
        beside = self.width() >= TWO_COLUMN_MIN_WIDTH
        way = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        if way != self.split.orientation():
            self.split.setOrientation(way)
            self.split.setSizes([600, ENTRY_WIDTH] if beside else [LIST_MIN_SIZE[1], ENTRY_WIDTH])

    # -- coming and going --------------------------------------------------------------------------------------

    def load(self) -> None:
        """Import the catalog, and open the entry that the target names."""
        self.states.show_loading()
        self.tasks.start(self._read(), group="read")
        self.arrive(self.target)
        self._update_back_button()

    async def _read(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.connectivity)
        from services.connectivity import all_faults

        self._loaded = True
        for owner in dict.fromkeys(fault.owner.value for fault in all_faults()):
            self.owner.addItem(capitalize_first(translate(owner)), owner)
        self._filter()
        if self._wanted:
            self.open_tab(self._wanted)

    def open_tab(self, name: str) -> None:
        """Show an entry, without filters."""
        self._wanted = name
        self._focus_pending = True
        self.first_focus = self.table
        if not self._loaded:
            return
        from services.connectivity.fault_catalog_texts import find_linked_fault

        fault = find_linked_fault(name)
        self.show_all("" if fault is not None else name.partition("@")[0])
        if fault is not None:
            self._choose(fault)
        self._wanted = ""
        self._take_pending_focus()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Set the focus to the search, or to the list when a link opened an entry."""
        super().showEvent(event)
        self._take_pending_focus()

    def _take_pending_focus(self) -> None:
        if self._focus_pending and self.isVisible():
            self._focus_pending = False
            self.take_keyboard()

    def _update_back_button(self) -> None:
        self.back_button.setVisible(bool(self.ctx.commands.get("back").enabled()))

    # -- the list ----------------------------------------------------------------------------------------------

    def show_all(self, text: str = "") -> None:
        """Reset the filters, and search for `text`."""
        for box in (self.stage, self.owner):
            box.setCurrentIndex(0)
        self.search.setText(text)

    def _filter(self) -> None:
        if not self._loaded:
            return
        from services.connectivity import all_faults
        from services.connectivity.fault_catalog_texts import search_faults

        selected = self.fault
        faults = search_faults(
            self.search.text(), stage=self.stage.currentData(), owner=self.owner.currentData()
        )
        self._shown = faults
        self.model.replace(
            [
                TableRow(STATE_SHAPES[f.state], (f.id, _stage_names(f.stages), translate(f.cause)), f.id)
                for f in faults
            ]
        )
        total = len(all_faults())
        self.foot.setText(
            plural(total, "{count} fault", "{count} faults")
            if len(faults) == total
            else plural(total, "{shown} of {count} fault", "{shown} of {count} faults", shown=len(faults))
        )
        if not faults:
            self.states.show_placeholder(self._nothing())
            return
        self.states.show_content()
        self._choose(selected if selected is not None and selected in faults else faults[0])

    def _nothing(self) -> EmptyState:
        again = buttons.secondary("Show all faults")
        again.clicked.connect(lambda *_checked: self.show_all())
        text = self.search.text().strip()
        nothing = (
            tr("Nothing in the catalog holds “{text}” here.", text=text)
            if text
            else tr("Nothing in the catalog is found at this stage with this owner.")
        )
        return EmptyState(
            (), "", tr("No fault matches"),
            " ".join((nothing, tr("Search for fewer words, or take the filters away."))), again,
        )  # fmt: skip

    def _enter_list(self) -> None:
        if self._shown:
            self.table.setFocus(Qt.FocusReason.TabFocusReason)

    @property
    def fault(self) -> "CheckFault | None":
        """The selected entry, or None."""
        row = self.table.currentIndex().row()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def _choose(self, fault: "CheckFault") -> None:
        self.table.selectRow(self._shown.index(fault))
        self.table.scrollTo(self.table.currentIndex(), QAbstractItemView.ScrollHint.EnsureVisible)

    def _show_entry(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            fault = self._shown[row]
            self.entry.show_fault(
                fault.id,
                STATE_SHAPES[fault.state],
                self._parts(fault),
            )

    def _parts(self, fault: "CheckFault") -> list[tuple[str, str]]:
        """Return the parts of an entry, translated."""
        from services.connectivity import fault_catalog_texts as handbook
        from services.connectivity.complete_catalog import find_other_owner, other_stages

        other_owner = find_other_owner(fault)
        names = {
            handbook.OWNER: capitalize_first(translate(fault.owner.value)),
            handbook.OTHER_OWNER: capitalize_first(translate(other_owner.value)) if other_owner else "",
            handbook.STAGE: _stage_names(fault.stages),
            handbook.ALSO_AT: _stage_names(other_stages(fault)),
        }
        return [(tr(name), names.get(name) or translate(text)) for name, text in handbook.fault_fields(fault)]

    def copy(self) -> None:
        """Copy the selected entry to the clipboard."""
        clipboard, fault = QGuiApplication.clipboard(), self.fault
        if clipboard is not None and fault is not None:
            from services.connectivity.fault_catalog_texts import format_fault

            clipboard.setText(format_fault(fault))
            self.ctx.notify(tr("Copied {id}", id=fault.id))


def _stage_names(stages: Sequence[str]) -> str:
    return ", ".join(tr(STAGE_NAMES[stage]) for stage in stages)


def _make_combo_box(name: str, choices: list[tuple[str, str]]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    for text, key in choices:
        box.addItem(text, key)
    return box
