"""What the client makes of a server that misbehaves, over a real socket: nothing is taken for a success."""

import asyncio
import json
from itertools import count

import httpx
import pytest

from services.common.fault_ids import FaultId
from services.privilege_manager import Operation, session
from services.privilege_manager.operations import find_operation_reason
from services.transport import http_channel
from services.transport.faults import RateLimitedError
from services.transport.response_headers import RETRY_AFTER_MAX_S
from tests.services.privilege_manager.client_support import (
    ACTION,
    CALLS,
    CHANGES,
    LOG_ON,
    POLICY,
    READS,
    SECRET,
    TOKEN,
    connect,
    error_of,
    fault_of,
    result,
    scripted,
    swagger_of,
)
from tests.services.servicenow.rawserver import RawServer, Reply, json_reply

CORRELATION = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"
PAGE_500 = f"<html><head><title>Runtime Error</title></head><body>An error. <b>CorrelationID:</b> {CORRELATION}</body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}


def page(text, status=200, **headers):
    return Reply(text.encode(), status, {**HTML, **headers})


REFUSALS = {
    "401": (json_reply("{}", 401), "privilege-manager-token-refused"),
    "403": (json_reply('{"Message": "denied"}', 403), "privilege-manager-forbidden"),
    "400": (json_reply('{"Status": "error", "Messages": ["bad"]}', 400), "privilege-manager-call-refused"),
    "405": (json_reply("{}", 405), "privilege-manager-call-refused"),
    "status error": (json_reply('{"Status": "error", "Messages": ["No such thing"]}'), "privilege-manager-status-error"),
    "status Error": (json_reply('{"status": "Error"}'), "privilege-manager-status-error"),
    "html 500": (page(PAGE_500, 500), "privilege-manager-server-error"),
    "502": (page("<html></html>", 502), "privilege-manager-server-error"),
    "504": (page("<html></html>", 504), "timeout"),
    "408": (json_reply("{}", 408), "timeout"),
    "429": (json_reply("{}", 429, Retry_After="60"), "rate-limited"),
    "503": (json_reply("{}", 503, Retry_After="60"), "rate-limited"),
    "503 without a time": (json_reply("{}", 503), "privilege-manager-server-error"),
    "login page": (page("<html><form><input type='password'></form></html>"), "login-page"),
    "web page": (page("<html><title>Portal</title></html>"), "html-instead-of-data"),
    "not JSON": (json_reply("{not json"), "privilege-manager-reply-malformed"),
    "deep JSON": (json_reply("[" * 200 + "]" * 200), "privilege-manager-reply-malformed"),
    "elsewhere": (Reply(b"", 302, {"Location": "https://other.example.com/"}), "redirect-elsewhere"),
    "to the login": (Reply(b"", 302, {"Location": "/TMS/Login.aspx"}), "login-page"),
    "hung up": (None, "connection-lost"),
    "cut": (Reply(b'{"Result"', 200, {"Content-Type": "application/json"}, length=5_000), "connection-lost"),
    "packed twice": (Reply(b"x", 200, {"Content-Encoding": "gzip, gzip"}), "answer-too-large"),
    "not packed": (Reply(b"no gzip", 200, {"Content-Encoding": "gzip"}), "reply-damaged"),
}  # fmt: skip


@pytest.mark.parametrize("text", ['[{{"ItemId": "{id}", "Name": "Bearer {token}"}}]', "[NaN]", "1e999"])
async def test_neither_an_echo_of_the_token_nor_numbers_outside_json_are_read(text):
    body = text.format(id=POLICY, token=f"{TOKEN}-1")  # of the first log-on
    async with scripted(lambda asked: json_reply(f'{{"Status": "success", "Result": {body}}}')) as (
        _,
        client,
    ):
        await error_of(client.policies(), "privilege-manager-reply-malformed")


@pytest.mark.parametrize("operation", CALLS, ids=str)
@pytest.mark.parametrize(("reply", "fault"), REFUSALS.values(), ids=list(REFUSALS))
async def test_every_refusal_of_every_call_is_named(operation, reply, fault):
    async with scripted(lambda asked: reply) as (_, client):
        await error_of(CALLS[operation](client), fault)


@pytest.mark.parametrize("operation", CALLS, ids=str)
async def test_what_404_means_depends_on_what_the_call_names(operation):
    anonymous = (
        Operation.VERSION,
        Operation.LIST_ACTIONS,
        Operation.LIST_POLICIES,
        Operation.LIST_FILTERS,
        Operation.CREATE_POLICY,
    )
    absent = "operation-missing" if operation in anonymous else "not-found"
    async with scripted(lambda asked: json_reply("{}", 404)) as (_, client):
        await error_of(CALLS[operation](client), f"privilege-manager-{absent}")


@pytest.mark.parametrize("operation", CALLS, ids=str)
async def test_a_missing_operation_disables_exactly_what_needs_it(operation):
    others = [one for one in Operation if one is not operation]
    async with scripted(lambda asked: result([], 0), swagger_of(*others)) as (api, client):
        error = await error_of(CALLS[operation](client), "privilege-manager-operation-missing")
        assert error.problem.cause == find_operation_reason(operation)
        assert not api.calls, "nothing was sent"
        description = await client.operations()
        assert description.missing == (operation,)
        assert description.find_reason(operation)
        for other in set(CALLS) - {operation}:
            assert description.find_reason(other) == ""
            assert await fault_of(CALLS[other](client)) != FaultId.PRIVILEGE_MANAGER_OPERATION_MISSING
        assert len(api.calls) == len(CALLS) - 1


@pytest.mark.parametrize("method", ["get", "post"])
async def test_a_policy_is_switched_with_the_method_of_the_document(method):
    document = swagger_of()
    path = "/api/v1/policies/{p0}/enable/{p1}"
    document["paths"][path] = {method: document["paths"][path]["post"]}
    async with scripted(lambda asked: Reply(), document) as (api, client):
        await client.set_active(POLICY, active=False)
    assert [(one.method, one.path) for one in api.calls] == [
        (method.upper(), f"/TMS/services/api/v1/policies/{POLICY}/enable/false")
    ]


async def test_a_correlation_id_is_shown():
    async with scripted(lambda asked: page(PAGE_500, 500)) as (_, client):
        error = await error_of(client.version(), "privilege-manager-server-error")
    assert CORRELATION in error.problem.evidence
    assert "Runtime Error" in error.problem.evidence


# -- tokens ----------------------------------------------------------------


@pytest.mark.parametrize("operation", CALLS, ids=str)
async def test_a_call_with_an_expired_token_is_repeated_once_with_a_new_one(operation):
    async with scripted(lambda asked: result(None)) as (api, client):
        await client.operations()
        api.valid.clear()
        assert await fault_of(CALLS[operation](client)) != FaultId.PRIVILEGE_MANAGER_TOKEN_REFUSED
        assert api.log_ons == 2
        assert len(api.calls) == 1, "the first was turned away before it was carried out"


async def test_many_callers_wait_for_one_log_on():
    async with scripted(lambda asked: result("12.0")) as (api, client):
        assert await asyncio.gather(*(client.version() for _ in range(20))) == ["12.0"] * 20
        assert api.log_ons == 1
        api.valid.clear()
        await asyncio.gather(*(client.version() for _ in range(20)))
        assert api.log_ons == 2


async def test_at_most_two_calls_are_in_flight():
    async with RawServer(None) as server:
        gate = asyncio.Event()

        def answer(asked):
            if asked.path == LOG_ON:
                return json_reply(f'"{TOKEN}"')
            if asked.path.endswith("/v1"):
                return json_reply(json.dumps(swagger_of()))
            return Reply(b'{"Result": "12.0"}', hold=gate)

        server.answer = answer
        async with connect(f"{server.url}TMS/") as client:
            work = [asyncio.create_task(client.version()) for _ in range(6)]
            while server.open < 2:
                await asyncio.sleep(0)
            gate.set()
            await asyncio.gather(*work)
        assert server.most_open == 2


async def test_a_refused_log_on_is_not_repeated_before_its_time():
    now = [0.0]
    async with scripted(lambda asked: result("12.0"), clock=lambda: now[0]) as (api, client):
        api.log_on_answer = json_reply("{}", 401)
        first = await error_of(client.version(), "privilege-manager-log-on-refused")
        second = await error_of(client.version(), "privilege-manager-log-on-refused")
        assert first.problem.correlation_id != second.problem.correlation_id
        assert api.log_ons == 1
        now[0] = session.LOG_ON_BACKOFF_S
        api.log_on_answer = None
        assert await client.version() == "12.0"


async def test_a_log_on_that_is_refused_in_the_middle_ends_the_call():
    async with scripted(lambda asked: result("12.0")) as (api, client):
        await client.version()
        api.valid.clear()
        api.log_on_answer = json_reply("{}", 401)
        await error_of(client.version(), "privilege-manager-log-on-refused")
        await error_of(client.actions(), "privilege-manager-log-on-refused")
        assert api.log_ons == 2


async def test_a_token_that_is_never_valid_leads_to_no_loop():
    async with scripted(lambda asked: result("12.0")) as (api, client):
        await client.operations()
        api.answer = lambda asked: json_reply("{}", 401)
        await error_of(client.version(), "privilege-manager-token-refused")
        assert api.log_ons == 2


LOG_ON_REPLIES = {
    "403": (json_reply("{}", 403), "privilege-manager-api-unavailable"),
    "404": (page("<html></html>", 404), "privilege-manager-api-unavailable"),
    "500": (page(PAGE_500, 500), "privilege-manager-server-error"),
    "object": (json_reply(json.dumps({"token": TOKEN})), "privilege-manager-log-on-reply"),
    "empty": (json_reply('""'), "privilege-manager-log-on-reply"),
    "line break": (json_reply(json.dumps(f"{TOKEN}\r\nX: 1")), "privilege-manager-log-on-reply"),
    "huge": (json_reply(json.dumps(TOKEN * 1000)), "privilege-manager-log-on-reply"),
    "no JSON": (json_reply(TOKEN), "privilege-manager-log-on-reply"),
    "page": (page("<html><title>Portal</title></html>"), "html-instead-of-data"),
    "redirect": (Reply(b"", 307, {"Location": "https://other.example.com/"}), "redirect-elsewhere"),
}


@pytest.mark.parametrize(("reply", "fault"), LOG_ON_REPLIES.values(), ids=list(LOG_ON_REPLIES))
async def test_a_log_on_without_a_token_is_named_and_shows_none(reply, fault):
    async with scripted(lambda asked: result("12.0")) as (api, client):
        api.log_on_answer = reply
        await error_of(client.version(), fault)
        assert not client.is_logged_on
        assert not api.calls


async def test_closing_logs_off_and_a_later_call_logs_on_again():
    async with scripted(lambda asked: result("12.0")) as (api, client):
        await client.version()
        await client.aclose()
        assert api.log_offs == [f"{TOKEN}-1"]
        await client.version()
        assert api.log_ons == 2


@pytest.mark.parametrize(
    ("reply", "still_valid"),
    [
        (result("12.0"), True),
        (json_reply("{}", 401), False),
        (REFUSALS["to the login"][0], False),
        (json_reply("{}", 500), None),
        (None, None),
    ],
)
async def test_whether_a_session_has_ended_is_known_by_its_token_only(reply, still_valid):
    replies = iter([result("12.0"), reply])
    async with scripted(lambda asked: next(replies)) as (_, client):
        await client.version()
        assert (await client.end_session("Log off")).still_valid is still_valid


async def test_a_log_off_that_fails_does_not_matter():
    async with scripted(lambda asked: result("12.0")) as (api, client):
        await client.version()
        api.valid.clear()
        await client.aclose()
        assert api.log_ons == 1


async def test_the_secret_is_sent_to_log_on_only_and_the_token_not_there():
    async with RawServer(None) as server:

        def answer(asked):
            if asked.path == LOG_ON:
                return json_reply(f'"{TOKEN}"', Set_Cookie="session=1; Path=/")
            return json_reply(json.dumps(swagger_of()))

        server.answer = answer
        async with connect(f"{server.url}TMS/") as client:
            await client.operations()
        for asked in server.asked:
            log_on = asked.path == LOG_ON and asked.method == "POST"
            assert (SECRET.encode() in asked.body) == log_on
            assert ("authorization" in asked.headers) != log_on
            assert "cookie" not in asked.headers
            assert SECRET not in asked.target
            assert TOKEN not in asked.target
        assert TOKEN not in repr(vars(client))


# -- lost connections and waiting ------------------------------------------


@pytest.mark.parametrize("operation", READS, ids=str)
async def test_a_read_is_repeated_after_a_lost_connection(operation):
    async with scripted(lambda asked: None) as (api, client):
        await error_of(CALLS[operation](client), "connection-lost")
        assert len(api.calls) == http_channel.GET_ATTEMPTS


@pytest.mark.parametrize("operation", CHANGES, ids=str)
async def test_a_change_is_never_repeated_after_a_lost_connection(operation):
    async with scripted(lambda asked: None) as (api, client):
        await error_of(CALLS[operation](client), "connection-lost")
        assert len(api.calls) == 1


async def test_a_read_recovers_from_a_lost_connection():
    numbers = count()
    async with scripted(lambda asked: None if next(numbers) == 0 else result("12.0")) as (_, client):
        assert await client.version() == "12.0"


async def test_a_slow_server_is_left(monkeypatch):
    monkeypatch.setattr(http_channel, "CALL_TIMEOUT_S", 0.3)
    async with scripted(lambda asked: Reply(b"{}", hold=asyncio.Event())) as (api, client):
        await client.operations()
        await error_of(client.version(), "timeout")
        assert len(api.calls) == 1


async def test_nothing_is_sent_while_the_server_asks_to_wait():
    now = [0.0]
    reply = json_reply("{}", 429, Retry_After="60")
    async with scripted(lambda asked: reply, clock=lambda: now[0]) as (api, client):
        first = await error_of(client.add_actions(POLICY, []), "rate-limited")
        assert isinstance(first, RateLimitedError)
        assert first.retry_after == 60
        now[0] = 30
        second = await error_of(client.version(), "rate-limited")
        assert second.retry_after == 30
        assert len(api.calls) == 1
        now[0] = 61
        api.answer = lambda asked: result("12.0")
        assert await client.version() == "12.0"


async def test_an_endless_wait_is_not_believed():
    async with scripted(lambda asked: json_reply("{}", 429, Retry_After="9" * 12)) as (_, client):
        error = await error_of(client.version(), "rate-limited")
    assert error.retry_after == RETRY_AFTER_MAX_S


async def test_a_huge_reply_is_refused(monkeypatch):
    monkeypatch.setattr(session, "RESPONSE_MAX_BYTES", 64 * 1024)
    rows = [{"ItemId": ACTION, "Name": "x" * 1000}] * 200
    async with scripted(lambda asked: result(rows, 200)) as (_, client):
        await error_of(client.actions(), "answer-too-large")


async def test_nothing_listens():
    async with RawServer(None) as server:
        url = server.url
    async with connect(f"{url}TMS/") as client:
        await error_of(client.version(), "tcp-refused")


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    async with scripted(lambda asked: result("12.0")) as (_, client):
        assert await client.version() == "12.0"


# -- odd but readable, and readable but odd --------------------------------


async def test_replies_are_read_leniently():
    async with scripted(lambda asked: json_reply('\ufeff"12.0.5"')) as (api, client):
        assert await client.version() == "12.0.5"
        api.answer = lambda asked: json_reply(json.dumps({"result": [{"id": f"{{{ACTION.upper()}}}"}]}))
        listed = await client.actions()
        assert [one.item_id for one in listed] == [ACTION]
        assert listed.total is None
        assert listed.complete
        api.answer = lambda asked: result([{"Id": ACTION, "name": "One"}])
        assert (await client.action(ACTION)).name == "One"
        api.answer = lambda asked: json_reply(json.dumps({"ItemId": ACTION}))
        assert (await client.action(ACTION)).name is None


@pytest.mark.parametrize("value", [ACTION, {"ItemId": ACTION}, {"Id": ACTION}], ids=str)
async def test_the_id_of_a_new_policy_is_found(value):
    async with scripted(lambda asked: result(value)) as (api, client):
        assert await client.create_policy("New", "", "macos") == ACTION
    assert json.loads(api.calls[0].body) == {"Name": "New", "Description": "", "OS": "mac"}


async def test_a_new_policy_without_an_id_is_no_success():
    async with scripted(lambda asked: result(None)) as (_, client):
        await error_of(client.create_policy("New", "", "windows"), "privilege-manager-policy-id-missing")


@pytest.mark.parametrize("value", [None, {}, "text", 7, True])
async def test_a_result_of_another_shape_is_no_list_and_no_item(value):
    async with scripted(lambda asked: result(value)) as (_, client):
        await error_of(client.actions(), "privilege-manager-reply-malformed")
        missing = value is None
        await error_of(
            client.action(ACTION),
            "privilege-manager-not-found" if missing else "privilege-manager-reply-malformed",
        )
        await error_of(client.run_report(ACTION), "privilege-manager-report-unreadable")


async def test_another_item_than_the_one_asked_for_is_refused():
    async with scripted(lambda asked: result({"ItemId": POLICY})) as (_, client):
        await error_of(client.action(ACTION), "privilege-manager-reply-malformed")


async def test_an_item_that_comes_twice_makes_a_list_incomplete():
    rows = [{"ItemId": ACTION}, {"ItemId": ACTION.upper()}]
    async with scripted(lambda asked: result(rows, 2)) as (_, client):
        found = await client.actions()
    assert (len(found), found.unreadable, found.complete) == (1, 1, False)


@pytest.mark.parametrize("text", ["", "x", "../../../logon/token", "11111111"])
async def test_what_is_no_guid_is_not_sent(text):
    async with scripted(lambda asked: result(None)) as (api, client):
        await error_of(client.policy(text), "privilege-manager-not-found")
        await error_of(client.run_task(text), "privilege-manager-not-found")
    assert not api.calls


async def test_a_task_gets_its_parameters_and_name():
    from services.privilege_manager.task_parameters import guids_parameter

    document = swagger_of()
    described = document["paths"]["/api/v1/tasks/{p0}"]["post"]
    described["parameters"].append({"name": "InstanceName", "in": "query", "type": "string"})
    async with scripted(lambda asked: result("started"), document) as (api, client):
        parameters = [guids_parameter("ResourceIds", [ACTION])]
        assert await client.run_task(POLICY, parameters, "Update & run") == "started"
    sent = api.calls[0]
    assert sent.params == {"InstanceName": "Update & run"}
    assert json.loads(sent.body) == [
        {
            "Name": "ResourceIds",
            "Value": {
                "type": "Arellia.Serialization.ObjectWrapper, Arellia.Core",
                "ValueType": "System.Guid[]",
                "Value": [ACTION],
            },
        }
    ]


async def test_an_approval_without_a_described_body_cannot_be_built():
    async with scripted(lambda asked: result(None)) as (_, client):
        await error_of(client.approval_schema(), "privilege-manager-swagger-unreadable")


SWAGGER_REPLIES = {
    "404": (page("<html></html>", 404), "privilege-manager-swagger-unreadable"),
    "403": (json_reply("{}", 403), "privilege-manager-forbidden"),
    "page": (page("<html><title>Portal</title></html>"), "html-instead-of-data"),
    "not JSON": (json_reply("swagger"), "privilege-manager-swagger-unreadable"),
    "OpenAPI 3": (json_reply('{"openapi": "3.0.0", "paths": {}}'), "privilege-manager-swagger-unreadable"),
    "no paths": (json_reply('{"swagger": "2.0"}'), "privilege-manager-swagger-unreadable"),
    "a list": (json_reply("[]"), "privilege-manager-swagger-unreadable"),
}


@pytest.mark.parametrize(("reply", "fault"), SWAGGER_REPLIES.values(), ids=list(SWAGGER_REPLIES))
async def test_without_a_swagger_document_nothing_is_guessed(reply, fault):
    async with RawServer(None) as server:
        server.answer = lambda asked: json_reply(f'"{TOKEN}"') if asked.path == LOG_ON else reply
        async with connect(f"{server.url}TMS/") as client:
            await error_of(client.version(), fault)
            await error_of(client.operations(), fault)
        assert not [one for one in server.asked if "/version/" in one.path]


def test_the_token_is_in_no_text_of_its_authorization():
    from services.common.secret import Secret
    from services.transport.authentication import BearerAuthorization

    authorization = BearerAuthorization(Secret(TOKEN))
    request = httpx.Request("GET", "https://pm.example.com/")
    next(authorization.auth_flow(request))
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr(authorization) + repr(vars(authorization)) + repr(request.headers)
