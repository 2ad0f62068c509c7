"""Texts of others, made fit to be stored, sent and shown."""

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSTORABLE_CHARACTERS = re.compile("[\x00\ud800-\udfff]")


def replace_unstorable(text: str) -> str:
    """Return `text` with a mark in place of every null and every half of a character, which no database takes.

    JSON can write both, whatever the encoding it travels in.
    """
    return _UNSTORABLE_CHARACTERS.sub(REPLACEMENT, text)


_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
"""What commands a terminal, what begins a new line for some readers, and what turns the order of a line around."""


def is_free_of_controls(text: str) -> bool:
    """Return whether `text` may be shown on a terminal and written into a log as it is."""
    return _CONTROLS.search(text) is None


def escape_controls(text: str) -> str:
    """Return `text` with control characters written out; tabs and line feeds stay."""
    return _CONTROLS.sub(_escape_sequence, text)


def escape_controls_in_json(document: str) -> str:
    """Return a JSON document with its control characters as JSON writes them; it reads as before."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def escape_and_indent(text: str, margin: str) -> str:
    """Return plain text whose further lines begin with `margin`, so that none of them passes for one of ours."""
    return escape_controls(text.replace("\r\n", "\n")).replace("\n", f"\n{margin}")


def _escape_sequence(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
