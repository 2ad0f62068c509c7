"""Makes texts from other systems safe to store, send and display."""

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSTORABLE_CHARACTERS = re.compile("[\x00\ud800-\udfff]")


def replace_unstorable(text: str) -> str:
    """Return `text` with U+FFFD in place of null characters and lone surrogates, which databases reject.

    JSON can contain both as escape sequences.
    """
    return _UNSTORABLE_CHARACTERS.sub(REPLACEMENT, text)


_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
"""Terminal controls, line separators, and characters that change the direction of text; tab and line feed excluded."""


def is_free_of_controls(text: str) -> bool:
    """Return whether `text` can be printed to a terminal and written to a log unchanged."""
    return _CONTROLS.search(text) is None


def escape_controls(text: str) -> str:
    """Return `text` with control characters as escape sequences; tabs and line feeds stay."""
    return _CONTROLS.sub(_escape_sequence, text)


def escape_controls_in_json(document: str) -> str:
    """Return a JSON document with control characters as JSON escapes; its value is unchanged."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def escape_and_indent(text: str, margin: str) -> str:
    """Return escaped text with `margin` before every line except the first."""
    return escape_controls(text.replace("\r\n", "\n")).replace("\n", f"\n{margin}")


def _escape_sequence(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
