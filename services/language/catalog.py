"""A language with its catalog and number format; the active language of this process."""

from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from services.language.language_choice import CATALOG_DOMAIN, SOURCE_LANGUAGE, TRANSLATIONS, is_known

if TYPE_CHECKING:
    from gettext import NullTranslations

ListStyle = Literal["standard", "or"]
AND: Final = "standard"
OR: Final = "or"
"""How the last two entries of a list are joined."""


class Language:
    """Texts and numbers of one language. `tag` is a code with or without a region: `de`, `de_AT`."""

    def __init__(self, tag: str = SOURCE_LANGUAGE) -> None:
        self.tag = tag if is_known(tag) else SOURCE_LANGUAGE
        self.code = self.tag.partition("_")[0]

    @property
    def is_english(self) -> bool:
        """Whether texts are shown as in the code."""
        return self.code == SOURCE_LANGUAGE

    @property
    def locale(self) -> str:
        """The locale for Babel; international English, because its lists have no serial comma: “A, B or C”."""
        return "en_001" if self.is_english else self.tag

    @cached_property
    def _catalog(self) -> "NullTranslations":
        import gettext  # no English user needs it

        return gettext.translation(CATALOG_DOMAIN, TRANSLATIONS, [self.code])

    def translate(self, text: str) -> str:
        """Return `text` in this language; unchanged if the catalog does not contain it."""
        return text if self.is_english or not text else self._catalog.gettext(text)

    def text(self, text: str, /, **values: object) -> str:
        """Return `text` in this language with `values` for its `{placeholders}`; numbers and messages are localized."""
        found = self.translate(text)
        return found.format(**self._written(values)) if values else found

    def plural(self, count: int, one: str, other: str, /, **values: object) -> str:
        """Return the plural form for a count, which replaces `{count}`."""
        if self.is_english:
            found = one if count == 1 else other
        else:
            found = self._catalog.ngettext(one, other, count)
        return found.format(**self._written({"count": count, **values}))

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with grouped digits and `digits` decimals."""
        if self.is_english:
            return f"{value:,.{digits}f}" if digits or isinstance(value, float) else f"{value:,}"
        if isinstance(value, int) and -1000 < value < 1000 and not digits:
            return str(value)
        from babel.numbers import format_decimal

        return format_decimal(value, "#,##0" + ("." + "0" * digits if digits else ""), locale=self.locale)

    def _written(self, values: dict[str, object]) -> dict[str, object]:
        return {name: self._value(value) for name, value in values.items()}

    def _value(self, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            return self.number(value)
        rendered = getattr(value, "in_language", None)
        return rendered(self) if rendered is not None else value


ENGLISH = Language()
_active_language = [ENGLISH]


def set_language(tag: str) -> Language:
    """Set the language of this process, and return it."""
    _active_language[0] = Language(tag)
    return _active_language[0]


def current_language() -> Language:
    """Return the active language."""
    return _active_language[0]


def tr(text: str, /, **values: object) -> str:
    """Return `text` in the active language, with `values` for its `{placeholders}`; integers are grouped."""
    return _active_language[0].text(text, **values)


def plural(count: int, one: str, other: str, /, **values: object) -> str:
    """Return the plural form for a count in the active language; the count replaces `{count}`."""
    return _active_language[0].plural(count, one, other, **values)


def number(value: float, digits: int = 0) -> str:
    """Return a number in the active language, with grouped digits and `digits` decimals."""
    return _active_language[0].number(value, digits)


def preload_formatting() -> None:
    """Import the formatting library in advance; called in a thread."""
    import babel.dates
    import babel.lists
    import babel.numbers

    babel.lists.format_list(["a", "b"], locale=current_language().locale)
