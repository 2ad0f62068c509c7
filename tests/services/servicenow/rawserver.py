"""A server that sends exactly the bytes it is told to, and remembers what it was asked. It runs in the test's loop."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

XML = "text/xml;charset=utf-8"
JSON = "application/json;charset=UTF-8"


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def params(self):
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Reply:
    """What is sent back. `length` may promise more than is there; `hold` is awaited before anything is sent."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    hold: object = None

    def head(self):
        length = len(self.body) if self.length is None else self.length
        lines = [f"HTTP/1.1 {self.status} Practice", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def xml(text, status=200, **headers):
    body = text if isinstance(text, bytes) else text.encode()
    return Reply(body, status, {"Content-Type": XML, **headers})


def json_reply(text, status=200, **headers):
    body = text if isinstance(text, bytes) else text.encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(body, status, {"Content-Type": JSON, **names})


class RawServer:
    """Answers with what `answer` makes of each request: a Reply, raw bytes, or None to hang up."""

    def __init__(self, answer, ssl=None):
        self.answer, self.ssl = answer, ssl
        self.asked = []
        self.open = self.most_open = 0
        self._serving = {}
        self._closing = asyncio.Event()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.ssl)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error):
        self._server.close()
        self._closing.set()
        serving = dict(self._serving)
        for writer in serving.values():
            writer.transport.abort()
        await asyncio.gather(*serving, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self):
        return f"{'https' if self.ssl else 'http'}://127.0.0.1:{self.port}/"

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._serving[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()
        del self._serving[task]

    async def _held(self, gate):
        waiting = [asyncio.ensure_future(one.wait()) for one in (gate, self._closing)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def _one(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        asked = Asked(method, target, headers, body)
        self.asked.append(asked)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            reply = self.answer(asked)
            if isinstance(reply, Reply):
                if reply.hold is not None:
                    await self._held(reply.hold)
                writer.write(reply.head() + reply.body)
                await writer.drain()
                return reply.length is None
            if reply is not None:
                writer.write(reply)
                await writer.drain()
            return False
        finally:
            self.open -= 1
