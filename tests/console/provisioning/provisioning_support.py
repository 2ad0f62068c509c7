"""Support for tests of the provisioning page: practice instances, servers that sign in to them, the opened page."""

import asyncio
import contextlib

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from console.provisioning.run_dialog import RunDialog
from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from models.addresses import Origin
from models.kinds import Kind
from services.common.secret import Secret
from services.practice import PracticeInstance
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.encoded_query import equals
from tests.console.page_support import close_connections, until

PASSWORD = "practice-Canary-1"
RECORDS = 35


@pytest.fixture(scope="module")
def stock():
    instance = PracticeInstance(password=PASSWORD).start()
    yield instance
    instance.stop()


@pytest.fixture
def empty():
    instance = PracticeInstance(state="empty", password=PASSWORD).start()
    yield instance
    instance.stop()


@pytest.fixture
def server_on(configuration, vault):
    """Return a function that creates a server for a practice instance, signed in as one of its accounts."""

    def make(practice, account="admin", *, production=False, name="Practice", password=PASSWORD):
        credential = configuration.save(
            configuration.new(Kind.USER_CREDENTIAL, name=f"{name} account", account=account)
        )
        url = practice if isinstance(practice, str) else practice.base_url
        vault.put(credential.id, credential.name, account, Secret(password), [Origin.of(url)])
        return configuration.save(
            configuration.new(
                Kind.FOREIGN_SYSTEM,
                name=name,
                base_url=url,
                credential_id=credential.id,
                production=production,
            )
        )

    return make


@contextlib.asynccontextmanager
async def opened(ctx, server=None, size=(1100, 760)):
    page = create_page(Target("provisioning", tab=str(server.id) if server else ""), ctx)
    page.resize(*size)
    page.show()
    page.activateWindow()
    page.load()
    if server is not None:
        await until(lambda: page.presenter.server is not None)
        await settled(page)
    try:
        yield page
    finally:
        page.close()
        page.deleteLater()
        await asyncio.sleep(0)
        await close_connections(ctx.workspace)


async def settled(page):
    await until(lambda: not page.presenter.planning and not page.presenter.running and not page.tasks.busy)


def dialog_of(page):
    found = [d for d in page.findChildren(RunDialog) if d.isVisible()]
    return found[0] if found else None


async def asked(page):
    await until(lambda: dialog_of(page) is not None)
    return dialog_of(page)


def click(button):
    assert button.isVisible()
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


async def edit(practice, name, **values):
    """Change a service on the instance as an administrator."""
    settings = ConnectionSettings("Practice", practice.base_url)
    async with ServiceNowClient(settings, SignIn("admin", Secret(PASSWORD))) as instance:
        table = instance.table("sys_web_service")
        row = await table.first(equals(name=name), ("name", "script"))
        await table.update(row["sys_id"], values)


def operations_of(page):
    return {c.key: c.operation for c in page.presenter.plan.changes}


async def applied(page):
    click(page.apply_button)
    await until(lambda: page.presenter.result or dialog_of(page))
    await settled(page)
