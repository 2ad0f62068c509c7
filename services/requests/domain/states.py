"""The states of a request: which may follow which, and what each pair of states of the two systems means.

Two tables and nothing else decides: `TRANSITIONS` for requests raised here, and `PAIRS` for what is told about a
request whose record in ServiceNow says this or that. A test walks through both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.kinds import RequestState
from models.translation_marks import tr_later
from services.servicenow.contract import ApprovalStatus
from services.store.row_values import RowDict

_S = RequestState

TRANSITIONS: dict[RequestState, frozenset[RequestState]] = {
    # Create has been answered or its request was found; or it is known never to have got there, or nobody can tell.
    _S.SUBMITTING: frozenset({_S.PENDING, _S.FAILED, _S.CANCELLED, _S.TIMED_OUT}),
    _S.PENDING: frozenset({_S.APPROVED, _S.REJECTED, _S.INVALID, _S.TIMED_OUT, _S.CANCELLED}),
    _S.APPROVED: frozenset(),
    _S.REJECTED: frozenset(),
    _S.INVALID: frozenset(),
    _S.TIMED_OUT: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.FAILED: frozenset(),
}
"""Every step that a request raised here may take."""

FINAL_STATE_BY_STATUS = {
    ApprovalStatus.APPROVED: _S.APPROVED,
    ApprovalStatus.REJECTED: _S.REJECTED,
    ApprovalStatus.INVALID: _S.INVALID,
}
"""How an answer of the status service ends a pending request; `pending` ends nothing."""

MISSING_RECORD = "no record"
"""In place of an approval word: the record was looked for and is not there, or hidden from the account."""

CLOSED_STATES = ("3", "4", "7")
"""Closed Complete, Closed Incomplete, Closed Skipped: nobody decides such a task any more."""

UNOBSERVED_COLUMNS: RowDict = {
    "servicenow_state": "", "record_state": "", "record_closed": False, "order_state": "", "record_id": "", "order_id": "",
    "number": "", "order_number": "", "waits_for": "",
}  # fmt: skip
"""The observed columns of a request whose record was not seen."""

OPEN_APPROVAL_VALUES = ("requested", "not requested", "")


class TransitionError(ValueError):
    """A step that the table does not have."""


def check_transition(before: RequestState | str, after: RequestState | str) -> None:
    """Raise TransitionError unless a request may go from `before` to `after`."""
    if RequestState(after) not in TRANSITIONS[RequestState(before)]:
        raise TransitionError(f"a request that is {before} never becomes {after}")


class ResponsibleParty(StrEnum):
    """Who has to do something about a request, as people are told."""

    NOBODY = "Nobody"
    APPROVERS = "The approvers"
    CALLER = "The caller"
    CONSOLE = "This console"
    SERVICENOW = "The ServiceNow administrator"


class RecordStatus(StrEnum):
    """What a record in ServiceNow comes to, with the order it belongs to taken into account."""

    UNSEEN = "not looked at yet"
    MISSING = "not there"
    UNASKED = "nobody asked yet"
    ORDER_FIRST = "order not approved yet"
    WAITING = "waits for approval"
    ORDER_APPROVED = "order approved, item not"
    ORDER_REJECTED = "order rejected"
    ORDER_ENDED = "order ended undecided"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    NOT_REQUIRED = "no longer required"
    SKIPPED = "skipped"
    DUPLICATE = "duplicate"
    CLOSED = "closed undecided"
    UNKNOWN = "unknown word"


DECIDED_RECORD_STATUSES = (RecordStatus.APPROVED, RecordStatus.REJECTED)
OPEN_RECORD_STATUSES = (
    RecordStatus.UNASKED,
    RecordStatus.ORDER_FIRST,
    RecordStatus.WAITING,
    RecordStatus.ORDER_APPROVED,
)
ENDED_RECORD_STATUSES = (
    RecordStatus.ORDER_ENDED, RecordStatus.CANCELLED, RecordStatus.NOT_REQUIRED, RecordStatus.SKIPPED, RecordStatus.DUPLICATE, RecordStatus.CLOSED,
)  # fmt: skip

_RECORD_STATUS_BY_APPROVAL = {
    "approved": RecordStatus.APPROVED,
    "rejected": RecordStatus.REJECTED,
    "cancelled": RecordStatus.CANCELLED,
    "not_required": RecordStatus.NOT_REQUIRED,
    "skipped": RecordStatus.SKIPPED,
    "duplicate": RecordStatus.DUPLICATE,
    MISSING_RECORD: RecordStatus.MISSING,
}


def record_status(approval: str, record_state: str, order: str = "", *, closed: bool = False) -> RecordStatus:
    """Return what a record comes to: `approval` and `state` of the item and `approval` of its order, as stored there.

    Every record has a state, so that two empty texts mean that none was looked at. `closed` says that the record is not
    active, whatever its state: customers have closed states of their own.
    """
    if not approval and not record_state:
        return RecordStatus.UNSEEN
    if approval not in OPEN_APPROVAL_VALUES:
        return _RECORD_STATUS_BY_APPROVAL.get(approval, RecordStatus.UNKNOWN)
    if closed or record_state in CLOSED_STATES:
        return RecordStatus.CLOSED
    if order == "approved":
        return RecordStatus.ORDER_APPROVED
    if order == "rejected":
        return RecordStatus.ORDER_REJECTED
    if order not in (*OPEN_APPROVAL_VALUES, MISSING_RECORD):
        return RecordStatus.ORDER_ENDED
    if approval == "requested":
        return RecordStatus.WAITING
    return RecordStatus.ORDER_FIRST if order == "requested" else RecordStatus.UNASKED


_APPROVAL_STATUS_BY_RECORD_STATUS = {
    **dict.fromkeys((RecordStatus.UNSEEN, *OPEN_RECORD_STATUSES), ApprovalStatus.PENDING),
    RecordStatus.APPROVED: ApprovalStatus.APPROVED,
    RecordStatus.REJECTED: ApprovalStatus.REJECTED,
    RecordStatus.ORDER_REJECTED: ApprovalStatus.REJECTED,
}


def approval_status(
    approval: str, record_state: str, order: str = "", *, closed: bool = False
) -> ApprovalStatus:
    """Return what this console's status service answers for a record that stands like this.

    A record that was not looked at yet is pending; what nobody will decide any more is invalid, as the service says it.
    """
    return _APPROVAL_STATUS_BY_RECORD_STATUS.get(
        record_status(approval, record_state, order, closed=closed), ApprovalStatus.INVALID
    )


@dataclass(frozen=True, slots=True)
class StateAssessment:
    """What a pair of states means: id of the mismatch (or nothing), a sentence for the helpdesk, and who must act."""

    mismatch: str
    sentence: str
    status: ApprovalStatus
    actor: ResponsibleParty = ResponsibleParty.NOBODY


@dataclass(frozen=True, slots=True)
class AssessmentRule:
    """A row of the table of pairs."""

    mismatch: str
    actor: ResponsibleParty
    sentence: str


def assess_states(
    state: RequestState | str, approval: str, record_state: str, order: str = "", *, closed: bool = False
) -> StateAssessment:
    """Return what it means that a request is in `state` here while its record says the rest."""
    seen = record_status(approval, record_state, order, closed=closed)
    pair = ASSESSMENT_RULES[RequestState(state), seen]
    status = _APPROVAL_STATUS_BY_RECORD_STATUS.get(seen, ApprovalStatus.INVALID)
    return StateAssessment(pair.mismatch, pair.sentence, status, pair.actor)


ASSESSMENT_RULES: dict[tuple[RequestState, RecordStatus], AssessmentRule] = {}
"""Every state here with everything a record can come to."""


def _add_rules(
    states: Iterable[RequestState],
    seen: Iterable[RecordStatus],
    mismatch: str,
    actor: ResponsibleParty,
    sentence: str,
) -> None:
    for state in states:
        for one in seen:
            if (state, one) in ASSESSMENT_RULES:
                raise ValueError(f"{state} and {one} have two rows")
            ASSESSMENT_RULES[state, one] = AssessmentRule(mismatch, actor, sentence)


_PARTY, _RECORD = ResponsibleParty, RecordStatus
_NOT_ALLOWED = (_S.REJECTED, _S.INVALID, _S.TIMED_OUT, _S.CANCELLED, _S.FAILED)
"""Ends after which the program does not run."""

# -- being raised ----------------------------------------------------------------------------------------------
_add_rules([_S.SUBMITTING], [_RECORD.UNSEEN, _RECORD.MISSING], "", _PARTY.CONSOLE,
      tr_later("The request is being raised; ServiceNow has not given it an id yet."))  # fmt: skip
_add_rules([_S.SUBMITTING], OPEN_RECORD_STATUSES, "answer-lost", _PARTY.CONSOLE,
      tr_later("ServiceNow has the request, but the answer with its id got lost; this console looks for it."))  # fmt: skip
_add_rules([_S.SUBMITTING], [*DECIDED_RECORD_STATUSES, _RECORD.ORDER_REJECTED, *ENDED_RECORD_STATUSES, _RECORD.UNKNOWN], "answer-lost", _PARTY.CONSOLE,
      tr_later("ServiceNow was done with the request before its id arrived here; this console looks for it."))  # fmt: skip

# -- waiting ---------------------------------------------------------------------------------------------------
_add_rules([_S.PENDING], [_RECORD.UNSEEN], "", _PARTY.CONSOLE,
      tr_later("The request waits for an answer; its record in ServiceNow has not been looked at yet."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.WAITING], "", _PARTY.APPROVERS,
      tr_later("The request waits for its approvers in ServiceNow."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.UNASKED], "", _PARTY.SERVICENOW,
      tr_later("Nobody has been asked yet; if it stays so, the request item has no approval process."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.ORDER_FIRST], "", _PARTY.APPROVERS,
      tr_later("The order has to be approved before anybody is asked about its item."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.ORDER_APPROVED], "order-approved", _PARTY.APPROVERS,
      tr_later("The order is approved, the item is not. The status service reads the item, so the answer never arrives."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.APPROVED], "decision-unseen", _PARTY.CONSOLE,
      tr_later("ServiceNow has approved the request; the next status check brings the answer."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.REJECTED], "decision-unseen", _PARTY.CONSOLE,
      tr_later("ServiceNow has rejected the request; the next status check brings the answer."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.ORDER_REJECTED], "decision-unseen", _PARTY.CONSOLE,
      tr_later("The order was rejected; the next status check brings that as the answer."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.ORDER_ENDED], "ended-unseen", _PARTY.CONSOLE,
      tr_later("The order has ended without a decision; the next status check ends the request as invalid."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.CANCELLED], "ended-unseen", _PARTY.CONSOLE,
      tr_later("The record was cancelled in ServiceNow; the next status check ends the request as invalid."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.NOT_REQUIRED], "ended-unseen", _PARTY.CONSOLE,
      tr_later("ServiceNow no longer asks anybody; the next status check ends the request as invalid."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.SKIPPED], "ended-unseen", _PARTY.CONSOLE,
      tr_later("The flow in ServiceNow went past the approval; the next status check ends the request as invalid."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.DUPLICATE], "ended-unseen", _PARTY.CONSOLE,
      tr_later("Another record stands for this one; the next status check ends the request as invalid."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.CLOSED], "ended-unseen", _PARTY.CONSOLE,
      tr_later("The record was closed before anybody decided; the next status check ends the request as invalid."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.UNKNOWN], "word-unknown", _PARTY.SERVICENOW,
      tr_later("The record carries an approval word that is not ServiceNow's own; it counts as invalid."))  # fmt: skip
_add_rules([_S.PENDING], [_RECORD.MISSING], "record-missing", _PARTY.SERVICENOW,
      tr_later("The record is gone, or hidden from the account that looks."))  # fmt: skip

# -- approved --------------------------------------------------------------------------------------------------
_add_rules([_S.APPROVED], [_RECORD.UNSEEN], "", _PARTY.NOBODY,
      tr_later("The request was approved; its record has not been looked at since."))  # fmt: skip
_add_rules([_S.APPROVED], [_RECORD.APPROVED], "", _PARTY.NOBODY, tr_later("Both systems say approved."))
_add_rules([_S.APPROVED], [_RECORD.REJECTED, _RECORD.ORDER_REJECTED], "decision-differs", _PARTY.SERVICENOW,
      tr_later("The request was approved, but ServiceNow says rejected now; the program may have run already."))  # fmt: skip
_add_rules([_S.APPROVED], OPEN_RECORD_STATUSES, "decision-differs", _PARTY.SERVICENOW,
      tr_later("The request was approved, but its record waits for a decision again."))  # fmt: skip
_add_rules([_S.APPROVED], ENDED_RECORD_STATUSES, "decision-differs", _PARTY.SERVICENOW,
      tr_later("The request was approved, but its record has ended without an approval since."))  # fmt: skip
_add_rules([_S.APPROVED], [_RECORD.UNKNOWN], "word-unknown", _PARTY.SERVICENOW,
      tr_later("The request was approved; the record carries a word that is not ServiceNow's own now."))  # fmt: skip
_add_rules([_S.APPROVED], [_RECORD.MISSING], "record-missing", _PARTY.SERVICENOW,
      tr_later("The request was approved; its record is gone, or hidden from the account that looks."))  # fmt: skip

# -- ended without an approval ---------------------------------------------------------------------------------
_add_rules([_S.REJECTED], [_RECORD.UNSEEN], "", _PARTY.NOBODY,
      tr_later("The request was rejected; its record has not been looked at since."))  # fmt: skip
_add_rules(
    [_S.REJECTED],
    [_RECORD.REJECTED, _RECORD.ORDER_REJECTED],
    "",
    _PARTY.NOBODY,
    tr_later("Both systems say rejected."),
)
_add_rules([_S.REJECTED], [*ENDED_RECORD_STATUSES, _RECORD.MISSING], "", _PARTY.NOBODY,
      tr_later("The request was rejected; its record has ended since, which changes nothing."))  # fmt: skip
_add_rules([_S.REJECTED], OPEN_RECORD_STATUSES, "decision-differs", _PARTY.SERVICENOW,
      tr_later("The request was rejected, but its record waits for a decision again."))  # fmt: skip
_add_rules([_S.REJECTED], [_RECORD.APPROVED], "decision-differs", _PARTY.CALLER,
      tr_later("The request was rejected, but ServiceNow says approved now; only a new request can be allowed."))  # fmt: skip

_add_rules([_S.INVALID], [_RECORD.UNSEEN, _RECORD.MISSING], "", _PARTY.CALLER,
      tr_later("ServiceNow did not know the request any more; the caller has to start the program again."))  # fmt: skip
_add_rules([_S.INVALID], ENDED_RECORD_STATUSES, "", _PARTY.CALLER,
      tr_later("Its record ended without a decision; the caller has to start the program again."))  # fmt: skip
_add_rules([_S.INVALID], [_RECORD.REJECTED, _RECORD.ORDER_REJECTED], "", _PARTY.NOBODY,
      tr_later("ServiceNow says rejected now; the program is not allowed either way."))  # fmt: skip

_add_rules([_S.TIMED_OUT], [_RECORD.UNSEEN, _RECORD.MISSING], "", _PARTY.CALLER,
      tr_later("Nobody decided in time; the caller has to start the program again."))  # fmt: skip
_add_rules([_S.TIMED_OUT], ENDED_RECORD_STATUSES, "", _PARTY.CALLER,
      tr_later("Nobody decided in time, and its record is closed; the caller has to start the program again."))  # fmt: skip
_add_rules([_S.TIMED_OUT], [_RECORD.REJECTED, _RECORD.ORDER_REJECTED], "", _PARTY.NOBODY,
      tr_later("The rejection came after the time was over; the program is not allowed either way."))  # fmt: skip

_add_rules(
    [_S.CANCELLED],
    [_RECORD.UNSEEN, _RECORD.MISSING],
    "",
    _PARTY.NOBODY,
    tr_later("The request was cancelled."),
)
_add_rules(
    [_S.CANCELLED],
    ENDED_RECORD_STATUSES,
    "",
    _PARTY.NOBODY,
    tr_later("The request was cancelled in both systems."),
)
_add_rules([_S.CANCELLED], [_RECORD.REJECTED, _RECORD.ORDER_REJECTED], "", _PARTY.NOBODY,
      tr_later("It was cancelled here and rejected in ServiceNow; the program is not allowed either way."))  # fmt: skip

_add_rules([_S.FAILED], [_RECORD.UNSEEN, _RECORD.MISSING], "", _PARTY.CALLER,
      tr_later("The request could not be raised; the caller has to start the program again."))  # fmt: skip
_add_rules([_S.FAILED], [*ENDED_RECORD_STATUSES, _RECORD.REJECTED, _RECORD.ORDER_REJECTED], "", _PARTY.CALLER,
      tr_later("It counts as failed here; its record in ServiceNow has ended. The caller has to start the program again."))  # fmt: skip

_add_rules([_S.INVALID, _S.TIMED_OUT, _S.CANCELLED, _S.FAILED], OPEN_RECORD_STATUSES, "still-open", _PARTY.SERVICENOW,
      tr_later("The request has ended here, but approvers are still asked: cancel its record in ServiceNow."))  # fmt: skip
_add_rules([_S.INVALID, _S.TIMED_OUT, _S.CANCELLED, _S.FAILED], [_RECORD.APPROVED], "late-approval", _PARTY.CALLER,
      tr_later("The approval came after the request had ended; the caller has to start the program again."))  # fmt: skip
_add_rules(_NOT_ALLOWED, [_RECORD.UNKNOWN], "word-unknown", _PARTY.SERVICENOW,
      tr_later("The request has ended here; the record carries an approval word that is not ServiceNow's own."))  # fmt: skip
