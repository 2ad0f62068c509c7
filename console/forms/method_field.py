"""The picker of a credential's authentication method, and the fields that the methods have in common."""

from collections.abc import Mapping, Set

from console.forms import field_editors
from console.forms.field_editors import Editor, EditorHost
from console.forms.form import FieldSpec, Form, GroupSpec
from console.forms.secret_field import SecretField, secret
from console.widgets.line_editors import PickerButton
from console.widgets.popup_list import PickRow, PopupList
from models.field_values import FieldValues
from models.secret_names import SecretName
from models.sign_in import METHODS, JwtAlgorithm, SignInMethod
from models.text_folding import fold_text
from models.translation_marks import tr_later
from services.common.secret import Secret
from services.language import tr

ICON = "key"
METHOD_CAPTIONS: dict[SignInMethod, str] = {
    SignInMethod.BASIC: tr_later("User name and password"),
    SignInMethod.CLIENT_CREDENTIALS: tr_later("Client ID and secret; no user password"),
    SignInMethod.PASSWORD_GRANT: tr_later("Client ID and secret, user name and password"),
    SignInMethod.JWT_BEARER: tr_later("Signed with a private key"),
    SignInMethod.CERTIFICATE: tr_later("The client certificate of the server"),
}
ACCOUNT_CAPTIONS: dict[SignInMethod, str] = {
    SignInMethod.BASIC: tr_later("The ServiceNow user name, or the client ID"),
    SignInMethod.CLIENT_CREDENTIALS: tr_later("OAuth Application User of the client"),
    SignInMethod.PASSWORD_GRANT: tr_later("A user with interactive access"),
    SignInMethod.JWT_BEARER: tr_later("The user that the subject finds"),
    SignInMethod.CERTIFICATE: tr_later("The user that the certificate is mapped to"),
}
ALWAYS_SHOWN = frozenset({"sign_in", "account", "secret_expires_on"})


class MethodField(Editor):
    """A button that shows the method, and a searchable list of the methods under it."""

    def __init__(self, name: str) -> None:
        self.button = PickerButton()
        super().__init__(self.button, name)
        self._method = SignInMethod.BASIC
        self.popup: PopupList | None = None
        self.button.clicked.connect(self.open)
        self._show()

    @property
    def method(self) -> SignInMethod:
        """The method that is chosen."""
        return self._method

    def read(self) -> FieldValues:
        """Return the value of the method."""
        return {self.names[0]: self._method.value}

    def write(self, values: FieldValues) -> None:
        """Show a method."""
        self._method = method_of(values)
        self._show()

    def _show(self) -> None:
        self.button.set_value(ICON, tr(METHODS[self._method].label))

    def choose(self, method: SignInMethod) -> None:
        """Choose a method, as a person does."""
        self._method = method
        self._show()
        self.edited.emit()

    def open(self) -> None:
        """Open the list under the button."""
        if self.popup is None:
            self.popup = PopupList(self.button)
            self.popup.set_placeholder(tr("Search methods"))
            self.popup.search_changed.connect(self._fill)
            self.popup.chosen.connect(lambda key: self.choose(SignInMethod(key)))
        self._fill(self.popup.search_text())
        self.popup.popup()

    def _fill(self, text: str) -> None:
        if self.popup is None:
            return
        needle = fold_text(text).strip()
        rows = [
            PickRow(method.value, tr(form.label), tr(METHOD_CAPTIONS[method]), ICON, "")
            for method, form in METHODS.items()
            if needle in fold_text(tr(form.label))
        ]
        self.popup.set_rows(rows, current=self._method.value)
        self.popup.set_state("ready" if rows else "empty", "" if rows else tr("No method matches"))


def method(host: EditorHost, name: str) -> Editor:
    """Make the picker of a method."""
    del host
    return MethodField(name)


def method_of(values: FieldValues) -> SignInMethod:
    """Return the method of edited values; Basic where they name none."""
    value = str(values.get("sign_in") or SignInMethod.BASIC.value)
    return SignInMethod(value) if value in set(SignInMethod) else SignInMethod.BASIC


def shown_fields(chosen: SignInMethod) -> Set[str]:
    """Return the names of the fields and secrets that a method needs, with those of every method."""
    form = METHODS[chosen]
    return form.fields | {name.value for name in form.secrets} | ALWAYS_SHOWN


def used_secrets(typed: Mapping[SecretName, Secret], chosen: SignInMethod) -> dict[SecretName, Secret]:
    """Return the typed secrets that a method uses."""
    return {name: secret for name, secret in typed.items() if name in METHODS[chosen].secrets}


def secret_fields(form: Form) -> dict[SecretName, SecretField]:
    """Return the fields of a form for secrets."""
    return {one.editor.name: one.editor for one in form if isinstance(one.editor, SecretField)}


def show_method(form: Form, chosen: SignInMethod) -> None:
    """Show what a method needs, with its words."""
    form.show_only(shown_fields(chosen))
    form.note("sign_in", tr(METHOD_CAPTIONS[chosen]))
    form.note("account", tr(ACCOUNT_CAPTIONS[chosen]))


_ALGORITHMS = tuple((one.value, one.value) for one in JwtAlgorithm)

AUTHENTICATION_GROUP = GroupSpec(
    title="Authentication",
    caption="Only what this method needs",
    flows=True,
    rows=(
        (
            FieldSpec("sign_in", "Authentication method", method),
            FieldSpec("account", "Account Name", field_editors.text),
            FieldSpec(
                "client_id",
                "Client ID",
                field_editors.text,
                "As in Application Registry of the instance",
            ),
            FieldSpec("key_id", "Key ID", field_editors.text, "The kid of the JWT verifier map"),
            FieldSpec("subject", "Subject", field_editors.text, "The value of the client's User field"),
            FieldSpec(
                "algorithm",
                "Algorithm",
                field_editors.choice("Algorithm", *_ALGORITHMS),
                "RS for RSA keys, ES for EC keys",
            ),
            FieldSpec("private_key", "Private key", secret(SecretName.PRIVATE_KEY)),
            FieldSpec(
                "private_key_passphrase", "Passphrase of the key", secret(SecretName.PRIVATE_KEY_PASSPHRASE)
            ),
            FieldSpec("client_secret", "Client secret", secret(SecretName.CLIENT_SECRET)),
            FieldSpec("scope", "Scope", field_editors.optional_text, "Optional"),
            FieldSpec("password", "Password", secret(SecretName.PASSWORD)),
            FieldSpec(
                "certificate_passphrase",
                "Passphrase of the certificate",
                secret(SecretName.CERTIFICATE_PASSPHRASE),
            ),
            FieldSpec(
                "secret_expires_on",
                "Secret expires on",
                field_editors.text,
                "Entered by hand; reminders at 30, 7 and 1 days",
            ),
        ),
    ),
)
"""The group of a form for how a credential signs in. The order of the fields is that of the keyboard for every method."""
