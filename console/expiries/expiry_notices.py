"""Notifications about what runs out: once at 30, 7 and 1 days for each object and date, across restarts."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from console.expiries.expiry_texts import sentence
from console.expiries.expiry_watch import ExpiryWatch, target_of
from console.runtime.activity import NOTICE, Activity
from console.runtime.page_targets import EXPIRIES, Target
from console.runtime.tray import Tray
from console.runtime.window_settings import WindowSettings
from services.language import plural, tr

if TYPE_CHECKING:
    from services.expiries.calendar import Expiry

SETTING_KEY = "expiries_told"
REMEMBERED = timedelta(days=400)
"""How long after its date it is remembered that something was told."""


class ExpiryNotifier(QObject):
    """Tells what has passed a threshold, in the activity strip and the tray; a click opens the object or the calendar."""

    def __init__(
        self,
        watch: ExpiryWatch,
        activity: Activity,
        settings: WindowSettings,
        tray: Tray,
        show_target: Callable[[Target], None],
    ) -> None:
        super().__init__(watch)
        self._watch, self._activity = watch, activity
        self._settings, self._tray, self._show_target = settings, tray, show_target
        watch.changed.connect(self._tell_news)

    def _tell_news(self) -> None:
        told = self._settings.keys(SETTING_KEY) or set()
        passed = {_key(entry): entry for entry in self._watch.entries or () if entry.threshold is not None}
        new = [entry for key, entry in passed.items() if key not in told]
        oldest = f"{self._watch.clock() - REMEMBERED:%Y-%m-%d}"
        remembered = {key for key in told if key.split("|")[0] >= oldest} | passed.keys()
        if remembered != told:
            self._settings.set_keys(SETTING_KEY, remembered)
        if not new:
            return
        text, target = notification_text(new), Target(EXPIRIES) if len(new) > 1 else target_of(new[0])
        self._activity.record(tr("Expiries"), text, NOTICE, routine=True)
        self._tray.say(tr("Expiries"), text, lambda: self._show_target(target))


def _key(entry: "Expiry") -> str:
    """Return what identifies a date of an object and the threshold it has passed; it begins with the date."""
    fact = entry.fact
    day = f"{entry.expires_at:%Y-%m-%d}" if entry.expires_at is not None else ""
    return f"{day}|{fact.kind}|{fact.object_id}|{entry.threshold}"


def notification_text(entries: "Iterable[Expiry]") -> str:
    """Return a message in one line: of one entry, or the first and the number of the others."""
    first, *more = entries
    text = tr("{name}: {what}", name=first.fact.object_name, what=sentence(first))
    if not more:
        return text
    return plural(len(more), "{text}, and {count} more", "{text}, and {count} more", text=text)
