"""Chooses the language: the requested one, else that of the system, else English."""

import os
import sys
from collections.abc import Iterable, Mapping

from resources import path_of

LANGUAGE_VARIABLE = "APPROVAL_CONSOLE_LANGUAGE"
CATALOG_DOMAIN = "approval_console"
SOURCE_LANGUAGE = "en"
"""The language of the texts in the code; it has no catalog."""
TRANSLATIONS = path_of("translations")


def available_languages() -> list[str]:
    """Return the codes of languages with a catalog, and English, sorted."""
    found = {file.parent.parent.name for file in TRANSLATIONS.glob(f"*/LC_MESSAGES/{CATALOG_DOMAIN}.mo")}
    return sorted({*found, SOURCE_LANGUAGE})


def choose_language(
    asked: str = "", environ: Mapping[str, str] = os.environ, system: Iterable[str] = ()
) -> str:
    """Return the tag of the language to use, such as `de` or `de_AT`.

    `asked` is the value of `--language`. `system` are the language tags of the system by preference; by default they are
    read from the environment. A language without a catalog counts as English.
    """
    wanted = asked or environ.get(LANGUAGE_VARIABLE, "")
    for tag in [wanted] if wanted else system or system_tags(environ):
        plain = _normalize_tag(tag)
        if is_known(plain):
            return plain
        if plain and not wanted:
            # Only the first language of the system counts; others are often set by a distribution.
            break
    return SOURCE_LANGUAGE


def is_known(tag: str) -> bool:
    """Return whether a catalog exists for a tag such as `de`, `de_AT`, `de-AT` or `de_DE.UTF-8`."""
    code = _normalize_tag(tag).partition("_")[0]
    return code == SOURCE_LANGUAGE or code in available_languages()


def system_tags(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the language tags of the environment by preference, as gettext reads them."""
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), "")
    if locale:
        # As in GNU gettext, LANGUAGE counts only where a locale other than C is set.
        order = "" if _normalize_tag(locale) == SOURCE_LANGUAGE else environ.get("LANGUAGE", "")
        return [tag for tag in order.split(":") if tag] or [locale]
    return _windows_tags() if sys.platform == "win32" else []


def _windows_tags() -> list[str]:
    import ctypes
    import locale

    if sys.platform != "win32":
        return []
    tag = locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage())
    return [tag] if tag else []


def _normalize_tag(tag: str) -> str:
    """Return a locale name without encoding and modifier; C and POSIX are English."""
    plain = tag.partition(".")[0].partition("@")[0].replace("-", "_")
    language, _, region = plain.partition("_")
    if language in ("C", "POSIX"):
        return SOURCE_LANGUAGE
    return f"{language.lower()}_{region}" if region else language.lower()
