"""Reads and writes the values of a configuration document, by the form that the model of a kind declares."""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import cache

from models.document_keys import CONSTANT_FORMS, DocumentKey, ValueForm
from models.field_values import FieldValue
from models.kinds import Kind
from models.tables import model_for_kind
from models.window_texts import (
    dump_window_texts,
    format_window_texts,
    load_window_texts,
    parse_window_texts,
)
from services.common.uuid_text import parse_uuid

VERSION = 1
SHORTENED_MAX = 100
UNIT_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(\d{1,9})\s*([wdhms])")


@cache
def document_keys(kind: Kind) -> dict[str, DocumentKey]:
    """Return the keys of an entry of `kind`, in the order in which they are written."""
    return {key.key: key for key in model_for_kind(kind).document}


def parse_value(form: ValueForm, value: object) -> str | int | bool | None:
    """Return the field value for a value of the document; raises ValueError with a message that follows the key."""
    return _PARSERS[form](value)


def format_value(form: ValueForm, value: FieldValue) -> object:
    """Return a field value as the document has it."""
    match form:
        case ValueForm.DURATION:
            return format_duration(int(str(value)))
        case ValueForm.SYS_ID | ValueForm.GUID:
            return value or None
        case ValueForm.WINDOW_TEXTS:
            return format_window_texts(load_window_texts(str(value)))
        case _:
            return value


def parse_text(value: object) -> str:
    """Return a text; raises ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"must be a text, not {_describe_value(value)}")  # noqa: TRY004 -- one family for all wrong values
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("contains half of a character, which cannot be stored")
    return value


def parse_optional_text(value: object) -> str | None:
    """Return a text or None; raises ValueError."""
    return None if value is None else parse_text(value)


def parse_sys_id(value: object) -> str | None:
    """Return a sys_id as ServiceNow writes it, or None; raises ValueError. Other texts are returned as they are."""
    written = parse_optional_text(value)
    known = parse_uuid(written) if written is not None else None
    return known.hex if known is not None else written


def parse_bool(value: object) -> bool:
    """Return true or false; raises ValueError."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {_describe_value(value)}")  # noqa: TRY004
    return value


def parse_duration(value: object) -> int:
    """Return the seconds of a duration such as 20s, 20m, 1h; raises ValueError."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"must be a duration such as 20s, 20m or 1h, not {_describe_value(value)}")
    return int(found[1]) * UNIT_SECONDS[found[2]]


def format_duration(seconds: int) -> str:
    """Return seconds in the largest unit that divides them."""
    unit = next(
        u for u, size in UNIT_SECONDS.items() if seconds % size == 0 and (seconds >= size or size == 1)
    )
    return f"{seconds // UNIT_SECONDS[unit]}{unit}"


def parse_date(value: object) -> str:
    """Return a day as text; YAML reads one without quotes as a date. Raises ValueError."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return parse_text(value)


def parse_guid(value: object) -> str | None:
    """Return a GUID in lower case, or None; raises ValueError."""
    written = parse_optional_text(value)
    known = parse_uuid(written) if written is not None else None
    if written and known is None:
        raise ValueError(f"must be a GUID, not {_describe_value(value)}")
    return None if known is None else str(known)


def parse_texts(value: object) -> str:
    """Return texts of a window in the form in which an action stores them; raises ValueError."""
    return dump_window_texts(parse_window_texts(value))


def _constant_parser(constant: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value != constant:
            raise ValueError(f"must be {constant}, not {_describe_value(value)}")
        return constant

    return parse


_PARSERS: dict[ValueForm, Callable[[object], str | int | bool | None]] = {
    ValueForm.TEXT: parse_text,
    ValueForm.OPTIONAL_TEXT: parse_optional_text,
    ValueForm.SYS_ID: parse_sys_id,
    ValueForm.BOOLEAN: parse_bool,
    ValueForm.DURATION: parse_duration,
    ValueForm.REFERENCE: parse_optional_text,
    ValueForm.DATE: parse_date,
    ValueForm.GUID: parse_guid,
    ValueForm.WINDOW_TEXTS: parse_texts,
    **{form: _constant_parser(constant) for form, constant in CONSTANT_FORMS.items()},
}


def shorten(text: str) -> str:
    """Return a word for a message, cut off where it is too long to be read."""
    return text if len(text) <= SHORTENED_MAX else f"{text[: SHORTENED_MAX - 1]}…"


def _describe_value(value: object) -> str:
    if isinstance(value, str):
        return f"“{shorten(value)}”"
    return "null" if value is None else type(value).__name__
