"""Ids as people write them: in braces, with small or capital letters, with dashes or without, or as a URN."""

import itertools
import re
import unicodedata
from uuid import UUID

URN = "urn:uuid:"
_PAIRS = {
    "{": "}", "(": ")", "[": "]", "<": ">", "`": "`", '"': '"', "'": "'", "“": "”", "„": "“", "‘": "’", "«": "»",
}  # fmt: skip
_LAYERS = 3
"""So many pairs of braces and quotes are looked into."""
_WRITTEN = re.compile("[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGITS = re.compile("[0-9a-f]{1,32}")
_GROUPS = (8, 12, 16, 20)


def bare(text: str) -> str:
    """Return an id, or the beginning of one, in small letters and without what is written around it."""
    plain = _typed(text).strip().lower().removeprefix(URN)
    for _ in range(_LAYERS):
        if plain[:1] not in _PAIRS:
            break
        plain = plain[1:].removesuffix(_PAIRS[plain[:1]]).strip().removeprefix(URN)
    return plain


def _typed(text: str) -> str:
    """Return a text as a keyboard writes it: word processors and chats put other dashes, digits and unseen signs there."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text)
    kinds = [(sign, unicodedata.category(sign)) for sign in plain]
    return "".join(
        "-" if kind == "Pd" or sign == "\N{MINUS SIGN}" else sign for sign, kind in kinds if kind != "Cf"
    )


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
