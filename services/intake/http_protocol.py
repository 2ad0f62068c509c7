"""HTTP of the intake on one connection: strict about what it reads, and patient with nobody for long."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.intake.app import UNREADABLE_FAULT, invalid_http_response, respond_busy
from services.intake.log_throttle import ThrottledCounter

CALLS_MAX = 64
"""Calls that are answered at a time; whoever sends a further one is told to come again."""
HEADERS_SIZE_MAX = 16 * 1024
"""Bytes of the head of a call, and of the line before a chunk."""
HEADERS_TIMEOUT_S = 10.0
"""How long a connection may stay without a whole head of a call: very many slow ones would keep others out.

Also how long an answer may stay unread."""
LINGER_SECONDS = 1.0
"""How long is listened to whoever was told that it speaks no HTTP: hung up on at once it would not read that."""
_SINGLE_VALUE_HEADERS = (b"content-type", b"content-encoding", b"content-length", b"transfer-encoding")
_HTTP_VERSIONS = (b"1.0", b"1.1")
log = logging.getLogger(__name__)


class StrictConnection(h11.Connection):
    """Refuses what two readers of the same call could understand differently."""

    def next_event(self) -> Any:
        """Return the next event; raises RemoteProtocolError."""
        if self.their_state is h11.IDLE:
            _check_headers(self.trailing_data[0])
        event = super().next_event()
        if isinstance(event, h11.Request):
            if event.http_version not in _HTTP_VERSIONS:
                raise h11.RemoteProtocolError("another version of HTTP")
            counted = Counter(name for name, _ in event.headers)
            if any(counted[name] > 1 for name in _SINGLE_VALUE_HEADERS):
                raise h11.RemoteProtocolError("a header stands twice")
            if counted[b"content-length"] and counted[b"transfer-encoding"]:
                raise h11.RemoteProtocolError("the length of the body is told in two ways")
            if counted[b"transfer-encoding"] and event.http_version == b"1.0":
                raise h11.RemoteProtocolError("HTTP/1.0 knows no chunks")
        return event


def _check_headers(content: bytes) -> None:
    """Look at the head that `content` begins with, for what h11 lets pass. Raises RemoteProtocolError."""
    end = content.find(b"\r\n\r\n")
    head = content if end < 0 else content[: end + 2]
    if len(head) > HEADERS_SIZE_MAX:
        # h11 measures a head that is not whole yet only.
        raise h11.RemoteProtocolError("the head is too large")
    if head.count(b"\n") != head.count(b"\r\n"):
        raise h11.RemoteProtocolError("a line of the head ends without a carriage return")
    if b"\n " in head or b"\n\t" in head:
        raise h11.RemoteProtocolError("a line of the head goes on in the next one")


class IntakeHttpProtocol(H11Protocol):
    """Hangs up on whoever does not say what it wants or never reads its answer: uvicorn would wait without end.

    With more calls than are answered, and for what is no HTTP, the answer is a problem as all others are, where uvicorn
    would send plain text.
    """

    refused: ThrottledCounter
    _late: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _input_closed = False
    """Whether the connection is over, but for its answer."""

    def __init__(self, *arguments: Any, refused: ThrottledCounter, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.refused = refused
        self.conn = StrictConnection(h11.SERVER, HEADERS_SIZE_MAX)
        self.on_connection_lost: Callable[[], object] = lambda: None

    @property
    def is_idle(self) -> bool:
        """Whether no call is being answered."""
        return self._input_closed or self.cycle is None or self.cycle.response_complete

    def abort(self) -> None:
        """End the connection."""
        if self.transport is not None:
            self.transport.abort()

    # -- the connection --------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._served = self.app
        self._start_idle_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        self._cancel_idle_timer()
        self._cancel_write_timer()
        self.on_connection_lost()

    def data_received(self, data: bytes) -> None:
        """Read on; nothing that is sent can do more than end this connection."""
        if self._input_closed:
            return
        try:
            super().data_received(data)
        except OSError:
            # Whoever sent it has gone meanwhile; that is no news.
            self.refused.count("connection lost")
            self.transport.abort()
        except Exception:
            log.exception("intake: a connection ended unexpectedly")
            self.transport.abort()

    def handle_events(self) -> None:
        """Answer what has come."""
        self.app = respond_busy if len(self.tasks) >= CALLS_MAX else self._served
        super().handle_events()

    # -- what is no HTTP -------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, once; nothing can be said in the middle of another answer."""
        del msg
        self.refused.count(UNREADABLE_FAULT)
        self._input_closed = True
        if self.cycle is not None and not self.cycle.response_complete:
            # Whoever answers the call whose rest cannot be read finds its caller gone, and writes nothing.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        self.transport.write(invalid_http_response())
        self._linger()

    def _linger(self) -> None:
        self._cancel_idle_timer()
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self._late = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    # -- waiting ---------------------------------------------------------------

    def pause_writing(self) -> None:
        """Begin to wait until the answer is read."""
        super().pause_writing()
        self._cancel_write_timer()
        self._unread = self.loop.call_later(HEADERS_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        self._cancel_write_timer()

    def on_response_complete(self) -> None:
        """Begin to wait for the next call."""
        self._cancel_idle_timer()
        super().on_response_complete()
        if not self.transport.is_closing() and not self._input_closed:
            self._start_idle_timer()

    def _start_idle_timer(self) -> None:
        self._late = self.loop.call_later(HEADERS_TIMEOUT_S, self._close_if_idle)

    def _cancel_idle_timer(self) -> None:
        if self._late is not None:
            self._late.cancel()

    def _cancel_write_timer(self) -> None:
        if self._unread is not None:
            self._unread.cancel()

    def _close_if_idle(self) -> None:
        # A call that is being answered has limits of its own, and waiting begins anew after its answer.
        if self.is_idle:
            self.refused.count("no call in time")
            self.transport.abort()
