"""What a step is done with: the method, the credential, the probe, the rehearsals, the removal of the password."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.forms.reference_picker import ReferenceField
from console.move_off.presenter import ROW_SHAPES, MovePresenter, MoveStep
from console.move_off.settings_card import PartsCard
from console.widgets import buttons
from console.widgets.failure_panel import FailurePanel
from console.widgets.field import Field
from console.widgets.labels import Label, wrapped_label
from console.widgets.line_editors import ElidingComboBox
from console.widgets.stage_list import STATE_LABELS
from models.kinds import Kind
from models.sign_in import METHODS, SignInMethod
from services.language import tr, translate, translate_message
from services.sign_in_probe import PROBE_ROWS
from services.sign_in_switch.checklist import TARGET_METHODS

if TYPE_CHECKING:
    from console.move_off.move_page import MovePage


class StepControls(QWidget):
    """The controls of the selected step; hidden for steps that have none."""

    method_chosen = pyqtSignal(object)
    credential_chosen = pyqtSignal(object)
    credential_opened = pyqtSignal()
    probe_clicked = pyqtSignal()
    before_clicked = pyqtSignal()
    after_clicked = pyqtSignal()
    remove_clicked = pyqtSignal()

    def __init__(self, page: "MovePage") -> None:
        super().__init__(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.title = Label("", role="section")
        layout.addWidget(self.title)
        self._parts = {
            MoveStep.METHOD: self._method_part(),
            MoveStep.ENTER: self._credential_part(page),
            MoveStep.PROBE: self._probe_part(),
            MoveStep.REHEARSE: self._rehearsal_part(),
            MoveStep.REMOVE: self._removal_part(),
        }
        for part in self._parts.values():
            layout.addWidget(part)

    # -- building ----------------------------------------------------------

    def _method_part(self) -> QWidget:
        self.methods = ElidingComboBox()
        self.methods.setAccessibleName(tr("Authentication method"))
        self.methods.addItem(tr("Choose a method"), None)
        for method in TARGET_METHODS:
            self.methods.addItem(translate(METHODS[method].label), method)
        self.methods.activated.connect(lambda place: self.method_chosen.emit(self.methods.itemData(place)))
        return _column(
            Field(
                "Authentication method",
                self.methods,
                tr("API keys are not offered: they work for REST only"),
            )
        )

    def _credential_part(self, page: "MovePage") -> QWidget:
        self.credential = ReferenceField(page, "credential", Kind.USER_CREDENTIAL)
        self.credential.edited.connect(lambda: self.credential_chosen.emit(self.credential.item))
        self._credential_field = Field("User Credential", self.credential.widget, "")
        self.open_button = buttons.secondary("Open User Credential", icon="open")
        self.open_button.clicked.connect(lambda _on: self.credential_opened.emit())
        return _column(self._credential_field, self.open_button)

    def _probe_part(self) -> QWidget:
        self.probe_card = PartsCard(tr("Probe"), (tr("Probe"), tr("Seen")), len(PROBE_ROWS), figures=False)
        self.failure = FailurePanel()
        self.probe_button = buttons.secondary("Probe sign-in", icon="play")
        self.probe_button.clicked.connect(lambda _on: self.probe_clicked.emit())
        return _column(self.probe_card, self.failure, self.probe_button)

    def _rehearsal_part(self) -> QWidget:
        self._rehearsal_text = wrapped_label(
            tr(
                "A request is raised, approved and cleaned up, once with each sign-in. Approvers see REHEARSAL first."
            )
        )
        self.before_button = buttons.secondary("Rehearse before", icon="play")
        self.after_button = buttons.secondary("Rehearse after", icon="play")
        self.before_button.clicked.connect(lambda _on: self.before_clicked.emit())
        self.after_button.clicked.connect(lambda _on: self.after_clicked.emit())
        return _column(self._rehearsal_text, self.before_button, self.after_button)

    def _removal_part(self) -> QWidget:
        self._removal_text = wrapped_label("")
        self.remove_button = buttons.secondary("Remove the password…", icon="bin")
        self.remove_button.clicked.connect(lambda _on: self.remove_clicked.emit())
        return _column(self._removal_text, self.remove_button)

    # -- what it shows -----------------------------------------------------

    def show_step(self, presenter: MovePresenter, step: MoveStep) -> None:
        """Show the controls of a step."""
        part = self._parts.get(step)
        self.setVisible(part is not None)
        for known in self._parts.values():
            known.setVisible(known is part)
        self.title.setText(presenter.steps()[step].name)
        self._show_method(presenter)
        self._show_credential(presenter)
        self._show_probe(presenter)
        facts = presenter.facts
        free = not presenter.probing and not presenter.rehearsing
        can_rehearse = facts is not None and facts.can_rehearse and free
        has_source = facts is not None and facts.source is not None
        self.before_button.setEnabled(can_rehearse and has_source and not presenter.is_switched)
        self.after_button.setEnabled(can_rehearse and presenter.can_try)
        has_password = presenter.is_switched and facts is not None and facts.has_password
        self.remove_button.setEnabled(has_password)
        self._removal_text.setText(_removal_text(presenter))

    def _show_method(self, presenter: MovePresenter) -> None:
        place = self.methods.findData(presenter.method) if presenter.method is not None else 0
        if self.methods.currentIndex() != place:
            self.methods.setCurrentIndex(place)
        self.methods.setEnabled(not presenter.is_switched)

    def _show_credential(self, presenter: MovePresenter) -> None:
        target = presenter.target
        shown = self.credential.item
        if (target is not None and (shown is None or shown.id != target.id)) or (
            target is not None and shown is not None and shown.version != target.version
        ):
            self.credential.write({"credential": target.id})
            self.credential.reload_item()
        self.credential.widget.setEnabled(not presenter.is_switched)
        self.open_button.setEnabled(target is not None)
        self._credential_field.set_help(_credential_help(presenter))

    def _show_probe(self, presenter: MovePresenter) -> None:
        self.probe_button.setEnabled(presenter.can_try)
        waiting = presenter.probing
        for place, (row, label) in enumerate(PROBE_ROWS.items()):
            result = presenter.probe_rows.get(row)
            if result is not None:
                shape, seen = ROW_SHAPES[result.state], translate_message(result.evidence)
            else:
                shape, seen, waiting = "running" if waiting else "todo", "", False
            self.probe_card.set_row(place, (translate(label), seen), shape, tr(STATE_LABELS[shape]))
        self.probe_card.describe()
        problem = (
            presenter.probe.findings[0].problem if presenter.probe and presenter.probe.findings else None
        )
        if problem is None:
            self.failure.clear()
        else:
            self.failure.show_problem(problem)


def _credential_help(presenter: MovePresenter) -> str:
    facts = presenter.facts
    if facts is None or facts.target is None:
        return tr("Its secrets are entered on the page of the User Credential")
    if facts.target.method is SignInMethod.BASIC:
        return tr("It signs in with a password; choose another one")
    if facts.missing:
        secret = translate(facts.missing[0])
        return tr("Enter the {secret} on its page, for this server", secret=secret)
    return translate(METHODS[facts.target.method].label)


def _removal_text(presenter: MovePresenter) -> str:
    facts = presenter.facts
    if not presenter.is_switched or facts is None or facts.source is None:
        return tr("After the switch the former password can be removed from the vault.")
    if not facts.has_password:
        return tr("The vault has no password of {credential} any more.", credential=facts.source.name)
    return tr("The vault still has the password of {credential}.", credential=facts.source.name)


def _column(*widgets: QWidget) -> QWidget:
    part = QWidget()
    layout = QVBoxLayout(part)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    row: QHBoxLayout | None = None
    for widget in widgets:
        if widget.property("kind") is None:
            layout.addWidget(widget)
            continue
        if row is None:
            row = QHBoxLayout()
            row.setSpacing(8)
            layout.addLayout(row)
        row.addWidget(widget)
    if row is not None:
        row.addStretch(1)
    return part
