"""Chooses the SOAP 1.1 port of a service in its description (WSDL), whatever else is described beside it."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from lxml import etree

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
HTTP_TRANSPORT = "http://schemas.xmlsoap.org/soap/http"
OPERATION = "execute"
"""What the operation of a scripted service is called unless somebody renamed it."""


def keep_one_port(root: etree._Element, name: str) -> bool:
    """Leave the SOAP 1.1 port of the service `name` in a description, with what it needs; returns whether there is one.

    Of several, the one counts whose service or address carries the name, then the one that stands first.
    """
    bindings = {binding.get("name", ""): binding for binding in root.findall(f"{WSDL}binding")}
    spoken = {key: binding for key, binding in bindings.items() if _speaks_soap(binding)}
    ports = [port for port in root.iter(f"{WSDL}port") if _referred(port, "binding") in spoken]
    if not ports:
        return False
    chosen = min(ports, key=lambda port: _distance(port, name))
    binding = spoken[_referred(chosen, "binding")]
    _drop(root, (service for service in root.findall(f"{WSDL}service") if service is not chosen.getparent()))
    _drop(root, (one for one in bindings.values() if one is not binding))
    _drop_ports(chosen)
    _keep_one_operation(binding)
    port_type = _referred(binding, "type")
    types = root.findall(f"{WSDL}portType")
    _drop(root, (one for one in types if one.get("name") != port_type))
    used = {
        _referred(part, "message")  # of the operations, and of headers in the binding
        for one in (*types, binding)
        if one is binding or one.get("name") == port_type
        for part in one.iter()
        if isinstance(part.tag, str) and part.get("message")
    }
    _drop(root, (message for message in root.findall(f"{WSDL}message") if message.get("name") not in used))
    return True


def _speaks_soap(binding: etree._Element) -> bool:
    said = binding.find(f"{SOAP}binding")
    return said is not None and said.get("transport", HTTP_TRANSPORT) == HTTP_TRANSPORT


def _referred(element: etree._Element, attribute: str) -> str:
    return element.get(attribute, "").rpartition(":")[2].strip()


def _distance(port: etree._Element, name: str) -> int:
    service = port.getparent()
    named = service.get("name", "") if service is not None else ""
    if named in (name, f"ServiceNow_{name}"):
        return 0
    address = port.find(f"{SOAP}address")
    location = address.get("location", "") if address is not None else ""
    try:
        last = unquote(urlsplit(location).path.rpartition("/")[2])
    except ValueError:
        last = ""
    return 1 if last == f"{name}.do" else 2


def _drop_ports(chosen: etree._Element) -> None:
    service = chosen.getparent()
    if service is not None:
        _drop(service, (port for port in service.findall(f"{WSDL}port") if port is not chosen))


def _keep_one_operation(binding: etree._Element) -> None:
    """Leave one operation: the one that scripted services have, else the first."""
    operations = binding.findall(f"{WSDL}operation")
    kept = next((one for one in operations if one.get("name") == OPERATION), None)
    if kept is None and operations:
        kept = operations[0]
    _drop(binding, (one for one in operations if one is not kept))


def _drop(parent: etree._Element, children: Iterator[etree._Element]) -> None:
    for child in list(children):
        if child.getparent() is parent:
            parent.remove(child)
