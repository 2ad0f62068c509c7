"""A worker in a process of its own that lives in simulated time; see `simulation`."""

import asyncio
import logging
import uuid

import services.intake.accepted_requests
import services.requests.lifecycle.lifecycle
from models.addresses import Origin
from services.common.secret import Secret
from services.requests.worker.worker import Worker
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.services.requests.simulation import WorkersClock


def main(path, store_path, credential_id, account, password, base_url):
    """Work until this process is killed."""
    logging.disable(logging.CRITICAL)
    asyncio.run(_work(path, store_path, uuid.UUID(credential_id), account, password, base_url))


async def _work(path, store_path, credential_id, account, password, base_url):
    store = Store.open(store_path, actor="worker")
    vault = SessionVault()
    vault.put(credential_id, "Account", account, Secret(password), [Origin.of(base_url)])
    clock = WorkersClock(path)
    services.requests.lifecycle.lifecycle.utcnow = clock.now
    await Worker(Workspace(store, vault), clock=clock).run(asyncio.Event())
