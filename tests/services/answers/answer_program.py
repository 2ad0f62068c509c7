"""A worker that sends answers until it is killed, in a process of its own that starts without importing anything."""

import asyncio
import multiprocessing
from multiprocessing.connection import Connection

from models.intake_client import IntakeClient
from services.answers.destinations import StoredDestinations
from services.answers.outbox import ClaimLimits, Outbox
from services.answers.sender import AnswerSender
from services.answers.webhook import secret_name, webhook_destination
from services.common.secret import Secret
from services.coordination.clock import SystemClock
from services.coordination.process_identity import process_identity
from services.requests.worker.worker import Worker
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.services.answers.outboxes import QUICK, HttpApprovalServer

SETTLE_S = 1.0
"""Longer than a receiver takes for a call whose caller was killed."""


def vault_of(store, client_id, secret):
    vault = SessionVault()
    with store.read() as session:
        client = session.get(IntakeClient, client_id)
    vault.put(
        client_id, secret_name(client.name), "", Secret(secret), [webhook_destination(client.answer_url)]
    )
    return vault


def sender_of(store, vault, url):
    clock = SystemClock()

    async def connect(_server_id):
        return HttpApprovalServer(url)

    outbox = Outbox(store, process_identity(), ClaimLimits(batch_max=10, settle_s=SETTLE_S))
    return AnswerSender(outbox, StoredDestinations(vault, connect, clock), clock, QUICK)


def start_worker(*arguments):
    """Start a worker as `multiprocessing.Process`, and return it when it has begun.

    A server process imports this module once and forks every worker: that takes a tenth of a start with all imports.
    """
    start = multiprocessing.get_context("forkserver")
    start.set_forkserver_preload([__name__, "httpcore", "anyio._backends._asyncio"])
    here, there = start.Pipe(duplex=False)
    process = start.Process(target=_run, args=(*arguments, there), daemon=True)
    process.start()
    there.close()
    with here:
        here.recv()  # EOFError where the process has ended
    return process


def _run(path, url, client_id, secret, said: Connection):
    asyncio.run(_work(path, url, client_id, secret, said))


async def _work(path, url, client_id, secret, said):
    store = Store.open(path, actor="worker")
    vault = vault_of(store, client_id, secret)
    worker = Worker(Workspace(store, vault), answers=sender_of(store, vault, url), new_every_s=0.02)
    said.send("ready")
    await worker.run(asyncio.Event())
