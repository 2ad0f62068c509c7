"""Texts counted as Qt and Windows count them: in units of UTF-16."""


def utf16_length(text: str) -> int:
    """Return the length of a text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_part(text: str, start: int, length: int) -> str:
    """Return a part of a text; a character that is cut in two is replaced."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return raw[2 * start : 2 * (start + length)].decode("utf-16-le", "replace")
