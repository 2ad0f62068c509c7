"""The side panel of a credential: where it is used, when its secret and its access token end, and counts of tokens."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from console.forms import vault_access
from console.objects.credential_expiry import SecretExpiry
from console.objects.credential_tokens import TokenFigures
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
TOKENS_SHOWN_EVERY_MS = 10_000


class CredentialRail(QWidget):
    """Shows what signs in with the credential as a chain, the expiry where it is known, and the access tokens so far."""

    clicked = pyqtSignal(object)
    """Carries the `Target` of a link, or `MORE_LINK_KEY`."""

    def __init__(self, read_tokens: Callable[[], TokenFigures | None]) -> None:
        """`read_tokens` is called every few seconds while the rail is visible; it must not make a call."""
        super().__init__()
        self._read_tokens = read_tokens
        self._timer = QTimer(self)
        self._timer.setInterval(TOKENS_SHOWN_EVERY_MS)
        self._timer.timeout.connect(self.refresh_tokens)
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
        self.token_part = self._token_part()
        layout.addWidget(self.token_part)
        layout.addStretch(1)
        self._figures: TokenFigures | None = None
        self._expiry: SecretExpiry | None = None
        self.show_expiry(None)
        self._show_tokens(None)

    def _expiry_part(self) -> QWidget:
        part, layout = _rail_part(tr("Expiry"))
        self.token_rows = FigureGrid()
        layout.addWidget(self.token_rows)
        self.secret_rows = FigureGrid()
        layout.addWidget(self.secret_rows)
        return part

    def _token_part(self) -> QWidget:
        part, layout = _rail_part(tr("Access tokens"))
        layout.addWidget(wrapped_label(tr("Since this window connected"), "caption"))
        self.count_rows = FigureGrid()
        layout.addWidget(self.count_rows)
        return part

    def show_expiry(self, expiry: SecretExpiry | None, name: str = "") -> None:
        """Show when the secret called `name` ends; without an entered day there is no row for it."""
        self._expiry = expiry
        rows: list[tuple[str, str, str]] = []
        if expiry is not None:
            rows.append((name, expiry.in_days, expiry.tone))
            if expiry.next_reminder:
                rows.append((tr("Next reminder"), expiry.next_reminder, ""))
        self.secret_rows.show_rows(rows)
        self._show_parts()

    def refresh_tokens(self) -> None:
        """Show the access tokens as they are now."""
        self._show_tokens(self._read_tokens())

    def showEvent(self, event: QShowEvent | None) -> None:
        """Show the access tokens as they are now, and go on doing so."""
        super().showEvent(event)
        self.refresh_tokens()
        self._timer.start()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Stop reading what nobody sees."""
        super().hideEvent(event)
        self._timer.stop()

    def _show_tokens(self, figures: TokenFigures | None) -> None:
        """Show when the access token in use ends, and the counts; nothing where no token was asked for."""
        self._figures = figures
        self.token_rows.show_rows([(*row, "") for row in figures.in_use] if figures is not None else [])
        self.count_rows.show_rows([(*row, "") for row in figures.counts] if figures is not None else [])
        self._show_parts()

    def _show_parts(self) -> None:
        in_use = self._figures is not None and bool(self._figures.in_use)
        self.expiry_part.setVisible(self._expiry is not None or in_use)
        self.token_part.setVisible(self._figures is not None)

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


class FigureGrid(QWidget):
    """Names on the left and their values on the right; hidden without rows."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 4, 0, 0)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self._labels: list[tuple[Label, Label]] = []

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The names and values that are shown."""
        return [(name.text(), value.text()) for name, value in self._labels if not name.isHidden()]

    def show_rows(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Show names, values and the tones of the values."""
        while len(self._labels) < len(rows):
            name, value = Label("", role="muted"), Label("")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(name, len(self._labels), 0)
            self._grid.addWidget(value, len(self._labels), 1)
            self._labels.append((name, value))
        for place, (name, value) in enumerate(self._labels):
            for label in (name, value):
                label.setVisible(place < len(rows))
            if place < len(rows):
                name.setText(rows[place][0])
                value.setText(rows[place][1])
                set_tone(value, rows[place][2])
        self.setVisible(bool(rows))


def _rail_part(title: str) -> tuple[QWidget, QVBoxLayout]:
    """Return a part of the rail under a rule, and its layout."""
    part = QWidget()
    layout = QVBoxLayout(part)
    layout.setContentsMargins(0, 12, 0, 0)
    layout.setSpacing(4)
    rule = QFrame()
    rule.setFrameShape(QFrame.Shape.HLine)
    rule.setProperty("role", "rule")
    layout.addWidget(rule)
    layout.addSpacing(12)
    layout.addWidget(Label(title, role="section"))
    return part, layout


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
