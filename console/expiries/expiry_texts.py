"""Entries of the expiry calendar as words and shapes."""

from typing import TYPE_CHECKING

from console.widgets.placeholders import capitalize_first
from models.translation_marks import tr_later
from services.language import plural, tr, translate

if TYPE_CHECKING:
    from services.expiries.calendar import Expiry

STATE_SHAPES = {
    "ok": "good",
    "notice": "notice",
    "warning": "notice",
    "bad": "bad",
    "unreadable": "notice",
    "unknown": "off",
    "undated": "off",
}
"""The status shape of each state; it is the tone of its words too."""
GAP_LABELS = {
    "unreadable": tr_later("cannot be read"),
    "unknown": tr_later("date unknown"),
    "undated": tr_later("no date"),
}
"""What is said of an entry without a date."""


def what_text(entry: "Expiry") -> str:
    """Return what it is, such as “Client secret”."""
    return capitalize_first(translate(entry.fact.what))


def when_text(entry: "Expiry") -> str:
    """Return when it ends, such as “in 12 days”; without a date, its state."""
    days = entry.days_left
    if days is None:
        return tr(GAP_LABELS[entry.state])
    if days < 0 and entry.fact.kind == "basic_authentication":
        return plural(-days, "date was {count} day ago", "date was {count} days ago")
    if days < 0:
        return plural(-days, "expired {count} day ago", "expired {count} days ago")
    if days == 0:
        return tr("today")
    return tr("tomorrow") if days == 1 else plural(days, "in {count} day", "in {count} days")


def sentence(entry: "Expiry") -> str:
    """Return what ends when, without its object: “Client secret expires in 12 days”."""
    is_past = entry.days_left is not None and entry.days_left < 0
    is_basic = entry.fact.kind == "basic_authentication"
    if entry.state in ("unknown", "undated") or (is_basic and is_past):
        return tr("{what}: {when}", what=what_text(entry), when=when_text(entry))
    if is_past or entry.state == "unreadable":
        return tr("{what} {when}", what=what_text(entry), when=when_text(entry))
    if is_basic:
        return tr("{what} ends {when}", what=what_text(entry), when=when_text(entry))
    return tr("{what} expires {when}", what=what_text(entry), when=when_text(entry))
