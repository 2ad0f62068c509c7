"""The texts under the list: how many requests, whether that is all of them, and when they were polled. Imports no Qt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.language import plural, short_time_ago, time_of_day, time_or_date, tr

if TYPE_CHECKING:
    from console.inbox.row_reader import ListSnapshot

STALE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StatusText:
    """A text for the line under the list, and whether it is marked as a notice."""

    text: str = ""
    is_notice: bool = False


def polling_status() -> StatusText:
    """Return the status while ServiceNow is polled because the user asked for it."""
    return StatusText(tr("Polling ServiceNow…"))


def read_failed_status(read_at: datetime | None) -> StatusText:
    """Return the status after a failed read; `read_at` is the time of the rows that are still shown."""
    if read_at is None:
        return StatusText(tr("Not read again"), is_notice=True)
    return StatusText(
        tr("Not read again since {time}", time=time_of_day(read_at, seconds=True)), is_notice=True
    )


def snapshot_status(snapshot: "ListSnapshot", now: datetime, polling_problem: str = "") -> StatusText:
    """Return the status of a list that was read; `polling_problem` says why it is not polled, if that is known."""
    stale = is_stale(snapshot, now)
    text = summary_text(snapshot, now)
    if stale and (reason := stale_reason(snapshot, polling_problem)):
        text = f"{text}: {reason}"
    incomplete = snapshot.as_of is not None and not snapshot.complete_on_servers
    return StatusText(text, is_notice=stale or incomplete)


def summary_text(snapshot: "ListSnapshot", now: datetime) -> str:
    """Return how many requests there are, whether these are all, and when they were polled."""
    count = snapshot.count
    if not count:
        number = tr("No requests")
    elif not snapshot.complete:
        return tr("First {count}, narrow the search{as_of}", count=count, as_of=_as_of(snapshot, now))
    elif not snapshot.exact:
        number = plural(count, "More than {count} request", "More than {count} requests")
    else:
        number = plural(count, "{count} request", "{count} requests")
    if snapshot.as_of is None:
        if snapshot.complete_on_servers:
            return number
        return tr("{requests}, ServiceNow has not been polled yet", requests=number)
    if is_stale(snapshot, now):
        return f"{number}{_as_of(snapshot, now)}"
    values = {"requests": number, "as_of": _as_of(snapshot, now)}
    if snapshot.complete_on_servers:
        return tr("{requests}, complete{as_of}", **values)
    if snapshot.unproven:
        return tr("{requests}, whether an account sees all of them is unknown{as_of}", **values)
    return tr("{requests}, not complete: an account does not see everything{as_of}", **values)


def _as_of(snapshot: "ListSnapshot", now: datetime) -> str:
    if snapshot.as_of is None:
        return ""
    if is_stale(snapshot, now):
        return tr(", last polled {time}", time=short_time_ago(snapshot.as_of, now))
    return tr(", as of {time}", time=time_or_date(snapshot.as_of, now, seconds=True))


def is_stale(snapshot: "ListSnapshot", now: datetime) -> bool:
    """Whether the list may differ from ServiceNow: a server was never polled, not recently, or without success."""
    if snapshot.as_of is None:
        return not snapshot.complete_on_servers
    return bool(snapshot.unpolled_servers) or now - snapshot.as_of > STALE_AFTER


def stale_reason(snapshot: "ListSnapshot", polling_problem: str) -> str:
    """Return why the servers of a list are not polled: the known problem, or else the faults of their last polls."""
    return polling_problem or ", ".join(map(fault_phrase, snapshot.faults))


def fault_phrase(fault: str) -> str:
    """Return the id of a fault in words, for a fault whose problem is not known to this window."""
    return fault.replace("-", " ")


def staleness_text(snapshot: "ListSnapshot", now: datetime, polling_problem: str) -> str:
    """Return in sentences why a list may not be complete, or an empty text if it is."""
    if is_stale(snapshot, now):
        if snapshot.as_of is None:
            return tr("ServiceNow has not been polled yet.")
        at = time_or_date(snapshot.as_of, now, seconds=True)
        reason = stale_reason(snapshot, polling_problem)
        if reason:
            return tr("Last polled at {time}: {reason}.", time=at, reason=reason)
        return tr("Last polled at {time}.", time=at)
    if snapshot.complete_on_servers:
        return ""
    if snapshot.unproven:
        return tr(
            "ServiceNow has shown the account of a server no request: whether it may see requests is unknown."
        )
    return tr("The account of a server does not see every request.")
