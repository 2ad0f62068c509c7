"""Access tokens over real sockets: every grant, one fetch for all callers, renewal, and no loop after a refusal."""

import asyncio
import contextlib
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from models.secret_names import SecretName
from models.sign_in import JwtAlgorithm, SignInMethod
from services.common.errors import ConsoleError
from services.common.fault_ids import Execution, FaultTrait
from services.common.redaction import redact
from services.common.secret import Secret
from services.practice.oauth import (
    CLIENT_CREDENTIALS_PROPERTY,
    PASSWORD_GRANT_PROPERTY,
    Verifier,
    make_client,
)
from services.practice.server import PracticeInstance
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.servicenow.access_tokens import REFUSED_PAUSE_S
from services.transport.sign_in import SignIn, TokenSignIn
from tests.services.connectivity.conftest import answering, reply

USER, APPROVER = "privman.integration", "app.approver"
TOKEN_CALL = "/oauth_token.do"


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def keys():
    return {"RS": rsa.generate_private_key(public_exponent=65537, key_size=2048),
            "ES256": ec.generate_private_key(ec.SECP256R1()), "ES384": ec.generate_private_key(ec.SECP384R1()),
            "ES512": ec.generate_private_key(ec.SECP521R1())}  # fmt: skip


def key_for(keys, algorithm):
    return keys["RS"] if algorithm.startswith("RS") else keys[algorithm]


def pem(key, passphrase=None):
    protection = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
    ).decode()


def public_pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@pytest.fixture
def practice():
    instance = PracticeInstance().start()
    instance.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
    yield instance
    instance.stop()


@pytest.fixture
def client(practice):
    return practice.tokens.add_client("Approval Console", make_client(USER))


def client_credentials(client, **changed):
    secret = Secret(changed.pop("secret", client.secret))
    return TokenSignIn(
        account=changed.pop("account", USER),
        method=changed.pop("method", SignInMethod.CLIENT_CREDENTIALS),
        client_id=changed.pop("client_id", client.client_id),
        secrets={SecretName.CLIENT_SECRET: secret, **changed.pop("secrets", {})},
        **changed,
    )


@asynccontextmanager
async def signed_in(practice, sign_in, clock=None):
    async with ServiceNowClient(ConnectionSettings("Practice", practice.base_url), sign_in) as instance:
        if clock is not None:
            instance._tokens._clock = clock
        yield instance


async def read(instance):
    return await instance.table("sys_properties").first(None, ("name",))


def token_calls(practice):
    return [call for call in practice.log if call.path == TOKEN_CALL]


async def test_client_credentials_are_fetched_once_for_all_callers(practice, client):
    async with signed_in(practice, client_credentials(client)) as instance:
        await asyncio.gather(*(read(instance) for _ in range(8)))
        assert instance.access_token.scope == "useraccount"
        facts = instance.token_facts
        assert (facts.fetched, facts.refused) == (1, 0)
        assert 0 < facts.expires_in_s <= facts.lifetime_s
    assert [call.status for call in token_calls(practice)] == [200]
    assert {call.account for call in practice.log if call.path != TOKEN_CALL} == {USER}


async def test_the_password_grant_is_renewed_with_its_refresh_token(practice, client):
    clock = Clock()
    password = Secret(practice.accounts[APPROVER].password)
    sign_in = client_credentials(
        client, method=SignInMethod.PASSWORD_GRANT, account=APPROVER, secrets={SecretName.PASSWORD: password}
    )
    async with signed_in(practice, sign_in, clock) as instance:
        await read(instance)
        practice.set_property(PASSWORD_GRANT_PROPERTY, "true")
        clock.now += 0.8 * 1800
        await read(instance)
    assert [call.status for call in token_calls(practice)] == [200, 200]
    assert {call.account for call in practice.log if call.path != TOKEN_CALL} == {APPROVER}


@pytest.mark.parametrize("algorithm", list(JwtAlgorithm))
async def test_every_algorithm_of_jwt_bearer(practice, client, keys, algorithm):
    key = key_for(keys, algorithm)
    client.verifiers.append(Verifier("kid-1", public_pem(key)))
    sign_in = client_credentials(
        client, method=SignInMethod.JWT_BEARER, key_id="kid-1", subject=USER, algorithm=algorithm,
        secrets={SecretName.PRIVATE_KEY: Secret(pem(key, b"a phrase")),
                 SecretName.PRIVATE_KEY_PASSPHRASE: Secret("a phrase")},
    )  # fmt: skip
    async with signed_in(practice, sign_in) as instance:
        assert await read(instance)


@pytest.mark.parametrize(
    ("key", "passphrase", "algorithm"),
    [
        ("RS", "other", "RS256"),
        ("RS", None, "RS256"),
        ("RS", "a phrase", "ES256"),
        ("ES256", "a phrase", "ES384"),
    ],
)
async def test_a_key_that_cannot_sign_is_refused_before_anything_is_sent(
    practice, client, keys, key, passphrase, algorithm
):
    held = {SecretName.PRIVATE_KEY: Secret(pem(keys[key], b"a phrase"))}
    if passphrase:
        held[SecretName.PRIVATE_KEY_PASSPHRASE] = Secret(passphrase)
    sign_in = client_credentials(
        client, method=SignInMethod.JWT_BEARER, key_id="k", subject=USER, algorithm=algorithm, secrets=held
    )
    async with signed_in(practice, sign_in) as instance:
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
    assert caught.value.problem.fault == "oauth-private-key-unusable"
    assert practice.log == []


async def test_a_refused_secret_is_sent_once_and_again_after_a_minute(practice, client):
    clock = Clock()
    async with signed_in(practice, client_credentials(client, secret="wrong"), clock) as instance:
        for _ in range(3):
            with pytest.raises(ConsoleError) as caught:
                await read(instance)
            assert caught.value.problem.fault == "oauth-token-refused"
        assert len(practice.log) == 1
        clock.now += REFUSED_PAUSE_S
        with pytest.raises(ConsoleError):
            await read(instance)
    assert len(practice.log) == 2


async def test_a_revoked_token_is_replaced_for_a_read_and_not_for_a_change(practice, client):
    clock = Clock()
    async with signed_in(practice, client_credentials(client), clock) as instance:
        await read(instance)
        clock.now += REFUSED_PAUSE_S
        practice.tokens.revoke_all()
        assert await read(instance)
        clock.now += REFUSED_PAUSE_S
        practice.tokens.revoke_all()
        with pytest.raises(ConsoleError) as caught:
            await instance.table("sys_properties").insert({"name": "x"})
    assert [call.status for call in practice.log if call.method == "POST" and call.path != TOKEN_CALL] == [
        401
    ]
    assert caught.value.problem.fault == "oauth-token-rejected"


async def test_a_token_that_is_refused_at_once_causes_no_loop(practice, client):
    async with signed_in(practice, client_credentials(client)) as instance:
        await read(instance)
        practice.tokens.revoke_all()
        for _ in range(3):
            with pytest.raises(ConsoleError) as caught:
                await read(instance)
            assert caught.value.problem.fault == "oauth-token-rejected"
    assert len(token_calls(practice)) == 1


async def test_a_scoped_client_is_named(practice, client):
    client.is_scoped = True
    async with signed_in(practice, client_credentials(client)) as instance:
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
    assert caught.value.problem.fault == "oauth-client-scoped"


async def test_another_credential_gets_neither_the_token_nor_the_session(practice, client):
    chosen = [client_credentials(client)]

    async def source():
        return chosen[0]

    async with signed_in(practice, source) as instance:
        await read(instance)
        chosen[0] = SignIn(APPROVER, Secret(practice.accounts[APPROVER].password))
        instance._signed = None
        await read(instance)
        assert instance.access_token is None
    assert practice.log[-1].account == APPROVER


async def test_an_assertion_follows_the_clock_of_the_instance(keys):
    """The first reply tells that the clocks differ; the assertion is made once more, and no more than once."""
    later = datetime.now(UTC) + timedelta(hours=3)
    practice = PracticeInstance(clock=lambda: later).start()
    try:
        client = practice.tokens.add_client("Console", make_client(USER))
        client.verifiers.append(Verifier("kid-1", public_pem(keys["ES256"])))
        sign_in = client_credentials(
            client, method=SignInMethod.JWT_BEARER, key_id="kid-1", subject=USER, algorithm="ES256",
            secrets={SecretName.PRIVATE_KEY: Secret(pem(keys["ES256"]))},
        )  # fmt: skip
        async with signed_in(practice, sign_in) as instance:
            assert await read(instance)
        assert [call.status for call in token_calls(practice)] == [401, 200]
        async with signed_in(practice, replace(sign_in, subject="nobody")) as instance:
            with pytest.raises(ConsoleError):
                await read(instance)
        assert [call.status for call in token_calls(practice)] == [401, 200, 401, 401]
    finally:
        practice.stop()


async def test_a_token_that_cannot_be_renewed_early_is_fetched_once_in_its_life(practice, client):
    clock = Clock()
    practice.tokens.clock = clock
    async with signed_in(practice, client_credentials(client), clock) as instance:
        for _ in range(120):
            await read(instance)
            clock.now += 60
    # Four life times, and the early renewal that was answered with the same token.
    assert [call.status for call in token_calls(practice)] == [200] * 5
    assert {call.status for call in practice.log} == {200}


async def test_a_corrected_secret_is_used_with_the_next_call(practice, client):
    chosen = [client_credentials(client, secret="wrong")]

    async def source():
        return chosen[0]

    async with signed_in(practice, source) as instance:
        with pytest.raises(ConsoleError):
            await read(instance)
        chosen[0] = client_credentials(client)
        assert await read(instance)
    assert [call.status for call in token_calls(practice)] == [401, 200]


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        ("403 Forbidden", "oauth-token-refused"),
        ("404 Not Found", "oauth-reply-unreadable"),
        ("400 Bad Request", "oauth-reply-unreadable"),
        ("405 Method Not Allowed", "oauth-reply-unreadable"),
        ("200 OK", "oauth-reply-unreadable"),
    ],
)
async def test_an_endpoint_that_gives_no_token_has_let_nobody_in_and_is_asked_once(status, fault):
    told = reply(status, b'{"message": "no"}', "Content-Type: application/json")
    async with answering(told) as (port, arrived):
        settings = ConnectionSettings("Gateway", f"http://127.0.0.1:{port}/")
        async with ServiceNowClient(settings, client_credentials(make_client(USER))) as instance:
            for _ in range(2):
                with pytest.raises(ConsoleError) as caught:
                    await read(instance)
                assert caught.value.problem.fault == fault
                assert FaultTrait.SIGNED_IN not in caught.value.problem.fault.traits
    assert len(arrived) == 1


async def test_a_busy_endpoint_does_not_cost_the_refresh_token(practice, client):
    """The password is sent in its place only where the refresh token itself was refused."""
    clock = Clock()
    password = Secret(practice.accounts[APPROVER].password)
    sign_in = client_credentials(
        client, method=SignInMethod.PASSWORD_GRANT, account=APPROVER, secrets={SecretName.PASSWORD: password}
    )
    async with signed_in(practice, sign_in, clock) as instance:
        await read(instance)
        practice.set_property(PASSWORD_GRANT_PROPERTY, "true")
        clock.now += 1800
        practice.faults.set("rate_limited")
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
        assert caught.value.problem.fault == "rate-limited"
        practice.faults.clear("rate_limited")
        assert await read(instance)


@asynccontextmanager
async def endpoint(*replies):
    """Serve a token endpoint with one reply after the other, the last one again and again; gives port and what was asked."""
    left, asked, running = list(replies), [], set()

    async def answer(reader, writer):
        running.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ")[1].decode()
            token = head.lower().partition(b"authorization: bearer ")[2].partition(b"\r\n")[0].decode()
            asked.append((path, token))
            if path == TOKEN_CALL:
                told = left.pop(0) if len(left) > 1 else left[0]
            else:
                told = reply("200 OK", b'{"result": []}', "Content-Type: application/json")
            writer.write(told)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        settings = ConnectionSettings("Practice", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        yield settings, asked
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.gather(*running)


def token_reply(token, expires_in="1800"):
    body = f'{{"access_token": "{token}", "token_type": "Bearer", "expires_in": {expires_in}}}'
    return reply("200 OK", body.encode(), "Content-Type: application/json")


@asynccontextmanager
async def signed_in_at(settings, clock):
    async with ServiceNowClient(settings, client_credentials(make_client(USER))) as instance:
        instance._tokens._clock = clock
        yield instance


async def test_a_token_that_is_given_again_in_its_last_second_is_soon_replaced():
    """ServiceNow gives the same token with the time that is left, which is 0 in its last second."""
    clock = Clock()
    async with (
        endpoint(token_reply("first"), token_reply("first", "0"), token_reply("second")) as (settings, asked),
        signed_in_at(settings, clock) as instance,
    ):
        await read(instance)
        clock.now += 1799
        await read(instance)
        clock.now += 1
        await read(instance)
    assert [token for path, token in asked if path != TOKEN_CALL] == ["first", "first", "second"]


HTML = reply("200 OK", b"<html><title>Portal</title></html>", "Content-Type: text/html")


@pytest.mark.parametrize(
    ("told", "fault", "asked_times"),
    [
        (b"", "oauth-token-unavailable", 2),
        (reply("500 Internal Server Error", b"{}"), "oauth-token-unavailable", 1),
        (reply("504 Gateway Timeout", b""), "oauth-token-unavailable", 1),
        (reply("202 Accepted", b""), "oauth-reply-unreadable", 1),
        (HTML, "oauth-reply-unreadable", 1),
        (reply("401 Unauthorized", b"<html></html>"), "oauth-token-refused", 1),
        (reply("401 Unauthorized", b"", "WWW-Authenticate: Negotiate"), "oauth-token-refused", 1),
    ],
)  # fmt: skip
async def test_a_change_whose_token_was_not_fetched_was_certainly_not_executed(told, fault, asked_times):
    """A lost or late reply of the token endpoint counted as one of the change, which was then in doubt."""
    async with endpoint(told) as (settings, asked), signed_in_at(settings, Clock()) as instance:
        with pytest.raises(ConsoleError) as caught:
            await instance.table("sys_properties").insert({"name": "x"})
    assert caught.value.problem.fault == fault
    assert caught.value.problem.fault.execution is Execution.NOT_EXECUTED
    assert [path for path, _ in asked] == [TOKEN_CALL] * asked_times


async def test_a_token_request_whose_connection_was_lost_is_made_once_more():
    async with (
        endpoint(b"", token_reply("first")) as (settings, asked),
        signed_in_at(settings, Clock()) as instance,
    ):
        await read(instance)
    assert [token for path, token in asked if path != TOKEN_CALL] == ["first"]


@pytest.mark.parametrize(
    "date", [f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT", "Mon, 01 Jan 2026 00:00:00 -0000", "now", ""]
)
async def test_a_date_that_no_clock_shows_is_ignored(date):
    told = token_reply("only").replace(b"\r\n", f"\r\nDate: {date}\r\n".encode(), 1)
    async with endpoint(told) as (settings, _), signed_in_at(settings, Clock()) as instance:
        await read(instance)
        assert instance._tokens._clock_offset_s == 0


@pytest.mark.parametrize("told", ["1" * 400, "true", "-5", '"soon"', "null", "NaN"])
async def test_a_life_time_that_cannot_be_read_is_that_of_most_clients(told):
    async with (
        endpoint(token_reply("only", told)) as (settings, _),
        signed_in_at(settings, Clock()) as instance,
    ):
        await read(instance)
        assert instance.token_facts.lifetime_s == 1800


async def test_a_token_that_lives_is_used_while_it_cannot_be_renewed():
    busy = reply("503 Service Unavailable", b"{}", "Content-Type: application/json")
    clock = Clock()
    async with (
        endpoint(token_reply("first"), busy) as (settings, asked),
        signed_in_at(settings, clock) as instance,
    ):
        await read(instance)
        clock.now += 1500
        for _ in range(3):
            await read(instance)
        assert [path for path, _ in asked].count(TOKEN_CALL) == 2
        clock.now += 30
        await read(instance)
        assert [path for path, _ in asked].count(TOKEN_CALL) == 3
        clock.now += 270
        with pytest.raises(ConsoleError):
            await read(instance)
    assert {token for path, token in asked if path != TOKEN_CALL} == {"first"}


@pytest.mark.parametrize(
    ("status", "fault"),
    [("503 Service Unavailable", "oauth-token-unavailable"), ("429 Too Many Requests", "rate-limited")],
)
async def test_callers_that_wait_for_a_token_share_the_failure_to_fetch_it(status, fault):
    """A busy endpoint was asked once by each of them, one after the other."""
    busy = reply(status, b"{}", "Content-Type: application/json", "Retry-After: 60")
    async with endpoint(busy) as (settings, asked), signed_in_at(settings, Clock()) as instance:
        found = await asyncio.gather(*(read(instance) for _ in range(6)), return_exceptions=True)
        assert {error.problem.fault for error in found} == {fault}
        assert len({error.problem.correlation_id for error in found}) == 6
        assert len(asked) == 1
        with pytest.raises(ConsoleError):
            await read(instance)
        assert len(asked) == 2


async def test_a_refused_renewal_is_told_at_once():
    refused = reply("401 Unauthorized", b'{"error": "server_error"}', "Content-Type: application/json")
    clock = Clock()
    async with (
        endpoint(token_reply("first"), refused) as (settings, _),
        signed_in_at(settings, clock) as instance,
    ):
        await read(instance)
        clock.now += 1500
        with pytest.raises(ConsoleError) as caught:
            await read(instance)
    assert caught.value.problem.fault == "oauth-token-refused"


async def test_a_call_that_waited_for_its_turn_does_not_carry_a_token_that_ended_meanwhile():
    """A change would be refused, and is not repeated."""
    clock = Clock()
    async with (
        endpoint(token_reply("first"), token_reply("second")) as (settings, asked),
        signed_in_at(settings, clock) as instance,
    ):
        await read(instance)
        turns = instance._channel._call_semaphore
        await turns.acquire()
        await turns.acquire()
        waiting = asyncio.create_task(read(instance))
        while not turns.locked() or not turns._waiters:
            await asyncio.sleep(0)
        clock.now += 1800
        turns.release()
        turns.release()
        await waiting
    assert [token for path, token in asked if path != TOKEN_CALL] == ["first", "second"]


async def test_a_fresh_token_that_is_refused_is_not_sent_again(practice, client):
    clock = Clock()
    async with signed_in(practice, client_credentials(client), clock) as instance:
        await read(instance)
        clock.now += 1800
        practice.tokens.revoke_all()
        practice.tokens.user_of = lambda value: None
        before = len(practice.log)
        with pytest.raises(ConsoleError):
            await read(instance)
    assert [call.path == TOKEN_CALL for call in practice.log[before:]] == [True, False]


async def test_a_refresh_token_is_redacted_as_soon_as_it_is_known(practice, client):
    password = Secret(practice.accounts[APPROVER].password)
    sign_in = client_credentials(
        client, method=SignInMethod.PASSWORD_GRANT, account=APPROVER, secrets={SecretName.PASSWORD: password}
    )
    async with signed_in(practice, sign_in) as instance:
        await read(instance)
        [token] = [one.value for one in practice.tokens._tokens.values() if one.kind == "refresh_token"]
        assert redact(f"> {token}") == "> (removed)"


async def test_the_practice_instance_keeps_neither_tokens_nor_assertions_that_have_ended(
    practice, client, keys
):
    client.verifiers.append(Verifier("kid-1", public_pem(keys["ES256"])))
    sign_in = client_credentials(
        client, method=SignInMethod.JWT_BEARER, key_id="kid-1", subject=USER, algorithm="ES256",
        secrets={SecretName.PRIVATE_KEY: Secret(pem(keys["ES256"]))},
    )  # fmt: skip
    clock, now = Clock(), [datetime.now(UTC)]
    practice.tokens.clock, practice.tokens._database.clock = clock, lambda: now[0]
    client.skew_s = 10_000_000
    for _ in range(3):
        async with signed_in(practice, sign_in) as instance:
            await read(instance)
        clock.now += 1800
    assert len(practice.tokens._tokens) == 1
    assert len(practice.tokens._assertions_seen) == 3
    now[0] += timedelta(seconds=client.skew_s + 100)
    client.skew_s *= 3
    async with signed_in(practice, sign_in) as instance:
        await read(instance)
    assert len(practice.tokens._assertions_seen) == 1
