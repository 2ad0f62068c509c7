"""Limits on both sides: calls in flight, waiting, repeating, time and size."""

import asyncio
import gzip
import socket
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from services.common.errors import ConsoleError
from services.servicenow import response_checks as answers_module
from services.servicenow.soap_call import REPLY_MAX
from services.transport import http_channel as channel_module
from services.transport.faults import RateLimitedError
from services.transport.http_channel import GET_ATTEMPTS
from services.transport.response_body import RESPONSE_MAX_BYTES
from services.transport.response_headers import RETRY_AFTER_MAX_S
from tests.limits import WAIT_S
from tests.services.servicenow.descriptions import REPLY, description
from tests.services.servicenow.rawserver import RawServer, Reply, json_reply, xml
from tests.services.servicenow.support import assert_five_parts, at

EMPTY = '{"result": []}'
LIMITED = '{"error": {"message": "Rate limit exceeded", "detail": "of 100"}, "status": "failure"}'


async def read(instance):
    return [row async for row in instance.table("any").rows(fields=[])]


async def write(instance):
    await instance.table("any").insert({"name": "x"})


async def refused(instance, fault, door=read):
    with pytest.raises(ConsoleError) as caught:
        await door(instance)
    assert_five_parts(caught.value, fault)
    return caught.value


@pytest.fixture
def waits(monkeypatch):
    """The waits that were asked for, none of which takes time."""
    waited, sleep = [], asyncio.sleep

    async def at_once(seconds, *rest):
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr(channel_module.asyncio, "sleep", at_once)
    return waited


# -- in flight ----------------------------------------------------------------


async def until(met):
    async with asyncio.timeout(WAIT_S):
        while not met():
            await asyncio.sleep(0.005)


async def test_at_most_two_calls_are_in_flight_whatever_they_are():
    gate = asyncio.Event()

    def answer(asked):
        if asked.target.endswith("?WSDL"):
            return xml(description())
        body = REPLY if asked.target.endswith("?SOAP") else EMPTY
        return Reply(
            body.encode(),
            200,
            {"Content-Type": "text/xml" if body is REPLY else "application/json"},
            hold=gate,
        )

    async with RawServer(answer) as server, at(server.url) as instance:
        await instance.service("Mine").describe()
        calls = [instance.service("Mine").call({"id": "1"}, ("out",)) for _ in range(3)]
        tasks = [asyncio.ensure_future(one) for one in (*calls, *(read(instance) for _ in range(4)))]
        await until(lambda: server.open == 2)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(server.asked) == 3
        gate.set()
        await asyncio.gather(*tasks)
        assert len(server.asked) == 8
        assert server.most_open == 2


async def test_calls_that_wait_for_their_turn_outlive_the_closing_of_the_connections():
    gate = asyncio.Event()
    async with RawServer(lambda asked: replace(json_reply(EMPTY), hold=gate)) as server:
        instance = at(server.url)
        calls = [asyncio.ensure_future(read(instance)) for _ in range(4)]
        await until(lambda: len(server.asked) == 2)
        await instance.aclose()
        gate.set()
        assert await asyncio.gather(*calls) == [[], [], [], []]
        await instance.aclose()


async def test_a_call_that_is_given_up_makes_room_for_the_next():
    gate = asyncio.Event()
    answers = iter([Reply(EMPTY.encode(), hold=gate), Reply(EMPTY.encode(), hold=gate), json_reply(EMPTY)])
    async with RawServer(lambda _: next(answers)) as server, at(server.url) as instance:
        tasks = [asyncio.ensure_future(read(instance)) for _ in range(2)]
        await until(lambda: server.open == 2)
        for task in tasks:
            task.cancel()
        assert await read(instance) == []
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in results] == [asyncio.CancelledError] * 2


# -- waiting ------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
async def test_a_short_wait_is_kept_to_and_the_read_repeated(waits, status):
    answers = iter([json_reply(LIMITED, status, Retry_After="3"), json_reply(EMPTY)])
    async with RawServer(lambda _: next(answers)) as server, at(server.url) as instance:
        assert await read(instance) == []
        assert len(server.asked) == 2
    assert waits == [3.0]


async def test_a_short_wait_until_a_date_is_kept_to(waits, monkeypatch):
    now = datetime.now(UTC)
    monkeypatch.setattr(answers_module, "datetime", SimpleNamespace(now=lambda _zone: now))
    until_then = format_datetime(now + timedelta(seconds=4), usegmt=True)
    answers = iter([json_reply(LIMITED, 429, Retry_After=until_then), json_reply(EMPTY)])
    async with RawServer(lambda _: next(answers)) as server, at(server.url) as instance:
        assert await read(instance) == []
    assert [round(wait) for wait in waits] in ([3], [4]), "a date has no fractions of a second"


async def test_a_limit_that_goes_on_is_told_after_a_few_tries(waits):
    async with (
        RawServer(lambda _: json_reply(LIMITED, 429, Retry_After="2")) as server,
        at(server.url) as instance,
    ):
        error = await refused(instance, "rate-limited")
        assert len(server.asked) == GET_ATTEMPTS
    assert waits == [2.0] * (GET_ATTEMPTS - 1)
    assert error.retry_after == 2


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("6", 6),
        ("3600", 3600),
        ("86400", RETRY_AFTER_MAX_S),
        ("nan", 60),
        ("soon", 60),
        ("", 60),
        ("Wed, 21 Oct 2099 07:28:00 GMT", RETRY_AFTER_MAX_S),
        ("Wed, 21 Oct 99999 07:28:00 GMT", 60),
        ("Wed, 21 Oct 2099 07:28:00", 60),
    ],
)
async def test_a_long_wait_is_told_and_not_slept_through(waits, header, seconds):
    async with (
        RawServer(lambda _: json_reply(LIMITED, 429, Retry_After=header)) as server,
        at(server.url) as instance,
    ):
        error = await refused(instance, "rate-limited")
        assert len(server.asked) == 1
    assert not waits
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == seconds


@pytest.mark.parametrize("header", ["0", "0.2", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_no_wait_is_shorter_than_a_second(waits, header):
    answers = iter([json_reply(LIMITED, 429, Retry_After=header), json_reply(EMPTY)])
    async with RawServer(lambda _: next(answers)) as server, at(server.url) as instance:
        await read(instance)
    assert waits == [1.0]


@pytest.mark.parametrize("door", [read, write, lambda instance: instance.service("Any").describe()])
async def test_a_limit_is_told_although_a_gateway_sends_it_as_a_page(door):
    page = Reply(
        b"<html><title>Too many requests</title>", 429, {"Content-Type": "text/html", "Retry-After": "90"}
    )
    async with RawServer(lambda asked: page) as server, at(server.url) as instance:
        assert (await refused(instance, "rate-limited", door)).retry_after == 90


async def test_a_limit_without_a_time_is_told_at_once(waits):
    async with RawServer(lambda _: json_reply(LIMITED, 429)) as server, at(server.url) as instance:
        error = await refused(instance, "rate-limited")
        assert len(server.asked) == 1
    assert (waits, error.retry_after) == ([], 60)


# -- repeating ----------------------------------------------------------------

LOST = {
    "hung up": None,
    "no header": b"HTTP/1.1 200 OK\r\nContent-",
    "no HTTP": b"SSH-2.0-x\r\n\r\n",
    "cut body": Reply(b'{"result"', length=500),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
async def test_a_lost_read_is_repeated_a_few_times(lost):
    answers = iter([lost, lost, json_reply(EMPTY)])
    async with RawServer(lambda _: next(answers)) as server, at(server.url) as instance:
        assert await read(instance) == []
        assert len(server.asked) == 3
    async with RawServer(lambda _: lost) as server, at(server.url) as instance:
        await refused(instance, "connection-lost")
        assert len(server.asked) == GET_ATTEMPTS


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
async def test_a_lost_change_is_never_repeated(lost):
    async with (
        RawServer(lambda asked: xml(description()) if asked.target.endswith("?WSDL") else lost) as server,
        at(server.url) as instance,
    ):
        await refused(instance, "connection-lost", write)
        assert len(server.asked) == 1
        await refused(instance, "connection-lost", lambda i: i.table("any").update("x", {}))
        assert len(server.asked) == 2
        await refused(instance, "connection-lost", lambda i: i.service("Mine").call({}, ("out",)))
        assert [asked.method for asked in server.asked] == ["POST", "PATCH", "GET", "POST"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_refused_change_is_never_repeated(waits, status):
    async with (
        RawServer(lambda _: json_reply(LIMITED, status, Retry_After="1")) as server,
        at(server.url) as instance,
    ):
        with pytest.raises(ConsoleError):
            await write(instance)
        assert len(server.asked) == 1
    assert not waits


async def test_a_connection_that_was_closed_between_two_calls_is_opened_again():
    async with (
        RawServer(lambda _: json_reply(EMPTY, Connection="close")) as server,
        at(server.url) as instance,
    ):
        await read(instance)
        await read(instance)
        assert len(server.asked) == 2


# -- time ---------------------------------------------------------------------


async def test_an_answer_that_does_not_come_is_waited_for_only_so_long():
    async with (
        RawServer(lambda _: Reply(hold=asyncio.Event())) as server,
        at(server.url, read_timeout=0.1) as instance,
    ):
        await refused(instance, "timeout")
        await refused(instance, "timeout", write)
        assert len(server.asked) == 2


async def test_an_answer_that_stops_in_the_middle_is_waited_for_only_so_long():
    class Stalls(RawServer):
        async def _one(self, reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")
            return await reader.read() != b""

    async with Stalls(None) as server, at(server.url, read_timeout=0.1) as instance:
        await refused(instance, "timeout")


async def test_an_answer_in_drops_is_ended_by_the_limit_of_the_whole_call(monkeypatch):
    monkeypatch.setattr(channel_module, "CALL_TIMEOUT_S", 0.3)

    class Drips(RawServer):
        async def _one(self, reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
            return False

    async with Drips(None) as server, at(server.url, read_timeout=5) as instance:
        await refused(instance, "timeout")


async def test_a_host_that_takes_the_connection_and_says_nothing_is_given_up():
    class Silent(RawServer):
        async def _one(self, reader, writer):
            return await reader.read(100) != b""

    async with Silent(None) as server:
        url = server.url.replace("http:", "https:")
        async with at(url, connect_timeout=0.1) as instance:
            error = await refused(instance, "tls-failed")
        assert "in time" in error.problem.evidence


async def test_a_port_where_nothing_listens_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # it stays taken, and is never listened at
        async with at(f"http://127.0.0.1:{taken.getsockname()[1]}/") as instance:
            await refused(instance, "tcp-refused")


async def test_a_host_that_no_name_server_knows_is_named():
    async with at("https://no-such-host.invalid/") as instance:
        await refused(instance, "dns-unknown-host")


# -- size ---------------------------------------------------------------------


async def test_an_answer_beyond_every_measure_is_cut_off():
    reply = Reply(b" " * (RESPONSE_MAX_BYTES + 1), length=10**15)
    async with RawServer(lambda _: reply) as server, at(server.url) as instance:
        await refused(instance, "answer-too-large")
        assert len(server.asked) == 1


async def test_a_small_answer_that_unpacks_beyond_every_measure_is_cut_off():
    packed = gzip.compress(bytes(RESPONSE_MAX_BYTES + 1))
    assert len(packed) < 100_000
    reply = json_reply(packed, Content_Encoding="gzip")
    async with RawServer(lambda _: reply) as server, at(server.url) as instance:
        await refused(instance, "answer-too-large")


async def test_a_reply_of_a_service_that_would_be_felt_in_a_window_is_not_taken_apart():
    """Eight million empty elements took 26 seconds of the window and 2 GiB."""
    junk = REPLY.replace("<out>", "<a/>" * (REPLY_MAX // 4) + "<out>")

    def answer(asked):
        return xml(description() if asked.method == "GET" else junk)

    async with RawServer(answer) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await instance.service("Mine").call({"id": "1"}, ("out",))
        assert_five_parts(caught.value, "answer-too-large")


async def test_an_answer_packed_twice_is_not_unpacked():
    reply = json_reply(gzip.compress(gzip.compress(EMPTY.encode())), Content_Encoding="gzip, gzip")
    async with RawServer(lambda _: reply) as server, at(server.url) as instance:
        await refused(instance, "answer-too-large")


async def test_a_packed_answer_is_read():
    reply = json_reply(gzip.compress(EMPTY.encode()), Content_Encoding="gzip")
    async with RawServer(lambda _: reply) as server, at(server.url) as instance:
        assert await read(instance) == []
        assert server.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    "packed",
    [b"no gzip", gzip.compress(EMPTY.encode())[:-12], zlib.compress(b"x")[:4]],
    ids=["no gzip", "cut gzip", "cut deflate"],  # gzip carries the time, and tests are known by their names
)
async def test_an_answer_that_does_not_unpack_is_damaged_on_the_way_or_cut(packed):
    reply = json_reply(packed, Content_Encoding="gzip")
    cut = packed.startswith(b"\x1f\x8b")  # what is unpacked of it breaks off without an error
    async with RawServer(lambda _: reply) as server, at(server.url) as instance:
        await refused(instance, "reply-malformed" if cut else "reply-damaged")
        assert len(server.asked) == 1
