"""Ids as people write them: in braces, with small or capital letters, with dashes or without, or as a URN."""

import itertools
import re
import unicodedata
from uuid import UUID

URN = "urn:uuid:"
_ENCLOSING_PAIRS = {
    "{": "}", "(": ")", "[": "]", "<": ">", "`": "`", '"': '"', "'": "'", "“": "”", "„": "“", "‘": "’", "«": "»",
}  # fmt: skip
_ENCLOSING_PAIRS_MAX = 3
"""So many pairs of braces and quotes are looked into."""
_UUID_PATTERN = re.compile("[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX_PREFIX = re.compile("[0-9a-f]{1,32}")
_HYPHEN_POSITIONS = (8, 12, 16, 20)


def normalize_id(text: str) -> str:
    """Return an id, or the beginning of one, in small letters and without what is written around it."""
    plain = _to_plain_characters(text).strip().lower().removeprefix(URN)
    for _ in range(_ENCLOSING_PAIRS_MAX):
        if plain[:1] not in _ENCLOSING_PAIRS:
            break
        plain = plain[1:].removesuffix(_ENCLOSING_PAIRS[plain[:1]]).strip().removeprefix(URN)
    return plain


def _to_plain_characters(text: str) -> str:
    """Return a text as a keyboard writes it: word processors and chats put other dashes, digits and unseen signs there."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text)
    kinds = [(sign, unicodedata.category(sign)) for sign in plain]
    return "".join(
        "-" if kind == "Pd" or sign == "\N{MINUS SIGN}" else sign for sign, kind in kinds if kind != "Cf"
    )


def parse_uuid(text: str) -> UUID | None:
    """Return the UUID that a text is, in any usual spelling, or None. A sys_id has the same digits."""
    plain = normalize_id(text)
    return UUID(plain) if _UUID_PATTERN.fullmatch(plain) else None


def hyphenate_uuid(digits: str) -> str:
    """Return the beginning of a UUID with the dashes that it is written with."""
    edges = [0, *(edge for edge in _HYPHEN_POSITIONS if edge < len(digits)), len(digits)]
    return "-".join(digits[start:end] for start, end in itertools.pairwise(edges))


def id_prefix_variants(text: str) -> tuple[str, ...]:
    """Return how an id that begins with `text` may be kept, in small letters."""
    plain = normalize_id(text)
    forms = {plain}
    digits = plain.replace("-", "")
    if _HEX_PREFIX.fullmatch(digits) and plain in (
        digits,
        hyphenate_uuid(digits),
        f"{hyphenate_uuid(digits)}-",
    ):
        forms |= {digits, hyphenate_uuid(digits)}
    return tuple(sorted({*forms, *(f"{{{form}" for form in forms)}))


def id_variants(text: str) -> tuple[str, ...]:
    """Return how an id that is written as `text` may be kept; only itself where it is no UUID."""
    found = parse_uuid(text)
    if found is None:
        return (text.strip(),)
    forms = (str(found), found.hex)
    cased = {one for form in forms for one in (form, form.upper())}
    return tuple(sorted({text.strip(), *cased, *(f"{{{form}}}" for form in cased)}))
