"""What every destination of answers can do, and what may come of sending."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from models.delivery import Delivery
from services.answers.answer import Answer
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import Execution, FaultId, FaultTrait
from services.connectivity.answer_faults import PERMANENT_FAULTS


class Found(Enum):
    """What the other side says of an answer whose sending ended without a reply."""

    TAKEN = auto()
    """It has the answer."""
    NOT_TAKEN = auto()
    """It does not have it."""
    UNKNOWN = auto()
    """It does not tell. The answer is sent again: the receiver has to recognise its id."""


class Verdict(Enum):
    """What becomes of a delivery after a try."""

    DELIVERED = auto()
    LATER = auto()
    """It is tried again."""
    REFUSED = auto()
    """It is not tried again by itself."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """What came of one try. `retry_after` is the least time in seconds until the next one."""

    verdict: Verdict
    status: str = ""
    """What the other side answered, in a few characters."""
    problem: Problem | None = None
    in_doubt: bool = False
    """Whether the other side may have taken the answer all the same."""
    retry_after: float = 0
    stops_others: bool = False
    """Whether other answers to the same destination would most likely end the same way now."""


class AnswerDestination(Protocol):
    """One address that answers go to. Every method raises ConsoleError; `result_of_error` says what that means."""

    async def make_body(self, answer: Answer) -> str:
        """Return the text to send. Raises where it cannot be made as things are configured; nothing was sent then."""

    async def find(self, delivery: Delivery) -> Found:
        """Look up whether an answer was taken that was sent before."""

    async def send(self, delivery: Delivery, body: str) -> SendResult:
        """Send an answer once."""

    async def aclose(self) -> None:
        """Close connections."""


_REFUSED_BY_SERVER = frozenset({FaultId.RIGHTS_MISSING, FaultId.RECORD_MISSING})
_UNREADABLE_REPLIES = frozenset(
    {FaultId.REPLY_MALFORMED, FaultId.REPLY_DAMAGED, FaultId.PRIVILEGE_MANAGER_REPLY_MALFORMED}
)
"""The other side answered something, which does not say whether it took the answer."""


def result_of_error(error: ConsoleError, *, sent: bool) -> SendResult:
    """Return what an error means for a delivery; `sent` says whether it was raised by sending."""
    fault = error.problem.fault
    answered = sent and (fault in _REFUSED_BY_SERVER or _is_final_reply(fault))
    verdict = Verdict.REFUSED if fault in PERMANENT_FAULTS or answered else Verdict.LATER
    return SendResult(
        verdict,
        fault.value,
        error.problem,
        in_doubt=sent and (fault.execution is Execution.UNKNOWN or fault in _UNREADABLE_REPLIES),
        retry_after=float(getattr(error, "retry_after", 0)),
        stops_others=FaultTrait.PAUSES_CALLS in fault.traits,
    )


def _is_final_reply(fault: FaultId) -> bool:
    """Whether the other side has read the answer and turned it down."""
    later = (
        bool(fault.traits & (FaultTrait.ANY_CALL | FaultTrait.PAUSES_CALLS)) or fault in _UNREADABLE_REPLIES
    )
    return fault.execution is Execution.FINISHED and not later
