"""The dialog of a rehearsal: a request that is raised on the instance, polled, optionally decided, and cleaned up."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from console.design import icons
from console.forms.deciding_credentials import decider_text
from console.forms.reference_picker import ReferenceField
from console.runtime import lazy_imports
from console.runtime.task_runner import TaskRunner
from console.runtime.unproven_user import unproven_user_text
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.failure_panel import FailurePanel
from console.widgets.field import Field
from console.widgets.fixed_size_area import FixedSizeScrollArea, set_initial_size
from console.widgets.labels import ElidedLabel, Label
from console.widgets.line_editors import TextLineEdit
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId
from services.language import tr, tr_message

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.approval_process import ApprovalProcess
    from models.approval_type import ApprovalType
    from models.base import ConfigurationObject
    from models.foreign_system import ForeignSystem
    from models.user_credential import UserCredential
    from services.requests.rehearsal.rehearsal import Rehearsal
    from services.servicenow import ServiceNowClient

WIDTH, HEIGHT = 600, 620
LEGS_HEIGHT = 210
DECIDER_HELP = tr_later("Optional; without one the account of the process decides")


DECISION_CHOICES = (
    ("", tr_later("Raise it, follow it once, then cancel it")),
    ("approve", tr_later("Approve it")),
    ("reject", tr_later("Reject it")),
)


class RehearsalDialog(Dialog):
    """Asks for the values and the decision of a rehearsal; then shows each leg with its observation and duration."""

    def __init__(
        self,
        ctx: "Context",
        process: "ApprovalProcess",
        approval_type: "ApprovalType",
        server: "ForeignSystem",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(tr("Rehearse a request")))
        self.setMinimumWidth(WIDTH)
        self.ctx, self.process, self.approval_type, self.server = ctx, process, approval_type, server
        self.tasks = TaskRunner(self, self._on_problem)
        self.rehearsal: Rehearsal | None = None
        self._running = False
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self.file = TextLineEdit()
        self.file.setText(r"C:\Program Files\Rehearsal\rehearsal.exe")
        self.why = TextLineEdit()
        self.why.setText("raised on purpose from Approval Console")
        layout.addWidget(
            Field("File path", self.file, tr("A real request is raised on {name}", name=server.name))
        )
        layout.addWidget(Field("Reason", self.why, "What the approver reads, after the word REHEARSAL"))
        layout.addLayout(self._decision())
        self.confirm = self._add_confirmation(layout) if server.production else None
        self.legs = _create_legs_list()
        layout.addWidget(self.legs, 1)
        layout.addStretch(0)
        self.failure = FailurePanel()
        self.failure.shown.connect(lambda: self._scroll_area.reveal(self.failure))
        layout.addWidget(self.failure)
        self._scroll_area = FixedSizeScrollArea(content)
        frame = QVBoxLayout(self)
        frame.setContentsMargins(24, 16, 24, 16)
        frame.setSpacing(12)
        frame.addWidget(
            ElidedLabel(tr("Rehearse a request through {name}", name=process.name), role="section")
        )
        frame.addWidget(self._scroll_area, 1)
        self.message = ElidedLabel("", role="caption")
        frame.addWidget(self.message)
        frame.addLayout(self._foot())
        set_initial_size(self, WIDTH, HEIGHT)
        self._update()

    def _add_confirmation(self, layout: QVBoxLayout) -> TextLineEdit:
        """Add the field in which the name of a production server is typed, and return its editor."""
        editor = TextLineEdit()
        editor.textChanged.connect(lambda _text: self._update())
        layout.addWidget(
            Field(
                "Production",
                editor,
                tr("Type the server's name to confirm: {name}", name=self.server.name),
            )
        )
        return editor

    def _decision(self) -> QVBoxLayout:
        box = QVBoxLayout()
        box.setSpacing(6)
        box.addWidget(Label(tr("Decision"), role="field"))
        self._choices = QButtonGroup(self)
        for number, (_, text) in enumerate(DECISION_CHOICES):
            radio = QRadioButton(tr(text))
            radio.setChecked(number == 0)
            self._choices.addButton(radio, number)
            box.addWidget(radio)
        self._choices.idToggled.connect(lambda *_: self._update())
        self.decider = ReferenceField(self, "decider", Kind.USER_CREDENTIAL)
        self.decider.edited.connect(self._update)
        self.decider.shown.connect(self._describe_decider)
        self._decider_frame = Field("Approver", self.decider.widget, DECIDER_HELP)
        box.addWidget(self._decider_frame)
        return box

    def _describe_decider(self, item: "ConfigurationObject | None") -> None:
        from models.user_credential import UserCredential

        self._decider_frame.set_help(
            decider_text(item) if isinstance(item, UserCredential) else tr(DECIDER_HELP)
        )

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.start_button = buttons.primary("Rehearse")
        self.start_button.clicked.connect(self.start)
        self.close_button = buttons.secondary("Close")
        self.close_button.clicked.connect(self.reject)
        foot.addWidget(self.start_button)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        return foot

    @property
    def decide(self) -> str:
        """The decision: “approve”, “reject”, or an empty text for none."""
        return DECISION_CHOICES[self._choices.checkedId()][0]

    def choose(self, decision: str) -> None:
        """Choose a decision, as a click does."""
        place = next(i for i, (word, _) in enumerate(DECISION_CHOICES) if word == decision)
        button = self._choices.button(place)
        if button is not None:
            button.setChecked(True)

    def _update(self) -> None:
        self._decider_frame.setEnabled(bool(self.decide))
        missing = ""
        if self.confirm is not None and self.confirm.text().strip() != self.server.name:
            missing = tr("Type the server's name to confirm")
        self.start_button.setEnabled(not missing and not self._running)
        if not self._running:
            self.message.setText(missing)
        self.close_button.setText(tr("Cancel") if self._running else tr("Close"))

    # -- running -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Run the rehearsal with the values of the form."""
        self.legs.clear()
        self.legs.hide()
        self.failure.clear()
        self._running = True
        self._update()
        self.tasks.start(self._run(), group="rehearsal")

    async def _run(self) -> None:
        fields = {"PMFilePath": self.file.text(), "PMUserReason": self.why.text()}
        decider = None
        try:
            await lazy_imports.ready(self.ctx, lazy_imports.requests)
            from models.user_credential import UserCredential
            from services.requests.rehearsal.rehearsal import rehearse

            workspace = await self.ctx.ready()
            instance = await workspace.instance(self.server.id)
            credential = self.decider.item_as(UserCredential)
            if self.decide and credential is not None:
                decider = await workspace.instance_as(self.server, credential)
                self._tell_unproven_user(decider, credential)
            rehearsal = self.rehearsal = await rehearse(
                workspace.store,
                instance,
                self.approval_type,
                self.process,
                fields=fields,
                decide=self.decide or None,
                decider=decider,
                progress=self._progress,
                notice=self._notice,
            )
        except ConsoleError as error:
            self._ended()
            self.failure.show_problem(error.problem)
            return
        except BaseException:
            self._ended(tr("Stopped. A request that was raised is under Requests."))
            raise
        finally:
            if decider is not None:
                await decider.aclose()
        self._ended()
        for sentence in rehearsal.slow_legs:
            self.legs.addItem(
                QListWidgetItem(icons.icon("notice"), plain_text.replace_bidi_controls(sentence))
            )
        for leg in rehearsal.legs:
            shape = icons.icon("good" if leg.ok else "bad")
            known = rehearsal.usual.get(leg.name)
            took = tr("{ms} ms", ms=round(leg.ms)) + (
                tr(", usually {known} ms", known=round(known)) if known is not None else ""
            )
            item = QListWidgetItem(
                shape, plain_text.replace_bidi_controls(f"{tr(leg.title)}, {took}: {leg.observed}")
            )
            plain_text.set_tooltip(item, leg.observed)
            self.legs.addItem(item)
        self.legs.show()
        self._scroll_area.reveal(self.legs)
        self.message.setText(tr("All steps succeeded") if rehearsal.ok else tr("Not all steps succeeded"))

    def _ended(self, text: str = "") -> None:
        self._running = False
        self._update()
        if text:
            self.message.setText(text)

    def _notice(self, text: str) -> None:
        """Show what may be left over, before anything is raised."""
        self.legs.addItem(QListWidgetItem(icons.icon("notice"), plain_text.replace_bidi_controls(text)))
        self.legs.show()

    def _tell_unproven_user(self, decider: "ServiceNowClient", credential: "UserCredential") -> None:
        """Warn where the instance does not show that the approver's calls run as its account."""
        if decider.is_user_shown is False:
            self._notice(unproven_user_text(credential))

    def _progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        self.message.setText(
            tr("{text} ({done} of {total})", text=text, done=done, total=total) if total else text
        )

    def reject(self) -> None:
        """Close; while the rehearsal runs, stop it instead: the dialog stays open until the raised request is cancelled."""
        if not self._running:
            super().reject()
        elif self.tasks.cancel("rehearsal"):
            self.message.setText(tr("Stopping, and cancelling what was raised"))

    def _on_problem(self, problem: Problem) -> None:
        self.failure.show_problem(problem)


def _create_legs_list() -> QListWidget:
    """Return the list of legs, hidden until it has one."""
    legs = QListWidget()
    legs.setAccessibleName(tr("Legs of the rehearsal"))
    legs.setMinimumHeight(LEGS_HEIGHT)
    legs.setWordWrap(True)
    legs.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    legs.hide()
    return legs


async def open_rehearsal(
    ctx: "Context",
    page: QWidget,
    *,
    process: "ApprovalProcess",
    approval_type: "ApprovalType | None" = None,
) -> None:
    """Open the rehearsal of a process, with the given type or the first one that uses the process."""
    configuration = (await ctx.ready()).configuration
    from models.approval_type import ApprovalType
    from models.foreign_system import ForeignSystem
    from services.store.errors import NotFoundError

    if approval_type is None:
        types = await ctx.call(configuration.all, ApprovalType)
        approval_type = next((t for t in types if t.process_id == process.id), None)
    if approval_type is None:
        ctx.show_problem(_type_missing_problem(process.name))
        return
    if process.server_id is None:
        raise NotFoundError(f"the ServiceNow Server of {process.name}")
    server = await ctx.call(configuration.get, ForeignSystem, process.server_id)
    dialog = RehearsalDialog(ctx, process, approval_type, server, page.window())
    dialog.setWindowIcon(icons.icon("process"))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _type_missing_problem(name: str) -> Problem:
    return Problem(
        tried=tr_message("Rehearse a request through “{name}”", name=name),
        evidence=tr_message("No Approval Type has it as its Process Handler."),
        cause=tr_message("Requests are raised for an Approval Type."),
        owner=Owner.CONSOLE,
        remedy=tr_message(
            "Create an Approval Type with this process as its Process Handler, then rehearse again."
        ),
        fault=FaultId.TYPE_MISSING,
    )
