"""The character data of an element, with the place of every character in the text; and replacing parts of it.

A text may be written as plain characters, with references (`&lt;`), in CDATA sections, or mixed, with comments in
between. A replacement keeps what is around it, and is written in the form of the characters that it replaces.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

from services.privilege_manager.items.xml_tree import Element

_PIECES = re.compile(
    rb"(?s)<!\[CDATA\[(?P<cdata>.*?)\]\]>|(?P<skipped><!--.*?-->|<\?.*?\?>)|(?P<reference>&[^;]++;)|(?P<plain>[^<&]++)"
)
_NAMED = {b"&lt;": "<", b"&gt;": ">", b"&amp;": "&", b"&quot;": '"', b"&apos;": "'"}
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

CanExpress = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replacement of the span from `start` to `end` of a text by `replacement`."""

    start: int
    end: int
    replacement: bytes


def apply_edits(text: bytes, edits: Iterable[Edit]) -> bytes:
    """Return the text with all edits; their spans must not overlap."""
    parts: list[bytes] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < position:
            raise ValueError("edits overlap")
        parts += (text[position : edit.start], edit.replacement)
        position = edit.end
    return b"".join((*parts, text[position:]))


class Form(Enum):
    """How a piece of character data is written."""

    PLAIN = auto()
    REFERENCE = auto()
    CDATA = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters in one form: their span in the decoded data (`start` to `end`), and in the text."""

    form: Form
    start: int
    end: int
    text_start: int
    text_end: int


class CharacterData:
    """The character data between the tags of an element without child elements.

    `data` is in UTF-8 like the text; line ends are as in the text. Offsets of `replace` and `place` are in `data`.
    """

    def __init__(self, text: bytes, element: Element) -> None:
        self._insert_at = element.content_start
        self._pieces: list[Piece] = []
        parts: list[bytes] = []
        length = 0
        for found in _PIECES.finditer(text, element.content_start, element.content_end):
            form = _FORMS.get(found.lastgroup or "")
            if form is None:
                continue
            start, end = found.span(found.lastgroup or 0)
            part = text[start:end]
            if form is Form.REFERENCE:
                part = _resolve(part)
            parts.append(part)
            self._pieces.append(Piece(form, length, length + len(part), start, end))
            length += len(part)
        self.data = b"".join(parts)

    @property
    def is_cdata(self) -> bool:
        """Whether some of the data is in a CDATA section."""
        return any(piece.form is Form.CDATA for piece in self._pieces)

    def place(self, offset: int) -> int:
        """Return where in the text a byte of the data stands."""
        for piece in self._pieces:
            if piece.start <= offset < piece.end:
                return piece.text_start + (0 if piece.form is Form.REFERENCE else offset - piece.start)
        return self._pieces[-1].text_end if self._pieces else self._insert_at

    def replace(self, start: int, end: int, replacement: str, can_express: CanExpress) -> list[Edit]:
        """Return the edits of the text that replace a span of the data; `start == end` inserts."""
        if start == end:
            return [self._insert(start, replacement, can_express)]
        edits = []
        written = False
        for piece in self._pieces:
            first, last = max(start, piece.start), min(end, piece.end)
            if first >= last:
                continue
            if piece.form is Form.REFERENCE:
                text_start, text_end = piece.text_start, piece.text_end
            else:
                text_start = piece.text_start + first - piece.start
                text_end = piece.text_start + last - piece.start
            new = b"" if written else escape_text(replacement, piece.form, can_express)
            edits.append(Edit(text_start, text_end, new))
            written = True
        return _join(edits)

    def _insert(self, offset: int, replacement: str, can_express: CanExpress) -> Edit:
        for piece in self._pieces:
            if piece.start < offset <= piece.end or offset == piece.start:
                inside = offset - piece.start
                if piece.form is Form.REFERENCE:
                    place = piece.text_end if inside else piece.text_start
                else:
                    place = piece.text_start + inside
                return Edit(place, place, escape_text(replacement, piece.form, can_express))
        return Edit(self._insert_at, self._insert_at, escape_text(replacement, Form.PLAIN, can_express))


_FORMS = {"cdata": Form.CDATA, "reference": Form.REFERENCE, "plain": Form.PLAIN}


def _join(edits: list[Edit]) -> list[Edit]:
    """Return edits of which neighbours are one: characters and references that follow each other."""
    joined: list[Edit] = []
    for edit in edits:
        if joined and joined[-1].end == edit.start:
            joined[-1] = Edit(joined[-1].start, edit.end, joined[-1].replacement + edit.replacement)
        else:
            joined.append(edit)
    return joined


def _resolve(reference: bytes) -> bytes:
    named = _NAMED.get(reference)
    if named is not None:
        return named.encode()
    digits = reference[2:-1].decode()
    code = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    return chr(code).encode()


def escape_text(text: str, form: Form, can_express: CanExpress) -> bytes:
    """Return character data in UTF-8, as it is written in this form."""
    if form is Form.CDATA:
        whole = text.replace("]]>", "]]]]><![CDATA[>")
        return _replace_unknown(whole, can_express, "]]>&#{};<![CDATA[").encode()
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    return _replace_unknown(escaped, can_express, "&#{};").encode()


def escape_inner_text(text: str, can_express: CanExpress) -> str:
    """Return character data of the window inside an item; also what the encoding lacks is a reference there."""
    return escape_text(text, Form.PLAIN, can_express).decode()


def escape_inner_attribute(text: str, quote: str, can_express: CanExpress) -> str:
    """Return the value of an attribute of the window inside an item, between quotes of this kind."""
    escaped = escape_inner_text(text, can_express)
    escaped = escaped.replace(quote, "&quot;" if quote == '"' else "&apos;")
    return escaped.replace("\n", "&#10;").replace("\t", "&#9;")


def find_invalid_character(text: str) -> str | None:
    """Return the first character that XML cannot contain, not even as a reference; None where there is none."""
    found = _INVALID.search(text)
    return found[0] if found else None


def _replace_unknown(text: str, can_express: CanExpress, form: str) -> str:
    if text.isascii():
        return text
    unknown = {character for character in set(text) if not character.isascii() and not can_express(character)}
    return "".join(form.format(ord(one)) if one in unknown else one for one in text) if unknown else text
