"""The dialog Update endpoints: runs the targeting update of a Privilege Manager server, and shows which computers have a policy."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.policies import operations
from console.policies.endpoint_status import EndpointStatusPanel
from console.runtime.activity import DONE, FAILED
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.failure_panel import FailurePanel
from console.widgets.field import Field
from console.widgets.labels import Label, horizontal_rule
from console.widgets.line_editors import TextLineEdit
from services.common.errors import ConsoleError
from services.language import tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.privilege_manager_server import PrivilegeManagerServer

WIDTH = 560


class EndpointsDialog(Dialog):
    """Starts the task on the server, and says what the server answered. How far the task is, the API does not tell."""

    def __init__(
        self,
        ctx: "Context",
        server: "PrivilegeManagerServer",
        parent: QWidget | None = None,
        *,
        policies: Mapping[str, str] | None = None,
    ) -> None:
        """Ask about a server; `policies` are those whose computers are told, name by GUID, None for all."""
        super().__init__(parent)
        self._ctx, self._server = ctx, server
        self.tasks = TaskRunner(self, ctx.show_problem)
        self.setWindowTitle(plain_text.window_title(tr("Update endpoints")))
        self.setMinimumWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(10)
        column.addWidget(Label(tr("Update endpoints of {server}", server=server.name), role="section"))
        about = Label(
            tr(
                "Runs the task “Resource and Collection Targeting Update” on the server. Endpoints get their policies"
                " after that, each at its next update."
            )
        )
        about.setWordWrap(True)
        column.addWidget(about)
        self.task = TextLineEdit()
        column.addWidget(
            Field("Task ID", self.task, tr("Needed only where the server does not list its tasks"))
        )
        self.confirm: TextLineEdit | None = None
        if server.production:
            self.confirm = TextLineEdit()
            self.confirm.textChanged.connect(lambda _text: self._update())
            column.addWidget(
                Field(
                    "Production",
                    self.confirm,
                    tr("Type the server's name to confirm: {name}", name=server.name),
                )
            )
        self.failure = FailurePanel()
        column.addWidget(self.failure)
        self.outcome = Label("", role="strong")
        self.outcome.setWordWrap(True)
        self.outcome.hide()
        column.addWidget(self.outcome)
        column.addWidget(horizontal_rule())
        self.status = EndpointStatusPanel(ctx, server, self.tasks, policies)
        column.addWidget(self.status)
        column.addStretch(1)
        column.addLayout(self._foot())
        self._update()
        self.tasks.start(self._read(), group="read")
        self.status.read()

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.go = buttons.primary("Update endpoints")
        self.go.setDefault(True)
        self.go.clicked.connect(lambda: self.tasks.start(self._run(), group="run"))
        self.close_button = buttons.secondary("Close")
        self.close_button.clicked.connect(self.reject)
        foot.addWidget(self.go)
        foot.addStretch(1)
        foot.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignRight)
        return foot

    def _update(self, *, running: bool = False) -> None:
        confirmed = self.confirm is None or self.confirm.text().strip() == self._server.name
        self.go.setEnabled(confirmed and not running)

    async def _read(self) -> None:
        settings = await operations.endpoint_settings(self._ctx, self._server)
        if not self.task.text():
            self.task.setText(settings.task_id)

    async def _run(self) -> None:
        self.failure.clear()
        self.outcome.hide()
        self._update(running=True)
        job = self._ctx.activity.begin(
            tr("Updating endpoints of {server}", server=self._server.name), lambda: self.tasks.cancel("run")
        )
        try:
            update = await operations.update_endpoints(self._ctx, self._server, self.task.text().strip())
            self.task.setText(update.task_id)
            self.outcome.setText(tr("The server started the task. How far it is, its API does not tell."))
            self.outcome.show()
            job.end(tr("The server started the task"), DONE)
        except ConsoleError as error:
            job.end(translate(error.problem.cause), FAILED)
            self.failure.show_problem(error.problem)
        finally:
            if not sip.isdeleted(self):
                self._update()
