"""Reads a configuration document: every mistake is named with its line and the nearest known word."""

import bisect
import difflib
import gc
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from models.base import name_key
from models.kinds import KINDS, Kind
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.language import ENGLISH
from services.transfer.document_keys import IGNORED_SECTIONS, ITEM_KEYS, SECTIONS, VERSION, WORD_MAX, shorten

SIZE_MAX = 2_000_000
DEPTH_MAX = 20
SHOWN_MAX = 100
"""Mistakes that are listed."""
MISTAKES_MAX = 1000
"""With so many, reading stops."""
PLAIN_SCALAR_MAX = 1000
"""Characters of a number or a date; what is longer is none."""
STR_TAG = "tag:yaml.org,2002:str"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SECRET_KEYS = frozenset({"password", "passphrase", "secret", "token", "api_key"})


class Position(NamedTuple):
    """Where something stands in the document; both are counted from 1."""

    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at a place of the document."""

    place: Position
    message: str

    def __str__(self) -> str:
        """Write the mistake with its place."""
        return f"line {self.place.line}, column {self.place.column}: {self.message}"


class DocumentError(InputError):
    """The document cannot be used; `mistakes` lists what is wrong."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        mistakes = sorted(mistakes, key=lambda m: m.place)
        self.mistakes = mistakes
        super().__init__(
            Problem(
                tried="Read the configuration document",
                evidence="\n".join(_format_mistakes(mistakes)),
                cause="The document does not have the form of a configuration.",
                owner=Owner.CONSOLE,
                remedy="Correct the lines named. Nothing was changed.",
                fault=FaultId.DOCUMENT_INVALID,
            )
        )


def _format_mistakes(mistakes: list[Mistake]) -> list[str]:
    more = len(mistakes) - SHOWN_MAX
    told = [str(one) for one in mistakes[:SHOWN_MAX]]
    if len(mistakes) >= MISTAKES_MAX:
        return [*told, "and more: reading stopped there"]
    return [*told, f"and {more:,} more"] if more > 0 else told


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of the document: its values by field, its references by field and name, where it and they stand."""

    kind: Kind
    place: Position
    values: dict[str, Any]
    references: dict[str, tuple[Kind, str]]
    places: dict[str, Position]

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.values["name"])


@dataclass(slots=True)
class Document:
    """Every entry in the order in which they can be stored, and what was read past."""

    entries: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class _LineIndex:
    """Counts lines as editors do; YAML also breaks them at U+0085, U+2028 and U+2029, which no editor shows."""

    def __init__(self, source: str) -> None:
        self._line_starts = [0, *(found.end() for found in re.finditer(r"\r\n?|\n", source))]

    def place(self, index: int) -> Position:
        """Return where the character at `index` stands."""
        line = bisect.bisect_right(self._line_starts, index) - 1
        return Position(line + 1, index - self._line_starts[line] + 1)

    def of(self, thing: "_Node | yaml.Event") -> Position:
        """Return where a node or an event begins."""
        return self.place(thing.index if isinstance(thing, _Node) else _event_index(thing))


def _event_index(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark is not None else 0


class _Node:
    """A piece of the document: where it begins, its tag where it has one, and what it holds."""

    __slots__ = ("index", "tag", "value")

    def __init__(self, index: int, tag: str | None, value: Any) -> None:
        self.index = index
        self.tag = tag
        self.value = value


class _Scalar(_Node):
    """A text; without a tag it was written plainly, and may be a number, a date or a word such as true."""


class _List(_Node):
    """A sequence of nodes."""


class _Map(_Node):
    """Pairs of nodes."""


def read_document(source: str) -> Document:
    """Read a document; raises DocumentError with every mistake found."""
    collects = gc.isenabled()
    # Of the very many small objects of a large document none is garbage yet; looking for it takes half of the time.
    gc.disable()
    try:
        return _read(source)
    finally:
        if collects:
            gc.enable()


def _read(source: str) -> Document:
    if len(source) > SIZE_MAX:
        raise DocumentError(
            [Mistake(Position(1), f"the document is larger than {ENGLISH.number(SIZE_MAX)} characters")]
        )
    source = source.removeprefix("\ufeff")  # a byte order mark is no character of any line
    lines = _LineIndex(source)
    odd = yaml.reader.Reader.NON_PRINTABLE.search(source)
    if odd is not None:
        seen = f"the character U+{ord(odd[0]):04X}"
        raise DocumentError(
            [Mistake(lines.place(odd.start()), f"not YAML: {seen} may not stand there as it is")]
        )
    try:
        root = _compose(source, lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = lines.place(mark.index) if mark else Position(1)
        text = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise DocumentError([Mistake(place, f"not YAML: {text}")]) from None
    return _DocumentReader(lines).read(root)


def _compose(source: str, lines: _LineIndex) -> _Node | None:
    """Return the root of the document; refuses what lets a small text stand for a huge or a very deep one.

    PyYAML's own composer finds out the type of every node, which takes far longer than reading does.
    """
    root: _Node | None = None
    above: list[list[Any]] = []
    for event in yaml.parse(source, Loader=LOADER):
        if isinstance(event, yaml.ScalarEvent):
            tag = None if event.implicit[0] else event.tag or STR_TAG
            node: _Node = _Scalar(_event_index(event), tag, event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            kind = _Map if isinstance(event, yaml.MappingStartEvent) else _List
            node = kind(_event_index(event), event.tag, [])
        elif isinstance(event, yaml.CollectionEndEvent):
            above.pop()
            continue
        elif isinstance(event, yaml.AliasEvent):
            raise DocumentError([Mistake(lines.of(event), "aliases (*name) are not used here")])
        elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
            raise DocumentError([Mistake(lines.of(event), "not YAML: but found another document")])
        else:
            continue
        if not above:
            root = node
        else:
            _add_node(above[-1], node)
        if not isinstance(node, _Scalar):
            above.append([node, None])
            if len(above) > DEPTH_MAX:
                raise DocumentError([Mistake(lines.of(event), "the document is nested too deeply")])
    return root


def _add_node(place: list[Any], node: _Node) -> None:
    """Put a node into the list or mapping that is read; `place` is that, and the key that waits for its value."""
    holder, key = place
    if isinstance(holder, _List):
        holder.value.append(node)
    elif key is None:
        place[1] = node
    else:
        holder.value.append((key, node))
        place[1] = None


class _DocumentReader:
    """Walks the nodes of a document and collects mistakes."""

    def __init__(self, lines: _LineIndex) -> None:
        self._lines = lines
        self.mistakes: list[Mistake] = []
        self.document = Document()

    def read(self, root: _Node | None) -> Document:
        if not isinstance(root, _Map):
            raise DocumentError([Mistake(Position(1), "must begin with version: 1 and hold sections")])
        sections = {KINDS[kind].document_key: kind for kind in Kind}
        seen = self._pairs(root, [*sections, "version", *IGNORED_SECTIONS], "section")
        version = seen.get("version")
        number = None if version is None else _construct_value(version)
        # True equals 1 in Python.
        if type(number) is not int or number != VERSION:
            self._wrong(version or root, f"version must be {VERSION}")
        for key, kind in sections.items():
            if key in seen:
                self._section(kind, seen[key])
        for key in IGNORED_SECTIONS:
            if key in seen:
                line = self._lines.of(seen[key]).line
                self.document.warnings.append(
                    f"line {line}: {key} is left out: this release does not set it up"
                )
        if self.mistakes:
            raise DocumentError(self.mistakes)
        return self.document

    def _section(self, kind: Kind, node: _Node) -> None:
        if isinstance(node, _Scalar) and _construct_value(node) is None:
            return
        if not isinstance(node, _List):
            self._wrong(node, f"{KINDS[kind].document_key} must be a list")
            return
        names: dict[str, int] = {}
        for item in node.value:
            entry = self._entry(kind, item)
            if entry is None:
                continue
            key = name_key(entry.name)
            if key in names:
                self._wrong(item, f"“{shorten(entry.name)}” stands at line {names[key]} already")
            names[key] = entry.place.line
            self.document.entries.append(entry)

    def _entry(self, kind: Kind, node: _Node) -> Entry | None:
        if not isinstance(node, _Map):
            self._wrong(node, f"a {KINDS[kind].singular} must have keys such as name")
            return None
        keys = SECTIONS[kind]
        pairs = self._pairs(node, list(keys), "key")
        values: dict[str, Any] = {}
        references: dict[str, tuple[Kind, str]] = {}
        places: dict[str, Position] = {}
        for key, value in pairs.items():
            form = keys[key]
            places[form.field] = self._lines.of(value)
            if key == "request_item":
                values.update(self._request_item(value, places))
                continue
            taken = self._take(key, value, form.take)
            if form.refers_to is not None:
                values[form.field] = None
                if taken is not None:
                    references[form.field] = (form.refers_to, taken)
            elif form.field:
                values[form.field] = taken
        for key, form in keys.items():
            if form.required and key not in pairs:
                self._wrong(node, f"{key} is missing")
        if not isinstance(values.get("name"), str):
            return None
        return Entry(kind, self._lines.of(node), values, references, places)

    def _request_item(self, node: _Node, places: dict[str, Position]) -> dict[str, Any]:
        if not isinstance(node, _Map):
            self._wrong(node, "request_item must have the keys name, category, sys_id")
            return {}
        values: dict[str, Any] = {}
        for key, value in self._pairs(node, list(ITEM_KEYS), "key").items():
            name, take = ITEM_KEYS[key]
            values[name] = self._take(key, value, take) or ""
            places[name] = self._lines.of(value)
        return values

    def _take(self, key: str, node: _Node, take: Any) -> Any:
        try:
            return take(_construct_value(node))
        except ValueError as error:
            self._wrong(node, f"{key} {error}")
            return None

    def _pairs(self, node: _Map, known: list[str], word: str) -> dict[str, _Node]:
        found: dict[str, _Node] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, _Scalar):
                self._wrong(key_node, f"a {word} must be a word")
                continue
            key = key_node.value
            if key.casefold() in SECRET_KEYS and key not in known:
                self._wrong(key_node, f"{key} has no place in a document: keep it with credential set")
            elif key not in known:
                near = difflib.get_close_matches(key, known, n=1) if len(key) <= WORD_MAX else []
                hint = f"; did you mean {near[0]}" if near else f"; known are {', '.join(known)}"
                self._wrong(key_node, f"unknown {word} {shorten(key)}{hint}")
            elif key in found:
                self._wrong(key_node, f"{key} stands there twice")
            else:
                found[key] = value
        return found

    def _wrong(self, node: _Node, message: str) -> None:
        self.mistakes.append(Mistake(self._lines.of(node), message))
        if len(self.mistakes) >= MISTAKES_MAX:
            raise DocumentError(self.mistakes)


def _construct_value(node: _Node) -> Any:
    """Return the value of a node; of a list or mapping only which of both it is, because no value is one."""
    if not isinstance(node, _Scalar):
        return [] if isinstance(node, _List) else {}
    text: str = node.value
    tag = node.tag or _implicit_tag(text)
    if tag == STR_TAG or len(text) > PLAIN_SCALAR_MAX:
        return text
    try:
        return yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, text))
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError):
        # A tag such as !!bool in front of what is none; PyYAML's constructors raise whatever happens to them.
        return text


def _implicit_tag(text: str) -> str:
    """Return the tag of a text that was written plainly."""
    known = yaml.SafeLoader.yaml_implicit_resolvers
    if len(text) <= PLAIN_SCALAR_MAX:
        for tag, pattern in (*known.get(text[:1], ()), *known.get(None, ())):
            if pattern.match(text):
                return str(tag)
    return STR_TAG
