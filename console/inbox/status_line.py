"""The line under the table: how many, whether that is all, as of when; and how many are in sight."""

from datetime import datetime, timedelta
from typing import Any

from PyQt6.QtWidgets import QHBoxLayout, QWidget

from console.widgets.labels import ElidedLabel, IconLabel, Label
from services.language import plural, short_time_ago, time_of_day, time_or_date, tr

MARGIN, HEIGHT = 24, 22
STALE_AFTER = timedelta(minutes=5)


class ListFooter(QWidget):
    """Says what the list is a picture of."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.setSpacing(6)
        self._shape = IconLabel("notice", 12)
        self._shape.hide()
        self.text = ElidedLabel("", role="caption")
        self.seen = Label("", role="caption")
        row.addWidget(self._shape)
        row.addWidget(self.text, 1)
        row.addWidget(self.seen)
        self._look: Any = None
        self._why = ""

    def show_polling(self) -> None:
        """Say that the instances are asked right now."""
        self._look = None
        self._shape.hide()
        self.text.setText(tr("Polling ServiceNow…"))

    def show_read_failed(self, at: datetime | None) -> None:
        """Say that what stands above was read at `at`, and cannot be read again now."""
        self._look = None
        self._shape.show()
        self.text.setText(
            tr("Not read again since {time}", time=time_of_day(at, seconds=True))
            if at is not None
            else tr("Not read again")
        )

    def show_snapshot(self, look: Any, now: datetime, *, why: str = "") -> None:
        """Say what a look found; `why` is what keeps the copies from being renewed."""
        self._look, self._why = look, why
        doubtful = is_stale(look, now)
        text = summary_text(look, now)
        if doubtful and (why := stale_reason(look, why)):
            text = f"{text}: {why}"
        self._shape.setVisible(doubtful or (look.as_of is not None and not look.whole))
        self.text.setText(text)

    def show_stale_reason(self, why: str, now: datetime) -> None:
        """Say it as soon as something keeps the copies from being renewed, or nothing does any more."""
        if self._look is not None and why != self._why:
            self.show_snapshot(self._look, now, why=why)

    def show_visible_range(self, first: int, last: int, count: int) -> None:
        """Say how many rows are in sight."""
        self.seen.setText(
            tr("{shown} of {count} in view", shown=last - first + 1, count=count) if count else ""
        )


def summary_text(look: Any, now: datetime) -> str:
    """Return how many requests there are, whether that is all that is known of, and as of when."""
    if not look.count:
        number = tr("No requests")
    elif not look.complete:
        return tr("First {count}, narrow the search{as_of}", count=look.count, as_of=_as_of(look, now))
    elif not look.exact:
        number = plural(look.count, "More than {count} request", "More than {count} requests")
    else:
        number = plural(look.count, "{count} request", "{count} requests")
    if look.as_of is None:
        if look.whole:
            return number
        return tr("{requests}, ServiceNow has not been polled yet", requests=number)
    if is_stale(look, now):
        return f"{number}{_as_of(look, now)}"
    said = {"requests": number, "as_of": _as_of(look, now)}
    if look.whole:
        return tr("{requests}, complete{as_of}", **said)
    return tr("{requests}, not complete: an account does not see everything{as_of}", **said)


def _as_of(look: Any, now: datetime) -> str:
    if look.as_of is None:
        return ""
    if is_stale(look, now):
        return tr(", last polled {time}", time=short_time_ago(look.as_of, now))
    return tr(", as of {time}", time=time_or_date(look.as_of, now, seconds=True))


def is_stale(look: Any, now: datetime) -> bool:
    """Whether a list may be another one on the instances by now: a server was not polled, not lately, or in vain."""
    if look.as_of is None:
        return not look.whole
    return bool(look.unsure) or now - look.as_of > STALE_AFTER


def stale_reason(look: Any, why: str) -> str:
    """Return what keeps the servers of a list from being polled: what is known of it, else the word of the fault."""
    return why or ", ".join(fault.replace("-", " ") for fault in look.faults)


def staleness_text(look: Any, now: datetime, why: str) -> str:
    """Return why nobody can say that a list is complete, in sentences; nothing where it is."""
    if is_stale(look, now):
        if look.as_of is None:
            return tr("ServiceNow has not been polled yet.")
        at = time_or_date(look.as_of, now, seconds=True)
        reason = stale_reason(look, why)
        if reason:
            return tr("Last polled at {time}: {reason}.", time=at, reason=reason)
        return tr("Last polled at {time}.", time=at)
    return "" if look.whole else tr("The account of a server does not see every request.")
