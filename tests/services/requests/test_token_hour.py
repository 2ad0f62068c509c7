"""An hour of polling with each method that uses access tokens: one fetch for each life time, and no request lost."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace

import pytest

from models.kinds import RequestOrigin, RequestState
from models.sign_in import TOKEN_METHODS
from services.practice import PracticeInstance
from services.servicenow import access_tokens, jwt_assertions
from tests.proxying import ConnectProxy
from tests.services.requests import followed
from tests.services.requests.followed import SimulatedClock
from tests.services.servicenow.certificates import Authority, server_side
from tests.services.transfer.conftest import PASSWORD, configuration, empty_store, store, vault, workspace
from tests.sign_in_methods import add_credential, token_calls

__all__ = ["configuration", "empty_store", "store", "vault", "workspace"]

HOUR_S, INTERVAL_S = 3600, 90
LIFETIME_S = 1800
FETCHES = HOUR_S // LIFETIME_S + 1
"""One for each life time, and one renewal that teaches that this instance gives the same token until its end."""
REQUESTS = 20


@dataclass
class Way:
    """A way to the instance, as a server has it."""

    base_url: str = ""
    proxy: str | None = None
    ca_bundle: str | None = None


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@contextlib.asynccontextmanager
async def encrypted(practice, authority):
    """Put a server with a certificate of a private authority and a proxy in front of the instance."""
    port = int(practice.base_url.rstrip("/").rsplit(":", 1)[1])

    async def forward(reader, writer):
        onward_reader, onward = await asyncio.open_connection("127.0.0.1", port)

        async def passes(source, target):
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65536):
                    target.write(data)
                    await target.drain()
            target.close()

        await asyncio.gather(passes(reader, onward), passes(onward_reader, writer))

    name = "localhost"
    server = await asyncio.start_server(forward, "127.0.0.1", 0, ssl=server_side(authority.sign([name])))
    own = server.sockets[0].getsockname()[1]
    async with ConnectProxy() as proxy:
        yield Way(f"https://{name}:{own}/", proxy.url, authority.bundle), proxy
    server.close()
    await server.wait_closed()


def connect(configuration, vault, practice, method, way):
    """Store a server with this way to it, whose credential has the method."""
    server, process = followed.configure(configuration, vault, practice, PASSWORD, interval=INTERVAL_S)
    server.base_url, server.proxy, server.ca_bundle = (
        way.base_url or server.base_url,
        way.proxy,
        way.ca_bundle,
    )
    server.credential_id = add_credential(configuration, vault, practice, method, [server.destination]).id
    return configuration.save(server), process


@pytest.fixture
def clock(monkeypatch):
    """Simulated time, also for the signer of assertions and for what compares the clocks."""
    made = SimulatedClock()

    class Datetime(datetime):
        @classmethod
        def now(cls, tz=None):
            return made.now()

    monkeypatch.setattr(jwt_assertions, "time", SimpleNamespace(time=lambda: made.now().timestamp()))
    monkeypatch.setattr(access_tokens, "datetime", Datetime)
    return made


def use_clock(instance, practice, clock):
    """Let tokens age by the simulated time, at both ends."""
    instance._tokens._clock = clock.monotonic
    practice.tokens.clock = clock.monotonic


async def live_an_hour(practice, workspace, server, clock, records):
    """Look when it is due; every two minutes an approver decides. Returns the problems of the looks."""
    follower = followed.follower_of(workspace, clock)
    use_clock(await workspace.instance(server.id), practice, clock)
    waiting, problems, due = list(records), [], clock.now()
    for second in range(HOUR_S):
        if clock.now() >= due:
            done = await follower.round(server.id)
            problems += [done.problem] if done.problem is not None else []
            due = done.next_at
        clock.pass_by(1)
        if second % 120 == 60 and waiting:
            followed.decide(practice, waiting.pop())
    return problems


@pytest.mark.timeout(120)
@pytest.mark.parametrize("method", sorted(TOKEN_METHODS))
@pytest.mark.parametrize("through", ["direct", "proxy and private CA"])
async def test_an_hour_across_the_end_of_tokens(
    store, configuration, vault, workspace, authority, clock, method, through
):
    practice = PracticeInstance(password=PASSWORD, clock=clock.now)
    records = followed.fill(practice, clock, REQUESTS)
    practice.start()
    try:
        async with contextlib.AsyncExitStack() as stack:
            way, proxy = Way(), None
            if through != "direct":
                way, proxy = await stack.enter_async_context(encrypted(practice, authority))
            server, _ = connect(configuration, vault, practice, method, way)
            problems = await live_an_hour(practice, workspace, server, clock, records)
            await workspace.close_connections()
        assert problems == []
        assert [call.status for call in token_calls(practice)] == [200] * FETCHES
        assert {call.status for call in practice.log} == {200}
        rows = followed.requests_of(store, origin=RequestOrigin.SERVICENOW)
        assert len(rows) == REQUESTS
        assert {row["state"] for row in rows} == {RequestState.APPROVED}
        if proxy is not None:
            assert {head.split(" ", 1)[0] for head in proxy.asked} == {"CONNECT"}
            assert b"oauth_token" not in proxy.passed
    finally:
        practice.stop()
