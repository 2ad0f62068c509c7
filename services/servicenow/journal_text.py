"""The text of journal entries: ServiceNow shows what stands between `[code]` and `[/code]` as HTML."""

import re
from html.parser import HTMLParser

_CODE_BLOCK = re.compile(r"\[code\](.*?)(?:\[/code\]|\Z)", re.IGNORECASE | re.DOTALL)
_STRAY_CODE_TAG = re.compile(r"\[/?code\]", re.IGNORECASE)
"""Marks inside of others, and those without the other half."""
_BLOCK_TAGS = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
     "ol", "p", "pre", "section", "table", "tr", "ul"}
)  # fmt: skip
"""Elements that begin a line of their own."""
_CELL_TAGS = frozenset({"td", "th"})
_HIDDEN_TAGS = frozenset({"script", "style", "head", "title", "template"})
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def journal_to_text(text: str) -> str:
    """Return the text of a journal entry as ServiceNow shows it, without markup. Text outside of `[code]` stays."""
    if "[code]" not in text.lower():
        return text
    return _STRAY_CODE_TAG.sub("", _CODE_BLOCK.sub(lambda found: _html_to_text(found[1]), text)).strip()


def _html_to_text(markup: str) -> str:
    reader = _HtmlTextParser()
    reader.feed(markup)
    reader.close()
    lines = "".join(reader.parts).split("\n")
    return _EMPTY_LINES.sub("\n", "\n".join(line.strip() for line in lines)).strip("\n")


class _HtmlTextParser(HTMLParser):
    """Gathers what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden_depth = 0
        self._pre_depth = 0
        self._address = ""
        self._link_start = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where the element does, and remember where a link leads."""
        if tag in _HIDDEN_TAGS:
            self._hidden_depth += 1
        elif tag == "pre":
            self._pre_depth += 1
        elif tag == "a":
            self._address = (dict(attrs).get("href") or "").strip()
            self._link_start = len(self.parts)
        self._add_line_break(tag)
        if tag == "li":
            self.parts.append("- ")
        elif tag in _CELL_TAGS:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End a line where the element does, and say where a link leads if its text does not."""
        if tag in _HIDDEN_TAGS:
            self._hidden_depth = max(0, self._hidden_depth - 1)
        elif tag == "pre":
            self._pre_depth = max(0, self._pre_depth - 1)
        elif tag == "a" and self._address.lower().startswith(("http://", "https://")):
            if self._address not in "".join(self.parts[self._link_start :]):
                self.parts.append(f" ({self._address})")
            self._address = ""
        self._add_line_break(tag)

    def handle_data(self, data: str) -> None:
        """Take over text; outside of preformatted parts any white space counts as one blank."""
        if self._hidden_depth:
            return
        self.parts.append(data if self._pre_depth else re.sub(r"\s+", " ", data))

    def _add_line_break(self, tag: str) -> None:
        if tag in _BLOCK_TAGS:
            self.parts.append("\n")
