"""Serves the intake in the loop that it is started in: the worker's."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from models.addresses import is_loopback
from services.errors import ConsoleError, InputError, Owner, Problem
from services.requests.intake_app import IntakeApp, busy, no_http
from services.requests.rates import Rates
from services.store import Store

HOST = "127.0.0.1"
PORT = 8790
CONNECTIONS_MAX = 64
"""Connections at a time; whoever comes on a further one is told to come again."""
IDLE_SECONDS = 5
HEAD_SECONDS = 10.0
"""How long a connection may stay without a whole head of a call: very many slow ones would keep others out.

Also how long an answer may stay unread."""
STOP_SECONDS = 5


class IntakeServer:
    """The intake on a port, from `async with` to its end. Port 0 takes a free one; see `url`.

    Raises InputError for an address outside this machine without a certificate (tokens would travel readable) and for a
    certificate that cannot be used, ConsoleError for a port that is taken. `names` are the hosts it answers to beside
    those of this machine; without any it answers to `host`.
    """

    def __init__(
        self,
        store: Store,
        *,
        host: str = HOST,
        port: int = PORT,
        certificate: str = "",
        key: str = "",
        names: tuple[str, ...] = (),
        rates: Rates | None = None,
    ) -> None:
        if not is_loopback(host) and not certificate:
            raise _unencrypted(host)
        self._host, self._port = host, port
        self._certificate, self._key = certificate, key
        self._app = IntakeApp(store, names=names or (host,), rates=rates)
        self._server: _Quiet | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The address, with its trailing slash."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._certificate else 'http'}://{host}:{self._port}/"

    async def __aenter__(self) -> Self:
        """Listen, and return when calls are answered."""
        config = await asyncio.to_thread(self._config)
        listening = self._listen()
        self._port = listening.getsockname()[1]
        server = self._server = _Quiet(config)
        self._serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        while not server.started and not self._serving.done():  # noqa: ASYNC110 -- uvicorn has no event for this
            await asyncio.sleep(0.005)
        if self._serving.done():
            listening.close()
            await self._serving
        return self

    async def __aexit__(self, *error: object) -> None:
        """Answer what has come, then stop."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            return socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            raise _cannot_listen(self.url, error) from error

    def _config(self) -> uvicorn.Config:
        config = uvicorn.Config(
            self._app.app,
            # The program's own log is used; addresses with tokens in them are not written down by anybody.
            log_config=None,
            http=_Patient,
            # What is no HTTP is answered, and no news: whoever may do nothing must not fill the log.
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
            ssl_certfile=self._certificate or None,
            ssl_keyfile=self._key or None,
        )
        try:
            if self._certificate:
                # Without an answer of its own OpenSSL would ask for the passphrase of a key on the terminal.
                config.ssl_keyfile_password = ""
                Path(self._certificate).open("rb").close()
            config.load()
        except (OSError, ssl.SSLError, ValueError) as error:
            raise _certificate_unusable(self._certificate, error) from error
        return config


class _Patient(H11Protocol):
    """Hangs up on whoever does not say what it wants or never reads its answer: uvicorn would wait without end.

    With more connections than are served, and for what is no HTTP, the answer is a problem as all others are, where
    uvicorn would send plain text.
    """

    _late: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._served = self.app
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        self._wait_no_longer()
        self._is_read()

    def handle_events(self) -> None:
        """Answer what has come."""
        full = max(len(self.connections) - 1, len(self.tasks)) >= CONNECTIONS_MAX
        self.app = busy if full else self._served
        super().handle_events()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; nothing can be said in the middle of another answer."""
        del msg
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        answer = no_http()
        headers = [(name, value) for name, value in answer.raw_headers if name != b"connection"]
        events = (
            h11.Response(status_code=answer.status_code, headers=[*headers, (b"connection", b"close")]),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def pause_writing(self) -> None:
        """Begin to wait until the answer is read."""
        super().pause_writing()
        self._is_read()
        self._unread = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        self._is_read()

    def on_response_complete(self) -> None:
        """Begin to wait for the next call."""
        self._wait_no_longer()
        super().on_response_complete()
        if not self.transport.is_closing():
            self._wait()

    def _wait(self) -> None:
        self._late = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def _wait_no_longer(self) -> None:
        if self._late is not None:
            self._late.cancel()

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()

    def _hang_up(self) -> None:
        # A call that is being answered has limits of its own, and waiting begins anew after its answer.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()


class _Quiet(uvicorn.Server):
    """Leaves signals to the program that it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _unencrypted(host: str) -> InputError:
    return InputError(
        Problem(
            tried=f"Serve the intake on {host}",
            evidence="No certificate is given.",
            cause="Outside this machine tokens and requests would travel readable.",
            owner=Owner.CONSOLE,
            remedy="Give a certificate and its key, or serve it on 127.0.0.1 behind a server that encrypts.",
            fault="intake-unencrypted",
        )
    )


def _certificate_unusable(file: str, error: Exception) -> InputError:
    return InputError(
        Problem(
            tried=f"Read the certificate {file}",
            evidence=f"{type(error).__name__}: {error}",
            cause="The certificate or its key cannot be read, or they do not belong together.",
            owner=Owner.CONSOLE,
            remedy="Name a certificate and a key in PEM; the key must have no passphrase.",
            fault="file-unusable",
        )
    )


def _cannot_listen(url: str, error: OSError) -> ConsoleError:
    return ConsoleError(
        Problem(
            tried=f"Serve the intake at {url}",
            evidence=str(error),
            cause="The address is taken by another program, or may not be used.",
            owner=Owner.CONSOLE,
            remedy="Choose another port, or stop the program that uses it.",
            fault="intake-port-taken",
        )
    )
