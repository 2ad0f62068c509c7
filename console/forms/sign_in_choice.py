"""The choice between an account with its password, typed for one use, and a User Credential with any method."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from console.forms.field_editors import EditorHost
from console.forms.method_field import ACCOUNT_CAPTIONS
from console.forms.reference_picker import ReferenceField
from console.widgets.field import Field
from console.widgets.labels import LinkLabel
from models.kinds import Kind
from models.sign_in import METHODS
from services.language import tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from models.user_credential import UserCredential

EDITOR_NAME = "sign_in_as"


class SignInChoice(QWidget):
    """Shows the fields of an account, or a picker of User Credentials in their place; a link under them changes that.

    The list of the picker also makes a new User Credential, with whichever method it needs.
    """

    changed = pyqtSignal()

    def __init__(self, host: EditorHost, typed: QWidget) -> None:
        """Let a person choose between `typed`, the fields of an account, and a User Credential."""
        super().__init__()
        self.typed = typed
        self.picker = ReferenceField(host, EDITOR_NAME, Kind.USER_CREDENTIAL, optional=False)
        self.picker.shown.connect(self._describe)
        self.picker.edited.connect(self.changed)
        self.field = Field("User Credential", self.picker.widget)
        self._describe(None)
        self.field.hide()
        self.link = LinkLabel(tr("Use a User Credential"))
        self.link.clicked.connect(self._toggle)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(typed)
        column.addWidget(self.field)
        column.addWidget(self.link)

    @property
    def uses_credential(self) -> bool:
        """Whether a User Credential is to be chosen, instead of what is typed."""
        return not self.field.isHidden()

    @property
    def credential(self) -> "UserCredential | None":
        """The chosen User Credential; None while the account is typed or none is chosen."""
        if not self.uses_credential or self.picker.item is None:
            return None
        from models.user_credential import UserCredential  # loaded with the store

        return self.picker.item_as(UserCredential)

    def missing(self) -> str:
        """Return that a User Credential is to be chosen, or an empty text."""
        if not self.uses_credential or self.credential is not None:
            return ""
        return tr("Choose a User Credential")

    def use_typed(self) -> None:
        """Take the account that is typed; the focus stays where it is."""
        if self.uses_credential:
            self._show(typing=True)

    def _toggle(self) -> None:
        typing = self.uses_credential
        self._show(typing=typing)
        first = self.typed.findChild(QLineEdit) if typing else self.picker.button
        if first is not None:
            first.setFocus()

    def _show(self, *, typing: bool) -> None:
        self.typed.setVisible(typing)
        self.field.setVisible(not typing)
        self.link.setText(tr("Use a User Credential") if typing else tr("Enter account and password"))
        self.changed.emit()

    def _describe(self, item: "ConfigurationObject | None") -> None:
        if item is None:
            self.field.set_help(tr("Any sign-in method; its secrets come from the vault"))
            return
        from models.user_credential import UserCredential

        if not isinstance(item, UserCredential):
            return
        method = item.method
        self.field.set_help(
            tr(
                "{method}, as {account}: {whose}",
                method=tr(METHODS[method].label),
                account=item.account,
                whose=tr(ACCOUNT_CAPTIONS[method]),
            )
        )
