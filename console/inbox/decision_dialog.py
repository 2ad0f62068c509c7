"""Approve, reject, remind and cancel from the inbox: what will be done, to which, and what became of each."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PyQt6 import sip
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from console.inbox import cell_content
from console.inbox.action_availability import is_raised_by_privilege_manager
from console.inbox.cell_content import RowOutcome
from console.inbox.cell_painting import HEADER_HEIGHT
from console.inbox.deciding_account import DecisionAttribution, accounts_by_server
from console.navigation.request_places import state_label
from console.runtime import lazy_imports
from console.runtime.activity import DONE, FAILED, Job
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.field import Field
from console.widgets.fixed_size_area import FixedSizeScrollArea
from console.widgets.labels import ElidedLabel, Label, replace_bidi_controls
from console.widgets.line_editors import TextLineEdit
from console.widgets.rows_table import ROW, RowsTable, TableRow
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import number, plural, tr, translate

DECISIONS = ("approve", "reject")
HEADERS = (tr_later("Request"), tr_later("User"), tr_later("File"), tr_later("What happens"))
WIDTH, MAX_ROWS_SHOWN, MAX_REASONS_SHOWN = 720, 7, 3
SUMMARY_LINES = 4


@dataclass(frozen=True, slots=True)
class ActionDescription:
    """How an act is told: its verb, alone and with requests, what it makes of them, and what its comment is for."""

    name: str
    verb: str
    many: str
    title: str
    done: str
    progress_text: str
    comment: str
    needed: bool = False
    dangerous: bool = False


ACTION_DESCRIPTIONS = {
    "approve": ActionDescription(
        "approve",
        tr_later("Approve"),
        tr_later("Approve {what}"),
        tr_later("Approve {what}"),
        tr_later("approved"),
        tr_later("Approving {requests}"),
        tr_later("Optional; the caller and the record keep it"),
    ),
    "reject": ActionDescription(
        "reject",
        tr_later("Reject"),
        tr_later("Reject {what}"),
        tr_later("Reject {what}"),
        tr_later("rejected"),
        tr_later("Rejecting {requests}"),
        tr_later("The caller reads it: say why, and what to do instead"),
        needed=True,
    ),
    "remind": ActionDescription(
        "remind",
        tr_later("Remind"),
        tr_later("Remind {what}"),
        tr_later("Remind the approvers of {what}"),
        tr_later("reminded of"),
        tr_later("Reminding {requests}"),
        tr_later("Optional; those who are asked read it"),
    ),
    "cancel_request": ActionDescription(
        "cancel_request",
        tr_later("Cancel"),
        tr_later("Cancel {what}"),
        tr_later("Cancel {what}"),
        tr_later("cancelled"),
        tr_later("Cancelling {requests}"),
        tr_later("The record keeps it: say why it is cancelled"),
        needed=True,
        dangerous=True,
    ),
}


ENDED, NOT_SUBMITTED, RAISED_BY_PRIVILEGE_MANAGER = (
    tr_later("Has ended"),
    tr_later("Has not reached ServiceNow yet"),
    tr_later("Privilege Manager raised it itself"),
)
PLURAL_REASONS = {
    ENDED: tr_later("have ended"),
    NOT_SUBMITTED: tr_later("have not reached ServiceNow yet"),
    RAISED_BY_PRIVILEGE_MANAGER: tr_later("Privilege Manager raised itself"),
}
"""Why requests are skipped, of one and of several."""


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A request of the selection and why it is left out, one of the reasons above; nothing for one that is taken."""

    row: Any
    why: str = ""

    @property
    def skipped(self) -> str:
        """Return in words why it is left out; an empty text for one that is taken."""
        if self.why == ENDED:
            return tr("Has ended: {state}", state=state_label(self.row.state).lower())
        return tr(self.why)


def plan_rows(act: ActionDescription, rows: Sequence[Any], *, copies: bool) -> list[PlannedRow]:
    """Return which requests an act takes, and why others are skipped. `copies`: take Privilege Manager's own ones too."""
    return [PlannedRow(row, _skip_reason(act, row, copies=copies)) for row in rows]


def _skip_reason(act: ActionDescription, row: Any, *, copies: bool) -> str:
    if not cell_content.is_open(row):
        return ENDED
    if act.name == "cancel_request":
        return RAISED_BY_PRIVILEGE_MANAGER if is_raised_by_privilege_manager(row) and not copies else ""
    return "" if row.record_id or row.external_id else NOT_SUBMITTED


def request_label(row: Any) -> str:
    """Return how people call a request."""
    return row.number or row.approval_id or str(row.id)


class ActionDialog(Dialog):
    """Lists how many requests are taken, and which are skipped and why; then what became of each."""

    confirm_requested = pyqtSignal()
    """The person goes on."""
    stopped = pyqtSignal()
    """The person wants no more of it done."""

    def __init__(
        self,
        act: ActionDescription,
        rows: Sequence[Any],
        parent: QWidget | None = None,
        behalf: DecisionAttribution | None = None,
    ) -> None:
        super().__init__(parent)
        self.act, self.rows = act, list(rows)
        self._attribution = behalf or DecisionAttribution()
        self.running = self.over = False
        one = len(rows) == 1
        what = request_label(rows[0]) if one else _count_text(len(rows))
        title = tr(act.title, what=what)
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(title, role="section"))
        self.summary = Label("")
        self.summary.setWordWrap(True)
        self.summary.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        # Its room is kept: what is said at the end is longer, and is scrolled to.
        holder = QWidget()
        inner = QVBoxLayout(holder)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.summary)
        inner.addStretch(1)
        room = FixedSizeScrollArea(holder)
        room.setFixedHeight(SUMMARY_LINES * self.summary.fontMetrics().lineSpacing())
        layout.addWidget(room)
        self.comment = TextLineEdit()
        self.comment.textChanged.connect(lambda _text: self._look())
        self.comment_field = Field("Comment", self.comment, act.comment)
        layout.addWidget(self.comment_field)
        copies = [row for row in rows if is_raised_by_privilege_manager(row) and cell_content.is_open(row)]
        self.copies = QCheckBox(
            plural(
                len(copies),
                "Also cancel {count} request raised by Privilege Manager",
                "Also cancel {count} requests raised by Privilege Manager",
            )
        )
        self.copies.setVisible(act.name == "cancel_request" and bool(copies))
        self.copies.toggled.connect(lambda _on: self._look())
        layout.addWidget(self.copies)
        self.table = RowsTable(tr("Requests"), HEADERS, (150, 110, 130, 180))
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.setMinimumHeight(HEADER_HEIGHT + min(len(rows), MAX_ROWS_SHOWN) * ROW + 2)
        if one:
            self.table.setMaximumHeight(self.table.minimumHeight())
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        layout.addLayout(self._foot())
        self._outcomes: dict[uuid.UUID, RowOutcome] = {}
        self._look()
        self.comment.setFocus()

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.go = buttons.danger("") if self.act.dangerous else buttons.primary("")
        # Enter in the comment goes on; to cancel takes a step of its own.
        self.go.setDefault(not self.act.dangerous)
        self.go.clicked.connect(self._go)
        self.message = ElidedLabel("", role="caption")
        self.out = buttons.secondary("Cancel")
        self.out.clicked.connect(self.reject)
        foot.addWidget(self.go)
        foot.addWidget(self.message, 1)
        foot.addWidget(self.out)
        return foot

    # -- before ------------------------------------------------------------------------------------------------

    @property
    def planned(self) -> list[PlannedRow]:
        """Return what is taken and what is skipped now."""
        return plan_rows(self.act, self.rows, copies=self.copies.isChecked())

    @property
    def taken(self) -> list[Any]:
        """Return the requests that are taken."""
        return [one.row for one in self.planned if not one.skipped]

    def _look(self) -> None:
        """Say what will be done with what is typed and ticked now."""
        if self.running or self.over:
            return
        planned, number = self.planned, len(self.taken)
        skipped = len(planned) - number
        text = plural(
            number,
            "{count} request will be {done}",
            "{count} requests will be {done}",
            done=tr(self.act.done),
        )
        if self.act.name == "remind":
            text = plural(
                number,
                "A comment is added for the approvers of {count} request, and ServiceNow notifies them",
                "A comment is added for the approvers of {count} requests, and ServiceNow notifies them",
            )
        if skipped:
            why = _skip_summary(planned)
            text += plural(skipped, "; {count} is skipped: {why}", "; {count} are skipped: {why}", why=why)
        whose = self._attribution.told(self.act.done, self.taken) if self.act.name in DECISIONS else ""
        self.summary.setText(f"{text}. {whose}".rstrip())
        several = len(self.rows) > 1
        self.go.setText(tr(self.act.many, what=_count_text(number)) if several else tr(self.act.verb))
        if self.act.dangerous:
            self.go.setText(
                plural(number, "Cancel {count} request", "Cancel {count} requests")
                if several
                else tr("Cancel the request")
            )
        self.go.setAccessibleName(self.go.text())
        why_not = ""
        if not number:
            why_not = tr("None of these can be {done}", done=tr(self.act.done))
        elif self.act.needed and not self.comment.text().strip():
            why_not = tr("A comment is needed")
        self.go.setEnabled(not why_not)
        self.message.setText(why_not)
        self._show_rows()

    def _show_rows(self) -> None:
        self.table.show_rows([self._row(one) for one in self.planned])

    def _row(self, one: PlannedRow) -> TableRow:
        row, outcome, tip = one.row, self._outcomes.get(one.row.id), ""
        if outcome is not None:
            shape, text = ("good" if outcome.ok else "bad"), _strip_label(outcome.text, request_label(row))
            tip = "\n".join(part for part in (outcome.text, outcome.why) if part)
        elif one.skipped:
            shape, text = "off", tr("Skipped: {why}", why=_lower_first(one.skipped))
        elif self.running:
            shape, text = "running", tr("Waits its turn")
        elif self.over:
            shape, text = "off", tr("Not begun")
        else:
            shape, text = "todo", self._planned_text(row)
            tip = text
        texts = (
            request_label(row),
            row.user,
            replace_bidi_controls(cell_content.file_name(row.file_path)),
            text,
        )
        return TableRow(shape, texts, str(row.id), ("", "", str(row.file_path), tip))

    def show_attribution(self, behalf: DecisionAttribution) -> None:
        """Say on whose behalf is acted and with which accounts, once that is known."""
        self._attribution = behalf
        self._look()
        layout = self.layout()
        if layout is not None:
            # A sentence of two lines takes no room from what stands below it.
            layout.activate()
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def _planned_text(self, row: Any) -> str:
        if self.act.name == "remind":
            return tr("Gets a reminder")
        whose = self._attribution.of(row) if self.act.name in DECISIONS and len(self.rows) > 1 else ""
        done = tr(self.act.done)
        return (
            tr("Will be {done} {whose}", done=done, whose=whose) if whose else tr("Will be {done}", done=done)
        )

    def _go(self) -> None:
        if not self.running and not self.over:
            self.confirm_requested.emit()

    # -- while it runs -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show that it runs; the dialog may be closed meanwhile, the strip goes on showing it."""
        self.running = True
        for widget in (self.comment_field, self.copies, self.go):
            widget.setEnabled(False)
        self._set_close_text(tr("Stop"))
        self.message.setText("")
        self._show_rows()

    def tell(self, key: uuid.UUID, outcome: RowOutcome) -> None:
        """Show what became of a request."""
        self._outcomes[key] = outcome
        self.message.setText(tr("{done} of {count}", done=len(self._outcomes), count=len(self.taken)))
        self._show_rows()

    def end(self, text: str) -> None:
        """Show that it is over."""
        self.running, self.over = False, True
        whys = list(dict.fromkeys(one.why for one in self._outcomes.values() if one.why))
        if len(self.rows) == 1:
            whys[:0] = [one.text for one in self._outcomes.values()]
        self.summary.setText("\n".join((text, *whys[:MAX_REASONS_SHOWN])))
        self.message.setText("")
        self.go.hide()
        self._set_close_text(tr("Close"))
        self.out.setDefault(True)
        self.out.setFocus()
        self._show_rows()

    def _set_close_text(self, text: str) -> None:
        self.out.setText(text)
        self.out.setAccessibleName(text)

    def reject(self) -> None:
        """Close; while it runs, stop it instead."""
        if self.running:
            self.message.setText(tr("Stopping: what is under way is read back"))
            self.stopped.emit()
        else:
            super().reject()


def _count_text(count: int) -> str:
    return plural(count, "{count} request", "{count} requests")


class ActionController:
    """Runs acts for a page: as a job in the strip, with the outcome of each request as it comes."""

    def __init__(self, page: Any, finished: Callable[[dict[uuid.UUID, RowOutcome]], None]) -> None:
        self._page = page
        self._finished = finished
        self.dialog: ActionDialog | None = None
        self.running = 0

    def open(self, name: str, rows: Sequence[Any]) -> ActionDialog:
        """Open the dialog of an act over these requests."""
        shown = self._page.selected.known_approvers(rows)
        dialog = self.dialog = ActionDialog(
            ACTION_DESCRIPTIONS[name], rows, self._page.window(), DecisionAttribution(people=shown)
        )
        self._page.workers.start(self._read_attribution(dialog, shown), group="behalf")
        dialog.confirm_requested.connect(lambda: self._start(dialog))
        dialog.finished.connect(lambda _result: self._give_back())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    async def _read_attribution(self, dialog: ActionDialog, shown: dict[uuid.UUID, Any]) -> None:
        """Read with which accounts is acted; the dialog is there meanwhile."""
        ctx = self._page.ctx
        workspace = await ctx.ready()
        accounts = await ctx.call(accounts_by_server, workspace.configuration)
        if not sip.isdeleted(dialog):
            dialog.show_attribution(DecisionAttribution(workspace.store.actor, accounts, shown))

    def _give_back(self) -> None:
        """Put the keyboard where a person goes on; the button it came from may be off by now."""
        page = self._page
        place = page.table if page.table.isVisible() else page.bar.field
        place.setFocus(Qt.FocusReason.OtherFocusReason)

    def _start(self, dialog: ActionDialog) -> None:
        taken, act = dialog.taken, dialog.act
        running: list[asyncio.Task[Any]] = []
        job: Job = self._page.ctx.activity.begin(
            tr(act.progress_text, requests=_count_text(len(taken))),
            lambda: [task.cancel() for task in running],
        )
        dialog.begin()
        running.append(self._page.workers.start(self._run(dialog, act, taken, job)))
        dialog.stopped.connect(job.cancel)

    async def _run(self, dialog: ActionDialog, act: ActionDescription, taken: list[Any], job: Job) -> None:
        outcomes: dict[uuid.UUID, RowOutcome] = {}
        copies, comment = dialog.copies.isChecked(), dialog.comment.text().strip()

        def told(one: Any) -> None:
            outcomes[one.id] = RowOutcome(one.ok, outcome_text(one), outcome_reason(one))
            job.progress(f"{one.label}: {outcome_text(one)}", len(outcomes), len(taken))
            if not sip.isdeleted(dialog):
                dialog.tell(one.id, outcomes[one.id])

        self.running += 1
        job.progress("", 0, len(taken))
        failure = ""
        try:
            await lazy_imports.ready(self._page.ctx, lazy_imports.requests)
            workspace = await self._page.ctx.ready()
            await _execute_action(
                workspace, act, [row.id for row in taken], comment, copies=copies, told=told
            )
        except ConsoleError as error:
            failure = translate(error.problem.cause)
            self._page.ctx.show_problem(error.problem)
        finally:
            self.running -= 1
            text = outcome_summary(act, outcomes, len(taken), failure)
            one = next(iter(outcomes.values())) if len(taken) == len(outcomes) == 1 and not failure else None
            good = not failure and all(one.ok for one in outcomes.values()) and len(outcomes) == len(taken)
            if one is not None:
                job.name = one.text  # a sentence that says all; what was begun goes without saying
            job.end(one.text if one is not None else text, DONE if good else FAILED)
            if not sip.isdeleted(dialog):
                dialog.end(f"{text}.")
            if not sip.isdeleted(self._page):
                self._finished(outcomes)


def _execute_action(
    workspace: Any,
    act: ActionDescription,
    ids: list[uuid.UUID],
    comment: str,
    *,
    copies: bool,
    told: Callable[[Any], None],
) -> Awaitable[Any]:
    from services.requests.decisions.cancel import cancel_requests
    from services.requests.decisions.decide import decide_requests
    from services.requests.decisions.remind import remind_approvers

    if act.name == "remind":
        return remind_approvers(workspace, ids, comment, told=told)
    if act.name == "cancel_request":
        return cancel_requests(workspace, ids, comment, confirmed=copies, told=told)
    return decide_requests(
        workspace, ids, "approve" if act.name == "approve" else "reject", comment, told=told
    )


def outcome_text(outcome: Any) -> str:
    """Return what became of a request in a sentence."""
    if outcome.ok:
        text = translate(outcome.seen)
        return f"{text} {translate(outcome.problem.cause)}" if outcome.problem is not None else text
    problem = outcome.problem
    return problem.evidence or translate(problem.cause) if problem is not None else tr("Not done")


def outcome_reason(outcome: Any) -> str:
    """Return why something was not done and what to do about it."""
    problem = outcome.problem
    return (
        ""
        if outcome.ok or problem is None
        else f"{translate(problem.cause)} {translate(problem.remedy)}".strip()
    )


def _skip_summary(planned: Sequence[PlannedRow]) -> str:
    """Return how many are skipped for which reason; that some ended differently is no reason of its own."""
    whys = Counter(one.why for one in planned if one.why)
    words = [_lower_first(tr(why)) if count == 1 else tr(PLURAL_REASONS[why]) for why, count in whys.items()]
    if len(words) == 1:
        return words[0]
    return ", ".join(f"{number(count)} {word}" for count, word in zip(whys.values(), words, strict=True))


def _lower_first(text: str) -> str:
    """Return a text as it goes on in a sentence; a name keeps its letter."""
    return text if text.startswith("Privilege Manager") else text[:1].lower() + text[1:]


def _strip_label(text: str, label: str) -> str:
    """Return a sentence without the name it begins with, which stands in the same row already."""
    rest = text.removeprefix(f"{label} ")
    return rest[:1].upper() + rest[1:]


def outcome_summary(
    act: ActionDescription, outcomes: dict[uuid.UUID, RowOutcome], taken: int, failure: str
) -> str:
    """Return how an act ended, for the strip and the dialog."""
    done = sum(one.ok for one in outcomes.values())
    failed, left = len(outcomes) - done, taken - len(outcomes)
    parts = [tr("{requests} {done}", requests=_count_text(done), done=tr(act.done))]
    if failed:
        parts.append(tr("{count} not {done}", count=failed, done=tr(act.done)))
    if left:
        parts.append(plural(left, "{count} not started", "{count} not started"))
    return ", ".join(parts) + (f": {failure}" if failure else "")
