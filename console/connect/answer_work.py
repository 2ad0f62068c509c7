"""What the page does about answers: how they are filled in, where they go, and those that failed."""

import uuid
from dataclasses import replace

from PyQt6.QtCore import pyqtSignal

from console.connect.answer_sources import SourceChoice
from console.connect.dialogs import DeliveriesDialog, WebhookDialog
from console.connect.page_work import PageWork
from console.connect.source_dialog import SourceDialog
from models.base import utcnow
from models.delivery import AnswerKind, Delivery, DeliveryState
from services.answers.outbox import Outbox, list_deliveries
from services.answers.target import PREFIX_WEBHOOK, AnswerTarget, parse_answer, through_proxy
from services.common.errors import ConsoleError
from services.intake.answer_setup import AnswerSetup, change_answer_setup, confirm_answer_setup
from services.intake.clients import IntakeClients
from services.language import tr


class AnswerWork(PageWork):
    """Writes where answers go and how they are filled in, and sends failed ones again."""

    answers_changed = pyqtSignal()
    """Where answers go, or how, was changed: the server is to be asked again."""

    mapping_shown = pyqtSignal()
    """Another mapping is shown, which is not confirmed."""

    def choose_source(self, name: str) -> None:
        """Ask what a property of the approval operation is filled with."""
        setup = self._presenter.server.setup if self._presenter.server is not None else None
        kind = next((kind for row, kind, _, _ in setup.rows() if row == name), None) if setup else None
        if setup is None or kind is None:
            return
        choice = SourceChoice.of(setup.mapping.properties.get(name))
        dialog = SourceDialog(name, kind, choice, self._window)
        dialog.accepted.connect(lambda: self._use_source(setup, dialog.choice.argument(name)))
        self._open(dialog)

    def _use_source(self, setup: AnswerSetup, argument: str) -> None:
        try:
            changed = change_answer_setup(setup, [argument])
        except ConsoleError as error:
            self._ctx.show_problem(error.problem)
            return
        if self._presenter.server is not None:
            self._presenter.server = replace(self._presenter.server, setup=changed)
        self.mapping_shown.emit()

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
        dialog.accepted.connect(lambda: self._answer_to(dialog.url.text(), dialog.proxy.text()))
        self._open(dialog)

    def use_server(self) -> None:
        """Send answers to Privilege Manager again."""
        stored = self._presenter.stored
        if stored is not None and stored.server is not None:
            self._set_answer(AnswerTarget(AnswerKind.PRIVILEGE_MANAGER, server_id=stored.server.id))

    def _answer_to(self, url: str, proxy: str) -> None:
        self._write(self._use_url(url, proxy), then=self.answers_changed.emit)

    async def _use_url(self, url: str, proxy: str) -> None:
        def no_server(_name: str) -> uuid.UUID:
            raise AssertionError("a webhook has no server")

        target = parse_answer(f"{PREFIX_WEBHOOK}{url.strip()}", no_server)
        await self._change_answer(through_proxy(target, proxy))

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
        found, client = await self._ctx.call(list_deliveries, self._ctx.workspace.store, None), self._client
        client_id = client.id if client is not None else None
        return [one for one in found if one.server_id == self._page.target.id or one.client_id == client_id]

    async def _retry_failed(self) -> None:
        failed = await self._read_deliveries()
        await self._retry([one.id for one in failed if one.state == DeliveryState.FAILED])

    async def _retry(self, keys: list[uuid.UUID]) -> None:
        outbox = Outbox(self._ctx.workspace.store)
        for key in keys:
            await self._ctx.call(outbox.retry, key, utcnow())
        self._ctx.notify(tr("The next worker sends them again."))
