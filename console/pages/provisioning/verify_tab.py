"""The Verify tab: what is not as it has to be, what others changed and when, and how Status answered."""

from typing import Any

from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.widgets import buttons
from console.widgets.labels import ElidedLabel, Label, Picture
from console.widgets.rows import RowsTable, TableRow
from console.widgets.states import EmptyState, ErrorState, StateStack
from services.errors import ConsoleError
from services.language import plural, tr

COLUMNS = ("Finding", "Record", "Table", "What", "By", "When")
WIDTHS = (104, 190, 132, 96, 84)
SHAPES = {
    "create": "bad",
    "update": "notice",
    "conflict": "bad",
    "edited": "notice",
    "added": "notice",
    "deleted": "bad",
}
MISSING = {"create": "Missing", "update": "Outdated", "conflict": "Differs"}
TILES = (
    ("server", "ServiceNow Server"),
    ("box", "Request Item"),
    ("braces", "Services"),
    ("gauge", "Verify"),
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
        self._shape = Picture("", 16)
        self.verdict = Label("", role="strong")
        self.said = ElidedLabel("", role="muted")
        line.addWidget(self._shape)
        line.addWidget(self.verdict)
        line.addWidget(self.said, 1)
        column.addLayout(line)
        self.table = RowsTable("Findings", COLUMNS, WIDTHS)
        column.addWidget(self.table, 1)
        self.states = StateStack(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.states)

    def reset(self, server: Any) -> None:
        """Forget what was seen of another server."""
        self.verification, self._server = None, server
        self.states.show_other(self._empty())
        self.refresh()

    def _empty(self) -> QWidget:
        if self._server is None:
            return EmptyState(TILES, "gauge", "No ServiceNow system is chosen",
                              "Choose it on the Plan tab; then everything on it can be read back here.")  # fmt: skip
        text = "Verify reads every record back, says what others changed since, and asks Status about an unknown request."
        return EmptyState(
            TILES, "gauge", "Not verified yet", text, None, f"Reads only, on {self._server.name}"
        )

    def refresh(self) -> None:
        """Show which buttons can run."""
        self.button.setEnabled(self._server is not None and not self.running and self._page.names is not None)
        self.button.setText("Verify again" if self.verification is not None else "Verify")
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
            self.states.show_other(self._empty())
        self.refresh()

    def failed(self, error: ConsoleError) -> None:
        """Show why nothing can be said."""
        self.verification = None
        self.states.show_other(ErrorState(error.problem, self._page.verify))

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
        self.table.show_rows(rows_of(found))
        self.states.show_content()
        self.refresh()

    def copy(self) -> None:
        """Put the findings on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self.verification is not None:
            clipboard.setText(self.text())
            self._page.ctx.notify("Copied the report")

    def text(self) -> str:
        """Return the findings as text."""
        lines = [f"Verify on {self._server.name}: {self.verdict.text()}"]
        lines += ["  ".join(part for part in row.texts if part) for row in rows_of(self.verification)]
        if self.verification.problem is not None:
            lines.append(self.verification.problem.as_text())
        return "\n".join(lines)


def rows_of(found: Any) -> list[TableRow]:
    """Return a row for each record that is wrong, each change by others, and the answer of Status."""
    rows = []
    for change in found.wrong:
        what = ", ".join(change.fields) if change.operation != "create" else "The whole record"
        rows.append(TableRow(SHAPES[change.operation], (MISSING[change.operation], change.name, change.table, what, "", ""),
                             f"wrong:{change.key}", tips=(change.why, "", "", change.why)))  # fmt: skip
    for one in found.drift:
        what = ", ".join(one.fields) or "The whole record"
        tip = "\n".join(f"{column}: {was} → {now}" for column, (was, now) in one.fields.items())
        rows.append(TableRow(SHAPES.get(one.change, "notice"),
                             (one.change.capitalize(), one.name, one.table, what, one.by, one.at),
                             f"drift:{one.sys_id}", tips=("", "", "", tip)))  # fmt: skip
    good, answer = found.problem is None, found.status or "no answer"
    cause = "As it has to be for an unknown request" if good else found.problem.cause
    rows.append(TableRow("good" if good else "bad", ("Status call", found.plan.names.status_service, "", answer, "", ""),
                         "status", tips=(cause, "", "", cause)))  # fmt: skip
    return rows
