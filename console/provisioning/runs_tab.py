"""The History tab: the runs on the chosen server, newest first, and the steps of the selected one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from console.provisioning.plan_texts import OPERATION_LABELS
from console.provisioning.run_history import can_undo, run_state
from console.widgets import buttons
from console.widgets.labels import CopyLabel, Label
from console.widgets.late_content import LateContent
from console.widgets.placeholders import EmptyState, ErrorState, StateStack
from console.widgets.rows_table import RowsTable, TableRow
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import date_time, plural, time_ago, tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from services.provisioning import Receipt
    from services.provisioning.run_receipts import ReceiptStep

RUN_COLUMNS = (tr_later("State"), tr_later("When"), tr_later("By"), tr_later("Outcome"), tr_later("Run ID"))
RUN_WIDTHS = (116, 116, 100, 340)
STEP_COLUMNS = (tr_later("Step"), tr_later("Record"), tr_later("Table"), "sys_id")
STEP_WIDTHS = (128, 250, 190)
TILES = (
    ("server", tr_later("ServiceNow Server")),
    ("tasks", tr_later("Plan")),
    ("tick", tr_later("Apply")),
    ("history", tr_later("History")),
)
STEP_SHAPES = {"doing": "notice", "done": "good", "void": "off", "removing": "notice", "gone": "off"}
STEP_LABELS = {
    "doing": tr_later("not known"),
    "void": tr_later("did not happen"),
    "removing": tr_later("taking back"),
    "gone": tr_later("taken back"),
}


class RunsTab(LateContent):
    """Shows receipts read from the store, and offers to continue or undo the selected run."""

    undo_requested = pyqtSignal(str)
    """Carries the id of a receipt."""
    continue_requested = pyqtSignal(object)
    """Carries a `Receipt`."""
    reload_requested = pyqtSignal()

    def __init__(self, ctx: "Context", parent: QWidget) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self.receipts: list[Receipt] = []
        self._shown, self._editable = False, True
        self.undo_button = buttons.danger("Undo this run…", icon="undo")
        self.undo_button.clicked.connect(self._request_undo)
        self.continue_button = buttons.secondary("Continue", icon="play")
        self.continue_button.setAccessibleName(tr("Continue this run"))
        self.continue_button.clicked.connect(lambda: self.continue_requested.emit(self.receipt))
        self.copy_button = buttons.secondary("Copy report", icon="copy")
        self.copy_button.clicked.connect(self.copy)
        self._show_state: Callable[[], None] = partial(self._show_server, has_server=False)

    def make_content(self) -> None:
        """Make the tables of the runs and of the steps of one."""
        self.table = RowsTable(tr("Runs"), RUN_COLUMNS, RUN_WIDTHS)
        self.table.chosen.connect(lambda _row: self._show_steps())
        self.steps = RowsTable(tr("Steps of the run"), STEP_COLUMNS, STEP_WIDTHS)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        self.heading = Label(tr("Steps"), role="section")
        self.heading.setContentsMargins(24, 0, 24, 0)
        self.id = CopyLabel("")
        self.id.copied.connect(lambda _t: self._ctx.notify(tr("Run ID copied")))
        column.addWidget(self.heading)
        line = QHBoxLayout()
        line.setContentsMargins(24, 0, 24, 0)
        line.addWidget(self.id)
        column.addLayout(line)
        column.addWidget(self.steps, 1)
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(lower)
        split.setSizes([200, 260])
        self.states = StateStack(split, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.states)
        self._show_state()

    @property
    def receipt(self) -> "Receipt | None":
        """The selected run, or None; the newest one while nothing was shown that could be selected."""
        if not self.is_made:
            return next(iter(self.receipts), None)
        row = self.table.currentIndex().row()
        return self.receipts[row] if 0 <= row < len(self.receipts) else None

    def reset(self, server: "ForeignSystem | None") -> None:
        """Discard the runs of another server."""
        self.receipts = []
        self._show(partial(self._show_server, has_server=server is not None))

    def _show(self, state: "Callable[[], None]") -> None:
        """Show something now, or once there is something to show it in."""
        self._show_state = state
        if self.is_made:
            state()
        else:
            self.refresh()

    def _show_server(self, *, has_server: bool) -> None:
        self.table.show_rows([])
        if not has_server:
            self.states.show_placeholder(_empty(
                tr("No ServiceNow system is chosen"), tr("Choose it on the Plan tab; its runs are listed here.")
            ))  # fmt: skip
        else:
            self.states.show_loading()
        self.refresh()

    def show_runs(self, receipts: "Sequence[Receipt]") -> None:
        """Show the runs of the server."""
        selected = self.receipt.id if self.receipt is not None else ""
        self.receipts = list(receipts)
        self._show(partial(self._show_receipts, selected))

    def _show_receipts(self, selected: str) -> None:
        receipts = self.receipts
        if not receipts:
            self.states.show_placeholder(_empty(
                tr("Nothing was run on this server yet"),
                tr("Each run leaves a receipt here, by which it can be undone."),
            ))  # fmt: skip
            self.refresh()
            return
        self.table.show_rows([_run_row(r) for r in receipts])
        if not selected or self.receipt is None:
            self.table.selectRow(0)
        self.states.show_content()
        self._show_steps()

    def failed(self, error: ConsoleError) -> None:
        """Show why the runs cannot be read."""
        self._show(
            lambda: self.states.show_placeholder(ErrorState(error.problem, self.reload_requested.emit))
        )

    def _show_steps(self) -> None:
        receipt = self.receipt
        rows = [] if receipt is None else [_step_row(step) for step in receipt.steps]
        self.steps.show_rows(rows)
        count = len(rows)
        self.heading.setText(
            plural(count, "{count} step", "{count} steps") if receipt is not None else tr("Steps")
        )
        self.id.setText(receipt.id if receipt is not None else "")
        self.id.setAccessibleName(
            tr("Run ID {id}, copies on Enter", id=receipt.id) if receipt is not None else tr("No run")
        )
        self.refresh()

    def refresh(self) -> None:
        """Enable the buttons that can be used for the selected run."""
        receipt = self.receipt
        self.undo_button.setEnabled(self._editable and receipt is not None and can_undo(receipt))
        self.continue_button.setVisible(self._shown and receipt is not None and receipt.unfinished)
        self.continue_button.setEnabled(self._editable)
        self.copy_button.setEnabled(receipt is not None)

    def set_state(self, *, shown: bool, editable: bool) -> None:
        """Take in whether this tab is shown, and whether runs can be continued and undone now."""
        self._shown, self._editable = shown, editable
        self.refresh()

    def _request_undo(self) -> None:
        if self.receipt is not None:
            self.undo_requested.emit(self.receipt.id)

    def copy(self) -> None:
        """Put the selected run on the clipboard."""
        clipboard, receipt = QGuiApplication.clipboard(), self.receipt
        if clipboard is not None and receipt is not None:
            head = "  ".join(_run_row(receipt).texts)
            clipboard.setText("\n".join([head, *("  ".join(_step_row(s).texts) for s in receipt.steps)]))
            self._ctx.notify(tr("Copied the report"))


def _empty(heading: str, text: str) -> EmptyState:
    return EmptyState([(icon, tr(word)) for icon, word in TILES], "history", heading, text)


def _run_row(receipt: "Receipt") -> TableRow:
    shape, word = run_state(receipt)
    run = receipt.run
    exact = date_time(run.started_at, seconds=True, zone=True)
    texts = (word, time_ago(run.started_at), run.started_by or tr("somebody"), run.outcome, receipt.id)
    return TableRow(shape, texts, receipt.id, tips=("", exact))


def _step_row(step: "ReceiptStep") -> TableRow:
    word = tr(OPERATION_LABELS.get(step.operation, step.operation.capitalize()))
    state = STEP_LABELS.get(step.state)
    text = f"{word}, {tr(state)}" if state else word
    return TableRow(STEP_SHAPES.get(step.state, "off"), (text, step.name, step.table, step.sys_id), step.key)
