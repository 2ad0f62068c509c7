"""The side panel of a process: the chain from credential to type with the state of each link, and recent statistics."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from console.forms import vault_access
from console.objects.service_lookup import ServiceListSnapshot
from console.runtime import lazy_imports
from console.runtime.page_targets import Target
from console.widgets.labels import Label, wrapped_label
from console.widgets.link_chain import ChainLink, ObjectChain, truncate_links
from models.kinds import KINDS, Kind
from models.sign_in import SignInMethod
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.language import number, plural, rough_duration, tr

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage
    from models.base import ConfigurationObject
    from models.foreign_system import ForeignSystem
    from models.user_credential import UserCredential
    from services.statistics.request_statistics import ProcessStatistics

MORE_LINK_KEY, USED_BY_TAB = "more", tr_later("Used by")
SERVER_LINK_INDEX = 1
"""The place of the server in the chain."""
NO_VALUE = "–"
FIGURE_LABELS = (
    tr_later("Requests decided"),
    tr_later("Approved"),
    tr_later("Timed out"),
    tr_later("Median wait"),
)


class ProcessSidePanel(QWidget):
    """Shows the state of each link and opens it by a click."""

    def __init__(self, page: "ObjectPage") -> None:
        super().__init__(page)
        self._page = page
        self._targets: dict[object, Target] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(Label(tr("Chain"), role="section"))
        layout.addWidget(wrapped_label(tr("Every link from sign-in to type"), "caption"))
        layout.addSpacing(4)
        self.chain = ObjectChain()
        self.chain.clicked.connect(self._open)
        layout.addWidget(self.chain)
        layout.addSpacing(12)
        rule = QFrame()
        rule.setFrameShape(QFrame.Shape.HLine)
        rule.setProperty("role", "rule")
        layout.addWidget(rule)
        layout.addSpacing(12)
        layout.addWidget(Label(tr("Last 30 days"), role="section"))
        grid = QGridLayout()
        grid.setContentsMargins(0, 4, 0, 0)
        grid.setVerticalSpacing(6)
        self._figures: list[Label] = []
        for line, text in enumerate(map(tr, FIGURE_LABELS)):
            caption, value = Label(text, role="muted"), Label(NO_VALUE)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setAccessibleName(tr("{text}: none yet", text=text))
            grid.addWidget(caption, line, 0)
            grid.addWidget(value, line, 1)
            self._figures.append(value)
        grid.setColumnStretch(0, 1)
        layout.addLayout(grid)
        layout.addStretch(1)

    def _open(self, key: object) -> None:
        if key in self._targets:
            self._page.ctx.navigate(self._targets[key])

    # -- what it shows -----------------------------------------------------------------------------------------

    async def refresh(self, view: ServiceListSnapshot | None) -> None:
        """Show the chain and the figures as they are now; `view` is what the server answered, None when not asked."""
        ctx, session = self._page.ctx, self._page.session
        server, credential = await self._server_and_credential()
        links = [
            await self._credential_link(credential, server),
            self._server_link(server, view),
            self._process_link(),
            *await self._type_links(),
        ]
        self.chain.set_links(links)
        if not session.is_new:
            await lazy_imports.ready(ctx, lazy_imports.statistics)
            from services.statistics import request_statistics

            workspace = await ctx.ready()
            self._show_figures(
                await ctx.call(request_statistics.load_process_statistics, workspace.store, session.id)
            )

    def show_server(self, view: ServiceListSnapshot | None) -> None:
        """Show the state of the server by its last reply, with its age."""
        links = self.chain.links
        if view is not None and len(links) > SERVER_LINK_INDEX and links[SERVER_LINK_INDEX].key is not None:
            state, word = _server_status(view)
            changed = replace(links[SERVER_LINK_INDEX], state=state, word=word)
            self.chain.set_links([*links[:SERVER_LINK_INDEX], changed, *links[SERVER_LINK_INDEX + 1 :]])

    def show_process(self) -> None:
        """Show the state of the process itself as it stands now."""
        now = self._process_link()
        self.chain.set_links([now if link.current else link for link in self.chain.links])

    async def _server_and_credential(self) -> "tuple[ForeignSystem | None, UserCredential | None]":
        from models.foreign_system import ForeignSystem
        from models.user_credential import UserCredential

        ctx, server_id = self._page.ctx, self._page.session.reference("server_id")
        configuration = (await ctx.ready()).configuration
        server: ForeignSystem | None = None
        credential: UserCredential | None = None
        try:
            if server_id is not None:
                server = await ctx.call(configuration.get, ForeignSystem, server_id)
            if server is not None and server.credential_id is not None:
                credential = await ctx.call(configuration.get, UserCredential, server.credential_id)
        except ConsoleError:
            credential = None  # deleted between two reads; the next change updates the chain
        return server, credential

    def _link(
        self,
        kind: Kind,
        item: "ConfigurationObject | None",
        empty: str,
        state: str,
        word: str,
        *,
        current: bool = False,
    ) -> ChainLink:
        info = KINDS[kind]
        if item is not None:
            self._targets[item.id] = Target(kind.value, item.id)
        label = tr("Foreign System") if kind == Kind.FOREIGN_SYSTEM else tr(info.singular)
        key = None if item is None else item.id
        name = empty if item is None else item.name
        return ChainLink(
            key=key, icon=info.icon, kind=label, name=name, state=state, word=word, current=current
        )

    async def _credential_link(
        self, credential: "UserCredential | None", server: "ForeignSystem | None"
    ) -> ChainLink:
        state, word = "off", tr("None")
        if credential is not None:
            found = await vault_access.read_credential_secrets(self._page.ctx, credential)
            is_basic = credential.method is SignInMethod.BASIC
            if isinstance(found, Problem) or not found.complete:
                state, word = "bad", tr("No password") if is_basic else tr("Secret missing")
            elif server is not None and found.covers(server.destination):
                state, word = "good", tr("Password set") if is_basic else tr("Secrets set")
            else:
                state, word = "notice", tr("Not bound")
        return self._link(Kind.USER_CREDENTIAL, credential, tr("No credential chosen"), state, word)

    def _server_link(self, server: "ForeignSystem | None", view: ServiceListSnapshot | None) -> ChainLink:
        state, word = ("off", tr("None")) if server is None else _server_status(view)
        return self._link(Kind.FOREIGN_SYSTEM, server, tr("No server chosen"), state, word)

    def _process_link(self) -> ChainLink:
        session = self._page.session
        count = len(session.errors)
        if count:
            state, word = "bad", plural(count, "{count} error", "{count} errors")
        elif session.dirty:
            state, word = "off", tr("Draft")
        else:
            state, word = "good", tr("Saved")
        return ChainLink(
            key=session.id,
            icon=KINDS[Kind.APPROVAL_PROCESS].icon,
            kind=tr(KINDS[Kind.APPROVAL_PROCESS].singular),
            name=session.text("name"),
            state=state,
            word=word,
            current=True,
        )

    async def _type_links(self) -> list[ChainLink]:
        from models.approval_type import ApprovalType

        ctx, session = self._page.ctx, self._page.session
        configuration = (await ctx.ready()).configuration
        types = [t for t in await ctx.call(configuration.all, ApprovalType) if t.process_id == session.id]
        if not types:
            return [self._link(Kind.APPROVAL_TYPE, None, tr("None uses this process"), "off", tr("None"))]
        self._targets[MORE_LINK_KEY] = Target(Kind.APPROVAL_PROCESS.value, session.id, tab=USED_BY_TAB)
        links = [self._link(Kind.APPROVAL_TYPE, t, "", "good", tr("Bound")) for t in types]
        return truncate_links(links, MORE_LINK_KEY, tr(KINDS[Kind.APPROVAL_TYPE].plural))

    def _show_figures(self, figures: "ProcessStatistics") -> None:
        wait = NO_VALUE if figures.median_wait_s is None else rough_duration(figures.median_wait_s)
        texts = (number(figures.decided), number(figures.approved), number(figures.timed_out), wait)
        for name, label, text in zip(map(tr, FIGURE_LABELS), self._figures, texts, strict=True):
            label.setText(text)
            label.setAccessibleName(
                tr("{text}: none yet", text=name) if text == NO_VALUE else f"{name}: {text}"
            )


def _server_status(view: ServiceListSnapshot | None) -> tuple[str, str]:
    """Return icon and word for a server; only a recent reply counts as reached."""
    if view is None:
        return "pending", tr("Asking")
    if view.problem is not None:
        return "bad", tr("Not reached")
    return (
        ("good", tr("Reached"))
        if view.fresh
        else ("off", tr("Reached {duration} ago", duration=rough_duration(view.age_s)))
    )
