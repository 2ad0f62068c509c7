"""Clients of stored servers, one for each; replaced when the way to the server or its sign-in has changed."""

import uuid
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """A client with connections."""

    @property
    def is_busy(self) -> bool:
        """Whether calls are under way."""

    async def aclose(self) -> None:
        """Close the connections."""


ClientType = TypeVar("ClientType", bound=Closable)


class ClientCache(Generic[ClientType]):
    """One client for each server, with what identifies its settings and sign-in."""

    def __init__(self) -> None:
        self._clients: dict[uuid.UUID, tuple[tuple[object, ...], ClientType]] = {}
        self._replaced: list[ClientType] = []
        """Clients whose last calls are under way: those finish as they began."""

    async def get(
        self, server_id: uuid.UUID, identity: tuple[object, ...], make: Callable[[], ClientType]
    ) -> ClientType:
        """Return the client of a server; made anew when `identity` is another.

        The one before is closed, once its calls have ended.
        """
        if self._replaced:
            await self._close_idle()
        known = self._clients.get(server_id)
        if known is not None and known[0] == identity:
            return known[1]
        made = make()
        self._clients[server_id] = (identity, made)
        if known is not None:
            self._replaced.append(known[1])
            await self._close_idle()
        return made

    def known(self, server_id: uuid.UUID) -> ClientType | None:
        """Return the client of a server that is open; None where none was needed yet."""
        found = self._clients.get(server_id)
        return None if found is None else found[1]

    async def _close_idle(self) -> None:
        idle = [client for client in self._replaced if not client.is_busy]
        self._replaced = [client for client in self._replaced if client not in idle]
        for client in idle:
            await client.aclose()

    async def aclose(self) -> None:
        """Close all clients."""
        clients = [*(client for _, client in self._clients.values()), *self._replaced]
        self._clients, self._replaced = {}, []
        for client in clients:
            await client.aclose()
