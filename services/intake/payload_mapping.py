r"""Maps the JSON payload of a client to the variables of a request.

A mapping is a JSON object: variable to source. A source is a JSON pointer (RFC 6901) such as "/file/path", a constant
{"const": "Webhook"}, or {"join": ["/user/domain", {"const": "\\"}, "/user/name"]}. {"pointer": "/x", "optional": true}
leaves the variable empty if the payload has no such place. There is no template language, and nothing is evaluated.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from services.common.errors import FieldError, InvalidError
from services.common.json_types import JsonObject, JsonValue
from services.intake.limits import CLIENT_ID_LENGTH_MAX
from services.requests.domain.validation import FIELD_MAX_LENGTH, KNOWN_FIELDS, describe_invalid_text

ID_FIELD = "id"
"""Name under which the client's own id of a request is mapped, like a variable."""
CONSOLE_VARIABLES = ("PMApprovalId", "PMProcessId", "PMProcessName")
"""Variables that this console fills in."""
CLIENT_VARIABLES = tuple(name for name in KNOWN_FIELDS if name not in CONSOLE_VARIABLES)
"""Variables that a client may fill in."""
PARTS_MAX = 20
POINTER_MAX = 500

_ARRAY_INDEX = re.compile("0|[1-9][0-9]{0,8}")
_INVALID_ESCAPE = re.compile("~(?![01])")


class _Missing:
    """The type of MISSING."""


_MISSING: Final = _Missing()
"""Result for a place that the payload does not have; None is a JSON value."""


@dataclass(frozen=True, slots=True)
class JsonPointer:
    """A place in the payload (RFC 6901)."""

    text: str
    optional: bool = False

    def read(self, payload: JsonValue) -> str:
        """Return the text at this place; raises ValueError with the end of a sentence if there is none."""
        found: JsonValue | _Missing = payload
        for token in self.tokens:
            if isinstance(found, _Missing):
                break
            found = _resolve_token(found, token)
        if isinstance(found, _Missing) or found is None:
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
        """The unescaped reference tokens."""
        return [token.replace("~1", "/").replace("~0", "~") for token in self.text.split("/")[1:]]


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text for every request."""

    text: str

    def read(self, payload: JsonValue) -> str:
        """Return the text."""
        del payload
        return self.text


@dataclass(frozen=True, slots=True)
class Join:
    """The concatenation of several sources."""

    parts: tuple[JsonPointer | Constant, ...]

    def read(self, payload: JsonValue) -> str:
        """Return the joined texts of all parts; raises ValueError like them."""
        return "".join(part.read(payload) for part in self.parts)


ValueSource: TypeAlias = JsonPointer | Constant | Join


@dataclass(frozen=True, slots=True)
class PayloadMapping:
    """The source of each variable."""

    sources: Mapping[str, ValueSource]

    def read(self, payload: JsonValue) -> dict[str, str]:
        """Return the variables of a payload, and its `id` if it has one.

        Raises InvalidError with every variable that cannot be filled, and the reason.
        """
        values: dict[str, str] = {}
        wrong: list[FieldError] = []
        for name, source in self.sources.items():
            try:
                text = source.read(payload)
            except ValueError as error:
                wrong.append(FieldError(name, str(error)))
                continue
            fault = describe_invalid_text(text, _max_length(name))
            if fault:
                wrong.append(FieldError(name, fault))
            values[name] = text
        if wrong:
            raise InvalidError(wrong)
        return values


def default_mapping() -> PayloadMapping:
    """Return the mapping for payloads that contain the variables under their own names; all are optional."""
    sources = {name: JsonPointer(f"/{name}", optional=True) for name in CLIENT_VARIABLES}
    return PayloadMapping({ID_FIELD: JsonPointer(f"/{ID_FIELD}", optional=True), **sources})


def mapping_from_json(document: JsonValue) -> PayloadMapping:
    """Return the mapping that a JSON document describes; raises InvalidError with every invalid entry."""
    if not isinstance(document, dict) or not document:
        raise InvalidError([FieldError("mapping", "is not an object of variables and their sources")])
    sources: dict[str, ValueSource] = {}
    wrong: list[FieldError] = []
    for name, source in document.items():
        try:
            _check_name(name)
            sources[name] = _parse_source(source)
        except ValueError as error:
            wrong.append(FieldError(name, str(error)))
            continue
        if isinstance(sources[name], Constant):
            fault = describe_invalid_text(sources[name].read(None), _max_length(name))
            if name == ID_FIELD:
                fault = "is the same for every request; requests could not be told apart"
            wrong += [FieldError(name, fault)] if fault else []
    if wrong:
        raise InvalidError(wrong)
    sources.setdefault(ID_FIELD, JsonPointer(f"/{ID_FIELD}", optional=True))
    return PayloadMapping(sources)


def parse_mapping(text: str) -> PayloadMapping:
    """Return the mapping that is stored as JSON text; an empty object is the default mapping. Raises InvalidError."""
    try:
        document = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        raise InvalidError([FieldError("mapping", f"is not JSON: {error}")]) from error
    return mapping_from_json(document) if document != {} else default_mapping()


def document_from_arguments(pairs: Sequence[str]) -> JsonObject:
    """Return the mapping document for arguments such as PMFilePath=/file/path; raises InvalidError.

    NAME=/pointer, NAME?=/pointer if the place may be missing, NAME=text for a constant, NAME=JSON for everything else.
    """
    document: JsonObject = {}
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


def _max_length(name: str) -> int:
    return CLIENT_ID_LENGTH_MAX if name == ID_FIELD else FIELD_MAX_LENGTH


def _check_name(name: str) -> None:
    if name in CONSOLE_VARIABLES:
        raise ValueError("is filled in by this console")
    if name != ID_FIELD and name not in CLIENT_VARIABLES:
        raise ValueError(
            f"is no variable of the contract; use one of {ID_FIELD}, {', '.join(CLIENT_VARIABLES)}"
        )


def _parse_source(source: JsonValue, *, inside: bool = False) -> ValueSource:
    if isinstance(source, str):
        return JsonPointer(_check_pointer(source))
    if isinstance(source, list) and not inside:
        return _join(source)
    if not isinstance(source, dict):
        raise ValueError("is no pointer, constant or join")  # noqa: TRY004 -- callers read one kind of error
    match source:
        case {"const": str(text)} if len(source) == 1:
            return Constant(text)
        case {"pointer": str(text), "optional": bool(optional)} if len(source) == 2:
            return JsonPointer(_check_pointer(text), optional)
        case {"pointer": str(text)} if len(source) == 1:
            return JsonPointer(_check_pointer(text))
        case {"join": list(parts)} if len(source) == 1 and not inside:
            return _join(parts)
    raise ValueError("is no pointer, constant or join")


def _join(parts: list[JsonValue]) -> Join:
    if not 0 < len(parts) <= PARTS_MAX:
        raise ValueError(f"joins {len(parts)} parts; 1 to {PARTS_MAX} can be joined")
    made = tuple(_parse_source(part, inside=True) for part in parts)
    if any(isinstance(part, Join) for part in made):
        raise ValueError("joins a join")
    return Join(tuple(part for part in made if not isinstance(part, Join)))


def _check_pointer(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"has the pointer “{text}”, which does not begin with /")
    if len(text) > POINTER_MAX:
        raise ValueError(f"has a pointer of {len(text)} characters; at most {POINTER_MAX} are read")
    if _INVALID_ESCAPE.search(text):
        raise ValueError(f"has the pointer “{text}”, in which ~ is followed by neither 0 nor 1")
    return text


def _resolve_token(found: JsonValue, token: str) -> JsonValue | _Missing:
    if isinstance(found, dict):
        return found.get(token, _MISSING)
    if isinstance(found, list) and _ARRAY_INDEX.fullmatch(token):
        return found[int(token)] if int(token) < len(found) else _MISSING
    return _MISSING
