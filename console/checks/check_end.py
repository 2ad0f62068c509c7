"""How a check of a server or of an approval chain ended."""

from enum import Enum


class CheckEnd(Enum):
    """How a check ended."""

    DONE = "done"
    UNCLEAR = "unclear"
    """Nothing is wrong, but not everything could be seen."""
    FAILED = "failed"
    """Something is wrong, or the check could not run."""
    CANCELLED = "cancelled"
