r"""How a client's payload is read: which place in it each variable of the contract is taken from.

A mapping is JSON: variable to source. A source is a JSON pointer (RFC 6901) such as "/file/path", a constant
{"const": "Webhook"}, or {"join": ["/user/domain", {"const": "\\"}, "/user/name"]}. {"pointer": "/x", "optional": true}
leaves the variable empty where the place is missing. There is no template language and nothing is evaluated.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from services.errors import FieldError, InvalidError
from services.requests.fields import FIELD_MAX, KNOWN, UNSENDABLE

ID = "id"
"""What the client calls its request: the place of it in the payload is mapped like a variable."""
ID_MAX = 200
OWN = ("PMApprovalId", "PMProcessId", "PMProcessName")
"""The console's own variables."""
VARIABLES = tuple(name for name in KNOWN if name not in OWN)
"""What a client may fill."""
PARTS_MAX = 20
POINTER_MAX = 500

_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_ESCAPE = re.compile("~(?![01])")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Pointer:
    """A place in the payload, as the words on the way to it."""

    text: str
    optional: bool = False

    def read(self, payload: Any) -> str:
        """Return the text at this place; raises ValueError with a sentence when there is none."""
        found = payload
        for token in self.tokens:
            found = _step(found, token)
            if found is _MISSING:
                break
        if found is _MISSING or found is None:
            if self.optional:
                return ""
            raise ValueError(f"has nothing at {self.text}")
        if isinstance(found, bool):
            return "true" if found else "false"
        if isinstance(found, float) and not math.isfinite(found):
            raise ValueError(f"has a number at {self.text} that is too large")
        if isinstance(found, str | int | float):
            return str(found)
        raise ValueError(f"has an object or a list at {self.text}, where a text is wanted")

    @property
    def tokens(self) -> list[str]:
        """The words on the way, unescaped."""
        return [token.replace("~1", "/").replace("~0", "~") for token in self.text.split("/")[1:]]


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text for every request."""

    text: str

    def read(self, payload: Any) -> str:
        """Return the text."""
        del payload
        return self.text


@dataclass(frozen=True, slots=True)
class Join:
    """Several sources, one behind the other."""

    parts: tuple[Pointer | Constant, ...]

    def read(self, payload: Any) -> str:
        """Return the texts of all parts; raises ValueError as they do."""
        return "".join(part.read(payload) for part in self.parts)


Source: TypeAlias = Pointer | Constant | Join


@dataclass(frozen=True, slots=True)
class PayloadMapping:
    """Where each variable comes from."""

    sources: Mapping[str, Source]

    def read(self, payload: Any) -> dict[str, str]:
        """Return the variables of a payload (and `id`, where it is there).

        Raises InvalidError that names every variable which cannot be filled, and why.
        """
        values: dict[str, str] = {}
        wrong: list[FieldError] = []
        for name, source in self.sources.items():
            try:
                text = source.read(payload)
            except ValueError as error:
                wrong.append(FieldError(name, str(error)))
                continue
            fault = text_fault(text, _most(name))
            if fault:
                wrong.append(FieldError(name, fault))
            values[name] = text
        if wrong:
            raise InvalidError(wrong)
        return values


def text_fault(text: str, most: int) -> str:
    """Return why a text cannot be a variable of at most `most` characters, as the end of a sentence; or nothing."""
    if len(text) > most:
        return f"has {len(text)} characters; at most {most} are kept"
    found = UNSENDABLE.search(text)
    if found:
        return f"holds U+{ord(found[0]):04X}, which no request can carry"
    return ""


def default_mapping() -> PayloadMapping:
    """Return the mapping for payloads that name the variables as the contract does; each may be left out."""
    sources = {name: Pointer(f"/{name}", optional=True) for name in VARIABLES}
    return PayloadMapping({ID: Pointer(f"/{ID}", optional=True), **sources})


def read_mapping(document: Any) -> PayloadMapping:
    """Return the mapping that a JSON document describes; raises InvalidError that names every wrong entry."""
    if not isinstance(document, dict) or not document:
        raise InvalidError([FieldError("mapping", "is not an object of variables and their sources")])
    sources: dict[str, Source] = {}
    wrong: list[FieldError] = []
    for name, source in document.items():
        try:
            _check_name(name)
            sources[name] = _source(source)
        except ValueError as error:
            wrong.append(FieldError(name, str(error)))
            continue
        if isinstance(sources[name], Constant):
            fault = text_fault(sources[name].read(None), _most(name))
            if name == ID:
                fault = "is the same for every request; requests could not be told apart"
            wrong += [FieldError(name, fault)] if fault else []
    if wrong:
        raise InvalidError(wrong)
    sources.setdefault(ID, Pointer(f"/{ID}", optional=True))
    return PayloadMapping(sources)


def parse_mapping(text: str) -> PayloadMapping:
    """Return the mapping that is stored as JSON text; an empty object is the default one. Raises InvalidError."""
    try:
        document = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise InvalidError([FieldError("mapping", f"is not JSON: {error}")]) from error
    return read_mapping(document) if document != {} else default_mapping()


def document_of(pairs: Sequence[str]) -> dict[str, Any]:
    """Return the document that words like PMFilePath=/file/path mean; raises InvalidError.

    NAME=/pointer, NAME?=/pointer where the place may be missing, NAME=text for a constant, NAME=JSON for everything else.
    """
    document: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for pair in pairs:
        name, equals, text = pair.partition("=")
        optional = name.endswith("?")
        name = name.removesuffix("?")
        if not equals or not name:
            wrong.append(FieldError(pair or "mapping", "is not written as NAME=SOURCE"))
        elif name in document:
            wrong.append(FieldError(name, "is mapped twice"))
        elif text.startswith(("{", "[", '"')):
            try:
                found = json.loads(text)
            except (ValueError, RecursionError) as error:
                wrong.append(FieldError(name, f"is not JSON: {error}"))
                continue
            document[name] = {"const": found} if isinstance(found, str) else found
        elif text.startswith("/"):
            document[name] = {"pointer": text, "optional": True} if optional else text
        else:
            document[name] = {"const": text}
    if wrong:
        raise InvalidError(wrong)
    return document


def _most(name: str) -> int:
    return ID_MAX if name == ID else FIELD_MAX


def _check_name(name: str) -> None:
    if name in OWN:
        raise ValueError("is filled in by this console")
    if name != ID and name not in VARIABLES:
        raise ValueError(f"is no variable of the contract; use one of {ID}, {', '.join(VARIABLES)}")


def _source(source: Any, *, inside: bool = False) -> Source:
    if isinstance(source, str):
        return Pointer(_pointer(source))
    if isinstance(source, list) and not inside:
        return _join(source)
    if not isinstance(source, dict):
        raise ValueError("is no pointer, constant or join")  # noqa: TRY004 -- callers read one kind of error
    match source:
        case {"const": str(text)} if len(source) == 1:
            return Constant(text)
        case {"pointer": str(text), "optional": bool(optional)} if len(source) == 2:
            return Pointer(_pointer(text), optional)
        case {"pointer": str(text)} if len(source) == 1:
            return Pointer(_pointer(text))
        case {"join": list(parts)} if len(source) == 1 and not inside:
            return _join(parts)
    raise ValueError("is no pointer, constant or join")


def _join(parts: list[Any]) -> Join:
    if not 0 < len(parts) <= PARTS_MAX:
        raise ValueError(f"joins {len(parts)} parts; 1 to {PARTS_MAX} can be joined")
    made = tuple(_source(part, inside=True) for part in parts)
    if any(isinstance(part, Join) for part in made):
        raise ValueError("joins a join")
    return Join(tuple(part for part in made if not isinstance(part, Join)))


def _pointer(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"has the pointer “{text}”, which does not begin with /")
    if len(text) > POINTER_MAX:
        raise ValueError(f"has a pointer of {len(text)} characters; at most {POINTER_MAX} are read")
    if _ESCAPE.search(text):
        raise ValueError(f"has the pointer “{text}”, in which ~ is followed by neither 0 nor 1")
    return text


def _step(found: Any, token: str) -> Any:
    if isinstance(found, dict):
        return found.get(token, _MISSING)
    if isinstance(found, list) and _INDEX.fullmatch(token):
        return found[int(token)] if int(token) < len(found) else _MISSING
    return _MISSING
