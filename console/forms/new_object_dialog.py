"""Making an object from inside a picker: the fields of its page in a small dialog, saved at once."""

from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.forms.edit_session import EditSession
from console.forms.form import Form
from console.forms.password_field import PasswordField
from console.navigation.page_registry import page_class
from console.runtime.drafts import Draft, Drafts
from console.runtime.task_runner import TaskRunner, show_and_wait
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.labels import Label
from models.kinds import KINDS, Kind
from services.common.errors import ConsoleError, InvalidError, Problem
from services.language import plural, tr

WIDTH, MESSAGE_LINES = 560, 3
MAX_GROUPS = 2
"""A dialog shows the first groups of the page; the rest has defaults and is edited on the page itself."""


class _IsolatedDraftsContext:
    """The window's context with drafts of its own: a dialog that is cancelled leaves nothing behind."""

    def __init__(self, ctx: Any, drafts: Drafts) -> None:
        self._ctx = ctx
        self.drafts = drafts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ctx, name)


class NewObjectDialog(Dialog):
    """The form of a kind with Create and Cancel; `made` is what was stored when it is accepted."""

    def __init__(self, ctx: Any, item: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.made: Any = None
        self.tasks = TaskRunner(self, self._on_problem)
        kind = type(item).kind
        self.ctx = _IsolatedDraftsContext(ctx, Drafts(self))
        from console.forms.edit_session import field_values

        self.ctx.drafts.put(Draft(kind=kind, id=item.id, values=field_values(item)))
        self.session = EditSession(self.ctx, self.tasks, kind, item.id, self)
        self.form = Form(self, page_class(str(kind)).groups[:MAX_GROUPS])
        self._build(KINDS[kind].singular)
        self.session.loaded.connect(self._loaded)
        self.session.changed.connect(self._update)
        self.form.edited.connect(lambda _name: self.session.edit(self.form.values()))
        self._password = next((f.editor for f in self.form if isinstance(f.editor, PasswordField)), None)
        if self._password is not None:
            self._password.entered.connect(self.session.set_secret)
            self._password.begin()
        self.tasks.start(self.session.load(), group="load")

    def _build(self, singular: str) -> None:
        self.setWindowTitle(plain_text.window_title(tr("New {kind}", kind=tr(singular))))
        self.setMinimumWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(tr("New {kind}", kind=tr(singular)), role="section"))
        layout.addWidget(self.form)
        layout.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.create_button = buttons.primary("Create")
        self.create_button.clicked.connect(lambda: self.tasks.start(self._create(), group="create"))
        self.create_button.setDefault(True)
        self._out = cancel = buttons.secondary("Cancel")
        cancel.clicked.connect(self.reject)
        self._message = Label("", role="caption")
        self._message.setWordWrap(True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        # Its room is kept, so that the dialog does not grow when it says something.
        self._message.setFixedHeight(MESSAGE_LINES * self._message.fontMetrics().lineSpacing())
        foot.addWidget(self.create_button)
        foot.addStretch(1)
        foot.addWidget(cancel)
        layout.addWidget(self._message)
        layout.addLayout(foot)

    def _loaded(self) -> None:
        self.form.write(self.session.values)
        self.form.focus_first()
        self._update()

    def _update(self) -> None:
        wrong = self.form.show_errors(self.session.errors, untouched=False)
        self.create_button.setEnabled(self.session.ready and not self.session.saving and not wrong)
        self._message.setText(
            plural(wrong, "Fill in {count} field to create it", "Fill in {count} fields to create it")
            if wrong
            else ""
        )

    async def _create(self) -> None:
        from console.forms.vault_access import store_secret

        secret = self.session.secret
        try:
            self.made = await self.session.save()
        except InvalidError:
            self.form.show_errors(self.session.errors, untouched=True)
            return
        except ConsoleError as error:
            self._message.setText(f"{error.problem.cause} {error.problem.remedy}")
            return
        try:
            if secret:
                await store_secret(self.ctx, self.made, secret)
        except ConsoleError as error:
            said = tr("{name} was created. Its password was not stored:", name=self.made.name)
            self._message.setText(f"{said} {error.problem.cause} {error.problem.remedy}")
            self._out.setText(tr("Close"))
            self.create_button.setText(tr("Store the password"))
            return
        self.accept()

    def _on_problem(self, problem: Problem) -> None:
        self._message.setText(f"{problem.cause} {problem.remedy}")


async def create_object(ctx: Any, kind: Kind, parent: QWidget | None) -> Any:
    """Ask for a new object of a kind and store it; returns it, or None when the dialog was cancelled."""
    workspace = await ctx.ready()
    item = await ctx.call(workspace.configuration.new, kind)
    dialog = NewObjectDialog(ctx, item, parent)
    await show_and_wait(dialog)
    return dialog.made


class PasswordDialog(Dialog):
    """Asks for the password of a credential again, because it is to be sent to another host than before."""

    def __init__(self, credential_name: str, account: str, host: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(tr("Enter the password")))
        self.setMinimumWidth(420)
        from console.widgets.field import Field
        from console.widgets.line_editors import PasswordLineEdit

        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(
            Label(
                tr("Password of {credential_name} for {host}", credential_name=credential_name, host=host),
                role="section",
            )
        )
        self.line = PasswordLineEdit()
        layout.addWidget(
            Field(
                tr("Password of {account}", account=account),
                self.line,
                tr("It will be sent to {host} and to servers that use it now", host=host),
            )
        )
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.use_button = buttons.primary("Use this password")
        self.use_button.setEnabled(False)
        self.use_button.setDefault(True)
        self.use_button.clicked.connect(self.accept)
        self.line.textChanged.connect(lambda text: self.use_button.setEnabled(bool(text)))
        cancel = buttons.secondary("Cancel")
        cancel.clicked.connect(self.reject)
        foot.addWidget(self.use_button)
        foot.addStretch(1)
        foot.addWidget(cancel)
        layout.addLayout(foot)
