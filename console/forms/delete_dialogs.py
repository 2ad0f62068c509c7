"""Dialogs about deletion: delete an object, an object in use, an object that somebody else deleted."""

from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from console.forms.used_by_tab import describe_reference
from console.runtime.context import Context
from console.runtime.page_targets import Target
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.dialog_parts import titled_column
from console.widgets.labels import Label, LinkLabel
from services.common.errors import Reference
from services.language import tr, translate

MAX_USERS_SHOWN = 8
WIDTH = 420


class ConfirmationDialog(Dialog):
    """A title, a few lines and two buttons; accepted by the first."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        self.lines = titled_column(self, title)
        label = Label(text)
        label.setWordWrap(True)
        self.lines.addWidget(label)

    def foot(self, accept: QPushButton | None, reject: str) -> None:
        """Add the buttons: the one that accepts, if any, and the one that rejects."""
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addStretch(1)
        out = buttons.secondary(reject)
        out.clicked.connect(self.reject)
        if accept is not None:
            accept.clicked.connect(self.accept)
            line.addWidget(accept)
        line.addWidget(out)
        self.lines.addSpacing(8)
        self.lines.addLayout(line)
        (out if accept is None else accept).setFocus()


class DeleteDialog(ConfirmationDialog):
    """Asks whether to delete an object no other refers to.

    `requests` is a text for the requests that refer to it, which keep its name; `secret` tells that its password is removed.
    """

    def __init__(
        self,
        kind_name: str,
        name: str,
        parent: QWidget | None = None,
        *,
        requests: str = "",
        secret: bool = False,
    ) -> None:
        users = (
            tr(
                "No other object refers to this {kind}; {requests} will keep its name.",
                kind=translate(kind_name),
                requests=requests,
            )
            if requests
            else tr("Nothing refers to this {kind}.", kind=translate(kind_name))
        )
        said = [users, tr("It can be restored with Ctrl+Z, or from Configuration > Deleted objects.")]
        if secret:
            said.append(tr("Its password is removed from the vault, and has to be entered again after that."))
        text = " ".join(said)
        super().__init__(tr("Delete “{name}”", name=name), text, parent)
        self.delete_button = buttons.danger("Delete")
        self.foot(self.delete_button, tr("Cancel"))


class InUseDialog(ConfirmationDialog):
    """Explains that an object is in use, with a link to each user."""

    def __init__(
        self, ctx: Context, name: str, users: list[Reference], parent: QWidget | None = None
    ) -> None:
        super().__init__(
            tr("“{name}” is in use", name=name),
            tr("It cannot be deleted while other objects refer to it. Point them at another one first."),
            parent,
        )
        for user in users[:MAX_USERS_SHOWN]:
            _, word, target = describe_reference(user)
            link = LinkLabel(user.name)
            link.setAccessibleName(tr("Open {word} {name}", word=word, name=user.name))
            link.clicked.connect(lambda *_, target=target: self._go(ctx, target))
            line = QHBoxLayout()
            line.addWidget(link)
            line.addWidget(Label(word, role="caption"))
            line.addStretch(1)
            self.lines.addLayout(line)
        if len(users) > MAX_USERS_SHOWN:
            self.lines.addWidget(
                Label(tr("and {count} more", count=len(users) - MAX_USERS_SHOWN), role="caption")
            )
        self.foot(None, tr("Close"))

    def _go(self, ctx: Context, target: Target) -> None:
        self.reject()
        ctx.navigate(target)


class RecreateDialog(ConfirmationDialog):
    """Offers to create again what somebody else deleted while it was edited."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("“{name}” was deleted meanwhile", name=name),
            tr(
                "Somebody else deleted it while it was edited here. What you typed can be saved as a new object."
            ),
            parent,
        )
        self.create_button = buttons.primary("Create it again")
        self.foot(self.create_button, tr("Keep editing"))
