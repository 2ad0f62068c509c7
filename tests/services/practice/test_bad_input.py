"""Whatever is sent to the practice instance, it answers as an instance does and never falls over."""

import json
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from services.servicenow.contract import ServiceRole
from services.servicenow.script_templates import render_script

STATUS_SCRIPT = render_script(ServiceRole.STATUS, marker="any")
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
STATUS = "GetExecuteAppApprovalRequestStatus.do?SOAP"
ONE_INSTANCE = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def assert_recorded_style(reply, status=None):
    """Check that an answer is one that instances are known to give."""
    if status is not None:
        assert reply.status_code == status, reply.text
    kind = reply.headers["content-type"]
    if "json" in kind:
        body = reply.json()
        if reply.status_code >= 400:
            assert set(body) == {"error", "status"}
            assert set(body["error"]) == {"message", "detail"}
            assert body["status"] == "failure"
        else:
            assert "result" in body
    elif "xml" in kind:
        root = etree.fromstring(reply.content)
        if reply.status_code >= 400:
            fault = root.find(f"{{{ENVELOPE}}}Body/{{{ENVELOPE}}}Fault")
            assert [child.tag for child in fault] == ["faultcode", "faultstring", "detail"]
            assert fault.findtext("faultstring")
    else:
        assert kind.startswith("text/html")
        assert reply.status_code in (200, 401, 403, 404)
    assert reply.headers["server"] == "ServiceNow"
    assert reply.headers["x-transaction-id"]


BAD_QUERIES = [
    "^",
    "=",
    "^^^OR^NQ^EQ",
    "ORDERBY",
    "ORDERBYDESC^ORDERBYnothing",
    "name",
    "nameNOSUCHOPERATORx",
    "name=javascript:gs.nowDateTime()",
    "a.b.c.d.e.f=1",
    "request.request.request=1",
    "sys_id.sys_id=1",
    "name'; DROP TABLE task; --=1",
    'name"="1',
    "nameIN" + "," * 2000,
    "^".join(["name=1"] * 1500),
    "^OR".join(["name=1"] * 1500),
    "^NQ".join(["name=1"] * 1500),
    "nameLIKE" + "%" * 16_000,
    "^".join(f"ORDERBY{'request.' * n}number" for n in range(1, 70)),
    "\x00",
    "name=\x00",
    "😀=😀",
]


@pytest.mark.parametrize("query", BAD_QUERIES, ids=range(len(BAD_QUERIES)))
@pytest.mark.parametrize("table", ["sc_cat_item", "sc_req_item"])
def test_a_bad_query_is_answered(signed_in, table, query):
    reply = signed_in().get(f"api/now/table/{table}", params={"sysparm_query": query, "sysparm_limit": "3"})
    assert_recorded_style(reply)
    assert reply.status_code in (200, 400)


@pytest.mark.parametrize("name", ["sysparm_limit", "sysparm_offset"])
@pytest.mark.parametrize("value", ["-1", "0", "²", "٣", "1e3", "9" * 18, "9" * 40, "x", "", "1;DROP"])
def test_a_bad_number_is_answered(signed_in, name, value):
    assert_recorded_style(signed_in().get("api/now/table/sc_catalog", params={name: value}), 200)


@pytest.mark.parametrize(
    "fields", [",", "name,name", "a.b.c", "category.", ".name", "variables.", "variables", "\x00"]
)
def test_bad_fields_are_answered(signed_in, fields):
    for table in ("sc_cat_item", "sc_req_item"):
        reply = signed_in().get(
            f"api/now/table/{table}", params={"sysparm_fields": fields, "sysparm_limit": "2"}
        )
        assert_recorded_style(reply, 200)


BAD_BODIES = [
    b"{",
    b"[]",
    b"null",
    b"5",
    b'"text"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"<xml/>",
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_a_bad_body_is_refused(signed_in, method, body):
    address = "api/now/table/sys_properties" + ("" if method == "POST" else "/" + "0" * 32)
    reply = signed_in("admin").request(
        method, address, content=body, headers={"Content-Type": "application/json"}
    )
    assert_recorded_style(reply, 400)


def test_strange_values_are_stored_as_text(practice, signed_in):
    admin = signed_in("admin")
    values = {"name": ["a", {"b": 1}], "value": {"value": True}, "description": "half \ud83d", "nothing": 1}
    reply = admin.post("api/now/table/sys_properties", content=json.dumps(values))
    assert_recorded_style(reply, 201)
    row = practice.records("sys_properties", sys_id=reply.json()["result"]["sys_id"])[0]
    assert (row["name"], row["value"], row["description"]) == ("['a', {'b': 1}]", "true", "half ?")
    assert admin.delete(f"api/now/table/sys_properties/{row['sys_id']}").status_code == 204


def test_a_key_is_given_once(practice, signed_in):
    admin = signed_in("admin")
    made = admin.post("api/now/table/sys_properties", json={"sys_id": "", "name": "x"}).json()["result"]
    assert len(made["sys_id"]) == 32
    again = admin.post("api/now/table/sys_properties", json={"sys_id": made["sys_id"], "name": "y"})
    assert_recorded_style(again, 403)
    assert practice.records("sys_properties", sys_id=made["sys_id"])[0]["name"] == "x"
    admin.delete(f"api/now/table/sys_properties/{made['sys_id']}")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "api/now/table/no_such_table", 400),
        ("GET", "api/now/table/sqlite_master", 400),
        ("GET", "api/now/table/sc_catalog/none", 404),
        ("GET", "api/now/table/sc_request/%00", 404),
        ("GET", "api/now/table", 400),
        ("GET", "api/now/table/a/b/c", 400),
        ("GET", "api/now/stats/sc_catalog", 400),
        ("PATCH", "api/now/table/sys_properties", 404),
        ("PATCH", "api/now/table/sys_properties/none", 404),
        ("DELETE", "api/now/table/sys_properties", 404),
        ("DELETE", "api/now/table/sys_properties/none", 404),
        ("GET", "none.do?WSDL", 404),
        ("GET", "%FF%FE.do?WSDL", 404),
        ("POST", "none.do?SOAP", 404),
        ("GET", "nav_to.do?uri=x", 200),
        ("GET", "", 200),
        ("OPTIONS", "api/now/table/sc_catalog", 400),
        ("TRACE", "nav_to.do", 200),
        ("GET", "../../etc/passwd", 200),
    ],
)
def test_an_address_that_means_nothing_is_answered(signed_in, method, path, status):
    assert_recorded_style(signed_in("admin").request(method, path), status)


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic é",
        "Basic !!!!",
        "Basic YQ==",
        "Basic //8=",
        "Bearer x",
        "basic a",
        "x" * 5000,
        "Basic Og==",
    ],
)
def test_bad_credentials_are_refused_as_recorded(practice, authorization):
    headers = [(b"Authorization", authorization.encode("latin-1"))]
    reply = httpx.get(f"{practice.base_url}api/now/table/sc_catalog", headers=headers, trust_env=False)
    assert_recorded_style(reply, 401)
    assert reply.json()["error"]["message"] == "User Not Authenticated"
    reply = httpx.get(f"{practice.base_url}InstanceInfo.do?WSDL", headers=headers, trust_env=False)
    assert_recorded_style(reply, 401)


def soap(inner, before=""):
    return f'{before}<e:Envelope xmlns:e="{ENVELOPE}"><e:Body>{inner}</e:Body></e:Envelope>'.encode()


GOOD = soap("<execute><PMGetRequestId>x</PMGetRequestId></execute>")
NO_ENVELOPES = [
    b"",
    b"<",
    b"text",
    b"<a/>",
    GOOD[:-10],
    soap(""),
    soap("text"),
    soap("<!-- nothing -->"),
    soap("<execute/>", "<!DOCTYPE x>"),
    soap("<execute><a>&y;</a></execute>", '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>'),
    b"\xff\xfe\x00",
    GOOD.replace(b">x<", b">\x01<"),
    soap("<a>" * 5000 + "</a>" * 5000),
    b'<?xml version="1.0" encoding="none"?>' + GOOD,
]


@pytest.mark.parametrize("body", NO_ENVELOPES, ids=range(len(NO_ENVELOPES)))
def test_what_is_no_envelope_is_a_fault(signed_in, body):
    reply = signed_in().post(STATUS, content=body)
    assert_recorded_style(reply, 500)
    assert "Unable to parse SOAP document" in reply.text


@pytest.mark.parametrize(
    "inner",
    [
        "<execute/>",
        "<other/>",
        "<!-- x --><execute><!-- y --><PMGetRequestId>a<?b c?></PMGetRequestId></execute>",
        "<execute><?pi?><PMGetRequestId><b>a</b></PMGetRequestId><PMGetRequestId>b</PMGetRequestId></execute>",
        "<execute><unknown>1</unknown></execute>",
        "<execute xmlns='urn:x'><PMGetRequestId xmlns='urn:y'>a</PMGetRequestId></execute>",
    ],
)
def test_an_envelope_with_strange_inputs_is_invalid_and_nothing_worse(signed_in, inner):
    reply = signed_in().post(STATUS, content=soap(inner))
    assert_recorded_style(reply, 200)
    assert ">invalid<" in reply.text


def test_a_call_that_is_no_post_is_the_recorded_fault(signed_in):
    reply = signed_in().get(STATUS)
    assert_recorded_style(reply, 500)
    assert " Error completing SOAP request - Only HTTP POST supported " in reply.text


@pytest.mark.parametrize(
    "values",
    [
        {"function_name": "not a name"},
        {"function_name": "<x>"},
        {"function_name": "1"},
        {"name": "With Space & < \"'"},
        {"name": "Ümlaut"},
        {"script": "x"},
        {"script": ""},
    ],
)
def test_a_service_with_a_strange_record_is_answered(practice, signed_in, values):
    admin = signed_in("admin")
    record = {
        "name": "Strange",
        "active": "true",
        "function_name": "execute",
        "script": STATUS_SCRIPT,
        **values,
    }
    made = admin.post("api/now/table/sys_web_service", json=record).json()["result"]["sys_id"]
    for name, order in (("in put", "first"), ("a\x01b", "-3"), ("", "")):
        parameter = {"name": name, "order": order, "web_service": made}
        reply = admin.post("api/now/table/sys_web_service_input", json=parameter)
        assert_recorded_style(reply, 201 if name else 403)
    name = httpx.URL(f"/{record['name']}.do").raw_path.decode()
    assert_recorded_style(admin.get(f"{name}?WSDL"), 200)
    reply = admin.post(f"{name}?SOAP", content=GOOD)
    assert_recorded_style(reply, 500 if values.get("script") else 200)
    admin.delete(f"api/now/table/sys_web_service/{made}")


def test_a_mistake_of_its_own_is_a_fault_and_logged(practice, signed_in, caplog, monkeypatch):
    monkeypatch.setattr(practice._web.services.runner, "run", lambda call: 1 / 0)
    assert_recorded_style(signed_in().post(STATUS, content=GOOD), 500)
    assert "ZeroDivisionError" in caplog.text
    caplog.clear()


@ONE_INSTANCE
@given(
    query=st.text(max_size=60),
    fields=st.text(max_size=30),
    table=st.sampled_from(["sc_req_item", "sys_user"]),
)
def test_any_query_is_answered(signed_in, query, fields, table):
    query = query.encode(errors="replace").decode()
    params = {
        "sysparm_query": query,
        "sysparm_fields": fields.encode(errors="replace").decode(),
        "sysparm_limit": "2",
    }
    assert_recorded_style(signed_in().get(f"api/now/table/{table}", params=params))


@ONE_INSTANCE
@example(path="//")
@example(path="a\nb.do")
@given(path=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="?#"), max_size=30))
def test_any_address_is_answered(signed_in, path):
    assert_recorded_style(signed_in().post(f"./{quote(path)}?SOAP", content=GOOD))


@ONE_INSTANCE
@given(body=st.binary(max_size=120))
def test_any_body_is_answered(signed_in, body):
    assert_recorded_style(signed_in().post(STATUS, content=body), 500)
    assert_recorded_style(signed_in("admin").post("api/now/table/sys_properties/", content=body))
