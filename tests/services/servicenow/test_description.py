"""Descriptions as customers leave them: edited by hand, of another thing, or unusable; and what is sent to them."""

import asyncio

import pytest
from lxml import etree

from services.common.errors import ConsoleError
from services.servicenow.soap_call import WSDL_MAX, SoapService
from tests.services.servicenow.descriptions import ONE_INPUT, REPLY, description
from tests.services.servicenow.rawserver import RawServer, Reply, xml
from tests.services.servicenow.support import assert_five_parts, at


def serving(wsdl):
    """Return an answer that describes itself with `wsdl` and replies to every call."""
    return lambda asked: xml(wsdl if asked.method == "GET" else REPLY)


async def refused(wsdl, fault, **inputs):
    async with RawServer(serving(wsdl)) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await instance.service("Mine").call(inputs, ("out",))
        assert_five_parts(caught.value, fault)
        assert [asked.method for asked in server.asked] == ["GET"]
        return caught.value.problem


@pytest.mark.parametrize("form", ["qualified", "unqualified"])
async def test_the_request_keeps_to_the_description(form):
    async with RawServer(serving(description(form=form))) as server, at(server.url) as instance:
        assert await instance.service("Mine").call({"id": "& <"}, ("out",)) == {"out": "done"}
        asked = server.asked[-1]
        sent = etree.fromstring(asked.body)[0][0]
        assert sent.tag == "{urn:mine}submit"
        assert [(e.tag, e.text) for e in sent] == [("{urn:mine}id" if form == "qualified" else "id", "& <")]
        assert asked.headers["soapaction"] == '"urn:submit"'
        assert asked.headers["content-type"] == "text/xml; charset=utf-8"
        assert asked.target == "/Mine.do?SOAP"


async def test_calls_go_to_the_base_url_with_its_path_and_never_to_the_address_in_the_description():
    async with RawServer(serving(description())) as server, at(f"{server.url}gateway/") as instance:
        service = instance.service("Mine")
        await service.call({"id": "1"}, ("out",))
        assert (await service.describe()).wsdl_host_differs
        assert [asked.path for asked in server.asked] == ["/gateway/Mine.do", "/gateway/Mine.do"]


async def test_a_description_is_read_once_however_many_ask():
    async with RawServer(serving(description())) as server, at(server.url) as instance:
        service = instance.service("Mine")
        await asyncio.gather(*(service.call({"id": str(n)}, ("out",)) for n in range(5)))
        assert [asked.method for asked in server.asked].count("GET") == 1
        await service.describe(fresh=True)
        instance.clear_service_cache()
        await instance.service("Mine").describe()
        assert [asked.method for asked in server.asked].count("GET") == 3


async def test_a_failed_description_is_asked_for_again():
    answers = iter([Reply(b"", 404), xml(description())])
    async with RawServer(lambda _: next(answers)) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError):
            await instance.service("Mine").describe()
        assert (await instance.service("Mine").describe()).operation == "submit"


async def test_an_input_that_was_made_mandatory_by_hand_is_named():
    extra = ONE_INPUT + '<xsd:element name="u_cost_centre" type="xsd:string"/>'
    problem = await refused(description(inputs=extra), "service-contract", id="1")
    assert "u_cost_centre" in problem.evidence


async def test_an_input_that_only_takes_numbers_is_named():
    number = """<xsd:element name="id"><xsd:simpleType><xsd:restriction base="xsd:int">
      <xsd:maxInclusive value="3"/></xsd:restriction></xsd:simpleType></xsd:element>"""
    async with RawServer(serving(description(inputs=number))) as server, at(server.url) as instance:
        assert await instance.service("Mine").call({"id": "3"}, ("out",)) == {"out": "done"}
        assert b">3<" in server.asked[-1].body


async def test_unknown_inputs_and_outputs_are_refused_before_the_call():
    problem = await refused(description(), "service-contract", other="1")
    assert "other" in problem.evidence


@pytest.mark.parametrize(
    ("wsdl", "fault"),
    [
        ("", "reply-malformed"),
        ("<wsdl", "reply-malformed"),
        (description()[:-30], "reply-malformed"),
        ("<html><body>ok</body></html>", "html-instead-of-data"),
        ("<report/>", "service-missing"),
        (REPLY, "service-missing"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "reply-malformed"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + description(), "reply-malformed"),
        ('<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/"/>', "service-description-invalid"),
        (description().replace('element="tns:submit"', 'element="tns:gone"'), "service-description-invalid"),
        (description().replace("xsd:string", "xsd:strong"), "service-description-invalid"),
        (description(operation="other"), "service-description-invalid"),
        (
            description(imports='<xsd:import namespace="urn:x" schemaLocation="x.xsd"/>'),
            "service-description-invalid",
        ),
        (
            description(imports='<xsd:include schemaLocation="file:///etc/passwd"/>'),
            "service-description-invalid",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else value,
)
async def test_an_unusable_description_is_named(wsdl, fault):
    await refused(wsdl, fault, id="1")


async def test_nothing_else_is_fetched_for_a_description():
    async with RawServer(lambda _: xml("<never/>")) as elsewhere:
        imports = f'<xsd:import namespace="urn:x" schemaLocation="{elsewhere.url}x.xsd"/>'
        await refused(description(imports=imports), "service-description-invalid", id="1")
        assert not elsewhere.asked


async def test_a_description_that_grows_while_it_is_read_is_refused():
    """Groups that use each other twice make millions of elements of a few lines; the test's time limit is the proof."""
    group = '<xsd:group name="g{0}"><xsd:sequence><xsd:group ref="tns:g{1}"/><xsd:group ref="tns:g{1}"/></xsd:sequence>'
    groups = "".join(f"{group.format(n, n + 1)}</xsd:group>" for n in range(40))
    wsdl = description(inputs='<xsd:group ref="tns:g0"/>', imports=groups)
    await refused(wsdl, "service-description-invalid", id="1")


async def test_a_description_beyond_every_measure_is_refused():
    wsdl = description() + " " * WSDL_MAX
    await refused(wsdl, "answer-too-large", id="1")


async def test_a_name_is_one_step_of_the_path_whatever_it_holds():
    async with RawServer(serving(description())) as server, at(server.url) as instance:
        await instance.service("../a b?WSDL#ü").describe()
        assert server.asked[-1].target == "/..%2Fa%20b%3FWSDL%23%C3%BC.do?WSDL"


def test_a_service_has_no_string_form_with_a_secret():
    service = SoapService(at("http://127.0.0.1:9/"), "Mine")
    assert "planted-secret" not in repr(service) + repr(vars(service)) + repr(vars(service._session))
