"""Picks the Approval Type of an action, and asks for its GUID in Privilege Manager."""

import uuid
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.forms.field_editors import Editor, EditorHost
from console.forms.reference_picker import ReferenceField
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.field import Field
from console.widgets.labels import Label, LinkLabel
from console.widgets.line_editors import TextLineEdit
from models.field_values import FieldValues
from models.guids import normalise_guid
from models.kinds import Kind
from services.language import tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject

DIALOG_WIDTH = 480
DEFAULT_APPROVAL_TYPE = "2a3f33c4-15dd-41d0-a620-889ea1e4408a"
"""The built-in approval type, which every unchanged approval action names."""


class ApprovalTypeField(ReferenceField):
    """Edits `type_id` and `approval_type_guid`. Another type starts with the GUID that another action has for it."""

    def __init__(self, host: EditorHost, name: str) -> None:
        super().__init__(host, name, Kind.APPROVAL_TYPE)
        self.names = (name, "approval_type_guid")
        self.guid = ""

    def read(self) -> FieldValues:
        """Return the type and its GUID."""
        return {**super().read(), "approval_type_guid": self.guid}

    def write(self, values: FieldValues) -> None:
        """Show the type; the page shows the GUID."""
        self.guid = str(values.get("approval_type_guid") or "")
        super().write(values)

    def set_guid(self, guid: str) -> None:
        """Set the GUID, as a person does."""
        if guid != self.guid:
            self.guid = guid
            self.edited.emit()

    def choose(self, item: "ConfigurationObject | None") -> None:
        """Choose a type; its GUID is that of another action with this type, else unknown."""
        if item is None or item.id != self._id:
            self.guid = ""
        super().choose(item)
        if item is not None and not self.guid:
            self._host.tasks.start(self._find_guid(item.id), group="find guid")

    async def _find_guid(self, type_id: uuid.UUID) -> None:
        from models.action import Action

        workspace = await self._host.ctx.ready()
        actions = await self._host.ctx.call(workspace.configuration.all, Action)
        known = [
            one.approval_type_guid for one in actions if one.type_id == type_id and one.approval_type_guid
        ]
        if known and self._id == type_id and not self.guid:
            self.set_guid(known[0])


def approval_type(host: EditorHost, name: str) -> Editor:
    """Make the picker of the Approval Type."""
    return ApprovalTypeField(host, name)


class GuidDialog(Dialog):
    """Asks for the GUID of an Approval Type; `offered` is one that the export names, or empty."""

    def __init__(self, type_name: str, guid: str, offered: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(tr("GUID of the Approval Type")))
        self.setMinimumWidth(DIALOG_WIDTH)
        self.guid = guid
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        column.addWidget(Label(tr("GUID of the Approval Type"), role="section"))
        text = Label(
            tr(
                "Open “{name}” in Privilege Manager. The GUID is the last part of the page's address.",
                name=type_name,
            )
            if type_name
            else tr(
                "Open the Approval Type in Privilege Manager. The GUID is the last part of the page's address."
            )
        )
        text.setWordWrap(True)
        column.addWidget(text)
        self.line = TextLineEdit()
        self.line.setText(guid)
        self.line.textChanged.connect(lambda _text: self._judge())
        self.field = Field("GUID", self.line, "Such as 00000000-0000-0000-0000-000000000000")
        column.addWidget(self.field)
        self.offer = LinkLabel("")
        if offered and offered != DEFAULT_APPROVAL_TYPE:
            self.offer.setText(tr("Use {guid} from the export", guid=offered.upper()))
            self.offer.clicked.connect(lambda *_: self.line.setText(offered))
            column.addWidget(self.offer)
        else:
            self.offer.hide()
        column.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        cancel = buttons.secondary(tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.accept_button = buttons.primary("Use GUID")
        self.accept_button.clicked.connect(self.accept)
        row.addWidget(cancel)
        row.addWidget(self.accept_button)
        column.addLayout(row)
        self._judge()

    def _judge(self) -> None:
        try:
            self.guid = normalise_guid(self.line.text())
        except ValueError:
            self.guid = ""
            self.field.set_error(tr("Not a GUID"))
        else:
            self.field.set_help(tr("Such as 00000000-0000-0000-0000-000000000000"))
        self.accept_button.setEnabled(bool(self.guid))
