"""Reads a configuration document: every mistake is named with its line and the nearest known word."""

import bisect
import difflib
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from models.base import name_key
from models.kinds import KINDS, Kind
from services.errors import InputError, Owner, Problem
from services.language import ENGLISH
from services.transfer.forms import ITEM_KEYS, LATER_SECTIONS, SECTIONS, VERSION

SIZE_MAX = 2_000_000
DEPTH_MAX = 20
SECRETS = frozenset({"password", "passphrase", "secret", "token", "api_key"})


class Place(NamedTuple):
    """Where something stands in the document; both are counted from 1."""

    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at a place of the document."""

    place: Place
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
                evidence="\n".join(str(m) for m in mistakes),
                cause="The document does not have the form of a configuration.",
                owner=Owner.CONSOLE,
                remedy="Correct the lines named. Nothing was changed.",
                fault="document-invalid",
            )
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of the document: its values by field, its references by field and name, where it and they stand."""

    kind: Kind
    place: Place
    values: dict[str, Any]
    references: dict[str, tuple[Kind, str]]
    places: dict[str, Place]

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.values["name"])


@dataclass(slots=True)
class Document:
    """Every entry in the order in which they can be stored, and what was read past."""

    entries: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """Counts lines as editors do; YAML also breaks them at U+0085, U+2028 and U+2029, which no editor shows."""

    def __init__(self, source: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer(r"\r\n?|\n", source))]
        super().__init__(source)

    def get_mark(self) -> yaml.Mark:
        """Return where the reader stands; the methods of the base class ask for it."""
        line = bisect.bisect_right(self._starts, self.index) - 1
        return yaml.Mark(self.name, self.index, line, self.index - self._starts[line], None, 0)


def read_document(source: str) -> Document:
    """Read a document; raises DocumentError with every mistake found."""
    if len(source) > SIZE_MAX:
        raise DocumentError(
            [Mistake(Place(1), f"the document is larger than {ENGLISH.number(SIZE_MAX)} characters")]
        )
    try:
        _refuse_traps(source)
        root = yaml.compose(source, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        before = source[: error.position]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        seen = f"the character U+{ord(source[error.position]):04X}"
        raise DocumentError([Mistake(place, f"not YAML: {seen} may not stand there as it is")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1)
        text = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise DocumentError([Mistake(place, f"not YAML: {text}")]) from None
    return _Reader().read(root)


def _refuse_traps(source: str) -> None:
    """Refuse what lets a small text stand for a huge document, or for a deeper one than can be read."""
    depth = 0
    for event in yaml.parse(source, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError([Mistake(_place(event), "aliases (*name) are not used here")])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            raise DocumentError([Mistake(_place(event), "the document is nested too deeply")])


class _Reader:
    """Walks the nodes of a document and collects mistakes."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self.document = Document()

    def read(self, root: yaml.Node | None) -> Document:
        if not isinstance(root, yaml.MappingNode):
            raise DocumentError([Mistake(Place(1), "must begin with version: 1 and hold sections")])
        sections = {KINDS[kind].document_key: kind for kind in Kind}
        seen = self._pairs(root, [*sections, "version", *LATER_SECTIONS], "section")
        version = seen.get("version")
        number = None if version is None else _value(version)
        # True equals 1 in Python.
        if type(number) is not int or number != VERSION:
            self._wrong(version or root, f"version must be {VERSION}")
        for key, kind in sections.items():
            if key in seen:
                self._section(kind, seen[key])
        for key in LATER_SECTIONS:
            if key in seen:
                line = _place(seen[key]).line
                self.document.warnings.append(
                    f"line {line}: {key} is left out: this release does not set it up"
                )
        if self.mistakes:
            raise DocumentError(self.mistakes)
        return self.document

    def _section(self, kind: Kind, node: yaml.Node) -> None:
        if isinstance(node, yaml.ScalarNode) and _value(node) is None:
            return
        if not isinstance(node, yaml.SequenceNode):
            self._wrong(node, f"{KINDS[kind].document_key} must be a list")
            return
        names: dict[str, int] = {}
        for item in node.value:
            entry = self._entry(kind, item)
            if entry is None:
                continue
            key = name_key(entry.name)
            if key in names:
                self._wrong(item, f"“{entry.name}” stands at line {names[key]} already")
            names[key] = entry.place.line
            self.document.entries.append(entry)

    def _entry(self, kind: Kind, node: yaml.Node) -> Entry | None:
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, f"a {KINDS[kind].singular} must have keys such as name")
            return None
        keys = SECTIONS[kind]
        pairs = self._pairs(node, list(keys), "key")
        values: dict[str, Any] = {}
        references: dict[str, tuple[Kind, str]] = {}
        places: dict[str, Place] = {}
        for key, value in pairs.items():
            form = keys[key]
            places[form.field] = _place(value)
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
        return Entry(kind, _place(node), values, references, places)

    def _request_item(self, node: yaml.Node, places: dict[str, Place]) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, "request_item must have the keys name, category, sys_id")
            return {}
        values: dict[str, Any] = {}
        for key, value in self._pairs(node, list(ITEM_KEYS), "key").items():
            name, take = ITEM_KEYS[key]
            values[name] = self._take(key, value, take) or ""
            places[name] = _place(value)
        return values

    def _take(self, key: str, node: yaml.Node, take: Any) -> Any:
        try:
            return take(_value(node))
        except ValueError as error:
            self._wrong(node, f"{key} {error}")
            return None

    def _pairs(self, node: yaml.MappingNode, known: list[str], word: str) -> dict[str, yaml.Node]:
        found: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = str(_value(key_node))
            if key.casefold() in SECRETS and key not in known:
                self._wrong(key_node, f"{key} has no place in a document: keep it with credential set")
            elif key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"; did you mean {near[0]}" if near else f"; known are {', '.join(known)}"
                self._wrong(key_node, f"unknown {word} {key}{hint}")
            elif key in found:
                self._wrong(key_node, f"{key} stands there twice")
            else:
                found[key] = value
        return found

    def _wrong(self, node: yaml.Node, message: str) -> None:
        self.mistakes.append(Mistake(_place(node), message))


def _place(thing: Any) -> Place:
    """Return where a node or event begins."""
    return Place(thing.start_mark.line + 1, thing.start_mark.column + 1)


def _value(node: yaml.Node) -> Any:
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError):
        # A tag such as !!bool in front of what is none; PyYAML's constructors raise whatever happens to them.
        return node.value
    finally:
        loader.dispose()
