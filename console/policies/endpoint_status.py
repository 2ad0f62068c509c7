"""Which computers have a policy, as far as the reports of the server tell, and what they do not tell."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.policies import operations
from console.widgets import buttons
from console.widgets.field import Field
from console.widgets.labels import IconLabel, Label, wrapped_label
from console.widgets.line_editors import TextLineEdit
from console.widgets.rows_table import RowsTable, TableRow
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import plural, tr, translate, translate_message

if TYPE_CHECKING:
    from console.runtime.context import Context
    from console.runtime.task_runner import TaskRunner
    from models.privilege_manager_server import PrivilegeManagerServer
    from services.policies.endpoints import EndpointStatus

COLUMNS, WIDTHS = (tr_later("Computer"), tr_later("Policy"), tr_later("Updated")), (180, 200, 120)
HEIGHT, MAX_ROWS = 148, 500


class EndpointStatusPanel(QWidget):
    """A table of computers, and below it one line for each thing that is not known."""

    def __init__(
        self,
        ctx: "Context",
        server: "PrivilegeManagerServer",
        tasks: "TaskRunner",
        policies: Mapping[str, str] | None,
    ) -> None:
        """Tell of `policies`, name by GUID, or of all; `tasks` are those of the dialog."""
        super().__init__()
        self._ctx, self._server, self._tasks, self._policies = ctx, server, tasks, policies
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        title = tr("Computers by policy") if policies is None else tr("Computers that have the policy")
        layout.addWidget(Label(title, role="section"))
        self.summary = wrapped_label(tr("Reading the reports of the server"), "caption")
        layout.addWidget(self.summary)
        self.table = RowsTable(title, COLUMNS, WIDTHS)
        self.table.setProperty("role", "card")
        self.table.setFixedHeight(HEIGHT)
        self.table.hide()
        layout.addWidget(self.table)
        self._unknown = QVBoxLayout()
        self._unknown.setSpacing(4)
        layout.addLayout(self._unknown)
        self.unknown: list[str] = []
        """What is not known, and why."""
        self.report = TextLineEdit()
        self.read_button = buttons.secondary("Read report", icon="refresh")
        self.read_button.clicked.connect(self.read)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(
            Field("Report ID", self.report, tr("The report of computers by policy; kept for the server")), 1
        )
        row.addWidget(self.read_button)
        layout.addLayout(row)

    def read(self) -> None:
        """Run the reports."""
        self.read_button.setEnabled(False)
        self._tasks.start(self._read(), group="endpoint status")

    async def _read(self) -> None:
        settings = await operations.endpoint_settings(self._ctx, self._server)
        if not self.report.text():
            self.report.setText(settings.report_id)
        try:
            found = await operations.endpoint_status(
                self._ctx, self._server, self._policies, self.report.text().strip()
            )
        except ConsoleError as error:
            self._show_nothing(f"{translate(error.problem.cause)} {translate(error.problem.remedy)}")
        else:
            self.show_status(found)
        self.read_button.setEnabled(True)

    def _show_nothing(self, reason: str) -> None:
        self.summary.setText(tr("Which computers have which policy is not known"))
        self.table.hide()
        self._show_unknown([reason])

    def show_status(self, found: "EndpointStatus") -> None:
        """Show what the reports told."""
        parts = []
        computers = found.computers
        if computers is not None:
            count = len({one.computer for one in computers})
            parts.append(
                plural(count, "{count} computer in the report", "{count} computers in the report")
                if self._policies is None
                else plural(count, "{count} computer has it", "{count} computers have it")
            )
        else:
            parts.append(tr("Which computers have which policy is not known"))
        if found.agents is not None:
            parts.append(
                plural(found.agents, "{count} computer with an agent", "{count} computers with an agent")
            )
        self.summary.setText(", ".join(parts))
        self.table.show_rows(
            [
                TableRow(
                    "good", (one.computer, one.policy, one.updated or "–"), f"{one.computer}/{one.policy}"
                )
                for one in (computers or ())[:MAX_ROWS]
            ]
        )
        self.table.setVisible(bool(computers))
        reasons = [translate_message(text) for text in found.not_told]
        findings = (found.agent_report, found.policy_report)
        problems = [one.problem for one in findings if one is not None and one.problem is not None]
        reasons += [translate(problem.cause) for problem in problems]
        self._show_unknown(reasons)

    def _show_unknown(self, reasons: list[str]) -> None:
        self.unknown = reasons
        while (item := self._unknown.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for reason in reasons:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            row.addWidget(IconLabel("off", 14, word=tr("Not known")))
            row.addWidget(wrapped_label(reason), 1)
            self._unknown.addWidget(line)
