"""What a line of a timeline records, as data: the operation, the state it reports, and the comment.

New lines are stored with their facts. Lines of stores before revision 0007 have only a text; `parse_legacy_line` derives
the facts from it, once, in the migration. The audit check repeats this for those lines, because their hash covers
only the text.
"""

import re
from dataclasses import dataclass

from models.kinds import RequestEventKind, RequestOperation, RequestState

_SEPARATOR = ": "
_DECIDED_BY_STATUS = {
    state.value.capitalize(): state
    for state in (RequestState.APPROVED, RequestState.REJECTED, RequestState.INVALID)
}
_STATE_BY_CANCEL_TEXT = {
    "Cancel": RequestState.CANCELLED,
    "Cancel, because the time is over": RequestState.TIMED_OUT,
}
_DECIDED_HERE = re.compile(r"[^\s:]{1,40} (approved|rejected)(?= by | on behalf of |: |$)")
_DECIDED_ON_RECORD = re.compile(r"[^\s:]{1,40}: (approved|rejected)")
_DECIDED_WITHOUT_RECORD = re.compile(
    r"Its record is gone; the status service says (approved|rejected|invalid)"
)

LEGACY_CONSTANT_LINES = (
    (RequestEventKind.SENT, "Create"),
    *((RequestEventKind.SENT, text) for text in _STATE_BY_CANCEL_TEXT),
    *((RequestEventKind.DECIDED, text) for text in _DECIDED_BY_STATUS),
)
"""Kind and text of the most frequent lines before revision 0007."""
LEGACY_KINDS = (
    RequestEventKind.SENT,
    RequestEventKind.DECIDED,
    RequestEventKind.REMINDED,
    RequestEventKind.CANCELLED,
)
"""The kinds of lines that may have facts."""


@dataclass(frozen=True, slots=True)
class TimelineFacts:
    """The columns of a line that programs decide on; `outcome` is None where the line is about no state."""

    operation: RequestOperation = RequestOperation.NONE
    outcome: RequestState | None = None
    comment: str = ""

    def columns(self) -> dict[str, str]:
        """Return the facts as column values."""
        outcome = self.outcome.value if self.outcome is not None else ""
        return {"operation": self.operation.value, "outcome": outcome, "comment": self.comment}


NO_FACTS = TimelineFacts()


def parse_legacy_line(kind: str, detail: str) -> TimelineFacts:
    """Return the facts of a line that was written before revision 0007."""
    match kind:
        case RequestEventKind.SENT:
            return _parse_sent(detail)
        case RequestEventKind.DECIDED:
            return _parse_decided(detail)
        case RequestEventKind.REMINDED:
            return TimelineFacts(RequestOperation.REMIND, comment=_text_after_separator(detail))
        case RequestEventKind.CANCELLED:
            return TimelineFacts(
                RequestOperation.CANCEL, RequestState.CANCELLED, _text_after_separator(detail)
            )
    return NO_FACTS


def _parse_sent(detail: str) -> TimelineFacts:
    text, _, comment = detail.partition(_SEPARATOR)
    if text == "Create":
        return TimelineFacts(RequestOperation.CREATE)
    state = _STATE_BY_CANCEL_TEXT.get(text)
    return NO_FACTS if state is None else TimelineFacts(RequestOperation.CANCEL, state, comment)


def _parse_decided(detail: str) -> TimelineFacts:
    text, _, comment = detail.partition(_SEPARATOR)
    if text in _DECIDED_BY_STATUS:
        return TimelineFacts(outcome=_DECIDED_BY_STATUS[text], comment=comment)
    if found := _DECIDED_HERE.match(detail):
        return TimelineFacts(RequestOperation.DECIDE, RequestState(found[1]), comment)
    found = _DECIDED_ON_RECORD.fullmatch(detail) or _DECIDED_WITHOUT_RECORD.fullmatch(detail)
    return TimelineFacts(outcome=RequestState(found[1])) if found else NO_FACTS


def _text_after_separator(detail: str) -> str:
    return detail.partition(_SEPARATOR)[2]
