"""How the task stands, in words: why it cannot run, the badges behind its title, and what a run will do."""

from dataclasses import dataclass
from typing import Any

from models.translation_marks import tr_later
from services.language import date_time, tr

RESULT_BADGES = {
    "done": (tr_later("Done and verified"), "good", "good"),
    "notice": (tr_later("Done, see what is left"), "notice", "notice"),
    "undone": (tr_later("Undone"), "off", "off"),
    "stopped": (tr_later("Stopped"), "bad", "bad"),
}
"""How a run ended: its badge, the tone and the shape of it."""
PLAN_READY, NOTHING_TO_CHANGE = tr_later("Plan, nothing changed yet"), tr_later("Nothing to change")
SHORT_TEXTS = {
    PLAN_READY: tr_later("Plan"),
    NOTHING_TO_CHANGE: tr_later("In order"),
    RESULT_BADGES["done"][0]: tr_later("Done"),
    RESULT_BADGES["notice"][0]: tr_later("Done"),
}
"""What badges say in a narrow window, where the title needs the room."""


@dataclass(frozen=True, slots=True)
class ProvisioningStatus:
    """What is known of the task: its server and plan, whether it is being planned or runs, and how the last run ended."""

    server: Any
    plan: Any
    planning: bool
    busy: bool
    ended: str
    """One of ENDS, or an empty text."""

    def reason(self) -> str:
        """Return why the task cannot run, or an empty text."""
        if self.server is None:
            return tr("Choose a ServiceNow system")
        if self.busy:
            return tr("Running")
        if self.planning:
            return tr("Planning")
        if self.plan is None:
            return tr("There is no plan")
        if not self.plan.writes:
            return tr("Only conflicts are left") if self.plan.conflicts else tr(NOTHING_TO_CHANGE)
        return ""

    def badges(self, *, narrow: bool) -> list[tuple[str, str, str | None]]:
        """Return the badges behind the title: text, tone and shape of each."""
        found = self._badge()
        badges: list[tuple[str, str, str | None]] = []
        if found is not None:
            text, tone, shape = found
            badges.append((tr(SHORT_TEXTS.get(text, text) if narrow else text), tone, shape))
        if self.server is not None and self.server.production:
            badges.append((tr("Production"), "outline", None))
        return badges

    def _badge(self) -> tuple[str, str, str] | None:
        if self.busy:
            return tr_later("Running"), "off", "running"
        if self.ended:
            return RESULT_BADGES[self.ended]
        if self.plan is None:
            return None
        if self.plan.writes:
            return PLAN_READY, "off", "off"
        if self.plan.conflicts:
            return tr_later("Conflicts"), "bad", "bad"
        return NOTHING_TO_CHANGE, "good", "good"


def apply_text(plan: Any) -> str:
    """Return what a run will do with how many records."""
    words = {
        "create": tr_later("{count} created"),
        "update": tr_later("{count} updated"),
        "keep": tr_later("{count} kept as they are"),
        "conflict": tr_later("{count} left alone as conflicts"),
    }
    said = [tr(words[name], count=count) for name, count in plan.summary.items() if count]
    return tr("Records: {changes}.", changes=", ".join(said))


def undo_steps(receipt: Any) -> list[str]:
    """Return what becomes of each record when a run is taken back, in the order in which it is done."""
    said = []
    for step in reversed(receipt.live):
        record = f"{step.name} ({step.table})"
        created = step.operation == "create"
        said.append(
            tr("Remove {record}", record=record) if created else tr("Restore {record}", record=record)
        )
    return said


def undo_text(receipt: Any) -> str:
    """Return which run is taken back, and how many records are removed and restored by that."""
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
