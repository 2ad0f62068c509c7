"""Finds keys, assertions and access tokens in a text: secrets so long that a pattern for each would take a second to make.

A text is read once, whatever number of secrets is known. Compared is what remains of both without escapes, white space,
backslashes and plus signs; a piece of a secret is found as well as the whole.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

LONG_MIN_LENGTH = 64
"""Shorter secrets have patterns of their own, which know more encodings."""
_BLOCK = 16
"""Characters that are compared at once. A piece of twice that length is found wherever it begins."""
_START_MIN = 6
"""A shorter start of a secret at the end of a text is left there."""
_ESCAPE = re.compile(
    r"%(?:25)*(?P<percent>[0-9a-fA-F]{2})"
    r"|\\{1,8}(?:u(?P<unit>[0-9a-fA-F]{4})|x(?P<byte>[0-9a-fA-F]{2})|[nrt])"
    r"|&(?:amp;)*(?:\#(?:[xX]0{0,8}(?P<hex>[0-9a-fA-F]{1,5})|0{0,8}(?P<decimal>[0-9]{1,6}));?|(?P<name>amp|lt|gt|quot|apos);)"
    r"|[\s+…]+|\\+"
)
_NAMES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_IGNORED = re.compile(r"[\s\\+…]")
_ARMOUR = re.compile(r"-----[A-Z0-9 ]{1,60}-----")
"""The first and the last line of a key in PEM form, which all keys have."""


def is_long(secret: str) -> bool:
    """Return whether `LongSecrets` finds a secret: long, and without parts that read as escapes, as keys and tokens are."""
    return (
        len(secret) >= LONG_MIN_LENGTH
        and secret.isascii()
        and _Plain(secret).text == _IGNORED.sub("", secret)
        and "\\" not in secret
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """A secret as it is compared."""

    text: str
    blocks: tuple[str, ...]
    starts: tuple[str, ...]


class LongSecrets:
    """The long secrets that are known."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._blocks: dict[str, list[tuple[_Known, int]]] = {}
        self._starts: dict[str, int] = {}
        """How many secrets begin with each text."""

    def add(self, secret: str) -> None:
        """Find this secret from now on."""
        if secret in self._known:
            return
        text = _Plain(_ARMOUR.sub("", secret)).text
        blocks = tuple(text[at : at + _BLOCK] for at in range(0, len(text) - _BLOCK + 1, _BLOCK))
        known = _Known(text, blocks, tuple(text[:n] for n in range(_START_MIN, min(_BLOCK, len(text)))))
        self._known[secret] = known
        for number, block in enumerate(blocks):
            self._blocks.setdefault(block, []).append((known, number * _BLOCK))
        for start in known.starts:
            self._starts[start] = self._starts.get(start, 0) + 1

    def discard(self, secret: str) -> None:
        """Forget a secret; nothing happens for one that is not known."""
        known = self._known.pop(secret, None)
        if known is None:
            return
        for block in dict.fromkeys(known.blocks):
            left = [entry for entry in self._blocks[block] if entry[0] is not known]
            if left:
                self._blocks[block] = left
            else:
                del self._blocks[block]
        for start in known.starts:
            self._starts[start] -= 1
            if not self._starts[start]:
                del self._starts[start]

    def replace(self, text: str, replacement: str) -> str:
        """Return `text` with `replacement` in place of every piece of a secret."""
        if not self._known or len(text) < _START_MIN:
            return text
        plain = _Plain(text)
        parts, copied = [], 0
        for start, end in self._find(plain.text):
            first, last = plain.start(start), plain.end(end - 1)
            parts += [text[copied:first], replacement]
            copied = last
        return "".join([*parts, text[copied:]]) if parts else text

    def _find(self, text: str) -> list[tuple[int, int]]:
        """Return where pieces of secrets stand, in order, with touching ones joined."""
        found: list[tuple[int, int]] = []
        at, blocks = 0, self._blocks
        while at <= len(text) - _BLOCK:
            entries = blocks.get(text[at : at + _BLOCK])
            if entries is None:
                at += 1
                continue
            # The first, from which most of a secret that repeats itself follows.
            known, place = entries[0]
            begin, least = at, found[-1][1] if found else 0
            while begin > least and place and text[begin - 1] == known.text[place - 1]:
                begin, place = begin - 1, place - 1
            place, end = place + (at - begin) + _BLOCK, at + _BLOCK
            while end < len(text) and place < len(known.text) and text[end] == known.text[place]:
                end, place = end + 1, place + 1
            if found and found[-1][1] == begin:
                begin = found.pop()[0]
            found.append((begin, end))
            at = end
        return found + self._find_start(text, found[-1][1] if found else 0)

    def _find_start(self, text: str, least: int) -> list[tuple[int, int]]:
        """Return where a secret begins that the end of the text cuts off."""
        for length in range(_BLOCK - 1, _START_MIN - 1, -1):
            if len(text) - length >= least and text[len(text) - length :] in self._starts:
                return [(len(text) - length, len(text))]
        return []


class _Plain:
    """A text without escapes and ignored characters, and where each character that is left was written."""

    def __init__(self, text: str) -> None:
        parts: list[str] = []
        self._at: list[int] = []
        """Where each part begins in the plain text."""
        self._written: list[tuple[int, int]] = []
        """Where each part begins in the text, and where it ends if it is one escaped character, else 0."""
        self._length = 0
        copied = 0
        for escape in _ESCAPE.finditer(text):
            self._add(parts, text[copied : escape.start()], copied, 0)
            character = _decoded(escape)
            if character and not _IGNORED.match(character):
                self._add(parts, character, escape.start(), escape.end())
            copied = escape.end()
        self._add(parts, text[copied:], copied, 0)
        self.text = "".join(parts)

    def _add(self, parts: list[str], part: str, start: int, end: int) -> None:
        if part:
            parts.append(part)
            self._at.append(self._length)
            self._written.append((start, end))
            self._length += len(part)

    def start(self, place: int) -> int:
        """Return where the character at a place of the plain text begins in the text."""
        number = bisect_right(self._at, place) - 1
        return self._written[number][0] + place - self._at[number]

    def end(self, place: int) -> int:
        """Return where the character at a place of the plain text ends in the text."""
        number = bisect_right(self._at, place) - 1
        start, end = self._written[number]
        return end or start + place - self._at[number] + 1


def _decoded(escape: re.Match[str]) -> str:
    """Return the character that an escape stands for; empty for none."""
    found = escape.groupdict()
    if found["name"]:
        return _NAMES[found["name"]]
    digits = found["percent"] or found["unit"] or found["byte"] or found["hex"]
    if digits or found["decimal"]:
        return chr(int(digits, 16) if digits else int(found["decimal"]))
    return ""
