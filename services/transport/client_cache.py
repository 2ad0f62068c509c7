"""Clients of stored servers, one for each; replaced when the way to the server or its sign-in has changed."""

import uuid
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """A client with connections."""

    async def aclose(self) -> None:
        """Close the connections."""


ClientType = TypeVar("ClientType", bound=Closable)


class ClientCache(Generic[ClientType]):
    """One client for each server, with what identifies its settings and sign-in."""

    def __init__(self) -> None:
        self._clients: dict[uuid.UUID, tuple[tuple[object, ...], ClientType]] = {}
        self._replaced: dict[uuid.UUID, ClientType] = {}
        """The last one before, of each server: closed, but whoever had it already may have opened its connections again."""

    async def get(
        self, server_id: uuid.UUID, identity: tuple[object, ...], make: Callable[[], ClientType]
    ) -> ClientType:
        """Return the client of a server; made anew, and the one before closed, when `identity` is another."""
        known = self._clients.get(server_id)
        if known is not None and known[0] == identity:
            return known[1]
        made = make()
        self._clients[server_id] = (identity, made)
        if known is not None:
            earlier = self._replaced.get(server_id)
            self._replaced[server_id] = known[1]
            for former in (known[1], earlier):
                if former is not None:
                    await former.aclose()
        return made

    async def aclose(self) -> None:
        """Close all clients, those that were replaced included."""
        clients = [*(client for _, client in self._clients.values()), *self._replaced.values()]
        self._clients, self._replaced = {}, {}
        for client in clients:
            await client.aclose()
