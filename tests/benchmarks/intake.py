"""What floods of strangers cost those who may call the intake: a worker of its own, with 1,024 descriptors."""

import asyncio
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from models.kinds import Kind
from services.configuration import Configuration
from services.intake.clients import IntakeClients
from services.store import Store
from tests.services.requests.intake_flood import BROKEN_CHUNK, MALFORMED, health, idle, many, post, timed

IDLE, MALFORMED_CALLS, BROKEN_CALLS = 1_300, 20_000, 4_000
FLOODS = {
    "idle": list,
    "malformed": lambda: islice(cycle(MALFORMED), MALFORMED_CALLS),
    "broken chunks": lambda: [BROKEN_CHUNK] * BROKEN_CALLS,
}
IDLE_S = 5.0
DESCRIPTORS = 1_024
EVERY_S = 0.25
CALLS_AFTER = 40
OLDER_LINE = "the line that was there before"
PROGRAM = f"""
import asyncio, logging, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS}))
from services.common.logging_setup import configure_logging
from services.intake.server import IntakeServer
from services.store import Store

async def main(store, logs):
    configure_logging(Path(logs))
    logging.getLogger("console").info("{OLDER_LINE}")
    async with IntakeServer(Store.open(store, actor="worker"), port=0) as server:
        print(server.url, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass(slots=True)
class Runs:
    """Milliseconds of health answers and of raised requests by flood, and what the log holds beside these."""

    health: dict[str, list[float]] = field(default_factory=dict)
    raised: dict[str, list[float]] = field(default_factory=dict)
    log_kb: float = 0.0
    log_lines: int = 0


def measure() -> Runs:
    """Flood an intake in three ways, and call it meanwhile."""
    with tempfile.TemporaryDirectory(prefix="approval-console-intake-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> Runs:
    store = Store.open(str(folder / "console.db"), actor="bench")
    configuration = Configuration(store)
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="Server", base_url="https://x.example/")
    )
    process = configuration.save(
        configuration.new(Kind.APPROVAL_PROCESS, name="Process", server_id=server.id)
    )
    made = configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=process.id))
    token = IntakeClients(store).add("Portal", made.id)[1]
    store.close()
    command = [sys.executable, "-c", PROGRAM, str(folder / "console.db"), str(folder / "logs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        url = program.stdout.readline().strip()
        runs = Runs()
        try:
            for what in FLOODS:
                await _called(url, token, runs, what)
                for number in range(CALLS_AFTER):
                    await _call(url, token, runs, f"after {what}", number)
        finally:
            program.stdin.close()
        program.wait()
    log = (folder / "logs" / "approval-console.log").read_text(encoding="utf-8")
    if OLDER_LINE not in log or "Traceback" in log:
        raise AssertionError("the log does not hold what was written before the floods, or holds a traceback")
    runs.log_kb, runs.log_lines = (
        len(log.encode()) / 1024,
        sum(" raised request " not in line for line in log.splitlines()),
    )
    return runs


async def _called(url, token, runs, what):
    """Call the intake again and again as long as a flood goes on, which is a program of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.intake", what, url]
    flooding = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert flooding.stdout is not None
    await flooding.stdout.readline()  # it has begun
    number = 0
    try:
        while flooding.returncode is None:
            await _call(url, token, runs, f"under {what}", number)
            number += 1
            await asyncio.sleep(EVERY_S)
    finally:
        if flooding.returncode is None:
            flooding.kill()
        await flooding.wait()


async def _call(url, token, runs, phase, number):
    """Ask for the health once and raise a request once, and note how long each took in a phase."""
    line, took = await timed(url, health())
    if line != b"HTTP/1.1 200 OK":
        raise AssertionError(line)
    runs.health.setdefault(phase, []).append(took)
    line, took = await timed(url, post(token, f"{phase} {number}"))
    if line not in (b"HTTP/1.1 202 Accepted", b"HTTP/1.1 429 Too Many Requests"):
        raise AssertionError(line)
    runs.raised.setdefault(phase, []).append(took)


async def flood(what: str, url: str) -> None:
    """Flood an intake in one way."""
    print("begun", flush=True)
    if what == "idle":
        _raise_own_limit()
        async with idle(url, IDLE):
            await asyncio.sleep(IDLE_S)
    else:
        await many(url, list(FLOODS[what]()))


def _raise_own_limit() -> None:
    """Let this process keep more connections than the one it floods."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * DESCRIPTORS
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
    )


if __name__ == "__main__":
    asyncio.run(flood(*sys.argv[1:]))
