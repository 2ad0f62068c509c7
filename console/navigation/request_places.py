"""The filters that stand ready, as tree and page name them. Imports nothing slow: the tree needs them first.

The filters themselves are `services.requests.inbox.filters.PREDEFINED_FILTERS`; a test keeps both in step.
"""

import uuid

from console.runtime.targets import REQUESTS, Target
from models.kinds import RequestState
from models.translation_marks import tr_later
from services.language import tr

PENDING, ABOUT_TO_TIME_OUT, MISMATCH, MINE, ALL = (
    "pending",
    "about-to-time-out",
    "mismatch",
    "waits-for-me",
    "all",
)
BUILT_IN_FILTERS: tuple[tuple[str, str], ...] = (
    (PENDING, tr_later("Pending")),
    (ABOUT_TO_TIME_OUT, tr_later("About to time out")),
    (MISMATCH, tr_later("Mismatch")),
    ("timed-out-today", tr_later("Timed out today")),
    (MINE, tr_later("Waits for me")),
    (ALL, tr_later("All")),
)
"""Key and name of each, in the order of the page."""
TREE_FILTERS = (ABOUT_TO_TIME_OUT, MISMATCH)
"""Those that stand in the tree too: where somebody has to do something."""
STATE_LABELS = {
    RequestState.SUBMITTING: tr_later("Submitting"),
    RequestState.PENDING: tr_later("Pending"),
    RequestState.APPROVED: tr_later("Approved"),
    RequestState.REJECTED: tr_later("Rejected"),
    RequestState.INVALID: tr_later("Invalid"),
    RequestState.TIMED_OUT: tr_later("Timed out"),
    RequestState.CANCELLED: tr_later("Cancelled"),
    RequestState.FAILED: tr_later("Failed"),
}
FILTER_TAB_PREFIX = "filter:"
"""Begins the tab of a target that shows a filter; what follows is its key, or the id of a saved one."""


def filter_target(key: str) -> Target:
    """Return the way to a filter; a saved one is named by its id."""
    return Target(REQUESTS, tab=f"{FILTER_TAB_PREFIX}{key}")


def request_target(request_id: uuid.UUID) -> Target:
    """Return the way to one request."""
    return Target(REQUESTS, tab=str(request_id))


def filter_node_key(key: str) -> str:
    """Return the key of a filter's node in the tree."""
    return f"{REQUESTS}/{key}"


def state_label(state: str) -> str:
    """Return what a state of a request is called."""
    word = STATE_LABELS.get(RequestState(state)) if state in STATE_LABELS else None
    return tr(word) if word is not None else str(state)
