"""JSON from outside, without the words and numbers that Python reads and no other program does."""

import json
import math
from typing import NoReturn

from services.common.json_types import JsonValue


def parse_json(content: str | bytes) -> JsonValue:
    """Return the value of a JSON text; raises ValueError and RecursionError.

    NaN, Infinity and numbers beyond a float's range are refused: written out again, they are no JSON.
    """
    value: JsonValue = json.loads(content, parse_constant=reject_constant, parse_float=parse_finite)
    return value


def reject_constant(word: str) -> NoReturn:
    """Raise ValueError for one of the words NaN, Infinity and -Infinity."""
    raise ValueError(f"{word} is no JSON")


def parse_finite(text: str) -> float:
    """Return a number that is not whole; raises ValueError where a float cannot hold it."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:20]} is too large")
    return value
