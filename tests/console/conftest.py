"""Fixtures for pages: a real store in a file, a context, and stories run in Qt's own event loop."""

import asyncio
import gc
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import qasync
from PyQt6 import sip

from services.common.tasks import cancel_once
from services.configuration import Configuration
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.console.page_support import PageContext
from tests.limits import STORY_S


@pytest.fixture
def store(tmp_path):
    opened = Store.open(str(tmp_path / "console.db"), actor="ada")
    yield opened
    opened.close()


@pytest.fixture
def configuration(store):
    return Configuration(store)


@pytest.fixture
def other(store):
    """Another console on the same file."""
    opened = Store.open(store.url, actor="grace")
    yield Configuration(opened)
    opened.close()


@pytest.fixture
def vault():
    return SessionVault()


@pytest.fixture
def ctx(qapp, store, configuration, vault):
    return PageContext(Workspace(store, vault))


async def end_tasks():
    """Cancel what a story left running, and give its connections the turns of the loop that closing them takes."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    cancel_once(left)
    await asyncio.gather(*left, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.fixture
def run(qapp):
    """Run a coroutine in a Qt loop; fail when an error reached the loop, and take down what a story left open."""

    qapp.setQuitOnLastWindowClosed(False)

    def runner(coroutine, seconds=STORY_S):
        problems = []

        async def body():
            asyncio.get_running_loop().set_exception_handler(lambda _loop, context: problems.append(context))
            async with asyncio.timeout(seconds):
                await coroutine
            await asyncio.sleep(0)
            assert not problems, problems
            await end_tasks()

        before = qapp.topLevelWidgets()
        try:
            with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(qapp)) as loop:
                loop.run(body())
        finally:
            # A window that outlives its loop would start its work in the loop of the next test.
            for window in qapp.topLevelWidgets():
                if window not in before and not sip.isdeleted(window):
                    sip.delete(window)
            gc.collect()

    return runner
