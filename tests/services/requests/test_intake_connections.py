"""Callers that are slow, many, or speak no HTTP: each is answered or let go, and keeps no other from being served."""

import asyncio
import contextlib
import json
import uuid

import pytest

from services.intake import http_protocol
from services.intake.openapi import build_openapi_document
from tests.services.requests.conftest import stored
from tests.services.requests.decision_setup import desk
from tests.services.requests.intake_calls import (
    PAYLOAD,
    call,
    clients,
    server,
    token,
)
from tests.services.requests.schemas import assert_fits

__all__ = ["call", "clients", "desk", "server", "token"]


async def test_who_never_ends_its_body_is_not_waited_for(server, token, store, monkeypatch):
    from services.intake import request_body

    monkeypatch.setattr(request_body, "BODY_TIMEOUT_S", 0.05)
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/requests HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
    await writer.drain()
    assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
    writer.close()
    await writer.wait_closed()
    assert stored(store) == []


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
@pytest.mark.parametrize("first", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"])
async def test_who_does_not_say_what_it_wants_is_not_waited_for(server, call, monkeypatch, first, said):
    monkeypatch.setattr(http_protocol, "HEADERS_TIMEOUT_S", 0.05)
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(first)
    if first:
        assert (await reader.readuntil(b'"ok"}')).startswith(b"HTTP/1.1 200 ")
    writer.write(said)
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    assert (await call("GET", "/healthz")).status_code == 200


async def test_with_too_many_calls_the_answer_is_a_problem_too(server, call, token, store, monkeypatch):
    monkeypatch.setattr(http_protocol, "CALLS_MAX", 1)
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(PAYLOAD).encode()
    writer.write(
        f"POST /v1/requests HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: one\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")  # it is being answered
    for method, path in (
        ("GET", "/healthz"),
        ("POST", "/v1/requests"),
        ("GET", f"/v1/requests/{uuid.uuid4()}"),
    ):
        response = await call(method, path, token, json=PAYLOAD if method == "POST" else None)
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert int(response.headers["retry-after"]) >= 1
        assert response.headers["connection"] == "close"
    assert stored(store) == []
    # Whoever was there before is served on.
    writer.write(body)
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 202 ")
    writer.close()
    await writer.wait_closed()
    assert len(stored(store)) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x00no http\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"a" * 100_000,
    ],
    ids=["tls", "no host", "two lengths", "long head"],
)
async def test_what_is_no_http_is_answered_with_a_problem_too(server, said):
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(said)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 400 ")
    assert b"content-type: application/problem+json\r\n" in head
    assert b"connection: close\r\n" in head
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    problem = json.loads(await reader.readexactly(length))
    assert_fits(
        problem, build_openapi_document()["components"]["schemas"]["Problem"], build_openapi_document()
    )
    assert problem["status"] == 400
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_what_is_no_http_behind_an_answer_ends_the_connection(server, call):
    """Without a token: whoever may do nothing must not fill the log either."""
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = b"POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head)
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 401 ")
    writer.write(b"zz\r\nno chunk\r\n")
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    assert (await call("GET", "/healthz")).status_code == 200


async def test_who_never_reads_is_not_waited_for(server, call, monkeypatch):
    monkeypatch.setattr(http_protocol, "HEADERS_TIMEOUT_S", 0.05)
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 100

    async def ask_on():
        while True:
            writer.write(asked)
            await writer.drain()

    async with asyncio.timeout(60):
        with pytest.raises(ConnectionError):
            await ask_on()
    assert (await call("GET", "/healthz")).status_code == 200


async def test_who_hangs_up_in_the_middle_raises_nothing(server, call, token, store):
    host, port = server.url.removeprefix("http://").rstrip("/").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /v1/requests HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await call("GET", "/healthz")).status_code == 200
    assert stored(store) == []
