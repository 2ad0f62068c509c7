"""Reads a configuration document: every mistake is reported with its position and the closest known word."""

import gc
from dataclasses import dataclass, field

from models.base import name_key
from models.document_keys import CONSTANT_FORMS, DocumentKey, ValueForm
from models.field_values import FieldValue, FieldValues
from models.kinds import KINDS, Kind
from models.tables import model_for_kind, referenced_kind
from services.common.closest_match import closest_match
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.language import ENGLISH
from services.transfer.value_forms import (
    SHORTENED_MAX,
    VERSION,
    document_keys,
    parse_value,
    shorten,
)
from services.transfer.yaml_nodes import (
    SIZE_MAX,
    LineIndex,
    Mapping,
    Node,
    Position,
    Scalar,
    Sequence,
    YamlError,
    compose,
    construct_tree,
    construct_value,
)

SHOWN_MAX = 100
"""Mistakes that are listed."""
MISTAKES_MAX = 1000
"""Mistakes after which reading stops."""
SECRET_KEYS = frozenset({"password", "passphrase", "secret", "token", "api_key"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake at a position of the document."""

    place: Position
    message: str

    def __str__(self) -> str:
        """Return the message with its position."""
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
    listed = [str(one) for one in mistakes[:SHOWN_MAX]]
    if len(mistakes) >= MISTAKES_MAX:
        return [*listed, "and more: reading stopped there"]
    return [*listed, f"and {more:,} more"] if more > 0 else listed


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of the document: values and references by field, and the positions of both.

    A reference is the kind and the name of an object, a list of references has several names; their fields get a value
    when the names are resolved.
    """

    kind: Kind
    place: Position
    values: FieldValues
    references: dict[str, tuple[Kind, str]]
    places: dict[str, Position]
    reference_lists: dict[str, tuple[Kind, list[str]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The object's name."""
        return str(self.values["name"])


@dataclass(slots=True)
class Document:
    """The entries in the order in which they can be stored, and warnings about them."""

    entries: list[Entry] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_document(source: str) -> Document:
    """Read a document; raises DocumentError with every mistake found."""
    collects = gc.isenabled()
    # None of the many small objects of a large document is garbage yet; collecting would take half of the time.
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
    source = source.removeprefix("\ufeff")  # a byte order mark belongs to no line
    lines = LineIndex(source)
    try:
        root = compose(source, lines)
    except YamlError as error:
        raise DocumentError([Mistake(error.position, error.message)]) from None
    return _DocumentReader(lines).read(root)


class _DocumentReader:
    """Reads the nodes of a document and collects mistakes."""

    def __init__(self, lines: LineIndex) -> None:
        self._lines = lines
        self.mistakes: list[Mistake] = []
        self.document = Document()

    def read(self, root: Node | None) -> Document:
        if not isinstance(root, Mapping):
            raise DocumentError([Mistake(Position(1), "must begin with version: 1 and hold sections")])
        sections: dict[str, list[Kind]] = {}
        for kind, definition in KINDS.items():
            sections.setdefault(definition.document_section, []).append(kind)
        seen = self._pairs(root, [*sections, "version"], "section")
        version = seen.get("version")
        number = None if version is None else construct_value(version)
        # True equals 1 in Python.
        if type(number) is not int or number != VERSION:
            self._add_mistake(version or root, f"version must be {VERSION}")
        for key, kinds in sections.items():
            if key in seen:
                self._read_section(key, kinds, seen[key])
        if self.mistakes:
            raise DocumentError(self.mistakes)
        # A section may contain several kinds, and a kind may need objects of a later section.
        self.document.entries.sort(key=lambda entry: list(Kind).index(entry.kind))
        return self.document

    def _read_section(self, section: str, kinds: list[Kind], node: Node) -> None:
        if isinstance(node, Scalar) and construct_value(node) is None:
            return
        if not isinstance(node, Sequence):
            self._add_mistake(node, f"{section} must be a list")
            return
        names: dict[tuple[Kind, str], int] = {}
        for item in node.items:
            kind = self._kind_of_entry(kinds, item)
            entry = None if kind is None else self._read_entry(kind, item)
            if entry is None:
                continue
            key = entry.kind, name_key(entry.name)
            if key in names:
                self._add_mistake(item, f"“{shorten(entry.name)}” stands at line {names[key]} already")
            names[key] = entry.place.line
            self.document.entries.append(entry)

    def _kind_of_entry(self, kinds: list[Kind], node: Node) -> Kind | None:
        """Return the kind of an entry in a section of several kinds, by its key `kind`; the first without that key."""
        if len(kinds) == 1 or not isinstance(node, Mapping):
            return kinds[0]
        constants = {
            CONSTANT_FORMS[key.form]: kind
            for kind in kinds
            for key in document_keys(kind).values()
            if key.form in CONSTANT_FORMS
        }
        for key_node, value in node.pairs:
            if isinstance(key_node, Scalar) and key_node.text == "kind":
                written = construct_value(value)
                if not isinstance(written, str) or written not in constants:
                    self._add_mistake(value, f"kind must be one of {', '.join(constants)}")
                    return None
                return constants[written]
        return kinds[0]

    def _read_entry(self, kind: Kind, node: Node) -> Entry | None:
        if not isinstance(node, Mapping):
            self._add_mistake(node, f"a {KINDS[kind].singular} must have keys such as name")
            return None
        keys = document_keys(kind)
        pairs = self._pairs(node, list(keys), "key")
        entry = Entry(kind, self._lines.position_of(node), {}, {}, {})
        for name, value in pairs.items():
            self._read_value(entry, keys[name], value)
        for name, key in keys.items():
            if key.required and name not in pairs:
                self._add_mistake(node, f"{name} is missing")
        return entry if isinstance(entry.values.get("name"), str) else None

    def _read_value(self, entry: Entry, key: DocumentKey, node: Node) -> None:
        entry.places[key.field] = self._lines.position_of(node)
        if key.parts:
            self._read_parts(entry, key, node)
            return
        if key.form is ValueForm.REFERENCE_LIST:
            self._read_reference_list(entry, key, node)
            return
        value = self._parse(key, node)
        if key.form is ValueForm.REFERENCE:
            entry.values[key.field] = None
            if isinstance(value, str):
                kind = referenced_kind(model_for_kind(entry.kind), key.field)
                entry.references[key.field] = (kind, value)
        elif key.field:
            entry.values[key.field] = value

    def _read_reference_list(self, entry: Entry, key: DocumentKey, node: Node) -> None:
        try:
            names = construct_tree(node) or []
        except ValueError as error:
            self._add_mistake(node, f"{key.key} {error}")
            return
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._add_mistake(node, f"{key.key} must be a list of names")
            return
        kind = referenced_kind(model_for_kind(entry.kind), key.field)
        entry.reference_lists[key.field] = (kind, names)

    def _read_parts(self, entry: Entry, key: DocumentKey, node: Node) -> None:
        parts = {part.key: part for part in key.parts}
        if not isinstance(node, Mapping):
            self._add_mistake(node, f"{key.key} must have the keys {', '.join(parts)}")
            return
        for name, value in self._pairs(node, list(parts), "key").items():
            part = parts[name]
            entry.values[part.field] = self._parse(part, value) or ""
            entry.places[part.field] = self._lines.position_of(value)

    def _parse(self, key: DocumentKey, node: Node) -> FieldValue:
        try:
            nested = key.form is ValueForm.WINDOW_TEXTS
            return parse_value(key.form, construct_tree(node) if nested else construct_value(node))
        except ValueError as error:
            self._add_mistake(node, f"{key.key} {error}")
            return None

    def _pairs(self, node: Mapping, known: list[str], word: str) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key_node, value in node.pairs:
            if not isinstance(key_node, Scalar):
                self._add_mistake(key_node, f"a {word} must be a word")
                continue
            key = key_node.text
            if key.casefold() in SECRET_KEYS and key not in known:
                self._add_mistake(key_node, f"{key} has no place in a document: keep it with credential set")
            elif key not in known:
                near = closest_match(key, known) if len(key) <= SHORTENED_MAX else None
                hint = f"; did you mean {near}" if near else f"; known are {', '.join(known)}"
                self._add_mistake(key_node, f"unknown {word} {shorten(key)}{hint}")
            elif key in found:
                self._add_mistake(key_node, f"{key} stands there twice")
            else:
                found[key] = value
        return found

    def _add_mistake(self, node: Node, message: str) -> None:
        self.mistakes.append(Mistake(self._lines.position_of(node), message))
        if len(self.mistakes) >= MISTAKES_MAX:
            raise DocumentError(self.mistakes)
