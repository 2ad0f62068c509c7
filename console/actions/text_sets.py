"""The texts of a window by language: those of the export with the changes of an action on top. No Qt here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.actions.languages import own_name
from console.widgets.text_entries import TextEntry, merge_runs
from console.widgets.window_content import (
    FONT_SIZE_MAX,
    FONT_SIZE_MIN,
    RIGHT_TO_LEFT,
    Run,
    WindowContent,
    WindowState,
)
from models import marked_text as marked
from models.translation_marks import tr_later
from models.window_texts import (
    DEFAULT_LANGUAGE,
    LANGUAGE_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    TEXT_NAMES,
    TextKey,
    WindowTexts,
    dump_window_texts,
)
from services.language import tr

if TYPE_CHECKING:
    from services.privilege_manager.items.approval_action import ApprovalAction

SAMPLE_TEXTS: dict[TextKey, str] = {
    TextKey.APPLICATION_TITLE: tr_later("Approval needed"),
    TextKey.TITLE_PREFIX: tr_later("Approval needed"),
    TextKey.USER_LABEL: tr_later("User:"),
    TextKey.APPLICATION_LABEL: tr_later("Program:"),
    TextKey.REASON_LABEL: tr_later("Reason (required):"),
    TextKey.APPROVAL_STATUS_LABEL: tr_later("Approval status:"),
    TextKey.CONTINUE_BUTTON_LABEL: tr_later("Continue"),
    TextKey.CANCEL_BUTTON_LABEL: tr_later("Cancel"),
    TextKey.REFRESH_BUTTON_LABEL: tr_later("Refresh"),
    TextKey.DEFAULT_FONT_SIZE: "11",
    TextKey.FLOW_DIRECTION: "LeftToRight",
    TextKey.INFORMATION_TEXT_SECTION: tr_later("This program **needs approval** before it can run."),
    TextKey.INSTRUCTION_TEXT_SECTION: tr_later("Say what you need the program for."),
    TextKey.APPROVAL_STATUS_TEXT_SECTION: tr_later("Your request was sent to the approvers."),
}
"""Shown until an export tells the real texts; never written into a copy."""
DIRECTIONS = (("LeftToRight", tr_later("Left to right")), (RIGHT_TO_LEFT, tr_later("Right to left")))
PENDING_KEYS = frozenset(
    {
        TextKey.APPROVAL_STATUS_LABEL,
        TextKey.APPROVAL_STATUS_TEXT_SECTION,
        TextKey.REFRESH_BUTTON_LABEL,
    }
)
"""Texts that the window shows only after it has asked."""
SAMPLE_APPLICATION, SAMPLE_USER, SAMPLE_REASON = "vs_setup.exe", r"ACME\b.okafor", "Tools for release 8"


@dataclass(frozen=True, slots=True)
class WindowLook:
    """Colours and logo of the window in the export; empty for those of the vendor."""

    heading_background: str = ""
    heading_text: str = ""
    logo_background: str = ""
    logo: bytes = b""

    @classmethod
    def of(cls, action: "ApprovalAction") -> "WindowLook":
        """Return the look of an exported action."""
        if action.window is None:
            return cls()
        look = action.window.look
        return cls(
            look.heading_background or "",
            look.heading_foreground or "",
            look.logo_background or "",
            look.logo or b"",
        )


@dataclass(frozen=True, slots=True)
class TextSets:
    """Texts of the export (`source`, None while there is none) and what an action changes of them; both marked text."""

    source: Mapping[str, Mapping[str, str]] | None = None
    changed: WindowTexts = field(default_factory=dict)
    look: WindowLook = WindowLook()

    # -- languages ---------------------------------------------------------------------------------------------

    @property
    def languages(self) -> list[str]:
        """The languages, the default one first."""
        known = [*(self.source or {}), *self.changed]
        others = sorted(
            {one for one in known if one != DEFAULT_LANGUAGE}, key=lambda one: own_name(one).casefold()
        )
        return [DEFAULT_LANGUAGE, *dict.fromkeys(self._spelling(one) for one in others)]

    def find_language(self, language: str) -> str | None:
        """Return a language that equals `language` but for case, or None."""
        return next((one for one in self.languages if one.casefold() == language.casefold()), None)

    def _spelling(self, language: str) -> str:
        """Return the spelling of the export, which the copy keeps."""
        folded = language.casefold()
        return next((one for one in self.source or {} if one.casefold() == folded), language)

    def with_language(self, language: str, *, right_to_left: bool = False) -> "TextSets":
        """Return the texts with a new language that begins as the default set."""
        if self.find_language(language) is not None:
            return self
        own = {TextKey.FLOW_DIRECTION.value: RIGHT_TO_LEFT} if right_to_left else {}
        return TextSets(self.source, {**self.changed, language: own}, self.look)

    def without_language(self, language: str) -> "TextSets":
        """Return the texts without what is changed in a language; one of the export stays."""
        changed = {one: texts for one, texts in self.changed.items() if one != language}
        return TextSets(self.source, changed, self.look)

    # -- texts -------------------------------------------------------------------------------------------------

    def own_text(self, language: str, key: str) -> str | None:
        """Return the marked text that a language has itself, or None."""
        changed = self._changes_of(language).get(key)
        return changed if changed is not None else self._exported(language, key)

    def _changes_of(self, language: str) -> Mapping[str, str]:
        folded = language.casefold()
        return next((texts for one, texts in self.changed.items() if one.casefold() == folded), {})

    def _exported(self, language: str, key: str) -> str | None:
        if self.source is None:
            return tr(SAMPLE_TEXTS[TextKey(key)]) if language == DEFAULT_LANGUAGE else None
        return self.source.get(self._spelling(language), {}).get(key)

    def text(self, language: str, key: str) -> str:
        """Return the marked text that the window shows in a language."""
        own = self.own_text(language, key)
        return own if own is not None else self.own_text(DEFAULT_LANGUAGE, key) or ""

    def runs(self, language: str, key: str) -> list[Run]:
        """Return the runs of a text; only those of sections are bold."""
        text = self.text(language, key)
        if not TextKey(key).is_section:
            return [(text, False)] if text else []
        return [(run.text, run.bold) for run in marked.text_to_runs(text)]

    def with_text(self, language: str, key: str, runs: list[Run]) -> "TextSets":
        """Return the texts with another value for one; equal to what it would be anyway, it is no change."""
        if TextKey(key).is_section:
            text = marked.runs_to_text(marked.Run(text, bold) for text, bold in merge_runs(runs))
        else:
            text = "".join(text for text, _bold in runs)
        own = {one: value for one, value in self._changes_of(language).items() if one != key}
        exported = self._exported(language, key)
        inherits = exported is None and language != DEFAULT_LANGUAGE
        if text != (self.text(DEFAULT_LANGUAGE, key) if inherits else exported):
            own[key] = text
        changed = {one: texts for one, texts in self.changed.items() if one.casefold() != language.casefold()}
        if own or self._is_added(language):
            changed[language] = own
        return TextSets(self.source, changed, self.look)

    def _is_added(self, language: str) -> bool:
        known = {one.casefold() for one in self.source or {}}
        return language != DEFAULT_LANGUAGE and language.casefold() not in known

    def dump(self) -> str:
        """Return the changes in the form in which an action stores them."""
        return dump_window_texts(self.changed)

    # -- what is shown -----------------------------------------------------------------------------------------

    def entries(self, language: str) -> list[TextEntry]:
        """Return the rows of the grid for a language."""
        return [self._entry(language, key) for key in TextKey if self._has(key)]

    def _has(self, key: TextKey) -> bool:
        """Whether the window has a text, or the action changes one that it has not, which cannot be written."""
        if self.source is None:
            return True
        return any(key in texts for texts in (*self.source.values(), *self.changed.values()))

    def _entry(self, language: str, key: TextKey) -> TextEntry:
        own = self.own_text(language, key)
        return TextEntry(
            key=key.value,
            label=tr(TEXT_NAMES[key]),
            runs=tuple(self.runs(language, key)),
            is_section=key.is_section,
            is_inherited=own is None and language != DEFAULT_LANGUAGE,
            error=self.error(language, key),
            help=self._help(language, key),
            choices=tuple((value, tr(label)) for value, label in DIRECTIONS)
            if key is TextKey.FLOW_DIRECTION
            else (),
        )

    def error(self, language: str, key: TextKey) -> str:
        """Return why a text cannot be written as it is, or an empty text."""
        text = self.text(language, key)
        if self.source is not None and not any(key in texts for texts in self.source.values()):
            return tr("The window of the export has no such text")
        if len(text) > TEXT_LENGTH_MAX:
            return tr("More than {count} characters", count=TEXT_LENGTH_MAX)
        if key is TextKey.DEFAULT_FONT_SIZE and self.own_text(language, key) is not None:
            size = text.strip()
            if not (size.isascii() and size.isdigit() and len(size) < 4):
                return tr("A whole number such as 11")
            if not FONT_SIZE_MIN <= int(size) <= FONT_SIZE_MAX:
                return tr("Between {least} and {most}", least=FONT_SIZE_MIN, most=FONT_SIZE_MAX)
        return ""

    def errors(self) -> list[str]:
        """Return the errors of all languages."""
        found = [
            self.error(language, key) for language in self.languages for key in TextKey if self._has(key)
        ]
        return [one for one in found if one]

    def _help(self, language: str, key: TextKey) -> str:
        if self.source is None and key not in self._changes_of(language):
            return tr("A sample; the export tells the real text")
        if key not in self._changes_of(language):
            return tr("As exported") if self._exported(language, key) is not None else ""
        exported = self._exported(language, key)
        if exported is None or self.source is None:
            return ""
        plain = "".join(run.text for run in marked.text_to_runs(exported)) if key.is_section else exported
        return tr("Exported: {text}", text=" ".join(plain.split()))

    def content(
        self,
        language: str,
        *,
        state: WindowState = WindowState.ASKING,
        application: str = SAMPLE_APPLICATION,
        user: str = SAMPLE_USER,
        reason: str = SAMPLE_REASON,
        status: str = "",
        error: str = "",
    ) -> WindowContent:
        """Return what the window shows in a language."""
        return WindowContent(
            texts={key.value: self.runs(language, key) for key in TextKey},
            application=application,
            user=user,
            state=state,
            status=status,
            reason=reason,
            error=error,
            logo=self.look.logo,
            heading_background=self.look.heading_background,
            heading_text=self.look.heading_text,
            logo_background=self.look.logo_background,
        )


def check_language(name: str) -> str:
    """Return why a language cannot be added under this name, or an empty text."""
    plain = name.replace("-", "")
    if (
        not plain.isascii()
        or not plain.isalnum()
        or not plain[:1].isalpha()
        or len(name) > LANGUAGE_LENGTH_MAX
    ):
        return tr("A language looks like de or pt-BR")
    return ""
