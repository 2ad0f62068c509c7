"""The presenter of the Check tab: states, stale results, badges, summary and report, without widgets."""

import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from console.checks.check_end import CheckEnd
from console.checks.check_presenter import CheckPresenter, finding_title
from console.checks.check_subject import CheckedObjects
from models.approval_process import ApprovalProcess
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.connectivity import CheckReport, StageResult
from services.connectivity.check_history import PastCheck

PROBLEM = Problem(
    "Check", "locked", "The vault is locked.", Owner.CONSOLE, "Unlock it.", FaultId.VAULT_UNUSABLE
)
NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def stage(name, state="ok", cause=""):
    return StageResult(name, state, "seen", cause=cause, ms=10)


def past_check(*stages, at=NOW, unsaved=False, verdict="ok"):
    return PastCheck(
        kind=Kind.FOREIGN_SYSTEM,
        id=uuid.uuid4(),
        server_id=uuid.uuid4(),
        at=at,
        by="grace",
        finding="",
        verdict=verdict,
        ms=1600,
        correlation_id=uuid.uuid4().hex,
        process_id="",
        process="Approvals",
        unsaved=unsaved,
        stages=stages,
    )


@pytest.fixture
def values():
    return {"base_url": "https://acme.service-now.com/"}


@pytest.fixture
def presenter(values):
    return CheckPresenter(lambda: dict(values))


def subject(**values):
    return CheckedObjects(
        ForeignSystem(name="ACME", base_url="https://acme.service-now.com/"), None, False, **values
    )


def finished(presenter, *stages):
    presenter.start()
    presenter.subject = subject()
    for result in stages:
        presenter.add_result(result)
    presenter.finish(CheckReport("ACME", list(stages), 1200))
    return presenter


def test_importing_the_presenter_loads_no_qt():
    script = "import sys, console.checks.check_presenter; sys.exit('PyQt6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# -- a check of this page -----------------------------------------------------


def test_before_the_first_check_it_is_described(presenter):
    summary = presenter.summary(18)
    assert (summary.count, summary.time, summary.progress) == ("18 stages", "", 0.0)
    assert presenter.start_text() == "Check connection"
    assert presenter.placeholder_text().startswith("The check goes from the address")
    assert presenter.badges() == []


def test_a_running_check_counts_stages_and_findings(presenter):
    number = presenter.start()
    assert presenter.badges() == [("Checking", "off", "running")]
    assert presenter.placeholder_text() == "Nothing found so far."
    presenter.add_result(stage("url"))
    presenter.add_result(stage("tcp", "failed"))
    summary = presenter.summary(18)
    assert summary.count == "2 of 18 stages"
    assert summary.state_counts == {"failed": "1 failed", "warning": "", "ok": "1 good", "skipped": ""}
    assert presenter.badges() == [("1 failed so far", "bad", "bad")]
    assert presenter.is_current(number)
    assert not presenter.is_current(number - 1)


@pytest.mark.parametrize(
    ("stages", "outcome", "badge"),
    [
        ([stage("url")], ("Every stage looked at is good", CheckEnd.DONE), ("Check good", "good", "good")),
        (
            [stage("url"), stage("tcp", "failed")],
            ("1 of 18 stages failed", CheckEnd.FAILED),
            ("1 failed", "bad", "bad"),
        ),
        (
            [stage("roles", "warning")],
            ("Every stage looked at is good", CheckEnd.DONE),
            ("1 warning", "notice", "notice"),
        ),
    ],
)
def test_the_worst_stage_decides_outcome_and_badge(presenter, stages, outcome, badge):
    finished(presenter, *stages)
    assert presenter.outcome(18) == outcome
    assert presenter.badges() == [badge]
    assert presenter.start_text() == "Check again"


def test_a_cancelled_check_keeps_its_stages(presenter):
    presenter.start()
    presenter.add_result(stage("url"))
    presenter.finish()
    assert presenter.outcome(18) == ("Cancelled", CheckEnd.CANCELLED)
    assert presenter.badges() == [("Check cancelled", "off", "off")]
    assert presenter.report_header("ACME").verdict == "cancelled"


def test_a_check_that_could_not_run_says_why(presenter):
    presenter.start()
    presenter.finish(failure=PROBLEM)
    assert presenter.outcome(18) == ("The vault is locked.", CheckEnd.FAILED)
    assert presenter.badges() == [("Could not be checked", "bad", "bad")]
    assert presenter.placeholder_text() == "Check: The vault is locked. Unlock it."
    assert presenter.report_header("ACME").verdict == "failed"


# -- stale results ------------------------------------------------------------


def test_a_result_is_stale_while_the_form_holds_other_values(presenter, values):
    finished(presenter, stage("url"))
    assert not presenter.stale
    values["base_url"] = "https://other.service-now.com/"
    assert presenter.stale
    assert presenter.badges() == [("Changed since this check", "off", "pending")]
    assert "the values have changed since this check" in presenter.report_text("ACME")
    values["base_url"] = "https://acme.service-now.com/"
    assert not presenter.stale


def test_a_result_is_stale_when_a_checked_object_was_saved(presenter):
    finished(presenter, stage("url"))
    presenter.subject_changed()
    assert presenter.stale
    presenter.start()
    assert not presenter.stale


# -- stored and earlier checks ------------------------------------------------


def test_a_stored_check_is_shown_with_its_author(presenter, values):
    check = past_check(stage("url"))
    presenter.show_stored(check, subject(), NOW - timedelta(days=1), dict(values))
    assert not presenter.stale
    assert "by grace, through Approvals" in presenter.summary(18).source
    assert presenter.seconds == 1.6
    assert "by grace" in presenter.report_text("ACME")


@pytest.mark.parametrize(
    ("unsaved", "changed_at"), [(True, NOW), (False, None), (False, NOW + timedelta(seconds=1))]
)
def test_a_stored_check_of_other_values_is_stale(presenter, values, unsaved, changed_at):
    presenter.show_stored(past_check(stage("url"), unsaved=unsaved), subject(), changed_at, dict(values))
    assert presenter.stale


def test_only_a_newer_stored_check_takes_the_place_of_a_result(presenter, values):
    check = past_check(stage("url"))
    assert presenter.is_newer(check)
    presenter.show_stored(check, None, NOW, dict(values))
    assert not presenter.is_newer(check)
    assert not presenter.is_newer(past_check(at=NOW - timedelta(hours=1)))
    assert presenter.is_newer(past_check(at=NOW + timedelta(hours=1)))
    presenter.start()
    assert not presenter.is_newer(past_check(at=datetime.now(UTC) + timedelta(hours=1)))


def test_an_opened_earlier_check_covers_the_result(presenter):
    finished(presenter, stage("url"), stage("tcp"))
    presenter.opened_past_check = past_check(stage("url", "failed"), verdict="failed")
    assert set(presenter.visible_results) == {"url"}
    assert presenter.badges() == [("Earlier check", "off", "pending")]
    assert presenter.report_header("ACME").verdict == "failed"
    presenter.opened_past_check = None
    assert set(presenter.visible_results) == {"url", "tcp"}


# -- the report ---------------------------------------------------------------


def test_the_report_names_server_process_and_values_that_are_not_saved(presenter):
    finished(presenter, stage("url"))
    server = ForeignSystem(name="ACME", base_url="https://acme.service-now.com/")
    presenter.subject = CheckedObjects(
        server, ApprovalProcess(name="Approvals", server_id=server.id), unsaved=True
    )
    lines = dict(presenter.report_header("Page").lines)
    assert (lines["Server"], lines["Approval Process"]) == ("ACME", "Approvals")
    assert lines["Note"] == "the values are not saved"
    assert lines["Reference"] == presenter.report.correlation_id
    assert lines["Checked"].endswith("1.2 s")


def test_a_finding_is_titled_with_the_first_sentence_of_its_cause():
    assert finding_title("Roles", "The role is missing. Ask for it.") == "Roles: the role is missing"
