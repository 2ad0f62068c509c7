"""A window over a database that stops answering: what it was reading ends with the problem, and works again later."""

import contextlib

import pytest

from console.runtime.page_targets import REQUESTS, Target
from models.kinds import Kind
from services.store import StoreError, postgresql_connections
from tests.console.page_support import until
from tests.console.windows import filled, opened_window, shown
from tests.databases import SERVERS
from tests.relaying import Relay


@pytest.fixture(params=SERVERS[:1])
def relay(request, servers, monkeypatch):
    monkeypatch.setattr(postgresql_connections, "PROBE_AFTER_S", 0.3)
    monkeypatch.setattr(postgresql_connections, "CONNECT_TIMEOUT_S", 2)
    server = servers(request.param)
    name = server.make()
    made = Relay(server.socket_file)
    made.url = server.url(name, host="127.0.0.1", port=made.port)
    yield made
    made.close()
    server.drop(name)


async def answered(ctx):
    """Wait until the store can be read again."""
    while True:
        with contextlib.suppress(StoreError):
            return await ctx.call(ctx.workspace.configuration.outline)


def test_reading_ends_with_the_problem_and_goes_on_when_the_network_does(run, relay, tmp_path):
    async def story():
        async with opened_window(relay.url, tmp_path) as window:
            made = await filled(window)
            process = made[Kind.APPROVAL_PROCESS]
            relay.silent.set()
            window.show_target(Target(str(Kind.APPROVAL_PROCESS), process.id))
            await until(lambda: window.page.session.lost is not None)
            assert window.page.session.lost.problem.fault == "store-silent"
            window.show_target(Target(REQUESTS))
            await until(lambda: not window.page.tasks.busy)
            relay.silent.clear()
            await answered(window.ctx)
            page = await shown(window, Kind.FOREIGN_SYSTEM, made[Kind.FOREIGN_SYSTEM])
            assert page.session.lost is None

    run(story())
