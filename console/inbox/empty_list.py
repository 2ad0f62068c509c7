"""Which of the empty states the list is in. Imports no Qt; `empty_states` builds the widgets."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from console.navigation.request_places import ALL
from models.translation_marks import tr_later
from services.language import tr

if TYPE_CHECKING:
    from console.inbox.list_criteria import SearchCriteria
    from console.inbox.row_reader import ListSnapshot

NONE_SEEN_TEXT = tr_later(
    "ServiceNow has shown no request yet: whether the account can see requests there is unknown."
)


class EmptyKind(Enum):
    """Why the list has no rows."""

    NO_REQUESTS = auto()
    """The store has no requests at all."""
    NO_MATCHES = auto()
    """The search found nothing."""
    UNKNOWN = auto()
    """No request is known, but ServiceNow was not polled recently or not with success."""
    EMPTY_FILTER = auto()
    """No request matches the filter."""


@dataclass(frozen=True, slots=True)
class EmptyList:
    """An empty list: the kind, the filter, and what the texts need."""

    kind: EmptyKind
    key: str
    """Key of the filter that is shown."""
    filter_name: str = ""
    words: str = ""
    """The text that was searched for."""
    staleness: str = ""
    """Why the list may be incomplete, in sentences."""
    can_rehearse: bool = False

    @property
    def searched_all(self) -> bool:
        """Whether every request was searched."""
        return self.key == ALL


def classify_empty_list(
    snapshot: "ListSnapshot",
    key: str,
    filter_name: str,
    search: "SearchCriteria",
    *,
    staleness: str,
    can_rehearse: bool,
) -> EmptyList:
    """Return the empty state for a snapshot without rows."""
    if not snapshot.any_stored:
        kind = EmptyKind.NO_REQUESTS
        if can_rehearse:
            # An instance answers the same where there are none and where the account sees none.
            staleness = staleness or tr(NONE_SEEN_TEXT)
    elif search.is_active:
        kind = EmptyKind.NO_MATCHES
    elif staleness:
        kind = EmptyKind.UNKNOWN
    else:
        kind = EmptyKind.EMPTY_FILTER
    return EmptyList(kind, key, filter_name, search.words, staleness, can_rehearse)
