"""The window cleans up, once it is open, what a rehearsal that died left behind on an instance."""

import asyncio

import pytest

from console.shell.unfinished_work import JOB_NAME
from models.addresses import Origin
from models.kinds import Kind, RequestState
from services.common.secret import Secret
from services.configuration import Configuration
from services.practice import PracticeInstance
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.rehearsal import baseline
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.store import Store
from tests.console.page_support import until
from tests.console.windows import opened_window

PASSWORD = "practice password"
ACCOUNT = "privman.integration"


@pytest.fixture
def practice():
    instance = PracticeInstance(password=PASSWORD).start()
    yield instance
    instance.stop()


def left_behind(path, base_url):
    """Raise a rehearsal that nobody goes on with, in a store of its own; returns the credential of its server."""
    store = Store.open(str(path), actor="ada")
    configuration = Configuration(store)
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account=ACCOUNT)
    )
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="Server", base_url=base_url, credential_id=credential.id)
    )
    process = configuration.save(
        configuration.new(Kind.APPROVAL_PROCESS, name="Process", server_id=server.id)
    )
    kind = configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=process.id))

    async def raise_one():
        sign_in = SignIn(ACCOUNT, Secret(PASSWORD))
        async with ServiceNowClient(ConnectionSettings("Server", base_url), sign_in) as instance:
            life = RequestLifecycle(store, instance, process)
            row = life.draft(kind, {}, rehearsal=True)
            baseline.abandon_run(baseline.start_run(store, row, process))
            await life.send(row, {})

    asyncio.run(raise_one())
    store.close()
    return credential


def jobs(window):
    return [job for job in window.ctx.activity.jobs if job.name == JOB_NAME]


def test_it_says_what_is_left_and_cleans_up_when_it_can(run, tmp_path, practice):
    path = tmp_path / "left.db"
    credential = left_behind(path, practice.base_url)

    async def story():
        async with opened_window(str(path), tmp_path / "profile") as window:
            await until(lambda: jobs(window) and not jobs(window)[0].running)
            # Nobody has entered the password yet.
            assert jobs(window)[0].text == "1 left for the next start"
            assert any("Sign in" in line or "password" in line.lower() for line in jobs(window)[0].log)
            vault = window.ctx.workspace.vault
            vault.put(
                credential.id, credential.name, ACCOUNT, Secret(PASSWORD), [Origin.of(practice.base_url)]
            )
            window.leftovers.start()
            await until(lambda: len(jobs(window)) == 2 and not jobs(window)[1].running)
            assert jobs(window)[1].text == "1 cleaned up"
            [item] = practice.records("sc_req_item")
            assert item["approval"] == "cancelled"
            assert any(item["number"] in line for line in jobs(window)[1].log)
            window.leftovers.start()
            await until(lambda: not window.leftovers.tasks.busy)
            assert len(jobs(window)) == 2

    run(story())
    store = Store.open(str(path), actor="ada")
    assert baseline.find_unfinished(store) == []
    with store.read() as session:
        from sqlmodel import select

        from models.approval_request import ApprovalRequest

        assert [row.state for row in session.exec(select(ApprovalRequest))] == [RequestState.CANCELLED]
    store.close()


def test_where_nothing_is_left_nothing_is_said(run, tmp_path):
    async def story():
        async with opened_window(str(tmp_path / "empty.db"), tmp_path / "profile") as window:
            await until(lambda: not window.leftovers.tasks.busy)
            assert jobs(window) == []

    run(story())
