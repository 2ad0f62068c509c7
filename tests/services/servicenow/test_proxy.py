"""The proxy of a foreign system with a sign-in of its own: each side gets its own password, and no other."""

import base64
import uuid

import pytest

from services.common.errors import ConsoleError
from services.common.secret import Secret
from services.connectivity import run_check
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from tests.proxying import ConnectProxy
from tests.services.servicenow.certificates import Authority, server_side
from tests.services.servicenow.rawserver import RawServer, json_reply
from tests.services.servicenow.support import assert_five_parts

OWN, PROXY = SignIn("ada", Secret("planted-own")), SignIn("proxy.user", Secret("planted-proxy"))


def basic(sign_in):
    return base64.b64encode(f"{sign_in.account}:{sign_in.secret.reveal()}".encode()).decode()


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
async def server(authority):
    answer = lambda _: json_reply('{"result": []}')  # noqa: E731
    async with RawServer(answer, ssl=server_side(authority.sign(["localhost"]))) as made:
        yield made


def settings(server, authority, proxy, sign_in=PROXY):
    return ConnectionSettings(
        "Server",
        f"https://localhost:{server.port}/",
        ca_bundle=authority.bundle,
        proxy=proxy.url,
        proxy_sign_in=sign_in,
    )


async def read(instance):
    return await instance.get("api/now/table/x", tried="Read", accept="application/json")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_each_side_gets_its_own_password_and_no_other(authority, server, scheme):
    tls = server_side(authority.sign(["localhost"], "proxy")) if scheme == "https" else None
    async with (
        ConnectProxy(PROXY.account, PROXY.secret.reveal(), ssl=tls) as proxy,
        ServiceNowClient(settings(server, authority, proxy), OWN) as instance,
    ):
        assert (await read(instance)).status_code == 200
        assert proxy.url.startswith(scheme)
        first, head = proxy.asked
        assert "proxy-authorization" not in first.lower()
        assert head.startswith(f"CONNECT localhost:{server.port} ")
        assert basic(PROXY) in head
        assert basic(OWN) not in head
        assert "\nauthorization" not in head.lower()
        # What went through the proxy was encrypted for the instance.
        assert basic(OWN).encode() not in proxy.passed
        [asked] = server.asked
        assert asked.headers["authorization"] == f"Basic {basic(OWN)}"
        assert "proxy-authorization" not in asked.headers
        assert basic(PROXY) not in str(asked.headers)


async def test_the_client_certificate_is_not_shown_to_the_proxy(authority, server):
    of_client = authority.sign(["client"], "client")
    context = server_side(authority.sign(["localhost"], "proxy"), clients_of=authority)
    async with ConnectProxy(ssl=context) as proxy:
        from dataclasses import replace

        made = replace(settings(server, authority, proxy, None), client_certificate=of_client.path)
        async with ServiceNowClient(made, OWN) as instance:
            with pytest.raises(ConsoleError):
                await read(instance)
    assert proxy.asked == []
    assert server.asked == []


@pytest.mark.parametrize(
    ("sign_in", "fault"),
    [(None, "proxy-sign-in"), (SignIn("proxy.user", Secret("planted-wrong")), "proxy-sign-in-refused")],
)
async def test_a_407_is_told_apart_by_whether_a_sign_in_was_given(authority, server, sign_in, fault):
    async with (
        ConnectProxy(PROXY.account, PROXY.secret.reveal()) as proxy,
        ServiceNowClient(settings(server, authority, proxy, sign_in), OWN) as instance,
    ):
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
        assert_five_parts(caught.value, fault)
        assert "planted" not in caught.value.problem.as_text()
        # The password is sent once, and only after Basic was offered.
        assert len(proxy.asked) == (2 if sign_in else 1)
        assert server.asked == []


async def test_a_refused_password_of_a_proxy_is_asked_for_again_with_the_next_call(authority, server):
    given = [SignIn("proxy.user", Secret("planted-old")), PROXY]

    async def ask():
        return given.pop(0)

    async with (
        ConnectProxy(PROXY.account, PROXY.secret.reveal()) as proxy,
        ServiceNowClient(settings(server, authority, proxy, ask), OWN) as instance,
    ):
        with pytest.raises(ConsoleError):
            await read(instance)
        assert (await read(instance)).status_code == 200
        assert given == []


async def test_the_check_goes_through_the_proxy_and_names_the_account_it_gave(authority, server):
    async with ConnectProxy(PROXY.account, PROXY.secret.reveal()) as proxy:
        report = await run_check(settings(server, authority, proxy), OWN)
        found = {stage.stage: stage for stage in report.stages}
        assert found["proxy"].state == "ok"
        assert found["proxy"].evidence.endswith("it is given the account proxy.user")
        assert found["http"].fault != "proxy-sign-in"
        assert all(basic(OWN) not in head for head in proxy.asked)
        assert "planted" not in str(report.as_dict())


async def test_a_password_that_cannot_be_had_is_named_at_the_proxy(authority, server):
    from services.vault import EntryKey, SecretMissingError

    async def ask():
        raise SecretMissingError(EntryKey(uuid.uuid4(), "Proxy"))

    async with ConnectProxy(PROXY.account, PROXY.secret.reveal()) as proxy:
        report = await run_check(settings(server, authority, proxy, ask), OWN)
    found = {stage.stage: stage for stage in report.stages}
    assert (found["proxy"].state, found["proxy"].fault) == ("failed", "secret-missing")
    assert found["http"].evidence == "needs proxy, which failed"
    assert proxy.asked == []


async def test_a_proxy_is_not_used_and_gets_no_password_on_the_way_to_this_machine():
    answer = lambda _: json_reply('{"result": []}')  # noqa: E731
    async with ConnectProxy(PROXY.account, PROXY.secret.reveal()) as proxy, RawServer(answer) as server:
        made = ConnectionSettings("Server", server.url, proxy=proxy.url, proxy_sign_in=PROXY)
        async with ServiceNowClient(made, OWN) as instance:
            await read(instance)
        assert proxy.asked == []
        assert len(server.asked) == 1


# -- what a proxy offers --------------------------------------------------------


class Offering(ConnectProxy):
    """Refuses every CONNECT, and offers what the lines say."""

    def __init__(self, *lines):
        super().__init__()
        self.lines = lines

    async def _one(self, reader, writer):
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        head = ("HTTP/1.1 407 Proxy Authentication Required", *self.lines, "Content-Length: 0", "", "")
        writer.write("\r\n".join(head).encode())
        await writer.drain()


WITHOUT_BASIC = {
    "Negotiate first": ("Proxy-Authenticate: Negotiate", "Proxy-Authenticate: NTLM"),
    "NTLM first": ("Proxy-Authenticate: NTLM", "Proxy-Authenticate: Negotiate"),
    "one line": ("Proxy-Authenticate: Negotiate, NTLM",),
    "small letters": ("proxy-authenticate: negotiate,ntlm",),
    "Digest": ('Proxy-Authenticate: Digest realm="Basic realm", nonce="a, Basic b", qop="auth"',),
    "Kerberos": ("Proxy-Authenticate: Kerberos",),
    "a token": ("Proxy-Authenticate: Negotiate oYG2MIGzoAMKAQ==",),
    "Bearer": ("Proxy-Authenticate: Bearer",),
    "nothing": (),
}


@pytest.mark.parametrize("lines", WITHOUT_BASIC.values(), ids=WITHOUT_BASIC.keys())
async def test_a_proxy_that_does_not_offer_basic_is_sent_no_password_and_named(authority, server, lines):
    async with Offering(*lines) as proxy:
        made = settings(server, authority, proxy)
        async with ServiceNowClient(made, OWN) as instance:
            for _ in range(2):
                with pytest.raises(ConsoleError) as caught:
                    await read(instance)
        report = await run_check(made, OWN)
        assert proxy.asked
        assert not any("authorization" in head.lower() for head in proxy.asked)
    assert_five_parts(caught.value, "proxy-sign-in-unsupported")
    [failed] = [stage for stage in report.stages if stage.state == "failed"]
    assert (failed.stage, failed.fault) == ("http", "proxy-sign-in-unsupported")
    if lines:
        scheme = lines[0].split(": ")[1].split(",")[0].split(" ")[0]
        assert scheme in failed.evidence
        assert scheme in caught.value.problem.evidence
    assert "Basic" in failed.cause
    assert "px or cntlm" in failed.remedy
    assert server.asked == []


@pytest.mark.parametrize("lines", [WITHOUT_BASIC["Negotiate first"], WITHOUT_BASIC["Digest"]])
async def test_without_a_sign_in_for_the_proxy_none_is_asked_for_that_would_not_help(
    authority, server, lines
):
    async with (
        Offering(*lines) as proxy,
        ServiceNowClient(settings(server, authority, proxy, None), OWN) as instance,
    ):
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
    assert_five_parts(caught.value, "proxy-sign-in-unsupported")


@pytest.mark.parametrize(
    "lines",
    [
        ("Proxy-Authenticate: Negotiate", 'Proxy-Authenticate: Basic realm="x"'),
        ('Proxy-Authenticate: Digest realm="a, b", nonce="c", BASIC realm="x"',),
        ("PROXY-AUTHENTICATE: ntlm, basic",),
    ],
)
async def test_basic_among_other_offers_is_used(authority, server, lines):
    async with (
        Offering(*lines) as proxy,
        ServiceNowClient(settings(server, authority, proxy), OWN) as instance,
    ):
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
        first, second = proxy.asked
    assert "authorization" not in first.lower()
    assert basic(PROXY) in second
    assert_five_parts(caught.value, "proxy-sign-in-refused")


async def test_a_proxy_that_asks_for_nothing_gets_no_password(authority, server):
    async with ConnectProxy() as proxy, ServiceNowClient(settings(server, authority, proxy), OWN) as instance:
        assert (await read(instance)).status_code == 200
        report = await run_check(settings(server, authority, proxy), OWN)
    assert proxy.asked
    assert not any("authorization" in head.lower() for head in proxy.asked)
    assert {stage.stage: stage.state for stage in report.stages}["http"] == "ok"


async def test_two_calls_at_once_both_learn_that_the_proxy_wants_a_sign_in(authority, server):
    import asyncio

    async with (
        ConnectProxy(PROXY.account, PROXY.secret.reveal()) as proxy,
        ServiceNowClient(settings(server, authority, proxy), OWN) as instance,
    ):
        answers = await asyncio.gather(*(read(instance) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
