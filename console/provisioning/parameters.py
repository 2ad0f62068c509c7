"""The form of names and options: how the items are called, and what the set contains."""

from typing import TYPE_CHECKING, TypedDict

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from console.widgets import plain_text
from console.widgets.field import Field
from console.widgets.labels import Label
from console.widgets.line_editors import CheckBox, ElidingComboBox, TextLineEdit
from models.translation_marks import tr_later
from services.language import tr, translate

if TYPE_CHECKING:
    from services.provisioning import ItemNames
    from services.provisioning.item_names import ItemNameError

CATEGORIES = ("Thycotic", "Delinea")
AUTOMATIC_WORKFLOW = tr_later("The only active one on the instance")
VENDOR_NAME_HELP = tr_later("Empty for the vendor's name")
WIDTH = 640
TEXT_FIELDS = ("item", "create_service", "status_service", "cancel_service")


class NameParameters(TypedDict):
    """The values of the form as `ItemNames.of` takes them; an empty name stands for the default."""

    prefix: str
    category: str
    workflow: str
    further_variables: bool
    item: str
    create_service: str
    status_service: str
    cancel_service: str


class Parameters(QScrollArea):
    """The form. An empty name stands for the vendor's, with the prefix in front."""

    changed = pyqtSignal()
    """A user edited something."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Names and options"))
        self.category, self.workflow = QComboBox(), ElidingComboBox()
        self.category.setEditable(True)
        self.category.addItems(CATEGORIES)
        self.workflow.addItem(tr(AUTOMATIC_WORKFLOW), "")
        for box in (self.category, self.workflow):
            box.setMinimumContentsLength(12)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.prefix = TextLineEdit()
        self.lines = {name: TextLineEdit() for name in TEXT_FIELDS}
        self.further = CheckBox(tr("Further variables of newer versions"))
        self.fields: dict[str, Field] = {}
        self._helps: dict[str, str] = {}
        self._build()
        self._show_defaults()
        self.category.currentTextChanged.connect(lambda _t: self.changed.emit())
        self.workflow.activated.connect(lambda _i: self.changed.emit())
        self.further.clicked.connect(lambda _on: self.changed.emit())
        self.prefix.textEdited.connect(lambda _t: self._prefix_edited())
        for line in self.lines.values():
            line.textEdited.connect(lambda _t: self.changed.emit())

    def _build(self) -> None:
        content = QWidget(self.viewport())
        content.setProperty("role", "page")
        content.setMaximumWidth(WIDTH)
        # Before there is anything in it: Qt would compute the size of everything, which changes once it is shown.
        self.setWidget(content)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 8, 8)
        column.setSpacing(12)
        column.addWidget(Label(tr("Names and options"), role="section"))
        rows = (
            (("category", tr("Category"), self.category, tr("Thycotic up to 11.1, Delinea in later versions")),
             ("prefix", tr("Prefix"), self.prefix, tr("Optional, tells several sets on one instance apart"))),
            (("item", tr("Request Item"), self.lines["item"], tr(VENDOR_NAME_HELP)),
             ("workflow", tr("Approval workflow"), self.workflow, tr("Asks the approvers; read from the instance"))),
            (("create_service", tr("Create request service"), self.lines["create_service"], tr(VENDOR_NAME_HELP)),),
            (("status_service", tr("Get request status service"), self.lines["status_service"], tr(VENDOR_NAME_HELP)),),
            (("cancel_service", tr("Cancel request service"), self.lines["cancel_service"], tr(VENDOR_NAME_HELP)),),
        )  # fmt: skip
        for row in rows:
            line = QHBoxLayout()
            line.setSpacing(16)
            for name, label, editor, text in row:
                self.fields[name], self._helps[name] = Field(label, editor, text, content), text
                line.addWidget(self.fields[name], 1, Qt.AlignmentFlag.AlignTop)
            column.addLayout(line)
        column.addWidget(self.further)
        column.addStretch(1)

    # -- values ------------------------------------------------------------

    def _prefix_edited(self) -> None:
        self._show_defaults()
        self.changed.emit()

    def _defaults(self) -> dict[str, str]:
        from models.approval_process import CANCEL_SERVICE, CREATE_SERVICE, ITEM_NAME, STATUS_SERVICE

        prefix = self.prefix.text().strip()
        return {
            "item": f"{prefix} {ITEM_NAME}" if prefix else ITEM_NAME,
            "create_service": prefix + CREATE_SERVICE,
            "status_service": prefix + STATUS_SERVICE,
            "cancel_service": prefix + CANCEL_SERVICE,
        }

    def _show_defaults(self) -> None:
        for name, text in self._defaults().items():
            self.lines[name].setPlaceholderText(text)

    def values(self) -> NameParameters:
        """Return the values as typed."""
        names = {name: line.text().strip() for name, line in self.lines.items()}
        return NameParameters(
            prefix=self.prefix.text().strip(),
            category=self.category.currentText().strip(),
            workflow=self.workflow.currentData() or "",
            further_variables=self.further.isChecked(),
            item=names["item"],
            create_service=names["create_service"],
            status_service=names["status_service"],
            cancel_service=names["cancel_service"],
        )

    def write(self, names: "ItemNames") -> None:
        """Show the names of a set; `changed` is not emitted."""
        self.blockSignals(True)
        try:
            self.prefix.setText(names.prefix)
            self.category.setCurrentText(names.category)
            self._show_defaults()
            defaults = self._defaults()
            for name, line in self.lines.items():
                value = getattr(names, name)
                line.setText("" if value == defaults[name] else value)
            self.further.setChecked(names.further_variables)
            self._choose_workflow(names.workflow)
        finally:
            self.blockSignals(False)

    def show_workflows(self, names: tuple[str, ...], attached: str) -> None:
        """Offer the workflows of the instance. Those offered before stay: a plan for one workflow reads only that one."""
        for name in names:
            if self.workflow.findData(name) < 0:
                self.workflow.addItem(plain_text.one_line(name), name)
        text = tr("None is attached by this plan")
        if attached:
            text = tr("Asks the approvers: {workflow}", workflow=attached)
        self.fields["workflow"].set_help(text)

    def forget_workflows(self) -> None:
        """Discard the workflows of another instance."""
        self.workflow.clear()
        self.workflow.addItem(tr(AUTOMATIC_WORKFLOW), "")
        self.fields["workflow"].set_help(self._helps["workflow"])

    def _choose_workflow(self, name: str) -> None:
        if name and self.workflow.findData(name) < 0:
            self.workflow.addItem(plain_text.one_line(name), name)
        self.workflow.setCurrentIndex(max(self.workflow.findData(name), 0))

    # -- errors ------------------------------------------------------------

    def show_error(self, error: "ItemNameError") -> None:
        """Show beside its field which name an instance cannot carry."""
        self.clear_errors()
        field = self.fields.get(error.field, self.fields["item"])
        field.set_error(translate(error.problem.remedy))

    def clear_errors(self) -> None:
        """Show the help texts again."""
        for name, field in self.fields.items():
            if field.state == "error":
                field.set_help(self._helps[name])
