"""Writes the configuration as a document: stable order, every key without a default, no secret."""

import re
import uuid
from collections.abc import Iterator

import yaml

from models.base import ConfigurationObject
from models.document_keys import CONSTANT_FORMS, DocumentKey, ValueForm
from models.kinds import KINDS, Kind
from models.reference_lists import load_references
from models.tables import referenced_kind
from services.configuration import Configuration
from services.transfer.value_forms import VERSION, document_keys, format_value

WIDTH = 4096
"""Long lines are not wrapped, so that a change of one value is a change of one line."""
Names = dict[Kind, dict[uuid.UUID, str]]


class _Dumper(yaml.SafeDumper):
    """Writes the rarer line breaks of Unicode as escapes: unescaped, YAML would fold them into spaces."""

    def text(self, value: str) -> yaml.Node:
        """Represent a text."""
        style = '"' if any(c in value for c in "\x85\u2028\u2029") else None
        return self.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _Dumper.text)
_FAST_DUMPER = getattr(yaml, "CSafeDumper", None)
"""The emitter of libyaml, five times as fast. It writes other escapes and folds long lines elsewhere."""
_WRITTEN_ALIKE = re.compile("[\x20-\x7e\xa0-\u1fff\u2070-\ud7ff\ue000-\ufdff\uff00-\uffef]{0,1000}")
"""Texts that both emitters write as the same characters."""


def export_document(configuration: Configuration, *, ascii_only: bool = False) -> str:
    """Return the whole configuration as YAML; two exports of one state are identical.

    `ascii_only` writes every other character as an escape, for outputs that cannot carry them.
    """
    document: dict[str, list[dict[str, object]]] = {}
    names: Names = {}
    for kind, definition in KINDS.items():
        items = configuration.all(kind)
        names[kind] = {item.id: item.name for item in items}
        if items:
            document.setdefault(definition.document_section, []).extend(_entry(item, names) for item in items)
    # Entry by entry, so that one with rare characters does not slow down the others.
    parts = [_dump({"version": VERSION}, ascii_only=ascii_only)]
    for section, entries in document.items():
        parts.append(f"{section}:\n")
        parts += [_dump([entry], ascii_only=ascii_only) for entry in entries]
    return "".join(parts)


def _dump(part: object, *, ascii_only: bool) -> str:
    is_alike = all(
        _WRITTEN_ALIKE.fullmatch(text) and (text.isascii() or not ascii_only) for text in _texts(part)
    )
    written: str = yaml.dump(
        part,
        Dumper=_FAST_DUMPER if _FAST_DUMPER is not None and is_alike else _Dumper,
        sort_keys=False,
        allow_unicode=not ascii_only,
        width=WIDTH,
    )
    return written


def _texts(part: object) -> Iterator[str]:
    """Yield every text in a part of a document."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for value in part.values():
            yield from _texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _texts(value)


def _entry(item: ConfigurationObject, names: Names) -> dict[str, object]:
    entry: dict[str, object] = {}
    for name, key in document_keys(item.kind).items():
        if key.parts:
            entry[name] = {part.key: _value(item, part, names) for part in key.parts}
        elif key.form in CONSTANT_FORMS:
            entry[name] = CONSTANT_FORMS[key.form]
        elif getattr(item, key.field) != key.omitted:
            entry[name] = _value(item, key, names)
    return entry


def _value(item: ConfigurationObject, key: DocumentKey, names: Names) -> object:
    value = getattr(item, key.field)
    if key.form is ValueForm.REFERENCE:
        return None if value is None else names[referenced_kind(type(item), key.field)][value]
    if key.form is ValueForm.REFERENCE_LIST:
        known = names[referenced_kind(type(item), key.field)]
        return [known[one] for one in load_references(value) if one in known]
    return format_value(key.form, value)
