"""Accepts connections of the intake and limits their number, before anything is read from them.

File descriptors stay free for the store and for calls to instances. If the limit is reached, a new connection replaces an
idle one: among those of the address with the most idle connections, the one that has been idle longest.
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

from services.intake.http_protocol import IntakeHttpProtocol
from services.intake.log_throttle import ThrottledCounter

CONNECTIONS_MAX = 512
"""Open connections, if the system allows twice as many descriptors."""
CONNECTIONS_MIN = 4
ACCEPT_RETRY_DELAY_S = 0.05
"""Delay after the system had no descriptor for a connection."""
EVICTION_MIN_IDLE_S = 1.0
"""Age after which an idle connection is closed when the system has no descriptor left."""
ACCEPTS_BEFORE_YIELD = 16
"""Connections accepted in a row before other tasks run."""
BACKLOG = 1024
_RESOURCES_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


@dataclass(eq=False, slots=True)
class _AcceptedConnection:
    """One accepted connection: its peer, when it was accepted, and its protocol once it is set up."""

    connection: socket.socket
    peer: str
    since: float = field(default_factory=time.monotonic)
    protocol: IntakeHttpProtocol | None = None
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
    """Return how many connections may be open at a time: at most half of the allowed descriptors."""
    try:
        import resource
    except ImportError:  # Windows: there is no such limit
        return CONNECTIONS_MAX
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    return max(CONNECTIONS_MIN, min(CONNECTIONS_MAX, allowed // 2))


class ConnectionAcceptor:
    """Accepts connections on a listening socket from `start` to `close`; has the interface of an asyncio server.

    `make_protocol` creates the protocol of a connection, `full_response` is written to a connection beyond the limit,
    `setup_timeout_s` limits the TLS handshake.
    """

    def __init__(
        self,
        listening: socket.socket,
        make_protocol: Callable[[], IntakeHttpProtocol],
        *,
        refused: ThrottledCounter,
        full_response: bytes,
        tls: ssl.SSLContext | None = None,
        setup_timeout_s: float,
        limit: int | None = None,
    ) -> None:
        self._listening, self._make_protocol, self._tls = listening, make_protocol, tls
        self._refused, self._full_response, self._setup_timeout_s = refused, full_response, setup_timeout_s
        self._connection_limit = limit or connection_limit()
        self._connections: dict[_AcceptedConnection, None] = {}
        self._accept_task: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()

    @property
    def open(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def sockets(self) -> list[socket.socket]:
        """The listening socket."""
        return [self._listening]

    def start(self) -> None:
        """Start accepting."""
        self._listening.settimeout(0)
        self._accept_task = asyncio.ensure_future(self._accept())

    def close(self) -> None:
        """Stop accepting. Connections that are being set up are closed; open ones are left to the HTTP server."""
        if self._accept_task is not None:
            self._accept_task.cancel()
            # The cancelled task would do this later, when the descriptor may already belong to another socket.
            with contextlib.suppress(NotImplementedError, ValueError):
                asyncio.get_running_loop().remove_reader(self._listening.fileno())
        self._listening.close()
        for place in list(self._connections):
            if place.protocol is None:
                place.abort()
        self._closed.set()

    async def wait_closed(self) -> None:
        """Return after `close`."""
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
                    # Other parts of this process need descriptors, too: idle connections are closed first.
                    self._refused.count("no descriptor free")
                    self._evict_idle(min_idle_s=EVICTION_MIN_IDLE_S)
                # Everything else concerns the one connection that ended before it was accepted.
                await asyncio.sleep(ACCEPT_RETRY_DELAY_S if error.errno in _RESOURCES_EXHAUSTED else 0)
                continue
            self._add(connection, str(address[0]) if isinstance(address, tuple) else "")
            in_a_row += 1
            if in_a_row % ACCEPTS_BEFORE_YIELD == 0:
                await asyncio.sleep(0)

    def _add(self, connection: socket.socket, peer: str) -> None:
        if len(self._connections) >= self._connection_limit and not self._evict_idle():
            self._refused.count("too many connections")
            self._reject(connection)
            return
        with contextlib.suppress(OSError):
            connection.settimeout(0)
            # Otherwise the last packet of a response waits for the acknowledgement of the one before (Nagle).
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        place = _AcceptedConnection(connection, peer)
        self._connections[place] = None
        place.setup_task = asyncio.ensure_future(self._set_up(place))

    def _evict_idle(self, min_idle_s: float = 0.0) -> bool:
        """Close one idle connection; returns False if none has been idle for so long."""
        latest = time.monotonic() - min_idle_s
        idle = [one for one in self._connections if one.is_idle and one.since <= latest]
        if not idle:
            return False
        idle_by_peer = Counter(one.peer for one in idle)
        place = max(idle, key=lambda one: (idle_by_peer[one.peer], -one.since))
        self._refused.count("idle connection closed for another")
        self._connections.pop(place)
        place.abort()
        return True

    async def _set_up(self, place: _AcceptedConnection) -> None:
        protocol = self._make_protocol()
        protocol.on_connection_lost = lambda: self._connections.pop(place, None)
        handshake_timeout = self._setup_timeout_s if self._tls is not None else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol, place.connection, ssl=self._tls, ssl_handshake_timeout=handshake_timeout
            )
        except (OSError, TimeoutError):
            self._refused.count("no encrypted connection")
        else:
            place.protocol = protocol
            return
        finally:
            if place.protocol is None:
                self._connections.pop(place, None)
                place.connection.close()

    def _reject(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(0)
            if self._tls is not None:
                return
            with contextlib.suppress(BlockingIOError):
                # Unread input would reset the connection before the response is received.
                connection.recv(65536)
            connection.send(self._full_response)
            connection.shutdown(socket.SHUT_WR)
