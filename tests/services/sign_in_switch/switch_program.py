"""A worker that polls while its server is switched to OAuth and back, until it is killed; in a process of its own."""

import asyncio
import multiprocessing
import uuid
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from models.foreign_system import ForeignSystem
from models.secret_names import SecretName
from models.user_credential import UserCredential
from services.common.secret import Secret
from services.sign_in_switch.switch import plan_switch, switch_sign_in, undo_switch
from services.sign_in_switch.switch_records import last_switch
from services.store import Store
from services.vault.file_vault import FileVault
from services.workspace import Workspace
from tests.services.requests.followed import SimulatedClock, follower_of

POLL_EVERY_S = 31
REQUESTS_MAX = 100_000
PASSPHRASE = "a passphrase"
SWITCHING = "switching"
"""Said before each switch and undo."""


def file_vault(folder):
    return FileVault(Path(folder) / "vault", Secret(PASSPHRASE))


def start_worker(*arguments):
    """Start a worker, and return it with what it says; it has begun.

    A server process imports this module once and forks every worker.
    """
    start = multiprocessing.get_context("forkserver")
    start.set_forkserver_preload([__name__, "httpcore", "anyio._backends._asyncio"])
    here, there = start.Pipe(duplex=False)
    process = start.Process(target=_run, args=(*arguments, there), daemon=True)
    process.start()
    there.close()
    here.recv()  # EOFError where the process has ended
    return process, here


def _run(
    path: str, folder: str, server_id: uuid.UUID, oauth_id: uuid.UUID, began: datetime, said: Connection
):
    asyncio.run(_work(path, folder, server_id, oauth_id, began, said))


async def _work(path, folder, server_id, oauth_id, began, said):
    workspace = Workspace(Store.open(path, actor="worker"), file_vault(folder))
    workspace.vault.probe()  # the key is derived now, not after "ready"
    said.send("ready")
    polling = asyncio.create_task(_poll(workspace, server_id, began, said))
    await asyncio.to_thread(_switch_on_and_on, workspace, server_id, oauth_id, said)
    await polling


async def _poll(workspace, server_id, began, said):
    clock = SimulatedClock(began)
    poller = follower_of(workspace, clock, f"worker:{uuid.uuid4().hex[:8]}")
    while True:
        done = await poller.round(server_id)
        if done.problem is not None:
            said.send(done.problem.as_text())
        clock.at += timedelta(seconds=POLL_EVERY_S)


def _switch_on_and_on(workspace, server_id, oauth_id, said):
    while True:
        found = last_switch(workspace.store, server_id)
        said.send(SWITCHING)
        try:
            if found is not None and found.in_effect:
                undo_switch(workspace, server_id)
                _unbind(workspace, server_id, oauth_id)
            else:
                plan = plan_switch(workspace, server_id, oauth_id)
                switch_sign_in(workspace, plan, confirmed=REQUESTS_MAX)
        except Exception as error:
            said.send(repr(error))
            return


def _unbind(workspace, server_id, oauth_id):
    """Make the next switch write to the vault, too."""
    credential = workspace.configuration.get(UserCredential, oauth_id)
    place = workspace.configuration.get(ForeignSystem, server_id).destination
    workspace.vault.unbind(credential.id, credential.name, place, secret_name=SecretName.CLIENT_SECRET)
