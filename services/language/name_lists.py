"""Lists of names in sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.language.catalog import OR, Language, ListStyle, current_language


def join_names(
    names: Sequence[str], style: ListStyle = OR, most: int = 5, language: Language | None = None
) -> str:
    """Return “A, B or C” (OR) or “A, B and C” (AND); names beyond `most` are counted."""
    used = language or current_language()
    left = len(names) - most
    listed = list(names[:most]) + ([used.plural(left, "{count} more", "{count} more")] if left > 0 else [])
    if len(listed) < 2:
        return "".join(listed)
    from babel.lists import format_list

    return format_list(listed, style=style, locale=used.locale)


@dataclass(frozen=True, slots=True)
class JoinedNames:
    """Names for a `{placeholder}` of a message, joined when the message is translated."""

    names: Sequence[str]
    style: ListStyle = OR
    most: int = 5

    def in_language(self, language: Language) -> str:
        """Return the list in a language."""
        return join_names(self.names, self.style, self.most, language)
