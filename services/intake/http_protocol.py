"""The HTTP/1.1 protocol of one connection of the intake: strict parsing, and timeouts for slow clients."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from services.intake.app import respond_busy
from services.intake.http_problems import UNREADABLE_FAULT, invalid_http_response
from services.intake.log_throttle import ThrottledCounter

CALLS_MAX = 64
"""Concurrent calls; further ones are answered with 503."""
HEADERS_SIZE_MAX = 16 * 1024
"""Bytes of the headers of a call, and of the line before a chunk."""
HEADERS_TIMEOUT_S = 10.0
"""Time within which the headers of a call must be complete: many slow connections would keep others out.

Also the time within which a response must be read."""
LINGER_SECONDS = 1.0
"""Time for which a connection stays open after the response to invalid HTTP; otherwise the client may not read it."""
_SINGLE_VALUE_HEADERS = (b"content-type", b"content-encoding", b"content-length", b"transfer-encoding")
_HTTP_VERSIONS = (b"1.0", b"1.1")
log = logging.getLogger(__name__)


class StrictConnection(h11.Connection):
    """Rejects calls that two HTTP parsers could understand differently (request smuggling)."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
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
    """Check the headers at the start of `content` for what h11 accepts. Raises RemoteProtocolError."""
    end = content.find(b"\r\n\r\n")
    head = content if end < 0 else content[: end + 2]
    if len(head) > HEADERS_SIZE_MAX:
        # h11 limits the size of incomplete headers only.
        raise h11.RemoteProtocolError("the head is too large")
    if head.count(b"\n") != head.count(b"\r\n"):
        raise h11.RemoteProtocolError("a line of the head ends without a carriage return")
    if b"\n " in head or b"\n\t" in head:
        raise h11.RemoteProtocolError("a line of the head goes on in the next one")


class IntakeHttpProtocol(H11Protocol):
    """Closes connections that send no complete call or do not read the response; uvicorn would wait without limit.

    Calls beyond CALLS_MAX and invalid HTTP are answered with problem details; uvicorn would send plain text.
    """

    refused: ThrottledCounter
    _idle_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _input_closed = False
    """Whether further input is ignored, because the last response has been written."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: the type of uvicorn's parameter
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        refused: ThrottledCounter,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.refused = refused
        self.conn = StrictConnection(h11.SERVER, HEADERS_SIZE_MAX)
        self.on_connection_lost: Callable[[], object] = lambda: None

    @property
    def is_idle(self) -> bool:
        """Whether no call is being answered."""
        return self._input_closed or self.cycle is None or self.cycle.response_complete

    def abort(self) -> None:
        """Close the connection at once."""
        if self.transport is not None:
            self.transport.abort()

    # -- the connection --------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the idle timer."""
        super().connection_made(transport)
        self._wrapped_app = self.app
        self._start_idle_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        super().connection_lost(exc)
        self._cancel_idle_timer()
        self._cancel_write_timer()
        self.on_connection_lost()

    def data_received(self, data: bytes) -> None:
        """Process input; whatever is sent can at most close this connection."""
        if self._input_closed:
            return
        try:
            super().data_received(data)
        except OSError:
            # The client has closed the connection meanwhile, which is not worth a log line.
            self.refused.count("connection lost")
            self.transport.abort()
        except Exception:
            log.exception("intake: a connection ended unexpectedly")
            self.transport.abort()

    def handle_events(self) -> None:
        """Answer the calls that have been received."""
        self.app = respond_busy if len(self.tasks) >= CALLS_MAX else self._wrapped_app
        super().handle_events()

    # -- invalid HTTP ----------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """Answer invalid HTTP, once, and unless another response has been started."""
        del msg
        self.refused.count(UNREADABLE_FAULT)
        self._input_closed = True
        if self.cycle is not None and not self.cycle.response_complete:
            # The endpoint that reads the rest of this call sees a disconnected client, and writes nothing.
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
        self._idle_timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    # -- timers ----------------------------------------------------------------

    def pause_writing(self) -> None:
        """Start the timer for reading the response."""
        super().pause_writing()
        self._cancel_write_timer()
        self._write_timer = self.loop.call_later(HEADERS_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop the timer for reading the response."""
        super().resume_writing()
        self._cancel_write_timer()

    def on_response_complete(self) -> None:
        """Start the idle timer for the next call."""
        self._cancel_idle_timer()
        super().on_response_complete()
        if not self.transport.is_closing() and not self._input_closed:
            self._start_idle_timer()

    def _start_idle_timer(self) -> None:
        self._idle_timer = self.loop.call_later(HEADERS_TIMEOUT_S, self._close_if_idle)

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()

    def _cancel_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()

    def _close_if_idle(self) -> None:
        # A call that is being answered has timeouts of its own, and the timer restarts after its response.
        if self.is_idle:
            self.refused.count("no call in time")
            self.transport.abort()
