"""Decides what the plan of a policy shows: rows, findings, and what the buttons can do. Knows no Qt."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from console.policies.filter_changes import NO_FILTERS, FilterChanges
from console.policies.policy_rows import ChainVerdict
from models.translation_marks import tr_later
from services.language import number, plural, time_or_date, tr, translate, translate_message

if TYPE_CHECKING:
    from console.policies.operations import PolicyRef
    from services.common.errors import Problem
    from services.policies import ApplyResult, PlanRow, PolicyPlan, UndoResult
    from services.policies.runs import Difference, PolicyRun, RunStep

OPERATION_SHAPES = {
    "create": ("create", "good"),
    "add": ("create", "good"),
    "remove": ("update", "notice"),
    "update": ("update", "notice"),
    "keep": ("keep", "muted"),
    "conflict": ("bad", "bad"),
    "blocked": ("blocked", "off"),
}
"""Status shape and tone of each operation."""
WRITTEN_OPERATIONS = frozenset({"create", "add", "remove", "update"})
WARNING_TITLES = {
    "inactive": tr_later("The policy is inactive"),
    "without_targets": tr_later("No targets"),
    "other_first": tr_later("Another policy comes first"),
    "other_platform": tr_later("Made for another platform"),
    "without_actions": tr_later("No action"),
    "list_incomplete": tr_later("The list is incomplete"),
    "found_by_name": tr_later("Found by its name"),
}
SHOWN_OTHERS = 2
"""How many policies that come first are described; the others are counted."""
STEP_LABELS = {
    "create": tr_later("Create the policy"),
    "add": tr_later("Add actions"),
    "remove": tr_later("Remove actions"),
    "add_filters": tr_later("Add conditions"),
    "remove_filters": tr_later("Remove conditions"),
    "status": tr_later("Change the status"),
}


class Work(StrEnum):
    """What is being done with the policy."""

    NONE = ""
    PLANNING = "planning"
    APPLYING = "applying"
    UNDOING = "undoing"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A row of the table."""

    field: str
    before: str
    after: str
    shape: str
    word: str
    tone: str
    changed: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What to know before or after Apply: a shape, a title, and a sentence."""

    shape: str
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class PlanControls:
    """What the buttons say and whether they can be pressed."""

    apply_text: str
    apply_reason: str
    """Why nothing can be applied; empty when it can."""
    can_plan: bool
    undo_text: str
    can_undo: bool
    goes_on: bool
    """Whether Apply goes on with a run that stopped."""


@dataclass(slots=True)
class PlanPresenter:
    """The plan of one policy, and the last run on it."""

    ref: "PolicyRef | None" = None
    plan: "PolicyPlan | None" = None
    run: "PolicyRun | None" = None
    """The newest run on the policy."""
    problem: "Problem | None" = None
    """Why it could not be planned, or why the run stopped."""
    work: Work = Work.NONE
    result: "ApplyResult | None" = None
    undone: "UndoResult | None" = None
    chain: ChainVerdict | None = None
    filters: FilterChanges = NO_FILTERS
    """The filters that are to change; nothing is stored of them before they are applied."""
    unsaved: bool = False
    """Whether the page has edits that are not saved; the plan is for what is stored."""

    # -- what happens ------------------------------------------------------------------------------------------

    def choose(self, ref: "PolicyRef | None") -> bool:
        """Take another policy; returns whether it is another one than before."""
        same = ref is not None and self.is_about(ref)
        self.ref = ref
        if not same:
            self.plan = self.run = self.problem = self.result = self.undone = self.chain = None
            self.filters = NO_FILTERS
            self.work = Work.NONE
        return not same

    def is_about(self, ref: "PolicyRef") -> bool:
        """Whether the plan is for this policy, managed here or not."""
        mine = self.ref
        if mine is None or mine.server.id != ref.server.id:
            return False
        return (mine.item_id or mine.object_id) == (ref.item_id or ref.object_id)

    def begin(self, work: Work) -> None:
        """Note that something is being done."""
        self.work = work
        if work is not Work.PLANNING:
            self.result = self.undone = None
        self.problem = None

    def show_plan(self, plan: "PolicyPlan", run: "PolicyRun | None") -> None:
        """Take a new plan."""
        self.plan, self.run, self.work = plan, run, Work.NONE

    def show_result(self, result: "ApplyResult") -> None:
        """Take what became of Apply."""
        self.result, self.work = result, Work.NONE
        if result.run is not None:
            self.filters = NO_FILTERS
        self.plan = result.plan
        if result.run is not None:
            self.run = result.run

    @property
    def can_change_filters(self) -> bool:
        """Whether the policy and its filters are known."""
        idle = self.work is Work.NONE and self.ref is not None
        return idle and self.plan is not None and self.plan.before is not None

    def show_undone(self, undone: "UndoResult") -> None:
        """Take what became of an undo."""
        self.undone, self.run, self.work = undone, undone.run, Work.NONE

    def fail(self, problem: "Problem") -> None:
        """Note why something could not be done."""
        self.problem, self.work = problem, Work.NONE

    # -- the table ---------------------------------------------------------------------------------------------

    def lines(self) -> list[PlanLine]:
        """Return the rows of the table; the policy itself only where something happens to it."""
        if self.plan is None:
            return []
        shown = [row for row in self.plan.rows if not (row.field == "policy" and row.operation == "keep")]
        return [_line(row) for row in shown]

    def caption(self) -> str:
        """Return what Apply does, in numbers."""
        if self.work is Work.PLANNING:
            return tr("Reading the policy")
        if self.plan is None:
            return ""
        changes = len(self.plan.changes)
        if not changes:
            return tr("Nothing to change, read at {time}", time=time_or_date(self.plan.read_at))
        counted = plural(changes, "{count} change", "{count} changes")
        calls = plural(self.plan.calls, "{count} call", "{count} calls")
        return tr("{changes}, {calls}, then read back and compared", changes=counted, calls=calls)

    # -- findings ----------------------------------------------------------------------------------------------

    def findings(self) -> list[Finding]:
        """Return what to know, the worst first."""
        if self.plan is None and self.problem is None:
            return []
        found = [*self._outcome(), *self._problems()]
        if self.plan is not None:
            found += self._warnings(self.plan)
            found += self._chain_finding()
            if self.plan.changes:
                found.append(
                    Finding(
                        "off",
                        tr("Endpoints follow at their next update"),
                        tr("Or sooner with Update endpoints."),
                    )
                )
        return found

    def _outcome(self) -> list[Finding]:
        """Return what became of the last run of this page."""
        if self.problem is not None:
            return [self._failure(self.problem)]
        if self.undone is not None:
            left = [step for step in self.undone.left if step.kind != "create"]
            if left:
                text = tr("Others changed it since: {steps}.", steps=_steps(left))
                return [Finding("notice", tr("Undone in part"), text)]
            stored = "" if self.undone.ok and not self.undone.left else tr("The created policy stays.")
            return [Finding("good", tr("Undone"), stored)]
        if self.result is None:
            return self._unfinished()
        if self.result.run is None:
            return []
        if self.result.run.differences:
            return [_difference(one) for one in self.result.run.differences]
        return [Finding("good", tr("Applied, read back and compared"), "")]

    def _failure(self, problem: "Problem") -> Finding:
        cause = f"{translate(problem.cause)} {translate(problem.remedy)}"
        if self.run is not None and self.run.is_unfinished:
            return Finding("bad", tr("Stopped in the middle"), f"{cause} {self._half_done(self.run)}".strip())
        return Finding("bad", translate(problem.tried), cause)

    def _unfinished(self) -> list[Finding]:
        if self.run is None or not self.run.is_unfinished:
            return []
        return [Finding("bad", tr("A run stopped in the middle"), self._half_done(self.run))]

    def _half_done(self, run: "PolicyRun") -> str:
        """Return what a run wrote, and what it did not."""
        done = [step for step in run.steps if step.state == "done"]
        unclear = [step for step in run.steps if step.state == "doing"]
        parts = [
            tr("Written: {steps}.", steps=_steps(done)) if done else tr("Nothing is known to be written.")
        ]
        if unclear:
            parts.append(tr("Not known whether written: {steps}.", steps=_steps(unclear)))
        rest = list(self.plan.changes) if self.plan is not None else []
        if rest:
            names = ", ".join(
                f"{translate(row.field.label)} ({translate(row.operation.label)})" for row in rest
            )
            parts.append(tr("Not written: {rows}.", rows=names))
        return " ".join(parts)

    def _problems(self) -> list[Finding]:
        if self.plan is None:
            return []
        found = []
        for row in self.plan.problems:
            shape = "bad" if row.operation == "conflict" else "blocked"
            title = f"{translate(row.operation.label)}: {translate(row.field.label)}"
            found.append(Finding(shape, title, translate_message(row.why)))
        return _merged(found)

    def _warnings(self, plan: "PolicyPlan") -> list[Finding]:
        found = []
        if plan.open_requests is not None and plan.open_requests.count:
            found.append(
                Finding("notice", translate(plan.open_requests.number), translate(plan.open_requests.parts))
            )
        first = [one for one in plan.warnings if one.kind == "other_first"]
        if len(first) > 1:
            title = plural(len(first), "{count} policy comes first", "{count} policies come first")
            more = len(first) - SHOWN_OTHERS
            texts = [translate_message(one.text) for one in first[:SHOWN_OTHERS]]
            if more > 0:
                texts.append(plural(more, "So does {count} more.", "So do {count} more."))
            found.append(Finding("notice", title, " ".join(texts)))
        for warning in plan.warnings:
            if len(first) > 1 and warning in first:
                continue
            title = tr(WARNING_TITLES.get(warning.kind, warning.kind))
            found.append(Finding("notice", title, translate_message(warning.text)))
        return found

    def _chain_finding(self) -> list[Finding]:
        if self.chain is None:
            return []
        if self.chain.shape == "good":
            return [
                Finding(
                    "good",
                    tr(
                        "Chain ready, {good} of {links} links",
                        good=number(self.chain.good),
                        links=number(self.chain.links),
                    ),
                )
            ]
        return [
            Finding(
                self.chain.shape, tr("Chain: {verdict}", verdict=self.chain.text), tr("See the tab Chain.")
            )
        ]

    # -- the buttons -------------------------------------------------------------------------------------------

    def controls(self) -> PlanControls:
        """Return what the buttons can do now."""
        run, plan = self.run, self.plan
        goes_on = run is not None and run.is_unfinished
        count = len(plan.changes) if plan is not None else 0
        if goes_on:
            text = tr("Go on")
        else:
            text = plural(count, "Apply {count} change", "Apply {count} changes") if count else tr("Apply")
        idle = self.work is Work.NONE
        can_undo = idle and run is not None and run.can_undo
        return PlanControls(
            text,
            self._apply_reason(goes_on=goes_on),
            idle and self.ref is not None,
            self._undo_text(),
            can_undo,
            goes_on,
        )

    def _apply_reason(self, *, goes_on: bool) -> str:
        """Return why nothing can be applied, or nothing."""
        working = {
            Work.PLANNING: tr("Planning"),
            Work.APPLYING: tr("Applying"),
            Work.UNDOING: tr("Taking back"),
        }
        if self.work in working:
            return working[self.work]
        if self.unsaved:
            return tr("Save first: the plan is for what is stored")
        if self.plan is None:
            return tr("There is no plan yet")
        conflicts = sum(1 for row in self.plan.rows if row.operation == "conflict")
        if conflicts:
            return tr("It changed on Privilege Manager, or is not clear: plan again")
        if self.plan.changes or goes_on:
            return ""
        if self.plan.problems:
            return tr("Everything wanted is blocked")
        if self.ref is not None and self.ref.object_id is None:
            return tr("Nothing is planned: add an action")
        return tr("Nothing to change")

    def _undo_text(self) -> str:
        if self.run is not None and self.run.can_undo:
            time = time_or_date(self.run.row.started_at)
            return tr("Undo restores actions, conditions and status as before the run at {time}", time=time)
        if self.plan is not None and self.plan.changes:
            time = time_or_date(self.plan.read_at)
            return tr("Undo restores actions, conditions and status as read at {time}", time=time)
        return ""


def _line(row: "PlanRow") -> PlanLine:
    shape, tone = OPERATION_SHAPES[row.operation]
    changed = row.operation in WRITTEN_OPERATIONS
    return PlanLine(
        translate(row.field.label),
        row.before_text,
        row.after_text,
        shape,
        translate(row.operation.label),
        tone,
        changed,
        translate_message(row.why) if row.why else "",
    )


def _difference(one: "Difference") -> Finding:
    from services.policies.plan import PlanField, value_text

    field = PlanField(one.field)
    return Finding(
        "bad",
        tr("{field} reads back differently", field=translate(field.label)),
        tr(
            "Meant: {expected}. Read: {actual}.",
            expected=value_text(field, one.expected),
            actual=value_text(field, one.actual),
        ),
    )


def _steps(steps: "list[RunStep]") -> str:
    return ", ".join(tr(STEP_LABELS[step.kind]) for step in steps)


def _merged(findings: list[Finding]) -> list[Finding]:
    """Return findings without those that say the same again."""
    seen, stored = set[str](), []
    for one in findings:
        if one.text not in seen:
            stored.append(one)
        seen.add(one.text)
    return stored
