"""The destinations of intake clients, from what is stored of them."""

import uuid
from collections.abc import Awaitable, Callable

from models.delivery import AnswerKind
from models.intake_client import IntakeClient
from services.answers.destination import AnswerDestination
from services.answers.privilege_manager import ApprovalServer, PrivilegeManagerDestination
from services.answers.webhook import WebhookDestination, secret_name, webhook_destination
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.connectivity.answer_faults import DELIVERY_FAULTS
from services.coordination.clock import Clock
from services.store import NotFoundError
from services.vault import Vault


class StoredDestinations:
    """Makes the destination of a client. `connect` returns the client of a stored Privilege Manager server."""

    def __init__(
        self, vault: Vault, connect: Callable[[uuid.UUID], Awaitable[ApprovalServer]], clock: Clock
    ) -> None:
        self._vault, self._connect, self._clock = vault, connect, clock

    def destination(self, client: IntakeClient) -> AnswerDestination:
        """Return where the answers of a client go. Raises ConsoleError for one that gets none."""
        match AnswerKind(client.answer_kind):
            case AnswerKind.WEBHOOK:
                return self._webhook(client.id, client.name, client.answer_url)
            case AnswerKind.PRIVILEGE_MANAGER:
                return self._privilege_manager(client)
            case AnswerKind.NONE:
                raise DELIVERY_FAULTS.error(FaultId.DELIVERY_CLIENT_REMOVED, f"Answer “{client.name}”")

    def _webhook(self, client_id: uuid.UUID, name: str, url: str) -> AnswerDestination:
        def read_secret() -> Secret:
            return self._vault.get(client_id, secret_name(name), webhook_destination(url))

        return WebhookDestination(url, read_secret, self._clock)

    def _privilege_manager(self, client: IntakeClient) -> AnswerDestination:
        server_id, tried = client.answer_server_id, f"Answer “{client.name}”"

        async def connect() -> ApprovalServer:
            if server_id is None:
                raise DELIVERY_FAULTS.error(FaultId.DELIVERY_SERVER_REMOVED, tried)
            try:
                return await self._connect(server_id)
            except NotFoundError as error:
                evidence = error.problem.evidence
                raise DELIVERY_FAULTS.error(FaultId.DELIVERY_SERVER_REMOVED, tried, evidence) from error

        return PrivilegeManagerDestination(connect, client.answer_mapping)
