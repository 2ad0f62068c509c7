"""State and decisions of the page Create ServiceNow Approval Request Items, without widgets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from console.provisioning.operations import Overwrite, PlanResult
from console.provisioning.run_history import can_undo
from console.provisioning.run_texts import apply_text, undo_steps, undo_text
from models.translation_marks import tr_later
from services.common.errors import Problem
from services.common.fault_ids import FaultId
from services.language import plural, tr

if TYPE_CHECKING:
    from models.foreign_system import ForeignSystem
    from services.provisioning import ItemNames, ProvisionPlan, Receipt


class Tab(StrEnum):
    """The tabs of the page. Each value is the English label, and the name by which a target opens the tab."""

    PLAN = tr_later("Plan")
    VERIFY = tr_later("Verify")
    HISTORY = tr_later("History")


class RunKind(Enum):
    """The two runs that write to the instance."""

    APPLY = "apply"
    UNDO = "undo"


class RunResult(Enum):
    """How the last run on the page ended."""

    VERIFIED = "verified"
    INCOMPLETE = "incomplete"
    """Applied, but conflicts are left or the verification failed."""
    UNDONE = "undone"
    STOPPED = "stopped"
    """Failed or cancelled."""


class State(Enum):
    """Whether the plan can be applied now, and if not, why."""

    NO_SERVER = "no server"
    RUNNING = "running"
    PLANNING = "planning"
    NO_PLAN = "no plan"
    PLAN_READY = "plan ready"
    ONLY_CONFLICTS = "only conflicts"
    UP_TO_DATE = "up to date"


NOTHING_TO_CHANGE = tr_later("Nothing to change")
REASONS = {
    State.NO_SERVER: tr_later("Choose a ServiceNow system"),
    State.RUNNING: tr_later("Running"),
    State.PLANNING: tr_later("Planning"),
    State.NO_PLAN: tr_later("There is no plan"),
    State.ONLY_CONFLICTS: tr_later("Only conflicts are left"),
    State.UP_TO_DATE: NOTHING_TO_CHANGE,
}
"""Why Apply is disabled; `State.PLAN_READY` enables it."""


@dataclass(frozen=True, slots=True)
class StateBadge:
    """A badge behind the title: text, tone and shape, and a shorter text for narrow windows."""

    text: str
    tone: str
    shape: str
    short: str = ""


RUNNING_BADGE = StateBadge(tr_later("Running"), "off", "running")
PLAN_BADGES = {
    State.PLAN_READY: StateBadge(tr_later("Plan, nothing changed yet"), "off", "off", tr_later("Plan")),
    State.ONLY_CONFLICTS: StateBadge(tr_later("Conflicts"), "bad", "bad"),
    State.UP_TO_DATE: StateBadge(NOTHING_TO_CHANGE, "good", "good", tr_later("In order")),
}
RESULT_BADGES = {
    RunResult.VERIFIED: StateBadge(tr_later("Done and verified"), "good", "good", tr_later("Done")),
    RunResult.INCOMPLETE: StateBadge(
        tr_later("Done, see what is left"), "notice", "notice", tr_later("Done")
    ),
    RunResult.UNDONE: StateBadge(tr_later("Undone"), "off", "off"),
    RunResult.STOPPED: StateBadge(tr_later("Stopped"), "bad", "bad"),
}


@dataclass(frozen=True, slots=True)
class Controls:
    """Which actions of the page are enabled."""

    apply_text: str
    apply_reason: str
    """Why Apply is disabled, or an empty text."""
    plan_again: bool
    save_update_set: bool
    undo_last: bool
    verify: bool
    edit: bool
    """Server, names and overwritten conflicts can be changed; runs can be continued and undone."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run that the user asked for: what the dialog before it says, and what it needs."""

    kind: RunKind
    server: "ForeignSystem"
    verb: str
    """The button that starts the run."""
    text: str
    title: str
    """What the run is called while it is running."""
    account_without_admin: str = ""
    """The server's account when it lacks the role admin: an administrator signs in for the run."""
    records: tuple[str, ...] = ()
    receipt_id: str = ""

    @property
    def needs_dialog(self) -> bool:
        """Whether the run starts only after the dialog: every undo, and each run on a production server."""
        return self.kind is RunKind.UNDO or bool(self.account_without_admin) or bool(self.server.production)


class ProvisioningPresenter:
    """Server, plan, runs and receipts of the page, and what follows from them."""

    def __init__(self) -> None:
        self.server: ForeignSystem | None = None
        self.names: ItemNames | None = None
        """The names of the last plan that was started, None when an instance cannot carry them."""
        self.planned: PlanResult | None = None
        self.planning = False
        self.plan_pending = False
        """Whether planning starts when the user stops typing."""
        self.verifying = False
        self.run: RunKind | None = None
        """The run in progress."""
        self.result: RunResult | None = None
        self.receipts: Sequence[Receipt] = ()
        """The runs on the server, newest first."""
        self.overwrite_all = False
        self._overwrite_keys: set[str] = set()

    # -- state -------------------------------------------------------------

    @property
    def plan(self) -> "ProvisionPlan | None":
        """The plan shown, or None."""
        return self.planned.plan if self.planned is not None else None

    @property
    def running(self) -> bool:
        """Whether a run is in progress."""
        return self.run is not None

    @property
    def state(self) -> State:
        """The state of the page, most urgent first."""
        if self.server is None:
            return State.NO_SERVER
        if self.running:
            return State.RUNNING
        if self.planning or self.plan_pending:
            return State.PLANNING
        return self._plan_state

    @property
    def _plan_state(self) -> State:
        plan = self.plan
        if plan is None:
            return State.NO_PLAN
        if plan.writes:
            return State.PLAN_READY
        return State.ONLY_CONFLICTS if plan.conflicts else State.UP_TO_DATE

    def reason(self) -> str:
        """Return why the plan cannot be applied, or an empty text."""
        reason = REASONS.get(self.state)
        return tr(reason) if reason is not None else ""

    def badges(self, *, narrow: bool) -> list[tuple[str, str, str | None]]:
        """Return the badges behind the title: text, tone and shape of each."""
        badges: list[tuple[str, str, str | None]] = []
        badge = self._badge()
        if badge is not None:
            text = (badge.short or badge.text) if narrow else badge.text
            badges.append((tr(text), badge.tone, badge.shape))
        if self.server is not None and self.server.production:
            badges.append((tr("Production"), "outline", None))
        return badges

    def _badge(self) -> StateBadge | None:
        if self.running:
            return RUNNING_BADGE
        if self.result is not None:
            return RESULT_BADGES[self.result]
        return PLAN_BADGES.get(self._plan_state)

    def controls(self) -> Controls:
        """Return which actions are enabled."""
        count = len(self.plan.writes) if self.plan is not None else 0
        idle = not self.running and not self.planning
        return Controls(
            apply_text=(
                plural(count, "Apply {count} change", "Apply {count} changes") if count else tr("Run Task")
            ),
            apply_reason=self.reason(),
            plan_again=self.can_plan_again,
            save_update_set=idle and bool(count),
            undo_last=not self.running and any(can_undo(receipt) for receipt in self.receipts),
            verify=self.server is not None and not self.verifying and self.names is not None,
            edit=not self.running,
        )

    @property
    def can_plan_again(self) -> bool:
        """Whether planning can be started by hand."""
        return self.server is not None and not self.running and not self.planning

    # -- server and names --------------------------------------------------

    def choose_server(self, server: "ForeignSystem | None") -> bool:
        """Take a server, or the current one after a change of it.

        Returns whether it leads to another instance or account: then everything read before is discarded.
        """
        old, self.server = self.server, server
        if (
            old is not None
            and server is not None
            and (old.id, old.base_url, old.credential_id)
            == (server.id, server.base_url, server.credential_id)
        ):
            return False
        self.planned, self.planning, self.plan_pending, self.result = None, False, False, None
        self.receipts = ()
        self._overwrite_keys.clear()
        return True

    def edit_names(self) -> None:
        """Take in that names were edited: a new plan follows, for which no single conflict is chosen."""
        self._overwrite_keys.clear()
        self.plan_pending = self.server is not None

    # -- planning ----------------------------------------------------------

    def begin_planning(self) -> bool:
        """Start planning; returns False while there is no server, or while a run is in progress."""
        self.plan_pending = False
        if self.server is None or self.running:
            return False
        self.planning = True
        return True

    def finish_planning(self, planned: PlanResult | None) -> None:
        """Take a plan, or None when planning failed."""
        self.planned, self.planning = planned, False

    def cancel_planning(self) -> None:
        """Stop planning; the last plan stays."""
        self.planning, self.plan_pending = False, False

    @property
    def overwrite(self) -> Overwrite:
        """The conflicts that the plan overwrites."""
        return (
            Overwrite(everything=True) if self.overwrite_all else Overwrite(frozenset(self._overwrite_keys))
        )

    def overwrite_record(self, key: str, *, on: bool) -> None:
        """Choose whether one conflict is overwritten.

        Excluding one while all are overwritten chooses the others one by one.
        """
        if not on and self.overwrite_all:
            self.overwrite_all = False
            changes = self.plan.changes if self.plan is not None else ()
            self._overwrite_keys = {c.key for c in changes if c.sys_id and c.operation == "update"}
        (self._overwrite_keys.add if on else self._overwrite_keys.discard)(key)

    # -- runs --------------------------------------------------------------

    def apply_request(self) -> RunRequest | None:
        """Return the run that applies the plan, or None without a plan or while a run is in progress."""
        planned, server = self.planned, self.server
        if planned is None or server is None or self.running:
            return None
        count = len(planned.plan.writes)
        return RunRequest(
            RunKind.APPLY,
            server,
            plural(count, "Apply {count} change", "Apply {count} changes") if count else tr("Verify the run"),
            apply_text(planned.plan),
            tr("Creating items on {server}", server=server.name),
            self._account_without_admin(),
        )

    def undo_request(self, receipt_id: str = "") -> RunRequest | None:
        """Return the run that undoes a receipt, by default the newest one that can be undone; None without one."""
        server = self.server
        receipt = next((r for r in self.receipts if can_undo(r) and receipt_id in ("", r.id)), None)
        if receipt is None or server is None or self.running:
            return None
        return RunRequest(
            RunKind.UNDO,
            server,
            tr("Undo"),
            undo_text(receipt),
            tr("Undoing a run on {server}", server=server.name),
            self._account_without_admin(),
            tuple(undo_steps(receipt)),
            receipt.id,
        )

    def _account_without_admin(self) -> str:
        planned = self.planned
        return planned.account if planned is not None and planned.lacks_admin is not None else ""

    def begin_run(self, kind: RunKind) -> None:
        """Take in that a run began."""
        self.run, self.result = kind, None

    def run_failed(self, problem: Problem, *, as_administrator: bool) -> None:
        """Take in why a run failed.

        When the server's account lost the role admin since planning, the next run asks for an administrator.
        """
        self.result = RunResult.STOPPED
        lost_admin = problem.fault == FaultId.PROVISION_ADMIN_MISSING and not as_administrator
        if lost_admin and self.run is RunKind.APPLY and self.planned is not None:
            self.planned = replace(self.planned, lacks_admin=problem)

    def end_run(self) -> None:
        """Take in that no run is in progress any more."""
        self.run = None

    @property
    def last_run(self) -> "Receipt | None":
        """The newest run on the server."""
        return self.receipts[0] if self.receipts else None

    def cancelled_run(self, kind: RunKind, began: datetime) -> tuple[str, str]:
        """Return the receipt id of a cancelled run that can be undone, or an empty text, and how far the run came.

        Only a receipt that ended after the run began belongs to it: older ones describe earlier runs.
        """
        own = next((r for r in self.receipts if r.run.ended_at is not None and r.run.ended_at >= began), None)
        if own is not None and (own.live or kind is RunKind.UNDO):
            return (own.id if own.live else ""), own.run.outcome
        return "", tr("Nothing was written") if kind is RunKind.APPLY else tr("Nothing was taken back")
