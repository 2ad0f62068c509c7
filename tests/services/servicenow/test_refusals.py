"""What an instance, or what stands before it, refuses: told in its own words, and nothing is concluded from a part."""

import json

import pytest

from services.common.errors import ConsoleError, Owner
from services.common.secret import Secret
from services.connectivity import run_check
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.encoded_query import equals
from services.servicenow.request_item_search import Catalogue
from tests.services.servicenow.descriptions import description
from tests.services.servicenow.rawserver import RawServer, Reply, json_reply, xml
from tests.services.servicenow.support import assert_five_parts, at

CANCELLED = "Transaction cancelled: maximum execution time exceeded"
ERROR = f'"error":{{"message":"{CANCELLED}","detail":"{CANCELLED} Check logs"}},"status":"failure"}}'
ROW = '{"sys_id":"' + "1" * 32 + '","name":"a"}'
CUT = {
    "part of the result and the error": f'{{"result":[{ROW}],{ERROR}',
    "array left open": f'{{"result":[{ROW},{ERROR}',
    "array left open after a row": f'{{"result":[{ROW}{ERROR}',
    "nothing but the error": f"{{{ERROR}",
    "row left open": '{"result":[{"sys_id":"1",' + ERROR,
    "told in the second text alone": '{"result":[{"error":{"code":1,"message":"x","detail":"'
    + CANCELLED
    + '"}}',
    "line feeds": f'{{"result":[{ROW},' + "\n" + ERROR.replace(":{", ": {\n "),
}
RIGHTS = json.dumps(
    {
        "error": {
            "message": "Insufficient rights to query records",
            "detail": "Field(s) present in the query do not have permission to be read",
        },
        "status": "failure",
    }
)
FAULT = """<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header/><S:Body><S:Fault>
<faultcode>S:Server</faultcode><faultstring>{0}</faultstring><detail>{0}</detail></S:Fault></S:Body></S:Envelope>"""
FAULT_12 = """<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Body><S:Fault>
<S:Code><S:Value>S:Sender</S:Value></S:Code><S:Reason><S:Text xml:lang="en">{0}</S:Text></S:Reason>
</S:Fault></S:Body></S:Envelope>"""
NO_RIGHTS = "com.glide.processors.soap.SOAPProcessingException: Insufficient rights for querying records"


async def refused(server, fault, door):
    async with at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await door(instance)
    assert_five_parts(caught.value, fault)
    return caught.value.problem


async def rows(instance):
    return [row async for row in instance.table("any").rows(equals(name="a"), fields=["name"])]


async def items(instance):
    return await Catalogue(instance).find_by_contract()


DOORS = {
    "rows": rows,
    "page": lambda i: i.table("any").page(equals(name="a"), fields=["name"], limit=5),
    "count": lambda i: i.table("any").count(equals(name="a")),
    "services": lambda i: i.list_soap_services(),
    "items": items,
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS.keys())
@pytest.mark.parametrize("body", CUT.values(), ids=CUT.keys())
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_nothing_is_concluded_from_a_list_that_was_cut_off(door, body, status):
    async with RawServer(lambda _: json_reply(body, status, X_Total_Count="1")) as server:
        problem = await refused(server, "transaction-cancelled", door)
    assert "maximum execution time" in problem.evidence


async def test_a_record_that_quotes_the_words_is_no_list_that_was_cut_off():
    quoted = json.dumps({"result": [{"sys_id": "1" * 32, "name": f"a {ERROR}"}]})
    async with RawServer(lambda _: json_reply(quoted, X_Total_Count="1")) as server:
        problem = await refused(server, "query-ignored", rows)  # the name is not the one that was asked for
        assert "1" * 32 in problem.evidence
    async with RawServer(lambda _: json_reply(quoted[:-5])) as server:
        await refused(server, "reply-malformed", rows)


async def test_a_query_that_is_refused_is_a_missing_right():
    async with RawServer(lambda _: json_reply(RIGHTS, 403)) as server:
        problem = await refused(server, "rights-missing", rows)
    assert "Insufficient rights to query records" in problem.evidence


PAGES = {
    "html": Reply(b"<html><title>Access blocked</title></html>", 403, {"Content-Type": "text/html"}),
    "text": Reply(b"Forbidden", 403, {"Content-Type": "text/plain"}),
    "nothing": Reply(b"", 403),
    "login words": Reply(
        b"<!DOCTYPE html><html><title>403</title>Sign in from the office</html>",
        403,
        {"Content-Type": "text/html"},
    ),
}


@pytest.mark.parametrize("words", ["The request was aborted.", "You are not authorized.", "Access denied"])
async def test_a_page_of_a_gateway_is_not_taken_for_the_words_of_the_instance(words):
    page = Reply(
        f"<html><title>Request Rejected</title>{words}</html>".encode(), 403, {"Content-Type": "text/html"}
    )
    async with RawServer(lambda _: page) as server:
        await refused(server, "access-policy-refused", rows)


async def test_a_call_that_is_refused_for_rights_with_401_asks_for_no_other_password():
    def answer(asked):
        return xml(description()) if asked.method == "GET" else xml(FAULT.format(NO_RIGHTS), 401)

    async with RawServer(answer) as server:
        problem = await refused(
            server, "rights-missing", lambda i: i.service("Mine").call({"id": "1"}, ("out",))
        )
    assert "password" not in problem.remedy


async def test_a_page_that_says_the_query_was_cut_off_is_told_as_that():
    page = Reply(f"<html><title>{CANCELLED}</title></html>".encode(), 500, {"Content-Type": "text/html"})
    async with RawServer(lambda _: page) as server:
        await refused(server, "transaction-cancelled", rows)


async def test_a_result_that_says_failure_is_not_believed():
    said = Reply(b'{"result":[],"status":"failure"}', 200, {"Content-Type": "application/json"})
    async with RawServer(lambda _: said) as server:
        problem = await refused(server, "reply-malformed", rows)
    assert "failure" in problem.evidence


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
@pytest.mark.parametrize(
    "door",
    [
        *DOORS.values(),
        lambda i: i.service("Mine").describe(),
        lambda i: i.table("any").insert({"a": "b"}),
        lambda i: i.table("any").delete("1" * 32),
    ],
)
async def test_a_403_that_is_no_answer_of_an_interface_is_a_policy_for_addresses_and_accounts(door, page):
    async with RawServer(lambda _: page) as server:
        problem = await refused(server, "access-policy-refused", door)
    assert "HTTP 403" in problem.evidence
    assert problem.owner is Owner.SERVICENOW


@pytest.mark.parametrize("status", [200, 401, 403, 500])
@pytest.mark.parametrize("words", [NO_RIGHTS, "User Not Authorized"])
@pytest.mark.parametrize("envelope", [FAULT, FAULT_12], ids=["SOAP 1.1", "SOAP 1.2"])
async def test_a_description_that_is_refused_for_rights_names_the_role(status, words, envelope):
    async with RawServer(lambda _: xml(envelope.format(words), status)) as server:
        problem = await refused(server, "rights-missing", lambda i: i.service("Mine").describe())
    assert words in problem.evidence
    assert "soap_query" in problem.remedy


@pytest.mark.parametrize("status", [200, 500])
async def test_a_description_that_fails_otherwise_tells_the_words_of_the_fault(status):
    words = "Error completing SOAP request - Only HTTP POST supported"
    async with RawServer(lambda _: xml(FAULT.format(words), status)) as server:
        problem = await refused(server, "soap-fault", lambda i: i.service("Mine").describe())
    assert words in problem.evidence


@pytest.mark.parametrize("status", [200, 500])
async def test_a_call_that_took_too_long_for_the_instance_is_told_as_that(status):
    def answer(asked):
        return xml(description()) if asked.method == "GET" else xml(FAULT.format(CANCELLED), status)

    async with RawServer(answer) as server:
        problem = await refused(
            server, "transaction-cancelled", lambda i: i.service("Mine").call({"id": "1"}, ("out",))
        )
    assert CANCELLED in problem.evidence


async def test_a_description_under_the_status_of_an_error_is_not_believed():
    async with RawServer(lambda _: xml(description(), 500)) as server:
        await refused(server, "server-error", lambda i: i.service("Mine").describe())


@pytest.mark.parametrize(
    "offered", ["Bearer", "Negotiate, NTLM", 'Digest realm="Basic x", nonce="a"', "bearer realm=x"]
)
async def test_a_server_that_does_not_offer_basic_is_named_and_the_check_sends_it_no_password(offered):
    answer = Reply(b'{"error":{}}', 401, {"Content-Type": "application/json", "WWW-Authenticate": offered})
    async with RawServer(lambda _: answer) as server:
        report = await run_check(ConnectionSettings("S", server.url), SignIn("a", Secret("planted")))
        failed = [stage for stage in report.stages if stage.state == "failed"]
        assert [(s.stage, s.fault) for s in failed] == [("authentication", "basic-auth-not-offered")]
        assert offered.split(",")[0].split(" ")[0] in failed[0].evidence
        assert not any("authorization" in asked.headers for asked in server.asked)
        await refused(server, "basic-auth-not-offered", rows)


@pytest.mark.parametrize("offered", ['Basic realm="Service-now"', "BASIC", 'Negotiate, bAsIc realm="x"'])
async def test_a_server_that_offers_basic_among_others_refuses_the_password(offered):
    answer = Reply(b'{"error":{}}', 401, {"Content-Type": "application/json", "WWW-Authenticate": offered})
    async with RawServer(lambda _: answer) as server:
        await refused(server, "authentication-refused", rows)


async def test_a_407_that_no_proxy_of_ours_sent_is_no_rule_of_the_instance():
    answer = Reply(b"", 407, {"Proxy-Authenticate": "NTLM"})
    async with RawServer(lambda _: answer) as server:
        problem = await refused(server, "proxy-sign-in-unsupported", rows)
    assert "NTLM" in problem.evidence


async def test_an_instance_can_be_used_after_a_refusal():
    answers = iter([json_reply(RIGHTS, 403), json_reply('{"result":[]}')])
    async with (
        RawServer(lambda _: next(answers)) as server,
        ServiceNowClient(ConnectionSettings("S", server.url), None) as instance,
    ):
        with pytest.raises(ConsoleError):
            await rows(instance)
        assert await rows(instance) == []
