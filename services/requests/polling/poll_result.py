"""What one poll of a server did, or why it was skipped."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.common.errors import Problem


class SkipReason(StrEnum):
    """Why a server was not polled. The values are part of the output of the worker command."""

    LEASE_HELD = "held"
    """Another process is polling it."""
    NOT_DUE = "not due"
    PAUSED = "paused"
    """A poll failed, and the pause after it is not over."""
    NOTHING_TO_POLL = "nothing to follow"
    """No approval process uses the server."""
    BUDGET_EXHAUSTED = "no calls left"


@dataclass(frozen=True, slots=True)
class PollResult:
    """The numbers of requests seen, changed and new, the ids of those that ended, and the calls that were made.

    A poll that failed has the skip reason PAUSED and a problem. `next_at` is when the next poll is due.
    """

    seen: int = 0
    changed: int = 0
    new: int = 0
    decided: tuple[uuid.UUID, ...] = ()
    calls: int = 0
    complete: bool = False
    """Whether every open request was seen, and the account sees requested items at all."""
    skip_reason: SkipReason | None = None
    next_at: datetime | None = None
    problem: Problem | None = None
    proven: bool = False
    """Whether the account was shown requested items, so that none means that there are none."""
