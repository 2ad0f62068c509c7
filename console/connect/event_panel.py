"""The panel of the webhook: values to enter, the waiting row, and the last event with the mapping of its fields."""

import uuid
from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.connect.mapping_table import MappingTable
from console.connect.presenter import WEBHOOK_PATH, ConnectPresenter
from console.connect.step_content import path_text
from console.widgets import buttons
from console.widgets.labels import ElidedLabel, Label, LinkLabel
from console.widgets.line_editors import ElidingComboBox
from console.widgets.steps import StepState
from console.widgets.value_list import ValueList
from console.widgets.waiting_row import STOP_WAITING, WaitingRow
from models.translation_marks import tr_later
from services.language import tr

WAIT = tr_later("Wait for an event")
TYPE_WIDTH = 200


class EventPanel(QWidget):
    """The panel. `type_chosen` carries the id of another Approval Type."""

    type_chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self.values = ValueList(tr("Values to enter in Privilege Manager"))
        self.waiting = WaitingRow()
        self.table = MappingTable()
        upper, lower = QVBoxLayout(), QVBoxLayout()
        upper.setSpacing(8)
        lower.setSpacing(8)
        upper.addLayout(self._title_row())
        upper.addWidget(self.values)
        lower.addLayout(self._event_row())
        lower.addWidget(self.table)
        layout.addLayout(upper)
        layout.addWidget(self.waiting)
        layout.addLayout(lower)
        layout.addStretch(1)
        self._type_ids: list[uuid.UUID] = []
        self.types.activated.connect(lambda place: self.type_chosen.emit(self._type_ids[place]))

    def _title_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(Label(tr("Enter in Privilege Manager"), role="section"))
        path = ElidedLabel(path_text(WEBHOOK_PATH), role="caption")
        path.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(path, 1)
        return row

    def _event_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        self.event_caption = ElidedLabel("", role="caption")
        self.event_caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.more_link, self.raw_link = LinkLabel(), LinkLabel("Raw JSON")
        self.offer_button = buttons.secondary("")
        self.types = ElidingComboBox()
        self.types.setMaximumWidth(TYPE_WIDTH)
        self.types.setAccessibleName(tr("Approval Type that requests are raised of"))
        row.addWidget(Label(tr("Last event"), role="section"))
        row.addWidget(self.event_caption, 1)
        for widget in (self.more_link, self.types, self.offer_button, self.raw_link):
            row.addWidget(widget)
        return row

    def show_state(self, presenter: ConnectPresenter) -> None:
        """Show what the presenter decides."""
        stored = presenter.stored
        self.values.set_rows(presenter.webhook_values())
        self._show_waiting(presenter)
        self.event_caption.setText(presenter.event_caption())
        more, offer = presenter.more_events(), presenter.mapping_offer()
        self.more_link.setText(more)
        self.more_link.setVisible(bool(more))
        self.raw_link.setVisible(bool(stored is not None and stored.events))
        self.offer_button.setText(offer)
        self.offer_button.setAccessibleName(offer)
        self.offer_button.setVisible(bool(offer))
        types = stored.types if stored is not None else ()
        self._show_types(types, stored.client.type_id if stored is not None and stored.client else None)
        self.types.setVisible(len(types) > 1)
        self.table.show_cells(presenter.variables())

    def _show_types(self, types: Sequence[tuple[uuid.UUID, str]], current: uuid.UUID | None) -> None:
        ids = [key for key, _ in types]
        if ids != self._type_ids or [self.types.itemText(n) for n in range(len(ids))] != [
            n for _, n in types
        ]:
            self._type_ids = ids
            self.types.clear()
            self.types.addItems([name for _, name in types])
        if current in ids:
            self.types.setCurrentIndex(ids.index(current))

    @property
    def type_id(self) -> uuid.UUID | None:
        """The Approval Type that is chosen."""
        place = self.types.currentIndex()
        return self._type_ids[place] if 0 <= place < len(self._type_ids) else None

    def _show_waiting(self, presenter: ConnectPresenter) -> None:
        how = tr("Start a program that an approval policy stops, on any endpoint")
        stored = presenter.stored
        if presenter.waiting_since is not None:
            self.waiting.set_content(tr("Waiting for a test event…"), how, button=STOP_WAITING)
        elif stored is not None and stored.client is None:
            no_type = not stored.types
            text = (
                tr("No Approval Type with an Approval Process yet") if no_type else tr("No header value yet")
            )
            hint = tr("Add one first") if no_type else tr("Make one with New header value")
            self.waiting.set_content(text, hint, state=StepState.TODO, button="")
        elif presenter.stored is not None and presenter.stored.events:
            self.waiting.set_content(tr("Events arrive"), how, state=StepState.DONE, button=WAIT)
        else:
            self.waiting.set_content(tr("No event yet"), how, state=StepState.TODO, button=WAIT)
