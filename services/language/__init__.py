"""Translations, plural forms, numbers, lists and dates in the language of the user. Imports nothing slow.

For texts that are shown immediately, in the console:

    tr("Saved {name}", name=name)                            a translated text
    plural(n, "{count} request", "{count} requests")         the plural form, digits grouped
    number(n), join_names(names, OR), date_time(moment), …      values in the user's conventions

For texts that may be stored, logged, sent or shown later, in services:

    tr_message("Server {name} does not answer", name=name)      an English text that can be translated later
    plural_message(n, "{count} server", "{count} servers")
    translate(text)                                          that text in the user's language, for screen and terminal
    translate_message(text)                                      the same, if the text may be data such as a name

For constants of a module, which exist before the language is chosen, `tr_later("Text")` from `models.translation_marks` makes the text
known to the catalogs; `tr` or `translate` translates it where it is shown. `tr` at module level is an error.

JSON, CSV, YAML, logs and the store contain English texts and ISO dates; a message is a `str` with the English text.
"""

from services.language.catalog import (
    AND,
    ENGLISH,
    OR,
    Language,
    current_language,
    number,
    plural,
    preload_formatting,
    set_language,
    tr,
)
from services.language.date_formats import (
    date_time,
    day,
    duration,
    exact_duration,
    rough_duration,
    short_duration,
    short_moment,
    short_time_ago,
    time_ago,
    time_of_day,
    time_or_date,
)
from services.language.deferred_messages import (
    Message,
    plural_message,
    tr_message,
    translate,
    translate_message,
)
from services.language.language_choice import (
    LANGUAGE_VARIABLE,
    available_languages,
    choose_language,
    is_known,
    system_tags,
)
from services.language.name_lists import JoinedNames, join_names

__all__ = [
    "AND",
    "ENGLISH",
    "LANGUAGE_VARIABLE",
    "OR",
    "JoinedNames",
    "Language",
    "Message",
    "available_languages",
    "choose_language",
    "current_language",
    "date_time",
    "day",
    "duration",
    "exact_duration",
    "is_known",
    "join_names",
    "number",
    "plural",
    "plural_message",
    "preload_formatting",
    "rough_duration",
    "set_language",
    "short_duration",
    "short_moment",
    "short_time_ago",
    "system_tags",
    "time_ago",
    "time_of_day",
    "time_or_date",
    "tr",
    "tr_message",
    "translate",
    "translate_message",
]
