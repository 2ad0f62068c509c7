"""The kinds of configuration objects, in the vendor's words. Imports nothing slow: the window needs it first."""

from dataclasses import dataclass
from enum import StrEnum

from models.translation_marks import tr_later


class Kind(StrEnum):
    """A kind of object that is named, versioned and edited on a page of its own."""

    USER_CREDENTIAL = "user_credential"
    FOREIGN_SYSTEM = "foreign_system"
    APPROVAL_PROCESS = "approval_process"
    APPROVAL_TYPE = "approval_type"


@dataclass(frozen=True, slots=True)
class KindDefinition:
    """How a kind is called, drawn and stored."""

    kind: Kind
    singular: str
    plural: str
    icon: str
    table: str
    document_key: str
    new_name: str


KINDS: dict[Kind, KindDefinition] = {
    info.kind: info
    for info in (
        KindDefinition(
            Kind.USER_CREDENTIAL,
            tr_later("User Credential"),
            tr_later("User Credentials"),
            "key",
            "user_credential",
            "credentials",
            tr_later("New User Credential"),
        ),
        KindDefinition(
            Kind.FOREIGN_SYSTEM,
            tr_later("ServiceNow Server"),
            tr_later("ServiceNow Servers"),
            "server",
            "foreign_system",
            "foreign_systems",
            tr_later("New ServiceNow Server"),
        ),
        KindDefinition(
            Kind.APPROVAL_PROCESS,
            tr_later("Approval Process"),
            tr_later("Approval Processes"),
            "process",
            "approval_process",
            "approval_processes",
            tr_later("New ServiceNow Approval Process"),
        ),
        KindDefinition(
            Kind.APPROVAL_TYPE,
            tr_later("Approval Type"),
            tr_later("Approval Types"),
            "tag",
            "approval_type",
            "approval_types",
            tr_later("New Execute Application Approval Request"),
        ),
    )
}
"""Every kind. References between kinds are read off the foreign keys of the tables."""


class RequestState(StrEnum):
    """Where an approval request stands, as the console counts it."""

    SUBMITTING = "submitting"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    INVALID = "invalid"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow this state."""
        return self not in OPEN_STATES


OPEN_STATES = frozenset({RequestState.SUBMITTING, RequestState.PENDING})
"""The states of a request that has not ended."""


class RequestOrigin(StrEnum):
    """Who raised an approval request."""

    CONSOLE = "console"
    """This console: a rehearsal, or what came in through the worker's intake."""
    SERVICENOW = "servicenow"
    """Privilege Manager itself; the console knows it from the requested item on the instance."""


class RequestEventKind(StrEnum):
    """What a line of a request's timeline tells."""

    RAISED = "raised"
    SENT = "sent"
    CREATED = "created"
    FOUND = "found"
    ASKED = "asked"
    SEEN = "seen"
    DECIDED = "decided"
    REMINDED = "reminded"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    FAILED = "failed"
    PROBLEM = "problem"
    """Its next step could not be taken; it is tried again."""


class RequestOperation(StrEnum):
    """The change of a record in ServiceNow that a line of a timeline belongs to."""

    NONE = ""
    CREATE = "create"
    """Create was about to be called."""
    CANCEL = "cancel"
    """Cancel was about to be called, or the record was cancelled from a console."""
    DECIDE = "decide"
    """An approval was decided from a console."""
    REMIND = "remind"
    """A comment was written for the approvers."""


class RequestErrorKind(StrEnum):
    """Why an open request shows an error."""

    NONE = ""
    STATUS_UNREADABLE = "status_unreadable"
    """Its status service gave no usable answer; the next usable answer clears the error."""
    STEP_FAILED = "step_failed"
    """It could not be sent or timed out; the next step clears the error."""


class TaskState(StrEnum):
    """Where a run of a task stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
