"""The language of the user: translations, plurals, digit grouping, lists and dates. Imports nothing slow.

For what is shown at once, in the console:

    tr("Saved {name}", name=name)                            a translated text
    plural(n, "{count} request", "{count} requests")         the right plural, digits grouped
    number(n), list_of(names, OR), date_time(moment), …      values in the user's conventions

For what is made now and may be stored, logged, sent or shown later, in services:

    tr_message("Server {name} does not answer", name=name)      an English text that remembers how to be translated
    plural_message(n, "{count} server", "{count} servers")
    shown(text)                                              that text in the user's language, for screen and terminal
    shown_message(text)                                      the same where the text may be a name or other data

For constants of a module, which exist before the language is chosen, `tr_later("Text")` from `models.translatable` makes the text
known to the catalogs; `tr` or `shown` translates it where it is shown. `tr` at module level is an error.

JSON, CSV, YAML, logs and the store hold English texts and ISO dates. That needs no care: a message is its English text.
"""

from services.language.choice import LANGUAGE_VARIABLE, choose, is_known, languages, system_tags
from services.language.language import AND, ENGLISH, OR, Language, current, number, plural, tr, use, warm_up
from services.language.lists import ListOf, list_of
from services.language.message import Message, plural_message, shown, shown_message, tr_message
from services.language.times import (
    ago,
    date_time,
    day,
    duration,
    exact_duration,
    rough_duration,
    short_ago,
    short_duration,
    short_moment,
    time_of_day,
    time_or_date,
)

__all__ = [
    "AND",
    "ENGLISH",
    "LANGUAGE_VARIABLE",
    "OR",
    "Language",
    "ListOf",
    "Message",
    "ago",
    "choose",
    "current",
    "date_time",
    "day",
    "duration",
    "exact_duration",
    "is_known",
    "languages",
    "list_of",
    "number",
    "plural",
    "plural_message",
    "rough_duration",
    "short_ago",
    "short_duration",
    "short_moment",
    "shown",
    "shown_message",
    "system_tags",
    "time_of_day",
    "time_or_date",
    "tr",
    "tr_message",
    "use",
    "warm_up",
]
