"""The forms of the configuration document: which keys each section has, and how a value is written.

The document is a public interface: a change here is an addition, never a renaming.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.foreign_system import POLL_INTERVAL_DEFAULT_S
from models.kinds import Kind
from services.common.uuid_text import parse_uuid

VERSION = 1
SERVICENOW = "servicenow"
WORD_MAX = 100
UNIT_SECONDS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(\d{1,9})\s*([wdhms])")


def parse_text(value: Any) -> str:
    """Take a text."""
    if not isinstance(value, str):
        raise ValueError(f"must be a text, not {_describe_value(value)}")  # noqa: TRY004 -- one family for all wrong values
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("contains half of a character, which cannot be stored")
    return value


def parse_optional_text(value: Any) -> str | None:
    """Take a text or null."""
    return None if value is None else parse_text(value)


def parse_sys_id(value: Any) -> str | None:
    """Take a sys_id in any usual spelling, or null; returns it as ServiceNow writes it."""
    written = parse_optional_text(value)
    known = parse_uuid(written) if written is not None else None
    return known.hex if known is not None else written


def parse_bool(value: Any) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {_describe_value(value)}")  # noqa: TRY004
    return value


def parse_duration(value: Any) -> int:
    """Take a duration such as 20s, 20m, 1h; returns seconds."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"must be a duration such as 20s, 20m or 1h, not {_describe_value(value)}")
    return int(found[1]) * UNIT_SECONDS[found[2]]


def format_duration(seconds: int) -> str:
    """Write seconds in the largest unit that keeps them whole."""
    unit = next(
        u for u, size in UNIT_SECONDS.items() if seconds % size == 0 and (seconds >= size or size == 1)
    )
    return f"{seconds // UNIT_SECONDS[unit]}{unit}"


def constant_parser(word: str) -> Callable[[Any], str]:
    """Take exactly `word`."""

    def take(value: Any) -> str:
        if value != word:
            raise ValueError(f"must be {word}, not {_describe_value(value)}")
        return word

    return take


def shorten(text: str) -> str:
    """Return a word for a message; of one that nobody can read, the beginning."""
    return text if len(text) <= WORD_MAX else f"{text[: WORD_MAX - 1]}…"


def _describe_value(value: Any) -> str:
    return (
        f"“{shorten(value)}”"
        if isinstance(value, str)
        else type(value).__name__
        if value is not None
        else "null"
    )


@dataclass(frozen=True, slots=True)
class KeySpec:
    """One key of an entry: the field it fills, how its value is taken, and the kind it refers to by name."""

    field: str
    take: Callable[[Any], Any] = parse_text
    refers_to: Kind | None = None
    required: bool = False
    write: Callable[[Any], Any] | None = None
    usual: Any = ...
    """A value that an export leaves out, because it is what an entry without the key gets."""


SECTIONS: dict[Kind, dict[str, KeySpec]] = {
    Kind.USER_CREDENTIAL: {
        "name": KeySpec("name", required=True),
        "account": KeySpec("account", required=True),
        "description": KeySpec("description"),
    },
    Kind.FOREIGN_SYSTEM: {
        "name": KeySpec("name", required=True),
        "kind": KeySpec("", constant_parser(SERVICENOW)),
        "base_url": KeySpec("base_url", required=True),
        "credential": KeySpec("credential_id", parse_optional_text, refers_to=Kind.USER_CREDENTIAL),
        "description": KeySpec("description"),
        "production": KeySpec("production", parse_bool),
        "ca_bundle": KeySpec("ca_bundle", parse_optional_text),
        "client_certificate": KeySpec("client_certificate", parse_optional_text),
        "proxy": KeySpec("proxy", parse_optional_text),
        "proxy_credential": KeySpec(
            "proxy_credential_id", parse_optional_text, refers_to=Kind.USER_CREDENTIAL, usual=None
        ),
        "minimum_interval": KeySpec(
            "minimum_interval_s", parse_duration, write=format_duration, usual=POLL_INTERVAL_DEFAULT_S
        ),
    },
    Kind.APPROVAL_PROCESS: {
        "name": KeySpec("name", required=True),
        "kind": KeySpec("", constant_parser(SERVICENOW)),
        "description": KeySpec("description"),
        "server": KeySpec("server_id", parse_optional_text, refers_to=Kind.FOREIGN_SYSTEM),
        "request_item": KeySpec("request_item"),
        "create_service": KeySpec("create_service"),
        "status_service": KeySpec("status_service"),
        "cancel_service": KeySpec("cancel_service"),
        "check_status_every": KeySpec("check_every_s", parse_duration, write=format_duration),
        "timeout_after": KeySpec("timeout_after_s", parse_duration, write=format_duration),
    },
    Kind.APPROVAL_TYPE: {
        "name": KeySpec("name", required=True),
        "description": KeySpec("description"),
        "process_handler": KeySpec("process_id", parse_optional_text, refers_to=Kind.APPROVAL_PROCESS),
        "policy_specific": KeySpec("policy_specific", parse_bool),
        "file_specific": KeySpec("file_specific", parse_bool),
    },
}

ITEM_KEYS = {
    "name": ("request_item_name", parse_text),
    "category": ("request_item_category", parse_text),
    "sys_id": ("request_item_id", parse_sys_id),
}

IGNORED_SECTIONS = ("actions", "policies")
"""Sections of the interface that this release reads past, with a warning."""
