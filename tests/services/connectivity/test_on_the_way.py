"""What happens on the way to an instance: answers that are slow, cut or damaged, and hosts with several addresses."""

import asyncio
import contextlib
import gzip
import socket
import ssl
import sys

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from models.approval_process import ApprovalProcess
from services.common.errors import Owner
from services.connectivity import network, time_limits
from services.connectivity.servicenow.check import ServiceNowCheck
from services.practice import PracticeInstance
from services.practice.initial_data import EXECUTE_ITEM_ID
from services.servicenow import ConnectionSettings
from services.servicenow.faults import FAULTS
from tests.canary import Listener, forward_to
from tests.services.connectivity.conftest import (
    SIGN_IN,
    Authority,
    answering,
    check,
    findings,
    reply,
    states,
)
from tests.services.connectivity.test_stages import stage_of

CHECK_LIMIT_S = time_limits.CHECK_TIMEOUT_S
"""As it is set, before tests change it."""
JSON = "Content-Type: application/json"
BODY = b'{"error":{"message":"User Not Authenticated","detail":"Required to provide Auth information"},"status":"failure"}'
HEAD = b"HTTP/1.1 401 Unauthorized\r\nServer: ServiceNow\r\nContent-Type: application/json\r\n"
PACKED = gzip.compress(BODY, mtime=0)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
DAMAGED = {
    "shorter than told": HEAD + b"Content-Length: 500\r\n\r\n" + BODY,
    "no gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
    "gzip with a wrong byte": HEAD
    + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED)
    + PACKED[:20]
    + b"\xff\xff\xff"
    + PACKED[23:],
    "gzip cut": HEAD
    + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (len(PACKED) - 30)
    + PACKED[:-30],
    "broken chunk": CHUNKED + b"zz\r\n" + BODY,
    "chunk cut": CHUNKED + b"80\r\n" + BODY[:20],
    "last chunk missing": CHUNKED + b"%x\r\n" % len(BODY) + BODY + b"\r\n",
    "chunk without its end": CHUNKED + b"5\r\n" + BODY,
    "cut at the right length": reply("401 Unauthorized", BODY[:60], "Server: ServiceNow", JSON),
    "something put in between": reply("401 Unauthorized", BODY[:30] + b'"<script>' + BODY[30:], JSON),
}


@pytest.mark.parametrize("answer", DAMAGED.values(), ids=DAMAGED.keys())
async def test_a_damaged_body_is_named_at_the_web_reply_and_is_the_networks(answer):
    async with answering(answer) as (port, arrived):
        report = await check(f"http://127.0.0.1:{port}/")
    [(stage, fault)] = findings(report)
    assert stage == "http"
    assert fault in ("reply-damaged", "connection-lost")
    found = stage_of(report, "http")
    assert found.owner == Owner.NETWORK
    assert "whole" in found.evidence
    assert not any(b"authorization" in call.lower() for call in arrived)


@contextlib.asynccontextmanager
async def dripping(head, drop=b" "):
    """Serve a head at once and its body in drops that never end."""
    running = set()

    async def answer(reader, writer):
        running.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            while not writer.is_closing():
                writer.write(drop)
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*running)
        await server.wait_closed()


@pytest.mark.parametrize("length", [b"Content-Length: 100000\r\n", b""], ids=["told", "open"])
async def test_a_body_in_drops_is_named_at_the_web_reply_and_is_the_networks(length, monkeypatch):
    monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", 0.5)
    async with dripping(HEAD + length + b"\r\n") as port:
        report = await check(f"http://127.0.0.1:{port}/")
    assert findings(report) == [("http", "reply-damaged")]
    assert stage_of(report, "http").owner == Owner.NETWORK
    assert "bytes within" in stage_of(report, "http").evidence


async def test_a_head_in_drops_is_no_answer(monkeypatch):
    monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", 0.5)
    async with dripping(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n") as port:
        report = await check(f"http://127.0.0.1:{port}/")
    [failed] = [stage for stage in report.stages if stage.state == "failed"]
    assert failed.stage == "http"


class TestTime:
    """The time of a whole check. Tests bring its end near once a stage was reached, however slow the machine is."""

    SOON_S = 0.3

    async def slow_after(self, practice, stage):
        """Check an instance that answers nothing any more after a stage, and end soon after it."""
        reported = []

        def report(result):
            reported.append(result.stage)
            if result.stage == stage:
                practice.faults.set("slow", seconds=30)
                one.stages.deadline = asyncio.get_running_loop().time() + self.SOON_S

        settings = ConnectionSettings("Server", practice.base_url)
        one = ServiceNowCheck(settings, SIGN_IN, ApprovalProcess(name="P"), None, report)
        found = await one.run()
        practice.faults.clear()
        assert sorted(reported) == sorted(states(found))
        return found

    async def test_is_limited_and_the_end_is_told(self, practice):
        found = await self.slow_after(practice, "clock")
        seen = states(found)
        assert {seen[stage] for stage in ("url", "dns", "tcp", "http")} == {"ok"}
        assert findings(found) == [("authentication", "timeout")]
        assert "the check ends after" in stage_of(found, "authentication").evidence
        assert stage_of(found, "service_create").evidence == time_limits.check_timeout_text()

    async def test_runs_out_for_the_stages_that_wait_and_not_for_those_before(self, practice):
        found = await self.slow_after(practice, "authentication")
        assert states(found)["authentication"] == "ok"
        late = [stage for stage in found.stages if stage.fault == "timeout"]
        assert {"service_status", "service_create", "request_item"} & {stage.stage for stage in late}
        assert all("the check ends after" in stage.evidence for stage in late)
        waited = [one for one in found.stages if one.evidence.startswith("not looked at: two calls go out")]
        assert waited
        assert {one.state for one in waited} == {"skipped"}
        assert found.verdict == "failed"

    async def test_of_a_person_who_opens_the_vault_does_not_count(self, practice):
        spent = []

        async def ask():
            loop = asyncio.get_running_loop()
            before, began = one.stages.deadline, loop.time()
            await asyncio.sleep(0.05)
            spent.append((before, loop.time() - began))
            return SIGN_IN

        settings = ConnectionSettings("Server", practice.base_url)
        one = ServiceNowCheck(settings, ask, ApprovalProcess(name="P"), None, lambda _: None)
        assert (await one.run()).verdict == "ok"
        [(before, seconds)] = spent
        assert one.stages.deadline >= before + seconds

    def test_is_within_what_people_wait_for(self):
        assert CHECK_LIMIT_S < 15


class TestAddresses:
    """A host with several addresses, of which the first ones are dead."""

    @pytest.fixture
    def resolving(self, monkeypatch):
        real = socket.getaddrinfo
        self.addresses = []

        def look(host, port, *args, **more):
            if host in ("two.example", b"two.example"):
                found = [
                    entry for one in self.addresses for entry in real(one, port, type=socket.SOCK_STREAM)
                ]
                return list(dict.fromkeys(found))
            return real(host, port, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", look)
        monkeypatch.setattr(network.socket, "getaddrinfo", look)

    @pytest.fixture
    def queue_full(self):
        """Make a port of 127.0.0.2 that does not even refuse."""
        with contextlib.ExitStack() as stack:

            def at(port):
                listening = stack.enter_context(socket.socket())
                listening.bind(("127.0.0.2", port))
                listening.listen(0)
                for _ in range(4):
                    waiting = stack.enter_context(socket.socket())
                    waiting.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        waiting.connect(("127.0.0.2", port))

            yield at

    async def test_the_next_one_is_tried_and_the_one_that_answered_is_told(
        self, resolving, queue_full, authority, monkeypatch
    ):
        monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", 10)
        self.addresses = ["127.0.0.2", "127.0.0.1"]
        async with answering(reply("401 Unauthorized", BODY, JSON), authority.context("two.example")) as (
            port,
            _,
        ):
            queue_full(port)
            report = await check(f"https://two.example:{port}/", ca_bundle=str(authority.bundle))
        tcp = stage_of(report, "tcp")
        assert tcp.state == "ok"
        assert tcp.evidence == f"Port {port} open at 127.0.0.1; tried before, without an answer: 127.0.0.2"
        assert states(report)["tls"] == states(report)["http"] == "ok"

    async def test_one_that_refuses_is_passed_over(self, resolving):
        self.addresses = ["127.0.0.3", "127.0.0.1"]
        async with answering(reply("401 Unauthorized", BODY, JSON)) as (port, _):
            peer, text = await network.check_tcp(
                FAULTS, network.Origin("http", "two.example", port), ["127.0.0.3", "127.0.0.1"]
            )
        assert peer == "127.0.0.1"
        assert "127.0.0.3" in text

    async def test_where_none_answers_each_is_named(self, resolving, closed_port):
        self.addresses = ["127.0.0.3", "127.0.0.1"]
        with pytest.raises(Exception, match="Nothing listens") as caught:
            await network.check_tcp(
                FAULTS, network.Origin("http", "two.example", closed_port), ["127.0.0.3", "127.0.0.1"]
            )
        assert "tried 127.0.0.3, 127.0.0.1" in caught.value.problem.evidence
        assert caught.value.problem.fault == "tcp-refused"


class Loose(Authority):
    """A private authority that does not keep to every rule of RFC 5280: no key usage, basic constraints not critical."""

    def __init__(self, folder):
        super().__init__(folder, "A loose authority")
        made = self._builder(self._name, self._key, 3650, 0)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
        certificate = made.sign(self._key, hashes.SHA256())
        self.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


class TestBundle:
    async def test_of_an_authority_that_strict_rules_refuse_is_trusted_on_every_version(self, tmp_path):
        authority = Loose(tmp_path)
        async with answering(reply("401 Unauthorized", BODY, JSON), authority.context()) as (port, _):
            report = await check(f"https://localhost:{port}/", ca_bundle=str(authority.bundle))
        assert states(report)["tls"] == "ok", stage_of(report, "tls").evidence
        assert states(report)["http"] == "ok"

    def test_means_the_same_to_the_client_on_every_version(self, tmp_path):
        from services.transport.http_clients import tls_context

        authority = Loose(tmp_path)
        context = tls_context(ConnectionSettings("S", "https://a.example/", ca_bundle=str(authority.bundle)))
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT, sys.version
        assert context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN
        assert context.check_hostname
        assert context.verify_mode is ssl.CERT_REQUIRED


class TestRefusals:
    async def test_of_one_list_with_a_page_are_no_refusal_of_the_address(self, practice):
        page = reply("403 Forbidden", b"<html><title>Forbidden</title></html>", "Content-Type: text/html")
        forward = forward_to(int(practice.base_url.rstrip("/").rsplit(":", 1)[1]))
        listener = Listener(lambda asked: page if b"/table/sc_cat_item?" in asked else forward(asked))
        process = ApprovalProcess(name="P", request_item_id=EXECUTE_ITEM_ID)
        found = stage_of(await check(listener.url, process=process), "request_item")
        await asyncio.to_thread(listener.close)
        assert (found.state, found.fault) == ("failed", "access-policy-refused")
        assert "is let in for others" in found.cause

    async def test_of_one_description_are_no_missing_role(self, practice: PracticeInstance):
        practice.faults.set("wsdl_refused", service="CreateExecuteAppApprovalRequest")
        report = await check(practice.base_url)
        assert findings(report) == [("service_create", "rights-missing")]
        assert "Insufficient rights for querying records" in stage_of(report, "service_create").evidence

    @pytest.mark.parametrize("status", [200, 500])
    async def test_of_all_descriptions_name_the_role_at_the_roles_and_at_each_service(self, practice, status):
        practice.faults.set("wsdl_refused", status=status)
        report = await check(practice.base_url)
        assert report.verdict == "failed"
        for stage in ("roles", "service_create", "service_status", "service_cancel"):
            found = stage_of(report, stage)
            assert (found.state, found.fault) == ("failed", "rights-missing")
            assert "Insufficient rights for querying records" in found.evidence
            assert "soap_query" in found.remedy

    @pytest.mark.parametrize("fault", ["error_in_200", "lists_cut"])
    async def test_a_list_that_was_cut_off_is_no_hidden_record(self, practice, fault):
        practice.faults.set(fault)
        report = await check(practice.base_url)
        assert findings(report) == [("limits", "transaction-cancelled")]
        assert "maximum execution time exceeded" in stage_of(report, "limits").evidence
        assert not any("hidden" in s.evidence for s in report.stages if s.stage != "account")
        assert stage_of(report, "approval_flow").state == "skipped"

    @pytest.mark.parametrize("kind", ["text/html", "text/plain"])
    async def test_a_page_to_everybody_is_the_administrators_too(self, kind):
        page = reply("403 Forbidden", b"<html><title>Blocked</title></html>", f"Content-Type: {kind}")
        async with answering(page) as (port, _):
            report = await check(f"http://127.0.0.1:{port}/")
        assert findings(report) == [("authentication", "access-policy-refused")]
        assert stage_of(report, "authentication").owner == Owner.SERVICENOW

    async def test_a_page_in_place_of_the_sign_in_is_the_administrators(self, practice):
        practice.faults.set("page_forbidden")
        report = await check(practice.base_url)
        [found] = [stage for stage in report.stages if stage.state == "failed"]
        assert (found.stage, found.fault) == ("authentication", "access-policy-refused")
        assert "HTTP 403" in found.evidence
        assert found.owner == Owner.SERVICENOW
        assert "address" in found.cause
