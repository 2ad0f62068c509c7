"""The findings of a chain: the card of the selected link, or the worst one, and links to the others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.chain import chain_remedies
from console.chain.chain_presenter import ChainPresenter, LinkFinding
from console.chain.chain_texts import LINK_NAMES
from console.checks.check_presenter import finding_title
from console.runtime.page_targets import fault_entry_target
from console.widgets.labels import IconLabel, Label, LinkLabel, with_break_points, wrapped_label
from console.widgets.stage_list import FindingCard
from services.approval_chain import ChainLink, LinkState
from services.common.errors import Owner
from services.language import tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context


class ChainFindings(QWidget):
    """One card at a time; what was seen of a link without a finding is a line of text."""

    ticket_requested = pyqtSignal(object)
    """Carries the `ChainLink` to copy."""
    link_requested = pyqtSignal(object)
    """Carries the `LinkKind` whose finding is to be shown."""

    def __init__(self, ctx: "Context") -> None:
        super().__init__()
        self._ctx = ctx
        self.card: FindingCard | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self.evidence = wrapped_label("", "muted")
        self.placeholder = wrapped_label("", "muted")
        self.more = QWidget()
        self._more = QVBoxLayout(self.more)
        self._more.setContentsMargins(0, 0, 0, 0)
        self._more.setSpacing(6)
        for widget in (self.evidence, self.placeholder, self.more):
            self._column.addWidget(widget)
        self._column.addStretch(1)

    @property
    def offers_remedy(self) -> bool:
        """Whether the card has a button that puts something right."""
        return self.card is not None and bool(self.card.acts)

    def show_findings(self, presenter: ChainPresenter) -> None:
        """Show the finding of the selected link, else the worst; the others as links."""
        found = presenter.findings()
        chosen = presenter.selected_link()
        first = found[0] if found and (chosen is None or found[0].kind is chosen.kind) else None
        self._show_card(first, stale=presenter.stale)
        evidence = presenter.evidence_text()
        self.evidence.setText(with_break_points(evidence))
        self.evidence.setVisible(bool(evidence))
        text = presenter.placeholder_text()
        self.placeholder.setText(with_break_points(text))
        self.placeholder.setVisible(bool(text))
        self._show_more([link for link in found if link is not first])

    def _show_card(self, link: ChainLink | None, *, stale: bool) -> None:
        if self.card is not None:
            self._column.removeWidget(self.card)
            self.card.hide()
            self.card.deleteLater()
            self.card = None
        if link is None:
            return
        finding = LinkFinding.of(link)
        card = FindingCard(
            finding,
            _title(link),
            [(act.text, act.act) for act in chain_remedies.remedy_actions(self._ctx, link)],
            own=link.owner == Owner.CONSOLE.value,
            first=link.state is LinkState.BROKEN,
        )
        card.ticket_requested.connect(lambda: self.ticket_requested.emit(link))
        card.entry_requested.connect(
            lambda: self._ctx.navigate(fault_entry_target(finding.fault or "", finding.stage))
        )
        card.set_stale(stale=stale)
        self._column.insertWidget(0, card)
        self.card = card

    def _show_more(self, links: Sequence[ChainLink]) -> None:
        while (item := self._more.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.more.setVisible(bool(links))
        if links:
            self._more.addWidget(Label(tr("More findings"), role="field"))
        for link in links:
            self._more.addWidget(self._finding_row(link))

    def _finding_row(self, link: ChainLink) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(IconLabel("bad" if link.state is LinkState.BROKEN else "off", 14))
        text = LinkLabel(_title(link))
        text.clicked.connect(lambda: self.link_requested.emit(link.kind))
        line.addWidget(text)
        line.addStretch(1)
        return row


def _title(link: ChainLink) -> str:
    return finding_title(tr(LINK_NAMES[link.kind]), translate(link.cause))
