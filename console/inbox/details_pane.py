"""The details of the selected request: its timeline, both systems' states, who must act, what to tell the caller."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

from console.design import theme
from console.inbox import cell_content
from console.inbox.request_timeline import Timeline, translate_message
from console.navigation.request_places import state_label
from console.widgets import buttons, plain_text
from console.widgets.badge import Badge
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel, with_break_points
from console.widgets.placeholders import ErrorState
from models.kinds import RequestState
from models.translation_marks import tr_later
from services.common.errors import Problem
from services.language import AND, join_names, short_time_ago, tr, translate

MARGIN, GAP, HEAD, SHAPE = 24, 16, 28, 14
LEFT_STRETCH, MIDDLE_STRETCH, RIGHT_STRETCH = 300, 322, 334
MIN_COLUMN_WIDTHS = (168, 190, 190)
NARROW_WIDTH = 680
"""Widths of the columns, the least they may be, and the width of the pane from which they have room side by side."""
DIRECTIONS = QBoxLayout.Direction
FETCHING_TEXT = tr_later("Reading what ServiceNow says now")


class CallerAnswer(QFrame):
    """Words to read aloud: a panel with a bar at its left."""

    BAR = 3

    def __init__(self) -> None:
        super().__init__()
        self.label = Label("")
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 12, 10)
        layout.addWidget(self.label)

    def show_text(self, text: str) -> None:
        """Show what to say."""
        self.text = text
        self.label.setText(with_break_points(text))
        self.label.setAccessibleName(tr("Answer for the caller: {text}", text=text))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw ground and bar with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("raised"))
        painter.fillRect(0, 0, self.BAR, self.height(), theme.colour("edge"))


class SystemStateView(QWidget):
    """Where the request stands in one system: its name, the state with its shape, and more about it."""

    def __init__(self, icon: str, name: str) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._shape, self._state = IconLabel("off", SHAPE, ground="raised"), Label("", role="strong")
        self._state.setWordWrap(True)
        self._more = Label("", role="caption")
        self._more.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(IconLabel(icon, SHAPE))
        head.addWidget(Label(name, role="muted"), 1)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._shape)
        line.addWidget(self._state, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addLayout(line)
        column.addWidget(self._more)
        column.addStretch(1)
        self._name = name

    @property
    def wanted(self) -> int:
        """Return how wide it has to be for its name."""
        return SHAPE + 6 + QFontMetrics(theme.font("body")).horizontalAdvance(self._name) + 2

    def show_state(self, shape: str, state: str, more: str) -> None:
        """Show a state; without one it is not known yet."""
        self._shape.show_shape(shape)
        self._shape.setVisible(bool(state))
        self._state.setText(with_break_points(state))
        self._more.setText(with_break_points(more))
        self._more.setVisible(bool(more))
        self.setAccessibleName(", ".join(part for part in (f"{self._name}: {state}", more) if part))


class SystemStates(QFrame):
    """Both systems beside each other, or one below the other where their names have no room."""

    AIR = 12

    def __init__(self, here: SystemStateView, there: SystemStateView) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self._parts = (here, there)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(self.AIR, 10, self.AIR, 10)
        self._line.setSpacing(self.AIR)
        self._rule = QFrame()
        self._rule.setProperty("role", "upright")
        self._line.addWidget(here, 1)
        self._line.addWidget(self._rule)
        self._line.addWidget(there, 1)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Choose the way that has room."""
        super().resizeEvent(event)
        needed = 2 * max(part.wanted for part in self._parts) + 4 * self.AIR + 1
        beside = self.width() >= needed
        self._line.setDirection(DIRECTIONS.LeftToRight if beside else DIRECTIONS.TopToBottom)
        self._rule.setVisible(beside)


class SubjectLabel(ElidedLabel):
    """What a request is about; nothing of it where there is no room for a few letters."""

    LEAST = 60

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw as much as there is room for."""
        if self.width() >= self.LEAST:
            super().paintEvent(event)


class DetailsPane(QWidget):
    """One request, or how many are selected. Acts are told by their command, so that menus and buttons do the same."""

    asked = pyqtSignal(str)
    """A command of the page."""
    closed = pyqtSignal()
    find_requested = pyqtSignal()
    """Somebody wants to see the shown request in a list that has it."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Details of the request"))
        self.setMinimumHeight(HEAD + 110)
        self._link = ""
        self._in_list = True
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 8)
        layout.setSpacing(6)
        layout.addLayout(self._head())
        self.reason = Label("", role="caption")
        self.reason.setWordWrap(True)
        self.find_link = LinkLabel(tr("Show it among all requests"))
        self.find_link.clicked.connect(self.find_requested)
        line = QHBoxLayout()
        line.setContentsMargins(MARGIN, 0, MARGIN, 0)
        line.setSpacing(GAP)
        line.addWidget(self.reason, 1)
        line.addWidget(self.find_link)
        layout.addLayout(line)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self._columns())
        layout.addWidget(self.area, 1)
        self._below = QWidget()
        """What stands in place of one request's details: nothing while several are selected, or what kept them away."""
        self._instead = QVBoxLayout(self._below)
        self._instead.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._below, 1)
        self._below.hide()
        self.clear()

    # -- building ----------------------------------------------------------------------------------------------

    def _head(self) -> QBoxLayout:
        both = self._heads = QHBoxLayout()
        both.setContentsMargins(MARGIN, 0, MARGIN - 9, 0)
        both.setSpacing(8)
        row, acts = QHBoxLayout(), QHBoxLayout()
        for line, share in ((row, 1), (acts, 0)):
            line.setSpacing(8)
            both.addLayout(line, share)
        self.number = Label("", role="section")
        self.number.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy_number = buttons.quiet("", icon="copy")
        self.copy_number.setFixedWidth(HEAD)
        self.copy_number.clicked.connect(lambda: copy_text(self.number.text()))
        self._badges = QHBoxLayout()
        self._badges.setSpacing(8)
        self.about = SubjectLabel("", role="muted")
        row.addWidget(self.number)
        row.addWidget(self.copy_number)
        row.addLayout(self._badges)
        row.addWidget(self.about, 1)
        self.action_buttons: dict[str, QPushButton] = {
            "approve": buttons.quiet("Approve…"),
            "reject": buttons.quiet("Reject…"),
            "remind": buttons.quiet("Remind…"),
            "cancel_request": buttons.danger("Cancel request…"),
        }
        for command, button in self.action_buttons.items():
            button.clicked.connect(lambda *_checked, command=command: self.asked.emit(command))
            acts.addWidget(button)
        close = buttons.quiet("", icon="cross")
        close.setFixedWidth(HEAD)
        close.setAccessibleName(tr("Close the details"))
        plain_text.set_tooltip(close, tr("Close the details (Escape)"))
        close.clicked.connect(self.closed)
        self._acts_end = QSpacerItem(0, 0)
        acts.addItem(self._acts_end)
        acts.addWidget(close)
        return both

    def _columns(self) -> QWidget:
        body = QWidget()
        body.setProperty("role", "page")
        body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = self._row = QHBoxLayout(body)
        row.setContentsMargins(MARGIN, 2, MARGIN, 4)
        row.setSpacing(GAP)
        parts = (self._left(), self._middle(), self._right())
        self._rules: list[QFrame] = []
        for place, (part, share) in enumerate(
            zip(parts, (LEFT_STRETCH, MIDDLE_STRETCH, RIGHT_STRETCH), strict=True)
        ):
            part.setMinimumWidth(MIN_COLUMN_WIDTHS[place])
            part.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            if place:
                rule = QFrame()
                rule.setProperty("role", "upright")
                self._rules.append(rule)
                row.addWidget(rule)
            row.addWidget(part, share)
        return body

    def _left(self) -> QWidget:
        part, column = _column(tr("Timeline"))
        self.timeline = Timeline()
        column.addWidget(self.timeline, 1)
        return part

    def _middle(self) -> QWidget:
        part, column = _column(tr("State in both systems"))
        self.here = SystemStateView("shield", "Privilege Manager")
        self.there = SystemStateView("server", "ServiceNow")
        column.addWidget(SystemStates(self.here, self.there))
        line = QHBoxLayout()
        line.setSpacing(8)
        self._shape = IconLabel("notice", 14)
        self.judgement = Label("")
        self.judgement.setWordWrap(True)
        self.judgement.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line.addWidget(self._shape, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.judgement, 1)
        column.addLayout(line)
        self._who_head = Label(tr("Who must act"), role="section")
        column.addSpacing(4)
        column.addWidget(self._who_head)
        line = QHBoxLayout()
        line.setSpacing(10)
        self._who_icon = IconLabel("user", 16)
        self.who = Label("", role="strong")
        self.who.setWordWrap(True)
        # Beside its picture also where the name is written from right to left.
        self.who.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
        self.what = Label("", role="caption")
        self.what.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.who)
        words.addWidget(self.what)
        line.addWidget(self._who_icon)
        line.addLayout(words, 1)
        column.addLayout(line)
        column.addStretch(1)
        return part

    def _right(self) -> QWidget:
        part, column = _column(tr("Answer for the caller"))
        self.quote = CallerAnswer()
        column.addWidget(self.quote)
        self.copy_button = buttons.primary("Copy answer for the caller", icon="copy")
        self.copy_button.clicked.connect(lambda: self.asked.emit("copy_answer"))
        self.open_button = buttons.secondary("Open in ServiceNow", icon="open")
        self.open_button.clicked.connect(lambda: self.asked.emit("open_in_servicenow"))
        for button in (self.copy_button, self.open_button):
            if isinstance(button, buttons.ThemedButton):
                button.set_short(tr("Copy answer") if button is self.copy_button else tr("Open"))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            column.addWidget(button)
        self.fresh = Label("", role="caption")
        self.fresh.setWordWrap(True)
        column.addWidget(self.fresh)
        column.addStretch(1)
        return part

    # -- what is shown -----------------------------------------------------------------------------------------

    @property
    def _approver_widgets(self) -> tuple[QWidget, ...]:
        return self._who_head, self._who_icon, self.who, self.what

    @property
    def answer(self) -> str:
        """Return what to tell the caller."""
        return self.quote.text

    @property
    def link(self) -> str:
        """Return the address of the record, or nothing."""
        return self._link

    def clear(self) -> None:
        """Show nothing of the request before, while another one is read."""
        self._link = ""
        self.set_in_list(True)
        self.number.setText("")
        self.about.setText("")
        self.set_badges([])
        self.timeline.show_lines([], mismatch=False)
        for side in (self.here, self.there):
            side.show_state("todo", "", "")
        self.quote.show_text("")
        for widget in (self.copy_number, self._shape, self.judgement, *self._approver_widgets, self.fresh):
            widget.hide()
        self.set_reasons({})

    def set_badges(self, badges: Sequence[QWidget]) -> None:
        """Show badges behind the number."""
        while (old := self._badges.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for badge in badges:
            self._badges.addWidget(badge)

    def set_reasons(self, reasons: Mapping[str, str]) -> None:
        """Enable each act that has no reason against it; the reasons are said under the head, each once."""
        for command, button in self.action_buttons.items():
            why = reasons.get(command, tr("Nothing is selected"))
            button.setEnabled(not why)
            plain_text.set_tooltip(button, why)
            button.setAccessibleDescription(why)
        told = list(dict.fromkeys(why for why in reasons.values() if why))
        self.reason.setText(" ".join(told))
        self.reason.setVisible(bool(told))

    def set_in_list(self, in_list: bool) -> None:  # noqa: FBT001 - the state that is shown
        """Offer nothing for a request that left the list but a way to find it again."""
        self._in_list = in_list
        self.find_link.setVisible(not in_list)
        self.copy_button.setEnabled(in_list)
        self.open_button.setEnabled(in_list and bool(self._link))

    def show_selection_count(self, text: str, about: str) -> None:
        """Show how many requests are selected, in place of one request's details."""
        self.clear()
        self.number.setText(text)
        self.about.setText(about)
        self._show_instead(None)

    def show_failure(self, name: str, problem: Problem, retry: Callable[[], None]) -> None:
        """Say what kept the details of a request from being read, in their place."""
        self.clear()
        self.number.setText(name)
        self._show_instead(ErrorState(problem, retry))

    def _show_instead(self, widget: QWidget | None) -> None:
        while (old := self._instead.takeAt(0)) is not None:
            if (gone := old.widget()) is not None:
                gone.hide()
                gone.deleteLater()
        if widget is not None:
            self._instead.addWidget(widget)
        self.copy_number.hide()
        self.area.hide()
        self._below.show()

    def show_details(self, details: Any, *, asking: bool, now: datetime) -> None:
        """Show `services.requests.details.model.RequestDetails`; `asking` says that the instance is being asked meanwhile."""
        row = details.row
        self._below.hide()
        self.area.show()
        number = row.number or row.order_number or str(row.approval_id or row.id)
        self.number.setText(number)
        self.number.setAccessibleName(tr("Request {number}", number=number))
        self.copy_number.show()
        plain_text.set_tooltip(self.copy_number, tr("Copy {number}", number=number))
        self.copy_number.setAccessibleName(tr("Copy {number}", number=number))
        self._show_badges(details)
        policy, process = row.policy_name or tr("Request"), row.process_name
        about = tr("{policy}, through {process}", policy=policy, process=process) if process else policy
        self.about.setText(about)
        self.timeline.show_lines(details.timeline, mismatch=bool(details.mismatch))
        self._show_system_states(details, now)
        self._show_decision(details)
        self._show_approvers(details)
        self.quote.show_text(translate(details.answer_for_caller))
        self._link = details.link
        self.open_button.setEnabled(self._in_list and bool(details.link))
        plain_text.set_tooltip(
            self.open_button, "" if details.link else tr("Its record in ServiceNow is not known")
        )
        self._show_freshness(details, asking=asking)

    def _show_badges(self, details: Any) -> None:
        badges: list[QWidget] = []
        if details.mismatch:
            badges.append(Badge(tr("Mismatch"), "notice", "notice"))
        elif RequestState(details.row.state).is_final:
            shape = cell_content.STATE_SHAPES[RequestState(details.row.state)]
            tone = shape if shape in ("good", "bad", "notice") else "off"
            badges.append(Badge(state_label(details.row.state), tone, shape))
        if details.row.rehearsal:
            badges.append(Badge(tr("Rehearsal"), "outline"))
        self.set_badges(badges)

    def _show_system_states(self, details: Any, now: datetime) -> None:
        row = details.row
        shape = cell_content.STATE_SHAPES[RequestState(row.state)]
        if details.here.state.startswith("Not "):
            shape = "todo"
        asked = (
            tr("Last polled {ago}", ago=short_time_ago(details.here.at, now))
            if details.here.at is not None
            else ""
        )
        more = "\n".join(part for part in (translate_message(details.here.detail), asked) if part)
        self.here.show_state(shape, translate(details.here.state), more)
        there = "notice" if details.mismatch else approval_shape(row.servicenow_state)
        self.there.show_state(there, translate(details.there.state), translate(details.there.detail))

    def _show_decision(self, details: Any) -> None:
        text = translate(details.why_stuck or "")
        if details.mismatch:
            sentence = _lower_first(translate(details.sentence) or text)
            text = tr("Mismatch: {sentence}", sentence=sentence)
        self._shape.setVisible(bool(details.mismatch))
        self.judgement.setText(with_break_points(text))
        self.judgement.setVisible(bool(text))

    def _show_approvers(self, details: Any) -> None:
        people = details.who_can_act
        for widget in self._approver_widgets:
            widget.setVisible(bool(people))
        if not people:
            return
        self.who.setText(
            join_names([person.name for person in people if not person.absent] or [tr("Nobody")], most=4)
        )
        order = all(person.on_order for person in people)
        what = details.row.order_number if order and details.row.order_number else details.row.number
        lines = [_subject_text(what, itself=bool(details.mismatch))]
        groups = list(dict.fromkeys(person.via for person in people if person.via))
        if groups:
            lines.append(tr("Asked as {groups}", groups=join_names(groups, AND, most=4)))
        lines += [f"{person.name}: {translate(person.absent)}" for person in people if person.absent]
        self.what.setText("\n".join(lines))

    def _show_freshness(self, details: Any, *, asking: bool) -> None:
        problem: Problem | None = details.problem
        if asking:
            text = tr(FETCHING_TEXT)
        elif problem is not None:
            text = tr("ServiceNow could not be asked: {cause}", cause=translate(problem.cause))
        else:
            text = " ".join(map(translate, details.unseen))
        self.fresh.setText(with_break_points(text))
        self.fresh.setVisible(bool(text))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the parts below each other where they have no room side by side, the answer first."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW_WIDTH
        self._row.setDirection(DIRECTIONS.BottomToTop if narrow else DIRECTIONS.LeftToRight)
        for rule in self._rules:
            rule.setVisible(not narrow)
        self._heads.setDirection(DIRECTIONS.TopToBottom if narrow else DIRECTIONS.LeftToRight)
        policy = QSizePolicy.Policy.Expanding if narrow else QSizePolicy.Policy.Fixed
        self._acts_end.changeSize(0, 0, policy)
        self._heads.invalidate()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Close with Escape."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


def _column(title: str) -> tuple[QWidget, QVBoxLayout]:
    part = QWidget()
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    column.addWidget(ElidedLabel(title, role="section"))
    return part, column


def _subject_text(what: str, *, itself: bool) -> str:
    if not what:
        return tr("Approve it itself, under My Approvals") if itself else tr("Approve it, under My Approvals")
    if itself:
        return tr("Approve {what} itself, under My Approvals", what=what)
    return tr("Approve {what}, under My Approvals", what=what)


def _lower_first(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if first in ("The", "Nobody", "Its", "It", "Another") else text


APPROVAL_SHAPES = {"approved": "good", "rejected": "bad", "cancelled": "off", "requested": "pending"}


def approval_shape(approval: str) -> str:
    """Return the shape for what a record says."""
    return APPROVAL_SHAPES.get(approval, "todo")


def copy_text(text: str) -> None:
    """Put a text on the clipboard."""
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
