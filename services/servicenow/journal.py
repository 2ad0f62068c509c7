"""The text of journal entries: ServiceNow shows what stands between `[code]` and `[/code]` as HTML."""

import re
from html.parser import HTMLParser

_CODE = re.compile(r"\[code\](.*?)(?:\[/code\]|$)", re.IGNORECASE | re.DOTALL)
_LEFT = re.compile(r"\[/?code\]", re.IGNORECASE)
"""Marks inside of others, and those without the other half."""
_LINES = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
     "ol", "p", "pre", "section", "table", "tr", "ul"}
)  # fmt: skip
"""Elements that begin a line of their own."""
_CELLS = frozenset({"td", "th"})
_UNSHOWN = frozenset({"script", "style", "head", "title", "template"})
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def readable(text: str) -> str:
    """Return the text of a journal entry as ServiceNow shows it, without markup. Text outside of `[code]` stays."""
    if "[code]" not in text.lower():
        return text
    return _LEFT.sub("", _CODE.sub(lambda found: _text_of(found[1]), text)).strip()


def _text_of(markup: str) -> str:
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    lines = "".join(reader.parts).split("\n")
    return _EMPTY_LINES.sub("\n", "\n".join(line.strip() for line in lines)).strip("\n")


class _Reader(HTMLParser):
    """Gathers what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unshown = 0
        self._preformatted = 0
        self._address = ""
        self._linked = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where the element does, and remember where a link leads."""
        if tag in _UNSHOWN:
            self._unshown += 1
        elif tag == "pre":
            self._preformatted += 1
        elif tag == "a":
            self._address = (dict(attrs).get("href") or "").strip()
            self._linked = len(self.parts)
        self._break(tag)
        if tag == "li":
            self.parts.append("- ")
        elif tag in _CELLS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End a line where the element does, and say where a link leads if its text does not."""
        if tag in _UNSHOWN:
            self._unshown = max(0, self._unshown - 1)
        elif tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
        elif tag == "a" and self._address.lower().startswith(("http://", "https://")):
            if self._address not in "".join(self.parts[self._linked :]):
                self.parts.append(f" ({self._address})")
            self._address = ""
        self._break(tag)

    def handle_data(self, data: str) -> None:
        """Take over text; outside of preformatted parts any white space counts as one blank."""
        if self._unshown:
            return
        self.parts.append(data if self._preformatted else re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in _LINES:
            self.parts.append("\n")
