"""Reads the reply of a scripted service: well-formed XML only, children by local name, declared outputs exactly once.

The XML library is imported by the first reply: records are JSON, and many a program reads nothing else.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.redaction import redact
from services.servicenow.faults import make_error
from services.servicenow.response_checks import mentions_cancelled_transaction, mentions_missing_rights

if TYPE_CHECKING:
    from lxml.etree import _Element

DEPTH_MAX = 64
_PARSER_OPTIONS = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "recover": False,
    "remove_comments": True,
    "remove_pis": True,
}


def parse_xml(content: bytes, tried: str) -> "_Element":
    """Return the root of well-formed XML without a DTD; raises `reply-malformed`."""
    from lxml import etree

    try:
        root = etree.fromstring(content, etree.XMLParser(**_PARSER_OPTIONS))  # type: ignore[arg-type]
    except (etree.XMLSyntaxError, ValueError) as error:
        raise make_error(
            FaultId.REPLY_MALFORMED,
            tried,
            f"{error}; {redact(content[:20_000].decode(errors='replace'))[:200]}",
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise make_error(FaultId.REPLY_MALFORMED, tried, "the document has a DTD")
    if _nesting_depth(root) > DEPTH_MAX:
        raise make_error(FaultId.REPLY_MALFORMED, tried, f"the document is nested deeper than {DEPTH_MAX}")
    return root


def _nesting_depth(element: "_Element") -> int:
    deepest, stack = 0, [(element, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        stack.extend((child, level + 1) for child in node)
    return deepest


def local_name(element: "_Element") -> str:
    """Return the name of an element without its namespace."""
    from lxml.etree import QName

    return QName(element).localname


def _text(element: "_Element") -> str:
    return "".join(str(part) for part in element.itertext())


def parse_reply(
    content: bytes, outputs: Sequence[str], tried: str, optional: Sequence[str] = ()
) -> dict[str, str]:
    """Return the declared `outputs` of a SOAP reply; extra ones are passed over, whatever their order.

    Those of `optional` are returned where they are there exactly once, with a text; where nothing else is asked for, a
    body without an answer will do.
    Raises `soap-fault` for a fault (with its text), `reply-malformed`, and `reply-contract` when a declared output is
    missing or stands there twice.
    """
    answer = _response_element(parse_xml(content, tried), tried, required=bool(outputs))
    found: dict[str, list[_Element]] = {}
    for child in answer:
        found.setdefault(local_name(child), []).append(child)
    for name in outputs:
        count = len(found.get(name, ()))
        if count != 1:
            seen = "missing" if count == 0 else f"there {count} times"
            raise make_error(
                FaultId.REPLY_CONTRACT,
                tried,
                f"{name} is {seen}; the reply has {', '.join(found) or 'no outputs'}",
            )
        if len(found[name][0]):
            raise make_error(
                FaultId.REPLY_CONTRACT, tried, f"{name} holds further elements instead of a text"
            )
    more = [name for name in optional if len(found.get(name, ())) == 1 and not len(found[name][0])]
    return {name: found[name][0].text or "" for name in (*outputs, *more)}


def raise_for_soap_fault(root: "_Element", tried: str, *, remedy: str = "") -> None:
    """Raise what a SOAP fault means when `root` is an envelope that holds one; `remedy` is for a missing right."""
    if local_name(root) != "Envelope":
        return
    for body in root:
        for element in body if local_name(body) == "Body" else ():
            if local_name(element) == "Fault":
                raise _fault_error(element, tried, remedy)


def _response_element(root: "_Element", tried: str, *, required: bool) -> "_Element":
    """Return the one element in the body of an envelope; raises what it means when it is a fault."""
    bodies = [e for e in root if local_name(e) == "Body"]
    if not required and local_name(root) == "Envelope" and len(bodies) == 1 and len(bodies[0]) == 0:
        return bodies[0]
    if local_name(root) != "Envelope" or len(bodies) != 1 or len(bodies[0]) == 0:
        raise make_error(FaultId.REPLY_MALFORMED, tried, f"no SOAP body in <{local_name(root)}>")
    raise_for_soap_fault(root, tried)
    if len(bodies[0]) > 1:
        raise make_error(FaultId.REPLY_MALFORMED, tried, f"{len(bodies[0])} answers in one SOAP body")
    return bodies[0][0]


def _fault_error(element: "_Element", tried: str, remedy: str) -> ConsoleError:
    parts = {local_name(child).lower(): " ".join(_text(child).split()) for child in element}
    # SOAP 1.1 says faultstring and detail, SOAP 1.2 Reason and Detail.
    text = parts.get("faultstring") or parts.get("reason") or "no text"
    seen = f"{text} ({parts['detail']})" if parts.get("detail") and parts["detail"] != text else text
    if mentions_missing_rights(seen):
        return make_error(FaultId.RIGHTS_MISSING, tried, seen, remedy=remedy)
    if mentions_cancelled_transaction(seen):
        return make_error(FaultId.TRANSACTION_CANCELLED, tried, seen)
    return make_error(FaultId.SOAP_FAULT, tried, seen)
