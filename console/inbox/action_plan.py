"""The actions on requests: their texts, which selected requests they include, and their results. Imports no Qt."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.inbox.request_rows import RowOutcome, is_open, is_raised_by_privilege_manager
from console.navigation.request_places import state_label
from models.translation_marks import tr_later
from services.language import number, plural, tr, translate

if TYPE_CHECKING:
    from services.requests.decisions.action_run import ActionResult
    from services.requests.inbox.inbox import RequestRow


@dataclass(frozen=True, slots=True)
class ActionDescription:
    """The texts of an action, and what it needs. Texts are untranslated."""

    name: str
    verb: str
    plural_verb: str
    title: str
    done: str
    progress_text: str
    comment: str
    comment_required: bool = False
    dangerous: bool = False


ACTION_DESCRIPTIONS = {
    "approve": ActionDescription(
        "approve",
        tr_later("Approve"),
        tr_later("Approve {what}"),
        tr_later("Approve {what}"),
        tr_later("approved"),
        tr_later("Approving {requests}"),
        tr_later("Optional; the caller and the record keep it"),
    ),
    "reject": ActionDescription(
        "reject",
        tr_later("Reject"),
        tr_later("Reject {what}"),
        tr_later("Reject {what}"),
        tr_later("rejected"),
        tr_later("Rejecting {requests}"),
        tr_later("The caller reads it: say why, and what to do instead"),
        comment_required=True,
    ),
    "remind": ActionDescription(
        "remind",
        tr_later("Remind"),
        tr_later("Remind {what}"),
        tr_later("Remind the approvers of {what}"),
        tr_later("reminded of"),
        tr_later("Reminding {requests}"),
        tr_later("Optional; those who are asked read it"),
    ),
    "cancel_request": ActionDescription(
        "cancel_request",
        tr_later("Cancel"),
        tr_later("Cancel {what}"),
        tr_later("Cancel {what}"),
        tr_later("cancelled"),
        tr_later("Cancelling {requests}"),
        tr_later("The record keeps it: say why it is cancelled"),
        comment_required=True,
        dangerous=True,
    ),
}


ENDED, NOT_SUBMITTED, RAISED_BY_PRIVILEGE_MANAGER = (
    tr_later("Has ended"),
    tr_later("Has not reached ServiceNow yet"),
    tr_later("Privilege Manager raised it itself"),
)
PLURAL_REASONS = {
    ENDED: tr_later("have ended"),
    NOT_SUBMITTED: tr_later("have not reached ServiceNow yet"),
    RAISED_BY_PRIVILEGE_MANAGER: tr_later("Privilege Manager raised itself"),
}
"""Why requests are skipped: the texts for several requests."""


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A selected request, and one of the reasons above if the action skips it."""

    row: "RequestRow"
    why: str = ""

    @property
    def skipped(self) -> str:
        """Why the request is skipped, an empty text if it is included."""
        if self.why == ENDED:
            return tr("Has ended: {state}", state=state_label(self.row.state).lower())
        return tr(self.why)


def plan_rows(action: ActionDescription, rows: "Sequence[RequestRow]", *, copies: bool) -> list[PlannedRow]:
    """Return which requests an action includes. `copies`: those that Privilege Manager raised are included as well."""
    return [PlannedRow(row, _skip_reason(action, row, copies=copies)) for row in rows]


def _skip_reason(action: ActionDescription, row: "RequestRow", *, copies: bool) -> str:
    if not is_open(row):
        return ENDED
    if action.name == "cancel_request":
        return RAISED_BY_PRIVILEGE_MANAGER if is_raised_by_privilege_manager(row) and not copies else ""
    return "" if row.record_id or row.external_id else NOT_SUBMITTED


def count_text(count: int) -> str:
    """Return a number of requests."""
    return plural(count, "{count} request", "{count} requests")


def outcome_text(result: "ActionResult") -> str:
    """Return the result for one request in a sentence."""
    problem = result.problem
    if result.ok:
        text = translate(result.message)
        return f"{text} {translate(problem.cause)}" if problem is not None else text
    return problem.evidence or translate(problem.cause) if problem is not None else tr("Not done")


def outcome_reason(result: "ActionResult") -> str:
    """Return why something was not done and what to do about it; an empty text if it was done."""
    problem = result.problem
    return (
        ""
        if result.ok or problem is None
        else f"{translate(problem.cause)} {translate(problem.remedy)}".strip()
    )


def skip_summary(planned: Sequence[PlannedRow]) -> str:
    """Return how many requests are skipped for which reason."""
    whys = Counter(one.why for one in planned if one.why)
    words = [lower_first(tr(why)) if count == 1 else tr(PLURAL_REASONS[why]) for why, count in whys.items()]
    if len(words) == 1:
        return words[0]
    return ", ".join(f"{number(count)} {word}" for count, word in zip(whys.values(), words, strict=True))


def lower_first(text: str) -> str:
    """Return a text for the middle of a sentence; a name keeps its capital."""
    return text if text.startswith("Privilege Manager") else text[:1].lower() + text[1:]


def strip_label(text: str, label: str) -> str:
    """Return a sentence without the label that it begins with, for a row that shows the label."""
    rest = text.removeprefix(f"{label} ")
    return rest[:1].upper() + rest[1:]


def outcome_summary(
    action: ActionDescription, outcomes: Mapping[uuid.UUID, RowOutcome], taken: int, failure: str
) -> str:
    """Return the result of an action for the activity strip and the dialog; `taken` requests were included."""
    done = sum(one.ok for one in outcomes.values())
    failed, left = len(outcomes) - done, taken - len(outcomes)
    parts = [tr("{requests} {done}", requests=count_text(done), done=tr(action.done))]
    if failed:
        parts.append(tr("{count} not {done}", count=failed, done=tr(action.done)))
    if left:
        parts.append(plural(left, "{count} not started", "{count} not started"))
    return ", ".join(parts) + (f": {failure}" if failure else "")
