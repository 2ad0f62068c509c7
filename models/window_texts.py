"""The 14 texts of an approval window, and the form in which an action stores them.

A section is stored as marked text: `**` stands around bold words, a backslash before an asterisk that is meant as one, and
a line feed between paragraphs. `models.marked_text` parses and formats it.

Source of the keys: the resource set of an exported Approval Request Form Action; of the names: the page of the action in
Privilege Manager.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum

from models.translation_marks import tr_later

DEFAULT_LANGUAGE = ""
"""The language of the default set, which is used where no other set fits."""
TEXT_LENGTH_MAX = 4000
LANGUAGE_LENGTH_MAX = 35
LANGUAGES_MAX = 100

WindowTexts = dict[str, dict[str, str]]
"""Texts by language and key. Only texts that differ from the source of the copy are given."""


class TextKey(StrEnum):
    """A text of the window, by its key in the item."""

    APPLICATION_TITLE = "ApplicationTitle"
    TITLE_PREFIX = "TitlePrefix"
    USER_LABEL = "UserLabel"
    APPLICATION_LABEL = "ApplicationLabel"
    REASON_LABEL = "ReasonLabel"
    APPROVAL_STATUS_LABEL = "ApprovalStatusLabel"
    CONTINUE_BUTTON_LABEL = "ContinueButtonLabel"
    CANCEL_BUTTON_LABEL = "CancelButtonLabel"
    REFRESH_BUTTON_LABEL = "RefreshButtonLabel"
    DEFAULT_FONT_SIZE = "DefaultFontSize"
    FLOW_DIRECTION = "FlowDirection"
    INFORMATION_TEXT_SECTION = "InformationTextSection"
    INSTRUCTION_TEXT_SECTION = "InstructionTextSection"
    APPROVAL_STATUS_TEXT_SECTION = "ApprovalStatusTextSection"

    @property
    def is_section(self) -> bool:
        """Whether the text is a paragraph that may contain bold words."""
        return self.value.endswith("Section")


TEXT_NAMES: dict[TextKey, str] = {
    TextKey.APPLICATION_TITLE: tr_later("Prompt title"),
    TextKey.TITLE_PREFIX: tr_later("Title prefix"),
    TextKey.USER_LABEL: tr_later("User label"),
    TextKey.APPLICATION_LABEL: tr_later("Application label"),
    TextKey.REASON_LABEL: tr_later("Reason label"),
    TextKey.APPROVAL_STATUS_LABEL: tr_later("Approval status label"),
    TextKey.CONTINUE_BUTTON_LABEL: tr_later("Continue button"),
    TextKey.CANCEL_BUTTON_LABEL: tr_later("Cancel button"),
    TextKey.REFRESH_BUTTON_LABEL: tr_later("Refresh button"),
    TextKey.DEFAULT_FONT_SIZE: tr_later("Font size"),
    TextKey.FLOW_DIRECTION: tr_later("Flow direction"),
    TextKey.INFORMATION_TEXT_SECTION: tr_later("Information section"),
    TextKey.INSTRUCTION_TEXT_SECTION: tr_later("Instruction section"),
    TextKey.APPROVAL_STATUS_TEXT_SECTION: tr_later("Approval status section"),
}
"""What each text is called on the page of an action in Privilege Manager."""

_SEPARATORS = re.compile(r"[\s_-]")


def _fold_spelling(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()


_KEYS_BY_SPELLING = {_fold_spelling(key.value): key for key in TextKey} | {
    _fold_spelling(name): key for key, name in TEXT_NAMES.items()
}


def find_text_key(spelling: str) -> TextKey | None:
    """Return the key that `spelling` means: InformationTextSection, information_section, or the name on screen."""
    return _KEYS_BY_SPELLING.get(_fold_spelling(spelling))


def parse_window_texts(value: object) -> WindowTexts:
    """Return the texts that a document or a stored field gives; raises ValueError with a message that follows the key.

    A text belongs to the default set, a mapping contains the texts of the language that is its key.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError("must be a mapping of texts")  # noqa: TRY004 -- one family for all wrong values
    found: WindowTexts = {}
    for name, content in value.items():
        if not isinstance(name, str):
            raise ValueError("must have texts as keys")  # noqa: TRY004
        if isinstance(content, Mapping):
            found.setdefault(_check_language(name), {}).update(_parse_set(content))
        else:
            found.setdefault(DEFAULT_LANGUAGE, {}).update(_parse_set({name: content}))
    if len(found) > LANGUAGES_MAX:
        raise ValueError(f"has more than {LANGUAGES_MAX} languages")
    return {language: texts for language, texts in sorted(found.items()) if texts or language}


def format_window_texts(texts: WindowTexts) -> dict[str, object]:
    """Return texts as a document has them: those of the default set beside a mapping for each other language."""
    document: dict[str, object] = dict(texts.get(DEFAULT_LANGUAGE, {}))
    document |= {language: dict(one) for language, one in texts.items() if language != DEFAULT_LANGUAGE}
    return document


def dump_window_texts(texts: WindowTexts) -> str:
    """Return texts in the form in which an action stores them: two equal sets of texts give equal results."""
    ordered = {
        language: {key.value: texts[language][key.value] for key in TextKey if key.value in texts[language]}
        for language in sorted(texts)
        if texts[language] or language != DEFAULT_LANGUAGE
    }
    return json.dumps(ordered, ensure_ascii=False)


def load_window_texts(stored: str) -> WindowTexts:
    """Return the texts of a stored field; raises ValueError."""
    try:
        value = json.loads(stored or "{}")
    except ValueError as error:
        raise ValueError("is not JSON") from error
    if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
        raise ValueError("must contain texts by language")
    default = value.pop(DEFAULT_LANGUAGE, {})
    return parse_window_texts({**default, **value})


def _parse_set(texts: Mapping[object, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in texts.items():
        key = find_text_key(name) if isinstance(name, str) else None
        if key is None:
            raise ValueError(f"has the unknown text {str(name)[:100]}; known are {', '.join(TextKey)}")
        if not isinstance(text, str):
            raise ValueError(f"must have a text for {name}")  # noqa: TRY004
        if any((ord(c) < 32 and c not in "\n\t") or unicodedata.category(c) == "Cs" for c in text):
            raise ValueError(f"contains control characters in {name}")
        if len(text) > TEXT_LENGTH_MAX:
            raise ValueError(f"has a text of more than {TEXT_LENGTH_MAX} characters for {name}")
        found[key.value] = text
    return found


def _check_language(name: str) -> str:
    """Return the name of a language such as de or pt-BR; raises ValueError."""
    plain = name.replace("-", "")
    if not plain.isascii() or not plain.isalnum() or len(name) > LANGUAGE_LENGTH_MAX:
        raise ValueError(f"has the language {name[:100]}; a language looks like de or pt-BR")
    return name
