"""What the buttons of the page do: reads and writes of the store, each as a task, and the dialogs before them."""

import uuid
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal

from console.connect.dialogs import (
    EventsDialog,
    FieldDialog,
    StartOverDialog,
)
from console.connect.page_work import PageWork
from console.connect.presenter import CREDENTIAL_NAME
from console.runtime import lazy_imports
from models.intake_client import IntakeClient
from services.common.secret import Secret
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
    from console.connect.connect_facts import ServerFacts, StoredFacts
    from services.common.json_types import JsonValue


class ConnectWork(PageWork):
    """Reads what is known, and writes the header value, the Approval Type and the mapping."""

    token_made = pyqtSignal()

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
