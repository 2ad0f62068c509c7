"""One card for each server below the guide: whether it answers, its pending requests, and links."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from console.objects.load_forecast import HOURLY_CALL_LIMIT
from console.runtime.page_targets import CONNECT, REQUESTS, Target
from console.widgets import plain_text
from console.widgets.badge import OUTLINE, Badge
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel, horizontal_rule, set_tone
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


class ServerCard(QFrame):
    """The status of one server, with links to check and open it."""

    def __init__(
        self, figures: "ServerStatistics", view: "ServiceListSnapshot | None", go: Callable[[Target], None]
    ) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._go = go
        shape, tone, word, reason = _server_status(figures, view)
        self.setAccessibleName(f"{figures.name}: {word}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        layout.addLayout(self._head(figures, shape, tone, word, reason))
        layout.addLayout(_place_row(figures.host, production=figures.production))
        rule = QFrame()
        rule.setProperty("role", "rule")
        layout.addWidget(rule)
        self._add_figures(layout, figures, view)
        layout.addLayout(self._links(figures))
        layout.addStretch(1)

    def _head(
        self, figures: "ServerStatistics", shape: str, tone: str, word: str, reason: str
    ) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        picture, mark = IconLabel("server", 16), IconLabel(shape, 14)
        status = Label(word, role="field")
        set_tone(status, tone)
        for widget in (mark, status):
            plain_text.set_tooltip(widget, reason)
        row.addWidget(picture)
        row.addWidget(ElidedLabel(figures.name, role="strong"), 1)
        row.addWidget(mark)
        row.addWidget(status)
        return row

    def _add_figures(
        self, layout: QVBoxLayout, figures: "ServerStatistics", view: "ServiceListSnapshot | None"
    ) -> None:
        layout.addLayout(_figure_row(tr("Pending"), number(figures.pending)))
        if figures.timings:
            said = tr("{count} of {limit}", count=figures.calls_last_hour, limit=HOURLY_CALL_LIMIT)
            tip = tr("Calls of all windows and workers in the last 60 minutes, against the limit they keep")
            layout.addLayout(_figure_row(tr("Calls this hour"), said, "", tip))
        else:
            layout.addLayout(_figure_row(tr("Calls this hour"), tr("No process yet")))
        ms = round(view.ms) if view is not None and view.problem is None else None
        layout.addLayout(
            _figure_row(tr("Answer time"), tr("{number} ms", number=ms) if ms is not None else "–")
        )

    def _links(self, figures: "ServerStatistics") -> QHBoxLayout:
        server = Kind.FOREIGN_SYSTEM.value
        offers = [
            (tr("Check"), Target(server, figures.id, tab="Check", run="check")),
            (tr("Open"), Target(server, figures.id)),
        ]
        if figures.pending:
            offers.append((tr("Requests"), Target(REQUESTS)))
        return _links_row(offers, figures.name, self._go)


class PrivilegeManagerCard(QFrame):
    """A Privilege Manager server: its name and address, with links to its guide, its check and its page."""

    def __init__(self, server: "GuideManager", go: Callable[[Target], None]) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setAccessibleName(server.name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(IconLabel("server", 16))
        head.addWidget(ElidedLabel(server.name, role="strong"), 1)
        layout.addLayout(head)
        layout.addLayout(_place_row(urlsplit(server.base_url).netloc, production=server.production))
        layout.addWidget(horizontal_rule())
        layout.addStretch(1)
        kind = Kind.PRIVILEGE_MANAGER_SERVER.value
        offers = [
            (tr("Connect"), Target(CONNECT, server.id)),
            (tr("Check"), Target(kind, server.id, tab="Check", run="check")),
            (tr("Open"), Target(kind, server.id)),
        ]
        layout.addLayout(_links_row(offers, server.name, go))


def _place_row(host: str, *, production: bool) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    label = ElidedLabel(host or tr("No address yet"), role="caption")
    label.setMinimumHeight(20)
    row.addWidget(label, 1)
    if production:
        row.addWidget(Badge(tr("Production"), OUTLINE))
    return row


def _links_row(offers: Sequence[tuple[str, Target]], name: str, go: Callable[[Target], None]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(12)
    row.setContentsMargins(0, 0, 0, 0)
    for word, target in offers:
        link = LinkLabel(word)
        link.setAccessibleName(f"{word}: {name}")
        link.clicked.connect(lambda _on, target=target: go(target))
        row.addWidget(link)
    row.addStretch(1)
    return row


def _figure_row(name: str, value: str, tone: str = "", tip: str = "") -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    value_label = Label(value)
    row.addWidget(Label(name, role="muted"))
    row.addStretch(1)
    if tone:
        mark = IconLabel(tone, 12)
        plain_text.set_tooltip(mark, tip)
        row.addWidget(mark)
        set_tone(value_label, tone)
    plain_text.set_tooltip(value_label, tip)
    row.addWidget(value_label)
    return row


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
            self.draw()

    def show_servers(
        self, figures: "Sequence[ServerStatistics]", views: "Mapping[uuid.UUID, ServiceListSnapshot]"
    ) -> None:
        """Show cards for the first servers by name, and the number of the others."""
        shown = {key: (view.problem, round(view.ms)) for key, view in views.items()}
        if (list(figures), shown) != (self._figures, self._shown):
            self._figures, self._views, self._shown = list(figures), dict(views), shown
            self.draw()

    def draw(self) -> None:
        """Build the cards again, with the current colours."""
        figures, views = self._figures, self._views
        for old in (*self.cards, *self.manager_cards):
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.cards = [ServerCard(one, views.get(one.id), self._go) for one in figures[:MAX_CARDS]]
        self.manager_cards = [PrivilegeManagerCard(one, self._go) for one in self._managers[:MAX_CARDS]]
        more = len(figures) - len(self.cards)
        self._more.setText(plural(more, "{count} more", "{count} more") if more > 0 else "")
        self._more.setVisible(more > 0)
        self._more.setAccessibleName(
            plural(len(figures), "Open all {count} servers", "Open all {count} servers")
        )
        self._beside = 0
        self.setVisible(bool(figures or self._managers))

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
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, beside - 1)
