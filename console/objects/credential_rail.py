"""The side panel of a credential: where it is used, and when its secret ends."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from console.forms import vault_access
from console.objects.credential_expiry import SecretExpiry
from console.runtime.page_targets import Target
from console.widgets.labels import Label, set_tone, wrapped_label
from console.widgets.link_chain import ChainLink, ObjectChain, truncate_links
from models.kinds import KINDS, Kind
from services.language import tr

if TYPE_CHECKING:
    import uuid

    from models.approval_process import ApprovalProcess
    from models.approval_type import ApprovalType
    from models.base import ConfigurationObject
    from models.servers import Server

MORE_LINK_KEY = "more"


class CredentialRail(QWidget):
    """Shows what signs in with the credential as a chain, and the expiry where a day was entered."""

    clicked = pyqtSignal(object)
    """Carries the `Target` of a link, or `MORE_LINK_KEY`."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(Label(tr("Where used"), role="section"))
        self.caption = wrapped_label("", "caption")
        layout.addWidget(self.caption)
        layout.addSpacing(4)
        self.chain = ObjectChain()
        self.chain.clicked.connect(self.clicked)
        layout.addWidget(self.chain)
        self.expiry_part = self._expiry_part()
        layout.addWidget(self.expiry_part)
        layout.addStretch(1)
        self.show_expiry(None)

    def _expiry_part(self) -> QWidget:
        part = QWidget()
        layout = QVBoxLayout(part)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(4)
        rule = QFrame()
        rule.setFrameShape(QFrame.Shape.HLine)
        rule.setProperty("role", "rule")
        layout.addWidget(rule)
        layout.addSpacing(12)
        layout.addWidget(Label(tr("Expiry"), role="section"))
        grid = QGridLayout()
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        self.secret_label, self.secret_value = Label("", role="muted"), Label("")
        self.reminder_label, self.reminder_value = Label(tr("Next reminder"), role="muted"), Label("")
        pairs = ((self.secret_label, self.secret_value), (self.reminder_label, self.reminder_value))
        for place, (name, value) in enumerate(pairs):
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(name, place, 0)
            grid.addWidget(value, place, 1)
        layout.addLayout(grid)
        return part

    def show_expiry(self, expiry: SecretExpiry | None, name: str = "") -> None:
        """Show when the secret called `name` ends; without an entered day the part is hidden."""
        self.expiry_part.setVisible(expiry is not None)
        if expiry is None:
            return
        self.secret_label.setText(name)
        self.secret_value.setText(expiry.in_days)
        set_tone(self.secret_value, expiry.tone)
        reminder = expiry.next_reminder
        for label in (self.reminder_label, self.reminder_value):
            label.setVisible(bool(reminder))
        self.reminder_value.setText(reminder)

    def show_users(
        self,
        servers: "Sequence[Server]",
        users: "Sequence[ApprovalProcess | ApprovalType]",
        state: vault_access.SecretState,
        credential_id: "uuid.UUID",
        missing_word: str,
    ) -> None:
        """Show the servers with whether the secrets are bound to each, and what depends on them."""
        self.caption.setText(tr("Everything that signs in with it") if servers else tr("None uses it yet"))
        links = []
        for server in servers:
            # It may sign in to the server, to the proxy before it, or to both.
            places = server.destinations_for(credential_id)
            bound = state.present and all(map(state.covers, places))
            word = tr("Bound") if bound else (tr("Needs it again") if state.origins else tr("Not bound"))
            links.append(
                ChainLink(
                    key=Target(str(server.kind), server.id),
                    icon="server",
                    kind=", ".join(vault_access.format_origin(one.origin) for one in places),
                    name=server.name
                    if server.credential_id == credential_id
                    else tr("Proxy of {name}", name=server.name),
                    state="good" if bound else "notice",
                    word=word if state.present else missing_word,
                )
            )
        shown = truncate_links(links, MORE_LINK_KEY, tr(KINDS[Kind.FOREIGN_SYSTEM].plural))
        self.chain.set_links([*shown, *map(_user_link, users[: max(0, 8 - len(shown))])])


def _user_link(item: "ConfigurationObject") -> ChainLink:
    info = KINDS[item.kind]
    return ChainLink(
        key=Target(item.kind.value, item.id),
        icon=info.icon,
        kind=tr(info.singular),
        name=item.name,
        state="good",
        word=tr("Uses it"),
    )
