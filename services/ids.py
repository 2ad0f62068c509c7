"""Ids as people write them: in braces, with small or capital letters, with dashes or without, or as a URN."""

import itertools
import re
from uuid import UUID

URN = "urn:uuid:"
_PAIRS = {"{": "}", "(": ")", '"': '"', "'": "'", "“": "”"}
_WRITTEN = re.compile("[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGITS = re.compile("[0-9a-f]{1,32}")
_GROUPS = (8, 12, 16, 20)


def bare(text: str) -> str:
    """Return an id, or the beginning of one, in small letters and without what is written around it."""
    plain = text.strip().lower().removeprefix(URN)
    if plain[:1] in _PAIRS:
        plain = plain[1:].removesuffix(_PAIRS[plain[:1]])
    return plain.strip().removeprefix(URN)


def uuid_of(text: str) -> UUID | None:
    """Return the UUID that a text is, in any usual spelling, or None. A sys_id has the same digits."""
    plain = bare(text)
    return UUID(plain) if _WRITTEN.fullmatch(plain) else None


def dashed(digits: str) -> str:
    """Return the beginning of a UUID with the dashes that it is written with."""
    edges = [0, *(edge for edge in _GROUPS if edge < len(digits)), len(digits)]
    return "-".join(digits[start:end] for start, end in itertools.pairwise(edges))


def beginnings(text: str) -> tuple[str, ...]:
    """Return how an id that begins with `text` may be kept, in small letters."""
    plain = bare(text)
    forms = {plain}
    digits = plain.replace("-", "")
    if _DIGITS.fullmatch(digits) and plain in (digits, dashed(digits), f"{dashed(digits)}-"):
        forms |= {digits, dashed(digits)}
    return tuple(sorted({*forms, *(f"{{{form}" for form in forms)}))


def spellings(text: str) -> tuple[str, ...]:
    """Return how an id that is written as `text` may be kept; only itself where it is no UUID."""
    found = uuid_of(text)
    if found is None:
        return (text.strip(),)
    forms = (str(found), found.hex)
    cased = {one for form in forms for one in (form, form.upper())}
    return tuple(sorted({text.strip(), *cased, *(f"{{{form}}}" for form in cased)}))
