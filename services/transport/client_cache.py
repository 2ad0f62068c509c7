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
        self._replaced: dict[uuid.UUID, list[ClientType]] = {}
        """Of each server those that were replaced and are busy, and the last one: whoever has it may use it again."""

    async def get(
        self, server_id: uuid.UUID, identity: tuple[object, ...], make: Callable[[], ClientType]
    ) -> ClientType:
        """Return the client of a server; made anew when `identity` is another.

        The one before is closed, once its calls have ended.
        """
        known = self._clients.get(server_id)
        current = None if known is None or known[0] != identity else known[1]
        if current is None:
            current = make()
            self._clients[server_id] = (identity, current)
            if known is not None:
                self._replaced.setdefault(server_id, []).append(known[1])
        await self._close_idle(server_id)
        return current

    def known(self, server_id: uuid.UUID) -> ClientType | None:
        """Return the client of a server that is open; None where none was needed yet."""
        found = self._clients.get(server_id)
        return None if found is None else found[1]

    async def _close_idle(self, server_id: uuid.UUID) -> None:
        replaced = self._replaced.get(server_id)
        if not replaced:
            return
        idle = [client for client in replaced if not client.is_busy]
        self._replaced[server_id] = [
            client for client in replaced if client.is_busy or client is replaced[-1]
        ]
        for client in idle:
            await client.aclose()

    async def aclose(self) -> None:
        """Close all clients, those that were replaced included."""
        clients = [client for _, client in self._clients.values()]
        for replaced in self._replaced.values():
            clients += replaced
        self._clients, self._replaced = {}, {}
        for client in clients:
            await client.aclose()
