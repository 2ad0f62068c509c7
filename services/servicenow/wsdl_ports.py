"""Chooses the SOAP 1.1 port of a service in its description (WSDL), whatever else is described beside it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from lxml.etree import _Element

WSDL_NS = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP_NS = "{http://schemas.xmlsoap.org/wsdl/soap/}"
HTTP_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"
DEFAULT_OPERATION = "execute"
"""What the operation of a scripted service is called unless somebody renamed it."""


def select_soap_port(root: "_Element", name: str) -> bool:
    """Leave the SOAP 1.1 port of the service `name` in a description, with what it needs; returns whether there is one.

    Of several, the one counts whose service or address carries the name, then the one that stands first.
    """
    bindings = {binding.get("name", ""): binding for binding in root.findall(f"{WSDL_NS}binding")}
    spoken = {key: binding for key, binding in bindings.items() if _is_soap_binding(binding)}
    ports = [port for port in root.iter(f"{WSDL_NS}port") if _referenced_name(port, "binding") in spoken]
    if not ports:
        return False
    chosen = min(ports, key=lambda port: _name_distance(port, name))
    binding = spoken[_referenced_name(chosen, "binding")]
    _remove(
        root, (service for service in root.findall(f"{WSDL_NS}service") if service is not chosen.getparent())
    )
    _remove(root, (one for one in bindings.values() if one is not binding))
    _remove_other_ports(chosen)
    _keep_one_operation(binding)
    port_type = _referenced_name(binding, "type")
    types = root.findall(f"{WSDL_NS}portType")
    _remove(root, (one for one in types if one.get("name") != port_type))
    used = {
        _referenced_name(part, "message")  # of the operations, and of headers in the binding
        for one in (*types, binding)
        if one is binding or one.get("name") == port_type
        for part in one.iter()
        if isinstance(part.tag, str) and part.get("message")
    }
    _remove(
        root, (message for message in root.findall(f"{WSDL_NS}message") if message.get("name") not in used)
    )
    return True


def _is_soap_binding(binding: "_Element") -> bool:
    said = binding.find(f"{SOAP_NS}binding")
    return said is not None and said.get("transport", HTTP_TRANSPORT) == HTTP_TRANSPORT


def _referenced_name(element: "_Element", attribute: str) -> str:
    return element.get(attribute, "").rpartition(":")[2].strip()


def _name_distance(port: "_Element", name: str) -> int:
    service = port.getparent()
    named = service.get("name", "") if service is not None else ""
    if named in (name, f"ServiceNow_{name}"):
        return 0
    address = port.find(f"{SOAP_NS}address")
    location = address.get("location", "") if address is not None else ""
    try:
        last = unquote(urlsplit(location).path.rpartition("/")[2])
    except ValueError:
        last = ""
    return 1 if last == f"{name}.do" else 2


def _remove_other_ports(chosen: "_Element") -> None:
    service = chosen.getparent()
    if service is not None:
        _remove(service, (port for port in service.findall(f"{WSDL_NS}port") if port is not chosen))


def _keep_one_operation(binding: "_Element") -> None:
    """Leave one operation: the one that scripted services have, else the first."""
    operations = binding.findall(f"{WSDL_NS}operation")
    kept = next((one for one in operations if one.get("name") == DEFAULT_OPERATION), None)
    if kept is None and operations:
        kept = operations[0]
    _remove(binding, (one for one in operations if one is not kept))


def _remove(parent: "_Element", children: "Iterator[_Element]") -> None:
    for child in list(children):
        if child.getparent() is parent:
            parent.remove(child)
