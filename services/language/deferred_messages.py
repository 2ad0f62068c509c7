"""English texts that remember how to be translated: made where something happens, translated where it is shown."""

from services.language.catalog import ENGLISH, Language, current_language


class Message(str):
    """An English text with its template and values. Stored, logged or sent it is a plain string."""

    __slots__ = ("_count", "_many", "_template", "_values")

    _template: str
    _many: str
    _count: int
    _values: dict[str, object]

    def __new__(cls, template: str, values: dict[str, object], many: str = "", count: int = 0) -> "Message":
        """Make the text; with `many` it is one of two forms, chosen by `count`."""
        made = super().__new__(cls, _render(ENGLISH, template, values, many, count))
        made._template, made._many, made._count, made._values = template, many, count, values
        return made

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        """Stay a message in copies."""
        return Message, (self._template, self._values, self._many, self._count)

    def in_language(self, language: Language) -> str:
        """Return the text in another language."""
        return _render(language, self._template, self._values, self._many, self._count)


def _render(language: Language, template: str, values: dict[str, object], many: str, count: int) -> str:
    return language.plural(count, template, many, **values) if many else language.text(template, **values)


def tr_message(text: str, /, **values: object) -> Message:
    """Return an English text that `shown` translates; `values` stand in its `{placeholders}`."""
    return Message(text, values)


def plural_message(count: int, one: str, other: str, /, **values: object) -> Message:
    """Return the English form of a text that fits a count, which `shown` translates."""
    return Message(one, values, other, count)


def translate_message(text: str) -> str:
    """Return a message in the language in use; another text, such as the name of an object, stays as it is."""
    return text.in_language(current_language()) if isinstance(text, Message) else text


def translate(text: str) -> str:
    """Return a text of this program in the language in use. A message keeps its values; a constant is looked up."""
    used = current_language()
    if used.is_english:
        return str(text)
    return text.in_language(used) if isinstance(text, Message) else used.translate(text)
