"""Errors as values with five parts, the same in a dialog, a log line, JSON and a support bundle."""

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from models.translation_marks import tr_later
from services.common.fault_ids import FaultId
from services.common.plain_text import escape_and_indent
from services.common.redaction import redact
from services.language import ENGLISH, plural_message


class Owner(StrEnum):
    """Who can put a problem right."""

    CONSOLE = tr_later("this console")
    NETWORK = tr_later("network")
    SERVICENOW = tr_later("ServiceNow administrator")
    PRIVILEGE_MANAGER = tr_later("Privilege Manager administrator")


def new_correlation_id() -> str:
    """Return a short id that ties a message on screen to its log lines."""
    return uuid.uuid4().hex[:12]


@dataclass(frozen=True, slots=True)
class Problem:
    """What was tried, what came back (redacted), why, whose it is, and what to do."""

    tried: str
    evidence: str
    cause: str
    owner: Owner
    remedy: str
    fault: FaultId
    """Stable identifier, such as `authentication-refused`, and what the program decides by."""
    correlation_id: str = field(default_factory=new_correlation_id)

    def __post_init__(self) -> None:
        """Take secrets out of what came back, whoever wrote it down: it is shown, logged, copied and sent on."""
        object.__setattr__(self, "evidence", redact(self.evidence))

    def as_dict(self) -> dict[str, str]:
        """Return the parts for JSON."""
        return {
            "tried": self.tried,
            "evidence": self.evidence,
            "cause": self.cause,
            "owner": self.owner.value,
            "remedy": self.remedy,
            "fault": self.fault.value,
            "correlation_id": self.correlation_id,
        }

    def as_text(self) -> str:
        """Return the parts as lines for a terminal, the clipboard or a log."""
        parts = (
            self.tried,
            f"  Evidence: {self.evidence}",
            f"  Cause:    {self.cause}",
            f"  Owner:    {self.owner.value}",
            f"  Remedy:   {self.remedy}",
            f"  Id:       {self.correlation_id} ({self.fault})",
        )
        return "\n".join(escape_and_indent(part, " " * 12) for part in parts)


class ConsoleError(Exception):
    """Base of every error that people are meant to read. `exit_status` is what the command line ends with."""

    exit_status = 3
    retryable = False

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.tried}: {problem.cause}")
        self.problem = problem


class InputError(ConsoleError):
    """The call or its input is wrong; nothing was changed."""

    exit_status = 2


class UnreachableError(ConsoleError):
    """The other side could not be reached, or answered with something that is no answer."""

    retryable = True


class RefusedError(ConsoleError):
    """The other side was reached and said no: signed out, no rights, limit, not found."""


class ReplyError(ConsoleError):
    """The other side answered with something that does not keep the contract."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field of a form or document: its name, and a sentence that follows the field's label."""

    name: str
    message: str


class InvalidError(InputError):
    """An object cannot be stored as it is; `fields` says which fields are wrong and why."""

    def __init__(self, fields: list[FieldError]) -> None:
        self.fields = fields
        super().__init__(
            Problem(
                tried="Save the object",
                evidence="; ".join(f"{f.name}: {f.message}" for f in fields),
                cause="One or more fields are not valid.",
                owner=Owner.CONSOLE,
                remedy="Correct the fields named, then save again.",
                fault=FaultId.OBJECT_INVALID,
            )
        )


class ConflictError(ConsoleError):
    """Somebody else saved first. Carries `base` (what was opened), `mine` and `theirs`, as plain dicts by field."""

    exit_status = 1

    def __init__(
        self, *, base: dict[str, Any] | None, mine: dict[str, Any], theirs: dict[str, Any] | None
    ) -> None:
        self.base = base
        self.mine = mine
        self.theirs = theirs
        by = (
            f"Saved by {theirs.get('changed_by') or 'somebody'} in the meantime"
            if theirs
            else "Deleted in the meantime"
        )
        super().__init__(
            Problem(
                tried=f"Save “{mine.get('name', 'object')}”",
                evidence=by,
                cause="The object was changed by somebody else since it was opened.",
                owner=Owner.CONSOLE,
                remedy="Compare both versions field by field, then save the merged one.",
                fault=FaultId.OBJECT_CONFLICT,
            )
        )


@dataclass(frozen=True, slots=True)
class OpenRequests:
    """How many requests hang on an object that are not decided: sent and waiting, or about to be sent."""

    pending: int
    submitting: int

    @property
    def count(self) -> int:
        """All of them."""
        return self.pending + self.submitting

    @property
    def number(self) -> str:
        """Return all of them in words, such as “41 open requests”."""
        return plural_message(self.count, "{count} open request", "{count} open requests")

    @property
    def parts(self) -> str:
        """Return how they stand, such as “39 pending, 2 being sent”."""
        parts = ((self.pending, "pending"), (self.submitting, "being sent"))
        return ", ".join(f"{ENGLISH.number(number)} {word}" for number, word in parts if number)

    @property
    def text(self) -> str:
        """Return both, such as “41 open requests: 39 pending, 2 being sent”."""
        return f"{self.number}: {self.parts}"


class GuardedAction(StrEnum):
    """An action on an object that affects the open requests depending on it."""

    CHANGE = "Change"
    RENAME = "Rename"
    DELETE = "Delete"


class RequestsOpenError(ConsoleError):
    """Open requests depend on an object; it is changed or deleted only after their number was confirmed."""

    exit_status = 2

    def __init__(self, name: str, action: GuardedAction, found: OpenRequests, consequence: str) -> None:
        self.name = name
        self.action = action
        self.open = found
        self.consequence = consequence
        super().__init__(
            Problem(
                tried=f"{action} “{name}”",
                evidence=f"{found.text} on “{name}”",
                cause=f"Requests that are under way hang on it. {consequence}",
                owner=Owner.CONSOLE,
                remedy="Wait until they are decided, or confirm how many there are (on the command line with"
                f" --confirm-open {found.count}).",
                fault=FaultId.REQUESTS_OPEN,
            )
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to an object for lists of users: kind, id and name."""

    kind: str
    id: uuid.UUID
    name: str


class InUseError(ConsoleError):
    """An object cannot be deleted because others refer to it; `users` lists them."""

    exit_status = 2

    def __init__(self, name: str, users: list[Reference]) -> None:
        self.users = users
        super().__init__(
            Problem(
                tried=f"Delete “{name}”",
                evidence=f"Used by {', '.join(u.name for u in users[:5])}" + (" …" if len(users) > 5 else ""),
                cause="Other objects refer to it and would break.",
                owner=Owner.CONSOLE,
                remedy="Point its users at another object first, then delete it.",
                fault=FaultId.OBJECT_IN_USE,
            )
        )
