"""Reads UUIDs in every usual spelling: with braces or quotes, in any case, with or without hyphens, as a URN."""

import itertools
import re
import unicodedata
from uuid import UUID

URN = "urn:uuid:"
_ENCLOSING_PAIRS = {
    "{": "}", "(": ")", "[": "]", "<": ">", "`": "`", '"': '"', "'": "'", "“": "”", "„": "“", "‘": "’", "«": "»",
}  # fmt: skip
_ENCLOSING_PAIRS_MAX = 3
"""Nested pairs that are removed."""
_UUID_PATTERN = re.compile("[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX_PREFIX = re.compile("[0-9a-f]{1,32}")
_HYPHEN_POSITIONS = (8, 12, 16, 20)


def normalize_id(text: str) -> str:
    """Return an id, or a prefix of one, in lower case and without enclosing braces, quotes or URN prefix."""
    plain = _to_plain_characters(text).strip().lower().removeprefix(URN)
    for _ in range(_ENCLOSING_PAIRS_MAX):
        if plain[:1] not in _ENCLOSING_PAIRS:
            break
        plain = plain[1:].removesuffix(_ENCLOSING_PAIRS[plain[:1]]).strip().removeprefix(URN)
    return plain


def _to_plain_characters(text: str) -> str:
    """Return a text with plain hyphens and digits and without format characters, as word processors insert them."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text)
    categories = [(character, unicodedata.category(character)) for character in plain]
    return "".join(
        "-" if category == "Pd" or character == "\N{MINUS SIGN}" else character
        for character, category in categories
        if category != "Cf"
    )


def parse_uuid(text: str) -> UUID | None:
    """Return the UUID in a text, or None. A sys_id is read as well: it has the same digits."""
    plain = normalize_id(text)
    return UUID(plain) if _UUID_PATTERN.fullmatch(plain) else None


def hyphenate_uuid(digits: str) -> str:
    """Return the first hexadecimal digits of a UUID with hyphens at the usual positions."""
    edges = [0, *(edge for edge in _HYPHEN_POSITIONS if edge < len(digits)), len(digits)]
    return "-".join(digits[start:end] for start, end in itertools.pairwise(edges))


def id_prefix_variants(text: str) -> tuple[str, ...]:
    """Return the lower-case prefixes that a stored id beginning with `text` can have."""
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
    """Return the spellings in which an id written as `text` may be stored; only itself if it is no UUID."""
    found = parse_uuid(text)
    if found is None:
        return (text.strip(),)
    forms = (str(found), found.hex)
    cased = {one for form in forms for one in (form, form.upper())}
    return tuple(sorted({text.strip(), *cased, *(f"{{{form}}}" for form in cased)}))
