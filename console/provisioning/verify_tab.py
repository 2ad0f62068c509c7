"""The Verify tab: records that differ from the plan, changes by others, and the reply of the Status service."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.provisioning.verification_texts import verdict
from console.widgets import buttons
from console.widgets.labels import ElidedLabel, IconLabel, Label
from console.widgets.late_content import LateContent
from console.widgets.placeholders import EmptyState, ErrorState, StateStack
from console.widgets.rows_table import RowsTable, TableRow
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import plural, tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from services.provisioning import Verification

COLUMNS = (
    tr_later("Finding"),
    tr_later("Record"),
    tr_later("Table"),
    tr_later("What"),
    tr_later("By"),
    tr_later("When"),
)
WIDTHS = (104, 190, 132, 96, 84)
SHAPES = {
    "create": "bad",
    "update": "notice",
    "conflict": "bad",
    "edited": "notice",
    "added": "notice",
    "deleted": "bad",
    "missing": "bad",
}
PLAN_FINDING_LABELS = {
    "create": tr_later("Missing"),
    "update": tr_later("Outdated"),
    "conflict": tr_later("Differs"),
}
DRIFT_LABELS = {
    "edited": tr_later("Edited"),
    "added": tr_later("Added"),
    "deleted": tr_later("Deleted"),
    "missing": tr_later("Deleted or hidden"),
}
WHOLE_RECORD = tr_later("The whole record")
TILES = (
    ("server", tr_later("ServiceNow Server")),
    ("box", tr_later("Request Item")),
    ("braces", tr_later("Services")),
    ("gauge", tr_later("Verify")),
)


class VerifyTab(LateContent):
    """Shows the last verification, which stays while the next one runs. Verifying calls the instance."""

    verify_requested = pyqtSignal()

    def __init__(self, ctx: "Context", parent: QWidget) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self.verification: Verification | None = None
        self._server: ForeignSystem | None = None
        self._enabled = False
        self.button = buttons.primary("Verify", icon="tick")
        self.button.clicked.connect(self.verify_requested)
        self.copy_button = buttons.secondary("Copy report", icon="copy")
        self.copy_button.clicked.connect(self.copy)

    def make_content(self) -> None:
        """Make the verdict and the table of findings."""
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(10)
        line = QHBoxLayout()
        line.setSpacing(8)
        self._shape = IconLabel("", 16)
        self.verdict = Label("", role="strong")
        self.summary = ElidedLabel("", role="muted")
        line.addWidget(self._shape)
        line.addWidget(self.verdict)
        line.addWidget(self.summary, 1)
        column.addLayout(line)
        self.table = RowsTable(tr("Findings"), COLUMNS, WIDTHS)
        column.addWidget(self.table, 1)
        self.states = StateStack(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.states)
        self.states.show_placeholder(self._empty())

    def reset(self, server: "ForeignSystem | None") -> None:
        """Discard the verification of another server."""
        self.verification, self._server = None, server
        if self.is_made:
            self.states.show_placeholder(self._empty())
        self._refresh()

    def _empty(self) -> QWidget:
        tiles = [(icon, tr(word)) for icon, word in TILES]
        if self._server is None:
            return EmptyState(
                tiles,
                "gauge",
                tr("No ServiceNow system is chosen"),
                tr("Choose it on the Plan tab; then everything on it can be read back here."),
            )
        text = tr(
            "Verify reads every record back, says what others changed since, and asks Status about an unknown request."
        )
        caption = tr("Reads only, on {server}", server=self._server.name)
        return EmptyState(tiles, "gauge", tr("Not verified yet"), text, None, caption)

    def set_enabled(self, *, on: bool) -> None:
        """Take in whether a verification can be started."""
        self._enabled = on
        self._refresh()

    def _refresh(self) -> None:
        self.button.setEnabled(self._enabled)
        self.button.setText(tr("Verify again") if self.verification is not None else tr("Verify"))
        self.copy_button.setEnabled(self.verification is not None)

    def begin(self) -> None:
        """Show that a verification runs."""
        self.make()
        self.states.show_loading()
        self.table.setEnabled(False)

    def end(self) -> None:
        """Show that none runs any more; without a result, what was shown before."""
        self.table.setEnabled(True)
        if self.verification is None and self.states.currentWidget() not in self.findChildren(ErrorState):
            self.states.show_placeholder(self._empty())
        self._refresh()

    def failed(self, error: ConsoleError) -> None:
        """Show why nothing could be verified."""
        self.make()
        self.verification = None
        self.states.show_placeholder(ErrorState(error.problem, self.verify_requested.emit))

    def show_verification(self, verification: "Verification") -> None:
        """Show verdict and findings."""
        self.make()
        self.verification = verification
        shape, text = verdict(verification)
        self._shape.show_shape(shape)
        self.verdict.setText(text)
        count = len(verification.plan.changes)
        self.summary.setText(plural(count, "{count} record read", "{count} records read"))
        self.table.show_rows(finding_rows(verification))
        self.states.show_content()
        self._refresh()

    def copy(self) -> None:
        """Copy the findings to the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self.verification is not None and self._server is not None:
            clipboard.setText(_report(self._server.name, self.verification))
            self._ctx.notify(tr("Copied the report"))


def _report(server: str, verification: "Verification") -> str:
    lines = [tr("Verify on {server}: {verdict}", server=server, verdict=verdict(verification)[1])]
    lines += ["  ".join(part for part in row.texts if part) for row in finding_rows(verification)]
    if verification.problem is not None:
        lines.append(verification.problem.as_text())
    return "\n".join(lines)


def finding_rows(verification: "Verification") -> list[TableRow]:
    """Return a row for each wrong record, each change by others, and the reply of the Status service."""
    rows = []
    for change in verification.wrong:
        what = ", ".join(change.fields) if change.operation != "create" else tr(WHOLE_RECORD)
        rows.append(TableRow(SHAPES[change.operation], (tr(PLAN_FINDING_LABELS[change.operation]), change.name, change.table, what, "", ""),
                             f"wrong:{change.key}", tips=(translate(change.why), "", "", translate(change.why))))  # fmt: skip
    for drift in verification.drift:
        what = ", ".join(drift.fields) or tr(WHOLE_RECORD)
        tip = "\n".join(f"{column}: {before} → {now}" for column, (before, now) in drift.fields.items())
        rows.append(TableRow(SHAPES.get(drift.change, "notice"),
                             (tr(DRIFT_LABELS.get(drift.change, drift.change.capitalize())), drift.name, drift.table, what, drift.by, drift.at),
                             f"drift:{drift.sys_id}", tips=("", "", "", tip)))  # fmt: skip
    problem, reply = verification.problem, verification.status or tr("no answer")
    cause = tr("As it has to be for an unknown request") if problem is None else translate(problem.cause)
    service = verification.plan.names.status_service
    rows.append(TableRow("good" if problem is None else "bad", (tr("Status call"), service, "", reply, "", ""),
                         "status", tips=(cause, "", "", cause)))  # fmt: skip
    return rows
