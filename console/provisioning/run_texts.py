"""Texts about runs: what a run will do, and how it ended."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.translation_marks import tr_later
from services.common.errors import Problem
from services.language import date_time, tr, translate

if TYPE_CHECKING:
    from services.provisioning import ApplyResult, ProvisionPlan, Receipt, UndoResult

MAX_CONFLICT_NAMES = 5


def apply_text(plan: "ProvisionPlan") -> str:
    """Return how many records a run creates, updates, keeps and leaves alone."""
    words = {
        "create": tr_later("{count} created"),
        "update": tr_later("{count} updated"),
        "keep": tr_later("{count} kept as they are"),
        "conflict": tr_later("{count} left alone as conflicts"),
    }
    parts = [tr(words[name], count=count) for name, count in plan.summary.items() if count]
    return tr("Records: {changes}.", changes=", ".join(parts))


def undo_steps(receipt: "Receipt") -> list[str]:
    """Return a line for each record that an undo removes or restores, in the order of the undo."""
    lines = []
    for step in reversed(receipt.live):
        record = f"{step.name} ({step.table})"
        created = step.operation == "create"
        lines.append(
            tr("Remove {record}", record=record) if created else tr("Restore {record}", record=record)
        )
    return lines


def undo_text(receipt: "Receipt") -> str:
    """Return which run an undo takes back, and how many records it removes and restores."""
    restored = sum(1 for step in receipt.live if step.operation != "create")
    removed, time = len(receipt.live) - restored, date_time(receipt.run.started_at)
    if not restored:
        return tr("Undoes the run of {time}: {removed} removed.", time=time, removed=removed)
    return tr(
        "Undoes the run of {time}: {removed} removed, {restored} restored.",
        time=time,
        removed=removed,
        restored=restored,
    )


# -- how a run ended -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The end of a run as it is shown, with the report that can be copied."""

    shape: str
    title: str
    text: str
    receipt_id: str
    report: str
    reminders: tuple[str, ...] = ()
    problem: Problem | None = None
    complete: bool = True
    """Whether the run reached its end; one that did not can be continued."""
    can_undo: bool = False


def applied_outcome(applied: "ApplyResult", stored_credential: str = "") -> RunOutcome:
    """Return the outcome of an applied plan. `stored_credential` names the User Credential made of the administrator."""
    verified = applied.verification.verified
    reminders = [translate(text) for text in (*applied.reminders, *applied.plan.warnings)]
    if stored_credential:
        reminders.append(
            tr(
                "The administrator is kept as the User Credential “{name}”. Delete it when it is not needed.",
                name=stored_credential,
            )
        )
    conflicts = applied.plan.conflicts
    if conflicts:
        names = ", ".join(c.name for c in conflicts[:MAX_CONFLICT_NAMES])
        reminders.append(tr("{count} left alone: {names}", count=len(conflicts), names=names))
    return RunOutcome(
        "good" if verified else "notice",
        tr("Done and verified") if verified else tr("Done, not verified"),
        applied.receipt.run.outcome,
        applied.receipt.id,
        _applied_report(applied),
        tuple(reminders),
        applied.verification.problem,
        can_undo=bool(applied.receipt.live),
    )


def _applied_report(applied: "ApplyResult") -> str:
    receipt = applied.receipt
    lines = [f"Create ServiceNow Approval Request Items on {receipt.run.object_name}: {receipt.run.outcome}",
             f"Run ID: {receipt.id}"]  # fmt: skip
    lines += [
        f"{step.operation:7} {step.table} {step.name} {step.sys_id}"
        for step in receipt.steps
        if step.state == "done"
    ]
    lines += [f"Not changed: {change.table} {change.name}: {change.why}" for change in applied.plan.conflicts]
    lines.append(f"Status call: {applied.verification.status or 'no answer'}")
    return "\n".join([*lines, *applied.reminders])


def undone_outcome(undone: "UndoResult") -> RunOutcome:
    """Return the outcome of an undo."""
    removed, restored, left = len(undone.removed), len(undone.restored), len(undone.left)
    lines = [f"{word} {name} ({table})" for word, found in
             (("Removed", undone.removed), ("Restored", undone.restored), ("Left", undone.left))
             for table, name in found]  # fmt: skip
    return RunOutcome(
        "good" if undone.ok else "notice",
        tr("Undone"),
        tr("{removed} removed, {restored} restored, {left} left",
           removed=removed, restored=restored, left=left),
        undone.receipt.id,
        "\n".join([f"Undone: receipt {undone.receipt.id}", *lines]),
    )  # fmt: skip


def stopped_outcome(title: str, problem: Problem | None, receipt_id: str, text: str = "") -> RunOutcome:
    """Return the outcome of a run that did not reach its end; without a problem it was cancelled or interrupted."""
    report = problem.as_text() if problem is not None else f"{title}: {text}"
    if receipt_id:
        report += f"\n  Run ID:   {receipt_id}"
    return RunOutcome(
        "bad" if problem is not None else "off",
        title,
        text,
        receipt_id,
        report,
        problem=problem,
        complete=False,
        can_undo=bool(receipt_id),
    )
