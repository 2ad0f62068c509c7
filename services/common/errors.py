"""Errors with five parts, the same in dialogs, logs, JSON and support bundles."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from models.translation_marks import tr_later
from services.common.fault_ids import FaultId
from services.common.json_types import JsonValue, UncheckedJson
from services.common.plain_text import escape_and_indent
from services.common.redaction import redact
from services.language import ENGLISH, plural_message

RowContents: TypeAlias = dict[str, Any]  # Any: each column of a row has a type of its own


class Owner(StrEnum):
    """Who can solve a problem."""

    CONSOLE = tr_later("this console")
    NETWORK = tr_later("network")
    SERVICENOW = tr_later("ServiceNow administrator")
    PRIVILEGE_MANAGER = tr_later("Privilege Manager administrator")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible cause of a failure whose reply does not say which one it is: a stable identifier, the cause, where to look, and the owner; texts are translatable."""

    id: str
    cause: str
    where: str
    """The record, property, role or page to look at, in the words of the product."""
    owner: Owner = Owner.SERVICENOW

    def as_dict(self) -> dict[str, JsonValue]:
        """Return it for JSON."""
        return {"id": self.id, "cause": self.cause, "where": self.where, "owner": self.owner.value}

    @classmethod
    def parse(cls, stored: UncheckedJson) -> "Candidate":
        """Return a candidate of a stored report. Raises KeyError or ValueError for anything else."""
        return cls(str(stored["id"]), str(stored["cause"]), str(stored["where"]), Owner(stored["owner"]))


def candidates_as_list(candidates: Iterable[Candidate]) -> list[JsonValue]:
    """Return candidates for JSON, the likeliest first."""
    return [candidate.as_dict() for candidate in candidates]


def format_candidates(candidates: Iterable[Candidate]) -> list[str]:
    """Return candidates as numbered lines of English, the likeliest first."""
    return [
        f"{number}. {one.cause} Look at: {one.where} (owner: {one.owner.value})"
        for number, one in enumerate(candidates, 1)
    ]


def new_correlation_id() -> str:
    """Return a short id that connects a displayed message with its log entries."""
    return uuid.uuid4().hex[:12]


@dataclass(frozen=True, slots=True)
class Problem:
    """What was tried, the evidence (redacted), the likely cause, who can solve it, and how."""

    tried: str
    evidence: str
    cause: str
    owner: Owner
    remedy: str
    fault: FaultId
    """Stable identifier, such as `authentication-refused`, and what the program decides by."""
    correlation_id: str = field(default_factory=new_correlation_id)
    candidates: tuple[Candidate, ...] = ()
    """The possible causes, the likeliest first, where the other side does not say which one it is."""

    def __post_init__(self) -> None:
        """Redact the evidence, which is displayed, logged, copied and sent."""
        object.__setattr__(self, "evidence", redact(self.evidence))

    def as_dict(self) -> dict[str, JsonValue]:
        """Return the parts for JSON; `candidates` only where there are some."""
        parts: dict[str, JsonValue] = {
            "tried": self.tried,
            "evidence": self.evidence,
            "cause": self.cause,
            "owner": self.owner.value,
            "remedy": self.remedy,
            "fault": self.fault.value,
            "correlation_id": self.correlation_id,
        }
        return parts | {"candidates": candidates_as_list(self.candidates)} if self.candidates else parts

    @classmethod
    def parse(cls, stored: UncheckedJson) -> "Problem":
        """Return a problem of a stored report. Raises KeyError, ValueError or StopIteration for anything else."""
        return cls(
            tried=str(stored["tried"]),
            evidence=str(stored["evidence"]),
            cause=str(stored["cause"]),
            owner=Owner(stored["owner"]),
            remedy=str(stored["remedy"]),
            fault=next(one for one in FaultId if one.value == stored["fault"]),
            correlation_id=str(stored["correlation_id"]),
            candidates=tuple(Candidate.parse(one) for one in stored.get("candidates", ())),
        )

    def as_text(self) -> str:
        """Return the parts as lines for a terminal, the clipboard or a log."""
        parts = (
            self.tried,
            f"  Evidence: {self.evidence}",
            f"  Cause:    {self.cause}",
            f"  Owner:    {self.owner.value}",
            f"  Remedy:   {self.remedy}",
            *(f"  Possible: {line}" for line in format_candidates(self.candidates)),
            f"  Id:       {self.correlation_id} ({self.fault})",
        )
        return "\n".join(escape_and_indent(part, " " * 12) for part in parts)


class ConsoleError(Exception):
    """Base class of errors that are shown to users; `exit_status` is the exit status of the command line."""

    exit_status = 3
    retryable = False

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.tried}: {problem.cause}")
        self.problem = problem


class InputError(ConsoleError):
    """Invalid call or input; nothing was changed."""

    exit_status = 2


class UnreachableError(ConsoleError):
    """The other side could not be reached, or its response is not a response of the expected system."""

    retryable = True


class RefusedError(ConsoleError):
    """The other side rejected the call: authentication, rights, limit, not found."""


class ReplyError(ConsoleError):
    """The response of the other side violates the contract."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """An invalid field of a form or document: name, and a predicate that follows the label of the field."""

    name: str
    message: str


class InvalidError(InputError):
    """An object is invalid; `fields` lists the invalid fields with reasons."""

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
        self,
        *,
        base: RowContents | None,
        mine: RowContents,
        theirs: RowContents | None,
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
    id: uuid.UUID | None
    """For an intake client the id of its Privilege Manager server, where it has one."""
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
