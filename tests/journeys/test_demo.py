"""The demo as a newcomer runs it: the whole guide through the real window, each step observed, clicks and fields counted."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt6.QtGui import QImage

from console.demo.script import DemoScript
from console.runtime.page_targets import HOME, Target
from services.practice import PracticeInstance
from services.practice.privilege_manager import PracticePrivilegeManager
from tests.console.windows import opened_window
from tests.limits import MANY_PROGRAMS_S

pytestmark = pytest.mark.timeout(MANY_PROGRAMS_S)

ROOT = Path(__file__).parent.parent.parent
STEPS, CLICKS, FIELDS = 25, 73, 24
"""The tree way: what a person clicks and types on the pages of both sides, for the run that creates the items, and in the endpoint windows."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Run the command once, without a display and with a home of its own."""
    folder = tmp_path_factory.mktemp("demo")
    environ = {
        k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    environ["APPROVAL_CONSOLE_HOME"] = str(folder / "home")
    done = subprocess.run(
        [sys.executable, "-m", "console", "demo", "--headless", "--out", str(folder / "pics")],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=MANY_PROGRAMS_S,
        check=False,
    )
    return done, folder


def test_every_step_was_observed(demo):
    done, _ = demo
    assert done.returncode == 0, done.stdout + done.stderr
    steps = re.findall(r"^ *(\d+) (ok|FAILED) +(.+)$", done.stdout, re.MULTILINE)
    assert [int(number) for number, _, _ in steps] == list(range(1, STEPS + 1))
    assert {verdict for _, verdict, _ in steps} == {"ok"}


def test_what_was_observed_is_told_with_ids_and_states(demo):
    done, _ = demo
    assert re.search(r"Create the request items: 35 created, .* verified, run ", done.stdout)
    assert re.search(r"Add it to the policy: .* has the action and is active; run ", done.stdout)
    assert re.search(r"the policy is on WS-014", done.stdout)
    assert re.search(
        r"Raise a request: RITM\d+, PMRequestId [0-9a-f]{32}, pending in the endpoint", done.stdout
    )
    assert re.search(r"Decide it: approval [0-9a-f]{32} by app\.approver: approved", done.stdout)
    assert re.search(r"See it approved: RITM\d+: approved in the endpoint window", done.stdout)


def test_the_workflow_on_one_screen_ends_with_the_answer_and_its_comment(demo):
    done, _ = demo
    asked = re.search(
        r"asks through the webhook: WS-014 asks as ([0-9a-f-]{36}); RITM\d+, requested", done.stdout
    )
    assert asked, done.stdout
    answer = (
        f"back to Privilege Manager: {asked[1]}: Approved, answered once, comment “Approved for this release”"
    )
    assert answer in done.stdout


def test_every_step_of_the_guide_is_true_at_the_end(demo):
    done, _ = demo
    assert "See the guide again: 25 of 25 steps done" in done.stdout


def test_what_people_do_in_privilege_manager_is_told_as_such(demo):
    done, _ = demo
    said = [line for line in done.stdout.splitlines() if line.strip().startswith("in Privilege Manager")]
    assert any("Import Items took" in line for line in said), done.stdout


def test_the_tree_way_takes_no_more_clicks_and_fields_than_promised(demo):
    done, _ = demo
    assert f"clicks {CLICKS}, fields {FIELDS}" in done.stdout


def test_each_page_has_a_picture_that_shows_something(demo):
    _, folder = demo
    pictures = sorted((folder / "pics").glob("*.png"))
    names = {re.sub(r"^\d+-", "", file.stem) for file in pictures}
    assert names >= {
        "home",
        "user-credential",
        "foreign-system",
        "check",
        "approval-process",
        "approval-type",
        "requests-pending",
        "requests-approved",
        "home-done",
        "provisioning",
        "action",
        "policy-applied",
        "endpoint-asking",
        "endpoint-approved",
        "workflow-pending",
        "workflow-approved",
    }
    for file in pictures:
        image = QImage(str(file))
        colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
        assert image.width() >= 1280 or "endpoint" in file.name, file.name
        assert len(colours) > 20, file.name


def test_nothing_is_left_behind(demo):
    _, folder = demo
    left = [file.name for file in (folder / "home").rglob("*.db")] if (folder / "home").exists() else []
    assert left == []


@pytest.mark.parametrize(
    ("fault", "step"),
    [("hibernating", "Choose the account"), ("soap_fault", "Create the request items")],
)
def test_a_step_that_is_not_observed_fails_the_demo(run, tmp_path, fault, step):
    """The same story on an instance that does not play along ends at the step where that shows."""
    said = told_story(run, tmp_path, lambda practice, _pm: practice.faults.set(fault))
    assert any(line.lstrip()[:1].isdigit() and "FAILED" in line and step in line for line in said), said


def test_a_privilege_manager_that_adds_no_actions_fails_the_demo(run, tmp_path):
    said = told_story(
        run, tmp_path, lambda _practice, pm: pm.faults.set("not_written", operation="add_actions")
    )
    assert any("FAILED" in line and "Add it to the policy" in line for line in said), said


def told_story(run, tmp_path, break_something):
    """Run the story on servers that do not play along, and return what was said."""
    said = []

    async def story():
        url = f"sqlite:///{tmp_path / 'demo.db'}"
        async with (
            PracticeInstance(state="empty") as practice,
            PracticePrivilegeManager(empty=True) as privilege_manager,
            opened_window(url, tmp_path) as window,
        ):
            window.show_target(Target(HOME))
            break_something(practice, privilege_manager)
            script = DemoScript(window, practice, privilege_manager, None, said.append)
            assert not await script.run()
            await script.close()

    run(story(), 120)
    return said
