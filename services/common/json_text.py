"""Reads JSON from other systems: what can be stored and written again, and no deeper than programs nest it."""

import json
import math
from typing import NoReturn

from services.common.json_types import JsonValue
from services.common.plain_text import replace_unstorable

JSON_DEPTH_MAX = 100
"""Levels of objects and lists. Much deeper JSON can be read, but not written again or walked through."""


def read_json(content: bytes) -> JsonValue:
    """Return the value in JSON text. Raises ValueError for what is no JSON, and for what is nested too deeply.

    NaN, Infinity and numbers beyond a float's range are refused: written out again, they are no JSON.
    Lone surrogates, which JSON can hold as escape sequences and no database and no file can, become U+FFFD.
    """
    text = replace_unstorable(content.decode(json.detect_encoding(content), "surrogatepass"))
    try:
        value: JsonValue = json.loads(text, parse_constant=reject_constant, parse_float=parse_finite)
    except RecursionError:
        raise _too_deep() from None
    if is_deeper_than(value, JSON_DEPTH_MAX):
        raise _too_deep()
    if "\\ud" in text or "\\uD" in text:
        value = json.loads(replace_unstorable(json.dumps(value, ensure_ascii=False)))
    return value


def is_deeper_than(value: JsonValue, most: int) -> bool:
    """Return whether objects and lists are nested in more than `most` levels."""
    level: list[JsonValue] = [value]
    for _ in range(most):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return any(isinstance(one, dict | list) for one in level)


def reject_constant(word: str) -> NoReturn:
    """Raise ValueError for one of the words NaN, Infinity and -Infinity, which Python reads."""
    raise ValueError(f"{word} is no JSON")


def parse_finite(text: str) -> float:
    """Return a number that is not whole; raises ValueError where a float cannot hold it."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:20]} is too large")
    return value


def _too_deep() -> ValueError:
    return ValueError(f"it is nested in more than {JSON_DEPTH_MAX} levels")
