"""What the buttons of the page do: reads and writes of the store, each as a task, and the dialogs before them."""

import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from console.connect.dialogs import (
    DeliveriesDialog,
    EventsDialog,
    FieldDialog,
    StartOverDialog,
    WebhookDialog,
)
from console.connect.presenter import CREDENTIAL_NAME, ConnectPresenter
from console.runtime import lazy_imports
from models.base import utcnow
from models.delivery import AnswerKind, Delivery, DeliveryState
from models.intake_client import IntakeClient
from services.answers.outbox import Outbox, list_deliveries
from services.answers.target import PREFIX_WEBHOOK, AnswerTarget, parse_answer
from services.common.secret import Secret
from services.intake.answer_setup import confirm_answer_setup
from services.intake.clients import IntakeClients
from services.intake.event_fields import (
    flatten_event,
    pointer_source,
    read_event,
    suggest_fields,
)
from services.intake.event_mapping import change_mapping
from services.intake.event_store import IntakeEvents
from services.language import tr

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

    from console.connect.connect_facts import ServerFacts, StoredFacts
    from console.connect.connect_page import ConnectPage
    from console.runtime.context import Context
    from console.runtime.task_runner import TaskRunner
    from services.common.json_types import JsonValue


class ConnectWork(QObject):
    """Does what the page is asked for."""

    changed = pyqtSignal()
    """Something was written: the store is to be read again."""
    token_made = pyqtSignal()
    answers_changed = pyqtSignal()
    """Where answers go, or how, was changed: the server is to be asked again."""

    def __init__(
        self, ctx: "Context", tasks: "TaskRunner", presenter: ConnectPresenter, page: "ConnectPage"
    ) -> None:
        super().__init__(page)
        self._ctx, self._tasks, self._presenter, self._page = ctx, tasks, presenter, page

    # -- reading -----------------------------------------------------------

    async def read_store(self, server_id: uuid.UUID) -> "StoredFacts":
        """Return what the store knows. Raises ConsoleError."""
        await lazy_imports.ready(self._ctx, lazy_imports.connect)
        from console.connect.connect_facts import load_stored_facts

        workspace = await self._ctx.ready()
        return await self._ctx.call(load_stored_facts, workspace.store, server_id)

    async def ask_server(self, server_id: uuid.UUID, client: IntakeClient | None) -> "ServerFacts":
        """Return what the server says."""
        await lazy_imports.ready(self._ctx, lazy_imports.connect)
        from console.connect.connect_facts import ask_server

        return await ask_server(await self._ctx.ready(), server_id, client)

    # -- the header value --------------------------------------------------

    def renew_token(self) -> None:
        """Make a new header value; the one before stops working."""
        self._write(self._renew_token(), then=self.token_made.emit)

    def offer_token(self) -> None:
        """Say why a header value cannot be copied."""
        self._ctx.notify(tr("The header value was shown once. Make a new one with New header value."))

    async def _renew_token(self) -> None:
        stored = self._presenter.stored
        if stored is None or stored.server is None:
            return
        clients, client = IntakeClients(self._ctx.workspace.store), stored.client
        if client is not None:
            token = await self._ctx.call(clients.renew_token, client.name)
        else:
            type_id = self._page.events.type_id
            if type_id is None:
                return
            name = f"{CREDENTIAL_NAME}: {stored.server.name}"
            _, token = await self._ctx.call(clients.add_for_events, name, type_id, stored.server.id)
        self._presenter.token = Secret(token)

    def choose_type(self, type_id: uuid.UUID) -> None:
        """Raise requests of another Approval Type from now on."""
        client = self._client
        if client is not None and client.type_id != type_id:
            clients = IntakeClients(self._ctx.workspace.store)
            self._write(self._ctx.call(clients.set_type, client.name, type_id))

    # -- events and mapping ------------------------------------------------

    def show_events(self) -> None:
        """Show the received events as they came."""
        stored = self._presenter.stored
        if stored is not None and stored.events:
            self._open(EventsDialog(stored.events, self._window))

    def choose_field(self, variable: str) -> None:
        """Ask what a variable is filled with."""
        client, stored = self._client, self._presenter.stored
        row = next((one for one in self._presenter.rows() if one.variable == variable), None)
        if client is None or stored is None or row is None or not row.can_be_mapped:
            return
        payload = next((found for event in stored.events if (found := read_event(event.body))), None)
        fields = flatten_event(payload)[0] if payload is not None else []
        pointer = row.source if row.source.startswith("/") else suggest_fields(fields).get(variable, "")
        dialog = FieldDialog(variable, fields, pointer, self._window)
        dialog.accepted.connect(lambda: self._map({variable: dialog.source()}))
        self._open(dialog)

    def accept_offer(self) -> None:
        """Use the suggestions that the table shows, or let events raise requests."""
        suggestions = self._presenter.suggestions()
        changes: dict[str, JsonValue] = {
            name: pointer_source(name, pointer) for name, pointer in suggestions.items()
        }
        self._map(changes, confirm=not changes)

    def _map(self, changes: "dict[str, JsonValue]", *, confirm: bool = False) -> None:
        client = self._client
        if client is not None:
            store = self._ctx.workspace.store
            self._write(self._ctx.call(change_mapping, store, client, changes, confirm=confirm))

    def start_over(self) -> None:
        """Remove mapping and events, after a question."""
        client = self._client
        if client is None:
            return
        dialog = StartOverDialog(self._window)
        dialog.accepted.connect(lambda: self._write(self._ctx.call(self._forget, client)))
        self._open(dialog)

    def _forget(self, client: IntakeClient) -> None:
        store = self._ctx.workspace.store
        IntakeClients(store).set_mapping(client.name, {}, is_learning=True)
        IntakeEvents(store).forget(client.id)

    # -- answers -----------------------------------------------------------

    def confirm_answers(self) -> None:
        """Send answers by the mapping that is shown."""
        setup = self._presenter.server.setup if self._presenter.server is not None else None
        if setup is not None:
            self._write(
                self._ctx.call(confirm_answer_setup, self._ctx.workspace, setup),
                then=self.answers_changed.emit,
            )

    def use_webhook(self) -> None:
        """Ask for the address of a webhook that gets the answers."""
        dialog = WebhookDialog(self._window)
        dialog.accepted.connect(lambda: self._answer_to(dialog.url.text()))
        self._open(dialog)

    def use_server(self) -> None:
        """Send answers to Privilege Manager again."""
        stored = self._presenter.stored
        if stored is not None and stored.server is not None:
            self._set_answer(AnswerTarget(AnswerKind.PRIVILEGE_MANAGER, server_id=stored.server.id))

    def _answer_to(self, url: str) -> None:
        self._write(self._use_url(url), then=self.answers_changed.emit)

    async def _use_url(self, url: str) -> None:
        def no_server(_name: str) -> uuid.UUID:
            raise AssertionError("a webhook has no server")

        target = parse_answer(f"{PREFIX_WEBHOOK}{url.strip()}", no_server)
        await self._change_answer(target)

    def _set_answer(self, target: AnswerTarget) -> None:
        self._write(self._change_answer(target), then=self.answers_changed.emit)

    async def _change_answer(self, target: AnswerTarget) -> None:
        client, workspace = self._client, self._ctx.workspace
        if client is None:
            return
        clients = IntakeClients(workspace.store)
        secret = await self._ctx.call(clients.set_answer, client.name, target, workspace.vault)
        self._presenter.webhook_secret = secret

    def show_deliveries(self) -> None:
        """Show the answers, with a button that sends one again."""
        dialog = DeliveriesDialog(self._window)
        read = self._read_deliveries
        self._tasks.start(read(), group="deliveries", on_result=dialog.show_deliveries)

        def retry(key: uuid.UUID) -> None:
            self._write(
                self._retry([key]),
                then=lambda: self._tasks.start(read(), group="deliveries", on_result=dialog.show_deliveries),
            )

        dialog.retried.connect(retry)
        dialog.finished.connect(lambda _result: self._tasks.cancel("deliveries"))
        self._open(dialog)

    def retry_failed(self) -> None:
        """Send every failed answer to this server again."""
        self._write(self._retry_failed())

    async def _read_deliveries(self) -> list[Delivery]:
        found = await self._ctx.call(list_deliveries, self._ctx.workspace.store, None)
        return [one for one in found if one.server_id == self._page.target.id]

    async def _retry_failed(self) -> None:
        failed = await self._read_deliveries()
        await self._retry([one.id for one in failed if one.state == DeliveryState.FAILED])

    async def _retry(self, keys: list[uuid.UUID]) -> None:
        outbox = Outbox(self._ctx.workspace.store)
        for key in keys:
            await self._ctx.call(outbox.retry, key, utcnow())
        self._ctx.notify(tr("The next worker sends them again."))

    # -- support -----------------------------------------------------------

    @property
    def _client(self) -> IntakeClient | None:
        return self._presenter.stored.client if self._presenter.stored is not None else None

    @property
    def _window(self) -> "QWidget | None":
        return self._page.window()

    def _open(
        self, dialog: "EventsDialog | FieldDialog | StartOverDialog | WebhookDialog | DeliveriesDialog"
    ) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _write(self, writing: Awaitable[object], then: Callable[[], object] | None = None) -> None:
        async def write() -> None:
            await writing

        def end(_result: None) -> None:
            self.changed.emit()
            if then is not None:
                then()

        self._tasks.start(write(), on_result=end)
