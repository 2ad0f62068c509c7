"""What a request may carry: one check for everybody who raises one, before anything is stored or sent."""

import re
from collections.abc import Mapping

from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.servicenow.contract import CREATE_INPUTS, FURTHER_VARIABLES

KNOWN_FIELDS = (*CREATE_INPUTS, *FURTHER_VARIABLES)
FIELD_MAX_LENGTH = 100_000
"""Characters of one text. What an instance cannot keep in a variable, the create script writes to the work notes."""

# What XML 1.0 has no way to write: control characters, halves of characters, and two that stand for nothing.
UNSENDABLE_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def validate_fields(fields: Mapping[str, str], tried: str = "Raise a request") -> dict[str, str]:
    """Return `fields`, contract variables by name, if a request can carry every one of them.

    Raises InputError `field-unknown`, `field-unsendable` or `field-too-long` that names the fields and says why.
    """
    unknown = [name for name in fields if name not in KNOWN_FIELDS]
    if unknown:
        raise _input_error(
            tried,
            FaultId.FIELD_UNKNOWN,
            f"{_format_names(unknown)} is no variable of the contract.",
            "A request carries the contract's variables only.",
            f"Use one of {', '.join(CREATE_INPUTS)}; where the service takes them, also {', '.join(FURTHER_VARIABLES)}.",
        )
    marks = {name: sorted(set(UNSENDABLE_CHARACTERS.findall(text))) for name, text in fields.items()}
    unsendable = [f"{name} ({_format_code_points(found)})" for name, found in marks.items() if found]
    if unsendable:
        raise _input_error(
            tried,
            FaultId.FIELD_UNSENDABLE,
            f"{', '.join(unsendable)} holds control characters or halves of characters.",
            "XML, in which requests travel, cannot carry them.",
            "Leave these characters out.",
        )
    long = [
        f"{name} ({len(text)} characters)" for name, text in fields.items() if len(text) > FIELD_MAX_LENGTH
    ]
    if long:
        raise _input_error(
            tried,
            FaultId.FIELD_TOO_LONG,
            f"{', '.join(long)} is longer than {FIELD_MAX_LENGTH} characters.",
            "No request of Privilege Manager is as long as that.",
            "Send a shorter text.",
        )
    return dict(fields)


def describe_invalid_text(text: str, max_length: int) -> str:
    """Return why a text is too long or cannot be sent, as the end of a sentence; or an empty text."""
    if len(text) > max_length:
        return f"has {len(text)} characters; at most {max_length} are kept"
    found = UNSENDABLE_CHARACTERS.search(text)
    if found:
        return f"holds U+{ord(found[0]):04X}, which no request can carry"
    return ""


def _format_names(names: list[str]) -> str:
    # Names come from outside as well, and are shown.
    return ", ".join(ascii(name[:40])[1:-1] for name in names[:5]) + (" …" if len(names) > 5 else "")


def _format_code_points(characters: list[str]) -> str:
    points = [f"U+{ord(c):04X}" for c in characters[:5]]
    return ", ".join(points) + (" …" if len(characters) > 5 else "")


def _input_error(tried: str, fault: FaultId, evidence: str, cause: str, remedy: str) -> InputError:
    return InputError(Problem(tried, evidence, cause, Owner.CONSOLE, remedy, fault))
