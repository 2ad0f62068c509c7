"""Item XML: reads contracts from an import, and writes the XML of policies that were changed through the API.

Order and names of members follow the public description of the contracts. The product's own reader drops members
that are out of order; this one refuses them, which shows the mistake.
"""

import io
import re
import uuid
import zipfile
from dataclasses import dataclass
from xml.parsers import expat

from lxml import etree

from services.common.json_types import JsonObject, JsonValue

BASE = "http://schemas.arellia.com/dc/"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
POLICY_SPACE = f"{BASE}ApplicationControl/Policy/"
POLICY_CONTRACT = "ApplicationControlPolicyContract"
FORM_CONTRACT = "CustomXamlExecutionActionContract"
ITEMS_NAME = "items.xml"
BYTES_MAX = 64 * 2**20
DEPTH_MAX = 200
ZIP_TIME = (2021, 1, 1, 0, 0, 0)

BASE_MEMBERS = (
    "Attributes",
    "Description",
    "FolderId",
    "ItemId",
    "Name",
    "ProductId",
    "State",
    "Strings",
    "Tags",
)
_ORDER: dict[str, tuple[str, ...]] = {
    FORM_CONTRACT: (
        *BASE_MEMBERS, "AdjustSession", "Commandline", "Executable", "TerminateExitCode", "WaitOnApplication",
        "ChildAssociations", "OfflineApprovalType", "OwnsItemIds", "RequireLogon", "UserGroupId", "Xaml",
    ),
    POLICY_CONTRACT: (
        *BASE_MEMBERS, "ApplyToResourcesSettings", "DefaultResourceTargetIds", "Enabled", "ApplicationActionIds",
        "AppliesToAllProcesses", "ChildApplicationActionIds", "ChildAssociations", "EndsProcessing",
        "EndsProcessingChild", "ManditoryFilterIds", "NegativeFileFilterIds", "OwnsItemIds", "PositiveFileFilterIds",
        "Priority", "SendActionEvent", "SkipDuringSystemStartup", "Stage2Processing",
    ),
}  # fmt: skip
"""Order of members of the contracts whose order is public."""
_NUMBER = re.compile(r"-?\d{1,9}")
_TEXTS = frozenset({"Attributes", "Commandline", "Description", "FolderId", "ItemId", "Name", "ProductId"})
"""Members that stay texts, also when they look like a number or a yes or no."""
_HIDDEN = ("State", "Xaml", "Html")
"""Members that the API does not give: large, or made by the server."""


class ImportRefusedError(ValueError):
    """An import that is refused; its text says why and where."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of an import: its element's name, its members as JSON, and its XML as a document."""

    name: str
    item_id: str
    members: JsonObject
    document: bytes


def read_import(content: bytes) -> list[Contract]:
    """Return the contracts of a zip or XML file. Raises ImportRefusedError."""
    document = _unpack(content) if content.startswith(b"PK\x03\x04") else content
    if len(document) > BYTES_MAX:
        raise ImportRefusedError(f"The file has more than {BYTES_MAX} bytes.")
    _refuse_document_type(document)
    # A large text needs the option for large trees; size and depth have limits of their own here.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, strip_cdata=False, huge_tree=True
    )
    try:
        root = etree.fromstring(document.lstrip(b" \t\r\n"), parser)
    except etree.XMLSyntaxError as error:
        raise ImportRefusedError(f"The XML is not well formed: {error}") from error
    _check_depth(root)
    contracts = [child for child in root if isinstance(child.tag, str)] if root.tag == "items" else [root]
    if not contracts:
        raise ImportRefusedError("The file has no item.")
    alone = len(contracts) == 1
    return [_read_contract(one, document if alone else _as_document(one)) for one in contracts]


def _unpack(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if [entry.filename for entry in entries] != [ITEMS_NAME]:
                raise ImportRefusedError(f"The zip file must hold {ITEMS_NAME} and nothing else.")
            with archive.open(entries[0]) as stream:
                return stream.read(BYTES_MAX + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ImportRefusedError(f"The zip file cannot be read: {error}") from error


def _refuse_document_type(document: bytes) -> None:
    """Raise ImportRefusedError for a document type: it could declare entities."""

    class _Begun(Exception):  # noqa: N818 -- not an error: the prologue is over
        """The root element was reached."""

    def refuse(*_: object) -> None:
        raise ImportRefusedError("The XML has a document type, which is not permitted.")

    def begun(*_: object) -> None:
        raise _Begun

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = begun
    try:
        parser.Parse(document.lstrip(b" \t\r\n"), True)  # noqa: FBT003 -- expat takes it by position only
    except _Begun:
        return
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, ImportRefusedError):
            raise
        raise ImportRefusedError(f"The XML is not well formed: {error}") from error


def _check_depth(root: etree._Element) -> None:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > DEPTH_MAX:
            raise ImportRefusedError(f"Elements are nested deeper than {DEPTH_MAX} levels.")


def _as_document(contract: etree._Element) -> bytes:
    """Return one of several contracts as a file of its own; CDATA and prefixes stay."""
    return b"<items>" + etree.tostring(contract, encoding="utf-8", with_tail=False) + b"</items>"


def _read_contract(element: etree._Element, document: bytes) -> Contract:
    tag = etree.QName(element)
    line = element.sourceline
    if not (tag.namespace or "").startswith(BASE) or not tag.localname.endswith("Contract"):
        raise ImportRefusedError(f"Line {line}: {tag.localname} is not a contract.")
    names = [etree.QName(child).localname for child in element if isinstance(child.tag, str)]
    order = _ORDER.get(tag.localname, BASE_MEMBERS)
    ranks = [order.index(name) for name in names if name in order]
    if ranks != sorted(set(ranks)):
        raise ImportRefusedError(f"Line {line}: members of {tag.localname} are out of order or doubled.")
    if tag.localname in _ORDER and (unknown := [name for name in names if name not in order]):
        raise ImportRefusedError(f"Line {line}: {tag.localname} has no member {unknown[0]}.")
    members: JsonObject = {}
    for child in element:
        if isinstance(child.tag, str) and (name := etree.QName(child).localname) not in _HIDDEN:
            members[name] = _value(child)
    for required in ("ItemId", "Name", "ProductId"):
        if not isinstance(members.get(required), str) or not members[required]:
            raise ImportRefusedError(f"Line {line}: {tag.localname} has no {required}.")
    for identifier in ("ItemId", "ProductId", "FolderId"):
        if identifier in members:
            members[identifier] = _guid(members[identifier], line)
    if tag.localname == FORM_CONTRACT:
        _check_window(element)
    return Contract(tag.localname, str(members["ItemId"]), members, document)


def _check_window(element: etree._Element) -> None:
    text = next((child.text for child in element if etree.QName(child).localname == "Xaml"), "") or ""
    try:
        _refuse_document_type(text.strip().encode())
        etree.fromstring(text.strip().encode(), etree.XMLParser(resolve_entities=False, huge_tree=True))
    except (ImportRefusedError, etree.XMLSyntaxError) as error:
        raise ImportRefusedError(f"The window in Xaml is not well formed: {error}") from error


def _guid(value: JsonValue, line: object) -> str:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError as error:
        raise ImportRefusedError(f"Line {line}: {value!r} is not an id.") from error


def _value(element: etree._Element) -> JsonValue:
    """Return a member as JSON: null, a list of ids or texts, a nested object, or a text, number or yes and no."""
    if element.get(f"{{{INSTANCE}}}nil") == "true":
        return None
    children = [child for child in element if isinstance(child.tag, str)]
    name = etree.QName(element).localname
    if children and all(etree.QName(child).namespace == ARRAYS for child in children):
        return [child.text or "" for child in children]
    if children:
        return {etree.QName(child).localname: _value(child) for child in children}
    text = element.text or ""
    if name in _TEXTS:
        return text
    if not text and (name.endswith("Ids") or name in {"Tags", "Strings", "ChildAssociations"}):
        return []
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if _NUMBER.fullmatch(text) else text


def write_policy(members: JsonObject) -> bytes:
    """Return the XML of a policy in the documented order of members."""
    spaces: dict[str | None, str] = {"adc": BASE, "arr": ARRAYS, "i": INSTANCE, None: POLICY_SPACE}
    root = etree.Element(f"{{{POLICY_SPACE}}}{POLICY_CONTRACT}", nsmap=spaces)  # type: ignore[arg-type]
    base_count = _ORDER[POLICY_CONTRACT].index("Enabled")
    for rank, name in enumerate(_ORDER[POLICY_CONTRACT]):
        if name in members:
            _append(root, f"{{{BASE if rank <= base_count else POLICY_SPACE}}}{name}", members[name])
    etree.indent(root, "    ")
    return etree.tostring(root, encoding="utf-8")


def _append(parent: etree._Element, tag: str, value: JsonValue) -> None:
    element = etree.SubElement(parent, tag)
    match value:
        case None:
            element.set(f"{{{INSTANCE}}}nil", "true")
        case bool():
            element.text = str(value).lower()
        case list():
            kind = "string" if tag.endswith(("Tags", "Strings")) else "guid"
            for one in value:
                etree.SubElement(element, f"{{{ARRAYS}}}{kind}").text = str(one)
        case dict():
            for name, inner in value.items():
                _append(element, f"{{{BASE}}}{name}", inner)
        case _:
            element.text = str(value)


def pack(document: bytes) -> bytes:
    """Return the zip file of an export: one entry, deflated."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        entry = zipfile.ZipInfo(ITEMS_NAME, ZIP_TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, document)
    return stream.getvalue()
