"""Takes the connections of the intake: how many at a time is decided when one is accepted, before anything is read.

Descriptors are kept free for the store and for calls to instances. Whoever comes when all places are taken gets the
place of a connection that waits without a call: of the address that has most of them, the one that has waited longest.
"""

import asyncio
import contextlib
import errno
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.intake.log_throttle import ThrottledCounter

CONNECTIONS_MAX = 512
"""Connections at a time, where the system allows twice as many descriptors."""
CONNECTIONS_MIN = 4
ACCEPT_RETRY_DELAY_S = 0.05
"""Until a connection is accepted again after the system had no descriptor for one."""
EVICTION_MIN_IDLE_S = 1.0
"""A connection that has waited for so long is closed when the system has no descriptor: somebody else needs one."""
ACCEPTS_BEFORE_YIELD = 16
"""Connections that are accepted before others get their turn."""
BACKLOG = 1024
_RESOURCES_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class ConnectionProtocol(Protocol):
    """The protocol of one connection, as far as the door needs it."""

    @property
    def is_idle(self) -> bool:
        """Whether no call is being answered on it."""

    on_connection_lost: Callable[[], None]

    def abort(self) -> None:
        """End the connection."""


@dataclass(eq=False, slots=True)
class _AcceptedConnection:
    """One accepted connection: where it comes from, since when it has waited, and its protocol once it is set up."""

    connection: socket.socket
    peer: str
    since: float = field(default_factory=time.monotonic)
    protocol: ConnectionProtocol | None = None
    setup_task: "asyncio.Task[None] | None" = None

    @property
    def is_idle(self) -> bool:
        return self.protocol is None or self.protocol.is_idle

    def abort(self) -> None:
        if self.protocol is not None:
            self.protocol.abort()
        if self.setup_task is not None and not self.setup_task.done():
            self.setup_task.cancel()


def connection_limit() -> int:
    """Return how many connections may be open at a time: half of the descriptors that the system allows at the most."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return CONNECTIONS_MAX
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    return max(CONNECTIONS_MIN, min(CONNECTIONS_MAX, allowed // 2))


class ConnectionAcceptor:
    """Accepts connections on a listening socket from `start` to `close`; has the form of a server of asyncio.

    `make` makes the protocol of a connection; `full` is what is written to one for which there is no place.
    """

    def __init__(
        self,
        listening: socket.socket,
        make: Callable[[], Any],
        *,
        refused: ThrottledCounter,
        full: bytes,
        tls: ssl.SSLContext | None = None,
        seconds: float,
        most: int | None = None,
    ) -> None:
        self._listening, self._make, self._tls = listening, make, tls
        self._refused, self._full_response, self._seconds = refused, full, seconds
        self._connection_limit = most or connection_limit()
        self._places: dict[_AcceptedConnection, None] = {}
        self._accept_task: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._places)

    @property
    def sockets(self) -> list[socket.socket]:
        """The socket that is listened at."""
        return [self._listening]

    def start(self) -> None:
        """Begin to accept."""
        self._listening.settimeout(0)
        self._accept_task = asyncio.ensure_future(self._accept())

    def close(self) -> None:
        """Accept no more. Connections that are being set up end; the others are left to whoever answers them."""
        if self._accept_task is not None:
            self._accept_task.cancel()
            # The cancelled task would do it when the number of the socket may be another one's already.
            with contextlib.suppress(NotImplementedError, ValueError):
                asyncio.get_running_loop().remove_reader(self._listening.fileno())
        self._listening.close()
        for place in list(self._places):
            if place.protocol is None:
                place.abort()
        self._closed.set()

    async def wait_closed(self) -> None:
        """Return once nothing is accepted any more."""
        await self._closed.wait()

    # -- accepting -------------------------------------------------------------

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        in_a_row = 0
        while True:
            try:
                connection, address = await loop.sock_accept(self._listening)
            except OSError as error:
                if error.errno == errno.EBADF:
                    return
                if error.errno in _RESOURCES_EXHAUSTED:
                    # Somebody else of this process needs them as well: whoever only waits goes first.
                    self._refused.count("no descriptor free")
                    self._make_room(waited_s=EVICTION_MIN_IDLE_S)
                # Everything else concerns the one connection that ended before it was accepted.
                await asyncio.sleep(ACCEPT_RETRY_DELAY_S if error.errno in _RESOURCES_EXHAUSTED else 0)
                continue
            self._take(connection, str(address[0]) if isinstance(address, tuple) else "")
            in_a_row += 1
            if in_a_row % ACCEPTS_BEFORE_YIELD == 0:
                await asyncio.sleep(0)

    def _take(self, connection: socket.socket, peer: str) -> None:
        if len(self._places) >= self._connection_limit and not self._make_room():
            self._refused.count("too many connections")
            self._reject(connection)
            return
        with contextlib.suppress(OSError):
            connection.settimeout(0)
            # Without it the last packet of an answer waits for the acknowledgement of the one before.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        place = _AcceptedConnection(connection, peer)
        self._places[place] = None
        place.setup_task = asyncio.ensure_future(self._set_up(place))

    def _make_room(self, waited_s: float = 0.0) -> bool:
        """End the connection that is missed least; returns False where none of them waits, or not for so long."""
        since = time.monotonic() - waited_s
        waiting = [place for place in self._places if place.is_idle and place.since <= since]
        if not waiting:
            return False
        of_peer = Counter(place.peer for place in waiting)
        place = max(waiting, key=lambda one: (of_peer[one.peer], -one.since))
        self._refused.count("idle connection closed for another")
        self._places.pop(place)
        place.abort()
        return True

    async def _set_up(self, place: _AcceptedConnection) -> None:
        guest = self._make()
        guest.on_connection_lost = lambda: self._places.pop(place, None)
        limits = {"ssl_handshake_timeout": self._seconds} if self._tls is not None else {}
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: guest, place.connection, ssl=self._tls, **limits
            )
        except (OSError, TimeoutError):
            self._refused.count("no encrypted connection")
        else:
            place.protocol = guest
            return
        finally:
            if place.protocol is None:
                self._places.pop(place, None)
                place.connection.close()

    def _reject(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(0)
            if self._tls is not None:
                return
            with contextlib.suppress(BlockingIOError):
                # What was sent and never read would end the connection before the answer is.
                connection.recv(65536)
            connection.send(self._full_response)
            connection.shutdown(socket.SHUT_WR)
