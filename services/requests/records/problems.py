"""Problems of requests: why a request was not decided, cancelled or reminded of, or its item was not found."""

from collections.abc import Sequence
from dataclasses import replace

from models.approval_request import ApprovalRequest
from models.kinds import RequestState
from services.common.errors import ConsoleError, InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.language import ENGLISH, date_time, plural_message
from services.requests.records.approver_names import join_english_names
from services.requests.records.ownership import RecordOwnership
from services.requests.records.request_action import action_from_approval
from services.requests.records.requested_item import Approval, RequestedItem

EVIDENCE_RECORDS_MAX = 3
"""Items that the evidence of a problem names."""


def invalid_comment(fault: str) -> InputError:
    """Return the error for a comment that cannot be sent; `fault` is the end of a sentence about it."""
    return InputError(
        Problem(
            tried="Read the comment",
            evidence=f"The comment {fault}.",
            cause="No request can carry this text.",
            owner=Owner.CONSOLE,
            remedy="Shorten it, or leave these characters out.",
            fault=FaultId.COMMENT_UNSENDABLE,
        )
    )


def cancel_not_confirmed(label: str) -> Problem:
    """Return the problem that cancelling a request of Privilege Manager has to be confirmed."""
    return Problem(
        tried=f"Cancel {label}",
        evidence="Privilege Manager raised it and waits for its answer.",
        cause="Cancelling it needs to be confirmed.",
        owner=Owner.CONSOLE,
        remedy="Confirm it; at the command line with --confirm.",
        fault=FaultId.CANCEL_UNCONFIRMED,
    )


def record_missing(tried: str) -> Problem:
    """Return the problem that the instance shows no record."""
    return Problem(
        tried=tried,
        evidence="No requested item is found under the ids that are known of it.",
        cause="It never reached ServiceNow, it was deleted there, or the account may not see it.",
        owner=Owner.SERVICENOW,
        remedy="Look for its PMApprovalId among the requested items in ServiceNow.",
        fault=FaultId.RECORD_MISSING,
    )


def no_open_approval(tried: str, number: str, account: str) -> Problem:
    """Return the problem that there is no approval to decide."""
    return Problem(
        tried=tried,
        evidence=f"{account} sees no open approval of {number}.",
        cause="Nobody is asked, or the account may only see what it is asked itself.",
        owner=Owner.SERVICENOW,
        remedy="Sign in as an approver, or give the account approval_admin; see that the item has an approval flow.",
        fault=FaultId.APPROVAL_NONE_OPEN,
    )


def approval_on_order(tried: str, record: RequestedItem) -> Problem:
    """Return the problem that the only open approval also decides about other items."""
    order = record.order_number or "the order"
    who = join_english_names(
        [one.display_name for one in record.shared_order_approvals if one.is_open], "and"
    )
    return Problem(
        tried=tried,
        evidence=f"{order} waits for the approval of {who}, and has other items than {record.number}.",
        cause="An approval of the order decides about all of its items. Nothing was changed.",
        owner=Owner.SERVICENOW,
        remedy=f"Look at the other items of {order}, and decide it in ServiceNow.",
        fault=FaultId.APPROVAL_ON_ORDER,
    )


def decision_not_allowed(tried: str, account: str, asked: list[str]) -> Problem:
    """Return the problem that the account may not decide for those who are asked."""
    return Problem(
        tried=tried,
        evidence=f"{join_english_names(asked)} is asked; {account} has no approval_admin.",
        cause="Whoever is not asked may only decide with the role approval_admin.",
        owner=Owner.SERVICENOW,
        remedy="Decide as the approver, or give the account approval_admin.",
        fault=FaultId.DECISION_NOT_ALLOWED,
    )


def already_decided(tried: str, record: RequestedItem, decided: Approval | None) -> Problem:
    """Return the problem that somebody else decided already, with who and when as far as the instance shows it."""
    word = record.approval if record.approval in ("approved", "rejected", "cancelled") else "closed"
    if decided is not None and decided.state in ("approved", "rejected"):
        word = decided.state
    seen = f"{record.number} is already {word}"
    if decided is not None:
        seen += f" {action_from_approval(record.number, decided).actor_phrase}"
    at = decided.changed_at if decided is not None else record.changed_at
    if at is not None:
        seen += f" at {date_time(at, seconds=True, language=ENGLISH)}"
    return _not_open(tried, f"{seen}.")


def already_ended(tried: str, state: str) -> Problem:
    """Return the problem that a request of ours has ended."""
    verb = "has" if state == RequestState.FAILED else "is"
    return _not_open(tried, f"It {verb} {state.replace('_', ' ')}.")


def _not_open(tried: str, evidence: str) -> Problem:
    return Problem(
        tried=tried,
        evidence=evidence,
        cause="It is not open any more.",
        owner=Owner.CONSOLE,
        remedy="Nothing needs to be done; the newest state is shown.",
        fault=FaultId.REQUEST_NOT_OPEN,
    )


def decision_too_late(tried: str, state: str) -> Problem:
    """Return the problem that a decision came after the request had ended."""
    return Problem(
        tried=tried,
        evidence=f"The request is {state.replace('_', ' ')} here.",
        cause="It had ended before the decision came.",
        owner=Owner.CONSOLE,
        remedy="Tell the caller to start the program again.",
        fault=FaultId.REQUEST_NOT_OPEN,
    )


def change_not_applied(tried: str, lost: ConsoleError | None) -> Problem:
    """Return the problem that the item is still open although the change was sent."""
    why = f" after “{lost.problem.cause}”" if lost is not None else " although the instance took the change"
    return Problem(
        tried=tried,
        evidence=f"Read back{why}: it still waits for an answer.",
        cause="The change did not come through, or a rule of the instance took it back.",
        owner=lost.problem.owner if lost is not None else Owner.SERVICENOW,
        remedy="Look again in a moment, then try again.",
        fault=FaultId.DECISION_NOT_TAKEN,
    )


def outcome_unknown(tried: str, lost: ConsoleError | None) -> Problem:
    """Return the problem that it is unknown whether a change was made."""
    why = lost.problem.evidence if lost is not None else "The record could not be read back."
    return Problem(
        tried=tried,
        evidence=why,
        cause="The answer was lost and the record could not be read back: it may have been done, or not.",
        owner=lost.problem.owner if lost is not None else Owner.SERVICENOW,
        remedy="Look at the request again before you repeat this.",
        fault=FaultId.DECISION_UNCLEAR,
    )


def partially_cancelled(problem: Problem, label: str, done: list[str]) -> Problem:
    """Return `problem` with the approvals that were cancelled before it, and how to continue."""
    known = (
        "what became of the rest is not known"
        if problem.fault == FaultId.DECISION_UNCLEAR
        else "the rest is still open"
    )
    whose = plural_message(
        len(done), "approval of {names}", "approvals of {names}", names=join_english_names(done, "and")
    )
    return replace(
        problem,
        evidence=f"Cancelled before that: the {whose}. {problem.evidence}",
        cause=f"{label} is cancelled in part: {known}. {problem.cause}",
        remedy=f"{problem.remedy} Cancelling once more goes on with what is still open.",
    )


def record_still_open(tried: str, number: str) -> Problem:
    """Return the problem that a request has ended here while its item is still open."""
    return Problem(
        tried=tried,
        evidence=f"The Cancel service has answered. Read back: {number} still waits for an answer.",
        cause="The service did not cancel the record, or a rule of the instance took it back. The request has ended here.",
        owner=Owner.SERVICENOW,
        remedy=f"Cancel {number} in ServiceNow.",
        fault=FaultId.DECISION_NOT_TAKEN,
    )


def id_names_shared_order(label: str, order: str) -> Problem:
    """Return the problem that Cancel would be given the id of an order with other items."""
    return Problem(
        tried=f"Cancel {label}",
        evidence=f"The id that Create gave is that of {order or 'an order'}, which has other items. Nothing was cancelled.",
        cause="The Cancel service may cancel everything that was ordered together.",
        owner=Owner.SERVICENOW,
        remedy=f"Cancel {label} in ServiceNow. Let the Create service return the sys_id of the requested item.",
        fault=FaultId.ORDER_SHARED,
    )


def id_of_other_item(label: str, given: str) -> Problem:
    """Return the problem that Cancel would be given the id of another item."""
    return Problem(
        tried=f"Cancel {label}",
        evidence=f"The id that Create gave, {given}, is that of another item or order. Nothing was cancelled.",
        cause="The Cancel service would cancel what belongs to another request.",
        owner=Owner.SERVICENOW,
        remedy=f"Cancel {label} in ServiceNow. Let the Create service return the sys_id of the requested item.",
        fault=FaultId.RECORD_FOREIGN,
    )


def request_locked(label: str, other: str) -> Problem:
    """Return the problem that another console is changing the request."""
    return Problem(
        tried=f"Change {label}",
        evidence=f"{other} is at it.",
        cause="Another console on the same store is deciding, cancelling or reminding right now.",
        owner=Owner.CONSOLE,
        remedy="Look at it again in a moment.",
        fault=FaultId.REQUEST_BUSY,
    )


def already_reminded(tried: str) -> Problem:
    """Return the problem that the approvers were reminded a short time ago."""
    return Problem(
        tried=tried,
        evidence="A reminder was sent less than 15 minutes ago.",
        cause="Nobody is reminded twice within 15 minutes.",
        owner=Owner.CONSOLE,
        remedy="Wait, or ask one of them in person.",
        fault=FaultId.REMINDED_ALREADY,
    )


def process_missing(label: str) -> InputError:
    """Return the error for a request whose process is gone."""
    return _object_missing(label, "process", "Approval Process")


def server_missing(label: str) -> InputError:
    """Return the error for a request whose server is gone."""
    return _object_missing(label, "server", "ServiceNow Server")


def _object_missing(label: str, word: str, kind: str) -> InputError:
    return InputError(
        Problem(
            tried=f"Reach the {word} of {label}",
            evidence=f"It names no {kind}.",
            cause=f"The {word} was deleted.",
            owner=Owner.CONSOLE,
            remedy="Act on its record in ServiceNow.",
            fault=FaultId.OBJECT_MISSING,
        )
    )


def record_not_owned(
    row: ApprovalRequest,
    found: Sequence[tuple[str, RecordOwnership]],
    *,
    has_request_items: bool,
    is_complete: bool,
) -> Problem:
    """Return why none of the items that were found by the ids of a request is known to be its own.

    `found` are their numbers with their relation to the request, `is_complete` says whether these are all items,
    `has_request_items` whether a request item is chosen on the process.
    """
    seen = "; ".join(
        f"{number or 'a record'} {relation}" for number, relation in found[:EVIDENCE_RECORDS_MAX]
    )
    more = f"; and {len(found) - EVIDENCE_RECORDS_MAX} more" if len(found) > EVIDENCE_RECORDS_MAX else ""
    belonging = sum(relation is RecordOwnership.BELONGS for _, relation in found)
    readable = "Let the account read the variables of requested items (sc_item_option_mtom, sc_item_option)"
    look = f"or look for the PMApprovalId {row.approval_id} in ServiceNow and act there."
    if any(relation is RecordOwnership.FOREIGN for _, relation in found):
        fault, cause = (
            FaultId.RECORD_FOREIGN,
            "What is found under the ids of this request belongs to another one.",
        )
        remedy = f"Look for the PMApprovalId {row.approval_id} among the requested items in ServiceNow."
    elif belonging > 1 or (belonging and not is_complete):
        fault = FaultId.RECORD_AMBIGUOUS
        cause = "Several items of one order may be this request's, and the account does not see their PMApprovalId."
        remedy = f"{readable}, {look}"
    elif not has_request_items:
        fault = FaultId.RECORD_UNPROVEN
        cause = "The account does not see its PMApprovalId, and no Request Item is chosen on its Approval Process."
        remedy = f"{readable}, choose the Request Item on the Approval Process, {look}"
    else:
        fault = FaultId.RECORD_UNPROVEN
        cause = "Nothing shows that what is found under the ids of this request is its record."
        remedy = f"{readable}, {look}"
    return Problem(
        tried=f"Find the record of {row.number or row.id}",
        evidence=f"{seen}{more}. Nothing was changed.",
        cause=cause,
        owner=Owner.SERVICENOW,
        remedy=remedy,
        fault=fault,
    )
