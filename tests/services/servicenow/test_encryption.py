"""TLS with real certificates: what is trusted, what is refused, and under which name."""

import asyncio
import socket
import ssl
from dataclasses import replace

import pytest

from services.common.errors import ConsoleError
from tests.services.servicenow.certificates import Authority, server_side
from tests.services.servicenow.rawserver import RawServer, json_reply
from tests.services.servicenow.support import assert_five_parts, at

HERE = ["127.0.0.1", "localhost"]
EMPTY = json_reply('{"result": []}')


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"), "Another CA")


def serving(signed, **options):
    return RawServer(lambda _: EMPTY, ssl=server_side(signed, **options))


async def read(instance):
    return [row async for row in instance.table("any").rows(fields=[])]


async def refused(server, fault, **settings):
    async with server, at(server.url, **settings) as instance:
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
        assert_five_parts(caught.value, fault)
        assert not server.asked
    return caught.value.problem


async def test_a_private_authority_counts_for_the_system_it_was_set_for(authority):
    async with serving(authority.sign(HERE)) as server:
        async with at(server.url, ca_bundle=authority.bundle) as trusting:
            assert await read(trusting) == []
            assert await read(trusting) == []
        named = server.url.replace("127.0.0.1", "localhost")
        async with at(named, ca_bundle=authority.bundle) as trusting:
            assert await read(trusting) == []
        assert len(server.asked) == 3


async def test_a_private_authority_counts_for_no_other_system(authority):
    await refused(serving(authority.sign(HERE)), "tls-untrusted")


async def test_a_certificate_of_another_authority_is_refused(authority, stranger):
    await refused(serving(stranger.sign(HERE)), "tls-untrusted", ca_bundle=authority.bundle)


async def test_a_certificate_that_signs_itself_is_refused(authority, tmp_path):
    alone = Authority(tmp_path / "alone", "127.0.0.1")
    await refused(serving(alone.sign(HERE)), "tls-untrusted")
    await refused(serving(alone.sign(HERE)), "tls-untrusted", ca_bundle=authority.bundle)


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)])
async def test_a_certificate_out_of_its_time_is_refused(authority, days):
    server = serving(authority.sign(HERE, days=days))
    await refused(server, "tls-certificate-expired", ca_bundle=authority.bundle)


@pytest.mark.parametrize("hosts", [["instance.example"], ["127.0.0.2"], ["localhost"], ["*.0.0.1"]])
async def test_a_certificate_of_another_host_is_refused(authority, hosts):
    await refused(serving(authority.sign(hosts)), "tls-wrong-host", ca_bundle=authority.bundle)


async def test_a_certificate_of_another_name_is_refused(authority):
    async with serving(authority.sign(["instance.example", "127.0.0.1"])) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        async with at(url, ca_bundle=authority.bundle) as instance:
            with pytest.raises(ConsoleError) as caught:
                await read(instance)
    assert_five_parts(caught.value, "tls-wrong-host")


async def test_a_server_without_encryption_is_refused():
    class Plain(RawServer):
        async def _one(self, reader, writer):
            await reader.read(100)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return False

    async with Plain(None) as server, at(server.url.replace("http:", "https:")) as instance:
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
    assert_five_parts(caught.value, "tls-failed")


async def test_a_client_certificate_is_shown_to_who_asks_for_it(authority):
    mine = authority.sign([], name="console").path
    async with (
        serving(authority.sign(HERE), clients_of=authority) as server,
        at(server.url, ca_bundle=authority.bundle, client_certificate=mine) as instance,
    ):
        assert await read(instance) == []


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("shown", ["none", "of a stranger"])
async def test_a_client_certificate_that_is_missing_or_of_a_stranger_is_refused(
    authority, stranger, shown, newest
):
    context = server_side(authority.sign(HERE), clients_of=authority)
    context.maximum_version = newest
    certificate = None if shown == "none" else stranger.sign([], name="console").path
    # In a thread: asyncio hangs up without the alert that other servers send.
    with socket.create_server(("127.0.0.1", 0)) as listening:
        refusing = asyncio.create_task(asyncio.to_thread(refuse_one, listening, context))
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        async with at(url, ca_bundle=authority.bundle, client_certificate=certificate) as instance:
            with pytest.raises(ConsoleError) as caught:
                await read(instance)
        await refusing
    if shown == "of a stranger":
        expected = "certificate-rejected"
    else:
        # The alert of TLS 1.2 says no more than that no agreement was reached.
        expected = "certificate-required" if newest is ssl.TLSVersion.TLSv1_3 else "tls-failed"
    assert_five_parts(caught.value, expected)


def refuse_one(listening, context):
    """Take one connection, agree on nothing, and read what is left so that the alert is not lost."""
    connection, _ = listening.accept()
    connection.settimeout(5)
    with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as encrypted:
        with pytest.raises(ssl.SSLError):
            encrypted.do_handshake()
        while socket.socket.recv(encrypted, 65536):
            pass


@pytest.mark.parametrize("setting", ["ca_bundle", "client_certificate"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
async def test_a_file_that_cannot_be_read_is_named(authority, tmp_path, setting, content):
    path = tmp_path / "file.pem"
    if content is not None:
        path.write_bytes(content)
    fault = "tls-untrusted" if setting == "ca_bundle" else "certificate-file-unreadable"
    problem = await refused(serving(authority.sign(HERE)), fault, **{setting: str(path)})
    assert "cannot be read" in problem.cause


async def test_a_key_with_a_passphrase_is_refused_and_not_asked_for(authority):
    locked = authority.sign([], name="locked", passphrase=b"planted").path
    await refused(
        serving(authority.sign(HERE)),
        "certificate-passphrase-missing",
        ca_bundle=authority.bundle,
        client_certificate=locked,
    )


async def test_the_settings_of_a_system_are_read_when_it_is_opened_again(authority):
    async with serving(authority.sign(HERE)) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError):
            await read(instance)
        await instance.aclose()
        instance._channel.settings = replace(instance.settings, ca_bundle=authority.bundle)
        assert await read(instance) == []
