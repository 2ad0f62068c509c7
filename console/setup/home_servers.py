"""One card for each server below the guide: whether it answers, its pending requests, and links."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from console.objects.load_forecast import HOURLY_CALL_LIMIT
from console.runtime.page_targets import CONNECT, REQUESTS, Target
from console.widgets import plain_text
from console.widgets.badge import OUTLINE, Badge
from console.widgets.labels import (
    ElidedLabel,
    IconLabel,
    Label,
    LinkLabel,
    horizontal_rule,
    set_shown,
    set_tone,
)
from models.kinds import Kind
from services.language import number, plural, tr, translate

if TYPE_CHECKING:
    import uuid

    from console.objects.service_lookup import ServiceListSnapshot
    from services.common.errors import Problem
    from services.setup.setup_objects import GuideManager
    from services.statistics.server_statistics import ServerStatistics

ALL_SERVERS_TARGET = "folder:foreign_system"
"""The page that lists all servers."""
MAX_CARDS, CARD_MIN_WIDTH, GAP = 4, 220, 12
"""The number of cards, the minimum width of one, and the gap between two."""
LINK_PADDING = 4
"""The padding of a link for its focus ring, subtracted from the margin so that texts are aligned."""


def _server_status(
    figures: "ServerStatistics", view: "ServiceListSnapshot | None"
) -> tuple[str, str, str, str]:
    """Return shape, tone, word and reason of the status of a server; `view` is None before it was asked."""
    if not figures.has_credential:
        return "off", "off", tr("No credential"), tr("Choose a User Credential on {name}", name=figures.name)
    if view is None:
        return "pending", "off", tr("Not asked yet"), ""
    if view.problem is None:
        return "good", "good", tr("Reached"), ""
    return (
        "bad",
        "bad",
        tr("Not reached"),
        f"{translate(view.problem.cause)} {translate(view.problem.remedy)}",
    )


class Card(QFrame):
    """What the cards of all kinds of servers have: the name, the address, a rule and links.

    A card is made once for a server, and shows what changes: links keep the keyboard, and nothing is laid out again.
    """

    def __init__(self, go: Callable[[Target], None]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._go = go
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        self._head = QHBoxLayout()
        self._head.setSpacing(8)
        self._name = ElidedLabel("", role="strong")
        self._head.addWidget(IconLabel("server", 16))
        self._head.addWidget(self._name, 1)
        layout.addLayout(self._head)
        self._place = QHBoxLayout()
        self._place.setSpacing(8)
        self._host = ElidedLabel("", role="caption")
        self._host.setMinimumHeight(20)
        self._production: Badge | None = None
        self._place.addWidget(self._host, 1)
        layout.addLayout(self._place)
        layout.addWidget(horizontal_rule())
        self._link_row = QHBoxLayout()
        self._link_row.setSpacing(12)
        self._link_row.addStretch(1)
        self.links: list[LinkLabel] = []
        """From left to right, also those that are not offered now."""

    def _show_place(self, name: str, host: str, *, production: bool) -> None:
        self._name.setText(name)
        self._host.setText(host or tr("No address yet"))
        if production and self._production is None:
            self._production = Badge(tr("Production"), OUTLINE)
            self._place.addWidget(self._production)
        if self._production is not None:
            set_shown(self._production, production)

    def _show_links(self, name: str, offers: Sequence[tuple[str, Target]]) -> None:
        """Offer links; what is offered may become more or less at the end only."""
        for word, target in offers[len(self.links) :]:
            link = LinkLabel(word)
            link.clicked.connect(lambda _on, target=target: self._go(target))
            self._link_row.insertWidget(len(self.links), link)
            if self.links:
                QWidget.setTabOrder(self.links[-1], link)  # Qt puts a new widget behind all others
            self.links.append(link)
        for place, link in enumerate(self.links):
            link.setAccessibleName(f"{link.text()}: {name}")
            set_shown(link, place < len(offers))


class ServerCard(Card):
    """The status of one server, with links to check and open it."""

    def __init__(
        self, figures: "ServerStatistics", view: "ServiceListSnapshot | None", go: Callable[[Target], None]
    ) -> None:
        super().__init__(go)
        self.server_id = figures.id
        self._shown: tuple[ServerStatistics, Problem | None, int] | None = None
        self._mark, self._status = IconLabel("", 14), Label("", role="field")
        self._head.addWidget(self._mark)
        self._head.addWidget(self._status)
        self._pending, self._calls, self._answer_time = Label(""), Label(""), Label("")
        for name, value in (
            (tr("Pending"), self._pending),
            (tr("Calls this hour"), self._calls),
            (tr("Answer time"), self._answer_time),
        ):
            row = QHBoxLayout()
            row.setSpacing(6)
            row.addWidget(Label(name, role="muted"))
            row.addStretch(1)
            row.addWidget(value)
            self._layout.addLayout(row)
        self._layout.addLayout(self._link_row)
        self._layout.addStretch(1)
        self.show_server(figures, view)

    def show_server(self, figures: "ServerStatistics", view: "ServiceListSnapshot | None") -> None:
        """Show what is known of the server now; `view` is None before it was asked."""
        shown = (
            figures,
            view.problem if view is not None else None,
            round(view.ms) if view is not None else -1,
        )
        if shown == self._shown:
            return
        self._shown = shown
        shape, tone, word, reason = _server_status(figures, view)
        self.setAccessibleName(f"{figures.name}: {word}")
        self._show_place(figures.name, figures.host, production=figures.production)
        self._mark.show_shape(shape)
        self._status.setText(word)
        set_tone(self._status, tone)
        for widget in (self._mark, self._status):
            plain_text.set_tooltip(widget, reason)
        self._show_figures(figures, view)
        server = Kind.FOREIGN_SYSTEM.value
        offers = [
            (tr("Check"), Target(server, figures.id, tab="Check", run="check")),
            (tr("Open"), Target(server, figures.id)),
        ]
        if figures.pending:
            offers.append((tr("Requests"), Target(REQUESTS)))
        self._show_links(figures.name, offers)

    def _show_figures(self, figures: "ServerStatistics", view: "ServiceListSnapshot | None") -> None:
        self._pending.setText(number(figures.pending))
        calls, tip = tr("No process yet"), ""
        if figures.timings:
            calls = tr("{count} of {limit}", count=figures.calls_last_hour, limit=HOURLY_CALL_LIMIT)
            tip = tr("Calls of all windows and workers in the last 60 minutes, against the limit they keep")
        self._calls.setText(calls)
        plain_text.set_tooltip(self._calls, tip)
        ms = round(view.ms) if view is not None and view.problem is None else None
        self._answer_time.setText(tr("{number} ms", number=ms) if ms is not None else "–")


class PrivilegeManagerCard(Card):
    """A Privilege Manager server: its name and address, with links to its guide, its check and its page."""

    def __init__(self, server: "GuideManager", go: Callable[[Target], None]) -> None:
        super().__init__(go)
        self.server_id = server.id
        self._layout.addStretch(1)
        self._layout.addLayout(self._link_row)
        self.show_server(server)

    def show_server(self, server: "GuideManager") -> None:
        """Show what is stored of the server now."""
        self.setAccessibleName(server.name)
        self._show_place(server.name, urlsplit(server.base_url).netloc, production=server.production)
        kind = Kind.PRIVILEGE_MANAGER_SERVER.value
        offers = [
            (tr("Connect"), Target(CONNECT, server.id)),
            (tr("Check"), Target(kind, server.id, tab="Check", run="check")),
            (tr("Open"), Target(kind, server.id)),
        ]
        self._show_links(server.name, offers)


class ServerOverview(QWidget):
    """Heading and cards, with as many cards in a row as fit."""

    def __init__(self, go: Callable[[Target], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._go = go
        self._figures: list[ServerStatistics] = []
        self._views: dict[uuid.UUID, ServiceListSnapshot] = {}
        self._shown: dict[uuid.UUID, tuple[Problem | None, int]] = {}
        self._beside = 0
        self.cards: list[ServerCard] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, LINK_PADDING, 0)
        layout.setSpacing(12)
        self._rule = QFrame()
        self._rule.setProperty("role", "rule")
        layout.addWidget(self._rule)
        head = QHBoxLayout()
        head.addWidget(Label(tr("Servers"), role="section"))
        head.addStretch(1)
        self._more = LinkLabel("")
        self._more.clicked.connect(lambda _on: go(Target(ALL_SERVERS_TARGET)))
        head.addWidget(self._more)
        layout.addLayout(head)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP)
        layout.addLayout(self._grid)
        self.manager_cards: list[PrivilegeManagerCard] = []
        self._managers: list[GuideManager] = []
        self.hide()

    def show_privilege_managers(self, servers: "Sequence[GuideManager]") -> None:
        """Show a card for each of the first servers, behind those of ServiceNow."""
        if [(one.id, one.version) for one in servers] != [(one.id, one.version) for one in self._managers]:
            self._managers = list(servers)
            self._draw()

    def show_servers(
        self, figures: "Sequence[ServerStatistics]", views: "Mapping[uuid.UUID, ServiceListSnapshot]"
    ) -> None:
        """Show cards for the first servers by name, and the number of the others."""
        shown = {key: (view.problem, round(view.ms)) for key, view in views.items()}
        if (list(figures), shown) != (self._figures, self._shown):
            self._figures, self._views, self._shown = list(figures), dict(views), shown
            self._draw()

    def _draw(self) -> None:
        """Show what is known in the cards that are there; make and remove only cards of other servers."""
        figures, views = self._figures, self._views
        before = (*self.cards, *self.manager_cards)
        cards = {card.server_id: card for card in self.cards}
        manager_cards = {card.server_id: card for card in self.manager_cards}
        self.cards, self.manager_cards = [], []
        for one in figures[:MAX_CARDS]:
            view, card = views.get(one.id), cards.get(one.id)
            if card is None:
                card = ServerCard(one, view, self._go)
            else:
                card.show_server(one, view)
            self.cards.append(card)
        for manager in self._managers[:MAX_CARDS]:
            manager_card = manager_cards.get(manager.id)
            if manager_card is None:
                manager_card = PrivilegeManagerCard(manager, self._go)
            else:
                manager_card.show_server(manager)
            self.manager_cards.append(manager_card)
        now = (*self.cards, *self.manager_cards)
        for old in before:
            if old not in now:
                self._grid.removeWidget(old)
                old.hide()
                old.deleteLater()
        if now != before:
            self._beside = 0
        more = len(figures) - len(self.cards)
        self._more.setText(plural(more, "{count} more", "{count} more") if more > 0 else "")
        set_shown(self._more, more > 0)
        self._more.setAccessibleName(
            plural(len(figures), "Open all {count} servers", "Open all {count} servers")
        )
        set_shown(self, bool(figures or self._managers))

    def show_rule(self, *, visible: bool) -> None:
        """Show or hide the rule above the heading."""
        self._rule.setVisible(visible)

    def place(self, width: int) -> None:
        """Lay out as many cards in a row as fit into `width`, two at most."""
        beside = 2 if width >= 2 * CARD_MIN_WIDTH + GAP else 1
        if beside == self._beside:
            return
        self._beside = beside
        for place, card in enumerate((*self.cards, *self.manager_cards)):
            self._grid.addWidget(card, place // beside, place % beside, Qt.AlignmentFlag(0))
            card.show()  # Qt would do so in the next turn, after a paint without room for it
        links = [link for card in (*self.cards, *self.manager_cards) for link in card.links]
        for before, after in pairwise(links):
            QWidget.setTabOrder(before, after)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, beside - 1)
