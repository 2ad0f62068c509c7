"""The states of a request: which may follow which, and what each pair of states of the two systems means.

Two tables and nothing else decides: `TRANSITIONS` for requests raised here, and `PAIRS` for what is told about a
request whose record in ServiceNow says this or that. A test walks through both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.kinds import RequestState
from models.translatable import tr_later
from services.servicenow.contract import ApprovalStatus

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

ENDS = {
    ApprovalStatus.APPROVED: _S.APPROVED,
    ApprovalStatus.REJECTED: _S.REJECTED,
    ApprovalStatus.INVALID: _S.INVALID,
}
"""How an answer of the status service ends a pending request; `pending` ends nothing."""

MISSING = "no record"
"""In place of an approval word: the record was looked for and is not there, or hidden from the account."""

CLOSED_STATES = ("3", "4", "7")
"""Closed Complete, Closed Incomplete, Closed Skipped: nobody decides such a task any more."""

UNSEEN: dict[str, Any] = {
    "servicenow_state": "", "record_state": "", "record_closed": False, "order_state": "", "record_id": "", "order_id": "",
    "number": "", "order_number": "", "waits_for": "",
}  # fmt: skip
"""The observed columns of a request whose record was not seen."""

WAITING_WORDS = ("requested", "not requested", "")


class TransitionError(ValueError):
    """A step that the table does not have."""


def check_transition(before: RequestState | str, after: RequestState | str) -> None:
    """Raise TransitionError unless a request may go from `before` to `after`."""
    if RequestState(after) not in TRANSITIONS[RequestState(before)]:
        raise TransitionError(f"a request that is {before} never becomes {after}")


class Actor(StrEnum):
    """Who has to do something about a request, as people are told."""

    NOBODY = "Nobody"
    APPROVERS = "The approvers"
    CALLER = "The caller"
    CONSOLE = "This console"
    SERVICENOW = "The ServiceNow administrator"


class Seen(StrEnum):
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


DECIDED = (Seen.APPROVED, Seen.REJECTED)
OPEN = (Seen.UNASKED, Seen.ORDER_FIRST, Seen.WAITING, Seen.ORDER_APPROVED)
ENDED = (
    Seen.ORDER_ENDED, Seen.CANCELLED, Seen.NOT_REQUIRED, Seen.SKIPPED, Seen.DUPLICATE, Seen.CLOSED,
)  # fmt: skip

_WORDS = {
    "approved": Seen.APPROVED,
    "rejected": Seen.REJECTED,
    "cancelled": Seen.CANCELLED,
    "not_required": Seen.NOT_REQUIRED,
    "skipped": Seen.SKIPPED,
    "duplicate": Seen.DUPLICATE,
    MISSING: Seen.MISSING,
}


def seen_of(approval: str, record_state: str, order: str = "", *, closed: bool = False) -> Seen:
    """Return what a record comes to: `approval` and `state` of the item and `approval` of its order, as stored there.

    Every record has a state, so that two empty texts mean that none was looked at. `closed` says that the record is not
    active, whatever its state: customers have closed states of their own.
    """
    if not approval and not record_state:
        return Seen.UNSEEN
    if approval not in WAITING_WORDS:
        return _WORDS.get(approval, Seen.UNKNOWN)
    if closed or record_state in CLOSED_STATES:
        return Seen.CLOSED
    if order == "approved":
        return Seen.ORDER_APPROVED
    if order == "rejected":
        return Seen.ORDER_REJECTED
    if order not in (*WAITING_WORDS, MISSING):
        return Seen.ORDER_ENDED
    if approval == "requested":
        return Seen.WAITING
    return Seen.ORDER_FIRST if order == "requested" else Seen.UNASKED


_STATUS = {
    **dict.fromkeys((Seen.UNSEEN, *OPEN), ApprovalStatus.PENDING),
    Seen.APPROVED: ApprovalStatus.APPROVED,
    Seen.REJECTED: ApprovalStatus.REJECTED,
    Seen.ORDER_REJECTED: ApprovalStatus.REJECTED,
}


def status_of(approval: str, record_state: str, order: str = "", *, closed: bool = False) -> ApprovalStatus:
    """Return what this console's status service answers for a record that stands like this.

    A record that was not looked at yet is pending; what nobody will decide any more is invalid, as the service says it.
    """
    return _STATUS.get(seen_of(approval, record_state, order, closed=closed), ApprovalStatus.INVALID)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a pair of states means: id of the mismatch (or nothing), a sentence for the helpdesk, and who must act."""

    mismatch: str
    sentence: str
    status: ApprovalStatus
    actor: Actor = Actor.NOBODY


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the table of pairs."""

    mismatch: str
    actor: Actor
    sentence: str


def judge(
    state: RequestState | str, approval: str, record_state: str, order: str = "", *, closed: bool = False
) -> Judgement:
    """Return what it means that a request is in `state` here while its record says the rest."""
    seen = seen_of(approval, record_state, order, closed=closed)
    pair = PAIRS[RequestState(state), seen]
    status = _STATUS.get(seen, ApprovalStatus.INVALID)
    return Judgement(pair.mismatch, pair.sentence, status, pair.actor)


PAIRS: dict[tuple[RequestState, Seen], Pair] = {}
"""Every state here with everything a record can come to."""


def _pair(
    states: Iterable[RequestState], seen: Iterable[Seen], mismatch: str, actor: Actor, sentence: str
) -> None:
    for state in states:
        for one in seen:
            if (state, one) in PAIRS:
                raise ValueError(f"{state} and {one} have two rows")
            PAIRS[state, one] = Pair(mismatch, actor, sentence)


_A, _SEEN = Actor, Seen
_NOT_ALLOWED = (_S.REJECTED, _S.INVALID, _S.TIMED_OUT, _S.CANCELLED, _S.FAILED)
"""Ends after which the program does not run."""

# -- being raised ----------------------------------------------------------------------------------------------
_pair([_S.SUBMITTING], [_SEEN.UNSEEN, _SEEN.MISSING], "", _A.CONSOLE,
      tr_later("The request is being raised; ServiceNow has not given it an id yet."))  # fmt: skip
_pair([_S.SUBMITTING], OPEN, "answer-lost", _A.CONSOLE,
      tr_later("ServiceNow has the request, but the answer with its id got lost; this console looks for it."))  # fmt: skip
_pair([_S.SUBMITTING], [*DECIDED, _SEEN.ORDER_REJECTED, *ENDED, _SEEN.UNKNOWN], "answer-lost", _A.CONSOLE,
      tr_later("ServiceNow was done with the request before its id arrived here; this console looks for it."))  # fmt: skip

# -- waiting ---------------------------------------------------------------------------------------------------
_pair([_S.PENDING], [_SEEN.UNSEEN], "", _A.CONSOLE,
      tr_later("The request waits for an answer; its record in ServiceNow has not been looked at yet."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.WAITING], "", _A.APPROVERS,
      tr_later("The request waits for its approvers in ServiceNow."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.UNASKED], "", _A.SERVICENOW,
      tr_later("Nobody has been asked yet; if it stays so, the request item has no approval process."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.ORDER_FIRST], "", _A.APPROVERS,
      tr_later("The order has to be approved before anybody is asked about its item."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.ORDER_APPROVED], "order-approved", _A.APPROVERS,
      tr_later("The order is approved, the item is not. The status service reads the item, so the answer never arrives."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.APPROVED], "decision-unseen", _A.CONSOLE,
      tr_later("ServiceNow has approved the request; the next status check brings the answer."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.REJECTED], "decision-unseen", _A.CONSOLE,
      tr_later("ServiceNow has rejected the request; the next status check brings the answer."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.ORDER_REJECTED], "decision-unseen", _A.CONSOLE,
      tr_later("The order was rejected; the next status check brings that as the answer."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.ORDER_ENDED], "ended-unseen", _A.CONSOLE,
      tr_later("The order has ended without a decision; the next status check ends the request as invalid."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.CANCELLED], "ended-unseen", _A.CONSOLE,
      tr_later("The record was cancelled in ServiceNow; the next status check ends the request as invalid."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.NOT_REQUIRED], "ended-unseen", _A.CONSOLE,
      tr_later("ServiceNow no longer asks anybody; the next status check ends the request as invalid."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.SKIPPED], "ended-unseen", _A.CONSOLE,
      tr_later("The flow in ServiceNow went past the approval; the next status check ends the request as invalid."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.DUPLICATE], "ended-unseen", _A.CONSOLE,
      tr_later("Another record stands for this one; the next status check ends the request as invalid."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.CLOSED], "ended-unseen", _A.CONSOLE,
      tr_later("The record was closed before anybody decided; the next status check ends the request as invalid."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.UNKNOWN], "word-unknown", _A.SERVICENOW,
      tr_later("The record carries an approval word that is not ServiceNow's own; it counts as invalid."))  # fmt: skip
_pair([_S.PENDING], [_SEEN.MISSING], "record-missing", _A.SERVICENOW,
      tr_later("The record is gone, or hidden from the account that looks."))  # fmt: skip

# -- approved --------------------------------------------------------------------------------------------------
_pair([_S.APPROVED], [_SEEN.UNSEEN], "", _A.NOBODY,
      tr_later("The request was approved; its record has not been looked at since."))  # fmt: skip
_pair([_S.APPROVED], [_SEEN.APPROVED], "", _A.NOBODY, tr_later("Both systems say approved."))
_pair([_S.APPROVED], [_SEEN.REJECTED, _SEEN.ORDER_REJECTED], "decision-differs", _A.SERVICENOW,
      tr_later("The request was approved, but ServiceNow says rejected now; the program may have run already."))  # fmt: skip
_pair([_S.APPROVED], OPEN, "decision-differs", _A.SERVICENOW,
      tr_later("The request was approved, but its record waits for a decision again."))  # fmt: skip
_pair([_S.APPROVED], ENDED, "decision-differs", _A.SERVICENOW,
      tr_later("The request was approved, but its record has ended without an approval since."))  # fmt: skip
_pair([_S.APPROVED], [_SEEN.UNKNOWN], "word-unknown", _A.SERVICENOW,
      tr_later("The request was approved; the record carries a word that is not ServiceNow's own now."))  # fmt: skip
_pair([_S.APPROVED], [_SEEN.MISSING], "record-missing", _A.SERVICENOW,
      tr_later("The request was approved; its record is gone, or hidden from the account that looks."))  # fmt: skip

# -- ended without an approval ---------------------------------------------------------------------------------
_pair([_S.REJECTED], [_SEEN.UNSEEN], "", _A.NOBODY,
      tr_later("The request was rejected; its record has not been looked at since."))  # fmt: skip
_pair(
    [_S.REJECTED],
    [_SEEN.REJECTED, _SEEN.ORDER_REJECTED],
    "",
    _A.NOBODY,
    tr_later("Both systems say rejected."),
)
_pair([_S.REJECTED], [*ENDED, _SEEN.MISSING], "", _A.NOBODY,
      tr_later("The request was rejected; its record has ended since, which changes nothing."))  # fmt: skip
_pair([_S.REJECTED], OPEN, "decision-differs", _A.SERVICENOW,
      tr_later("The request was rejected, but its record waits for a decision again."))  # fmt: skip
_pair([_S.REJECTED], [_SEEN.APPROVED], "decision-differs", _A.CALLER,
      tr_later("The request was rejected, but ServiceNow says approved now; only a new request can be allowed."))  # fmt: skip

_pair([_S.INVALID], [_SEEN.UNSEEN, _SEEN.MISSING], "", _A.CALLER,
      tr_later("ServiceNow did not know the request any more; the caller has to start the program again."))  # fmt: skip
_pair([_S.INVALID], ENDED, "", _A.CALLER,
      tr_later("Its record ended without a decision; the caller has to start the program again."))  # fmt: skip
_pair([_S.INVALID], [_SEEN.REJECTED, _SEEN.ORDER_REJECTED], "", _A.NOBODY,
      tr_later("ServiceNow says rejected now; the program is not allowed either way."))  # fmt: skip

_pair([_S.TIMED_OUT], [_SEEN.UNSEEN, _SEEN.MISSING], "", _A.CALLER,
      tr_later("Nobody decided in time; the caller has to start the program again."))  # fmt: skip
_pair([_S.TIMED_OUT], ENDED, "", _A.CALLER,
      tr_later("Nobody decided in time, and its record is closed; the caller has to start the program again."))  # fmt: skip
_pair([_S.TIMED_OUT], [_SEEN.REJECTED, _SEEN.ORDER_REJECTED], "", _A.NOBODY,
      tr_later("The rejection came after the time was over; the program is not allowed either way."))  # fmt: skip

_pair([_S.CANCELLED], [_SEEN.UNSEEN, _SEEN.MISSING], "", _A.NOBODY, tr_later("The request was cancelled."))
_pair([_S.CANCELLED], ENDED, "", _A.NOBODY, tr_later("The request was cancelled in both systems."))
_pair([_S.CANCELLED], [_SEEN.REJECTED, _SEEN.ORDER_REJECTED], "", _A.NOBODY,
      tr_later("It was cancelled here and rejected in ServiceNow; the program is not allowed either way."))  # fmt: skip

_pair([_S.FAILED], [_SEEN.UNSEEN, _SEEN.MISSING], "", _A.CALLER,
      tr_later("The request could not be raised; the caller has to start the program again."))  # fmt: skip
_pair([_S.FAILED], [*ENDED, _SEEN.REJECTED, _SEEN.ORDER_REJECTED], "", _A.CALLER,
      tr_later("It counts as failed here; its record in ServiceNow has ended. The caller has to start the program again."))  # fmt: skip

_pair([_S.INVALID, _S.TIMED_OUT, _S.CANCELLED, _S.FAILED], OPEN, "still-open", _A.SERVICENOW,
      tr_later("The request has ended here, but approvers are still asked: cancel its record in ServiceNow."))  # fmt: skip
_pair([_S.INVALID, _S.TIMED_OUT, _S.CANCELLED, _S.FAILED], [_SEEN.APPROVED], "late-approval", _A.CALLER,
      tr_later("The approval came after the request had ended; the caller has to start the program again."))  # fmt: skip
_pair(_NOT_ALLOWED, [_SEEN.UNKNOWN], "word-unknown", _A.SERVICENOW,
      tr_later("The request has ended here; the record carries an approval word that is not ServiceNow's own."))  # fmt: skip

MISMATCHES = frozenset(pair.mismatch for pair in PAIRS.values() if pair.mismatch)
"""The ids of all mismatches, for filters and help."""
