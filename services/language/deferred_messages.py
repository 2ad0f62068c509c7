"""English texts that carry template and values, so that they can be translated when shown."""

from services.language.catalog import ENGLISH, Language, current_language


class Message(str):
    """An English text with its template and values; a plain string when stored, logged or sent."""

    __slots__ = ("_count", "_many", "_template", "_values")

    _template: str
    _many: str
    _count: int
    _values: dict[str, object]

    def __new__(cls, template: str, values: dict[str, object], many: str = "", count: int = 0) -> "Message":
        """Create the text; with `many`, `count` selects the plural form."""
        made = super().__new__(cls, _render(ENGLISH, template, values, many, count))
        made._template, made._many, made._count, made._values = template, many, count, values
        return made

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Preserve template and values in copies."""
        return Message, (self._template, self._values, self._many, self._count)

    def in_language(self, language: Language) -> str:
        """Return the text in another language."""
        return _render(language, self._template, self._values, self._many, self._count)


def _render(language: Language, template: str, values: dict[str, object], many: str, count: int) -> str:
    return language.plural(count, template, many, **values) if many else language.text(template, **values)


def tr_message(text: str, /, **values: object) -> Message:
    """Return an English text with `values` for its `{placeholders}`; `translate` translates it."""
    return Message(text, values)


def plural_message(count: int, one: str, other: str, /, **values: object) -> Message:
    """Return the English plural form for a count; `translate` translates it."""
    return Message(one, values, other, count)


def translate_message(text: str) -> str:
    """Return a message in the active language; other texts, such as names of objects, unchanged."""
    return text.in_language(current_language()) if isinstance(text, Message) else text


def translate(text: str) -> str:
    """Return a text of this program in the active language: a message, or a constant in the catalog."""
    used = current_language()
    if used.is_english:
        return str(text)
    return text.in_language(used) if isinstance(text, Message) else used.translate(text)
