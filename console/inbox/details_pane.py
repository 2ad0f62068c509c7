"""The details of the selected request: timeline, state in both systems, who must act, answer for the caller."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent
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

from console.inbox.cell_content import STATE_SHAPES
from console.inbox.details_parts import (
    DIRECTIONS,
    CallerAnswer,
    SubjectLabel,
    SystemStates,
    SystemStateView,
)
from console.inbox.request_timeline import Timeline, translate_message
from console.navigation.request_places import state_label
from console.widgets import buttons, plain_text
from console.widgets.badge import Badge
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel, with_break_points
from console.widgets.placeholders import ErrorState
from models.kinds import RequestOrigin, RequestState
from models.translation_marks import tr_later
from services.common.errors import Problem
from services.language import AND, join_names, short_time_ago, tr, translate

if TYPE_CHECKING:
    from services.requests.details.model import RequestDetails

MARGIN, GAP, HEADER_HEIGHT = 24, 16, 28
LEFT_STRETCH, MIDDLE_STRETCH, RIGHT_STRETCH = 300, 322, 334
MIN_COLUMN_WIDTHS = (168, 190, 190)
NARROW_WIDTH = 680
"""Stretch and minimum width of the columns, and the width of the pane below which they are stacked."""
FETCHING_TEXT = tr_later("Reading what ServiceNow says now")


class DetailsPane(QWidget):
    """One request, or how many are selected. Buttons request commands of the page, as menus do."""

    command_requested = pyqtSignal(str)
    """Carries the id of a command of the page."""
    closed = pyqtSignal()
    find_requested = pyqtSignal()
    """The user wants to see the shown request in a list that has it."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Details of the request"))
        self.setMinimumHeight(HEADER_HEIGHT + 110)
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
        body = QWidget(self.area.viewport())
        body.setProperty("role", "page")
        body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.area.setWidget(
            body
        )  # empty, as Qt would compute the size of everything, which changes once it is shown
        self._columns(body)
        layout.addWidget(self.area, 1)
        self._below = QWidget()
        """Replaces the details: empty while several requests are selected, or with a failure."""
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
        self.copy_number.setFixedWidth(HEADER_HEIGHT)
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
            button.clicked.connect(lambda *_checked, command=command: self.command_requested.emit(command))
            acts.addWidget(button)
        close = buttons.quiet("", icon="cross")
        close.setFixedWidth(HEADER_HEIGHT)
        close.setAccessibleName(tr("Close the details"))
        plain_text.set_tooltip(close, tr("Close the details (Escape)"))
        close.clicked.connect(self.closed)
        self._acts_end = QSpacerItem(0, 0)
        acts.addItem(self._acts_end)
        acts.addWidget(close)
        return both

    def _columns(self, body: QWidget) -> None:
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
        # Beside its icon also for names that are written from right to left.
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
        self.copy_button.clicked.connect(lambda: self.command_requested.emit("copy_answer"))
        self.open_button = buttons.secondary("Open in ServiceNow", icon="open")
        self.open_button.clicked.connect(lambda: self.command_requested.emit("open_in_servicenow"))
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
        """The answer for the caller that is shown."""
        return self.quote.text

    @property
    def link(self) -> str:
        """The address of the record, an empty text if it is not known."""
        return self._link

    def clear(self) -> None:
        """Show nothing while another request is read."""
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
        """Enable the actions without a reason against them; the reasons are shown below the header, each once."""
        for command, button in self.action_buttons.items():
            why = reasons.get(command, tr("Nothing is selected"))
            button.setEnabled(not why)
            plain_text.set_tooltip(button, why)
            button.setAccessibleDescription(why)
        shown = list(dict.fromkeys(why for why in reasons.values() if why))
        self.reason.setText(" ".join(shown))
        self.reason.setVisible(bool(shown))

    def set_in_list(self, in_list: bool) -> None:  # noqa: FBT001 - the state that is shown
        """For a request that left the list, offer only to find it again."""
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
        """Show in place of the details why they could not be read."""
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

    def show_details(self, details: "RequestDetails", *, fetching: bool, now: datetime) -> None:
        """Show the details of a request; `fetching` says that its instance is being asked meanwhile."""
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
        self._show_freshness(details, fetching=fetching)

    def _show_badges(self, details: "RequestDetails") -> None:
        badges: list[QWidget] = []
        if details.mismatch:
            badges.append(Badge(tr("Mismatch"), "notice", "notice"))
        elif RequestState(details.row.state).is_final:
            shape = STATE_SHAPES[RequestState(details.row.state)]
            tone = shape if shape in ("good", "bad", "notice") else "off"
            badges.append(Badge(state_label(details.row.state), tone, shape))
        if details.row.rehearsal:
            badges.append(Badge(tr("Rehearsal"), "outline"))
        self.set_badges(badges)

    def _show_system_states(self, details: "RequestDetails", now: datetime) -> None:
        row = details.row
        shape = STATE_SHAPES[RequestState(row.state)]
        if row.origin == RequestOrigin.SERVICENOW:  # its state in Privilege Manager is not known
            shape = "todo"
        polled = (
            tr("Last polled {ago}", ago=short_time_ago(details.here.at, now))
            if details.here.at is not None
            else ""
        )
        more = "\n".join(part for part in (translate_message(details.here.detail), polled) if part)
        self.here.show_state(shape, translate(details.here.state), more)
        there = "notice" if details.mismatch else approval_shape(row.servicenow_state)
        self.there.show_state(there, translate(details.there.state), translate(details.there.detail))

    def _show_decision(self, details: "RequestDetails") -> None:
        text = translate(details.why_stuck or "")
        if details.mismatch:
            sentence = _lower_first(translate(details.sentence) or text)
            text = tr("Mismatch: {sentence}", sentence=sentence)
        self._shape.setVisible(bool(details.mismatch))
        self.judgement.setText(with_break_points(text))
        self.judgement.setVisible(bool(text))

    def _show_approvers(self, details: "RequestDetails") -> None:
        people = details.who_can_act
        for widget in self._approver_widgets:
            widget.setVisible(bool(people))
        if not people:
            return
        self.who.setText(
            join_names([person.name for person in people if not person.absent] or [tr("Nobody")], most=4)
        )
        order = all(person.is_for_order for person in people)
        what = details.row.order_number if order and details.row.order_number else details.row.number
        lines = [_subject_text(what, itself=bool(details.mismatch))]
        groups = list(dict.fromkeys(person.via for person in people if person.via))
        if groups:
            lines.append(tr("Asked as {groups}", groups=join_names(groups, AND, most=4)))
        lines += [f"{person.name}: {translate(person.absent)}" for person in people if person.absent]
        self.what.setText("\n".join(lines))

    def _show_freshness(self, details: "RequestDetails", *, fetching: bool) -> None:
        problem = details.problem
        if fetching:
            text = tr(FETCHING_TEXT)
        elif problem is not None:
            text = tr("ServiceNow could not be asked: {cause}", cause=translate(problem.cause))
        else:
            text = " ".join(map(translate, details.unseen))
        self.fresh.setText(with_break_points(text))
        self.fresh.setVisible(bool(text))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Stack the columns if they have no room side by side, the answer first."""
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
    """Return the shape for the approval state of a record."""
    return APPROVAL_SHAPES.get(approval, "todo")


def copy_text(text: str) -> None:
    """Copy a text to the clipboard."""
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
