"""A worker that sends answers until it is killed: `python -m tests.services.answers.answer_program STORE PM_URL`.

CONSOLE_TEST_WEBHOOK holds the id of the client with a webhook and its secret. It says "ready" when it begins.
"""

import asyncio
import os
import sys
import uuid

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


async def main(path, url):
    store = Store.open(path, actor="worker")
    client_id, secret = os.environ["CONSOLE_TEST_WEBHOOK"].split(" ")
    vault = vault_of(store, uuid.UUID(client_id), secret)
    worker = Worker(Workspace(store, vault), answers=sender_of(store, vault, url), new_every_s=0.02)
    print("ready", flush=True)
    await worker.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
