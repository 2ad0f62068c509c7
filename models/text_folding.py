"""What counts as the same letter, for names, for searches and for every field that finds as people type."""

import unicodedata


def fold_text(text: str) -> str:
    """Return `text` in the form in which two texts with the same letters are equal, on every database alike.

    Case is folded, and it does not matter whether accents were typed with their letters or after them.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
