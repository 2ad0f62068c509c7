"""The presenter of the set-up wizard and the plan of what is missing, without widgets."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from console.setup.home_steps import caption_texts, step_offer
from console.setup.missing_plan import MissingPlan, PartialRun, provisional_server_id, record_counts_text
from console.setup.wizard_presenter import Activity, PrimaryAction, Step, WizardPresenter
from models.approval_process import ApprovalProcess
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from services.provisioning import RecordChange
from services.provisioning.run_receipts import ReceiptStep
from services.setup.checklist import SetupFacts
from services.setup.guide_step import GuideStep, GuideStepState


def change(key, operation="create", table="sys_web_service"):
    return RecordChange(key, operation, table, key, None, {}, "because")


def done(key):
    return ReceiptStep(key, "sys_web_service", key, "create", "done")


@pytest.fixture
def presenter():
    return WizardPresenter()


def test_importing_the_presenter_loads_no_qt():
    script = "import sys, console.setup.wizard_presenter, console.setup.home_steps; sys.exit('PyQt6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# -- the wizard ---------------------------------------------------------------


def test_the_wizard_connects_first(presenter):
    assert presenter.primary_action is PrimaryAction.CONNECT
    assert presenter.primary_text() == "Connect"
    assert presenter.title == "Sign in to ServiceNow"
    assert presenter.idle


def test_a_complete_instance_goes_on_to_the_objects(presenter):
    presenter.step = Step.FOUND
    assert presenter.primary_action is PrimaryAction.CREATE
    assert presenter.lead_text().startswith("Nothing is changed on the instance.")
    presenter.applied = True
    assert presenter.lead_text().startswith("The missing records were created")


def test_missing_records_are_created_first(presenter):
    presenter.step = Step.FOUND
    presenter.missing = MissingPlan([change("a")], PartialRun())
    assert presenter.primary_action is PrimaryAction.PROVISION
    assert presenter.primary_text() == "Create 1 record in ServiceNow"
    assert presenter.lead_text() == "Nothing was changed on the instance. What is missing can be created now."
    presenter.applied = True
    assert presenter.lead_text().endswith("What is still missing is marked.")


def test_an_instance_that_was_not_read_after_a_run_is_read_again(presenter):
    presenter.step, presenter.outdated = Step.FOUND, True
    assert presenter.primary_action is PrimaryAction.CONNECT
    assert presenter.primary_text() == "Read the instance again"


@pytest.mark.parametrize(
    ("activity", "can_cancel", "lead"),
    [
        (Activity.WRITING, True, "Records are being written in ServiceNow."),
        (Activity.CANCELLING, False, "Records are being written in ServiceNow."),
        (Activity.CREATING, False, "These objects are being created here."),
    ],
)
def test_work_in_progress_decides_lead_and_cancel(presenter, activity, can_cancel, lead):
    presenter.step, presenter.activity = Step.FOUND, activity
    assert not presenter.idle
    assert (presenter.can_cancel, presenter.lead_text()) == (can_cancel, lead)


def test_the_last_step_finishes(presenter):
    presenter.step = Step.DONE
    assert presenter.primary_action is PrimaryAction.FINISH
    assert (presenter.title, presenter.primary_text()) == ("Approvals are set up", "Finish")


# -- what is missing ----------------------------------------------------------


def test_records_that_a_stopped_run_wrote_are_not_counted_again():
    plan = MissingPlan([change("a"), change("b"), change("c", "update")], PartialRun(done=(done("a"),)))
    assert [c.key for c in plan.remaining] == ["b", "c"]
    assert plan.counts_texts() == (
        "To be created in ServiceNow: 1 scripted service",
        "To be updated in ServiceNow: 1 scripted service",
    )
    assert plan.run_text == "Write 2 records in ServiceNow"
    assert plan.reason == ""


@pytest.mark.parametrize(
    ("written", "text", "reason"),
    [
        (PartialRun(), "Create and check", "The instance lacks what is marked"),
        (PartialRun(done=(done("a"),)), "Verify the run", ""),
    ],
)
def test_without_anything_left_the_run_is_verified_or_refused(written, text, reason):
    plan = MissingPlan([change("a")] if written.done else [], written)
    assert (plan.run_text, plan.reason) == (text, reason)


def test_a_run_with_doubtful_or_unknown_steps_continues():
    doubtful = PartialRun(doubtful=(done("a"),))
    assert MissingPlan([change("a")], doubtful).run_text == "Continue in ServiceNow"
    assert doubtful.text == "It is not known whether this record was written: a."
    unknown = MissingPlan([change("a")], PartialRun(known=False))
    assert unknown.run_text == "Continue in ServiceNow"
    assert unknown.counts_texts() == ("", "")


def test_counts_name_tables_and_the_same_address_gives_the_same_id():
    counts = record_counts_text([change("a", table="sc_category"), change("b"), change("c")])
    assert counts == "1 category, 2 scripted services"
    address = "https://acme.service-now.com/"
    assert provisional_server_id(address) == provisional_server_id(address)


# -- the steps of Home --------------------------------------------------------


def step(number, kind=None, object_id=None):
    return GuideStep(number, "Text", GuideStepState.TODO, "", kind, object_id)


def test_a_step_opens_its_object_or_creates_it_with_what_exists():
    server = ForeignSystem(name="ACME")
    facts = SetupFacts(server=server)
    assert step_offer(step(1), facts) is None
    opened = step_offer(step(5, Kind.FOREIGN_SYSTEM, server.id), facts)
    assert (opened.word, opened.target.id) == ("Open", server.id)
    new = step_offer(step(10, Kind.APPROVAL_PROCESS), facts)
    assert (new.word, new.new_kind, new.values) == ("Create", Kind.APPROVAL_PROCESS, {"server_id": server.id})


def test_steps_about_items_open_the_plan_and_the_last_one_a_rehearsal():
    server, process = ForeignSystem(name="ACME"), ApprovalProcess(name="Approvals")
    facts = SetupFacts(server=server, process=process)
    plan = step_offer(step(7, Kind.FOREIGN_SYSTEM, server.id), facts)
    assert (plan.word, plan.target.kind, plan.target.tab) == ("Review plan", "provisioning", str(server.id))
    rehearsal = step_offer(step(22, Kind.APPROVAL_PROCESS, process.id), facts)
    assert (rehearsal.word, rehearsal.target.run) == ("Rehearse", "rehearse")


def test_the_caption_names_the_server_only_when_it_was_asked():
    server = SimpleNamespace(id=1, name="ACME")
    assert "from ACME" in caption_texts(SetupFacts(server=server, services_found=True))[0]
    assert "ACME" not in caption_texts(SetupFacts(server=server))[0]
