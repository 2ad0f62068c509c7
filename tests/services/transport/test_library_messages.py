"""Wording of library errors, provoked with the installed versions: an update with another wording fails here."""

import asyncio
import contextlib
import socket
import ssl
import warnings
from contextlib import closing

import httpx
import pytest

from services.transport.library_messages import (
    CertificateProblem,
    HandshakeProblem,
    certificate_problem,
    handshake_problem,
    is_cut_off,
    is_proxy_auth_required,
)
from tests.proxying import ConnectProxy
from tests.services.connectivity.conftest import answering, authority

__all__ = ["authority"]


async def handshake_error(server_context, client_context, *, host="localhost"):
    """Return what the client's side of a handshake fails with."""
    async with answering(b"", server_context) as (port, _):
        try:
            await asyncio.open_connection("127.0.0.1", port, ssl=client_context, server_hostname=host)
        except OSError as error:
            return error
    raise AssertionError("the handshake succeeded")


def trusting(authority):
    return ssl.create_default_context(cafile=authority.bundle)


@pytest.mark.parametrize(
    ("certificate", "host", "expected"),
    [
        ({"days": -1, "since": 30}, "localhost", CertificateProblem.EXPIRED),
        ({"days": 30, "since": -5}, "localhost", CertificateProblem.NOT_YET_VALID),
        ({"host": "other.example"}, "localhost", CertificateProblem.WRONG_HOST),
        ({}, "127.0.0.3", CertificateProblem.WRONG_HOST),
    ],
)
async def test_openssl_names_what_is_wrong_with_a_certificate(authority, certificate, host, expected):
    error = await handshake_error(authority.context(**certificate), trusting(authority), host=host)
    assert isinstance(error, ssl.SSLCertVerificationError)
    assert certificate_problem(error) is expected


async def test_every_other_problem_of_a_certificate_counts_as_untrusted(authority):
    for context in (authority.context(), authority.self_signed()):
        error = await handshake_error(context, ssl.create_default_context())
        assert certificate_problem(error) is CertificateProblem.UNTRUSTED


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("“instance.example” certificate is expired", CertificateProblem.EXPIRED),
        (
            "The certificate's CN name does not match; it is not valid for the host",
            CertificateProblem.WRONG_HOST,
        ),
        ("A certificate chain terminated in a root which is not trusted", CertificateProblem.UNTRUSTED),
    ],
)
def test_messages_of_the_trust_stores_of_other_systems(message, expected):
    error = ssl.SSLCertVerificationError(message)
    error.verify_message = message
    assert certificate_problem(error) is expected


async def test_a_port_without_tls(authority):
    async with answering(b"HTTP/1.1 200 OK\r\n\r\n", at_once=True) as (port, _):
        with pytest.raises(ssl.SSLError) as caught:
            await asyncio.open_connection(
                "127.0.0.1", port, ssl=trusting(authority), server_hostname="localhost"
            )
    assert handshake_problem(caught.value) is HandshakeProblem.NO_TLS


async def test_a_server_with_old_protocols_only(authority):
    server = authority.context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        server.minimum_version = server.maximum_version = ssl.TLSVersion.TLSv1_1
    server.set_ciphers("DEFAULT:@SECLEVEL=0")
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def refuse():
            # In a thread: a server of asyncio closes the connection without the alert that names the reason.
            taken, _ = listening.accept()
            with taken, contextlib.suppress(OSError):
                server.wrap_socket(taken, server_side=True).close()

        refusing = asyncio.create_task(asyncio.to_thread(refuse))
        with pytest.raises(ssl.SSLError) as caught:
            await asyncio.open_connection(
                *listening.getsockname(), ssl=trusting(authority), server_hostname="localhost"
            )
        await refusing
    assert handshake_problem(caught.value) is HandshakeProblem.OLD_PROTOCOL


def test_other_handshake_errors_tell_nothing():
    assert handshake_problem(ssl.SSLError("sslv3 alert handshake failure")) is None


async def test_a_proxy_that_requires_a_sign_in():
    async with (
        ConnectProxy("proxy.user", "Pr0xy-password") as proxy,
        httpx.AsyncClient(proxy=proxy.url) as client,
    ):
        with pytest.raises(httpx.ProxyError) as caught:
            await client.get("https://instance.example/")
    assert is_proxy_auth_required(caught.value)
    assert not is_proxy_auth_required(httpx.ProxyError("403 Forbidden"))
    assert not is_proxy_auth_required(httpx.ConnectError("407"))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot-a-length\r\nabc\r\n", False),
    ],
)
async def test_a_body_that_ends_early_and_one_that_is_no_http(reply, expected):
    with contextlib.ExitStack() as stack:
        async with answering(reply) as (port, _), httpx.AsyncClient(trust_env=False) as client:
            caught = stack.enter_context(pytest.raises(httpx.RemoteProtocolError))
            await client.get(f"http://127.0.0.1:{port}/")
    assert is_cut_off(caught.value) is expected
