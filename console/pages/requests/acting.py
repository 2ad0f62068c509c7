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

from console import lazy_imports, plain
from console.activity import DONE, FAILED, Job
from console.inbox.places import state_word
from console.pages.requests import cells
from console.pages.requests.behalf import Behalf, accounts_of
from console.pages.requests.cells import Outcome
from console.pages.requests.painting import HEAD
from console.pages.requests.rights import is_copy
from console.widgets import buttons
from console.widgets.dialog import Dialog
from console.widgets.editors import TextEditor
from console.widgets.field import Field
from console.widgets.labels import ElidedLabel, Label, upright
from console.widgets.rows import ROW, RowsTable, TableRow
from console.widgets.steady import SteadyArea
from models.translatable import tr_later
from services.errors import ConsoleError
from services.language import number, plural, shown, tr

DECISIONS = ("approve", "reject")
HEADS = (tr_later("Request"), tr_later("User"), tr_later("File"), tr_later("What happens"))
WIDTH, ROWS_SHOWN, WHYS_SHOWN = 720, 7, 3
SUMMARY_LINES = 4
ACTING = "services.requests.acting"


@dataclass(frozen=True, slots=True)
class Act:
    """How an act is told: its verb, alone and with requests, what it makes of them, and what its comment is for."""

    name: str
    verb: str
    many: str
    title: str
    done: str
    going: str
    comment: str
    needed: bool = False
    dangerous: bool = False


ACTS = {
    "approve": Act(
        "approve",
        tr_later("Approve"),
        tr_later("Approve {what}"),
        tr_later("Approve {what}"),
        tr_later("approved"),
        tr_later("Approving {requests}"),
        tr_later("Optional; the caller and the record keep it"),
    ),
    "reject": Act(
        "reject",
        tr_later("Reject"),
        tr_later("Reject {what}"),
        tr_later("Reject {what}"),
        tr_later("rejected"),
        tr_later("Rejecting {requests}"),
        tr_later("The caller reads it: say why, and what to do instead"),
        needed=True,
    ),
    "remind": Act(
        "remind",
        tr_later("Remind"),
        tr_later("Remind {what}"),
        tr_later("Remind the approvers of {what}"),
        tr_later("reminded of"),
        tr_later("Reminding {requests}"),
        tr_later("Optional; those who are asked read it"),
    ),
    "cancel_request": Act(
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


ENDED, NOT_THERE, NOT_OURS = (
    tr_later("Has ended"),
    tr_later("Has not reached ServiceNow yet"),
    tr_later("Privilege Manager raised it itself"),
)
PLURAL = {
    ENDED: tr_later("have ended"),
    NOT_THERE: tr_later("have not reached ServiceNow yet"),
    NOT_OURS: tr_later("Privilege Manager raised itself"),
}
"""Why requests are skipped, of one and of several."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A request of the selection and why it is left out, one of the reasons above; nothing for one that is taken."""

    row: Any
    why: str = ""

    @property
    def skipped(self) -> str:
        """Return in words why it is left out; an empty text for one that is taken."""
        if self.why == ENDED:
            return tr("Has ended: {state}", state=state_word(self.row.state).lower())
        return tr(self.why)


def plan(act: Act, rows: Sequence[Any], *, copies: bool) -> list[Planned]:
    """Return which requests an act takes, and why others are skipped. `copies`: take Privilege Manager's own ones too."""
    return [Planned(row, _skipped(act, row, copies=copies)) for row in rows]


def _skipped(act: Act, row: Any, *, copies: bool) -> str:
    if not cells.is_open(row):
        return ENDED
    if act.name == "cancel_request":
        return NOT_OURS if is_copy(row) and not copies else ""
    return "" if row.record_id or row.external_id else NOT_THERE


def label_of(row: Any) -> str:
    """Return how people call a request."""
    return row.number or row.approval_id or str(row.id)


class ActDialog(Dialog):
    """Lists how many requests are taken, and which are skipped and why; then what became of each."""

    agreed = pyqtSignal()
    """The person goes on."""
    stopped = pyqtSignal()
    """The person wants no more of it done."""

    def __init__(
        self, act: Act, rows: Sequence[Any], parent: QWidget | None = None, behalf: Behalf | None = None
    ) -> None:
        super().__init__(parent)
        self.act, self.rows = act, list(rows)
        self._behalf = behalf or Behalf()
        self.running = self.over = False
        one = len(rows) == 1
        what = label_of(rows[0]) if one else _number(len(rows))
        title = tr(act.title, what=what)
        self.setWindowTitle(plain.title(title))
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
        room = SteadyArea(holder)
        room.setFixedHeight(SUMMARY_LINES * self.summary.fontMetrics().lineSpacing())
        layout.addWidget(room)
        self.comment = TextEditor()
        self.comment.textChanged.connect(lambda _text: self._look())
        self.comment_field = Field("Comment", self.comment, act.comment)
        layout.addWidget(self.comment_field)
        copies = [row for row in rows if is_copy(row) and cells.is_open(row)]
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
        self.table = RowsTable(tr("Requests"), HEADS, (150, 110, 130, 180))
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.setMinimumHeight(HEAD + min(len(rows), ROWS_SHOWN) * ROW + 2)
        if one:
            self.table.setMaximumHeight(self.table.minimumHeight())
        layout.addWidget(self.table, 1)
        layout.addStretch(0)
        layout.addLayout(self._foot())
        self._outcomes: dict[uuid.UUID, Outcome] = {}
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
    def planned(self) -> list[Planned]:
        """Return what is taken and what is skipped now."""
        return plan(self.act, self.rows, copies=self.copies.isChecked())

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
            why = _why_skipped(planned)
            text += plural(skipped, "; {count} is skipped: {why}", "; {count} are skipped: {why}", why=why)
        whose = self._behalf.told(self.act.done, self.taken) if self.act.name in DECISIONS else ""
        self.summary.setText(f"{text}. {whose}".rstrip())
        several = len(self.rows) > 1
        self.go.setText(tr(self.act.many, what=_number(number)) if several else tr(self.act.verb))
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

    def _row(self, one: Planned) -> TableRow:
        row, outcome, tip = one.row, self._outcomes.get(one.row.id), ""
        if outcome is not None:
            shape, text = ("good" if outcome.ok else "bad"), _without(outcome.text, label_of(row))
            tip = "\n".join(part for part in (outcome.text, outcome.why) if part)
        elif one.skipped:
            shape, text = "off", tr("Skipped: {why}", why=_lower(one.skipped))
        elif self.running:
            shape, text = "running", tr("Waits its turn")
        elif self.over:
            shape, text = "off", tr("Not begun")
        else:
            shape, text = "todo", self._to_come(row)
            tip = text
        texts = (label_of(row), row.user, upright(cells.file_name(row.file_path)), text)
        return TableRow(shape, texts, str(row.id), ("", "", str(row.file_path), tip))

    def show_behalf(self, behalf: Behalf) -> None:
        """Say on whose behalf is acted and with which accounts, once that is known."""
        self._behalf = behalf
        self._look()
        layout = self.layout()
        if layout is not None:
            # A sentence of two lines takes no room from what stands below it.
            layout.activate()
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def _to_come(self, row: Any) -> str:
        if self.act.name == "remind":
            return tr("Gets a reminder")
        whose = self._behalf.of(row) if self.act.name in DECISIONS and len(self.rows) > 1 else ""
        done = tr(self.act.done)
        return (
            tr("Will be {done} {whose}", done=done, whose=whose) if whose else tr("Will be {done}", done=done)
        )

    def _go(self) -> None:
        if not self.running and not self.over:
            self.agreed.emit()

    # -- while it runs -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Show that it runs; the dialog may be closed meanwhile, the strip goes on showing it."""
        self.running = True
        for widget in (self.comment_field, self.copies, self.go):
            widget.setEnabled(False)
        self._call_out(tr("Stop"))
        self.message.setText("")
        self._show_rows()

    def tell(self, key: uuid.UUID, outcome: Outcome) -> None:
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
        self.summary.setText("\n".join((text, *whys[:WHYS_SHOWN])))
        self.message.setText("")
        self.go.hide()
        self._call_out(tr("Close"))
        self.out.setDefault(True)
        self.out.setFocus()
        self._show_rows()

    def _call_out(self, text: str) -> None:
        self.out.setText(text)
        self.out.setAccessibleName(text)

    def reject(self) -> None:
        """Close; while it runs, stop it instead."""
        if self.running:
            self.message.setText(tr("Stopping: what is under way is read back"))
            self.stopped.emit()
        else:
            super().reject()


def _number(count: int) -> str:
    return plural(count, "{count} request", "{count} requests")


class Acting:
    """Runs acts for a page: as a job in the strip, with the outcome of each request as it comes."""

    def __init__(self, page: Any, finished: Callable[[dict[uuid.UUID, Outcome]], None]) -> None:
        self._page = page
        self._finished = finished
        self.dialog: ActDialog | None = None
        self.running = 0

    def open(self, name: str, rows: Sequence[Any]) -> ActDialog:
        """Open the dialog of an act over these requests."""
        shown = self._page.selected.people_of(rows)
        dialog = self.dialog = ActDialog(ACTS[name], rows, self._page.window(), Behalf(people=shown))
        self._page.workers.start(self._read_behalf(dialog, shown), group="behalf")
        dialog.agreed.connect(lambda: self._start(dialog))
        dialog.finished.connect(lambda _result: self._give_back())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    async def _read_behalf(self, dialog: ActDialog, shown: dict[uuid.UUID, Any]) -> None:
        """Read with which accounts is acted; the dialog is there meanwhile."""
        ctx = self._page.ctx
        workspace = await ctx.ready()
        accounts = await ctx.call(accounts_of, workspace.configuration)
        if not sip.isdeleted(dialog):
            dialog.show_behalf(Behalf(workspace.store.actor, accounts, shown))

    def _give_back(self) -> None:
        """Put the keyboard where a person goes on; the button it came from may be off by now."""
        page = self._page
        place = page.table if page.table.isVisible() else page.bar.field
        place.setFocus(Qt.FocusReason.OtherFocusReason)

    def _start(self, dialog: ActDialog) -> None:
        taken, act = dialog.taken, dialog.act
        running: list[asyncio.Task[Any]] = []
        job: Job = self._page.ctx.activity.begin(
            tr(act.going, requests=_number(len(taken))), lambda: [task.cancel() for task in running]
        )
        dialog.begin()
        running.append(self._page.workers.start(self._run(dialog, act, taken, job)))
        dialog.stopped.connect(job.cancel)

    async def _run(self, dialog: ActDialog, act: Act, taken: list[Any], job: Job) -> None:
        outcomes: dict[uuid.UUID, Outcome] = {}
        copies, comment = dialog.copies.isChecked(), dialog.comment.text().strip()

        def told(one: Any) -> None:
            outcomes[one.id] = Outcome(one.ok, sentence_of(one), why_of(one))
            job.progress(f"{one.label}: {sentence_of(one)}", len(outcomes), len(taken))
            if not sip.isdeleted(dialog):
                dialog.tell(one.id, outcomes[one.id])

        self.running += 1
        job.progress("", 0, len(taken))
        failure = ""
        try:
            await lazy_imports.ready(self._page.ctx, lazy_imports.requests)
            from services.requests import acting

            workspace = await self._page.ctx.ready()
            await _do(acting, workspace, act, [row.id for row in taken], comment, copies=copies, told=told)
        except ConsoleError as error:
            failure = shown(error.problem.cause)
            self._page.ctx.show_problem(error.problem)
        finally:
            self.running -= 1
            text = summary_of(act, outcomes, len(taken), failure)
            one = next(iter(outcomes.values())) if len(taken) == len(outcomes) == 1 and not failure else None
            good = not failure and all(one.ok for one in outcomes.values()) and len(outcomes) == len(taken)
            if one is not None:
                job.name = one.text  # a sentence that says all; what was begun goes without saying
            job.end(one.text if one is not None else text, DONE if good else FAILED)
            if not sip.isdeleted(dialog):
                dialog.end(f"{text}.")
            if not sip.isdeleted(self._page):
                self._finished(outcomes)


def _do(
    acting: Any,
    workspace: Any,
    act: Act,
    ids: list[uuid.UUID],
    comment: str,
    *,
    copies: bool,
    told: Callable[[Any], None],
) -> Awaitable[Any]:
    if act.name == "remind":
        found: Awaitable[Any] = acting.remind(workspace, ids, comment, told=told)
    elif act.name == "cancel_request":
        found = acting.cancel(workspace, ids, comment, confirmed=copies, told=told)
    else:
        found = acting.decide(workspace, ids, act.name, comment, told=told)
    return found


def sentence_of(outcome: Any) -> str:
    """Return what became of a request in a sentence."""
    if outcome.ok:
        text = shown(outcome.seen)
        return f"{text} {shown(outcome.problem.cause)}" if outcome.problem is not None else text
    problem = outcome.problem
    return problem.evidence or shown(problem.cause) if problem is not None else tr("Not done")


def why_of(outcome: Any) -> str:
    """Return why something was not done and what to do about it."""
    problem = outcome.problem
    return "" if outcome.ok or problem is None else f"{shown(problem.cause)} {shown(problem.remedy)}".strip()


def _why_skipped(planned: Sequence[Planned]) -> str:
    """Return how many are skipped for which reason; that some ended differently is no reason of its own."""
    whys = Counter(one.why for one in planned if one.why)
    words = [_lower(tr(why)) if count == 1 else tr(PLURAL[why]) for why, count in whys.items()]
    if len(words) == 1:
        return words[0]
    return ", ".join(f"{number(count)} {word}" for count, word in zip(whys.values(), words, strict=True))


def _lower(text: str) -> str:
    """Return a text as it goes on in a sentence; a name keeps its letter."""
    return text if text.startswith("Privilege Manager") else text[:1].lower() + text[1:]


def _without(text: str, label: str) -> str:
    """Return a sentence without the name it begins with, which stands in the same row already."""
    rest = text.removeprefix(f"{label} ")
    return rest[:1].upper() + rest[1:]


def summary_of(act: Act, outcomes: dict[uuid.UUID, Outcome], taken: int, failure: str) -> str:
    """Return how an act ended, for the strip and the dialog."""
    done = sum(one.ok for one in outcomes.values())
    failed, left = len(outcomes) - done, taken - len(outcomes)
    parts = [tr("{requests} {done}", requests=_number(done), done=tr(act.done))]
    if failed:
        parts.append(tr("{count} not {done}", count=failed, done=tr(act.done)))
    if left:
        parts.append(plural(left, "{count} not started", "{count} not started"))
    return ", ".join(parts) + (f": {failure}" if failure else "")
