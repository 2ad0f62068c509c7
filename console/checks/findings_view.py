"""The findings of a check as cards, worst first, or a text where there is none."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QGraphicsOpacityEffect, QVBoxLayout, QWidget

from console.checks.check_presenter import SEVERITY_ORDER, finding_title
from console.widgets.labels import Label, with_break_points
from console.widgets.stage_list import STALE_OPACITY, FindingCard
from console.widgets.vertical_scroll_area import VerticalScrollArea
from services.common.errors import Owner
from services.language import tr, translate

if TYPE_CHECKING:
    from console.checks.remedies import RemedyAction
    from services.connectivity import StageResult


class FindingsView(VerticalScrollArea):
    """Shows one card for each stage that failed or has a warning."""

    ticket_requested = pyqtSignal(object)
    """Carries the `FindingCard` to copy."""
    entry_requested = pyqtSignal(object)
    """Carries the `StageResult` whose fault is to be shown in the fault catalog."""

    def __init__(self) -> None:
        self._holder = QWidget()
        self._column = QVBoxLayout(self._holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self.placeholder = Label("", role="muted")
        self.placeholder.setWordWrap(True)
        self._column.addWidget(self.placeholder)
        self._column.addStretch(1)
        self.cards: dict[str, FindingCard] = {}
        """The cards by stage."""
        super().__init__(self._holder, tr("Findings"))

    @property
    def offers_remedy(self) -> bool:
        """Whether any card has a button that puts something right."""
        return any(card.acts for card in self.cards.values())

    def clear(self) -> None:
        """Remove all cards."""
        for card in self.cards.values():
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards = {}

    def add(self, result: "StageResult", stage_label: str, remedies: "Sequence[RemedyAction]") -> None:
        """Add the card of a finding behind those that are as bad."""
        card = FindingCard(
            result,
            finding_title(stage_label, translate(result.cause)),
            [(remedy.text, remedy.act) for remedy in remedies],
            own=result.owner == Owner.CONSOLE.value,
            first=not self.offers_remedy,
        )
        card.ticket_requested.connect(lambda: self.ticket_requested.emit(card))
        card.entry_requested.connect(lambda: self.entry_requested.emit(result))
        severity = SEVERITY_ORDER[result.state]
        ahead = sum(1 for other in self.cards.values() if SEVERITY_ORDER[other.result.state] <= severity)
        self._column.insertWidget(ahead, card)
        self.cards[result.stage] = card

    def show_placeholder(self, text: str) -> None:
        """Show `text` while there is no card."""
        self.placeholder.setText(with_break_points(text))
        self.placeholder.setVisible(not self.cards)

    def set_stale(self, *, stale: bool) -> None:
        """Grey the cards, and disable their buttons, when they are about other values than the current ones."""
        for card in self.cards.values():
            card.set_stale(stale=stale)
        if stale != (self._holder.graphicsEffect() is not None):
            effect = QGraphicsOpacityEffect(self._holder) if stale else None
            if effect is not None:
                effect.setOpacity(STALE_OPACITY)
            self._holder.setGraphicsEffect(effect)

    def scroll_to_stage(self, stage: str) -> None:
        """Bring the card of a stage into view, if it has one."""
        card = self.cards.get(stage)
        if card is not None:
            self.scroll_to_part(card)
