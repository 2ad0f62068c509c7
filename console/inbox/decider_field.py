"""The account that decides: that of the server, or a User Credential that is chosen for this decision."""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.forms.deciding_credentials import can_decide, decider_text
from console.forms.reference_picker import ReferenceField
from console.runtime.task_runner import TaskRunner
from console.widgets.field import Field
from models.kinds import Kind
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.base import ConfigurationObject
    from models.foreign_system import ForeignSystem
    from models.user_credential import UserCredential


class DeciderField(QWidget):
    """Offers the User Credentials that can decide on the one server of the requests; without one its account decides."""

    changed = pyqtSignal()

    def __init__(self, ctx: "Context", server_ids: Iterable[uuid.UUID | None]) -> None:
        super().__init__()
        self.ctx = ctx
        self.tasks = TaskRunner(self, ctx.show_problem)
        servers = set(server_ids)
        self.server_id = servers.pop() if len(servers) == 1 else None
        """None where the requests are on several servers: a User Credential signs in to one."""
        self.server: ForeignSystem | None = None
        self._own: UserCredential | None = None
        self.picker = ReferenceField(self, "decide_as", Kind.USER_CREDENTIAL, accepts=self._accepts)
        self.picker.edited.connect(self._update)
        self._field = Field("Decide as", self.picker.widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._field)
        self._field.setEnabled(False)
        if self.server_id is None:
            self._field.set_help(tr("The requests are on several servers: the account of each decides"))

    @property
    def credential(self) -> "UserCredential | None":
        """The chosen User Credential, None for the account of the server."""
        if self.picker.item is None:
            return None
        from models.user_credential import UserCredential  # loaded with the store

        return self.picker.item_as(UserCredential)

    def load(self) -> None:
        """Read the server and its User Credential, which say who can decide, while the dialog is open."""
        if self.server_id is not None:
            self.tasks.start(self._load(self.server_id), group="load")

    async def _load(self, server_id: uuid.UUID) -> None:
        from models.foreign_system import ForeignSystem
        from models.user_credential import UserCredential

        workspace = await self.ctx.ready()
        get = workspace.configuration.get
        server = await self.ctx.call(get, ForeignSystem, server_id)
        if server.credential_id is not None:
            self._own = await self.ctx.call(get, UserCredential, server.credential_id)
        self.server = server
        self._field.setEnabled(True)
        self._update()

    def missing(self) -> str:
        """Return why the chosen User Credential cannot decide here, or an empty text."""
        if (credential := self.credential) is None or self._accepts(credential):
            return ""
        return tr("Its client certificate signs in another account, or there is none")

    def _accepts(self, item: "ConfigurationObject") -> bool:
        from models.user_credential import UserCredential

        return (
            isinstance(item, UserCredential)
            and self.server is not None
            and can_decide(item, self.server, self._own)
        )

    def _update(self) -> None:
        if (credential := self.credential) is not None:
            self._field.set_help(decider_text(credential))
        elif self._own is not None:
            self._field.set_help(tr("Optional; without one {account} decides", account=self._own.account))
        self.changed.emit()
