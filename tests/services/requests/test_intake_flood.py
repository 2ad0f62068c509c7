"""Whoever may do nothing takes neither the places, nor the log, nor the time of those who may."""

import asyncio
import contextlib
import errno
import logging
import socket

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.common.logging_setup import configure_logging
from services.intake import connections
from services.intake.log_throttle import ThrottledCounter
from services.intake.server import IntakeServer
from services.practice import PracticeInstance
from services.store import Store
from services.store.errors import read_error
from tests.services.requests.decision_setup import desk
from tests.services.requests.intake_calls import clients, server, token
from tests.services.requests.intake_flood import (
    BROKEN_CHUNK,
    HEAD,
    MALFORMED,
    health,
    idle,
    many,
    post,
    said,
    timed,
    where,
)

__all__ = ["clients", "desk", "server", "token"]


@pytest.fixture
def log(tmp_path):
    """The log as programs write it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    file = configure_logging(tmp_path / "logs")
    yield file
    for handler in [one for one in root.handlers if one not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


async def served(url, token):
    assert (await timed(url, health()))[0] == b"HTTP/1.1 200 OK"
    assert (await timed(url, post(token, "flooded")))[0] in (b"HTTP/1.1 202 Accepted", b"HTTP/1.1 200 OK")


async def test_idle_connections_keep_nobody_out(server, token, monkeypatch):
    async with idle(server.url, connections.CONNECTIONS_MAX + 50):
        [door] = server._server.servers
        assert door.open <= connections.CONNECTIONS_MAX
        await served(server.url, token)


async def test_when_every_place_is_taken_by_a_call_others_are_turned_away(store, token, desk, monkeypatch):
    monkeypatch.setattr(connections, "connection_limit", lambda: 1)
    async with IntakeServer(store, port=0) as made:
        reader, writer = await asyncio.open_connection(*where(made.url))
        begun = post(token, "one").replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
        head, _, body = begun.partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        answer = await said(made.url, health())
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"application/problem+json" in answer
        assert b"retry-after" in answer.lower()
        writer.write(body)
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 202 ")
        writer.close()
        await writer.wait_closed()


async def test_a_call_that_breaks_off_in_the_middle_is_answered_once(server, token, log):
    for content in (
        BROKEN_CHUNK,
        HEAD + f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\r\nzz\r\n".encode(),
        HEAD + b"\r\n2;" + b"x" * 40_000,
        HEAD + b"\r\n2\r\n{}zz",
        *MALFORMED,
    ):
        answer = await said(server.url, content)
        assert answer.startswith(b"HTTP/1.1 400 "), content[:80]
        assert answer.count(b"HTTP/1.1") == 1
        assert b"application/problem+json" in answer
    assert (await timed(server.url, health()))[0] == b"HTTP/1.1 200 OK"
    assert "Traceback" not in log.read_text(encoding="utf-8")


async def test_calls_that_may_do_nothing_take_no_room_in_the_log(server, token, log):
    logging.getLogger("console").info("the line that stays")
    contents = [*MALFORMED * 25, *[BROKEN_CHUNK] * 100]
    contents += [b"GET /v1/requests/x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"] * 50
    contents += [b"GET /nothing HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n"] * 50
    lines = await many(server.url, contents)
    assert {line.split(b" ")[1] for line in lines if line} <= {b"400", b"401", b"421"}
    await served(server.url, token)
    text = log.read_text(encoding="utf-8")
    assert "the line that stays" in text
    assert len(text.splitlines()) < 10
    server._app.flush()
    assert "calls refused" in log.read_text(encoding="utf-8")


async def test_who_has_gone_before_the_answer_takes_no_room_in_the_log(server, token, log, monkeypatch):
    def gone(_transport):
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

    transport = asyncio.selector_events._SelectorSocketTransport
    with monkeypatch.context() as patched:
        patched.setattr(transport, "write_eof", gone)
        await many(server.url, [BROKEN_CHUNK] * 20)
    await served(server.url, token)
    assert "ended unexpectedly" not in log.read_text(encoding="utf-8")
    server._app.flush()
    assert "20 connection lost" in log.read_text(encoding="utf-8")


async def test_a_connection_for_which_there_is_no_descriptor_is_told_once(server, token, log, monkeypatch):
    loop = asyncio.get_running_loop()
    failing, accept = [40], loop.sock_accept

    async def spent(listening):
        if failing[0]:
            failing[0] -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return await accept(listening)

    monkeypatch.setattr(loop, "sock_accept", spent)
    monkeypatch.setattr(connections, "ACCEPT_RETRY_DELAY_S", 0.001)
    # The one that is accepted next was asked for before.
    await timed(server.url, health())
    await served(server.url, token)
    assert failing == [0]
    text = log.read_text(encoding="utf-8")
    assert text.count("no descriptor free") == 1


async def test_an_answer_is_sent_without_waiting_for_an_acknowledgement(server):
    _, writer = await asyncio.open_connection(*where(server.url))
    [door] = server._server.servers
    async with asyncio.timeout(30):
        while not door.open:
            await asyncio.sleep(0.01)
    [place] = door._connections
    assert place.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()
    await writer.wait_closed()


def test_the_practice_instance_sends_without_waiting_for_an_acknowledgement(monkeypatch):
    seen = []
    taken = asyncio.selector_events._SelectorSocketTransport.__init__

    def noted(self, loop, sock, *arguments, **more):
        taken(self, loop, sock, *arguments, **more)
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(asyncio.selector_events._SelectorSocketTransport, "__init__", noted)
    with contextlib.ExitStack() as stack:
        practice = PracticeInstance().start()
        stack.callback(practice.stop)
        httpx.get(practice.base_url, trust_env=False)
    assert seen
    assert all(seen)


async def test_a_store_that_cannot_be_used_is_told_once_however_many_ask(
    server, token, log, monkeypatch, caplog
):
    def unusable(*_arguments, **_more):
        raise read_error(OSError("connection lost"))

    monkeypatch.setattr(type(server._app._store), "read", unusable)
    lines = await many(server.url, [health().replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")] * 200)
    assert {line.split(b" ")[1] for line in lines} == {b"503"}
    monkeypatch.undo()
    assert log.read_text(encoding="utf-8").count("connection lost") == 1
    assert (await timed(server.url, health()))[0] == b"HTTP/1.1 200 OK"
    caplog.clear()


def test_what_is_counted_is_said_now_and_then():
    now, lines = [0.0], []
    tally = ThrottledCounter(lines.append, "calls refused", clock=lambda: now[0])
    for _ in range(1000):
        tally.count("token-refused")
    assert lines == ["1 calls refused: 1 token-refused"]
    now[0] = 61.0
    tally.tick()
    assert lines[1:] == ["999 calls refused within 61 s: 999 token-refused"]
    # As long as it goes on, it is said less and less often.
    for second in range(62, 86_400):
        now[0] = float(second)
        tally.count("token-refused")
    assert len(lines) < 40
    # After a quiet time the first one is said at once again.
    now[0] += 4000.0
    tally.flush()
    tally.tick()
    now[0] += 4000.0
    tally.tick()
    lines.clear()
    tally.count("host-unknown")
    assert lines == ["1 calls refused: 1 host-unknown"]


TOKENS = st.sampled_from(
    [
        b"GET ",
        b"POST ",
        b"HEAD ",
        b"CONNECT ",
        b"OPTIONS ",
        b"/healthz",
        b"/v1/requests",
        b"/v1/requests/%00",
        b"/openapi.json",
        b"*",
        b"//",
        b"http://127.0.0.1/healthz",
        b" HTTP/1.1\r\n",
        b" HTTP/1.0\r\n",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"Host: 127.0.0.1\r\n",
        b"Host: [::1\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Content-Type: application/json\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Authorization: Bearer aci_x\r\n",
        b"Expect: 100-continue\r\n",
        b"Connection: close\r\n",
        b"Connection: upgrade\r\nUpgrade: websocket\r\n",
        b"0\r\n\r\n",
        b"5\r\n",
        b"zz\r\n",
        b"ffffffffffffffffffff\r\n",
        b"{}",
        b"{\xff",
        b"X-Any: \xe2\x80\xae\x1b[2J\r\n",
    ]
)
CALL = st.lists(TOKENS | st.binary(max_size=20), max_size=30).map(b"".join)
CHANGED = st.builds(
    lambda call, at, put: call[:at] + put + call[at:],
    st.sampled_from([health(), post("aci_x", "1"), BROKEN_CHUNK, HEAD + b"\r\n2\r\n{}\r\n0\r\n\r\n"]),
    st.integers(0, 250),
    TOKENS | st.binary(max_size=10),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(calls=st.lists(CALL | CHANGED, min_size=1, max_size=4))
def test_no_bytes_make_the_intake_fail(intake_of_its_own, calls):
    """Whatever is sent: no answer says that the intake failed, and nothing unexpected is logged."""
    run, url, unexpected = intake_of_its_own

    async def send():
        answers = []
        for content in calls:
            reader, writer = await asyncio.open_connection(*where(url))
            writer.write(content)
            with contextlib.suppress(ConnectionError, NotImplementedError):
                writer.write_eof()
            answer = b""
            with contextlib.suppress(ConnectionError, TimeoutError):
                # What waits for more is not waited for.
                async with asyncio.timeout(0.05):
                    while part := await reader.read(65536):
                        answer += part
            writer.transport.abort()
            answers.append(answer)
        return answers, await timed(url, health())

    answers, (line, _) = run(send())
    assert line == b"HTTP/1.1 200 OK"
    for answer in answers:
        statuses = [part[:1] for part in answer.split(b"HTTP/1.1 ")[1:]]
        assert b"5" not in statuses, answer
    assert unexpected == []


@pytest.fixture(scope="module")
def intake_of_its_own(tmp_path_factory):
    """A served intake in a loop that lasts for all examples, and what is logged above INFO meanwhile."""
    unexpected = []

    class Heard(logging.Handler):
        def emit(self, record):
            if record.levelno > logging.INFO or record.exc_info:
                unexpected.append(record.getMessage())

    heard = Heard()
    logging.getLogger().addHandler(heard)
    store = Store.open(str(tmp_path_factory.mktemp("intake") / "console.db"), actor="worker")
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(lambda _loop, context: unexpected.append(context["message"]))
        made = IntakeServer(store, port=0)
        runner.run(made.__aenter__())
        yield runner.run, made.url, unexpected
        runner.run(made.__aexit__())
    store.close()
    logging.getLogger().removeHandler(heard)
