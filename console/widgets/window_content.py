"""What the window of the endpoint shows: texts by key, logo, program, user and state. No Qt here, so that presenters can use it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PureWindowsPath

Run = tuple[str, bool]
"""A piece of text, and whether it is bold."""

REASON_MAX = 250
"""How many characters a reason may have, as Windows counts them (UTF-16)."""
FONT_SIZE, FONT_SIZE_MIN, FONT_SIZE_MAX = 11, 6, 36
"""Size of letters in pixels: where the text `DefaultFontSize` is no number, and its bounds."""
RIGHT_TO_LEFT = "RightToLeft"


class WindowText(StrEnum):
    """Keys of the 14 texts, as the item names them."""

    HEADING = "ApplicationTitle"
    TITLE_PREFIX = "TitlePrefix"
    USER_LABEL = "UserLabel"
    APPLICATION_LABEL = "ApplicationLabel"
    REASON_LABEL = "ReasonLabel"
    STATUS_LABEL = "ApprovalStatusLabel"
    CONTINUE = "ContinueButtonLabel"
    CANCEL = "CancelButtonLabel"
    REFRESH = "RefreshButtonLabel"
    FONT_SIZE = "DefaultFontSize"
    FLOW_DIRECTION = "FlowDirection"
    INFORMATION = "InformationTextSection"
    INSTRUCTION = "InstructionTextSection"
    STATUS_SECTION = "ApprovalStatusTextSection"


class WindowState(StrEnum):
    """What the window waits for."""

    ASKING = "asking"
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


WINDOW_BUTTONS: Mapping[WindowState, tuple[WindowText, ...]] = {
    WindowState.ASKING: (WindowText.CONTINUE, WindowText.CANCEL),
    WindowState.PENDING: (WindowText.REFRESH, WindowText.CANCEL),
    WindowState.APPROVED: (WindowText.REFRESH, WindowText.CONTINUE, WindowText.CANCEL),
    WindowState.DENIED: (WindowText.REFRESH, WindowText.CANCEL),
}
"""Buttons of a state, in their order; Refresh stands at the other side."""


@dataclass(frozen=True, slots=True)
class WindowContent:
    """Everything that is shown. Texts are runs, so that sections keep their bold words."""

    texts: Mapping[str, Sequence[Run]] = field(default_factory=dict)
    application: str = ""
    user: str = ""
    state: WindowState = WindowState.ASKING
    status: str = ""
    """The word behind the label of the status."""
    reason: str = ""
    error: str = ""
    logo: bytes = b""
    """A picture as PNG, JPEG, GIF or BMP; anything else, and what is too large, is not shown."""
    heading_background: str = ""
    heading_text: str = ""
    logo_background: str = ""
    """Colours as `#rrggbb` or the name of one; empty for those of the vendor."""

    def text(self, key: str) -> str:
        """Return a text without its bold runs."""
        return "".join(part for part, _bold in self.texts.get(key, ()))

    def runs(self, key: str) -> list[Run]:
        """Return the runs of a text."""
        return list(self.texts.get(key, ()))

    @property
    def title(self) -> str:
        """Return what stands in the title bar: the prefix and the program without folder and ending."""
        program = PureWindowsPath(self.application).stem
        return ": ".join(part for part in (self.text(WindowText.TITLE_PREFIX), program) if part)

    @property
    def font_size(self) -> int:
        """Return the size of letters in pixels."""
        text = self.text(WindowText.FONT_SIZE).strip()
        size = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else FONT_SIZE
        return min(max(size, FONT_SIZE_MIN), FONT_SIZE_MAX)

    @property
    def is_right_to_left(self) -> bool:
        """Whether the window is mirrored."""
        return self.text(WindowText.FLOW_DIRECTION).strip() == RIGHT_TO_LEFT

    def visible_texts(self) -> Iterator[tuple[str, str]]:
        """Yield key and text of everything the state shows, from top to bottom; an empty key for what is no text of the item."""
        yield WindowText.TITLE_PREFIX, self.title
        yield WindowText.HEADING, self.text(WindowText.HEADING)
        yield WindowText.INFORMATION, self.text(WindowText.INFORMATION)
        yield WindowText.APPLICATION_LABEL, f"{self.text(WindowText.APPLICATION_LABEL)} {self.application}"
        yield WindowText.USER_LABEL, f"{self.text(WindowText.USER_LABEL)} {self.user}"
        if self.state is WindowState.ASKING:
            yield WindowText.INSTRUCTION, self.text(WindowText.INSTRUCTION)
            yield WindowText.REASON_LABEL, f"{self.text(WindowText.REASON_LABEL)} {self.reason}"
        else:
            yield WindowText.STATUS_SECTION, self.text(WindowText.STATUS_SECTION)
            yield WindowText.STATUS_LABEL, f"{self.text(WindowText.STATUS_LABEL)} {self.status}"
        yield "", self.error
        for button in WINDOW_BUTTONS[self.state]:
            yield button, self.text(button)
