"""The clients of stored servers are closed, whoever still uses one."""

import uuid

from services.transport.client_cache import ClientCache


class Connections:
    """A client that is open from its first call until it is closed."""

    def __init__(self):
        self.open = False
        self.is_busy = False

    def call(self):
        self.open = True

    async def aclose(self):
        self.open = False


async def test_a_client_that_is_used_after_it_was_replaced_is_closed_at_the_end():
    cache, server = ClientCache(), uuid.uuid4()
    former = await cache.get(server, ("before",), Connections)
    former.call()
    latter = await cache.get(server, ("after",), Connections)
    assert not former.open
    former.call()
    latter.call()
    await cache.aclose()
    assert not former.open
    assert not latter.open


async def test_no_more_than_one_replaced_client_of_a_server_is_kept():
    cache, server = ClientCache(), uuid.uuid4()
    clients = [await cache.get(server, (number,), Connections) for number in range(4)]
    for client in clients:
        client.call()
    await cache.get(server, ("last",), Connections)
    assert cache._replaced == {server: [clients[3]]}
    assert not clients[2].open
    assert not clients[3].open


async def test_calls_of_a_replaced_client_end_before_it_is_closed():
    cache, server = ClientCache(), uuid.uuid4()
    former = await cache.get(server, ("before",), Connections)
    former.call()
    former.is_busy = True
    latter = await cache.get(server, ("after",), Connections)
    last = await cache.get(server, ("last",), Connections)
    assert former.open
    former.is_busy = False
    assert await cache.get(server, ("last",), Connections) is last
    assert not former.open
    assert cache._replaced == {server: [latter]}
