"""Whatever a remote side sends, in headers, descriptions and bodies, ends in an answer or in an error with five parts."""

import asyncio
import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.approval_process import ApprovalProcess
from services.common.errors import ConsoleError
from services.common.secret import Secret
from services.connectivity import run_check, time_limits
from services.connectivity.clock import check_clock
from services.connectivity.servicenow.stages.limits import check_rate_limit
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.encoded_query import equals
from services.transport import http_channel as channel_module
from services.transport.response_headers import (
    integer_header,
    offers_basic,
    parse_auth_schemes,
    parse_http_date,
    parse_retry_after,
)
from tests.services.servicenow.descriptions import REPLY, description
from tests.services.servicenow.rawserver import RawServer, xml

ODD_ZONE = "Mon, 01 Jan 2024 00:00:00 +9999999999999999"
NASTY = [
    ODD_ZONE, "Mon, 01 Jan 2024 00:00:00 +2400", "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +0100",
    "Wed, 99 Xyz 2024", "nan", "inf", "-inf", "1e999", "9" * 5000, "-1", "0", "12_000", "+5", "5;5", "", " ", ",", ";",
    "text/html; charset=\xff", "application/json; charset=hex", "text/xml; charset*=x'y'%ff", "text/xml; charset=",
    "a=b; Expires=Mon, 01 Jan 99999 00:00:00 GMT; Max-Age=99999999999999999999", "=; =; path", "a=b; Domain=..; Port=x",
    "http://[", "http://127.0.0.1:99999/", "//", "https://\xff/", "%", "gzip", "deflate", "br, gzip", "identity", "chunked",
    "<x>; rel=next", "Basic", 'Digest realm="', "Basic realm=", "\xb2\xb3", "0x10", "none",
]  # fmt: skip
NAMES = [
    "Retry-After", "Date", "Content-Type", "Content-Encoding", "Set-Cookie", "Link", "X-Total-Count", "X-RateLimit-Limit",
    "X-RateLimit-Reset", "X-RateLimit-Rule", "Location", "WWW-Authenticate", "Proxy-Authenticate", "X-Is-Logged-In",
    "Content-Length", "Transfer-Encoding", "Expires", "Server", "X-MFA_TOKEN", "Connection",
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40),
)
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=5)
STATUSES = st.sampled_from(
    [200, 200, 201, 202, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 407, 408, 429, 500, 503]
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["result", "error", "sys_id", "value", "message", "name"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
WHOLE = [json.dumps({"result": []}), description(), REPLY, "<html><title>x</title></html>", ""]
PIECES = [
    "<", ">", "/>", '"', "]]>", "<!--", "&x;", "tns:", "wsdl:", "xsd:string", "xsd:strong", "\ud800", "\x00", '{"result":[',
    '"error":{"message":"Transaction cancelled', "]}", "<wsdl:port/>", "<wsdl:binding/>", 'name="', "SOAP-ENV:",
]  # fmt: skip


@st.composite
def bodies(draw):
    """Return JSON of any shape, or a whole body from which a piece is cut and into which another is put."""
    if draw(st.booleans()):
        return json.dumps(draw(JSON_VALUES)).encode()
    whole = draw(st.sampled_from(WHOLE))
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, min(len(whole), start + 200)))
    put = draw(st.sampled_from(["", *PIECES]))
    return (whole[:start] + put + whole[end:]).encode(errors="replace")


class Wire:
    """A server that sends the bytes it was last given, and the doors of a client that is connected to it."""

    def __init__(self):
        self.runner = asyncio.Runner()
        self.raw = b""
        self.runner.run(self._start())

    async def _start(self):
        described = xml(description())
        self.server = await RawServer(
            lambda asked: described if asked.target == "/Described.do?WSDL" else self.raw
        ).__aenter__()
        self.settings = ConnectionSettings("Raw", self.server.url, read_timeout=5)
        self.sign_in = SignIn("somebody", Secret("planted-secret"))

    def put(self, status, headers, body):
        names = {name.lower() for name, _ in headers}
        if not names & {"content-length", "transfer-encoding"}:
            headers = [*headers, ("Content-Length", str(len(body)))]
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers), "", ""]
        self.raw = "\r\n".join(lines).encode("latin-1") + body

    def ask(self, door):
        """Go through a door; returns what came of it: True, or a ConsoleError."""

        async def through():
            async with ServiceNowClient(self.settings, self.sign_in) as instance:
                await door(instance)

        return self._outcome(through())

    def check(self):
        return self._outcome(run_check(self.settings, self.sign_in, ApprovalProcess(name="P")))

    def _outcome(self, work):
        try:
            return self.runner.run(work) or True
        except ConsoleError as error:
            return error

    def close(self):
        self.runner.run(self.server.__aexit__())
        self.runner.close()


@pytest.fixture
def wire(monkeypatch):
    monkeypatch.setattr(channel_module, "RETRY_AFTER_AUTO_MAX_S", 0)
    monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", 5)
    made = Wire()
    yield made
    made.close()


async def rows(instance):
    return [row async for row in instance.table("any").rows(equals(name="a"), fields=["name"], limit=300)]


async def count(instance):
    return await instance.table("any").count(equals(name="a"))


async def write(instance):
    return await instance.table("any").insert({"name": "a"})


async def remove(instance):
    return await instance.table("any").delete("1" * 32)


async def describe(instance):
    return await instance.service("Mine").describe()


async def call(instance):
    return await instance.service("Described").call({"id": "1"}, ("out",))


DOORS = [rows, count, write, remove, describe, call]
RELAXED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=100, deadline=None, suppress_health_check=RELAXED)
@given(status=STATUSES, headers=HEADERS, body=bodies(), door=st.sampled_from(DOORS))
def test_no_answer_leads_to_an_unexpected_error(wire, status, headers, body, door):
    wire.put(status, headers, body)
    assert wire.ask(door)


@settings(max_examples=25, deadline=None, suppress_health_check=RELAXED)
@given(status=STATUSES, headers=HEADERS, body=bodies())
def test_no_answer_ends_a_check_without_a_report(wire, status, headers, body):
    wire.put(status, headers, body)
    report = wire.check()
    assert not isinstance(report, ConsoleError)
    assert report.verdict in ("ok", "warning", "failed")


@pytest.mark.parametrize("name", NAMES)
def test_a_header_that_cannot_be_read_counts_as_absent(wire, name):
    for number, value in enumerate(NASTY):
        status = (200, 429, 503)[number % 3]
        wire.put(status, [(name, value), ("Content-Type", "application/json")], b'{"result":[]}')
        assert wire.ask(rows)


def test_a_retry_after_with_an_impossible_zone_is_a_limit_without_a_time(wire):
    wire.put(429, [("Retry-After", ODD_ZONE)], b"{}")
    error = wire.ask(rows)
    assert (error.problem.fault, error.retry_after) == ("rate-limited", 60)


@given(value=VALUES)
def test_parsers_of_headers_raise_for_nothing(value):
    headers = httpx.Headers([(b"x", value.encode("latin-1")), (b"retry-after", value.encode("latin-1"))])
    number, moment, wait = (
        integer_header(headers, "x"),
        parse_http_date(value),
        parse_retry_after(headers, datetime.now(UTC)),
    )
    assert number is None or number >= 0
    assert moment is None or moment.tzinfo is not None
    assert wait is None or 1 <= wait <= 3600
    schemes = parse_auth_schemes([value])
    assert offers_basic(schemes) == any(s.lower() == "basic" for s in schemes)


@pytest.mark.parametrize("value", [ODD_ZONE, "9" * 5000, "yesterday", "\xb2"])
def test_stages_that_read_headers_skip_what_cannot_be_read(value):
    headers = httpx.Headers(
        [(b"date", value.encode("latin-1")), (b"x-ratelimit-limit", value.encode("latin-1"))]
    )
    assert check_clock(httpx.Response(200, headers=headers), 0).state == "skipped"
    assert check_rate_limit(headers, None).state == "skipped"
