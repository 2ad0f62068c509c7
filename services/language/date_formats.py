"""Dates, times and durations in the local time zone and the conventions of a language.

English uses ISO dates and a 24-hour clock: English-speaking countries differ, and administrators compare with logs.
"""

import functools
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from models.translation_marks import plural_later
from services.language.catalog import Language, current_language, tr

if TYPE_CHECKING:
    from babel import Locale

MINUTE, HOUR, DAY = 60, 3600, 86_400
_UNIT_FORMS = {
    604_800: plural_later("{count} week", "{count} weeks"),
    DAY: plural_later("{count} day", "{count} days"),
    HOUR: plural_later("{count} hour", "{count} hours"),
    MINUTE: plural_later("{count} minute", "{count} minutes"),
    1: plural_later("{count} second", "{count} seconds"),
}
_AGO_FORMS = {
    31_536_000: plural_later("{count} year ago", "{count} years ago"),
    2_592_000: plural_later("{count} month ago", "{count} months ago"),
    DAY: plural_later("{count} day ago", "{count} days ago"),
    HOUR: plural_later("{count} hour ago", "{count} hours ago"),
    MINUTE: plural_later("{count} minute ago", "{count} minutes ago"),
}


# -- moments ---------------------------------------------------------------------------------------------------


def date_time(
    moment: datetime, *, seconds: bool = False, zone: bool = False, language: Language | None = None
) -> str:
    """Return date and time, such as “2026-01-31 16:59”; `zone` adds the offset from UTC."""
    used, local = language or current_language(), moment.astimezone()
    if used.is_english:
        text = f"{local:%Y-%m-%d %H:%M:%S}" if seconds else f"{local:%Y-%m-%d %H:%M}"
    else:
        text = f"{day(moment, language=used)}, {time_of_day(moment, seconds=seconds, language=used)}"
    return f"{text} {utc_offset(local)}" if zone else text


def day(moment: datetime, *, language: Language | None = None) -> str:
    """Return the date."""
    used, local = language or current_language(), moment.astimezone()
    if used.is_english:
        return f"{local:%Y-%m-%d}"
    from babel.dates import format_date

    return format_date(local.date(), "medium", locale=used.locale)


def time_of_day(
    moment: datetime, *, seconds: bool = False, zone: bool = False, language: Language | None = None
) -> str:
    """Return the time, such as “16:59”; `zone` adds the offset from UTC."""
    used, local = language or current_language(), moment.astimezone()
    if used.is_english:
        text = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    else:
        from babel.dates import format_time

        text = format_time(local.time(), "medium" if seconds else "short", locale=used.locale)
    return f"{text} {utc_offset(local)}" if zone else text


def utc_offset(moment: datetime) -> str:
    """Return the offset of the local time zone, such as “UTC+1”: names of zones differ between systems."""
    minutes = round((moment.astimezone().utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{hours}{f':{rest:02}' if rest else ''}" if minutes else "UTC"


def time_or_date(moment: datetime, now: datetime | None = None, *, seconds: bool = False) -> str:
    """Return the time of a moment today, date and time of another day; `seconds` applies to today."""
    if _is_today(moment, now):
        return time_of_day(moment, seconds=seconds)
    return date_time(moment)


def short_moment(moment: datetime, now: datetime | None = None, *, seconds: bool = False) -> str:
    """Return the time of a moment today, the date of another day: “28 Nov”, with the year if it differs."""
    if _is_today(moment, now):
        return time_of_day(moment, seconds=seconds)
    local = moment.astimezone()
    if local.year != _local_now(now).year:
        return day(moment)
    return _day_of_month(local.date(), current_language().locale)


@functools.lru_cache(maxsize=1024)
def _day_of_month(local: date, locale: "Locale") -> str:
    """Return a date without its year. Finding the pattern of a locale takes a millisecond, and a table shows many dates."""
    from babel.dates import format_skeleton

    return format_skeleton("MMMd", local, locale=locale)


def _is_today(moment: datetime, now: datetime | None) -> bool:
    return moment.astimezone().date() == _local_now(now).date()


def _local_now(now: datetime | None) -> datetime:
    return (now or datetime.now(UTC)).astimezone()


# -- how long ago ----------------------------------------------------------------------------------------------


def time_ago(moment: datetime, now: datetime | None = None, *, seconds: bool = False) -> str:
    """Return the elapsed time in its largest unit; “just now” or seconds below a minute."""
    used = current_language()
    past = _elapsed_seconds(moment, now)
    for size, forms in _AGO_FORMS.items():
        if past >= size:
            return used.plural(past // size, *forms)
    return _seconds_ago(past) if seconds else tr("just now")


def short_time_ago(moment: datetime, now: datetime | None = None) -> str:
    """Return the elapsed time in short form: “12 s ago”, “5 min ago”."""
    past = _elapsed_seconds(moment, now)
    if past < MINUTE:
        return _seconds_ago(past)
    if past < HOUR:
        return tr("{count} min ago", count=past // MINUTE)
    return tr("{duration} ago", duration=short_duration(past))


def _seconds_ago(past: int) -> str:
    return tr("{count} s ago", count=past)


def _elapsed_seconds(moment: datetime, now: datetime | None) -> int:
    return max(int(((now or datetime.now(UTC)) - moment).total_seconds()), 0)


# -- lengths of time, in seconds -------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """Return a duration in its two largest units: “3 hours 5 minutes”."""
    used = current_language()
    left = max(int(seconds), 0)
    parts: list[str] = []
    for size in (DAY, HOUR, MINUTE, 1):
        count, left = divmod(left, size)
        if count:
            parts.append(used.plural(count, *_UNIT_FORMS[size]))
        if len(parts) == 2:
            break
    return " ".join(parts) or used.plural(0, *_UNIT_FORMS[1])


def exact_duration(seconds: int, *, language: Language | None = None) -> str:
    """Return whole seconds in the largest unit that divides them: “20 minutes”, “90 seconds”."""
    size = next((size for size in _UNIT_FORMS if seconds and seconds % size == 0), 1)
    return (language or current_language()).plural(seconds // size, *_UNIT_FORMS[size])


def rough_duration(seconds: float) -> str:
    """Return a rounded duration: “45 s”, “12 min”, “3.5 h”, “2.1 days”."""
    used = current_language()
    if seconds < 90:
        return tr("{number} s", number=used.number(round(seconds)))
    if seconds < 90 * MINUTE:
        return tr("{number} min", number=used.number(round(seconds / MINUTE)))
    if seconds < 36 * HOUR:
        return tr("{number} h", number=used.number(seconds / HOUR, 1))
    return tr("{number} days", number=used.number(seconds / DAY, 1))


def short_duration(seconds: float) -> str:
    """Return a duration for a table column: “17:26” below an hour, then “3 h 05 min”, then “2 d 4 h”."""
    whole = max(int(seconds), 0)
    if whole < HOUR:
        return f"{whole // MINUTE}:{whole % MINUTE:02}"
    if whole < DAY:
        minutes = f"{whole % HOUR // MINUTE:02}"
        return tr("{hours} h {minutes} min", hours=whole // HOUR, minutes=minutes)
    return tr("{days} d {hours} h", days=whole // DAY, hours=whole % DAY // HOUR)
