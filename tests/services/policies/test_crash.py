"""A process that ends in the middle of applying, and several that apply at once; on every database."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from services.policies import undo
from services.policies.runs import find_unfinished_run, list_runs
from tests.limits import PROGRAM_S
from tests.processes import without_coverage
from tests.services.policies.conftest import FORM, FULL_GOAL, LOCALIZED, NEW

pytestmark = pytest.mark.every_database
ROOT = Path(__file__).parents[3]
POINTS = [
    f"{when} {call}" for call in ("create-policy", "add-actions", "enable") for when in ("before", "after")
]


async def start(world, store_url, point=""):
    """Start a process that applies the goal."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.services.policies.applying_process",
        store_url,
        world.practice.base_url,
        world.practice.client_id,
        str(world.server.id),
        point,
        cwd=ROOT,
        env=without_coverage(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    process.stdin.write(f"{world.practice.client_secret}\n".encode())
    process.stdin.close()
    return process


async def end(process):
    """Return the exit status and what was written."""
    async with asyncio.timeout(PROGRAM_S):
        out, err = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), err.decode()
    return process.returncode, out.decode()


def calls(world, ending):
    return sum(one.endswith(ending) for one in world.written())


@pytest.mark.parametrize("point", POINTS)
async def test_a_run_whose_process_was_killed_is_gone_on_with(world, store_url, point):
    assert (await end(await start(world, store_url, point)))[0] == -signal.SIGKILL
    (run,) = list_runs(world.store, world.server.id)
    assert run.is_unfinished
    done = await world.apply(FULL_GOAL)
    assert done.ok
    assert len(world.policies(NEW)) == 1
    assert world.actions_of(NEW) == [FORM, LOCALIZED]
    assert world.policy(NEW).members["Enabled"] is True
    # Nothing that happened was sent again.
    assert [calls(world, ending) for ending in ("new", "add-actions", "true")] == [1, 1, 1]
    assert find_unfinished_run(world.store, world.server, run.policy_id, NEW) is None
    if point != "before create-policy":
        assert done.run.id == run.id


@pytest.mark.parametrize("point", POINTS[1:])
async def test_a_run_whose_process_was_killed_is_undone(world, store_url, point):
    await end(await start(world, store_url, point))
    (run,) = list_runs(world.store, world.server.id)
    back = await undo(await world.service(), run.id)
    assert back.ok
    assert world.actions_of(NEW) == []
    assert world.policy(NEW).members["Enabled"] is False
    assert not list_runs(world.store, world.server.id)[0].can_undo


async def test_several_processes_make_one_policy(world, store_url):
    processes = [await start(world, store_url) for _ in range(3)]
    ended = [await end(one) for one in processes]
    assert {out for _, out in ended} <= {"good", "policy-run-busy", "conflict"}
    assert "good" in {out for _, out in ended}
    assert len(world.policies(NEW)) == 1
    assert [calls(world, ending) for ending in ("new", "add-actions", "true")] == [1, 1, 1]
    assert (await world.apply(FULL_GOAL)).ok
