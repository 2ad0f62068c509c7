"""The presenter of the provisioning page: states, reasons, badges, buttons and requests, without widgets."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from console.provisioning.operations import Overwrite, PlanResult
from console.provisioning.presenter import ProvisioningPresenter, RunKind, RunResult, State, Tab
from console.provisioning.run_texts import applied_outcome, stopped_outcome, undone_outcome
from models.base import utcnow
from models.foreign_system import ForeignSystem
from models.kinds import TaskState
from models.task_run import TaskRun
from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.provisioning import (
    ApplyResult,
    ItemNames,
    ProvisionPlan,
    Receipt,
    RecordChange,
    UndoResult,
    Verification,
)
from services.provisioning.current_records import InstanceState
from services.provisioning.required_records import Prerequisites

PROBLEM = Problem(
    "Apply",
    "HTTP 503",
    "The instance is in maintenance.",
    Owner.SERVICENOW,
    "Wait.",
    FaultId.INSTANCE_MAINTENANCE,
)
NO_ADMIN = Problem(
    "Apply", "none", "No admin.", Owner.SERVICENOW, "Sign in.", FaultId.PROVISION_ADMIN_MISSING
)


def server(**values):
    return ForeignSystem(**({"name": "Practice", "base_url": "https://acme.service-now.com/"} | values))


def change(key, operation, *, sys_id="1" * 32):
    return RecordChange(key, operation, "sys_web_service", key.title(), sys_id, {}, "because")


def plan_of(*changes):
    state = InstanceState(Prerequisites("", "", "", ""))
    return ProvisionPlan(ItemNames(), state, changes)


def planned_of(*changes, lacks_admin=None):
    return PlanResult(plan_of(*changes), {}, "privman.integration", lacks_admin, datetime.now(UTC), 0.5)


def receipt(outcome="", *, steps=(), ended_at=None, state=TaskState.FAILED, **report):
    written = [
        {"key": name, "table": "sys_web_service", "name": name, "operation": operation, "state": step_state}
        for name, operation, step_state in steps
    ]
    run = TaskRun(
        task="task",
        object_name="Practice",
        started_at=utcnow(),
        ended_at=ended_at,
        outcome=outcome,
        state=state,
        report=json.dumps({"steps": written} | report),
    )
    return Receipt(None, run)


@pytest.fixture
def presenter():
    made = ProvisioningPresenter()
    made.choose_server(server())
    return made


def ready(presenter, *changes, lacks_admin=None):
    presenter.begin_planning()
    presenter.finish_planning(planned_of(*changes, lacks_admin=lacks_admin))
    presenter.names = ItemNames()
    return presenter


def test_importing_the_presenter_loads_no_qt():
    script = "import sys, console.provisioning.presenter; sys.exit('PyQt6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# -- states -------------------------------------------------------------------


def test_without_a_server_everything_is_disabled():
    presenter = ProvisioningPresenter()
    controls = presenter.controls()
    assert presenter.state is State.NO_SERVER
    assert controls.apply_reason == "Choose a ServiceNow system"
    assert controls.apply_text == "Run Task"
    assert not any((controls.plan_again, controls.save_update_set, controls.undo_last, controls.verify))
    assert controls.edit
    assert presenter.badges(narrow=False) == []
    assert not presenter.begin_planning()
    assert presenter.apply_request() is None


@pytest.mark.parametrize(
    ("changes", "state", "reason", "badge", "short"),
    [
        (
            (change("a", "create"), change("b", "keep")),
            State.PLAN_READY,
            "",
            "Plan, nothing changed yet",
            "Plan",
        ),
        (
            (change("a", "conflict"),),
            State.ONLY_CONFLICTS,
            "Only conflicts are left",
            "Conflicts",
            "Conflicts",
        ),
        ((change("a", "keep"),), State.UP_TO_DATE, "Nothing to change", "Nothing to change", "In order"),
    ],
)
def test_a_plan_decides_state_reason_and_badge(presenter, changes, state, reason, badge, short):
    ready(presenter, *changes)
    assert (presenter.state, presenter.reason()) == (state, reason)
    assert presenter.badges(narrow=False)[0][0] == badge
    assert presenter.badges(narrow=True)[0][0] == short


def test_planning_disables_everything_but_keeps_the_last_plan(presenter):
    ready(presenter, change("a", "create"))
    assert presenter.controls().save_update_set
    presenter.begin_planning()
    controls = presenter.controls()
    assert (presenter.state, controls.apply_reason) == (State.PLANNING, "Planning")
    assert controls.apply_text == "Apply 1 change"
    assert not any((controls.plan_again, controls.save_update_set))
    presenter.cancel_planning()
    assert presenter.state is State.PLAN_READY


def test_a_failed_plan_leaves_no_plan(presenter):
    ready(presenter, change("a", "create"))
    presenter.begin_planning()
    presenter.finish_planning(None)
    assert (presenter.state, presenter.reason()) == (State.NO_PLAN, "There is no plan")
    assert presenter.badges(narrow=False) == []


def test_edited_names_wait_for_the_next_plan_and_choose_no_conflict(presenter):
    ready(presenter, change("a", "conflict"))
    presenter.overwrite_record("a", on=True)
    presenter.edit_names()
    assert presenter.state is State.PLANNING
    assert presenter.overwrite == Overwrite()


def test_the_tabs_are_named_as_targets_name_them():
    assert list(Tab) == ["Plan", "Verify", "History"]


# -- server -------------------------------------------------------------------


def test_a_renamed_server_keeps_the_plan_and_another_address_discards_it(presenter):
    ready(presenter, change("a", "create"))
    presenter.receipts = [receipt()]
    known = presenter.server
    assert not presenter.choose_server(server(id=known.id, name="Renamed"))
    assert presenter.plan is not None
    assert presenter.choose_server(server(id=known.id, base_url="https://other.service-now.com/"))
    assert presenter.plan is None
    assert presenter.receipts == ()


def test_a_production_server_has_a_badge_and_asks_before_each_run():
    presenter = ProvisioningPresenter()
    presenter.choose_server(server(production=True))
    ready(presenter, change("a", "create"))
    assert ("Production", "outline", None) in presenter.badges(narrow=False)
    assert presenter.apply_request().needs_dialog


# -- conflicts ----------------------------------------------------------------


def test_excluding_one_conflict_while_all_are_overwritten_keeps_the_others(presenter):
    ready(presenter, change("a", "update"), change("b", "update"), change("c", "create", sys_id=None))
    presenter.overwrite_all = True
    assert presenter.overwrite == Overwrite(everything=True)
    presenter.overwrite_record("a", on=False)
    assert presenter.overwrite == Overwrite(frozenset({"b"}))


# -- runs ---------------------------------------------------------------------


def test_an_account_with_admin_applies_without_a_dialog(presenter):
    ready(presenter, change("a", "create"), change("b", "update"))
    request = presenter.apply_request()
    assert not request.needs_dialog
    assert request.verb == "Apply 2 changes"
    assert request.text == "Records: 1 created, 1 updated."
    assert request.title == "Creating items on Practice"


def test_an_account_without_admin_needs_an_administrator(presenter):
    ready(presenter, change("a", "create"), lacks_admin=NO_ADMIN)
    request = presenter.apply_request()
    assert request.needs_dialog
    assert request.account_without_admin == "privman.integration"


def test_a_run_with_nothing_to_write_verifies(presenter):
    ready(presenter, change("a", "keep"))
    assert presenter.apply_request().verb == "Verify the run"


def test_a_run_disables_editing_and_a_second_run(presenter):
    ready(presenter, change("a", "create"))
    presenter.receipts = [receipt(steps=[("a", "create", "done")])]
    presenter.begin_run(RunKind.APPLY)
    controls = presenter.controls()
    assert presenter.state is State.RUNNING
    assert presenter.badges(narrow=False) == [("Running", "off", "running")]
    assert not any((controls.edit, controls.undo_last, controls.plan_again))
    assert presenter.apply_request() is None
    assert presenter.undo_request() is None
    assert not presenter.begin_planning()


@pytest.mark.parametrize(
    ("result", "badge"),
    [
        (RunResult.VERIFIED, ("Done and verified", "good", "good")),
        (RunResult.INCOMPLETE, ("Done, see what is left", "notice", "notice")),
        (RunResult.UNDONE, ("Undone", "off", "off")),
        (RunResult.STOPPED, ("Stopped", "bad", "bad")),
    ],
)
def test_the_result_of_the_last_run_is_shown_until_the_next_one(presenter, result, badge):
    ready(presenter, change("a", "keep"))
    presenter.begin_run(RunKind.APPLY)
    presenter.result = result
    presenter.end_run()
    assert presenter.badges(narrow=False) == [badge]
    assert presenter.state is State.UP_TO_DATE
    presenter.begin_run(RunKind.UNDO)
    assert presenter.result is None


def test_an_account_that_lost_admin_needs_an_administrator_for_the_next_run(presenter):
    ready(presenter, change("a", "create"))
    presenter.begin_run(RunKind.APPLY)
    presenter.run_failed(NO_ADMIN, as_administrator=False)
    presenter.end_run()
    assert presenter.result is RunResult.STOPPED
    assert presenter.apply_request().account_without_admin == "privman.integration"


@pytest.mark.parametrize(("problem", "as_administrator"), [(PROBLEM, False), (NO_ADMIN, True)])
def test_other_failures_ask_for_nobody_else(presenter, problem, as_administrator):
    ready(presenter, change("a", "create"))
    presenter.begin_run(RunKind.APPLY)
    presenter.run_failed(problem, as_administrator=as_administrator)
    presenter.end_run()
    assert presenter.apply_request().account_without_admin == ""


def test_undo_takes_the_newest_run_that_left_something(presenter):
    undone = receipt(steps=[("x", "create", "gone")], undone=True)
    newest = receipt(steps=[("a", "create", "done"), ("b", "update", "done")])
    older = receipt(steps=[("c", "create", "done")])
    presenter.receipts = [undone, newest, older]
    request = presenter.undo_request()
    assert request.receipt_id == newest.id
    assert request.needs_dialog
    assert request.records == ("Restore b (sys_web_service)", "Remove a (sys_web_service)")
    assert request.text.endswith(": 1 removed, 1 restored.")
    assert presenter.undo_request(older.id).receipt_id == older.id
    assert presenter.undo_request(undone.id) is None
    assert presenter.controls().undo_last


# -- cancelled runs -----------------------------------------------------------


def test_a_run_cancelled_before_it_wrote_is_not_described_by_an_older_receipt(presenter):
    began = utcnow()
    older = receipt("22 created", steps=[("a", "create", "done")], ended_at=began - timedelta(hours=1))
    running = receipt(steps=[("a", "create", "done")])
    presenter.receipts = [running, older]
    assert presenter.cancelled_run(RunKind.APPLY, began) == ("", "Nothing was written")
    presenter.receipts = [older]
    assert presenter.cancelled_run(RunKind.UNDO, began) == ("", "Nothing was taken back")


def test_a_cancelled_run_is_described_by_its_own_receipt(presenter):
    began = utcnow()
    ended = began + timedelta(seconds=1)
    presenter.receipts = [
        receipt(ended_at=began - timedelta(hours=1)),
        receipt("Cancelled: Take back Thycotic", ended_at=ended),
    ]
    assert presenter.cancelled_run(RunKind.UNDO, began) == ("", "Cancelled: Take back Thycotic")
    written = receipt("Cancelled: Create", steps=[("a", "create", "done")], ended_at=ended)
    presenter.receipts = [written]
    assert presenter.cancelled_run(RunKind.APPLY, began) == (written.id, "Cancelled: Create")


# -- outcomes -----------------------------------------------------------------


def test_an_applied_plan_with_conflicts_reminds_of_them_and_can_be_undone():
    plan = plan_of(change("a", "create"), change("b", "conflict"))
    run = receipt("1 created", steps=[("a", "create", "done")])
    outcome = applied_outcome(ApplyResult(plan, run, Verification(plan_of(), status="invalid")), "admin")
    assert (outcome.shape, outcome.title) == ("good", "Done and verified")
    assert outcome.complete
    assert outcome.can_undo
    assert "kept as the User Credential “admin”" in outcome.reminders[0]
    assert outcome.reminders[1] == "1 left alone: B"
    assert "Not changed: sys_web_service B: because" in outcome.report
    assert outcome.report.endswith("Status call: invalid")


def test_a_failed_verification_is_shown_as_not_verified():
    run = receipt("1 created", steps=[("a", "create", "done")])
    outcome = applied_outcome(ApplyResult(plan_of(), run, Verification(plan_of(), problem=PROBLEM)))
    assert (outcome.shape, outcome.title) == ("notice", "Done, not verified")
    assert outcome.problem is PROBLEM


def test_an_undo_lists_what_it_removed_and_left():
    run = receipt()
    outcome = undone_outcome(UndoResult(run, removed=[("t", "a")], left=[("t", "b")]))
    assert (outcome.shape, outcome.text) == ("notice", "1 removed, 0 restored, 1 left")
    assert outcome.report.splitlines() == [f"Undone: receipt {run.id}", "Removed a (t)", "Left b (t)"]
    assert not outcome.can_undo


def test_a_stopped_run_can_be_continued_and_undone_by_its_receipt():
    outcome = stopped_outcome("The run stopped", PROBLEM, "receipt-1")
    assert (outcome.complete, outcome.can_undo) == (False, True)
    assert "instance-maintenance" in outcome.report
    assert "Run ID:   receipt-1" in outcome.report
    cancelled = stopped_outcome("The run was cancelled", None, "", "Nothing was written")
    assert (cancelled.shape, cancelled.can_undo) == ("off", False)
    assert cancelled.report == "The run was cancelled: Nothing was written"
