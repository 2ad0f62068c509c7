"""The destinations of intake clients, from what is stored of them."""

import uuid
from collections.abc import Awaitable, Callable

from sqlmodel import col, select

from models.addresses import Destination
from models.delivery import AnswerKind
from models.intake_client import IntakeClient
from services.answers.destination import AnswerDestination
from services.answers.privilege_manager import ApprovalServer, PrivilegeManagerDestination
from services.answers.webhook import WebhookDestination, proxy_destination, secret_name, webhook_destination
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.connectivity.answer_faults import DELIVERY_FAULTS
from services.coordination.clock import Clock
from services.store import NotFoundError, Store
from services.transport.sign_in import SignInSource
from services.vault import Vault


class StoredDestinations:
    """Makes the destination of a client. `connect` returns the client of a stored Privilege Manager server.

    `proxy_sign_in` returns how a User Credential signs in to a proxy.
    """

    def __init__(
        self,
        vault: Vault,
        connect: Callable[[uuid.UUID], Awaitable[ApprovalServer]],
        clock: Clock,
        proxy_sign_in: Callable[[uuid.UUID, Destination], SignInSource] = lambda _id, _place: None,
    ) -> None:
        self._vault, self._connect, self._clock = vault, connect, clock
        self._proxy_sign_in = proxy_sign_in

    def destination(self, client: IntakeClient) -> AnswerDestination:
        """Return where the answers of a client go. Raises ConsoleError for one that gets none."""
        match AnswerKind(client.answer_kind):
            case AnswerKind.WEBHOOK:
                return self._webhook(client)
            case AnswerKind.PRIVILEGE_MANAGER:
                return self._privilege_manager(client)
            case AnswerKind.NONE:
                raise DELIVERY_FAULTS.error(FaultId.DELIVERY_CLIENT_REMOVED, f"Answer “{client.name}”")

    def _webhook(self, client: IntakeClient) -> AnswerDestination:
        url, proxy, credential_id = client.answer_url, client.answer_proxy, client.answer_proxy_credential_id
        place = proxy_destination(url, proxy)

        def read_secret() -> Secret:
            return self._vault.get(client.id, secret_name(client.name), webhook_destination(url, proxy))

        sign_in = self._proxy_sign_in(credential_id, place) if credential_id and place else None
        return WebhookDestination(url, read_secret, self._clock, proxy=proxy, proxy_sign_in=sign_in)

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


def find_proxy_destinations(store: Store, credential_id: uuid.UUID) -> list[Destination]:
    """Return the proxies on the way to webhooks that a User Credential signs in to; blocks."""
    query = select(IntakeClient).where(col(IntakeClient.answer_proxy_credential_id) == credential_id)
    with store.read() as session:
        found = session.exec(query.order_by(col(IntakeClient.name_key))).all()
    places = (proxy_destination(client.answer_url, client.answer_proxy) for client in found)
    return [place for place in places if place is not None]
