"""The widgets of the three steps of the set-up wizard: sign in, what was found, done."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from console.forms.edit_session import as_sentence
from console.forms.field_editors import EditorHost, PathField
from console.forms.sign_in_choice import SignInChoice
from console.runtime.page_targets import Target
from console.setup.wizard_pasted_sign_in import SignInSplitter
from console.setup.wizard_privilege_manager_fields import PrivilegeManagerFields
from console.setup.wizard_set_up_runs import LastSetUp
from console.setup.wizard_work import SignInValues
from console.widgets.field import Field, FieldState
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel
from console.widgets.line_editors import PasswordLineEdit, TextLineEdit, UrlLineEdit
from console.widgets.meter import Meter
from models.addresses import normalise_base_url
from models.base import NAME_MAX, validate_single_line
from models.kinds import KINDS, Kind
from models.server_fields import URL_MAX
from models.sign_in import SignInMethod
from models.translation_marks import tr_later
from services.common.secret import Secret
from services.language import plural, tr, translate

if TYPE_CHECKING:
    from services.connectivity import CheckReport, StageResult
    from services.setup.discovery import CreatedSetup, DiscoveryResult

LABEL_WIDTH = 190
ADDRESS_HELP = tr_later(
    "https://INSTANCE.service-now.com/, as in the browser; or paste address, account and password together"
)
SERVICE_LABELS = {
    "create": tr_later("Create request service"),
    "status": tr_later("Get request status service"),
    "cancel": tr_later("Cancel request service"),
}


class SignInStep(QWidget):
    """Address and who signs in, and optionally a Privilege Manager server."""

    changed = pyqtSignal()

    def __init__(self, host: EditorHost) -> None:
        super().__init__()
        self.address, self.account, self.password = UrlLineEdit(), TextLineEdit(), PasswordLineEdit()
        self._address_field = Field("Base URL", self.address, ADDRESS_HELP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self.last_set_up = LastSetUp()
        layout.addWidget(self.last_set_up)
        layout.addWidget(self._address_field)
        typed = QWidget()
        column = QVBoxLayout(typed)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(Field("Account Name", self.account, "The ServiceNow user name"))
        column.addWidget(Field("Password", self.password, "Stored in the vault, for this address only"))
        self.choice = SignInChoice(host, typed)
        layout.addWidget(self.choice)
        self.certificate = PathField("client_certificate", tr("Client certificate"))
        self._certificate_field = Field(
            "Client certificate",
            self.certificate.widget,
            tr("PEM or PKCS#12; its passphrase is a secret of the User Credential"),
        )
        self._certificate_field.hide()
        layout.addWidget(self._certificate_field)
        self.privilege_manager = PrivilegeManagerFields()
        self.privilege_manager.changed.connect(self.changed)
        layout.addWidget(self.privilege_manager)
        layout.addStretch(1)
        for line in (self.address, self.account, self.password):
            line.textChanged.connect(lambda _text: self.changed.emit())
        self.choice.changed.connect(self._on_choice_changed)
        # Three values that are pasted together name an account; typing there is not possible meanwhile.
        self.password.textChanged.connect(self._on_password_changed)
        self.certificate.edited.connect(self.changed)
        self.address.textChanged.connect(lambda _text: self._update_error())
        self._splitter = SignInSplitter(self.address, (self.account, self.password))
        self.address.editingFinished.connect(lambda: self.address.text().strip() and self.normalise())

    def _on_password_changed(self, text: str) -> None:
        if text:
            self.choice.use_typed()

    def _on_choice_changed(self) -> None:
        credential = self.choice.credential
        by_certificate = credential is not None and credential.method is SignInMethod.CERTIFICATE
        self._certificate_field.setVisible(by_certificate)
        self.changed.emit()

    @property
    def _certificate_path(self) -> str | None:
        """The file of the client certificate, where the chosen User Credential signs in with it."""
        if self._certificate_field.isHidden():
            return None
        return str(self.certificate.read()["client_certificate"] or "").strip() or None

    def missing(self) -> str:
        """Return what still has to be filled in or corrected, or an empty text."""
        if self.address.text().strip() and (error := self._address_error()):
            return tr("Base URL: {error}", error=error)
        missing = self._missing_credential() if self.choice.uses_credential else self._missing_account()
        return missing or self.privilege_manager.missing()

    def _missing_credential(self) -> str:
        if not self.address.text().strip():
            return tr("Fill in {names}", names=tr("Base URL"))
        if missing := self.choice.missing():
            return missing
        if not self._certificate_field.isHidden() and self._certificate_path is None:
            return tr("Fill in {names}", names=tr("Client certificate"))
        return ""

    def _missing_account(self) -> str:
        if error := self._account_error():
            return tr("Account Name: {error}", error=error)
        lines = (
            (tr("Base URL"), self.address),
            (tr("Account Name"), self.account),
            (tr("Password"), self.password),
        )
        empty = [label for label, line in lines if not line.text().strip()]
        return tr("Fill in {names}", names=", ".join(empty)) if empty else ""

    def _address_error(self) -> str:
        """Return what is wrong with the address, or an empty text."""
        try:
            address = normalise_base_url(self.address.text())
        except ValueError as error:
            return as_sentence(str(error))
        return tr("Is too long") if len(address) > URL_MAX else ""

    def _account_error(self) -> str:
        account = self.account.text().strip()
        try:
            validate_single_line(account)
        except ValueError as error:
            return as_sentence(str(error))
        return tr("Is too long") if len(account) > NAME_MAX else ""

    def _update_error(self) -> None:
        """Update a shown error while typing; a new one is shown when the field is left."""
        if self._address_field.state == FieldState.ERROR:
            error = self._address_error() if self.address.text().strip() else ""
            if error:
                self._address_field.set_error(error)
            else:
                self._address_field.set_help(tr(ADDRESS_HELP))

    def normalise(self) -> bool:
        """Show the address as it will be used; returns False, with the reason beside it, when it is not valid."""
        if error := self._address_error():
            self._address_field.set_error(error)
            return False
        self._address_field.set_help(tr(ADDRESS_HELP))
        normal = normalise_base_url(self.address.text())
        if normal != self.address.text():
            self.address.setText(normal)
        return True

    def values(self) -> SignInValues:
        """Return what was typed as it is used and stored; raises ValueError for an address that cannot be one."""
        base_url = normalise_base_url(self.address.text())
        if (credential := self.choice.credential) is not None:
            path = self._certificate_path
            return SignInValues(base_url, credential.account, Secret(""), credential, path)
        return SignInValues(base_url, self.account.text().strip(), Secret(self.password.text()))

    @property
    def line_to_correct(self) -> QWidget:
        """Where the keyboard goes after a sign-in was refused."""
        return self.choice.picker.button if self.choice.uses_credential else self.password

    def forget_password(self) -> None:
        """Clear the password line."""
        self.password.clear()


class ResultLine(QWidget):
    """A status shape, a label, a name, and details."""

    def __init__(self, state: str, label: str, text: str, seen: str = "") -> None:
        super().__init__()
        self.setAccessibleName(f"{label}: {text} {seen}".strip())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        picture = IconLabel(state, 14, word=state)
        name = Label(label, role="field")
        name.setFixedWidth(LABEL_WIDTH)
        layout.addWidget(picture)
        layout.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(ElidedLabel(text))
        if seen:
            words.addWidget(ElidedLabel(seen, role="caption"))
        layout.addLayout(words, 1)
        layout.setAlignment(picture, Qt.AlignmentFlag.AlignTop)


class FoundStep(QWidget):
    """What the instance has of what approvals need, and the objects that will be created."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self.lines: list[tuple[str, str, str, str]] = []
        """The lines: state, label, name, and details."""
        self._found: list[ResultLine] = []

    def show_found(
        self,
        found: "DiscoveryResult",
        base_url: str,
        account: str,
        names: dict[Kind, str],
        below: QWidget | None = None,
    ) -> None:
        """Show a line for each service and the item, and one for each object that will be created, with its name.

        `below` is shown under them: what is missing and can be created, or what was created just now.
        """
        from console.forms.request_item_picker import contract_text

        self._clear()
        self.lines = [
            ("good", tr("Signed in"), tr("{account} at {base_url}", account=account, base_url=base_url), "")
        ]
        for service in found.services:
            seen = translate(service.verdict.text) if service.verdict is not None else ""
            unseen = tr("Not found on the instance")
            if found.services_doubt and not service.name:
                unseen, seen = tr("Not seen on the instance"), found.services_doubt
            name = service.name or unseen
            self.lines.append(("good" if service.ok else "bad", tr(SERVICE_LABELS[service.role]), name, seen))
        if found.item is None and found.item_doubt:
            self.lines.append(("bad", tr("Request Item"), tr("Not seen on the instance"), found.item_doubt))
        elif found.item is None:
            self.lines.append(("bad", tr("Request Item"), tr("No item has the required variables"), ""))
        else:
            self.lines.append(("good", tr("Request Item"), found.item.name, contract_text(found.item)[1]))
        lines = [ResultLine(*line) for line in self.lines]
        for widget in lines:
            self._layout.addWidget(widget)
        self._found = lines[1:]
        self._layout.addSpacing(8)
        if found.complete:
            for kind, name in names.items():
                self._layout.addWidget(ResultLine("create", tr(KINDS[kind].singular), name))
        if below is not None:
            self._layout.addSpacing(8 if found.complete else 0)
            self._layout.addWidget(below)
        self._layout.addStretch(1)

    def show_created(self, below: QWidget) -> None:
        """Show what a run created, without what was found before it, which no longer holds."""
        self._clear()
        self.lines = []
        self._layout.addWidget(below)
        self._layout.addStretch(1)

    def forget_found(self) -> None:
        """Hide what was found, because records were written since."""
        del self.lines[1:]
        for widget in self._found:
            widget.hide()

    def _clear(self) -> None:
        self._found = []
        while (old := self._layout.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()


class DoneStep(QWidget):
    """Links to the created objects, and the progress of the staged check."""

    opened = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self._grid.setColumnStretch(2, 1)
        self.links: list[LinkLabel] = []
        self.verdict = Label("", role="strong")
        self.stage = Label("")
        self.stage.setWordWrap(True)
        self._meter = Meter()
        self._shape = IconLabel("", 14)
        self._done = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._grid)
        layout.addSpacing(12)
        layout.addWidget(Label(tr("Connection check"), role="section"))
        layout.addWidget(self._meter)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._shape, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.verdict, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.stage, 1)
        layout.addLayout(line)
        layout.addStretch(1)

    def show_made(self, made: "CreatedSetup") -> None:
        """Show a link to each object."""
        for row, item in enumerate((made.credential, made.server, made.process, made.approval_type)):
            info = KINDS[item.kind]
            link = LinkLabel(item.name)
            link.setAccessibleName(tr("Open {kind} {name}", kind=tr(info.singular), name=item.name))
            target = Target(str(item.kind), item.id)
            link.clicked.connect(lambda *_args, target=target: self.opened.emit(target))
            self._grid.addWidget(Label(info.singular, role="field"), row, 0)
            self._grid.addWidget(link, row, 1)
            self.links.append(link)

    def checking(self) -> None:
        """Show that the check runs."""
        self._done = 0
        self.verdict.setText(tr("Checking"))
        self._shape.show_shape("running")

    def stage_done(self, result: "StageResult") -> None:
        """Show that a stage of the check has ended."""
        from services.connectivity import STAGES

        self._done += 1
        self._meter.set_value(self._done / len(STAGES))
        self.stage.setText(f"{result.stage}: {result.evidence}")

    def not_checked(self) -> None:
        """Show that the check itself could not run."""
        self._shape.show_shape("bad")
        self.verdict.setText(tr("Could not be checked"))
        self.stage.setText("")

    def show_report(self, report: "CheckReport") -> None:
        """Show the verdict and the worst finding."""
        words = {"ok": ("good", tr("Everything works")), "warning": ("notice", tr("Works, with a warning"))}
        state, word = words.get(report.verdict, ("bad", tr("The check failed")))
        self._meter.set_value(1.0)
        self._shape.show_shape(state)
        self.verdict.setText(word)
        worst = next((s for s in report.stages if s.state in ("failed", "warning")), None)
        good = sum(1 for s in report.stages if s.state == "ok")
        self.stage.setText(
            plural(good, "{count} stage good, {ms} ms", "{count} stages good, {ms} ms", ms=round(report.ms))
            if worst is None
            else f"{translate(worst.cause)} {translate(worst.remedy)}"
        )
