"""Floods of the intake: very many idle connections, calls that are no HTTP, and calls that break off in the middle."""

import asyncio
import contextlib
import time

HEAD = b"POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
BROKEN_CHUNK = HEAD + b"Content-Type: application/json\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
MALFORMED = (
    b"\x16\x03\x01\x00no http\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n\r\n",
    b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n",
    b"POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    b"POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n{} ",
    b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    b"G\x00T / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    HEAD + b"Content-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    HEAD.replace(b"/1.1", b"/1.0") + b"\r\n2\r\n{}\r\n0\r\n\r\n",
    HEAD.replace(b": chunked", b":\r\n chunked") + b"\r\n2\r\n{}\r\n0\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-More: y\r\n" * 2000 + b"\r\n",
)
AT_A_TIME = 32


def where(url):
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    return host, int(port)


async def said(url, content):
    """Send bytes and return what came back until the other side hung up."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        reader, writer = await asyncio.open_connection(*where(url))
        try:
            writer.write(content)
            async with asyncio.timeout(60):
                while part := await reader.read(65536):
                    answer += part
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
    return answer


async def many(url, contents):
    """Send each of `contents` on a connection of its own, some at a time; returns the status lines."""
    waiting, lines = iter(contents), []

    async def one_after_another():
        for content in waiting:
            answer = await said(url, content)
            lines.append(answer.partition(b"\r\n")[0])

    await asyncio.gather(*(one_after_another() for _ in range(AT_A_TIME)))
    return lines


@contextlib.asynccontextmanager
async def idle(url, number):
    """Keep so many connections that say nothing, for the length of a block; those that are closed are gone."""
    writers = []
    for _ in range(number):
        with contextlib.suppress(ConnectionError):
            writers.append((await asyncio.open_connection(*where(url)))[1])
    try:
        yield
    finally:
        for writer in writers:
            writer.transport.abort()


async def timed(url, content, end=b"}"):
    """Send a call and return its status line and how long the answer took, in milliseconds, the connection included."""
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection(*where(url))
    writer.write(content)
    async with asyncio.timeout(60):
        answer = await reader.readuntil(end)
    took = (time.perf_counter() - begun) * 1000
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer.partition(b"\r\n")[0], took


def health():
    return b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def post(token, key):
    body = b'{"PMFilePath": "C:/tool.exe", "PMInitiatorName": "Ada"}'
    head = (
        f"POST /v1/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
