"""The practice instance as a server on loopback, in its own thread or in the foreground."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, Self

import uvicorn

from services.practice.accounts_and_sessions import Accounts, PracticeAccount, make_accounts
from services.practice.database import Database, Row, utc_clock
from services.practice.faults import FaultRegistry
from services.practice.initial_data import fill_database
from services.practice.script_runner import SCRIPT_SECONDS, JavaScriptRunner
from services.practice.web_app import PracticeWebApp, RecordedCall

HOST = "127.0.0.1"
START_LIMIT_S = 10.0
CLOSING_PASSES = 10
"""Of the loop: as many as a connection that was just taken and a call that is just answered need to show themselves."""


class PracticeInstance:
    """A simulated ServiceNow instance. Use it in `async with`, or call `start` and `stop`."""

    def __init__(
        self,
        *,
        state: Literal["stock", "empty"] = "stock",
        database: str = ":memory:",
        items: int = 0,
        requests: int = 0,
        port: int = 0,
        password: str | None = None,
        script_seconds: float = SCRIPT_SECONDS,
        clock: Callable[[], datetime] = utc_clock,
    ) -> None:
        self.accounts: dict[str, PracticeAccount] = make_accounts(password)
        self.faults = FaultRegistry()
        self._port = port
        self._database = Database(database, clock)
        if self._database.is_new:
            fill_database(
                self._database, self.accounts, stock=state == "stock", items=items, requests=requests
            )
        self._scripts = JavaScriptRunner(script_seconds)
        self._web = PracticeWebApp(
            self._database, Accounts(self._database, self.accounts), self.faults, self._scripts
        )
        self._web.base_url = lambda: self.base_url
        self._end: Callable[[], object] = lambda: None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Base URL of the running instance, with a trailing slash."""
        return f"http://{HOST}:{self._port}/"

    @property
    def log(self) -> list[RecordedCall]:
        """The recorded calls, oldest first."""
        return self._web.log

    def records(self, table: str, **equal: str) -> list[Row]:
        """Return rows of a table, without access rules."""
        return self._database.rows(table, **equal)

    # -- running -----------------------------------------------------------

    def start(self) -> Self:
        """Serve in a new thread; return when it accepts calls."""
        config = uvicorn.Config(
            self._web.app,
            host=HOST,
            port=self._port,
            # The caller reports errors.
            log_level="critical",
            lifespan="off",
            server_header=False,
            date_header=False,  # the web application sets the date, which a fault may change
            ws="none",
        )
        server = uvicorn.Server(config)
        started = threading.Event()

        def body() -> None:
            # It ends by cancellation.
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(self._serve(server, started))

        self._thread = threading.Thread(target=body, name="practice", daemon=True)
        self._thread.start()
        if not started.wait(START_LIMIT_S):
            raise TimeoutError("the practice instance did not start")
        if not server.started:
            raise OSError(f"the practice instance cannot listen on port {self._port}")
        return self

    async def _serve(self, server: uvicorn.Server, started: threading.Event) -> None:
        async def watch() -> None:
            # uvicorn has no event for this.
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            self._port = server.servers[0].sockets[0].getsockname()[1]
            started.set()

        loop, serving = asyncio.get_running_loop(), asyncio.current_task()
        assert serving is not None  # noqa: S101 -- this is a coroutine
        self._end = lambda: loop.call_soon_threadsafe(serving.cancel)
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
        """Stop serving and close the tables."""
        self._scripts.close()
        if self._thread is not None:
            # Its loop is closed when it ended by itself.
            with contextlib.suppress(RuntimeError):
                self._end()
            self._thread.join(START_LIMIT_S)
            self._thread = None
            self._database.close()

    async def __aenter__(self) -> Self:
        """Serve for the length of a block."""
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *error: object) -> None:
        """Stop serving."""
        await asyncio.to_thread(self.stop)


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


async def serve(
    *,
    port: int,
    state: Literal["stock", "empty"],
    items: int,
    requests: int,
    faults: Sequence[str],
    password: str | None,
    printer: Callable[[str], None],
) -> None:
    """Serve until the task is cancelled; prints the address and the accounts."""
    practice = PracticeInstance(state=state, items=items, requests=requests, port=port, password=password)
    for text in faults:
        practice.faults.read(text)
    async with practice:
        printer(f"Practice instance ({state}) at {practice.base_url}")
        for account in practice.accounts.values():
            printer(f"  {account.user:22} {account.password:18} {account.purpose}")
        printer("Stop it with Ctrl+C.")
        await asyncio.Event().wait()
