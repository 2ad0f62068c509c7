"""What following 10,000 open requests costs the instance, and how late a decision is seen, in simulated time."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from services.configuration import Configuration
from services.practice import PracticeInstance
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.services.requests import followed

REQUESTS = 10_000
MINUTES = 15
PASSWORD = "practice password"


@dataclass(frozen=True, slots=True)
class Runs:
    """Calls an hour, seconds from each decision to its being seen, and milliseconds of the first and the other looks."""

    calls: float
    late: list[float]
    first: float
    looks: list[float]


def measure() -> Runs:
    """Follow for some minutes of simulated time, over loopback."""
    with tempfile.TemporaryDirectory(prefix="approval-console-follow-") as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> Runs:
    clock = followed.SimulatedClock()
    practice = PracticeInstance(password=PASSWORD, clock=clock.now)
    records = followed.fill(practice, clock, REQUESTS)
    practice.start()
    store, vault = Store.open(str(folder / "console.db"), actor="bench"), SessionVault()
    workspace = Workspace(store, vault)
    try:
        server, _ = followed.configure(Configuration(store), vault, practice, PASSWORD)
        follower = followed.follower_of(workspace, clock)
        told = await followed.live(practice, follower, server.id, clock, records, MINUTES)
    finally:
        await workspace.aclose()
        practice.stop()
    if told.unseen:
        raise AssertionError(f"{told.unseen} decisions were never seen")
    milliseconds = [seconds * 1000 for seconds in told.seconds]
    return Runs(told.calls * 60 / MINUTES, told.late, milliseconds[0], milliseconds[1:])
