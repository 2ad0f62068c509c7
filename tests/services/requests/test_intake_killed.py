"""The intake is killed at any moment: what it answered for is stored, and no key ever becomes two requests."""

import asyncio
import contextlib
import random
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from services.intake.clients import IntakeClients
from tests.services.requests.conftest import stored, timeline
from tests.services.requests.decision_setup import desk

__all__ = ["desk"]
ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("intake_program.py")
KEYS = 24
KILLS = 3


class Program:
    """The intake in a process of its own."""

    def __init__(self, store):
        command = [sys.executable, str(PROGRAM), store.url.removeprefix("sqlite:///"), "0"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=_environ(), stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url, "it did not start"

    def kill(self):
        self.process.kill()
        self.process.wait(30)
        self.process.stdout.close()


def _environ():
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


async def _send(client, token, key, answered):
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    with contextlib.suppress(httpx.HTTPError):
        response = await client.post("/v1/requests", json={"PMFilePath": f"/opt/{key}"}, headers=headers)
        assert response.status_code in (200, 202, 503), response.text
        if response.is_success:
            answered.setdefault(key, set()).add(response.json()["id"])


async def _storm(program, token, keys, answered, after):
    """Call with all keys at once; the program is killed when `after` of them are answered."""
    async with httpx.AsyncClient(base_url=program.url, trust_env=False, timeout=30) as client:
        calls = {asyncio.ensure_future(_send(client, token, key, answered)) for key in keys}
        done = 0
        while calls:
            over, calls = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            done += len(over)
            if done >= after and program.process.poll() is None:
                program.process.kill()


@pytest.mark.parametrize("seed", range(KILLS))
async def test_killed_in_the_middle_nothing_is_lost_or_doubled(desk, store, seed):
    token = IntakeClients(store).add("Webhook", desk.type.id)[1]
    keys, answered = [f"key-{number}" for number in range(KEYS)], {}
    program = await asyncio.to_thread(Program, store)
    try:
        await _storm(program, token, keys, answered, random.Random(seed).randrange(1, KEYS))
    finally:
        program.kill()
    rows = {str(row.id): row.file_path for row in stored(store)}
    # Whatever was answered is there; more may be, whose answer was lost.
    assert {key: rows.get(next(iter(ids))) for key, ids in answered.items()} == {
        key: f"/opt/{key}" for key in answered
    }
    program = await asyncio.to_thread(Program, store)
    try:
        await _storm(program, token, keys, answered, KEYS + 1)
    finally:
        program.kill()
    assert set(answered) == set(keys)
    assert all(len(ids) == 1 for ids in answered.values())
    assert sorted(row.file_path for row in stored(store)) == sorted(f"/opt/{key}" for key in keys)
    assert len(timeline(store)) == KEYS
    assert store.verify_audit().ok
