"""The handshake that is observed leaves no connection behind, whatever a proxy does."""

import asyncio

import pytest

from services.servicenow.faults import FAULTS
from services.transport.connection_settings import ConnectionSettings
from services.transport.handshake_probe import observe_handshake
from tests.services.servicenow.certificates import Authority


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000], ids=["silent", "endless"]
)
async def test_a_proxy_that_makes_no_tunnel_is_left(tmp_path, answer):
    ended = asyncio.Event()

    async def serve(reader, writer):
        writer.write(answer)
        try:
            while await reader.read(65_536):
                pass
        except ConnectionError:
            pass
        writer.close()
        ended.set()

    mine = Authority(tmp_path).sign(["console"])
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as proxy:
        settings = ConnectionSettings(
            "Instance",
            "https://acme.service-now.com/",
            proxy=f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}",
            client_certificate=mine.path,
        )
        assert await observe_handshake(FAULTS, settings, 0.2) is None
        async with asyncio.timeout(10):
            await ended.wait()
