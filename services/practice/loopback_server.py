"""A web application on a loopback port, served in a thread of its own."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import TypedDict, TypeVar

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

HOST = "127.0.0.1"
TLS_EXTENSION, CLIENT_CERTIFICATE = "tls", "client_certificate"
START_LIMIT_S = 10.0
CLOSING_PASSES = 10
"""Of the loop: as many as a connection that was just taken and a call that is just answered need to show themselves."""

Result = TypeVar("Result")


class _TlsOptions(TypedDict, total=False):
    ssl_context_factory: Callable[[uvicorn.Config, Callable[[], ssl.SSLContext]], ssl.SSLContext]
    http: type[asyncio.Protocol]


class TlsProtocol(H11Protocol):
    """HTTP over TLS; the web application finds the client certificate (DER) in the extension `tls` of the scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Note the certificate of the connection."""
        super().connection_made(transport)
        session: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        content = session.getpeercert(binary_form=True) if session is not None else None
        inner = self.app

        async def with_certificate(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), TLS_EXTENSION: {CLIENT_CERTIFICATE: content}}
            await inner({**scope, "extensions": extensions}, receive, send)

        self.app = with_certificate


class LoopbackServer:
    """Serves a web application between `start` and `stop`; `name` is the name of its thread and of errors."""

    def __init__(
        self, app: ASGIApp, *, name: str, port: int = 0, tls: Callable[[], ssl.SSLContext] | None = None
    ) -> None:
        """Keep what `start` serves; with `tls`, over connections with the context that it returns."""
        self._app = app
        self._tls = tls
        self._name = name
        self.port = port
        """The port; 0 for a free one, which is known after the start."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._thread is not None

    def start(self) -> None:
        """Serve in a new thread; return when it accepts calls. Raises OSError and TimeoutError."""
        config = uvicorn.Config(
            self._app,
            host=HOST,
            port=self.port,
            # The caller reports errors.
            log_level="critical",
            lifespan="off",
            server_header=False,
            date_header=False,  # the web application sets the date, which a fault may change
            ws="none",
            **self._tls_options(),
        )
        server = uvicorn.Server(config)
        started = threading.Event()

        def body() -> None:
            # It ends by cancellation.
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(self._serve(server, started))

        self._thread = threading.Thread(target=body, name=self._name, daemon=True)
        self._thread.start()
        if not started.wait(START_LIMIT_S):
            raise TimeoutError(f"the {self._name} server did not start")
        if not server.started:
            raise OSError(f"the {self._name} server cannot listen on port {self.port}")

    def _tls_options(self) -> _TlsOptions:
        if self._tls is None:
            return {}
        context = self._tls()
        return {"ssl_context_factory": lambda _config, _default: context, "http": TlsProtocol}

    def submit(self, work: Coroutine[object, object, Result]) -> Future[Result]:
        """Run a coroutine in the loop of the server. Raises RuntimeError when it does not run."""
        if self._loop is None:
            work.close()
            raise RuntimeError(f"the {self._name} server does not run")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _serve(self, server: uvicorn.Server, started: threading.Event) -> None:
        async def watch() -> None:
            # uvicorn has no event for this.
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            self.port = server.servers[0].sockets[0].getsockname()[1]
            started.set()

        self._loop, self._serving = asyncio.get_running_loop(), asyncio.current_task()
        watcher = asyncio.ensure_future(watch())
        try:
            # A port that is taken ends the server with SystemExit.
            with contextlib.suppress(SystemExit):
                await server.serve()
        finally:
            watcher.cancel()
            if server.started:
                await _close_server(server)
            started.set()

    def stop(self) -> None:
        """Stop serving."""
        if self._thread is None:
            return
        if self._loop is not None and self._serving is not None:
            # Its loop is closed when it ended by itself.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join(START_LIMIT_S)
        self._thread = self._loop = self._serving = None


async def _close_server(server: uvicorn.Server) -> None:
    """Close the server immediately; uvicorn's own shutdown polls ten times a second."""
    # Stop accepting first: asyncio loses a connection accepted while its server closes.
    for taking in (one for listening in server.servers for one in listening.sockets):
        with contextlib.suppress(NotImplementedError):  # Windows takes them in another way
            asyncio.get_running_loop().remove_reader(taking.fileno())
    open_now = server.server_state
    for _ in range(CLOSING_PASSES):
        for task in list(open_now.tasks):
            task.cancel()
        for connection in list(open_now.connections):
            connection.shutdown()
        await asyncio.sleep(0)
    for connection in list(open_now.connections):
        connection.transport.abort()  # the client does not read
    for listening in server.servers:
        listening.close()
