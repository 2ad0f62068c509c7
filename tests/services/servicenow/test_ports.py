"""Descriptions with several bindings, ports and services: the SOAP 1.1 port of the service counts, wherever it stands."""

import itertools

import pytest

from services.common.errors import ConsoleError
from tests.services.servicenow.descriptions import REPLY, STRING, description
from tests.services.servicenow.rawserver import RawServer, xml
from tests.services.servicenow.support import assert_five_parts, at

HTTP, MIME = "http://schemas.xmlsoap.org/wsdl/http/", "http://schemas.xmlsoap.org/wsdl/mime/"
SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
GET = """<wsdl:message name="getIn"><wsdl:part name="id" type="xsd:string"/></wsdl:message>
<wsdl:message name="getOut"><wsdl:part name="Body" element="tns:nothing"/></wsdl:message>
<wsdl:portType name="Get"><wsdl:operation name="other"><wsdl:input message="tns:getIn"/>
  <wsdl:output message="tns:getOut"/></wsdl:operation></wsdl:portType>"""
GET_BINDING = f"""<wsdl:binding name="HttpGet" type="tns:Get"><h:binding xmlns:h="{HTTP}" verb="GET"/>
<wsdl:operation name="other"><h:operation xmlns:h="{HTTP}" location="/other"/>
<wsdl:input><h:urlEncoded xmlns:h="{HTTP}"/></wsdl:input>
<wsdl:output><m:mimeXml xmlns:m="{MIME}" part="Body"/></wsdl:output></wsdl:operation></wsdl:binding>"""
NEW_BINDING = f"""<wsdl:binding name="Soap12" type="tns:Port">
<n:binding xmlns:n="{SOAP12}" transport="http://schemas.xmlsoap.org/soap/http"/>
<wsdl:operation name="submit"><n:operation xmlns:n="{SOAP12}" soapAction="urn:new"/>
<wsdl:input><n:body xmlns:n="{SOAP12}" use="literal"/></wsdl:input>
<wsdl:output><n:body xmlns:n="{SOAP12}" use="literal"/></wsdl:output></wsdl:operation></wsdl:binding>"""
JMS_BINDING = """<wsdl:binding name="Jms" type="tns:Port">
<soap:binding style="document" transport="http://www.w3.org/2010/soapjms/"/></wsdl:binding>"""
ODD_BINDING = '<wsdl:binding name="Odd" type="tns:Gone"><x:binding xmlns:x="urn:x"/></wsdl:binding>'
PORTS = {
    "get": f'<wsdl:port name="G" binding="tns:HttpGet"><h:address xmlns:h="{HTTP}" location="https://g/"/></wsdl:port>',
    "new": f'<wsdl:port name="N" binding="tns:Soap12"><n:address xmlns:n="{SOAP12}" location="https://n/"/></wsdl:port>',
    "soap": '<wsdl:port name="P" binding="tns:Bound"><soap:address location="https://s/Mine.do?SOAP"/></wsdl:port>',
}
OTHER = """<wsdl:binding name="Other" type="tns:Port">
<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
<wsdl:operation name="submit"><soap:operation soapAction="urn:other"/>
<wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
</wsdl:operation></wsdl:binding>"""
OTHER_SERVICE = """<wsdl:service name="{0}"><wsdl:port name="O" binding="tns:Other">
<soap:address location="{1}"/></wsdl:port></wsdl:service>"""


def made(*, bindings=(), services="", ports=(PORTS["soap"],), name="Any", types=""):
    """Return a description with further bindings before and services before and after the one that counts."""
    plain = description(imports=types)
    start, end = plain.index("<wsdl:binding"), plain.index("<wsdl:service")
    own = plain[start:end]
    order = "".join(bindings) if bindings else own
    served = f'<wsdl:service name="{name}">{"".join(ports)}</wsdl:service>'
    first, _, last = services.partition("|")
    text = f"{plain[:start]}{order}{first}{served}{last}</wsdl:definitions>"
    return text.replace("<wsdl:portType", f"{GET}<wsdl:portType", 1).replace("{own}", own)


async def called(wsdl, name="Mine"):
    """Call the service that describes itself so; returns its description and what it was sent."""
    async with (
        RawServer(lambda asked: xml(wsdl if asked.method == "GET" else REPLY)) as server,
        at(server.url) as instance,
    ):
        service = instance.service(name)
        assert await service.call({"id": "1"}, ("out",)) == {"out": "done"}
        return await service.describe(), server.asked[-1]


@pytest.mark.parametrize("order", list(itertools.permutations(["{own}", GET_BINDING, NEW_BINDING])))
@pytest.mark.parametrize("ports", [("get", "new", "soap"), ("soap", "get", "new"), ("new", "soap", "get")])
async def test_the_soap_port_is_chosen_whatever_stands_first(order, ports):
    known, asked = await called(made(bindings=order, ports=[PORTS[one] for one in ports]))
    assert (known.operation, known.inputs, known.outputs) == ("submit", ("id",), ("out",))
    assert known.address == "https://s/Mine.do?SOAP"
    assert asked.headers["soapaction"] == '"urn:submit"'
    assert asked.headers["content-type"].startswith("text/xml")


@pytest.mark.parametrize("odd", [JMS_BINDING, ODD_BINDING])
async def test_a_binding_that_nobody_knows_is_passed_over(odd):
    known, _ = await called(made(bindings=(odd, "{own}")))
    assert known.operation == "submit"


@pytest.mark.parametrize(
    "services",
    [
        OTHER_SERVICE.format("Another", "https://s/Another.do?SOAP") + "|",
        "|" + OTHER_SERVICE.format("Another", "https://s/Another.do?SOAP"),
        f'<wsdl:service name="Web">{PORTS["get"]}</wsdl:service>|',
    ],
)
@pytest.mark.parametrize("name", ["Any", "ServiceNow_Mine", "Mine"])
async def test_of_several_services_the_one_that_was_asked_for_counts(services, name):
    known, asked = await called(made(bindings=(OTHER, GET_BINDING, "{own}"), services=services, name=name))
    assert known.address == "https://s/Mine.do?SOAP"
    assert asked.headers["soapaction"] == '"urn:submit"'


@pytest.mark.parametrize("before", [True, False])
async def test_of_several_operations_the_one_of_scripted_services_counts(before):
    def with_another(text, mark):
        start = text.index(mark)
        end = text.index("</wsdl:operation>", start) + len("</wsdl:operation>")
        one = text[start:end]
        other = one.replace("submit", "execute")
        return text[:start] + (other + one if before else one + other) + text[end:]

    wsdl = with_another(description(), '<wsdl:operation name="submit"><wsdl:input')
    known, asked = await called(with_another(wsdl, '<wsdl:operation name="submit"><soap:operation'))
    assert known.operation == "execute"
    assert asked.headers["soapaction"] == '"urn:execute"'


@pytest.mark.parametrize(
    "wsdl",
    [
        made(bindings=(GET_BINDING, NEW_BINDING), ports=[PORTS["get"], PORTS["new"]]),
        made(ports=()),
        made(bindings=(GET_BINDING,), ports=[PORTS["get"]]),
    ],
    ids=["no SOAP 1.1", "no port", "HTTP alone"],
)
async def test_without_a_soap_port_the_description_is_unusable(wsdl):
    async with RawServer(lambda _: xml(wsdl)) as server, at(server.url) as instance:
        with pytest.raises(ConsoleError) as caught:
            await instance.service("Mine").describe()
    assert_five_parts(caught.value, "service-description-invalid")
    assert "no SOAP 1.1 port" in caught.value.problem.evidence


# -- types of inputs -------------------------------------------------------------

RESTRICTED = '<xsd:element name="id" minOccurs="0"><xsd:simpleType><xsd:restriction base="{0}"/></xsd:simpleType></xsd:element>'
LISTED = '<xsd:element name="id" minOccurs="0"><xsd:simpleType><xsd:list itemType="xsd:int"/></xsd:simpleType></xsd:element>'
NESTED = f'<xsd:element name="id" minOccurs="0"><xsd:complexType><xsd:sequence>{STRING.format("a")}</xsd:sequence></xsd:complexType></xsd:element>'
ODD_TYPES = {
    **{
        kind: STRING.format("id").replace("xsd:string", kind)
        for kind in ("xsd:boolean", "xsd:int", "xsd:decimal", "xsd:float", "xsd:dateTime", "xsd:base64Binary")
    },
    "restricted": RESTRICTED.format("xsd:boolean"),
    "list": LISTED,
    "nested": NESTED,
}
TEXT_TYPES = [
    "xsd:string",
    "xsd:normalizedString",
    "xsd:token",
    "xsd:anyURI",
    "xsd:anyType",
    "xsd:anySimpleType",
]


@pytest.mark.parametrize("inputs", ODD_TYPES.values(), ids=ODD_TYPES.keys())
async def test_a_text_is_sent_as_it_is_or_not_at_all(inputs):
    wsdl = description(inputs=inputs)
    for text in ("a reason", "", "true", " 1 ", "1e3", "007"):
        async with (
            RawServer(lambda asked: xml(wsdl if asked.method == "GET" else REPLY)) as server,
            at(server.url) as instance,
        ):
            service = instance.service("Mine")
            assert [name for name, _ in (await service.describe()).typed_inputs] == ["id"]
            refusal = None
            try:
                await service.call({"id": text}, ("out",))
            except ConsoleError as error:
                refusal = error.problem.fault
            sent = server.asked[-1].body.decode()
            if refusal is None:
                assert f"<id>{text}</id>" in sent or (not text and "<id/>" in sent)
            else:
                assert refusal in ("service-input-type", "input-unsendable", "service-contract")
                assert not sent


@pytest.mark.parametrize("kind", TEXT_TYPES)
async def test_types_that_take_every_text_are_good(kind):
    known, asked = await called(description(inputs=STRING.format("id").replace("xsd:string", kind)))
    assert known.typed_inputs == ()
    assert b"<id>1</id>" in asked.body


async def test_the_message_of_a_header_is_kept():
    header = '<soap:header message="tns:extra" part="h" use="literal"/><soap:body'
    extra = '<wsdl:message name="extra"><wsdl:part name="h" element="tns:submit"/></wsdl:message>'
    wsdl = made().replace("<soap:body", header, 1).replace("<wsdl:portType", f"{extra}<wsdl:portType", 1)
    known, _ = await called(wsdl)
    assert known.inputs == ("id",)


@pytest.mark.parametrize("location", ["/Mine.do?SOAP", "Mine.do?SOAP", ""])
async def test_a_location_without_a_host_points_to_no_other_one(location):
    known, _ = await called(made().replace("https://s/Mine.do?SOAP", location))
    assert not known.wsdl_host_differs
