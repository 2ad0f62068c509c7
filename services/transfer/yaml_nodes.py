"""Composes YAML into nodes with positions. PyYAML's own composer resolves the type of every node, which is far slower."""

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

SIZE_MAX = 2_000_000
DEPTH_MAX = 20
PLAIN_SCALAR_MAX = 1000
"""Maximum length of a number or a date; a longer scalar is a text."""
STR_TAG = "tag:yaml.org,2002:str"
LOADER = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader


class Position(NamedTuple):
    """A position in the document; both numbers are counted from 1."""

    line: int
    column: int = 1


class LineIndex:
    """Counts lines as editors do; YAML also breaks lines at U+0085, U+2028 and U+2029, which no editor shows."""

    def __init__(self, source: str) -> None:
        self._line_starts = [0, *(found.end() for found in re.finditer(r"\r\n?|\n", source))]

    def position_at(self, index: int) -> Position:
        """Return the position of the character at `index`."""
        line = bisect.bisect_right(self._line_starts, index) - 1
        return Position(line + 1, index - self._line_starts[line] + 1)

    def position_of(self, node: "Node") -> Position:
        """Return the position at which a node begins."""
        return self.position_at(node.index)


class YamlError(Exception):
    """The text is not YAML, or uses a part of YAML that is not accepted here."""

    def __init__(self, position: Position, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message


@dataclass(slots=True)
class Scalar:
    """A text; without a tag it was written plainly, and may be a number, a date or a word such as true."""

    index: int
    tag: str | None
    text: str


@dataclass(slots=True)
class Sequence:
    """A list of nodes."""

    index: int
    items: "list[Node]" = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Pairs of a key and a value."""

    index: int
    pairs: "list[tuple[Node, Node]]" = field(default_factory=list)
    pending_key: "Node | None" = None


Node = Scalar | Sequence | Mapping


def compose(source: str, lines: LineIndex) -> Node | None:
    """Return the root node of the only document in `source`; raises YamlError.

    Aliases and deep nesting are refused, because they let a small text expand into a huge or very deep one.
    """
    odd = yaml.reader.Reader.NON_PRINTABLE.search(source)
    if odd is not None:
        seen = f"the character U+{ord(odd[0]):04X}"
        raise YamlError(lines.position_at(odd.start()), f"not YAML: {seen} may not stand there as it is")
    try:
        return _compose(source, lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        position = lines.position_at(mark.index) if mark else Position(1)
        raise YamlError(position, f"not YAML: {error.problem or _first_line(error)}") from None
    except yaml.YAMLError as error:
        raise YamlError(Position(1), f"not YAML: {_first_line(error)}") from None


def _first_line(error: yaml.YAMLError) -> str:
    return str(error).splitlines()[0]


def _compose(source: str, lines: LineIndex) -> Node | None:
    root: Node | None = None
    holders: list[Sequence | Mapping] = []
    for event in _events(source):
        index = event.start_mark.index if event.start_mark is not None else 0
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            tag = None if event.implicit[0] else event.tag or STR_TAG
            node = Scalar(index, tag, event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            node = Mapping(index) if isinstance(event, yaml.MappingStartEvent) else Sequence(index)
        elif isinstance(event, yaml.CollectionEndEvent):
            holders.pop()
            continue
        elif isinstance(event, yaml.AliasEvent):
            raise YamlError(lines.position_at(index), "aliases (*name) are not used here")
        elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
            raise YamlError(lines.position_at(index), "not YAML: but found another document")
        else:
            continue
        if holders:
            _add_node(holders[-1], node)
        else:
            root = node
        if not isinstance(node, Scalar):
            holders.append(node)
            if len(holders) > DEPTH_MAX:
                raise YamlError(lines.position_at(index), "the document is nested too deeply")
    return root


def _events(source: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(source, Loader=LOADER)
    return events


def _add_node(holder: Sequence | Mapping, node: Node) -> None:
    if isinstance(holder, Sequence):
        holder.items.append(node)
    elif holder.pending_key is None:
        holder.pending_key = node
    else:
        holder.pairs.append((holder.pending_key, node))
        holder.pending_key = None


def construct_value(node: Node) -> object:
    """Return the value of a node; for a list or mapping an empty one, because no key takes either as its value."""
    if isinstance(node, Sequence):
        return []
    if isinstance(node, Mapping):
        return {}
    tag = node.tag or _implicit_tag(node.text)
    if tag == STR_TAG or len(node.text) > PLAIN_SCALAR_MAX:
        return node.text
    try:
        value: object = yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, node.text))
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError):
        # A tag such as !!bool in front of another value; PyYAML's constructors raise whatever they run into.
        return node.text
    return value


def construct_tree(node: Node) -> object:
    """Return the value of a node with its lists and mappings; raises ValueError with a message that follows a key."""
    if isinstance(node, Sequence):
        return [construct_tree(item) for item in node.items]
    if not isinstance(node, Mapping):
        return construct_value(node)
    found: dict[str, object] = {}
    for key_node, value in node.pairs:
        if not isinstance(key_node, Scalar):
            raise ValueError("must have words as keys")  # noqa: TRY004 -- one family for all wrong values
        if key_node.text in found:
            raise ValueError(f"contains {key_node.text[:100]} twice")
        found[key_node.text] = construct_tree(value)
    return found


def _implicit_tag(text: str) -> str:
    """Return the tag of a text that was written plainly."""
    known = yaml.SafeLoader.yaml_implicit_resolvers
    if len(text) <= PLAIN_SCALAR_MAX:
        for tag, pattern in (*known.get(text[:1], ()), *known.get(None, ())):
            if pattern.match(text):
                return str(tag)
    return STR_TAG
