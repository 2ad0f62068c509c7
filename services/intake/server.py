"""Serves the intake over HTTP or HTTPS in the running event loop, which is that of the worker."""

import asyncio
import contextlib
import functools
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import uvicorn

from models.addresses import is_loopback
from services.common.errors import ConsoleError, InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.intake.app import IntakeApp
from services.intake.connections import BACKLOG, ConnectionAcceptor
from services.intake.http_problems import connection_limit_response
from services.intake.http_protocol import HEADERS_TIMEOUT_S, IntakeHttpProtocol
from services.intake.rate_limit import RateLimiter
from services.store import Store

HOST = "127.0.0.1"
PORT = 8790
KEEP_ALIVE_TIMEOUT_S = 5
SHUTDOWN_TIMEOUT_S = 5
SWITCH_INTERVAL_S = 0.0005
"""Thread switch interval of the interpreter while the intake runs. With the default of 5 ms, threads that write to the
store would wait that long for each of their steps while calls keep the event loop busy."""


class IntakeServer:
    """The HTTP server of the intake, running inside `async with`. Port 0 takes a free port; see `url`.

    `names` are the host names that it accepts in addition to those of this machine; the default is `host`. Raises
    InputError for an address outside this machine without a certificate (tokens would be sent in clear text) and for an
    unusable certificate, ConsoleError for a port that is in use.
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
        rates: RateLimiter | None = None,
    ) -> None:
        if not is_loopback(host) and not certificate:
            raise _unencrypted(host)
        self._host, self._port, self._names = host, port, names
        self._certificate, self._key = certificate, key
        self._app = IntakeApp(store, names=names or (host,), rates=rates)
        self._server: _EmbeddedServer | None = None
        self._serving: asyncio.Task[None] | None = None
        self._previous_switch_interval = SWITCH_INTERVAL_S

    @property
    def url(self) -> str:
        """The address, with a trailing slash."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._certificate else 'http'}://{host}:{self._port}/"

    @property
    def public_url(self) -> str:
        """The address under the first of `names`, by which other computers reach it; with a trailing slash."""
        if not self._names:
            return self.url
        name = self._names[0]
        return f"{urlsplit(self.url).scheme}://{f'[{name}]' if ':' in name else name}:{self._port}/"

    async def __aenter__(self) -> Self:
        """Start listening, and return as soon as calls are answered."""
        self._previous_switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(min(self._previous_switch_interval, SWITCH_INTERVAL_S))
        config = await asyncio.to_thread(self._config)
        listening = self._listen()
        self._port = listening.getsockname()[1]
        server = self._server = _EmbeddedServer(config, self._app)
        self._serving = asyncio.ensure_future(server.serve(sockets=[listening]))
        while not server.started and not self._serving.done():  # noqa: ASYNC110 -- uvicorn has no event for this
            await asyncio.sleep(0.005)
        if self._serving.done():
            listening.close()
            await self._serving
        return self

    async def __aexit__(self, *error: object) -> None:
        """Answer the calls that have been received, then stop."""
        try:
            if self._server is not None and self._serving is not None:
                self._server.should_exit = True
                await self._serving
        finally:
            sys.setswitchinterval(self._previous_switch_interval)

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            return socket.create_server((self._host, self._port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise _cannot_listen(self.url, error) from error

    def _config(self) -> uvicorn.Config:
        config = uvicorn.Config(
            self._app.app,
            # The log of the program is used; an access log would contain addresses with tokens in them.
            log_config=None,
            http=IntakeHttpProtocol,
            # Invalid HTTP is answered, but not logged one by one: calls without a token must not fill the log.
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_TIMEOUT_S,
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
            ssl_certfile=self._certificate or None,
            ssl_keyfile=self._key or None,
        )
        try:
            if self._certificate:
                # With a passphrase set, OpenSSL does not prompt for one on the terminal.
                config.ssl_keyfile_password = ""
                Path(self._certificate).open("rb").close()
            config.load()
        except (OSError, ssl.SSLError, ValueError) as error:
            raise _certificate_unusable(self._certificate, error) from error
        return config


class _EmbeddedServer(uvicorn.Server):
    """A uvicorn server that leaves signals to the program, and accepting connections to ConnectionAcceptor."""

    def __init__(self, config: uvicorn.Config, app: IntakeApp) -> None:
        super().__init__(config)
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting."""
        assert sockets  # noqa: S101 -- narrows for the type checker
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        make_protocol = functools.partial(
            IntakeHttpProtocol,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            _loop=loop,
            refused=self._app.refused,
        )
        acceptors = [
            ConnectionAcceptor(
                one,
                make_protocol,
                refused=self._app.refused,
                full_response=connection_limit_response(),
                tls=self.config.ssl,
                setup_timeout_s=HEADERS_TIMEOUT_S,
            )
            for one in sockets
        ]
        for acceptor in acceptors:
            acceptor.start()
        self.servers = acceptors  # type: ignore[assignment]
        self.started = True

    async def on_tick(self, counter: int) -> bool:
        """Log the number of refused calls from time to time."""
        self._app.tick()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and log the remaining counts."""
        await super().shutdown(sockets)
        self._app.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals."""
        yield


def _unencrypted(host: str) -> InputError:
    return InputError(
        Problem(
            tried=f"Serve the intake on {host}",
            evidence="No certificate is given.",
            cause="Outside this machine tokens and requests would travel readable.",
            owner=Owner.CONSOLE,
            remedy="Give a certificate and its key, or serve it on 127.0.0.1 behind a server that encrypts.",
            fault=FaultId.INTAKE_UNENCRYPTED,
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
            fault=FaultId.FILE_UNUSABLE,
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
            fault=FaultId.INTAKE_PORT_TAKEN,
        )
    )
