"""Descriptions (WSDL) as customers write them by hand, in the parts that differ."""

OPERATION = """<wsdl:operation name="{name}"><soap:operation soapAction="urn:{name}"/>
  <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
</wsdl:operation>"""
WSDL = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="urn:mine"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  targetNamespace="urn:mine">
<wsdl:types><xsd:schema elementFormDefault="{form}" targetNamespace="urn:mine">{imports}
<xsd:element name="submit"><xsd:complexType><xsd:sequence>{inputs}</xsd:sequence></xsd:complexType></xsd:element>
<xsd:element name="submitResponse"><xsd:complexType><xsd:sequence>
  <xsd:element name="out" type="xsd:string" minOccurs="0"/></xsd:sequence></xsd:complexType></xsd:element>
</xsd:schema></wsdl:types>
<wsdl:message name="in"><wsdl:part name="Mine" element="tns:submit"/></wsdl:message>
<wsdl:message name="out"><wsdl:part name="Mine" element="tns:submitResponse"/></wsdl:message>
<wsdl:portType name="Port"><wsdl:operation name="submit"><wsdl:input message="tns:in"/>
  <wsdl:output message="tns:out"/></wsdl:operation></wsdl:portType>
<wsdl:binding name="Bound" type="tns:Port">
  <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>{operation}</wsdl:binding>
<wsdl:service name="Any"><wsdl:port name="P" binding="tns:Bound"><soap:address location="{location}"/></wsdl:port>
</wsdl:service></wsdl:definitions>"""
STRING = '<xsd:element name="{0}" type="xsd:string" minOccurs="0"/>'
ONE_INPUT = STRING.format("id")
REPLY = """<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>
<submitResponse xmlns="urn:mine"><out>done</out></submitResponse></S:Body></S:Envelope>"""


def description(inputs=ONE_INPUT, form="unqualified", imports="", location="", operation="submit"):
    return WSDL.format(
        inputs=inputs,
        form=form,
        imports=imports,
        location=location or "https://dev.example/webservices/Mine.do?SOAP",
        operation=OPERATION.format(name=operation),
    )
