"""How long the staged check takes: healthy and far away, against dead hosts, until it is cancelled, and its own work.

The instance is served in a process of its own. Far away means a TLS server behind a forwarder that holds every byte
back for half a round trip in each direction, and the first bytes of a connection for the round trip that its making costs.
"""

import asyncio
import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.soap import ACCOUNT, PASSWORD, Served, served

ROUND_TRIP_S = 0.15
HEALTHY_RUNS, OWN_RUNS, DEAD_RUNS = 20, 20, 3
CANCEL_AFTER_S = (0.0, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4)


@dataclass
class Runs:
    """Milliseconds of each run."""

    healthy: list[float] = field(default_factory=list)
    healthy_with_token: list[float] = field(default_factory=list)
    dead: dict[str, list[float]] = field(default_factory=dict)
    cancelled: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)


def measure() -> Runs:
    """Serve a practice instance in a process of its own and check it from near and far."""
    runs = Runs()
    with (
        tempfile.TemporaryDirectory() as folder,
        _far_away(Path(folder)) as far,
        # Not a fault here: its descriptions name the address that it is reached at from afar.
        served("--fault", f"wsdl_elsewhere:to=https://localhost:{far.port}/") as practice,
    ):
        far.behind = int(practice.address.rstrip("/").rsplit(":", 1)[1])
        asyncio.run(_rounds(runs, practice, far))
    return runs


async def _check(base_url: str, sign_in: Any = None, **settings: Any) -> Any:
    from models.approval_process import ApprovalProcess
    from services.common.secret import Secret
    from services.connectivity import run_check
    from services.servicenow import ConnectionSettings, SignIn

    sign_in = sign_in or SignIn(ACCOUNT, Secret(PASSWORD))
    process = ApprovalProcess(name="Measured")
    return await run_check(ConnectionSettings("Measured", base_url, **settings), sign_in, process)


async def _timed(base_url: str, verdicts: tuple[str, ...], **settings: Any) -> float:
    started = time.perf_counter()
    report = await _check(base_url, **settings)
    took = (time.perf_counter() - started) * 1000
    if report.verdict not in verdicts:
        found = [(s.stage, s.fault) for s in report.stages if s.state in ("warning", "failed")]
        raise SystemExit(f"The check of {base_url} found {found}.")
    return took


async def _rounds(runs: Runs, practice: Served, far: "_Far") -> None:
    near = practice.address
    # Its descriptions name the address from afar, so that near by each is a warning.
    await _timed(near, ("warning",))
    for _ in range(OWN_RUNS):
        worked = time.process_time()
        runs.whole.append(await _timed(near, ("warning",)))
        runs.own.append((time.process_time() - worked) * 1000)
    address, trusting = f"https://localhost:{far.port}/", {"ca_bundle": far.bundle}
    await _timed(address, ("ok",), **trusting)
    runs.healthy += [await _timed(address, ("ok",), **trusting) for _ in range(HEALTHY_RUNS)]
    token = practice.token_sign_in()
    await _timed(address, ("ok",), sign_in=token, **trusting)
    for _ in range(HEALTHY_RUNS):
        runs.healthy_with_token.append(await _timed(address, ("ok",), sign_in=token, **trusting))
    for seconds in CANCEL_AFTER_S:
        task = asyncio.ensure_future(_check(address, **trusting))
        await asyncio.sleep(seconds)
        started = time.perf_counter()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        runs.cancelled.append((time.perf_counter() - started) * 1000)
    with _refusing() as closed, _black_hole() as dead:
        for what, at in (
            ("refused", f"https://127.0.0.1:{closed}/"),
            ("black hole", f"https://127.0.0.1:{dead}/"),
            ("unresolvable", "https://no-such-host.invalid/"),
        ):
            runs.dead[what] = [await _timed(at, ("failed",)) for _ in range(DEAD_RUNS)]


@contextlib.contextmanager
def _refusing() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextlib.contextmanager
def _black_hole() -> Iterator[int]:
    """Give a port whose queue is full: a connection to it is never answered."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(listening.getsockname())
        yield listening.getsockname()[1]


@dataclass
class _Far:
    """Where the far end is reached, the bundle that trusts it, and the port of the instance behind it."""

    port: int
    bundle: str
    behind: int = 0


@contextlib.contextmanager
def _far_away(folder: Path) -> Iterator[_Far]:
    """Serve the far end in a thread, so that its work is not done between two steps of the check."""
    from tests.services.connectivity.conftest import Authority

    authority = Authority(folder)
    far = _Far(0, str(authority.bundle))
    ready, loop = threading.Event(), asyncio.new_event_loop()
    ended: asyncio.Event = asyncio.Event()

    async def serve() -> None:
        async with _servers(authority.context(), far):
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield far
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


@contextlib.asynccontextmanager
async def _servers(context: Any, far: _Far) -> AsyncIterator[None]:
    async def terminate(reader: Any, writer: Any) -> None:
        await _joined(reader, writer, far.behind, 0)

    inner = await asyncio.start_server(terminate, "127.0.0.1", 0, ssl=context)
    inner_port = inner.sockets[0].getsockname()[1]

    async def delay(reader: Any, writer: Any) -> None:
        await _joined(reader, writer, inner_port, ROUND_TRIP_S)

    outer = await asyncio.start_server(delay, "127.0.0.1", 0)
    far.port = outer.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        outer.close()
        inner.close()
        # What a cancelled check left on the way arrives nowhere.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _joined(reader: Any, writer: Any, port: int, round_trip: float) -> None:
    """Carry bytes to and fro between a connection and a port, each `round_trip` / 2 seconds later."""
    # Cancelled at the end of the measuring: a server of asyncio takes that for an error of its handler.
    with contextlib.suppress(OSError, asyncio.CancelledError):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        made = time.monotonic() + round_trip
        await asyncio.gather(
            _carried(reader, far_writer, round_trip / 2, made),
            _carried(far_reader, writer, round_trip / 2, made),
        )


async def _carried(reader: Any, writer: Any, late: float, made: float) -> None:
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def arrive() -> None:
        while True:
            due, content = await on_the_way.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if not content:
                break
            writer.write(content)
            await writer.drain()
        writer.close()

    arriving = asyncio.ensure_future(arrive())
    content = b"-"
    while content:
        try:
            content = await reader.read(65536)
        except OSError:
            content = b""
        on_the_way.put_nowait((max(time.monotonic(), made) + late if late else 0.0, content))
    with contextlib.suppress(OSError):
        await arriving
