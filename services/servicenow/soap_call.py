"""Scripted SOAP services. The only module that knows zeep: it reads the WSDL and writes the request.

The reply is read by `replies`, because zeep either refuses or silently misreads what instances really send; the address
comes from the foreign system, never from the WSDL.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, urljoin

import httpx

from models.addresses import Origin
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.servicenow.contract import ServiceDescription
from services.servicenow.faults import make_error
from services.servicenow.http_session import HttpSession
from services.servicenow.response_checks import mentions_missing_rights, raise_for_failure, raise_for_guest
from services.servicenow.soap_reply import local_name, parse_reply, parse_xml, raise_for_soap_fault
from services.servicenow.wsdl_ports import select_soap_port

if TYPE_CHECKING:
    from lxml.etree import _Element

_ZeepObject: TypeAlias = Any  # Any: zeep is untyped, its objects follow the WSDL

WSDL_MAX = 1024 * 1024
REPLY_MAX = 1024 * 1024
"""A comment of 4,000 characters is the longest that a contract's reply carries; taking apart what is larger would be
felt in a window."""
XSD_NS = "http://www.w3.org/2001/XMLSchema"
GROUP_TAGS = tuple(f"{{{XSD_NS}}}{name}" for name in ("group", "attributeGroup"))
STATUSES_BEFORE_SOAP_FAULT = (401, 404, 429)
"""Statuses that say more than a SOAP fault that comes with them."""
SOAP_QUERY_REMEDY = (
    "Give the account soap_query, or soap, which contains it: reading a description takes this role."
)


@dataclass(frozen=True, slots=True)
class _CompiledWsdl:
    """A description, and what is needed to write a request for it."""

    description: ServiceDescription
    client: _ZeepObject
    proxy: _ZeepObject
    action: str


def _quote_name(name: str) -> str:
    try:
        return quote(name, safe="")
    except UnicodeEncodeError as error:
        # Half of a character, as a broken paste leaves it behind.
        seen = f"{name!a} is not text"
        raise make_error(
            FaultId.INPUT_UNSENDABLE, "Call a service", seen, cause="No call can carry this text."
        ) from error


class SoapService:
    """One scripted SOAP service of an instance."""

    def __init__(self, session: HttpSession, name: str) -> None:
        self._session = session
        self.name = name
        self._path = f"{_quote_name(name)}.do"
        self._wsdl: _CompiledWsdl | None = None
        self._reading = asyncio.Lock()

    async def through(self, session: HttpSession) -> "SoapService":
        """Return the same service for calls through another session, which need not read the description."""
        other = SoapService(session, self.name)
        other._wsdl = await self._compile()
        return other

    async def describe(self, *, fresh: bool = False) -> ServiceDescription:
        """Return what the WSDL says; it is read once. Raises `service-missing` when there is none."""
        return (await self._compile(fresh=fresh)).description

    async def call(
        self,
        inputs: Mapping[str, str],
        outputs: tuple[str, ...],
        *,
        optional: tuple[str, ...] = (),
        reads: bool = False,
    ) -> dict[str, str]:
        """Call the service once and return `outputs`, each of which must be in the reply exactly once.

        Those of `optional` are returned where they are there. `reads` says that the service changes nothing.
        Raises `service-contract` when the service has no such input or output, `input-unsendable`, and everything an
        answer can be wrong with.
        """
        tried = f"Call the service {self.name}"
        compiled = await self._compile()
        body = self._request(compiled, inputs, outputs, tried)
        response = await self._session.post_soap(
            self._path, body, action=compiled.action, tried=tried, reads=reads
        )
        return parse_response(response, outputs, tried, optional)

    def _request(
        self, compiled: _CompiledWsdl, inputs: Mapping[str, str], outputs: tuple[str, ...], tried: str
    ) -> bytes:
        from lxml import etree
        from zeep.exceptions import Error as ZeepError

        known = compiled.description
        missing = [n for n in inputs if n not in known.inputs] + [
            n for n in outputs if n not in known.outputs
        ]
        if missing:
            raise make_error(
                FaultId.SERVICE_CONTRACT, tried, f"{self.name} has no parameter {', '.join(missing)}"
            )
        try:
            message = compiled.client.create_message(compiled.proxy, known.operation, **inputs)
        except ValueError as error:
            raise make_error(FaultId.INPUT_UNSENDABLE, tried, str(error)) from error
        except ZeepError as error:
            raise make_error(
                FaultId.SERVICE_CONTRACT,
                tried,
                f"{self.name}: {error}",
                cause="The service asks for more than the contract gives.",
                remedy="Make every further input of the service optional.",
            ) from error
        except Exception as error:
            # What a type makes of a text that is none of its values raises whatever its conversion raises.
            raise self._not_text(known, f"{type(error).__name__}: {error}", tried) from error
        self._raise_if_converted(known, message, inputs, tried)
        written: bytes = etree.tostring(message, xml_declaration=True, encoding="UTF-8")
        return written

    def _raise_if_converted(
        self, known: ServiceDescription, message: "_Element", inputs: Mapping[str, str], tried: str
    ) -> None:
        """Raise where a text would be sent as another one: types other than strings turn “a reason” into “true”."""
        typed = {name for name, _ in known.typed_inputs}
        for element in message.iter() if typed & set(inputs) else ():
            name = local_name(element) if isinstance(element.tag, str) else ""
            if name in typed & set(inputs) and (len(element) or (element.text or "") != inputs[name]):
                raise self._not_text(known, f"{name} would be sent as “{element.text or ''}”", tried)

    def _not_text(self, known: ServiceDescription, seen: str, tried: str) -> ConsoleError:
        declared = ", ".join(f"{name} is {kind}" for name, kind in known.typed_inputs)
        return make_error(
            FaultId.SERVICE_INPUT_TYPE, tried, f"{self.name}: {seen}; {declared or 'all are strings'}"
        )

    async def _compile(self, *, fresh: bool = False) -> _CompiledWsdl:
        async with self._reading:
            if self._wsdl is None or fresh:
                tried = f"Read the description of the service {self.name}"
                content = await self._download_wsdl(tried)
                address = f"{self._session.settings.base_url}{self._path}?SOAP"
                # Off the loop: building a client takes long enough to be felt in a window.
                self._wsdl = await asyncio.to_thread(_compile_wsdl, self.name, content, address, tried)
            return self._wsdl

    async def _download_wsdl(self, tried: str) -> bytes:
        response = await self._session.get(f"{self._path}?WSDL", tried=tried, accept="text/xml")
        said = response.status_code in STATUSES_BEFORE_SOAP_FAULT and not (
            response.status_code == 401 and mentions_missing_rights(response.text[:20_000])
        )
        if not said and b"Envelope" in response.content[:2000]:
            # A fault says more than the number it comes with, which may be 200. In a thread: XML is imported first.
            root = await asyncio.to_thread(parse_xml, response.content[:WSDL_MAX], tried)
            raise_for_soap_fault(root, tried, remedy=SOAP_QUERY_REMEDY)
        try:
            raise_for_failure(response, tried, missing=FaultId.SERVICE_MISSING)
        except ConsoleError as error:
            if error.problem.fault != FaultId.RIGHTS_MISSING:
                raise
            raise make_error(
                FaultId.RIGHTS_MISSING, tried, error.problem.evidence, remedy=SOAP_QUERY_REMEDY
            ) from error
        if response.status_code != 200:
            raise make_error(FaultId.SERVER_ERROR, tried, f"HTTP {response.status_code} with a description")
        if len(response.content) > WSDL_MAX:
            raise make_error(FaultId.ANSWER_TOO_LARGE, tried, f"{len(response.content)} bytes")
        return response.content


def parse_response(
    response: httpx.Response, outputs: tuple[str, ...], tried: str, optional: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return `outputs` of an HTTP response to a SOAP call; raises for everything that is no success."""
    raise_for_failure(response, tried, missing=FaultId.SERVICE_MISSING)
    raise_for_guest(response, tried)
    if len(response.content) > REPLY_MAX:
        raise make_error(FaultId.ANSWER_TOO_LARGE, tried, f"{len(response.content)} bytes")
    values = parse_reply(response.content, outputs, tried, optional)
    if response.status_code != 200:
        raise make_error(
            FaultId.SERVER_ERROR, tried, f"HTTP {response.status_code} with a reply that looks complete"
        )
    return values


def _compile_wsdl(name: str, content: bytes, address: str, tried: str) -> _CompiledWsdl:
    """Let zeep read a WSDL that was fetched already; it can load nothing else."""
    from lxml import etree
    from zeep import Client, Settings
    from zeep.transports import Transport

    class Nothing(Transport):
        """Refuses every load: imports of other documents would leave the instance, with the password."""

        def __init__(self) -> None:
            self.cache = None
            self._close_session = False

        def load(self, url: str) -> bytes:
            raise ValueError(f"the WSDL refers to another document: {url}")

    root = parse_xml(content, tried)
    raise_for_soap_fault(root, tried, remedy=SOAP_QUERY_REMEDY)
    if not root.tag.endswith("}definitions"):
        raise make_error(FaultId.SERVICE_MISSING, tried, f"the answer is a <{root.tag}> and no WSDL")
    if any(next(root.iter(name), None) is not None for name in GROUP_TAGS):
        # zeep writes out every use of a group: a few that use each other twice would keep it busy for ever.
        raise make_error(
            FaultId.SERVICE_DESCRIPTION_INVALID, tried, "its schema has groups, which no instance writes"
        )
    if not select_soap_port(root, name):
        raise make_error(FaultId.SERVICE_DESCRIPTION_INVALID, tried, "it describes no SOAP 1.1 port")
    try:
        settings = Settings(raw_response=True, forbid_dtd=True, forbid_external=True, strict=True)
        make: _ZeepObject = Client
        client = make(BytesIO(etree.tostring(root)), transport=Nothing(), settings=settings)
        binding_name, binding = next(iter(client.wsdl.bindings.items()))
        operation = next(iter(binding.all().values()))
        elements = list(operation.input.body.type.elements)
        outputs = tuple(e[0] for e in operation.output.body.type.elements)
        located = next(iter(next(iter(client.wsdl.services.values())).ports.values())).binding_options[
            "address"
        ]
        proxy = client.create_service(str(binding_name), address)
    except Exception as error:
        raise make_error(
            FaultId.SERVICE_DESCRIPTION_INVALID, tried, f"{type(error).__name__}: {error}"
        ) from error
    description = ServiceDescription(
        name,
        operation.name,
        tuple(e[0] for e in elements),
        outputs,
        located,
        _is_other_host(located, address),
        tuple(
            (e[0], _xsd_type_name(e[1].type))
            for e in elements
            if not _accepts_any_text(getattr(e[1], "type", None))
        ),
    )
    return _CompiledWsdl(description, client, proxy, operation.soapaction or "")


def _accepts_any_text(kind: object) -> bool:
    """Return whether a type of an input takes every text: a string, what is derived from one, or no type in particular."""
    from zeep import xsd

    return isinstance(kind, xsd.String | xsd.AnyURI) or type(kind) in (
        type(None),
        xsd.AnyType,
        xsd.AnySimpleType,
    )


def _xsd_type_name(kind: object) -> str:
    from zeep import xsd

    for made in type(kind).__mro__:
        if issubclass(made, xsd.AnySimpleType) and made is not xsd.AnySimpleType:
            name = getattr(made, "_default_qname", None)
            if name is not None and name.namespace == XSD_NS:
                return f"xsd:{name.localname}"
    return "of a type of its own"


def _is_other_host(located: str, address: str) -> bool:
    """Return whether a location is at another host; one without a host is at that of the description."""
    try:
        return Origin.of(urljoin(address, located.strip())) != Origin.of(address)
    except ValueError:
        return True
