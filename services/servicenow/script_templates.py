"""The scripts of the three scripted SOAP services, as they are stored on an instance.

The texts are resources; one value differs between two sets of services on one instance: the marker that the create
script finds its catalog item by, written in the item's field `meta`.
"""

import hashlib
import json
import re

from resources import read_text
from services.servicenow.contract import ServiceRole

MARKER_COLUMN = "meta"
"""The column of `sc_cat_item` that holds the marker: words for the catalogue's search, which no form shows to users."""

MARKER_PREFIX = "approval-console:"
MARKER_MAX = 80
STANDARD_SET = "standard"
"""What the marker of the set without a name is called."""

_PLACEHOLDER = "'{{marker}}'"
_MARKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]*", re.ASCII)
_SIMPLE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_NAME_MAX = 40


def item_marker(prefix_or_set_name: str) -> str:
    """Return the marker of a set of services by its name or prefix: one word, its own for every name.

    A name of small letters, digits and single hyphens is kept as it is; any other is made readable and told apart by
    a digest. The empty name is the standard set.
    """
    name = prefix_or_set_name.strip()
    if not name:
        return MARKER_PREFIX + STANDARD_SET
    if _SIMPLE_NAME.fullmatch(name) and name != STANDARD_SET and len(name) <= _NAME_MAX:
        return MARKER_PREFIX + name
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_NAME_MAX].rstrip("-")
    digest = hashlib.blake2b(name.encode(errors="replace"), digest_size=4).hexdigest()
    return f"{MARKER_PREFIX}{readable}-{digest}" if readable else MARKER_PREFIX + digest


def has_marker(meta: str, marker: str) -> bool:
    """Return whether the text of an item's `meta` holds `marker` as a word of its own, as the create script reads it."""
    return marker.lower() in re.split(r"[\s,;]+", meta.lower())


def add_marker(meta: str, marker: str) -> str:
    """Return the text of an item's `meta` with `marker` in it; the words of others stay."""
    if has_marker(meta, marker):
        return meta
    return f"{meta.rstrip().rstrip(',')},{marker}" if meta.strip() else marker


def render_script(role: ServiceRole, *, marker: str) -> str:
    """Return the script of the service of `role`, ready to be stored in `sys_web_service.script`.

    Raises ValueError for a marker that is not one word of at most 80 letters, digits and `:._-`, since a query or the
    field that holds it would read it as something else.
    """
    if not _MARKER.fullmatch(marker) or len(marker) > MARKER_MAX:
        raise ValueError(f"“{marker}” cannot be a marker: it is one word of letters, digits and : . _ -")
    return read_text(f"servicenow/{role.value}.js").replace(_PLACEHOLDER, javascript_string(marker))


def is_unmodified_script(role: ServiceRole, script: str) -> bool:
    """Return whether the text of a service's script is this console's own, whatever set of services it belongs to."""
    return _comparable_lines(script) == _comparable_lines(read_text(f"servicenow/{role.value}.js"))


def _comparable_lines(script: str) -> list[str]:
    """Return a script's lines without what forms and databases change, and without the marker of its set."""
    plain = re.sub(rf"'{re.escape(MARKER_PREFIX)}[^'\n]*'", _PLACEHOLDER, script)
    return [line.rstrip() for line in plain.strip().splitlines()]


def javascript_string(text: str) -> str:
    """Return `text` as a string literal of ECMAScript 5 in single quotes, in ASCII, that ends no script element."""
    inner = json.dumps(text)[1:-1].replace("'", "\\'")
    return "'" + inner.replace("</", "<\\/") + "'"
