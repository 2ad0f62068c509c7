"""A step of the guide on Home: one widget that paints what it says; its link or button is the only one in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPoint, QRect, Qt
from PyQt6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QAbstractButton, QFrame, QPushButton, QStyle

from console.design import icons, theme
from console.widgets import buttons, painting, plain_text
from console.widgets.labels import LinkLabel
from models.translation_marks import tr_later
from services.language import tr, translate, translate_message

if TYPE_CHECKING:
    from services.setup.guide_step import GuideStep

STATE_SHAPES = {
    "done": "good",
    "needless": "good",
    "todo": "todo",
    "blocked": "blocked",
    "elsewhere": "elsewhere",
}
STATE_LABELS = {
    "done": tr_later("Done"),
    "needless": tr_later("Not needed"),
    "todo": tr_later("To do here"),
    "blocked": tr_later("Blocked"),
    "elsewhere": tr_later("To do elsewhere"),
}
"""Labels of the shapes."""
ROW, NUMBER, SHAPE, GAP, AFTER_STEP = 28, 18, 14, 8, 12
LINK_PADDING = 4
"""The padding of a link for its focus ring; the text, not the ring, ends at the margin."""


@dataclass(frozen=True, slots=True)
class StepAction:
    """The link or button of a step: its text, and what it does with the facts of the moment of the click."""

    word: str
    act: Callable[[], None]


@dataclass(frozen=True, slots=True)
class RowContent:
    """Everything that a row shows; a row of equal content is left as it is."""

    step: "GuideStep"
    is_next: bool
    step_width: int
    """The width of the texts of the steps in pixels."""
    word: str
    """The text of its link or button, empty for none."""


class StepRow(QFrame):
    """A step: its number, state, text and fact, and the link or button that does it.

    Only the link or button is a widget: the guide has 25 rows, and four labels in each took most of the time that Home
    needed to be built, laid out and painted.
    """

    def __init__(self, content: RowContent, action: StepAction | None) -> None:
        super().__init__()
        self.offered: QAbstractButton | None = None
        """The link or button of the step."""
        self.state = self.text = self.fact = ""
        self._shape = ""
        self._shown_fact = ""
        """The fact as far as there is room for it."""
        self._number_room = theme.scaled(NUMBER)
        self.setFixedHeight(theme.scaled(ROW))
        self._show(content, action)

    # -- what it shows -----------------------------------------------------------------------------------------

    def show_content(self, content: RowContent, action: StepAction | None) -> None:
        """Show another state of the step. Its link or button stays unless another kind of it is needed."""
        if content == self.content:
            self._action = action
            return
        self._show(content, action)
        self._lay_out()
        self.update()

    def _show(self, content: RowContent, action: StepAction | None) -> None:
        self.content, self._action = content, action
        step = content.step
        self.text = plain_text.one_line(translate(step.text))
        self.state = tr("Next") if content.is_next else tr(STATE_LABELS[str(step.state)])
        self._shape = "next" if content.is_next else STATE_SHAPES[str(step.state)]
        fact = (
            tr("Waits for step {number}", number=step.waits_for)
            if step.waits_for
            else translate_message(step.fact)
        )
        self.fact = plain_text.one_line(fact)
        name = tr(
            "Step {number}, {text}, {state}: {fact}",
            number=step.number,
            text=self.text,
            state=self.state.lower(),
            fact=self.fact,
        ).removesuffix(": ")
        if name != self.accessibleName():
            self.setAccessibleName(name)
        self._offer()
        width = self._fact_left + self._taken(None if self.offered is None else self._least(self.offered))
        if width != self.minimumWidth():
            self.setMinimumWidth(width)

    def _offer(self) -> None:
        """Have the kind of link or button that the step needs, with its word."""
        content, old = self.content, self.offered
        needs = self._action is not None and not content.step.waits_for
        kind = (QPushButton if content.is_next else LinkLabel) if needs else None
        if old is not None and kind is not None and isinstance(old, kind):
            old.setText(content.word)
        elif kind is None:
            self._replace(None)
        else:
            self._replace(buttons.primary(content.word) if content.is_next else LinkLabel(content.word))
        if self.offered is not None:
            self.offered.setAccessibleName(f"{content.word}: {self.text}")

    def _replace(self, new: QAbstractButton | None) -> None:
        old, self.offered = self.offered, new
        if new is not None:
            if isinstance(new, QPushButton):
                new.setProperty("size", "small")
            new.setParent(self)
            new.clicked.connect(self._act)
            if self.isVisible():
                new.show()
        if old is not None:
            window = self.window()
            if new is not None and window is not None and window.focusWidget() is old:
                new.setFocus(Qt.FocusReason.OtherFocusReason)
            old.hide()
            old.setParent(None)
            old.deleteLater()

    def _act(self) -> None:
        if self._action is not None:
            self._action.act()

    # -- where it shows it -------------------------------------------------------------------------------------

    @property
    def is_elided(self) -> bool:
        """Whether the fact is longer than its room."""
        return self._shown_fact != self.fact

    @property
    def _shape_left(self) -> int:
        return self._number_room + GAP

    @property
    def _text_left(self) -> int:
        return self._shape_left + SHAPE + GAP

    @property
    def _fact_left(self) -> int:
        return self._text_left + self.content.step_width + AFTER_STEP

    def _taken(self, width: int | None) -> int:
        """Return what a link or button of `width` takes at the end of the row; None for without one."""
        return 0 if width is None else GAP + width + (LINK_PADDING if self.content.is_next else 0)

    def _least(self, offered: QAbstractButton) -> int:
        offered.ensurePolished()  # the style sheet gives a button its size
        policy = offered.sizePolicy().horizontalPolicy()
        return (offered.sizeHint() if policy == policy.Fixed else offered.minimumSizeHint()).width()

    def fact_room(self) -> QRect:
        """Return where the fact stands."""
        right = self.width() - self._taken(None if self.offered is None else self.offered.width())
        return self._mirrored(QRect(self._fact_left, 0, max(right - self._fact_left, 0), self.height()))

    def _mirrored(self, room: QRect) -> QRect:
        """Return where a part stands in the direction of the language."""
        return QStyle.visualRect(self.layoutDirection(), self.rect(), room)

    def _lay_out(self) -> None:
        if self.offered is not None:
            hint, least = self.offered.sizeHint(), self._least(self.offered)
            width = max(min(hint.width(), self.width() - self._fact_left - self._taken(0)), least)
            height = min(hint.height(), self.height())
            left = self.width() - self._taken(width) + GAP
            self.offered.setGeometry(
                self._mirrored(QRect(left, (self.height() - height) // 2, width, height))
            )
        self._shown_fact = QFontMetrics(theme.font("caption")).elidedText(
            self.fact, Qt.TextElideMode.ElideMiddle, self.fact_room().width()
        )

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give the fact the room that there is."""
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent | None) -> None:
        """Put the link or button to the other side in a language of another direction."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.LayoutDirectionChange:
            self._lay_out()

    def tip_at(self, place: QPoint) -> str:
        """Return what a tooltip says at a place: a fact that is elided, or the word of the shape."""
        if self._mirrored(QRect(self._shape_left, 0, SHAPE, self.height())).contains(place):
            return self.state
        if self.is_elided and self.fact_room().contains(place):
            return self.fact
        return ""

    def event(self, event: QEvent | None) -> bool:
        """Show the tooltip of the part that the pointer rests on."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            plain_text.show_tooltip(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw number, shape, text and fact with the tokens as they are now."""
        del event
        content, height = self.content, self.height()
        painter = QPainter(self)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.colour("muted"))
        number = self._mirrored(QRect(0, 0, self._number_room, height))
        painter.drawText(number, Qt.AlignmentFlag.AlignRight | middle, str(content.step.number))
        painter.drawText(self.fact_room(), Qt.AlignmentFlag.AlignLeft | middle, self._shown_fact)
        picture = icons.status_pixmap(self._shape, SHAPE, "page", painting.pixel_ratio(painter))
        shape = QRect(self._shape_left, (height - SHAPE) // 2, SHAPE, SHAPE)
        painter.drawPixmap(self._mirrored(shape).topLeft(), picture)
        waits = bool(content.step.waits_for) and not content.is_next
        painter.setFont(theme.font("strong" if content.is_next else "body"))
        painter.setPen(theme.colour("muted" if waits else "text"))
        room = self._mirrored(QRect(self._text_left, 0, content.step_width, height))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | middle, self.text)
