"""The Verify tab: what is not as it has to be, what others changed and when, and how Status answered."""

from typing import Any

from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.widgets import buttons
from console.widgets.labels import ElidedLabel, IconLabel, Label
from console.widgets.placeholders import EmptyState, ErrorState, StateStack
from console.widgets.rows_table import RowsTable, TableRow
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import plural, tr, translate

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
}
PLAN_FINDING_LABELS = {
    "create": tr_later("Missing"),
    "update": tr_later("Outdated"),
    "conflict": tr_later("Differs"),
}
DRIFT_LABELS = {"edited": tr_later("Edited"), "added": tr_later("Added"), "deleted": tr_later("Deleted")}
WHOLE_RECORD = tr_later("The whole record")
TILES = (
    ("server", tr_later("ServiceNow Server")),
    ("box", tr_later("Request Item")),
    ("braces", tr_later("Services")),
    ("gauge", tr_later("Verify")),
)


class VerifyTab(QWidget):
    """Looks only when asked to, since it calls the instance; the last answer stays while it looks again."""

    def __init__(self, page: Any) -> None:
        super().__init__(page)
        self._page = page
        self.verification: Any = None
        self._server: Any = None
        self.running = False
        self.button = buttons.primary("Verify", icon="tick")
        self.button.clicked.connect(page.verify)
        self.copy_button = buttons.secondary("Copy report", icon="copy")
        self.copy_button.clicked.connect(self.copy)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(10)
        line = QHBoxLayout()
        line.setSpacing(8)
        self._shape = IconLabel("", 16)
        self.verdict = Label("", role="strong")
        self.said = ElidedLabel("", role="muted")
        line.addWidget(self._shape)
        line.addWidget(self.verdict)
        line.addWidget(self.said, 1)
        column.addLayout(line)
        self.table = RowsTable(tr("Findings"), COLUMNS, WIDTHS)
        column.addWidget(self.table, 1)
        self.states = StateStack(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.states)

    def reset(self, server: Any) -> None:
        """Forget what was seen of another server."""
        self.verification, self._server = None, server
        self.states.show_placeholder(self._empty())
        self.refresh()

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

    def refresh(self) -> None:
        """Show which buttons can run."""
        self.button.setEnabled(self._server is not None and not self.running and self._page.names is not None)
        self.button.setText(tr("Verify again") if self.verification is not None else tr("Verify"))
        self.copy_button.setEnabled(self.verification is not None)

    def begin(self) -> None:
        """Show that it looks."""
        self.running = True
        self.states.show_loading()
        self.table.setEnabled(False)
        self.refresh()

    def end(self) -> None:
        """Show that it looks no more; without an answer, what there was before."""
        self.running = False
        self.table.setEnabled(True)
        if self.verification is None and self.states.currentWidget() not in self.findChildren(ErrorState):
            self.states.show_placeholder(self._empty())
        self.refresh()

    def failed(self, error: ConsoleError) -> None:
        """Show why nothing can be said."""
        self.verification = None
        self.states.show_placeholder(ErrorState(error.problem, self._page.verify))

    def show_verification(self, found: Any) -> None:
        """Show what was found."""
        self.verification = found
        wrong, drift = len(found.wrong), len(found.drift)
        if found.ok:
            shape, verdict = "good", tr("Everything matches")
        elif found.verified:
            shape, verdict = (
                "notice",
                plural(
                    drift,
                    "It works; others changed {count} record",
                    "It works; others changed {count} records",
                ),
            )
        else:
            shape, verdict = (
                "bad",
                plural(wrong, "{count} record does not match", "{count} records do not match")
                if wrong
                else tr("The Status service does not return the expected reply"),
            )
        self._shape.show_shape(shape)
        self.verdict.setText(verdict)
        self.said.setText(plural(len(found.plan.changes), "{count} record read", "{count} records read"))
        self.table.show_rows(finding_rows(found))
        self.states.show_content()
        self.refresh()

    def copy(self) -> None:
        """Put the findings on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self.verification is not None:
            clipboard.setText(self.text())
            self._page.ctx.notify(tr("Copied the report"))

    def text(self) -> str:
        """Return the findings as text."""
        lines = [tr("Verify on {server}: {verdict}", server=self._server.name, verdict=self.verdict.text())]
        lines += ["  ".join(part for part in row.texts if part) for row in finding_rows(self.verification)]
        if self.verification.problem is not None:
            lines.append(self.verification.problem.as_text())
        return "\n".join(lines)


def finding_rows(found: Any) -> list[TableRow]:
    """Return a row for each record that is wrong, each change by others, and the answer of Status."""
    rows = []
    for change in found.wrong:
        what = ", ".join(change.fields) if change.operation != "create" else tr(WHOLE_RECORD)
        rows.append(TableRow(SHAPES[change.operation], (tr(PLAN_FINDING_LABELS[change.operation]), change.name, change.table, what, "", ""),
                             f"wrong:{change.key}", tips=(translate(change.why), "", "", translate(change.why))))  # fmt: skip
    for one in found.drift:
        what = ", ".join(one.fields) or tr(WHOLE_RECORD)
        tip = "\n".join(f"{column}: {was} → {now}" for column, (was, now) in one.fields.items())
        rows.append(TableRow(SHAPES.get(one.change, "notice"),
                             (tr(DRIFT_LABELS.get(one.change, one.change.capitalize())), one.name, one.table, what, one.by, one.at),
                             f"drift:{one.sys_id}", tips=("", "", "", tip)))  # fmt: skip
    good, answer = found.problem is None, found.status or tr("no answer")
    cause = tr("As it has to be for an unknown request") if good else translate(found.problem.cause)
    rows.append(TableRow("good" if good else "bad", (tr("Status call"), found.plan.names.status_service, "", answer, "", ""),
                         "status", tips=(cause, "", "", cause)))  # fmt: skip
    return rows
