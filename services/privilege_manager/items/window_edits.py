"""Edits of the texts in an action's window: values of one language, a text that a language lacks, a new language.

All offsets are in the data of the window. New values are escaped for the window's own XML.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.window_texts import DEFAULT_LANGUAGE, TextKey
from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.character_data import (
    CanExpress,
    Edit,
    apply_edits,
    escape_inner_attribute,
    escape_inner_text,
    find_invalid_character,
)
from services.privilege_manager.items.document_error import ItemDocumentError
from services.privilege_manager.items.marked_text import (
    FlowDirection,
    LanguageTexts,
    Run,
    WindowText,
    runs_to_text,
    to_plain_text,
    to_runs,
)
from services.privilege_manager.items.window import ActionWindow, Resource, ResourceSet
from services.privilege_manager.items.xml_tree import Element, read_attributes, tag_name

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
"""A language tag in the form of RFC 5646, as far as windows use it."""
FONT_SIZE_MAX = 100
_FONT_SIZE = re.compile(r"\d{1,3}(\.\d{1,2})?")
_SPACE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class TextChange:
    """A changed text, or with an empty key a language that is added with all its texts."""

    language: str
    key: str
    before: str
    after: str
    edits: tuple[Edit, ...]


class WindowEdits:
    """Plans the edits of a window. Raises ItemDocumentError for texts that it does not have, and for invalid values."""

    def __init__(self, window: ActionWindow, can_express: CanExpress) -> None:
        self._window = window
        self._data = window.data
        self._can_express = can_express
        self.expected = window.texts
        """The texts by language and key that the copy must have."""

    def plan(self, texts: Mapping[str, LanguageTexts]) -> Iterator[TextChange]:
        """Yield the changes for texts by language; the default language comes first, because new ones copy it."""
        by_language: dict[str, LanguageTexts] = {}
        for given, values in texts.items():
            language = given.strip()
            if any(language.casefold() == other.casefold() for other in by_language):
                raise ItemDocumentError(
                    FaultId.ACTION_COPY_VALUE_INVALID,
                    tr_message("The language “{language}” is given twice.", language=language),
                )
            by_language[language] = values
        default_texts = by_language.get(DEFAULT_LANGUAGE, {})
        for language in sorted(by_language, key=lambda one: one != DEFAULT_LANGUAGE):
            known = self._window.find_language(language)
            if known is not None:
                yield from self._change_language(self._window.sets[known], by_language[language])
            else:
                yield self._add_language(language, {**default_texts, **by_language[language]})

    def _change_language(self, one: ResourceSet, texts: LanguageTexts) -> Iterator[TextChange]:
        for key, value in texts.items():
            resource = one.resources.get(key)
            if resource is not None:
                before, after = resource.text, normalise(resource, value)
                if before != after:
                    self.expected[one.language][key] = after
                    yield TextChange(one.language, key, before, after, tuple(self._edit(resource, value)))
            else:
                yield self._add_text(one, key, value)

    def _add_text(self, one: ResourceSet, key: str, value: WindowText) -> TextChange:
        """Return the change that gives a language a text which only the default has."""
        default = self._window.sets.get(DEFAULT_LANGUAGE)
        model = default.resources.get(key) if default is not None else None
        if model is None or not one.element.children:
            raise _unknown_text(key)
        after = normalise(model, value)
        fragment = self._fragment(model.element, self._edit(model, value))
        place = one.element.children[-1].end
        self.expected[one.language][key] = after
        edit = Edit(place, place, self._space_before(model.element) + fragment)
        return TextChange(one.language, key, "", after, (edit,))

    def _add_language(self, language: str, texts: LanguageTexts) -> TextChange:
        if not LANGUAGE_TAG.fullmatch(language):
            raise ItemDocumentError(
                FaultId.ACTION_COPY_VALUE_INVALID,
                tr_message("“{language}” is not a language tag such as de or pt-BR.", language=language),
            )
        default = self._window.sets.get(DEFAULT_LANGUAGE)
        if default is None:
            raise ItemDocumentError(
                FaultId.ACTION_COPY_NOT_EDITABLE,
                tr_message("The window has no default texts that a new language could begin with."),
            )
        edits = [self._language_attribute(default.element, language)]
        expected = default.texts
        for key, value in texts.items():
            resource = default.resources.get(key)
            if resource is None:
                raise _unknown_text(key)
            expected[key] = normalise(resource, value)
            if expected[key] != resource.text:
                edits += self._edit(resource, value)
        siblings = default.element.parent.children if default.element.parent else [default.element]
        place = max(one.end for one in siblings if one.key == default.element.key)
        self.expected[language] = expected
        fragment = self._space_before(default.element) + self._fragment(default.element, edits)
        return TextChange(language, "", "", language, (Edit(place, place, fragment),))

    def _language_attribute(self, element: Element, language: str) -> Edit:
        for attribute in read_attributes(self._data, element):
            if attribute.raw_name == "Language":
                return Edit(*attribute.value_span, language.encode())
        place = element.start + 1 + len(tag_name(self._data, element).encode())
        return Edit(place, place, f' Language="{language}"'.encode())

    def _edit(self, resource: Resource, value: WindowText) -> list[Edit]:
        """Return the edits that give a text its new value."""
        if resource.section is not None:
            return [self._edit_section(resource.section, to_runs(value))]
        text = to_plain_text(value)
        for attribute in read_attributes(self._data, resource.element):
            if attribute.raw_name == "Value":
                start, end = attribute.value_span
                quote = self._data[end : end + 1].decode()
                # A value that begins with a brace is a markup extension, unless {} is in front of it.
                text = "{}" + text if text.startswith("{") else text
                return [Edit(start, end, escape_inner_attribute(text, quote, self._can_express).encode())]
        raise _unknown_text(resource.key)

    def _edit_section(self, section: Element, runs: tuple[Run, ...]) -> Edit:
        model = section.children[0] if section.children else None
        prefix, colon, _ = tag_name(self._data, section).rpartition(":")
        prefix += colon
        opening = f"<{prefix}Paragraph>"
        if model is not None:
            opening = self._data[model.start : model.content_start].decode()
            if model.closes_itself:
                opening = opening[:-2].rstrip() + ">"
        closing = f"</{tag_name(self._data, model) if model is not None else prefix + 'Paragraph'}>"
        inlines: list[str] = [""]
        for run in runs:
            for index, part in enumerate(run.text.split("\n")):
                if index:
                    inlines.append("")
                if part:
                    inline = f"<{prefix}Run>{escape_inner_text(part, self._can_express)}</{prefix}Run>"
                    inlines[-1] += f"<{prefix}Bold>{inline}</{prefix}Bold>" if run.bold else inline
        content = "".join(f"{opening}{inline}{closing}" for inline in inlines)
        if section.children:
            return Edit(section.children[0].start, section.children[-1].end, content.encode())
        if not section.closes_itself:
            return Edit(section.content_start, section.content_start, content.encode())
        tag = self._data[section.start : section.end - 2].rstrip()
        ended = f">{content}</{tag_name(self._data, section)}>"
        return Edit(section.start + len(tag), section.end, ended.encode())

    def _fragment(self, element: Element, edits: list[Edit]) -> bytes:
        """Return an element's text with edits in it."""
        moved = [Edit(one.start - element.start, one.end - element.start, one.replacement) for one in edits]
        return apply_edits(self._data[element.start : element.end], moved)

    def _space_before(self, element: Element) -> bytes:
        return self._data[space_start(self._data, element.start) : element.start]


def space_start(text: bytes, index: int) -> int:
    """Return where the white space in front of a byte begins."""
    while index > 0 and text[index - 1] in _SPACE:
        index -= 1
    return index


def normalise(resource: Resource, value: WindowText) -> str:
    """Return a new value as the text is read back; raises ItemDocumentError for an invalid one."""
    if resource.section is not None:
        runs = to_runs(value)
        plain, text = "".join(run.text for run in runs), runs_to_text(runs)
    else:
        plain = text = to_plain_text(value)
    check_characters(plain, resource.key)
    if resource.key == TextKey.FLOW_DIRECTION and text not in tuple(FlowDirection):
        raise invalid_value(resource.key, tr_message("It is neither LeftToRight nor RightToLeft."), text)
    if resource.key == TextKey.DEFAULT_FONT_SIZE and not (
        _FONT_SIZE.fullmatch(text) and text.isascii() and 0 < float(text) <= FONT_SIZE_MAX
    ):
        raise invalid_value(
            resource.key, tr_message("It is not a number from 1 to {limit}.", limit=FONT_SIZE_MAX), text
        )
    return text


def check_characters(text: str, name: str) -> None:
    """Raise ItemDocumentError for a character that XML cannot contain."""
    character = find_invalid_character(text)
    if character is not None:
        raise invalid_value(
            name,
            tr_message("It contains U+{code}, which XML cannot contain.", code=format(ord(character), "04X")),
        )


def invalid_value(name: str, reason: str, evidence: str = "") -> ItemDocumentError:
    """Return the error for a value that cannot be written."""
    return ItemDocumentError(
        FaultId.ACTION_COPY_VALUE_INVALID,
        tr_message("{name}: {reason}", name=name, reason=reason),
        evidence=evidence[:100],
    )


def _unknown_text(key: str) -> ItemDocumentError:
    return ItemDocumentError(
        FaultId.ACTION_COPY_TEXT_UNKNOWN,
        tr_message("The window of the action has no text {name} that can be changed.", name=key),
    )
