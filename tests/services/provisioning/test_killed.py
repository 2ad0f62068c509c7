"""Killed with -9 after any single call, a run is gone on with or taken back: nothing is left over, nothing doubled."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from models.kinds import Kind
from services import provisioning
from services.configuration import Configuration
from services.provisioning import Receipt
from tests.canary import Listener, forward_to
from tests.limits import PROGRAM_S
from tests.services.provisioning.conftest import PASSWORD

ROOT = Path(__file__).parents[3]
CALLS = 35
SHORT = (1, 2, 5, 14, 20, CALLS)


def points(wanted):
    """Return the calls to be killed at: a few, and every one in the long form."""
    return [
        pytest.param(number, marks=() if number in wanted else pytest.mark.long)
        for number in range(1, CALLS + 1)
    ]


class Killer:
    """Stands between the program and the instance, and kills the program at its nth write: before or after it."""

    def __init__(self, practice):
        self._forward = forward_to(int(practice.base_url.rstrip("/").rsplit(":", 1)[1]))
        self.process = None
        self.listener = Listener(self._answer)

    def aim(self, at, when):
        self._at, self._when, self._count = at, when, 0

    def _answer(self, request):
        if (
            request.split(b" ", 1)[0] in (b"POST", b"PATCH", b"DELETE")
            and b"/api/now/table/" in request[:200]
        ):
            self._count += 1
            if self._count == self._at:
                if self._when == "after":
                    self._forward(request)
                os.kill(self.process.pid, signal.SIGKILL)
                return b""
        return self._forward(request)


@pytest.fixture
def killed(practice, tmp_path, store):
    """Run `provision` until it is killed; returns the store it left, opened by somebody else."""
    killer = Killer(practice)

    def run(words, at, when):
        killer.aim(at, when)
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "APPROVAL_CONSOLE_HOME": str(tmp_path / "home"),
            "APPROVAL_CONSOLE_SECRET_ADMIN": PASSWORD,
            "APPROVAL_CONSOLE_SECRET_ADMIN_FOR": killer.listener.url,
        }
        configuration = Configuration(store)
        server = configuration.find_by_name(Kind.FOREIGN_SYSTEM, "Server")
        if server is None:
            credential = configuration.save(
                configuration.new(Kind.USER_CREDENTIAL, name="Admin", account="admin")
            )
            server = configuration.new(Kind.FOREIGN_SYSTEM, name="Server", credential_id=credential.id)
        server.base_url = killer.listener.url
        configuration.save(server)
        command = [sys.executable, "-m", "console", "provision", "Server", *words,
                   "--store", str(tmp_path / "console.db"), "--vault", "env"]  # fmt: skip
        with subprocess.Popen(
            command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as killer.process:
            _, said = killer.process.communicate(timeout=PROGRAM_S)
        assert killer.process.returncode == -signal.SIGKILL, said.decode()
        return configuration.find_by_name(Kind.FOREIGN_SYSTEM, "Server")

    yield run
    killer.listener.close()


def nothing_is_doubled(practice):
    for table, columns in {
        "sc_category": ("title",),
        "sc_cat_item": ("name", "category"),
        "item_option_new": ("name", "cat_item"),
        "sys_web_service": ("name",),
        "sys_web_service_input": ("name", "web_service"),
        "sys_web_service_output": ("name", "web_service"),
    }.items():
        found = Counter(tuple(row[column] for column in columns) for row in practice.database.rows(table))
        assert max(found.values()) == 1, table


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", points(SHORT))
async def test_the_next_run_completes_it_and_undo_cleans(practice, store, reach, names, killed, at, when):
    before = practice.everything()
    server = killed(["--apply"], at, when)
    _, instance = reach(practice)
    async with instance:
        (left,) = await Receipt.list_for_server(store, server)
        done = await provisioning.apply(store, instance, server, names)
        assert done.ok, done.as_dict()
        assert done.receipt.id == left.id
        nothing_is_doubled(practice)
        undone = await provisioning.undo(store, instance, server, done.receipt.id)
    assert len(undone.removed) == CALLS
    assert practice.everything() == before


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", points((2, 17, CALLS)))
async def test_or_it_is_taken_back_at_once(practice, store, reach, killed, at, when):
    before = practice.everything()
    server = killed(["--apply"], at, when)
    _, instance = reach(practice)
    async with instance:
        (left,) = await Receipt.list_for_server(store, server)
        undone = await provisioning.undo(store, instance, server, left.id)
    assert len(undone.removed) == at - (when == "before")
    assert practice.everything() == before


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", points((1, 18, CALLS)))
async def test_an_undo_that_is_killed_is_gone_on_with(practice, store, reach, names, killed, at, when):
    before = practice.everything()
    server = killed(["--apply"], 1, "before")
    _, instance = reach(practice)
    async with instance:
        done = await provisioning.apply(store, instance, server, names)
        server = killed(["--undo", done.receipt.id], at, when)
        undone = await provisioning.undo(store, instance, server, done.receipt.id)
    assert undone.ok
    assert practice.everything() == before
    assert store.verify_audit().ok
