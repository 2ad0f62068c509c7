"""The stages below the sign-in: addresses, names, ports, encryption and proxies that fail in every way they can."""

import asyncio
import gzip
import socket
import threading

import pytest

from services.common.errors import Owner
from services.connectivity import STAGES, time_limits
from services.transport.response_body import RESPONSE_MAX_BYTES
from tests.services.connectivity.conftest import HASTY_S, answering, check, findings, reply, states

NOT_SIGNED_IN = reply("401 Unauthorized", b'{"error":{}}', "Content-Type: application/json")
OWNERS = set(Owner)


def only_failure(report, stage, fault):
    """See that one stage failed with this fault, in words, and that what depends on it was skipped with a reason."""
    assert report.verdict == "failed"
    assert findings(report) == [(stage, fault)]
    [failed] = [s for s in report.stages if s.state == "failed"]
    assert failed.evidence
    assert failed.cause
    assert failed.remedy
    assert failed.owner in OWNERS
    assert [s.stage for s in report.stages] == list(STAGES)
    after = [s for s in report.stages[STAGES.index(stage) + 1 :] if s.stage != "clock"]
    assert {s.state for s in after} == {"skipped"}
    assert all(s.evidence for s in after)
    [authentication] = [s for s in report.stages if s.stage == "authentication"]
    assert authentication.evidence == f"needs {stage}, which failed"
    return failed


@pytest.mark.parametrize(
    "address",
    ["", "ftp://acme.example/", "https://", "http://acme.example/", "https://u:p@acme.example/",
     "https://acme.example/nav_to.do?uri=x", "https://acme.example:99999/", "https://[::1/"],
)  # fmt: skip
async def test_an_address_that_is_none_is_named_and_nobody_is_asked(address):
    failed = only_failure(await check(address), "url", "url-invalid")
    assert failed.owner == Owner.CONSOLE


@pytest.mark.parametrize("host", ["no-such-host.invalid", "acme..service-now.com", f"{'a' * 64}.example"])
async def test_a_name_that_nobody_knows(host):
    failed = only_failure(await check(f"https://{host}/"), "dns", "dns-unknown-host")
    assert failed.owner == Owner.NETWORK


def test_a_name_server_that_does_not_answer_keeps_nobody_waiting(monkeypatch):
    given_up, answered = threading.Event(), threading.Event()

    def at_last(*words, **more):
        given_up.wait(20)
        answered.set()
        raise OSError("given up")

    monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", at_last)
    # Not only the check ends: the loop does as well, with every thread that it waits for.
    report = asyncio.run(check("https://acme.example/"))
    assert not answered.is_set()
    given_up.set()
    assert answered.wait(20)
    failed = only_failure(report, "dns", "dns-timeout")
    assert failed.cause == "The name server is too slow."


async def test_a_port_where_nobody_listens(closed_port):
    failed = only_failure(await check(f"http://127.0.0.1:{closed_port}/"), "tcp", "tcp-refused")
    assert failed.owner == Owner.NETWORK


async def test_a_host_that_is_dead(dead_port, monkeypatch):
    monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", HASTY_S)
    failed = only_failure(await check(f"http://127.0.0.1:{dead_port}/"), "tcp", "tcp-timeout")
    assert failed.evidence == f"no answer within {HASTY_S} s; tried 127.0.0.1"


async def test_an_address_is_checked_as_it_was_typed(practice):
    typed = practice.base_url.removesuffix("/").replace("http", "HTTP")
    report = await check(f"  {typed}")
    assert report.verdict == "ok"


async def test_an_address_without_a_scheme_is_encrypted(closed_port):
    report = await check(f"127.0.0.1:{closed_port}")
    assert states(report)["url"] == "ok"
    only_failure(report, "tcp", "tcp-refused")


async def test_a_host_that_takes_the_call_and_says_nothing(silent_port, monkeypatch):
    monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", HASTY_S)
    failed = only_failure(await check(f"http://127.0.0.1:{silent_port}/"), "http", "timeout")
    assert failed.evidence == f"no answer within {HASTY_S} s"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (reply("302 Found", b"", "Location: https://elsewhere.example/"), "redirect-elsewhere"),
        (reply("500 Oops", b"{}", "Content-Type: application/json"), "server-error"),
        (reply("407 Proxy Authentication Required"), "proxy-sign-in"),
        (reply("200 OK", b"<html><title>Welcome to nginx</title>"), "html-instead-of-data"),
        (reply("404 Not Found", b"<html>none", "Content-Type: text/html"), "html-instead-of-data"),
        (reply("200 OK", b"<html>none", "Content-Type: text/html; charset=hex"), "html-instead-of-data"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "connection-lost"),
        (b"", "connection-lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "connection-lost"),
    ],
)
async def test_what_answers_is_no_instance(answer, fault):
    async with answering(answer) as (port, arrived):
        report = await check(f"http://127.0.0.1:{port}/")
    only_failure(report, "instance" if fault == "html-instead-of-data" else "http", fault)
    assert len(arrived) >= 1
    assert not any(b"authorization" in call.lower() for call in arrived)


class TestEncryption:
    async def test_that_is_trusted_shows_the_days_left(self, authority):
        async with answering(NOT_SIGNED_IN, authority.context()) as (port, _):
            report = await check(f"https://localhost:{port}/", ca_bundle=str(authority.bundle))
        [tls] = [s for s in report.stages if s.stage == "tls"]
        assert tls.state == "ok"
        version, days, cipher, chain = tls.evidence.split(", ")
        assert (version, days) == ("TLSv1.3", "certificate valid for 89 days")
        assert cipher.startswith("TLS_")
        assert chain == "chain localhost < An authority for tests"
        assert states(report)["http"] == "ok"
        assert findings(report) == [("authentication", "authentication-refused")]

    async def test_by_an_authority_that_nobody_knows(self, authority):
        async with answering(NOT_SIGNED_IN, authority.context()) as (port, arrived):
            report = await check(f"https://localhost:{port}/")
        failed = only_failure(report, "tls", "tls-untrusted")
        assert failed.owner == Owner.NETWORK
        assert arrived == []

    @pytest.mark.parametrize(
        ("certificate", "fault"),
        [
            ({"days": -1, "since": 90}, "tls-certificate-expired"),
            ({"days": 90, "since": -30}, "tls-certificate-not-yet-valid"),
            ({"host": "other.example"}, "tls-wrong-host"),
        ],
    )
    async def test_with_a_certificate_that_does_not_hold(self, authority, certificate, fault):
        async with answering(NOT_SIGNED_IN, authority.context(**certificate)) as (port, arrived):
            report = await check(f"https://localhost:{port}/", ca_bundle=str(authority.bundle))
        assert only_failure(report, "tls", fault).owner == Owner.SERVICENOW
        assert arrived == []

    async def test_whose_certificate_ends_soon_is_a_warning_and_goes_on(self, authority):
        async with answering(NOT_SIGNED_IN, authority.context(days=20)) as (port, _):
            report = await check(f"https://localhost:{port}/", ca_bundle=str(authority.bundle))
        assert findings(report)[0] == ("tls", "tls-certificate-expires-soon")
        assert states(report)["http"] == "ok"

    async def test_where_none_is_spoken(self):
        async with answering(NOT_SIGNED_IN, at_once=True) as (port, _):
            report = await check(f"https://127.0.0.1:{port}/")
        only_failure(report, "tls", "tls-not-spoken")

    async def test_that_is_never_agreed_on(self, silent_port, monkeypatch):
        monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", HASTY_S)
        only_failure(await check(f"https://127.0.0.1:{silent_port}/"), "tls", "tls-timeout")

    @pytest.mark.parametrize("setting", ["ca_bundle", "client_certificate"])
    @pytest.mark.parametrize("content", [None, "no certificate"])
    async def test_with_a_file_that_cannot_be_read(self, tmp_path, silent_port, setting, content):
        file = tmp_path / "bundle.pem"
        if content is not None:
            file.write_text(content, encoding="utf-8")
        report = await check(f"https://127.0.0.1:{silent_port}/", **{setting: str(file)})
        named = "tls" if setting == "ca_bundle" else "certificate"
        failed = only_failure(report, "tls", f"{named}-file-unreadable")
        assert "cannot be read" in failed.cause
        assert str(file) in failed.evidence


class TestWebReply:
    @pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
    async def test_that_unpacks_beyond_every_measure_is_cut_off(self, coding):
        """It is asked for before anybody signs in: 10 KB from any host took all memory."""
        packed = gzip.compress(bytes(RESPONSE_MAX_BYTES + 1))
        if coding != "gzip":
            packed = gzip.compress(packed)
        told = reply("200 OK", packed, "Content-Type: text/html", f"Content-Encoding: {coding}")
        async with answering(told) as (port, _):
            only_failure(await check(f"http://127.0.0.1:{port}/"), "http", "answer-too-large")

    @pytest.mark.parametrize("location", ["http://[", "http://127.0.0.1:99999/"])
    async def test_that_points_to_no_address_is_named(self, location):
        async with answering(reply("302 Found", b"", f"Location: {location}")) as (port, _):
            only_failure(await check(f"http://127.0.0.1:{port}/"), "http", "redirect-elsewhere")


class TestProxy:
    async def test_that_is_not_there(self, closed_port):
        report = await check("https://acme.example/", proxy=f"http://127.0.0.1:{closed_port}")
        only_failure(report, "proxy", "proxy-unreachable")
        assert {states(report)[stage] for stage in ("dns", "tcp", "tls")} == {"skipped"}

    async def test_that_is_dead(self, dead_port, monkeypatch):
        monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", HASTY_S)
        report = await check("https://acme.example/", proxy=f"http://127.0.0.1:{dead_port}")
        assert only_failure(report, "proxy", "proxy-timeout").cause == "The proxy does not answer."

    async def test_that_asks_for_a_sign_in(self):
        async with answering(reply("407 Proxy Authentication Required")) as (port, arrived):
            report = await check("https://acme.example/", proxy=f"http://127.0.0.1:{port}")
        assert states(report)["proxy"] == "ok"
        only_failure(report, "http", "proxy-sign-in")
        assert any(call.startswith(b"CONNECT acme.example:443 ") for call in arrived)

    @pytest.mark.parametrize("form", ["socks5://127.0.0.1:{}", "ftp://127.0.0.1:{}", "127.0.0.1:{}"])
    async def test_of_a_kind_that_is_not_used(self, silent_port, form):
        report = await check("https://acme.example/", proxy=form.format(silent_port))
        assert "http://HOST:PORT" in only_failure(report, "proxy", "proxy-invalid").cause

    async def test_that_is_written_wrongly(self):
        only_failure(await check("https://acme.example/", proxy="http://[nonsense"), "proxy", "proxy-invalid")

    async def test_of_the_environment_is_not_used(self, practice, closed_port, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
        assert (await check(practice.base_url)).verdict == "ok"
