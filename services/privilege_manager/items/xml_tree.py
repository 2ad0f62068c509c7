"""Parses XML into elements with their positions in the text, so that parts of it can be replaced byte by byte.

Writers of the standard library and of lxml change prefixes, CDATA sections or line ends, and values such as
`i:type="adc:ItemState"` depend on prefixes. So nothing is written from a tree: edits replace spans of the text.

DTDs, entities and external references are refused, depth and number of elements are bounded.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Never
from xml.parsers import expat

from services.common.fault_ids import FaultId
from services.language import tr_message

DEPTH_MAX = 200
ELEMENTS_MAX = 300_000
ATTRIBUTES_MAX = 1_000
"""Attributes of one element."""
_SEPARATOR = "\f"
"""Between name space and local name; XML has no such character."""
_TAG = re.compile(rb"""<(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_TAG_NAME = re.compile(rb"<([^\s/>]++)")
_ATTRIBUTE = re.compile(rb"""\s++([^\s=]++)\s*+=\s*+("[^"]*+"|'[^']*+')""")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: name and value as written, the span of the value inside the quotes, and the span of all."""

    raw_name: str
    raw_value: str
    value_span: tuple[int, int]
    span: tuple[int, int]


@dataclass(slots=True, eq=False)
class Element:
    """An element. `start` and `end` are its span; `content_start` and `content_end` lie between its tags.

    `attributes` has the values by (name space, local name). Of an element that closes itself (`<a />`), the content
    is empty and lies at `end`. `content` has its elements and character data in order.
    """

    namespace: str
    name: str
    attributes: dict[tuple[str, str], str]
    parent: "Element | None"
    start: int
    content_start: int
    content_end: int = 0
    end: int = 0
    closes_itself: bool = False
    children: list["Element"] = field(default_factory=list)
    content: "list[Element | str]" = field(default_factory=list)

    @property
    def text(self) -> str:
        """The character data directly in this element, with references and line ends resolved."""
        return "".join(part for part in self.content if isinstance(part, str))

    @property
    def key(self) -> tuple[str, str]:
        return self.namespace, self.name

    def attribute(self, name: str, namespace: str = "") -> str | None:
        """Return the value of an attribute, or None."""
        return self.attributes.get((namespace, name))

    def find_all(self, name: str, namespace: str) -> list["Element"]:
        """Return the children of this name."""
        return [child for child in self.children if child.key == (namespace, name)]

    def walk(self) -> Iterator["Element"]:
        """Yield this element and everything below, in the order of the text."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


Refuse = Callable[[FaultId, str, int], Exception]
"""Makes the error for a fault and a reason at a byte index of the text."""


def parse_xml(text: bytes, xml_start: int, refuse: Refuse, malformed: FaultId) -> Element:
    """Parse a text in UTF-8, whatever encoding it declares, and return its root.

    `malformed` is the fault of a text that is not well formed. Raises what `refuse` makes, and nothing else.
    """
    return _TreeBuilder(text, xml_start, refuse, malformed).parse()


class _TreeBuilder:
    """Handlers of the parser."""

    def __init__(self, text: bytes, xml_start: int, refuse: Refuse, malformed: FaultId) -> None:
        self._text, self._xml_start, self._refuse, self._malformed = text, xml_start, refuse, malformed
        self._root: Element | None = None
        self._open: list[Element] = []
        self._count = 0
        # One encoding for every text: what the declaration says holds for the file, not for this copy.
        parser = expat.ParserCreate(encoding="utf-8", namespace_separator=_SEPARATOR)
        parser.buffer_text = True
        parser.buffer_size = 65_536
        parser.StartElementHandler = self._start_element
        parser.EndElementHandler = self._end_element
        parser.CharacterDataHandler = self._character_data
        parser.StartDoctypeDeclHandler = self._refuse_dtd
        parser.EntityDeclHandler = self._refuse_dtd
        parser.ExternalEntityRefHandler = self._refuse_dtd
        parser.SkippedEntityHandler = self._refuse_dtd
        self._parser = parser

    def parse(self) -> Element:
        """Return the root element."""
        if b"\x00" in self._text:
            raise self._refuse(
                self._malformed, tr_message("It contains a null character."), self._text.index(b"\x00")
            )
        try:
            self._parser.Parse(self._text[self._xml_start :], True)  # noqa: FBT003 -- positional-only
        except expat.ExpatError as error:
            raise self._refuse(
                self._malformed,
                tr_message("It is not well-formed XML: {error}.", error=expat.ErrorString(error.code)),
                self._xml_start + max(self._parser.ErrorByteIndex, 0),
            ) from error
        if self._root is None:
            raise self._refuse(self._malformed, tr_message("It has no element."), 0)
        return self._root

    @property
    def _index(self) -> int:
        return self._xml_start + self._parser.CurrentByteIndex

    def _start_element(self, name: str, attributes: dict[str, str]) -> None:
        index = self._index
        self._count += 1
        if len(self._open) >= DEPTH_MAX:
            self._too_large(tr_message("Elements are nested more than {limit} deep.", limit=DEPTH_MAX), index)
        if self._count > ELEMENTS_MAX:
            self._too_large(tr_message("It has more than {limit} elements.", limit=ELEMENTS_MAX), index)
        if len(attributes) > ATTRIBUTES_MAX:
            self._too_large(
                tr_message("An element has more than {limit} attributes.", limit=ATTRIBUTES_MAX), index
            )
        tag = _TAG.match(self._text, index)
        if tag is None:
            self._unsupported(index)
        namespace, local = _split_name(name)
        element = Element(
            namespace=namespace,
            name=local,
            attributes={_split_name(key): value for key, value in attributes.items()},
            parent=self._open[-1] if self._open else None,
            start=index,
            content_start=tag.end(),
            closes_itself=tag[0].endswith(b"/>"),
        )
        if self._open:
            self._open[-1].children.append(element)
            self._open[-1].content.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _end_element(self, _name: str) -> None:
        index = self._index
        element = self._open.pop()
        if element.closes_itself:
            element.content_end = element.end = element.content_start
            return
        element.content_end = index
        element.end = self._text.index(b">", index) + 1

    def _character_data(self, data: str) -> None:
        if self._open:
            self._open[-1].content.append(data)

    def _refuse_dtd(self, *_parts: object) -> Never:
        raise self._refuse(
            FaultId.ACTION_EXPORT_DTD,
            tr_message("It has a DTD or uses an entity, which is not accepted."),
            self._index,
        )

    def _too_large(self, reason: str, index: int) -> Never:
        raise self._refuse(FaultId.ACTION_EXPORT_TOO_LARGE, reason, index)

    def _unsupported(self, index: int) -> Never:
        raise self._refuse(self._malformed, tr_message("The tag cannot be read."), index)


def _split_name(name: str) -> tuple[str, str]:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return namespace, local


def read_attributes(text: bytes, element: Element) -> list[Attribute]:
    """Return the attributes of an element as written, name space declarations too."""
    found = []
    for match in _ATTRIBUTE.finditer(text, element.start, element.content_start):
        start, end = match.start(2) + 1, match.end(2) - 1
        found.append(
            Attribute(match[1].decode(), text[start:end].decode(), (start, end), (match.start(), match.end()))
        )
    return found


def tag_name(text: bytes, element: Element) -> str:
    """Return the name of an element as written, with its prefix."""
    found = _TAG_NAME.match(text, element.start)
    return found[1].decode() if found else element.name
