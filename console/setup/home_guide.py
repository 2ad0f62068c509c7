"""The content of Home: the phases of the guide in one or two columns, the servers, and a legend."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from console.design import icons, theme
from console.expiries.expiry_card import ExpiryCard
from console.runtime.page_targets import Target
from console.setup.home_servers import ServerOverview
from console.setup.step_row import (
    AFTER_STEP,
    GAP,
    LINK_PADDING,
    NUMBER,
    SHAPE,
    RowContent,
    StepAction,
    StepRow,
)
from console.widgets import painting
from console.widgets.labels import IconLabel, Label, LinkLabel
from console.widgets.meter import Ring
from models.translation_marks import tr_later
from services.language import tr, translate

if TYPE_CHECKING:
    import uuid

    from console.objects.service_lookup import ServiceListSnapshot
    from services.expiries.calendar import Expiry
    from services.setup.guide_step import GuidePhase, GuideStep
    from services.setup.setup_objects import GuideManager
    from services.statistics.server_statistics import ServerStatistics

LEGEND = (
    ("good", tr_later("Done")),
    ("next", tr_later("Next")),
    ("todo", tr_later("To do here")),
    ("elsewhere", tr_later("To do elsewhere")),
    ("blocked", tr_later("Blocked")),
)
RING = 16
MARGIN, COLUMN_GAP, LEFT_COLUMN_PHASES = 24, 24, 4
SIDE_COLUMN_MIN_WIDTH = 280
"""The minimum width of the servers beside the phases."""
SAMPLE_FACT = tr_later("{name}, password set")
"""A fact of typical length: where it does not fit beside step and link, the phases take one column."""


@dataclass(frozen=True, slots=True)
class PhaseContent:
    """Everything that a block shows; a block of equal content is kept."""

    phase: "GuidePhase"
    next_step: "GuideStep | None"
    """The next step of the guide if it is in this phase."""
    step_width: int
    """The width of the texts of the steps in pixels."""
    words: tuple[str, ...]
    """The text of each step's link or button, empty for none."""


class PhaseProgress(Ring):
    """The progress ring of a phase, or a tick when it is done."""

    def __init__(self, phase: "GuidePhase") -> None:
        super().__init__(RING)
        self._is_done = False
        self.show_phase(phase)

    def show_phase(self, phase: "GuidePhase") -> None:
        """Show how many of the steps are done."""
        self._is_done = phase.done == len(phase.steps)
        self.set_value(phase.done / max(len(phase.steps), 1))
        if self._is_done:
            self.setAccessibleName(tr("Done"))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw with the tokens as they are now."""
        if not self._is_done:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        picture = icons.status_pixmap("good", RING, "page", painting.pixel_ratio(painter))
        painter.drawPixmap((self.width() - RING) // 2, (self.height() - RING) // 2, picture)


class PhaseBlock(QWidget):
    """A phase: its progress, its title, and a row for each step."""

    def __init__(self, content: PhaseContent, actions: "Sequence[StepAction | None]") -> None:
        super().__init__()
        self.content = content
        self.rows: list[StepRow] = []
        """The steps from top to bottom."""
        self._layout = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.setContentsMargins(0, 0, LINK_PADDING, 0)
        self._progress = PhaseProgress(content.phase)
        self._title, self._count = Label("", role="section"), Label("", role="caption")
        head.addWidget(self._progress)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._count)
        layout.addLayout(head)
        layout.addSpacing(4)
        self._show(content, actions)

    @property
    def focusable(self) -> list[QWidget]:
        """The links and buttons of the steps from top to bottom."""
        return [row.offered for row in self.rows if row.offered is not None]

    def show_content(self, content: PhaseContent, actions: "Sequence[StepAction | None]") -> None:
        """Show another state of the phase, in the rows that are there."""
        self._progress.show_phase(content.phase)
        self._show(content, actions)

    def _show(self, content: PhaseContent, actions: "Sequence[StepAction | None]") -> None:
        self.content = content
        phase = content.phase
        self._title.setText(translate(phase.title))
        self._count.setText(tr("{done} of {count}", done=phase.done, count=len(phase.steps)))
        for place, (step, action) in enumerate(zip(phase.steps, actions, strict=True)):
            row_content = RowContent(
                step, step == content.next_step, content.step_width, action.word if action is not None else ""
            )
            if place < len(self.rows):
                self.rows[place].show_content(row_content, action)
                continue
            row = StepRow(row_content, action)
            self._layout.addWidget(row)
            self.rows.append(row)
        for gone in self.rows[len(phase.steps) :]:
            _discard(gone)
        del self.rows[len(phase.steps) :]


def _discard(widget: QWidget) -> None:
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()


class GuideView(QWidget):
    """Lays out phases and servers in two columns where there is room, else in one."""

    def __init__(self, go: Callable[[Target], None], intro: QWidget) -> None:
        super().__init__()
        self.setProperty("role", "page")
        # With a parent from the start: they may be shown before they have their place in a column, and would be windows.
        self.servers = ServerOverview(go, self)
        self.expiries = ExpiryCard(go, self)
        self.blocks: list[PhaseBlock] = []
        self.shape = ""
        """The current layout: "two" columns of phases, servers "beside" the phases, or "one" column."""
        self._column_min_width = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, 12, MARGIN - LINK_PADDING, 12)
        layout.setSpacing(12)
        layout.addWidget(intro)
        columns = self._columns = QHBoxLayout()
        columns.setSpacing(COLUMN_GAP)
        self._left, self._right = QVBoxLayout(), QVBoxLayout()
        self._between = QFrame()
        self._between.setProperty("role", "upright")
        columns.addLayout(self._left, 1)
        columns.addWidget(self._between)
        columns.addLayout(self._right, 1)
        layout.addLayout(columns)
        layout.addStretch(1)
        self._legend = QHBoxLayout()
        layout.addLayout(self._legend)
        for column in (self._left, self._right):
            column.setSpacing(16)

    def show_phases(
        self,
        phases: "Sequence[GuidePhase]",
        next_step: "GuideStep | None",
        action_of: "Callable[[GuideStep], StepAction | None]",
    ) -> None:
        """Show the phases; only `next_step` has a button. Rows that are there show what has changed."""
        metrics = QFontMetrics(theme.font("strong"))
        width = (
            max(
                (metrics.horizontalAdvance(translate(s.text)) for phase in phases for s in phase.steps),
                default=0,
            )
            + 2
        )
        fact = QFontMetrics(theme.font("caption")).horizontalAdvance(tr(SAMPLE_FACT, name="ServiceNow"))
        link = metrics.horizontalAdvance(tr("Create")) + 2 * LINK_PADDING
        self._column_min_width = NUMBER + SHAPE + 3 * GAP + width + AFTER_STEP + fact + link
        contents = []
        for phase in phases:
            actions = [action_of(step) for step in phase.steps]
            words = tuple(action.word if action is not None else "" for action in actions)
            own_next = next_step if next_step in phase.steps else None
            contents.append((PhaseContent(phase, own_next, width, words), actions))
        if [content for content, _ in contents] == [block.content for block in self.blocks]:
            return
        adds_to_sight = self.isVisible() and len(contents) > len(self.blocks)
        if adds_to_sight:
            self.hide()  # Qt lays the whole page out again with each block that is shown in what can be seen
        self._show_contents(contents)
        if adds_to_sight:
            self.show()

    def _show_contents(self, contents: "Sequence[tuple[PhaseContent, Sequence[StepAction | None]]]") -> None:
        offered = self._offered()
        for place, (content, actions) in enumerate(contents):
            if place == len(self.blocks):
                self.blocks.append(PhaseBlock(content, actions))
                self.shape = ""
            elif self.blocks[place].content != content:
                self.blocks[place].show_content(content, actions)
        for gone in self.blocks[len(contents) :]:
            _discard(gone)
            self.shape = ""
        del self.blocks[len(contents) :]
        if self._legend.isEmpty():
            self._draw_legend()
        self.place()
        if offered != self._offered():
            self._set_tab_order()

    def _offered(self) -> list[QWidget]:
        """Return the links and buttons of all steps from top to bottom."""
        return [widget for block in self.blocks for widget in block.focusable]

    def _set_tab_order(self) -> None:
        """Let Tab go through the steps from top to bottom; Qt puts a new widget behind all others."""
        for before, after in pairwise(self._offered()):
            QWidget.setTabOrder(before, after)

    def show_servers(
        self, figures: "Sequence[ServerStatistics]", views: "Mapping[uuid.UUID, ServiceListSnapshot]"
    ) -> None:
        """Show a card for each of the first servers."""
        self.servers.show_servers(figures, views)
        self.place()

    def show_privilege_managers(self, servers: "Sequence[GuideManager]") -> None:
        """Show a card for each of the first Privilege Manager servers."""
        self.servers.show_privilege_managers(servers)
        self.place()

    def show_expiries(self, entries: "Sequence[Expiry] | None") -> None:
        """Show what runs out next; None while it is not known."""
        focus = self._focused_name()
        self.expiries.show_entries(entries)
        self._restore_focus(focus)

    def _focused_name(self) -> str:
        widget = self.focusWidget()
        return widget.accessibleName() if widget is not None and widget.hasFocus() else ""

    def _restore_focus(self, name: str) -> None:
        """Move the focus to the widget of this name, which was built again."""
        kinds = (LinkLabel, QPushButton)
        same = [w for kind in kinds for w in self.findChildren(kind) if w.accessibleName() == name]
        if name and same:
            same[-1].setFocus(Qt.FocusReason.OtherFocusReason)

    def _draw_legend(self) -> None:
        self._legend.setSpacing(6)
        for shape, word in LEGEND:
            self._legend.addWidget(IconLabel(shape, 12))
            self._legend.addWidget(Label(tr(word), role="caption"))
            self._legend.addSpacing(8)
        self._legend.addStretch(1)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Change the layout with the width."""
        super().resizeEvent(event)
        self.place()

    def place(self) -> None:
        """Lay out phases and servers for the current width."""
        room = self.width() - 2 * MARGIN + LINK_PADDING - 2 * COLUMN_GAP - 1
        need = self._column_min_width
        shape = "two" if room >= 2 * need else "beside" if room >= need + SIDE_COLUMN_MIN_WIDTH else "one"
        if shape != self.shape:
            self.shape = shape
            self._fill(LEFT_COLUMN_PHASES if shape == "two" else len(self.blocks), shape)
        right = {
            "two": room // 2,
            "beside": SIDE_COLUMN_MIN_WIDTH + (room - need - SIDE_COLUMN_MIN_WIDTH) // 3,
            "one": 0,
        }[shape]
        # The stretch factors are the widths in pixels.
        for place, share in enumerate((room - right, 0, right)):
            self._columns.setStretch(place, share)
        self.servers.place(right or room + 2 * COLUMN_GAP)

    def _fill(self, cut: int, shape: str) -> None:
        """Put the phases before `cut` into the left column and the others into the right one, and add the servers."""
        for column, blocks in ((self._left, self.blocks[:cut]), (self._right, self.blocks[cut:])):
            while column.takeAt(0) is not None:
                pass
            for block in blocks:
                column.addWidget(block)
                block.show()  # as the rows
        for part in (self.servers, self.expiries):
            (self._left if shape == "one" else self._right).addWidget(part)
        for column in (self._left, self._right):
            column.addStretch(1)
        self._between.setVisible(shape != "one")
        self.servers.show_rule(visible=shape != "beside")
