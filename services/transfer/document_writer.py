"""Writes the configuration as a document: stable order, every key that is not as usual, no secret."""

from typing import Any

import yaml

from models.base import ConfigurationObject
from models.kinds import KINDS, Kind
from services.configuration import Configuration
from services.transfer.document_keys import ITEM_KEYS, SECTIONS, SERVICENOW, VERSION

WIDTH = 4096
"""Long lines are kept whole, so that a change of one value is a change of one line."""


class _Dumper(yaml.SafeDumper):
    """Writes the rarer line breaks of Unicode as escapes: YAML folds them into spaces where they stand as they are."""

    def text(self, value: str) -> yaml.Node:
        """Represent a text."""
        style = '"' if any(c in value for c in "\x85\u2028\u2029") else None
        return self.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _Dumper.text)


def export_document(configuration: Configuration, *, ascii_only: bool = False) -> str:
    """Return the whole configuration as YAML; two exports of one state are identical.

    `ascii_only` writes every other character as an escape, for outputs that cannot carry them.
    """
    document: dict[str, Any] = {"version": VERSION}
    names: dict[Kind, dict[Any, str]] = {}
    for kind in Kind:
        items = configuration.all(kind)
        names[kind] = {item.id: item.name for item in items}
        if items:
            document[KINDS[kind].document_key] = [_entry(item, names) for item in items]
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=not ascii_only, width=WIDTH)


def _entry(item: ConfigurationObject, names: dict[Kind, dict[Any, str]]) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    for key, form in SECTIONS[item.kind].items():
        if key == "request_item":
            entry[key] = {name: getattr(item, column) or None for name, (column, _) in ITEM_KEYS.items()}
            for text_key in ("name", "category"):
                entry[key][text_key] = entry[key][text_key] or ""
        elif not form.field:
            entry[key] = SERVICENOW
        else:
            value = getattr(item, form.field)
            if value == form.usual:
                continue
            if form.refers_to is not None and value is not None:
                value = names[form.refers_to][value]
            elif form.write is not None:
                value = form.write(value)
            entry[key] = value
    return entry
