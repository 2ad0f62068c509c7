"""The dialogs of the page: choose a field, look at events, send answers again, start over, answer a webhook."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QTextOption
from PyQt6.QtWidgets import (
    QButtonGroup,
    QPlainTextEdit,
    QRadioButton,
    QWidget,
)

from console.connect.presenter import size_text
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.dialog_parts import button_row, titled_column
from console.widgets.field import Field
from console.widgets.labels import Label, wrapped_label
from console.widgets.line_editors import TextLineEdit, UrlLineEdit
from console.widgets.rows_table import RowsTable, TableRow
from models.delivery import Delivery, DeliveryState
from models.intake_event import IntakeEvent
from models.translation_marks import tr_later
from services.common.json_types import JsonValue
from services.intake.event_fields import APPROVAL_ID, EventField, pointer_source
from services.language import short_moment, tr

WIDTH, HEIGHT = 620, 300
FIELD_COLUMNS = (tr_later("Field in the event"), tr_later("Value received"))
EVENT_COLUMNS = (tr_later("Received"), tr_later("From"), tr_later("Size"), tr_later("Answered with"))
DELIVERY_COLUMNS = (tr_later("Ended"), tr_later("Outcome"), tr_later("Tries"), tr_later("State"))
DELIVERY_SHAPES = {
    DeliveryState.PENDING: "pending",
    DeliveryState.DELIVERED: "good",
    DeliveryState.FAILED: "bad",
}
DELIVERY_WORDS = {
    DeliveryState.PENDING: tr_later("pending"),
    DeliveryState.DELIVERED: tr_later("delivered"),
    DeliveryState.FAILED: tr_later("failed"),
}


class FieldDialog(Dialog):
    """Asks what a variable is filled with: a field of the event, a fixed value, or nothing."""

    def __init__(
        self, variable: str, fields: Sequence[EventField], pointer: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.variable, self._fields = variable, list(fields)
        title = tr("What fills {variable}", variable=variable)
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        layout = titled_column(self, title)
        self.by_field, self.by_value = (
            QRadioButton(tr("A field of the event")),
            QRadioButton(tr("A fixed value")),
        )
        self.by_nothing = QRadioButton(tr("Leave it empty"))
        self._group = QButtonGroup(self)
        self.table = RowsTable(tr("Fields of the last event"), FIELD_COLUMNS, (240, 320))
        self.table.setProperty("role", "card")
        self.table.setMinimumHeight(HEIGHT)
        self.table.show_rows([TableRow("braces", (one.pointer, one.value), one.pointer) for one in fields])
        self.value = TextLineEdit()
        for button in (self.by_field, self.by_value, self.by_nothing):
            self._group.addButton(button)
        layout.addWidget(self.by_field)
        layout.addWidget(self.table)
        layout.addWidget(self.by_value)
        layout.addWidget(Field("Value", self.value, tr("The same in every request")))
        layout.addWidget(self.by_nothing)
        if variable == APPROVAL_ID:
            note = tr("By this field Privilege Manager knows its request: it has to be in every event.")
            layout.addWidget(wrapped_label(note, "caption"))
            self.by_value.setEnabled(False)
            self.by_nothing.setEnabled(False)
        self.use_button = buttons.primary("Use")
        layout.addLayout(button_row(self, self.use_button))
        self.use_button.clicked.connect(self.accept)
        (self.by_field if fields else self.by_value).setChecked(True)
        place = next((n for n, one in enumerate(fields) if one.pointer == pointer), -1)
        if place >= 0:
            self.table.selectRow(place)
        self._group.buttonToggled.connect(lambda *_: self._refresh())
        self.table.chosen.connect(lambda _place: self._refresh())
        self.table.activated.connect(lambda _index: self.use_button.click())
        self.value.textChanged.connect(lambda _text: self._refresh())
        self._refresh()

    def source(self) -> JsonValue:
        """Return the source in the form of a mapping; None while nothing is chosen."""
        if self.by_nothing.isChecked():
            return {"const": ""}
        if self.by_value.isChecked():
            return {"const": self.value.text()} if self.value.text() else None
        place = self.table.currentIndex().row()
        return pointer_source(self.variable, self._fields[place].pointer) if place >= 0 else None

    def _refresh(self) -> None:
        self.table.setEnabled(self.by_field.isChecked())
        self.value.setEnabled(self.by_value.isChecked())
        self.use_button.setEnabled(self.source() is not None)


class EventsDialog(Dialog):
    """Shows the received events, the newest first, each with the text of its body as it came."""

    def __init__(self, events: Sequence[IntakeEvent], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._events = list(events)
        title = tr("Events of Privilege Manager")
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        layout = titled_column(self, title)
        self.table = RowsTable(title, EVENT_COLUMNS, (150, 130, 100, 160))
        self.table.setProperty("role", "card")
        self.table.setMinimumHeight(HEIGHT // 2)
        self.table.show_rows([_event_row(event) for event in events])
        self.raw = QPlainTextEdit()
        self.raw.setReadOnly(True)
        self.raw.setProperty("role", "code")
        self.raw.setMinimumHeight(HEIGHT)
        self.raw.setAccessibleName("Raw JSON")
        self.raw.setTabChangesFocus(True)
        self.raw.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        self.raw.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(self.table)
        layout.addWidget(Label("Raw JSON", role="strong"))
        layout.addWidget(self.raw, 1)
        layout.addLayout(button_row(self))
        self.table.chosen.connect(self._show)
        self.table.selectRow(0)

    def _show(self, place: int) -> None:
        event = self._events[place] if place >= 0 else None
        self.raw.setPlainText(event.body if event is not None else "")


class DeliveriesDialog(Dialog):
    """Lists the answers that were sent back. `retried` carries the id of one that is to be sent again."""

    retried = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Delivery] = []
        title = tr("Answers sent back")
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        layout = titled_column(self, title)
        self.table = RowsTable(title, DELIVERY_COLUMNS, (150, 110, 70, 220))
        self.table.setProperty("role", "card")
        self.table.setMinimumHeight(HEIGHT)
        self.reason = wrapped_label("", "caption")
        self.retry_button = buttons.secondary("Retry", icon="refresh")
        layout.addWidget(self.table, 1)
        layout.addWidget(self.reason)
        layout.addLayout(button_row(self, self.retry_button))
        self.table.chosen.connect(self._show)
        self.retry_button.clicked.connect(self._retry)
        self._show(-1)

    def show_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """Show other answers; the selected one stays selected."""
        self._rows = list(deliveries)
        self.table.show_rows([_delivery_row(one) for one in deliveries])
        self._show(self.table.currentIndex().row())

    def _show(self, place: int) -> None:
        one = self._rows[place] if 0 <= place < len(self._rows) else None
        self.retry_button.setEnabled(one is not None and one.state != DeliveryState.DELIVERED)
        self.reason.setText(one.reason or one.last_status if one is not None else "")
        self.reason.setVisible(bool(self.reason.text()))

    def _retry(self) -> None:
        place = self.table.currentIndex().row()
        if 0 <= place < len(self._rows):
            self.retried.emit(self._rows[place].id)


class StartOverDialog(Dialog):
    """Asks before the mapping and the events are removed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Start over"))
        layout = titled_column(self, tr("Start over?"))
        text = tr(
            "The mapping and the received events are removed, and events raise no requests until the mapping is confirmed "
            "again. The header value stays valid. Requests that were raised stay."
        )
        layout.addWidget(wrapped_label(text))
        confirm = buttons.danger("Start over")
        confirm.clicked.connect(self.accept)
        layout.addLayout(button_row(self, confirm))


class WebhookDialog(Dialog):
    """Asks for the address of a webhook that gets the answers, and the proxy on the way to it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Send answers to a webhook"))
        self.setMinimumWidth(WIDTH // 4 * 3)
        layout = titled_column(self, tr("Send answers to a webhook"))
        self.url = UrlLineEdit()
        layout.addWidget(Field("URL", self.url, tr("https only; calls are signed (Standard Webhooks)")))
        self.proxy = UrlLineEdit()
        layout.addWidget(Field("Proxy", self.proxy, tr("http://HOST:PORT; the way is direct without one")))
        use = buttons.primary("Use")
        use.clicked.connect(self.accept)
        layout.addLayout(button_row(self, use))
        self.url.setFocus()


def _event_row(event: IntakeEvent) -> TableRow:
    shape = "bad" if event.status >= 400 else "good"
    answered = f"{event.status} {event.fault}".strip()
    texts = (short_moment(event.received_at, seconds=True), event.sender, size_text(event.size), answered)
    return TableRow(shape, tuple(plain_text.one_line(text) for text in texts), str(event.id))


def _delivery_row(one: Delivery) -> TableRow:
    state = DeliveryState(one.state)
    texts = (
        short_moment(one.created_at, seconds=True),
        one.outcome,
        str(one.tries),
        tr(DELIVERY_WORDS[state]),
    )
    return TableRow(DELIVERY_SHAPES[state], texts, str(one.id))
