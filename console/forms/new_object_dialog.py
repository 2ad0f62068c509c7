"""Creates an object from a picker: the first fields of its page in a small dialog, saved at once."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.design import theme
from console.forms.edit_session import EditSession
from console.forms.edited_object import field_values
from console.forms.form import Form, GroupSpec
from console.forms.method_field import method_of, secret_fields, show_method, used_secrets
from console.runtime.drafts import Draft, Drafts
from console.runtime.task_runner import TaskRunner, show_and_wait
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.labels import Label
from console.widgets.vertical_scroll_area import VerticalScrollArea
from models.kinds import KINDS, Kind
from models.sign_in import SignInMethod
from services.common.errors import ConsoleError, InvalidError, Problem
from services.language import plural, tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.base import ConfigurationObject

WIDTH, MESSAGE_LINES = 560, 3
FORM_HEIGHT_MAX = 520
"""A longer form scrolls."""
MAX_GROUPS = 2
"""Groups of the page that the dialog shows; fields of other groups have defaults and are edited on the page."""


class NewObjectDialog(Dialog):
    """A form with Create and Cancel for an unsaved object; `created` is the stored object once it is accepted."""

    def __init__(
        self,
        ctx: "Context",
        item: "ConfigurationObject",
        groups: Sequence[GroupSpec],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.created: ConfigurationObject | None = None
        self.tasks = TaskRunner(self, self._on_problem)
        drafts = Drafts(self)  # of its own: a cancelled dialog leaves no draft behind
        drafts.put(Draft(kind=item.kind, id=item.id, values=field_values(item)))
        self.session = EditSession(ctx, self.tasks, item.kind, item.id, self, drafts)
        self.form = Form(self, groups[:MAX_GROUPS])
        self._secrets = secret_fields(self.form)
        self._method: SignInMethod | None = None
        if self._secrets:
            self._fields_area = VerticalScrollArea(self.form, tr("Fields"))
        self._build(KINDS[item.kind].singular)
        self.session.loaded.connect(self._loaded)
        self.session.changed.connect(self._update)
        self.form.edited.connect(lambda _name: self.session.edit(self.form.values()))
        for name, one in self._secrets.items():
            one.entered.connect(partial(self.session.set_secret, name))
            one.begin(focus=False)
            one.keep_button.hide()
        self._show_method()
        self.tasks.start(self.session.load(), group="load")

    def _build(self, singular: str) -> None:
        self.setWindowTitle(plain_text.window_title(tr("New {kind}", kind=tr(singular))))
        self.setMinimumWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(tr("New {kind}", kind=tr(singular)), role="section"))
        if self._secrets:
            layout.addWidget(self._fields_area, 1)
        else:
            layout.addWidget(self.form)
            layout.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.create_button = buttons.primary("Create")
        self.create_button.clicked.connect(lambda: self.tasks.start(self._create(), group="create"))
        self.create_button.setDefault(True)
        self._cancel_button = cancel = buttons.secondary("Cancel")
        cancel.clicked.connect(self.reject)
        self._message = Label("", role="caption")
        self._message.setWordWrap(True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        # Its height is fixed, so that the dialog does not grow with a message.
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

    def _show_method(self) -> None:
        """Show the fields of the method, with room for them as far as the screen has it."""
        if not self._secrets:
            return
        chosen = method_of(self.session.values)
        if chosen is not self._method:
            self._method = chosen
            show_method(self.form, chosen)
            self._fields_area.setMinimumHeight(
                min(self.form.sizeHint().height(), theme.scaled(FORM_HEIGHT_MAX))
            )

    def _update(self) -> None:
        self._show_method()
        wrong = self.form.show_errors(self.session.errors, untouched=False)
        self.create_button.setEnabled(self.session.ready and not self.session.saving and not wrong)
        self._message.setText(
            plural(wrong, "Fill in {count} field to create it", "Fill in {count} fields to create it")
            if wrong
            else ""
        )

    async def _create(self) -> None:
        from console.forms.vault_access import store_secrets
        from models.user_credential import UserCredential

        try:
            self.created = await self.session.save()
        except InvalidError:
            self.form.show_errors(self.session.errors, untouched=True)
            return
        except ConsoleError as error:
            self._message.setText(f"{error.problem.cause} {error.problem.remedy}")
            return
        try:
            if isinstance(self.created, UserCredential):
                await store_secrets(
                    self.ctx, self.created, used_secrets(self.session.secrets, self.created.method)
                )
        except ConsoleError as error:
            said = tr("{name} was created. Its secrets were not stored:", name=self.created.name)
            self._message.setText(f"{said} {error.problem.cause} {error.problem.remedy}")
            self._cancel_button.setText(tr("Close"))
            self.create_button.setText(tr("Store the secrets"))
            return
        self.accept()

    def _on_problem(self, problem: Problem) -> None:
        self._message.setText(f"{problem.cause} {problem.remedy}")


async def show_new_object_dialog(
    ctx: "Context", kind: Kind, groups: Sequence[GroupSpec], parent: QWidget | None
) -> "ConfigurationObject | None":
    """Ask for a new object of a kind with these fields; returns the stored object, or None when cancelled."""
    workspace = await ctx.ready()
    item = await ctx.call(workspace.configuration.new, kind)
    dialog = NewObjectDialog(ctx, item, groups, parent)
    await show_and_wait(dialog)
    return dialog.created
