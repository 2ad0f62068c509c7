"""Texts of others, made fit to be stored, sent and shown."""

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Return `text` with a mark in place of every null and every half of a character, which no database takes.

    JSON can write both, whatever the encoding it travels in.
    """
    return _UNSTORABLE.sub(REPLACEMENT, text)
