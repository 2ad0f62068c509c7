"""The body of Privilege Manager's approval operation, filled from a confirmed mapping.

The members of that body are not public. The server describes them in its Swagger document; a person confirms once which
value goes where, and the mapping is kept with a hash of the description. A description that has changed since is a
fault: nothing is guessed, and nothing is sent.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.answers.answer import Answer
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.json_types import JsonObject, JsonValue
from services.connectivity.answer_faults import DELIVERY_FAULTS

FILL_TRIED = "Fill in the approval operation of Privilege Manager"
_MARK_LENGTH = 12


class Source(StrEnum):
    """Where the value of a property comes from."""

    APPROVAL_ID = "approval_id"
    DECISION = "decision"
    COMMENT = "comment"
    APPROVER = "approver"
    DURATION = "duration"
    ONE_TIME = "one_time"
    FIXED = "fixed"


class DurationForm(StrEnum):
    """How a duration is written."""

    NUMBER = "number"
    """A number of units; a text with that number where the property is a text."""
    TIMESPAN = "timespan"
    """[d.]hh:mm:ss, as .NET writes it."""
    ISO8601 = "iso8601"
    """PT90M"""


@dataclass(frozen=True, slots=True)
class PropertySource:
    """What one property is filled with. Values are those of the schema's own type."""

    source: Source
    approved: JsonValue = None
    """DECISION: the value for an approval. ONE_TIME: the value for an approval that counts once."""
    denied: JsonValue = None
    """DECISION: the value for a denial; None where the operation has none. ONE_TIME: the value for one with a duration."""
    value: JsonValue = None
    """FIXED: the value."""
    unit_s: int = 60
    """DURATION as a number: how many seconds it counts."""
    form: DurationForm = DurationForm.NUMBER
    """DURATION: how it is written."""

    def as_json(self) -> JsonObject:
        """Return the source for JSON, without what it does not use."""
        found: JsonObject = {"from": self.source.value}
        if self.source is Source.DECISION:
            found |= {"approved": self.approved, "denied": self.denied}
        elif self.source is Source.ONE_TIME:
            found |= {"once": self.approved, "timed": self.denied}
        elif self.source is Source.FIXED:
            found["value"] = self.value
        elif self.source is Source.DURATION:
            found |= {"form": self.form.value, "unit_s": self.unit_s}
        return found

    @classmethod
    def from_json(cls, value: JsonValue) -> "PropertySource":
        """Read what `as_json` wrote. Raises ValueError."""
        if not isinstance(value, dict):
            raise ValueError("the source of a property is an object")  # noqa: TRY004 -- wrong JSON, not a wrong call
        unit = value.get("unit_s", 60)
        if not isinstance(unit, int) or isinstance(unit, bool) or unit <= 0:
            raise ValueError("unit_s is a number of seconds")
        source, form = Source(str(value.get("from"))), DurationForm(str(value.get("form", "number")))
        names = ("once", "timed") if source is Source.ONE_TIME else ("approved", "denied")
        first, second = (value.get(name) for name in names)
        return cls(source, first, second, value.get("value"), unit, form)


@dataclass(frozen=True, slots=True)
class AnswerMapping:
    """Property to source, and the hash of the schema that it was confirmed for; without a hash it is unconfirmed."""

    properties: Mapping[str, PropertySource] = field(default_factory=dict)
    schema_hash: str = ""
    described: Mapping[str, str] = field(default_factory=dict)
    """A mark of each property as that schema described it; empty where it was confirmed by an earlier version."""

    def confirmed_for(self, schema: JsonObject) -> "AnswerMapping":
        """Return this mapping as confirmed for a schema."""
        return AnswerMapping(self.properties, schema_hash(schema), _property_fingerprints(schema))

    def as_text(self) -> str:
        """Return the mapping as it is stored with the intake client."""
        sources: JsonObject = {name: one.as_json() for name, one in self.properties.items()}
        content: JsonObject = {
            "schema_hash": self.schema_hash,
            "properties": sources,
            "described": dict(self.described),
        }
        return json.dumps(content, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> "AnswerMapping":
        """Read what `as_text` wrote; an empty object is an unconfirmed mapping. Raises ConsoleError."""
        try:
            found = json.loads(text or "{}")
            properties = found.get("properties", {})
            sources = {str(name): PropertySource.from_json(one) for name, one in properties.items()}
            described = {str(name): str(mark) for name, mark in found.get("described", {}).items()}
            return cls(sources, str(found.get("schema_hash", "")), described)
        except (ValueError, AttributeError) as error:
            raise DELIVERY_FAULTS.error(FaultId.DELIVERY_MAPPING_INVALID, FILL_TRIED, str(error)) from None


def schema_hash(schema: JsonObject) -> str:
    """Return a hash of what a schema requires; descriptions and examples, which change nothing, do not count."""
    text = json.dumps(_without_words(schema), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def describe_change(schema: JsonObject, mapping: AnswerMapping) -> str:
    """Say which properties a schema describes in another way than when `mapping` was confirmed; empty where that is not known."""
    before, now = mapping.described, _property_fingerprints(schema)
    if not before:
        return ""
    changes = {
        "New": now.keys() - before.keys(),
        "Gone": before.keys() - now.keys(),
        "Described in another way": {
            name for name in now.keys() & before.keys() if now[name] != before[name]
        },
    }
    return " ".join(f"{how}: {', '.join(sorted(names))}." for how, names in changes.items() if names)


def _property_fingerprints(schema: JsonObject) -> dict[str, str]:
    """Return a mark of each property, which changes with what it requires; empty where there are none."""
    properties, required = schema.get("properties"), required_properties(schema)
    if not isinstance(properties, dict):
        return {}
    return {
        name: schema_hash({"property": one, "required": name in required})[:_MARK_LENGTH]
        for name, one in properties.items()
    }


def schema_properties(schema: JsonObject) -> dict[str, JsonObject]:
    """Return the properties of the body. Raises ConsoleError where the schema does not describe an object."""
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        evidence = f"It is described as {schema.get('type') or 'nothing'}, without properties."
        raise DELIVERY_FAULTS.error(FaultId.DELIVERY_SCHEMA_UNUSABLE, FILL_TRIED, evidence)
    return {name: one if isinstance(one, dict) else {} for name, one in properties.items()}


def required_properties(schema: JsonObject) -> tuple[str, ...]:
    """Return the names that every body must have."""
    required = schema.get("required")
    return tuple(str(name) for name in required) if isinstance(required, list) else ()


def supports_denial(mapping: AnswerMapping) -> bool:
    """Whether a denial can be sent: some decision has a value for it."""
    return any(
        one.source is Source.DECISION and one.denied is not None for one in mapping.properties.values()
    )


def supports_duration(mapping: AnswerMapping) -> bool:
    """Whether an approval can be limited to a time."""
    return any(one.source is Source.DURATION for one in mapping.properties.values())


def check_mapping(schema: JsonObject, mapping: AnswerMapping) -> None:
    """Raise ConsoleError unless `mapping` fills every required property of `schema` with values of the right type."""
    properties = schema_properties(schema)
    unknown = sorted(set(mapping.properties) - set(properties))
    if unknown:
        raise _invalid(f"The operation has no {', '.join(unknown)}.")
    missing = [name for name in required_properties(schema) if name not in mapping.properties]
    if missing:
        evidence = f"Without a value: {', '.join(missing)}."
        raise DELIVERY_FAULTS.error(FaultId.DELIVERY_PROPERTY_UNMAPPED, FILL_TRIED, evidence)
    sources = [one.source for one in mapping.properties.values()]
    if Source.APPROVAL_ID not in sources:
        raise _invalid("No property takes the approval id.")
    for name, one in mapping.properties.items():
        _check_source(name, properties[name], one)


def build_body(schema: JsonObject, mapping: AnswerMapping, answer: Answer) -> JsonObject:
    """Return the body for an answer. Raises ConsoleError for every reason not to send it; see the faults `delivery-…`."""
    if not mapping.schema_hash:
        raise DELIVERY_FAULTS.error(FaultId.DELIVERY_MAPPING_UNCONFIRMED, FILL_TRIED)
    if mapping.schema_hash != schema_hash(schema):
        raise DELIVERY_FAULTS.error(
            FaultId.DELIVERY_SCHEMA_CHANGED, FILL_TRIED, describe_change(schema, mapping)
        )
    check_mapping(schema, mapping)
    if not answer.caller_id:
        # It was raised while the answers of its client went elsewhere.
        evidence = "The request has no id by which Privilege Manager knows it."
        raise DELIVERY_FAULTS.error(FaultId.DELIVERY_PROPERTY_UNMAPPED, FILL_TRIED, evidence)
    if not answer.is_approved and not supports_denial(mapping):
        evidence = f"The request ended as {answer.state.value}."
        raise DELIVERY_FAULTS.error(FaultId.DELIVERY_DENIAL_UNSUPPORTED, FILL_TRIED, evidence)
    properties = schema_properties(schema)
    required = required_properties(schema)
    body: JsonObject = {}
    for name, one in mapping.properties.items():
        value = _value(one, properties[name], answer)
        if value is not None:
            if not _fits(value, properties[name]):
                raise _invalid(f"{name} does not take {json.dumps(value)}.")
            body[name] = value
        elif name in required:
            evidence = f"{name} is required, and the answer has no {one.source.value}."
            raise DELIVERY_FAULTS.error(FaultId.DELIVERY_PROPERTY_UNMAPPED, FILL_TRIED, evidence)
    return body


def _value(one: PropertySource, description: JsonObject, answer: Answer) -> JsonValue:
    """Return the value of a property; None leaves it out."""
    match one.source:
        case Source.APPROVAL_ID:
            return answer.caller_id
        case Source.DECISION:
            return one.approved if answer.is_approved else one.denied
        case Source.COMMENT:
            return _cut(answer.comment, description)
        case Source.APPROVER:
            return _cut(answer.approver, description) or None
        case Source.DURATION:
            # Without one it is an approval for one time.
            return _duration(one, description, answer.duration_s) if _is_limited(answer) else None
        case Source.ONE_TIME:
            return one.denied if _is_limited(answer) else one.approved
        case Source.FIXED:
            return one.value


def _cut(text: str, description: JsonObject) -> str:
    most = description.get("maxLength")
    return text[:most] if isinstance(most, int) and most >= 0 else text


def _is_limited(answer: Answer) -> bool:
    return answer.is_approved and answer.duration_s > 0


def _duration(one: PropertySource, description: JsonObject, seconds: int) -> JsonValue:
    """Return a duration as the property takes it; a part of a unit counts as a whole one."""
    match one.form:
        case DurationForm.NUMBER:
            count = -(-seconds // one.unit_s)
            return str(count) if description.get("type") == "string" else count
        case DurationForm.TIMESPAN:
            days, rest = divmod(seconds, 86400)
            time = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
            return f"{days}.{time}" if days else time
        case DurationForm.ISO8601:
            return f"PT{seconds}S"


def _check_source(name: str, description: JsonObject, one: PropertySource) -> None:
    values: list[JsonValue] = []
    if one.source in (Source.DECISION, Source.ONE_TIME):
        values = [value for value in (one.approved, one.denied) if value is not None]
        if one.approved is None:
            raise _invalid(f"{name} has no value for an approval.")
        if one.approved == one.denied:
            raise _invalid(f"{name} has the same value for both cases.")
    elif one.source is Source.DURATION:
        allowed = ("string", "integer", "number") if one.form is DurationForm.NUMBER else ("string",)
        if description.get("type", "string") not in allowed:
            raise _invalid(f"{name} takes no duration as {one.form}.")
    elif one.source is Source.FIXED:
        values = [one.value]
    elif description.get("type", "string") != "string":
        raise _invalid(f"{name} is no text, and takes no {one.source.value}.")
    elif "enum" in description:
        raise _invalid(f"{name} takes listed values only, and no {one.source.value}.")
    for value in values:
        if not _fits(value, description):
            raise _invalid(f"{name} does not take {json.dumps(value)}.")


def _fits(value: JsonValue, description: JsonObject) -> bool:
    allowed = description.get("enum")
    if isinstance(allowed, list):
        # true equals 1 in Python, but not in JSON.
        return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in allowed)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match description.get("type"):
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return is_number and isinstance(value, int)
        case "number":
            return is_number
        case "string":
            return isinstance(value, str) and value == _cut(value, description)
        case _:
            return True


def _invalid(evidence: str) -> ConsoleError:
    return DELIVERY_FAULTS.error(FaultId.DELIVERY_MAPPING_INVALID, FILL_TRIED, evidence)


_WORDS = ("description", "example", "title")


def _without_words(value: JsonValue) -> JsonValue:
    """Leave out texts for people; a property of such a name is described by an object, and stays."""
    if isinstance(value, dict):
        return {
            name: _without_words(one)
            for name, one in value.items()
            if not (name in _WORDS and isinstance(one, str))
        }
    if isinstance(value, list):
        return [_without_words(one) for one in value]
    return value


# -- proposals ---------------------------------------------------------------------------------------------------

_APPROVED_WORDS = ("approve", "approved", "allow", "allowed", "accept", "accepted", "grant", "granted")
_DENIED_WORDS = ("deny", "denied", "reject", "rejected", "disallow", "refuse", "refused")
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def suggest_mapping(schema: JsonObject) -> AnswerMapping:
    """Propose a mapping by the names and types of the properties. It is unconfirmed: nothing is sent by it."""
    found: dict[str, PropertySource] = {}
    taken: set[Source] = set()
    for name, description in schema_properties(schema).items():
        one = _suggest(_words(name), description)
        if one is not None and one.source not in taken:
            found[name] = one
            taken.add(one.source)
    return AnswerMapping(found)


def _suggest(words: list[str], description: JsonObject) -> PropertySource | None:
    kind, joined = description.get("type", "string"), "".join(words)
    is_text = kind == "string"
    decision = _suggest_decision(words, description)
    if decision is not None:
        return decision
    if is_text and joined in ("approvalid", "requestid", "approvalrequestid", "id", "itemid", "pmapprovalid"):
        return PropertySource(Source.APPROVAL_ID)
    if is_text and {"comment", "comments", "reason", "note", "message"} & set(words):
        return PropertySource(Source.COMMENT)
    if is_text and {"approver", "approvedby", "decidedby"} & {joined, *words} and "id" not in words:
        return PropertySource(Source.APPROVER)
    if kind == "boolean" and "one" in words and {"time", "once"} & set(words):
        return PropertySource(Source.ONE_TIME, approved=True, denied=False)
    if is_text and "duration" in words and description.get("format") in ("time-span", "date-span"):
        return PropertySource(Source.DURATION, form=DurationForm.TIMESPAN)
    if kind in ("integer", "number") and {"duration", "minutes", "hours", "seconds", "days"} & set(words):
        unit = next((s for unit, s in _UNITS.items() if {unit, f"{unit}s"} & set(words)), None)
        # Without the unit in its name nobody knows what the number counts.
        return PropertySource(Source.DURATION, unit_s=unit) if unit else None
    return None


def _suggest_decision(words: list[str], description: JsonObject) -> PropertySource | None:
    allowed = description.get("enum")
    if isinstance(allowed, list):
        approved = [one for one in allowed if isinstance(one, str) and one.lower() in _APPROVED_WORDS]
        denied = [one for one in allowed if isinstance(one, str) and one.lower() in _DENIED_WORDS]
        if len(approved) == 1 and len(denied) <= 1:
            return PropertySource(Source.DECISION, approved[0], denied[0] if denied else None)
        return None
    if description.get("type") == "boolean" and words[-1] in _APPROVED_WORDS:
        return PropertySource(Source.DECISION, approved=True, denied=False)
    return None


def _words(name: str) -> list[str]:
    """Return the words of a name in small letters, however they are joined."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)] or [name.lower()]
