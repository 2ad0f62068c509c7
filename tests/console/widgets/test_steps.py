"""Steps in a strip: one runs at most, texts that are cut are whole in the tooltip, and each step can be read alone."""

import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit, QProxyStyle, QStyle, QVBoxLayout, QWidget

from console.widgets.motion import Rotation
from console.widgets.step_strip import HEIGHT, Step, StepState, StepStrip
from tests.console.accessibility import complaints

STEPS = [
    Step("Draft", StepState.DONE, "Saved at 10:31"),
    Step(
        "Export chosen", StepState.DONE, "A file whose name is too long for the place it has in a strip.zip"
    ),
    Step("Copy written", StepState.RUNNING, "Writing"),
    Step("Imported", StepState.RUNNING),
]


class Motion(QProxyStyle):
    """A style whose desktop wants motion, or none."""

    duration = 200

    def styleHint(self, hint, *rest):
        if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
            return self.duration
        return super().styleHint(hint, *rest)


class Strip(StepStrip):
    """A strip that asks a style of its own whether to move, and is drawn by the usual one."""

    def style(self):
        return self.motion


@pytest.fixture
def strip(qtbot):
    root = QWidget()
    qtbot.addWidget(root)
    layout = QVBoxLayout(root)
    layout.setContentsMargins(0, 0, 0, 0)
    first = QLineEdit()
    first.setAccessibleName("Name")
    made = Strip()
    made.motion = Motion()
    made.set_steps(STEPS)
    layout.addWidget(first)
    layout.addWidget(made)
    root.resize(991, 120)
    first.setFocus()
    root.show()
    made.root = root
    return made


def test_at_most_one_step_runs(strip):
    states = [step.state for step in strip.steps]
    assert states == [StepState.DONE, StepState.DONE, StepState.RUNNING, StepState.TODO]
    assert strip.height() == HEIGHT


def test_the_strip_says_everything_and_the_keys_one_step_at_a_time(strip):
    assert strip.accessibleName().startswith("Steps: Draft, done, Saved at 10:31; Export chosen, done, ")
    assert strip.accessibleName().endswith("Copy written, running, Writing; Imported, to do")
    strip.setFocus(Qt.FocusReason.TabFocusReason)
    assert strip.accessibleName() == "Steps 3 of 4: Copy written, running, Writing"
    for key, begins in (
        (Qt.Key.Key_Right, "Steps 4 of 4: Imported"),
        (Qt.Key.Key_Right, "Steps 4 of 4: Imported"),
        (Qt.Key.Key_Home, "Steps 1 of 4: Draft"),
    ):
        QTest.keyClick(strip, key)
        assert strip.accessibleName().startswith(begins)
        assert f"Steps {strip.value() + 1} of {strip.maximum() + 1}" in begins
    strip.clearFocus()
    assert strip.accessibleName().startswith("Steps: Draft")
    assert complaints(strip.window()) == {}


def test_what_is_cut_is_whole_in_the_tooltip(strip):
    assert strip._tip(strip.cell(1).center()) == STEPS[1].caption
    assert strip._tip(strip.cell(0).center()) == ""
    assert strip._tip(QPointF(-5, 5)) == ""


@pytest.mark.parametrize(("duration", "moves"), [(200, True), (0, False)])
def test_a_running_shape_turns_only_where_motion_is_wanted(strip, duration, moves):
    strip.motion.duration = duration
    strip.set_steps(STEPS)
    rotation = strip.findChild(Rotation)
    assert rotation.is_moving is moves
    strip.hide()
    assert not rotation.is_moving
    strip.show()
    assert rotation.is_moving is moves
    strip.set_steps(STEPS[:2])
    assert not rotation.is_moving
