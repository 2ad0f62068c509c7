"""A proxy over real sockets: it connects where CONNECT says, for whoever signs in, and remembers what it was told."""

import asyncio
import base64
import contextlib


class ConnectProxy:
    """Forwards CONNECT; with an account it wants Basic authentication and answers 407 without it.

    `asked` holds the head of every request as text; `hosts` maps names to where they are connected to, so that a test
    needs no name server.
    """

    def __init__(self, account="", password="", hosts=None, ssl=None):
        self.account, self.password = account, password
        self.hosts, self.ssl = hosts or {}, ssl
        self.asked, self.passed = [], b""
        self._serving = {}
        self._targets = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.ssl)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error):
        self._server.close()
        serving = dict(self._serving)
        # Cut rather than cancelled: a server of asyncio complains of cancelled tasks.
        for writer in (*serving.values(), *self._targets):
            writer.transport.abort()
        await asyncio.gather(*serving, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self):
        return f"{'https' if self.ssl else 'http'}://localhost:{self.port}"

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._serving[task] = writer
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._one(reader, writer)
        finally:
            del self._serving[task]
            writer.transport.abort()

    async def _one(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.asked.append(head)
        wanted = base64.b64encode(f"{self.account}:{self.password}".encode()).decode()
        if self.account and f"proxy-authorization: basic {wanted.lower()}" not in head.lower():
            writer.write(
                b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                b'Proxy-Authenticate: Basic realm="practice"\r\nContent-Length: 0\r\n\r\n'
            )
            await writer.drain()
            return
        host, port = head.split(" ", 2)[1].rsplit(":", 1)
        to_reader, to_writer = await asyncio.open_connection(self.hosts.get(host, host), int(port))
        self._targets.add(to_writer)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        try:
            await asyncio.gather(self._pass(reader, to_writer, keep=True), self._pass(to_reader, writer))
        finally:
            self._targets.discard(to_writer)
            to_writer.transport.abort()

    async def _pass(self, reader, writer, *, keep=False):
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if keep:
                    self.passed += data
                writer.write(data)
                await writer.drain()
        writer.close()
