"""The widgets in place of an empty list: why it is empty, and a button for the next step."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtWidgets import QPushButton, QWidget

from console.inbox.empty_list import EmptyKind, EmptyList
from console.navigation.request_places import (
    ABOUT_TO_TIME_OUT,
    ALL,
    ANSWER_NOT_DELIVERED,
    MINE,
    MISMATCH,
    PENDING,
)
from console.widgets import buttons
from console.widgets.labels import LinkLabel
from console.widgets.placeholders import EmptyState
from models.translation_marks import tr_later
from services.language import tr

SETUP_STEPS = (
    ("action", tr_later("Action")),
    ("tag", tr_later("Approval Type")),
    ("process", tr_later("Approval Process")),
    ("tray", tr_later("Request")),
)
EMPTY_TEXTS = {
    PENDING: (
        tr_later("Nothing is pending"),
        tr_later("A request stands here from the moment it is raised until it is decided or times out."),
    ),
    ABOUT_TO_TIME_OUT: (
        tr_later("Nothing is about to time out"),
        tr_later("Open requests stand here when five minutes or less are left of their time."),
    ),
    MISMATCH: (
        tr_later("Both systems agree"),
        tr_later(
            "A request stands here while Privilege Manager and ServiceNow say different things about it."
        ),
    ),
    "timed-out-today": (
        tr_later("Nothing timed out today"),
        tr_later("Requests stand here that nobody decided in time since midnight."),
    ),
    MINE: (
        tr_later("Nothing waits for you"),
        tr_later(
            "Requests awaiting your approval. Set your user name and groups under Requests > My ServiceNow user and groups."
        ),
    ),
    ANSWER_NOT_DELIVERED: (
        tr_later("Every answer was delivered"),
        tr_later(
            "A request stands here whose answer could not be sent back to the program that asked. Details say why."
        ),
    ),
}
DEFAULT_TEXTS = (
    tr_later("Nothing matches this filter"),
    tr_later("Requests stand here as soon as they match it."),
)


UNKNOWN_TEXTS = {
    PENDING: tr_later("No pending request is known"),
    ABOUT_TO_TIME_OUT: tr_later("No request is known to time out soon"),
    MISMATCH: tr_later("No mismatch is known"),
    "timed-out-today": tr_later("No request is known to have timed out today"),
    MINE: tr_later("No request is known to wait for you"),
    ANSWER_NOT_DELIVERED: tr_later("No undelivered answer is known"),
}
NONE_KNOWN = tr_later("No request is known")
MAY_BE_MORE = tr_later("Requests that are not shown here may exist on the instance.")


STORED_TEXT = tr_later("Requests are stored here; this filter shows none of them.")


def unknown_state(key: str, why: str, refresh: Callable[[], None], show_all: Callable[[], None]) -> QWidget:
    """Say that no request is known and since when nothing was polled; offer to poll now, or to show all requests."""
    button = buttons.secondary("Poll ServiceNow now", icon="refresh")
    button.clicked.connect(refresh)
    heading = tr(UNKNOWN_TEXTS.get(key, NONE_KNOWN))
    if key == ALL:
        return EmptyState((), "", heading, f"{why} {tr(MAY_BE_MORE)}", button)
    text = f"{why} {tr(MAY_BE_MORE)} {tr(STORED_TEXT)}"
    return EmptyState((), "", heading, text, button, link=_show_all_link(show_all))


def _show_all_link(show_all: Callable[[], None]) -> LinkLabel:
    link = LinkLabel(tr("Show all requests"))
    link.clicked.connect(show_all)
    return link


def no_requests_state(
    rehearse: Callable[[], None] | None, set_up: Callable[[], object], why: str = ""
) -> QWidget:
    """Say what requests are, and offer to rehearse one, or else to set up what is needed.

    `why` says why there may be requests nevertheless.
    """
    button: QPushButton | None = None
    if rehearse is not None:
        button = buttons.primary("Rehearse a request", icon="play")
        button.clicked.connect(rehearse)
    else:
        button = buttons.primary("Set up ServiceNow approvals")
        button.clicked.connect(set_up)
    return EmptyState(
        [(icon, tr(word)) for icon, word in SETUP_STEPS],
        "tray",
        tr("No requests are known yet") if why else tr("No requests yet"),
        tr("A request is raised when an endpoint asks, or by a rehearsal from an Approval Process."),
        button,
        why if rehearse is not None else tr("Requests need an Approval Process first"),
    )


def empty_filter_state(key: str, show_all: Callable[[], None]) -> QWidget:
    """Say what a filter is for and that it hides requests, and offer to show all requests."""
    heading, text = EMPTY_TEXTS.get(key, DEFAULT_TEXTS)
    button = buttons.secondary("Show all requests")
    button.clicked.connect(show_all)
    if key == ALL:
        return EmptyState((), "", tr(heading), tr(text))
    return EmptyState((), "", tr(heading), f"{tr(text)} {tr(STORED_TEXT)}", button)


def no_matches_state(
    text: str, name: str, clear: Callable[[], None], everywhere: Callable[[], None] | None, why: str = ""
) -> QWidget:
    """Say what was searched for and where; offer to search in all requests, or to clear the search.

    `why` says why the list may not be complete.
    """
    if len(text) > 60:
        heading = tr("No request matches the search")
    elif text:
        heading = tr("No request matches “{text}”", text=text)
    else:
        heading = tr("No request matches what is chosen above")
    link: LinkLabel | None = None
    if everywhere is not None:
        where = tr("Only “{filter}” was searched; requests are stored that it does not show.", filter=name)
        button = buttons.secondary("Search in all requests", icon="search")
        button.clicked.connect(everywhere)
        link = LinkLabel(tr("Clear the search"))
        link.clicked.connect(clear)
    else:
        where = tr("Every request was searched; requests are stored that do not match.")
        button = buttons.secondary("Clear the search")
        button.clicked.connect(clear)
    return EmptyState((), "", heading, f"{where} {why}".strip(), button, link=link)


@dataclass(frozen=True, slots=True)
class EmptyStateActions:
    """What the buttons of the empty states do."""

    rehearse: Callable[[], None]
    set_up: Callable[[], object]
    refresh: Callable[[], None]
    clear_search: Callable[[], None]
    search_everywhere: Callable[[], None]
    show_all: Callable[[], None]


def build_empty_state(state: EmptyList, actions: EmptyStateActions) -> QWidget:
    """Return the widget for an empty list."""
    match state.kind:
        case EmptyKind.NO_REQUESTS:
            rehearse = actions.rehearse if state.can_rehearse else None
            return no_requests_state(rehearse, actions.set_up, state.staleness)
        case EmptyKind.NO_MATCHES:
            everywhere = None if state.searched_all else actions.search_everywhere
            return no_matches_state(
                state.words, state.filter_name, actions.clear_search, everywhere, state.staleness
            )
        case EmptyKind.UNKNOWN:
            return unknown_state(state.key, state.staleness, actions.refresh, actions.show_all)
        case EmptyKind.EMPTY_FILTER:
            return empty_filter_state(state.key, actions.show_all)
