"""The forms of the configuration document: which keys each section has, and how a value is written.

The document is a public interface: a change here is an addition, never a renaming.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.foreign_system import INTERVAL_DEFAULT_S
from models.kinds import Kind
from services.ids import uuid_of

VERSION = 1
SERVICENOW = "servicenow"
WORD_MAX = 100
UNITS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_DURATION = re.compile(r"(\d{1,9})\s*([wdhms])")


def text(value: Any) -> str:
    """Take a text."""
    if not isinstance(value, str):
        raise ValueError(f"must be a text, not {_word(value)}")  # noqa: TRY004 -- one family for all wrong values
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("contains half of a character, which cannot be stored")
    return value


def optional_text(value: Any) -> str | None:
    """Take a text or null."""
    return None if value is None else text(value)


def record_id(value: Any) -> str | None:
    """Take a sys_id in any usual spelling, or null; returns it as ServiceNow writes it."""
    written = optional_text(value)
    known = uuid_of(written) if written is not None else None
    return known.hex if known is not None else written


def flag(value: Any) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {_word(value)}")  # noqa: TRY004
    return value


def duration(value: Any) -> int:
    """Take a duration such as 20s, 20m, 1h; returns seconds."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"must be a duration such as 20s, 20m or 1h, not {_word(value)}")
    return int(found[1]) * UNITS[found[2]]


def write_duration(seconds: int) -> str:
    """Write seconds in the largest unit that keeps them whole."""
    unit = next(u for u, size in UNITS.items() if seconds % size == 0 and (seconds >= size or size == 1))
    return f"{seconds // UNITS[unit]}{unit}"


def fixed(word: str) -> Callable[[Any], str]:
    """Take exactly `word`."""

    def take(value: Any) -> str:
        if value != word:
            raise ValueError(f"must be {word}, not {_word(value)}")
        return word

    return take


def shortened(text: str) -> str:
    """Return a word for a message; of one that nobody can read, the beginning."""
    return text if len(text) <= WORD_MAX else f"{text[: WORD_MAX - 1]}…"


def _word(value: Any) -> str:
    return (
        f"“{shortened(value)}”"
        if isinstance(value, str)
        else type(value).__name__
        if value is not None
        else "null"
    )


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an entry: the field it fills, how its value is taken, and the kind it refers to by name."""

    field: str
    take: Callable[[Any], Any] = text
    refers_to: Kind | None = None
    required: bool = False
    write: Callable[[Any], Any] | None = None
    usual: Any = ...
    """A value that an export leaves out, because it is what an entry without the key gets."""


SECTIONS: dict[Kind, dict[str, Key]] = {
    Kind.USER_CREDENTIAL: {
        "name": Key("name", required=True),
        "account": Key("account", required=True),
        "description": Key("description"),
    },
    Kind.FOREIGN_SYSTEM: {
        "name": Key("name", required=True),
        "kind": Key("", fixed(SERVICENOW)),
        "base_url": Key("base_url", required=True),
        "credential": Key("credential_id", optional_text, refers_to=Kind.USER_CREDENTIAL),
        "description": Key("description"),
        "production": Key("production", flag),
        "ca_bundle": Key("ca_bundle", optional_text),
        "client_certificate": Key("client_certificate", optional_text),
        "proxy": Key("proxy", optional_text),
        "proxy_credential": Key(
            "proxy_credential_id", optional_text, refers_to=Kind.USER_CREDENTIAL, usual=None
        ),
        "minimum_interval": Key(
            "minimum_interval_s", duration, write=write_duration, usual=INTERVAL_DEFAULT_S
        ),
    },
    Kind.APPROVAL_PROCESS: {
        "name": Key("name", required=True),
        "kind": Key("", fixed(SERVICENOW)),
        "description": Key("description"),
        "server": Key("server_id", optional_text, refers_to=Kind.FOREIGN_SYSTEM),
        "request_item": Key("request_item"),
        "create_service": Key("create_service"),
        "status_service": Key("status_service"),
        "cancel_service": Key("cancel_service"),
        "check_status_every": Key("check_every_s", duration, write=write_duration),
        "timeout_after": Key("timeout_after_s", duration, write=write_duration),
    },
    Kind.APPROVAL_TYPE: {
        "name": Key("name", required=True),
        "description": Key("description"),
        "process_handler": Key("process_id", optional_text, refers_to=Kind.APPROVAL_PROCESS),
        "policy_specific": Key("policy_specific", flag),
        "file_specific": Key("file_specific", flag),
    },
}

ITEM_KEYS = {
    "name": ("request_item_name", text),
    "category": ("request_item_category", text),
    "sys_id": ("request_item_id", record_id),
}

LATER_SECTIONS = ("actions", "policies")
"""Sections of the interface that this release reads past, with a warning."""
