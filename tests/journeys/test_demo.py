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
from tests.console.windows import opened_window
from tests.limits import MANY_PROGRAMS_S, PROGRAM_S

pytestmark = pytest.mark.timeout(MANY_PROGRAMS_S)

ROOT = Path(__file__).parent.parent.parent
STEPS, CLICKS, FIELDS = 11, 31, 7
"""The tree way: what a person clicks and types for credential, server, check, process, item, services and type."""


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
        timeout=PROGRAM_S,
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
    assert re.search(r"see it pending: RITM\d+, PMRequestId [0-9a-f]{32}, pending", done.stdout)
    assert re.search(r"approval [0-9a-f]{32} by app\.approver: approved", done.stdout)
    assert re.search(r"See it approved: RITM\d+: approved, comment “Approved in the demo”", done.stdout)


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
    }
    for file in pictures:
        image = QImage(str(file))
        colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
        assert image.width() >= 1280, file.name
        assert len(colours) > 20, file.name


def test_nothing_is_left_behind(demo):
    _, folder = demo
    left = [file.name for file in (folder / "home").rglob("*.db")] if (folder / "home").exists() else []
    assert left == []


@pytest.mark.parametrize(
    ("fault", "step"),
    [("hibernating", "Check the connection"), ("soap_fault", "Raise a request")],
)
def test_a_step_that_is_not_observed_fails_the_demo(run, tmp_path, fault, step):
    """The same story on an instance that does not play along ends at the step where that shows."""
    said = []

    async def story():
        url = f"sqlite:///{tmp_path / 'demo.db'}"
        async with PracticeInstance() as practice, opened_window(url, tmp_path) as window:
            window.show_target(Target(HOME))
            practice.faults.set(fault)
            assert not await DemoScript(window, practice, None, said.append).run()

    run(story())
    assert any(line.lstrip()[:1].isdigit() and "FAILED" in line and step in line for line in said), said
