"""The window of an approval action: XAML inside the item's XML, with its texts per language, logo and colours.

Texts stand in a resource collection: one set without language, the default, and one per language. Where a window has
no such collection, it has no texts that this program can change.
"""

import base64
import binascii
import re
from collections import Counter
from dataclasses import dataclass

from models.window_texts import DEFAULT_LANGUAGE
from services.common.fault_ids import FaultId
from services.language import tr_message
from services.privilege_manager.items.character_data import CharacterData
from services.privilege_manager.items.document_error import ItemDocumentError, position_of
from services.privilege_manager.items.marked_text import Run, merge_runs, runs_to_text
from services.privilege_manager.items.names import XAML, XAML_COMMON
from services.privilege_manager.items.reader import ItemDocument
from services.privilege_manager.items.xml_tree import Element, parse_xml

LOGO_MAX = 2 * 1024 * 1024
"""Bytes of a logo that is read for the preview."""
REQUIRED_BINDINGS = (
    "ProcessName",
    "UserName",
    "ReasonText",
    "Error",
    "ApprovalStatus",
    "IsPendingApproval",
    "IsRequestApproved",
    "ContinueWithReasonCommand",
    "ContinueCommand",
    "RefreshApprovalCommand",
    "CloseCommand",
)
"""Names of the view model that the approval request form binds."""
_BINDING = re.compile(r"\{Binding\s+(?:Path=)?([^,}\s]+)")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{3,8}|[A-Za-z]{3,30}")
_BOLD_WEIGHTS = frozenset({"bold", "semibold", "demibold", "extrabold", "ultrabold", "black", "heavy"})


@dataclass(frozen=True, slots=True)
class Resource:
    """A text in a set. `element` is the resource; `section` is its section, or None for a text in the Value attribute."""

    key: str
    element: Element
    section: Element | None
    runs: tuple[Run, ...]
    text: str
    """The text; for a section marked text with `**` around bold words."""


@dataclass(frozen=True, slots=True)
class ResourceSet:
    """The texts of one language; "" is the default."""

    language: str
    element: Element
    resources: dict[str, Resource]

    @property
    def texts(self) -> dict[str, str]:
        """The texts by key; sections as marked text."""
        return {key: resource.text for key, resource in self.resources.items()}


@dataclass(frozen=True, slots=True)
class WindowLook:
    """What the preview shows besides texts, as written in the window (`Yellow`, `#FFF0F0F0`); None: not found there."""

    background: str | None
    width: str | None
    heading_background: str | None
    heading_foreground: str | None
    heading_font_size: str | None
    heading_border: str | None
    logo_background: str | None
    logo_height: str | None
    approved_colour: str | None
    denied_colour: str | None
    default_colour: str | None
    reason_length_max: str | None
    logo: bytes | None
    """PNG or other image."""


class ActionWindow:
    """The window in the member Xaml. Positions of its elements are offsets in `data`.

    Raises ItemDocumentError where it is not well formed, or has a language or a key twice.
    """

    def __init__(self, document: ItemDocument, xaml: Element) -> None:
        self._document = document
        self.characters = CharacterData(document.text, xaml)
        self.data = self.characters.data
        start = len(self.data) - len(self.data.lstrip())
        self.root = parse_xml(self.data, start, self.error_at, FaultId.ACTION_EXPORT_WINDOW_NOT_WELL_FORMED)
        self.sets: dict[str, ResourceSet] = {}
        for element in self.root.walk():
            if element.key == (XAML_COMMON, "LocaleResourceSet"):
                self._add_set(element)

    def error_at(self, fault: FaultId, reason: str, index: int) -> ItemDocumentError:
        """Return an error at a byte of the window, with the position in the whole document."""
        text = self._document.text
        return ItemDocumentError(
            fault,
            tr_message("In the window of the action: {reason}", reason=reason),
            position=position_of(text, self.characters.place(index)),
        )

    @property
    def texts(self) -> dict[str, dict[str, str]]:
        """The texts by language and key; the default language is ""."""
        return {language: one.texts for language, one in self.sets.items()}

    def find_language(self, language: str) -> str | None:
        """Return a language of the window that equals `language` but for case, or None."""
        folded = language.casefold()
        return next((known for known in self.sets if known.casefold() == folded), None)

    def _add_set(self, element: Element) -> None:
        language = (element.attribute("Language") or DEFAULT_LANGUAGE).strip()
        if self.find_language(language) is not None:
            raise self.error_at(
                FaultId.ACTION_EXPORT_MEMBER_TWICE,
                tr_message("The texts of the language “{language}” are there twice.", language=language),
                element.start,
            )
        resources: dict[str, Resource] = {}
        for child in element.children:
            key = child.attribute("Key")
            if key is None:
                continue
            if key in resources:
                raise self.error_at(
                    FaultId.ACTION_EXPORT_MEMBER_TWICE,
                    tr_message("The text {name} is there twice.", name=key),
                    child.start,
                )
            resource = _read_resource(key, child)
            if resource is not None:
                resources[key] = resource
        self.sets[language] = ResourceSet(language, element, resources)

    @property
    def bindings(self) -> Counter[str]:
        """How often each name of the view model is bound."""
        found: Counter[str] = Counter()
        for element in self.root.walk():
            if element.name == "Binding" and (path := element.attribute("Path")):
                found[path] += 1
            for value in element.attributes.values():
                if value.startswith("{"):
                    found.update(_BINDING.findall(value))
        return found

    @property
    def missing_bindings(self) -> tuple[str, ...]:
        """Names of the approval request form that this window does not bind."""
        bound = self.bindings
        return tuple(name for name in REQUIRED_BINDINGS if name not in bound)

    @property
    def look(self) -> WindowLook:
        """Colours, sizes and logo of the window."""
        setters: dict[tuple[str, str], str] = {}
        brushes: dict[str, str] = {}
        logo = None
        for element in self.root.walk():
            key = element.attribute("Key", XAML)
            if key is None:
                continue
            if element.name == "Style":
                for setter in element.children:
                    setters[key, setter.attribute("Property") or ""] = setter.attribute("Value") or ""
            elif element.name == "SolidColorBrush":
                brushes[key] = element.attribute("Color") or element.text
            elif key == "EncodedLogoImage":
                logo = _decode_image(element.text)
        return WindowLook(
            background=_colour(setters.get(("MainWindowPanelStyle", "Background"))),
            width=_number(setters.get(("MainWindowPanelStyle", "Width"))),
            heading_background=_colour(setters.get(("TitleHeadingBorderStyle", "Background"))),
            heading_foreground=_colour(setters.get(("TitleHeadingStyle", "Foreground"))),
            heading_font_size=_number(setters.get(("TitleHeadingStyle", "FontSize"))),
            heading_border=_colour(setters.get(("HeadingBorderStyle", "BorderBrush"))),
            logo_background=_colour(setters.get(("ImageHeadingBorderStyle", "Background"))),
            logo_height=_number(setters.get(("ImageHeadingStyle", "Height"))),
            approved_colour=_colour(brushes.get("ApprovedBackgroundBrush")),
            denied_colour=_colour(brushes.get("DeniedBackgroundBrush")),
            default_colour=_colour(brushes.get("DefaultBackgroundBrush")),
            reason_length_max=_number(setters.get(("ReasonTextBoxStyle", "MaxLength"))),
            logo=logo,
        )


def _colour(value: str | None) -> str | None:
    return value.strip() if value is not None and _COLOUR.fullmatch(value.strip()) else None


def _number(value: str | None) -> str | None:
    return (
        value.strip() if value is not None and re.fullmatch(r"\d{1,5}(\.\d{1,3})?", value.strip()) else None
    )


def _decode_image(text: str) -> bytes | None:
    packed = "".join(text.split())
    if len(packed) > LOGO_MAX * 4 // 3:
        return None
    try:
        return base64.b64decode(packed, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _read_resource(key: str, element: Element) -> Resource | None:
    """Return a text of a set, or None for a resource of an unknown form, which stays as it is."""
    value = element.attribute("Value")
    if value is not None:
        text = value.removeprefix("{}")
        return Resource(key, element, None, (Run(text),), text)
    holders = [child for child in element.children if child.name.endswith(".Value")] or [element]
    sections = [child for holder in holders for child in holder.children if child.name == "Section"]
    if len(sections) != 1 or not _has_only_paragraphs(sections[0]):
        return None
    runs = read_section(sections[0])
    return Resource(key, element, sections[0], runs, runs_to_text(runs))


def _has_only_paragraphs(section: Element) -> bool:
    return not section.text.strip() and all(child.name == "Paragraph" for child in section.children)


def read_section(section: Element) -> tuple[Run, ...]:
    """Return the words of a section; paragraphs and line breaks are separated by line feeds."""
    runs: list[Run] = []
    for index, paragraph in enumerate(section.children):
        if index:
            runs.append(Run("\n"))
        _read_inlines(paragraph, runs)
    return merge_runs(runs)


def _read_inlines(paragraph: Element, runs: list[Run]) -> None:
    waiting: list[tuple[Element | str, bool]] = [(paragraph, False)]
    while waiting:
        node, bold = waiting.pop()
        if isinstance(node, str):
            runs.append(Run(node, bold))
            continue
        if node.name == "LineBreak":
            runs.append(Run("\n", bold))
            continue
        bold = bold or node.name == "Bold" or (node.attribute("FontWeight") or "").casefold() in _BOLD_WEIGHTS
        parts: list[tuple[Element | str, bool]] = [
            (part, bold)
            for part in node.content
            if isinstance(part, Element) or node.name == "Run" or part.strip() or "\n" not in part
        ]
        waiting.extend(reversed(parts))
