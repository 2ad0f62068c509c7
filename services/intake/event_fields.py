"""The fields of a received event, and how the variables of a request are mapped to them. No I/O.

Which members an event of Privilege Manager has is not public. They are shown as they come, a name that fits is only a
suggestion, and a person confirms what each variable is filled with.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.common.errors import FieldError, InvalidError
from services.common.json_types import JsonObject, JsonValue
from services.intake.limits import BODY_DEPTH_MAX
from services.intake.payload_mapping import CONSOLE_VARIABLES, ID_FIELD, POINTER_MAX, mapping_from_json
from services.servicenow.contract import VARIABLES

APPROVAL_ID = "PMApprovalId"
"""Mapped like a variable: by it the sender knows its request, so that a repeated event raises nothing twice."""
FILLED_IN = tuple(name for name in CONSOLE_VARIABLES if name != APPROVAL_ID)
"""Variables that the console fills in from the Approval Process."""
MAPPED_VARIABLES = tuple(name for name in VARIABLES if name not in FILLED_IN)
"""Variables that need a field of the event, a fixed value, or the decision to leave them empty."""
FIELDS_MAX = 500
VALUE_MAX = 500
"""Characters that are shown of a value."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_GUID = re.compile(r"\{?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_SYNONYMS: Mapping[str, frozenset[str]] = {
    "approval": frozenset({"approval", "request"}),
    "initiator": frozenset({"initiator", "user", "requester", "requestor"}),
    "agent": frozenset({"agent", "computer", "machine", "endpoint", "resource"}),
    "policy": frozenset({"policy"}),
    "file": frozenset({"file", "application", "process"}),
    "reason": frozenset({"reason", "justification"}),
    "id": frozenset({"id", "guid"}),
    "name": frozenset({"name"}),
    "path": frozenset({"path"}),
    "user": frozenset({"user"}),
}


@dataclass(frozen=True, slots=True)
class EventField:
    """A value of an event with its JSON pointer. `value` is cut to VALUE_MAX characters."""

    pointer: str
    value: str
    is_empty: bool = False
    """Whether it is null or an empty text."""


class RowState(StrEnum):
    """How a variable stands."""

    MAPPED = "mapped"
    FIXED = "fixed"
    LEFT_EMPTY = "left-empty"
    """A person decided that nothing is sent."""
    FILLED_IN = "filled-in"
    """By the console."""
    SUGGESTED = "suggested"
    """A field fits by its name; nobody has confirmed it."""
    NOT_MAPPED = "not-mapped"
    NOT_IN_EVENT = "not-in-event"
    """The event has nothing at the mapped place."""
    UNKNOWN = "unknown"
    """Nothing is mapped, and no event has come."""


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A variable, where it comes from, and what that is in the event that is shown."""

    variable: str
    state: RowState
    source: str = ""
    value: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the variable has a source that a person has confirmed, or needs none."""
        return self.state in (
            RowState.MAPPED, RowState.FIXED, RowState.LEFT_EMPTY, RowState.FILLED_IN, RowState.NOT_IN_EVENT,
        )  # fmt: skip

    @property
    def can_be_mapped(self) -> bool:
        """Whether a person decides what it is filled with."""
        return self.variable in MAPPED_VARIABLES


def read_event(body: str) -> JsonObject | None:
    """Return the JSON object of a stored event; None where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def flatten_event(payload: JsonValue) -> tuple[list[EventField], bool]:
    """Return the values of an event in its own order, and whether there are more than FIELDS_MAX or deeper ones."""
    found: list[EventField] = []
    is_cut = False
    waiting: list[tuple[str, JsonValue, int]] = [("", payload, 0)]
    while waiting:
        pointer, value, depth = waiting.pop()
        if len(found) >= FIELDS_MAX or depth > BODY_DEPTH_MAX or len(pointer) > POINTER_MAX:
            is_cut = True
            continue
        if isinstance(value, dict):
            inner = [(f"{pointer}/{_escape(name)}", one, depth + 1) for name, one in value.items()]
            waiting += reversed(inner)
        elif isinstance(value, list):
            inner = [(f"{pointer}/{place}", one, depth + 1) for place, one in enumerate(value[:FIELDS_MAX])]
            is_cut = is_cut or len(value) > FIELDS_MAX
            waiting += reversed(inner)
        elif pointer:
            found.append(EventField(pointer, _text(value)[:VALUE_MAX], value is None or value == ""))
    return found, is_cut


def suggest_fields(fields: Sequence[EventField]) -> dict[str, str]:
    """Return the pointer that fits each variable by its name, where one does; no pointer is suggested twice."""
    ranked = sorted(
        (-score, place, variable, field.pointer)
        for variable in MAPPED_VARIABLES
        for place, field in enumerate(fields)
        if (score := _score(variable, field)) > 0
    )
    found: dict[str, str] = {}
    for _, _, variable, pointer in ranked:
        if variable not in found and pointer not in found.values():
            found[variable] = pointer
    return found


def mapping_rows(document: Mapping[str, JsonValue], payload: JsonObject | None) -> list[MappingRow]:
    """Return one row for each variable of the contract: mapped, suggested by the event, or still to do."""
    fields = flatten_event(payload)[0] if payload is not None else []
    taken = {_source_text(source) for source in document.values()}
    suggested = {name: pointer for name, pointer in suggest_fields(fields).items() if pointer not in taken}
    values = {field.pointer: field.value for field in fields}
    return [_row(name, document, payload, suggested.get(name, ""), values) for name in VARIABLES]


def with_variable(
    document: Mapping[str, JsonValue], variable: str, source: JsonValue
) -> dict[str, JsonValue]:
    """Return a mapping in which a variable has another source; None removes it. Raises InvalidError."""
    changed = dict(document)
    key = ID_FIELD if variable == APPROVAL_ID else variable
    changed.pop(key, None)
    if source is not None:
        changed[key] = source
        mapping_from_json({key: source})
    return changed


def pointer_source(variable: str, pointer: str) -> JsonValue:
    """Return the source that reads a field of the event. Only the approval id has to be in every event."""
    return pointer if variable == APPROVAL_ID else {"pointer": pointer, "optional": True}


def missing_variables(document: Mapping[str, JsonValue]) -> list[str]:
    """Return the variables that nobody has decided about yet; an empty list allows requests to be raised."""
    return [name for name in MAPPED_VARIABLES if _key(name) not in document]


def mapping_document(text: str) -> dict[str, JsonValue]:
    """Return the stored mapping of a client as a document. Raises InvalidError."""
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise InvalidError([FieldError("mapping", f"is not JSON: {error}")]) from error
    return found if isinstance(found, dict) else {}


def _key(variable: str) -> str:
    return ID_FIELD if variable == APPROVAL_ID else variable


def _row(
    name: str,
    document: Mapping[str, JsonValue],
    payload: JsonObject | None,
    suggestion: str,
    values: Mapping[str, str],
) -> MappingRow:
    if name in FILLED_IN:
        return MappingRow(name, RowState.FILLED_IN)
    source = document.get(_key(name))
    if source is None:
        if payload is None:
            return MappingRow(name, RowState.UNKNOWN)
        if suggestion:
            return MappingRow(name, RowState.SUGGESTED, suggestion, values.get(suggestion, ""))
        return MappingRow(name, RowState.NOT_MAPPED)
    text = _source_text(source)
    if isinstance(source, dict) and "const" in source:
        state = RowState.FIXED if source["const"] else RowState.LEFT_EMPTY
        return MappingRow(name, state, text, str(source["const"]))
    if payload is None:
        return MappingRow(name, RowState.MAPPED, text)
    try:
        value = mapping_from_json({_key(name): source}).read(payload).get(_key(name), "")
    except InvalidError:
        return MappingRow(name, RowState.NOT_IN_EVENT, text)
    return MappingRow(name, RowState.MAPPED if value else RowState.NOT_IN_EVENT, text, value[:VALUE_MAX])


def _source_text(source: JsonValue) -> str:
    """Return a source as people read it: a pointer, a fixed value in quotes, or parts joined by “+”."""
    match source:
        case str():
            return source
        case {"pointer": str(pointer)}:
            return pointer
        case {"const": str(text)}:
            return f"“{text}”"
        case {"join": list(parts)} | list(parts):
            return " + ".join(_source_text(part) for part in parts)
    return ""


def _score(variable: str, field: EventField) -> int:
    """Return how well a field fits a variable by name; 0 for not at all."""
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in field.pointer.split("/")[1:]]
    last, wanted = tokens[-1].lower(), variable.removeprefix("PM").lower()
    if last in (wanted, variable.lower()):
        return 100 - len(tokens)
    words = [word.lower() for token in tokens for word in _WORDS.findall(token)]
    asked = [word.lower() for word in _WORDS.findall(variable.removeprefix("PM"))]
    if asked == ["user", "reason"]:
        asked = ["reason"]
    if "".join(words[-len(asked) :]) == wanted:
        return 90 - len(tokens)
    tail = words[-len(asked) :]
    if len(tail) < len(asked) or not all(
        word in _SYNONYMS.get(one, frozenset({one})) for one, word in zip(asked, tail, strict=True)
    ):
        return 0
    if asked[-1] == "id" and not _GUID.fullmatch(field.value.strip()):
        return 30 - len(tokens)
    return 60 - len(tokens)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _text(value: JsonValue) -> str:
    if value is None:
        return "null"
    return value if isinstance(value, str) else json.dumps(value)
