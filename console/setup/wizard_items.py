"""What the instance lacks, in the set-up wizard: the plan in a few lines, who carries it out, and what was created."""

import uuid
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.provisioning.operations import Administrator, PlanResult
from console.provisioning.run_dialog import SignInFields
from console.runtime import lazy_imports
from console.widgets.labels import CopyLabel, IconLabel, Label
from models.translation_marks import plural_later
from services.language import plural, tr, translate

TABLE_LABELS = (
    ("sc_category", *plural_later("{count} category", "{count} categories")),
    ("sc_cat_item", *plural_later("{count} catalog item", "{count} catalog items")),
    ("item_option_new", *plural_later("{count} variable", "{count} variables")),
    ("sys_web_service", *plural_later("{count} scripted service", "{count} scripted services")),
    ("sys_web_service_input", *plural_later("{count} input", "{count} inputs")),
    ("sys_web_service_output", *plural_later("{count} output", "{count} outputs")),
)
"""Tables of a plan with what one and several of their records are called."""


def record_counts_text(changes: Any) -> str:
    """Return how many records of which kind changes are about."""
    counts = [(sum(1 for c in changes if c.table == table), one, many) for table, one, many in TABLE_LABELS]
    return ", ".join(plural(count, one, many) for count, one, many in counts if count)


def provisional_server_id(base_url: str) -> uuid.UUID:
    """Return the id under which runs on an address are written down before there is a server for it.

    The same address gives the same id, so that a run of a wizard that was closed is found by the next one.
    """
    return uuid.uuid5(uuid.NAMESPACE_URL, base_url)


@dataclass(frozen=True, slots=True)
class PartialRun:
    """What a run that did not end has written on an instance so far, by its receipt."""

    done: tuple[Any, ...] = ()
    """The steps that happened."""
    doubtful: tuple[Any, ...] = ()
    """The steps of which it is not known whether they happened: their call was not answered."""
    earlier: bool = False
    """Whether an earlier run has written something that is still there, as far as is known here."""
    known: bool = True
    """Whether the receipts could be read."""

    @property
    def anything(self) -> bool:
        """Whether something was written, or may have been."""
        return bool(self.done or self.doubtful or not self.known)

    @property
    def text(self) -> str:
        """Return the sentence about it."""
        if not self.known:
            return tr("It could not be read how many records were written in ServiceNow.")
        if not self.anything:
            return "" if self.earlier else tr("Nothing was changed on the instance.")
        said = []
        if self.done:
            said.append(
                plural(
                    len(self.done),
                    "{count} record was written in ServiceNow before it stopped.",
                    "{count} records were written in ServiceNow before it stopped.",
                )
            )
        if self.doubtful:
            names = ", ".join(step.name for step in self.doubtful)
            said.append(tr("It is not known whether this record was written: {names}.", names=names))
        return " ".join(said)


async def read_partial_run(ctx: Any, server: Any, names: Any) -> PartialRun:
    """Return what a run of these names on a server has written that stopped before its end; nothing without one."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services.provisioning import run_receipts

    workspace = await ctx.ready()
    found = [
        one
        for one in await run_receipts.Receipt.list_for_server(workspace.store, server)
        if one.is_for_server(server)
    ]
    earlier = any(one.live and not one.undone for one in found)
    # A run goes on with the newest one of its names when that stopped, and begins anew when it ended.
    newest = next((one for one in found if one.names.identity == names.identity), None)
    live = newest.live if newest is not None and newest.unfinished else []
    done = tuple(step for step in live if step.state != "doing")
    return PartialRun(done, tuple(step for step in live if step.state == "doing"), earlier=earlier)


class MissingItems(QWidget):
    """The plan in words, conflicts apart, and an administrator's fields where the account lacks admin."""

    changed = pyqtSignal()

    def __init__(self, planned: PlanResult, host: str, written: PartialRun | None = None) -> None:
        super().__init__()
        plan = planned.plan
        self._planned = plan.writes
        self.written = PartialRun()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._creates, self._updates = _StatusLine("create"), _StatusLine("update")
        column.addWidget(self._creates)
        column.addWidget(self._updates)
        self.show_written(written or PartialRun())
        if plan.conflicts:
            names = ", ".join(c.name for c in plan.conflicts[:4])
            left = tr("Not changed, because others created or changed it: {names}", names=names)
            column.addWidget(_StatusLine("bad", left))
        for warning in plan.warnings:
            column.addWidget(_StatusLine("notice", translate(warning)))
        self.sign_in: SignInFields | None = None
        if planned.lacks_admin is not None and self._planned:
            why = Label(
                tr(
                    "{account} lacks the role admin. An administrator signs in for this run only.",
                    account=planned.account,
                ),
                role="muted",
            )
            why.setWordWrap(True)
            column.addWidget(why)
            self.sign_in = SignInFields(host)
            self.sign_in.keep.hide()
            for line in (self.sign_in.account, self.sign_in.password):
                line.textChanged.connect(lambda _t: self.changed.emit())
            column.addWidget(self.sign_in)

    @property
    def remaining(self) -> list[Any]:
        """What is still to be written: the plan, without what a run that stopped has done of it."""
        done = {step.key for step in self.written.done}
        return [change for change in self._planned if change.key not in done]

    def show_written(self, written: PartialRun) -> None:
        """Show what is still to be written, now that this much was written."""
        self.written = written
        remaining = self.remaining if written.known else []
        created = record_counts_text([change for change in remaining if change.operation == "create"])
        updated = record_counts_text([change for change in remaining if change.operation != "create"])
        self._creates.say(created and tr("To be created in ServiceNow: {records}", records=created))
        self._updates.say(updated and tr("To be updated in ServiceNow: {records}", records=updated))

    @property
    def action(self) -> str:
        """Return what the button does that begins the run."""
        remaining = self.remaining
        count = len(remaining)
        if not count:
            return tr("Verify the run") if self.written.anything else tr("Create and check")
        if self.written.doubtful or not self.written.known:
            return tr("Continue in ServiceNow")
        if any(change.operation != "create" for change in remaining):
            return plural(count, "Write {count} record in ServiceNow", "Write {count} records in ServiceNow")
        return plural(count, "Create {count} record in ServiceNow", "Create {count} records in ServiceNow")

    def missing(self) -> str:
        """Return what keeps the run from beginning, or an empty text."""
        if not self.remaining and not self.written.anything:
            return tr("The instance lacks what is marked")
        return self.sign_in.missing() if self.sign_in is not None else ""

    @property
    def administrator(self) -> Administrator | None:
        """Who signs in for the run, None for the account of the wizard."""
        return self.sign_in.read() if self.sign_in is not None else None

    def forget(self) -> None:
        """Clear the administrator's password."""
        if self.sign_in is not None:
            self.sign_in.forget()


class CreatedItems(QWidget):
    """What a run created, its receipt, and what to remember."""

    def __init__(self, applied: Any) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        good = applied.verification.verified
        column.addWidget(
            _StatusLine(
                "good" if good else "notice",
                tr("In ServiceNow: {outcome}", outcome=applied.receipt.run.outcome),
            )
        )
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Label(tr("Run ID"), role="field"))
        receipt = CopyLabel(applied.receipt.id)
        receipt.setAccessibleName(tr("Run ID {id}, copies on Enter", id=applied.receipt.id))
        line.addWidget(receipt, 1)
        column.addLayout(line)
        self.reminders = list(applied.reminders)
        for text in self.reminders:
            frame = QFrame()
            frame.setProperty("role", "reminder")
            inner = QVBoxLayout(frame)
            inner.setContentsMargins(12, 8, 12, 8)
            inner.addWidget(_StatusLine("notice", text, ground="notice-bg"))
            column.addWidget(frame)


class _StatusLine(QWidget):
    """A status shape and a sentence; hidden while there is nothing to say."""

    def __init__(self, shape: str, text: str = "", ground: str = "page") -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self._label = Label("")
        self._label.setWordWrap(True)
        line.addWidget(IconLabel(shape, 14, ground=ground), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._label, 1)
        self.say(text)

    def say(self, text: str) -> None:
        """Show a sentence, or nothing."""
        self._label.setText(text)
        self.setVisible(bool(text))
