"""Names of the predefined filters, and targets of requests. Imports nothing slow: the tree is drawn from it.

The filters themselves are `services.requests.inbox.filters.PREDEFINED_FILTERS`; a test compares both.
"""

import json
import uuid
from collections.abc import Mapping

from console.runtime.page_targets import REQUESTS, Target
from models.kinds import RequestState
from models.translation_marks import tr_later
from services.language import tr

PENDING, ABOUT_TO_TIME_OUT, MISMATCH, MINE, ANSWER_NOT_DELIVERED, ALL = (
    "pending",
    "about-to-time-out",
    "mismatch",
    "waits-for-me",
    "answer-not-delivered",
    "all",
)
BUILT_IN_FILTERS: tuple[tuple[str, str], ...] = (
    (PENDING, tr_later("Pending")),
    (ABOUT_TO_TIME_OUT, tr_later("About to time out")),
    (MISMATCH, tr_later("Mismatch")),
    ("timed-out-today", tr_later("Timed out today")),
    (MINE, tr_later("Waits for me")),
    (ANSWER_NOT_DELIVERED, tr_later("Answer not delivered")),
    (ALL, tr_later("All")),
)
"""Key and name of each, in the order of the page."""
TREE_FILTERS = (ABOUT_TO_TIME_OUT, MISMATCH)
"""Filters that are also nodes of the tree: those that need action."""
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
"""Prefix of the tab of a target that shows a filter, before its key or the id of a saved filter."""


def filter_target(key: str) -> Target:
    """Return the target of a filter; the key of a saved one is its id."""
    return Target(REQUESTS, tab=f"{FILTER_TAB_PREFIX}{key}")


def passing_filter_target(name: str, values: Mapping[str, object]) -> Target:
    """Return the target of a filter that is not stored; `values` are those of `Filter.as_json`."""
    return filter_target(json.dumps({"name": name, "filter": dict(values)}, sort_keys=True))


def is_passing_filter(key: str) -> bool:
    """Whether the key of a filter is that of one that is not stored."""
    return key.startswith("{")


def passing_filter_name(key: str) -> str:
    """Return the name of a filter that is not stored."""
    return str(json.loads(key)["name"])


def request_target(request_id: uuid.UUID) -> Target:
    """Return the target of one request."""
    return Target(REQUESTS, tab=str(request_id))


def filter_node_key(key: str) -> str:
    """Return the key of a filter's node in the tree."""
    return f"{REQUESTS}/{key}"


def state_label(state: str) -> str:
    """Return the translated label of a request state."""
    word = STATE_LABELS.get(RequestState(state)) if state in STATE_LABELS else None
    return tr(word) if word is not None else str(state)
