"""When the secret of a credential ends, as far as somebody entered it: days left, tones, and the next reminder."""

from dataclasses import dataclass
from datetime import date

from services.language import plural, tr

REMINDER_DAYS = (30, 7, 1)
"""Days before the end on which somebody is reminded."""
NOTICE_DAYS, BAD_DAYS = 30, 1


@dataclass(frozen=True, slots=True)
class SecretExpiry:
    """The last day of a secret, seen from `today`."""

    last_day: date
    today: date

    @classmethod
    def of(cls, text: str, today: date) -> "SecretExpiry | None":
        """Return the expiry of an entered day, or None for none and for what is no date."""
        try:
            return cls(date.fromisoformat(text.strip()), today)
        except ValueError:
            return None

    @property
    def days(self) -> int:
        """How many days are left; negative when it is past."""
        return (self.last_day - self.today).days

    @property
    def tone(self) -> str:
        """The tone of its badge; empty while nothing has to be done."""
        if self.days <= BAD_DAYS:
            return "bad"
        return "notice" if self.days <= NOTICE_DAYS else ""

    @property
    def badge(self) -> str:
        """The text of its badge."""
        if self.days < 0:
            return tr("Expired")
        if self.days == 0:
            return tr("Expires today")
        return plural(self.days, "Expires in {count} day", "Expires in {count} days")

    @property
    def in_days(self) -> str:
        """When it ends, for a value."""
        if self.days < 0:
            return plural(-self.days, "{count} day ago", "{count} days ago")
        return _in_days(self.days)

    @property
    def next_reminder(self) -> str:
        """When the next reminder comes, for a value; empty after the last one."""
        ahead = next((self.days - before for before in REMINDER_DAYS if self.days >= before), None)
        return "" if ahead is None else _in_days(ahead)


def _in_days(days: int) -> str:
    return tr("today") if days == 0 else plural(days, "in {count} day", "in {count} days")
