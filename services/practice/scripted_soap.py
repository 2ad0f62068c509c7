"""Scripted SOAP services: WSDL and calls of every active row of sys_web_service.

The structure of the WSDL matches one recorded from an instance; a test compares them.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response

from services.practice.accounts_and_sessions import User
from services.practice.database import Database, Row
from services.practice.faults import FaultRegistry
from services.practice.script_runner import Outputs, ScriptError, ScriptRunner, ServiceCall

WSDL_NAMESPACE = "http://schemas.xmlsoap.org/wsdl/"
XSD_NAMESPACE = "http://www.w3.org/2001/XMLSchema"
SOAP_NAMESPACE = "http://schemas.xmlsoap.org/wsdl/soap/"
UNUSED_NAMESPACES = {
    "mime": "http://schemas.xmlsoap.org/wsdl/mime/",
    "http": "http://schemas.xmlsoap.org/wsdl/http/",
    "soapenc": "http://schemas.xmlsoap.org/soap/encoding/",
}
"""Namespaces that instances declare in every description without using them."""
ENVELOPE_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"
TRANSPORT = "http://schemas.xmlsoap.org/soap/http"
NAMESPACE_ROOT = "http://www.service-now.com/"
BODY_MAX = 10 * 1024 * 1024
RENAMED_SUFFIX = "V2"
"""What the fault service_renamed adds to a name."""


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


def xml_response(root: etree._Element, status: int = 200) -> Response:
    """Return an element as a text/xml response."""
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(content, status, media_type="text/xml;charset=utf-8")


def soap_fault(text: str, detail: str = "", status: int = 500) -> Response:
    """Return a SOAP fault with unqualified children, as instances send it."""
    root = etree.Element(f"{{{ENVELOPE_NAMESPACE}}}Envelope", nsmap={"SOAP-ENV": ENVELOPE_NAMESPACE})
    etree.SubElement(root, f"{{{ENVELOPE_NAMESPACE}}}Header")
    body = etree.SubElement(root, f"{{{ENVELOPE_NAMESPACE}}}Body")
    inner = etree.SubElement(body, f"{{{ENVELOPE_NAMESPACE}}}Fault")
    for name, value in (("faultcode", "SOAP-ENV:Server"), ("faultstring", text), ("detail", detail or text)):
        etree.SubElement(inner, name).text = strip_invalid_xml(value)
    return xml_response(root, status)


def read_inputs(content: bytes) -> dict[str, str] | None:
    """Return the inputs in an envelope by name, or None if it is not an envelope."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content[:BODY_MAX], parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root.getroottree().docinfo.internalDTD is not None:
        return None
    body = next((e for e in root if etree.QName(e).localname == "Body"), None)
    if body is None or len(body) == 0:
        return None
    return {etree.QName(e).localname: e.text or "" for e in body[0]}


class ScriptedServices:
    """Answers `/<name>.do?WSDL` and `/<name>.do?SOAP`."""

    def __init__(self, database: Database, faults: FaultRegistry, runner: ScriptRunner) -> None:
        self._database = database
        self._faults = faults
        self.runner = runner

    def service(self, name: str) -> Row | None:
        """Return the active service with exactly this name, or None."""
        base = name.removesuffix(RENAMED_SUFFIX)
        wanted = base if base != name and self._hits("service_renamed", base) else name
        hidden = ["service_missing", "service_inactive", "service_silent"] + ["service_renamed"] * (
            wanted == name
        )
        if any(self._hits(fault_name, wanted) for fault_name in hidden):
            return None
        rows = self._database.rows("sys_web_service", name=wanted, active="true")
        # The column is case-insensitive; the path of a service is not.
        return next((row for row in rows if row["name"] == wanted), None)

    def _hits(self, fault_name: str, service: str) -> bool:
        return self._faults.applies_to_service(fault_name, service)

    def parameters(self, service: Row, direction: str) -> list[str]:
        """Return the names of a service's inputs or outputs, in their order."""
        rows = self._database.rows(f"sys_web_service_{direction}", web_service=service["sys_id"])
        return [strip_invalid_xml(r["name"]) for r in sorted(rows, key=_order_key)]

    # -- the description ---------------------------------------------------

    def wsdl(self, service: Row, base_url: str) -> Response:
        """Return the WSDL of a service."""
        name, operation = strip_invalid_xml(service["name"]), self._operation(service)
        tns = f"{NAMESPACE_ROOT}{quote(name)}"
        if self._hits("wsdl_broken", name):
            return xml_response(etree.Element(f"{{{WSDL_NAMESPACE}}}definitions", targetNamespace=tns))
        inputs = self.parameters(service, "input")[1 if self._hits("input_missing", name) else 0 :]
        nsmap = {
            "wsdl": WSDL_NAMESPACE,
            "tns": tns,
            "xsd": XSD_NAMESPACE,
            "soap": SOAP_NAMESPACE,
            **UNUSED_NAMESPACES,
        }
        root = etree.Element(f"{{{WSDL_NAMESPACE}}}definitions", nsmap=nsmap, targetNamespace=tns)
        types = etree.SubElement(root, f"{{{WSDL_NAMESPACE}}}types")
        schema = etree.SubElement(
            types, f"{{{XSD_NAMESPACE}}}schema", elementFormDefault="unqualified", targetNamespace=tns
        )
        typed = inputs[-1:] if self._hits("input_typed", name) else []
        self._element(schema, operation, inputs, typed)
        self._element(schema, f"{operation}Response", self.parameters(service, "output"))
        for suffix, element in (("SoapIn", operation), ("SoapOut", f"{operation}Response")):
            message = etree.SubElement(root, f"{{{WSDL_NAMESPACE}}}message", name=f"{operation}{suffix}")
            etree.SubElement(message, f"{{{WSDL_NAMESPACE}}}part", name=name, element=f"tns:{element}")
        port_type = etree.SubElement(root, f"{{{WSDL_NAMESPACE}}}portType", name="ServiceNowSoap")
        described = etree.SubElement(port_type, f"{{{WSDL_NAMESPACE}}}operation", name=operation)
        etree.SubElement(described, f"{{{WSDL_NAMESPACE}}}input", message=f"tns:{operation}SoapIn")
        etree.SubElement(described, f"{{{WSDL_NAMESPACE}}}output", message=f"tns:{operation}SoapOut")
        self._binding(root, tns, operation)
        served = etree.SubElement(root, f"{{{WSDL_NAMESPACE}}}service", name=f"ServiceNow_{name}")
        port = etree.SubElement(
            served, f"{{{WSDL_NAMESPACE}}}port", name="ServiceNowSoap", binding="tns:ServiceNowSoap"
        )
        if self._faults.applies_to_service("wsdl_elsewhere", name):
            base_url = self._faults.option("wsdl_elsewhere", "to", "https://other-instance.example/")
        etree.SubElement(
            port, f"{{{SOAP_NAMESPACE}}}address", location=f"{base_url}{quote(name, safe='')}.do?SOAP"
        )
        return xml_response(root)

    def _operation(self, service: Row) -> str:
        if self._faults.on("operation_renamed"):
            return "submit"
        # A name that is not a valid element name is replaced by the default name of a service.
        return service["function_name"] if _NAME.fullmatch(service["function_name"]) else "execute"

    @staticmethod
    def _element(schema: etree._Element, name: str, parameters: list[str], typed: Sequence[str] = ()) -> None:
        element = etree.SubElement(schema, f"{{{XSD_NAMESPACE}}}element", name=name)
        sequence = etree.SubElement(
            etree.SubElement(element, f"{{{XSD_NAMESPACE}}}complexType"), f"{{{XSD_NAMESPACE}}}sequence"
        )
        for parameter in parameters:
            kind = "xsd:boolean" if parameter in typed else "xsd:string"
            etree.SubElement(
                sequence,
                f"{{{XSD_NAMESPACE}}}element",
                maxOccurs="1",
                minOccurs="0",
                name=parameter,
                type=kind,
            )

    @staticmethod
    def _binding(root: etree._Element, tns: str, operation: str) -> None:
        binding = etree.SubElement(
            root, f"{{{WSDL_NAMESPACE}}}binding", name="ServiceNowSoap", type="tns:ServiceNowSoap"
        )
        etree.SubElement(binding, f"{{{SOAP_NAMESPACE}}}binding", style="document", transport=TRANSPORT)
        bound = etree.SubElement(binding, f"{{{WSDL_NAMESPACE}}}operation", name=operation)
        etree.SubElement(
            bound, f"{{{SOAP_NAMESPACE}}}operation", soapAction=f"{tns}/{operation}", style="document"
        )
        for direction in ("input", "output"):
            inner = etree.SubElement(bound, f"{{{WSDL_NAMESPACE}}}{direction}")
            etree.SubElement(inner, f"{{{SOAP_NAMESPACE}}}body", use="literal")

    # -- the call ----------------------------------------------------------

    async def call(self, request: Request, service: Row, user: User) -> Response:
        """Run the script of a service with the inputs of an envelope."""
        if request.method != "POST":
            return soap_fault(
                " Error completing SOAP request - Only HTTP POST supported ", "Error completing SOAP request"
            )
        body = await request.body()
        inputs = read_inputs(body)
        if inputs is None:
            return soap_fault("Unable to parse SOAP document", "Error completing SOAP request")
        if self._faults.on("soap_fault"):
            return soap_fault("The script failed: practice fault")
        if self._faults.on("slow_script"):
            await asyncio.sleep(float(self._faults.option("slow_script", "seconds", 2)))
        try:
            # In a thread, because a script may take long.
            call = ServiceCall(service, inputs, user, self._database, body.decode(errors="replace"))
            outputs = await asyncio.to_thread(self.runner.run, call)
        except ScriptError as error:
            return soap_fault(str(error))
        return self._reply(service, outputs)

    def _reply(self, service: Row, outputs: Outputs) -> Response:
        faults = self._faults
        if faults.on("accepted"):
            return Response(status_code=202)
        pairs: list[tuple[str, str | Mapping[str, str]]] = list(outputs.items())
        if faults.on("unknown_status"):
            word = faults.option("unknown_status", "word", "in_review")
            pairs = [(n, word if n == "PMApprovalStatus" else v) for n, v in pairs]
        if faults.on("outputs_reordered"):
            pairs.reverse()
        if faults.on("outputs_undeclared"):
            pairs.insert(0, ("u_added_by_customer", "1"))
        if faults.on("outputs_missing"):
            pairs = pairs[1:]
        if faults.on("outputs_doubled"):
            pairs = pairs[:1] + pairs
        response = xml_response(self._envelope(service, pairs))
        content = bytes(response.body)
        if faults.on("not_well_formed"):
            content = content.replace(b"</SOAP-ENV:Envelope>", b"")
        if faults.on("dtd"):
            content = content.replace(
                b"<SOAP-ENV:Envelope", b'<!DOCTYPE x [<!ENTITY y "z">]><SOAP-ENV:Envelope', 1
            )
        return Response(content, 200, media_type="text/xml;charset=utf-8")

    def _envelope(self, service: Row, pairs: list[tuple[str, str | Mapping[str, str]]]) -> etree._Element:
        space = f"{NAMESPACE_ROOT}{quote(service['name'])}"
        root = etree.Element(
            f"{{{ENVELOPE_NAMESPACE}}}Envelope", nsmap={"SOAP-ENV": ENVELOPE_NAMESPACE, "xsd": XSD_NAMESPACE}
        )
        body = etree.SubElement(root, f"{{{ENVELOPE_NAMESPACE}}}Body")
        name = f"{self._operation(service)}Response"
        # Instances send a default namespace although their schema says unqualified.
        inside = "" if self._faults.on("unqualified") else f"{{{space}}}"
        nsmap: Any = {"tns": space}  # Any: the stubs of lxml do not allow the prefix None
        if not self._faults.on("unqualified"):
            nsmap = {None: space}
        element = etree.SubElement(body, f"{{{space}}}{name}", nsmap=nsmap)
        for key, value in pairs:
            child = etree.SubElement(element, f"{inside}{key}")
            if isinstance(value, str):
                child.text = strip_invalid_xml(value)
            else:
                for part, text in value.items():
                    etree.SubElement(child, f"{inside}{part}").text = strip_invalid_xml(text)
        return root


def strip_invalid_xml(text: str) -> str:
    """Return `text` without characters that are invalid in XML."""
    return "".join(c for c in text if c in "\t\n\r" or (ord(c) >= 32 and c not in "\ufffe\uffff"))


def _order_key(parameter: Row) -> int:
    return int(parameter["order"]) if parameter["order"].lstrip("-").isdecimal() else 0
