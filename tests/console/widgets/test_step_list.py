"""Numbered steps: each is selectable, changes in place, and stays what it is in a drop-down."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.widgets.step_list import ROW, Step, StepList, StepState
from tests.console.accessibility import complaints
from tests.console.clipping import cut_off

STEPS = [
    Step("Sign in", StepState.DONE, "API client"),
    Step("Receive events", StepState.RUNNING, "Waiting since 10:38"),
    Step(
        "Map the fields", StepState.NOTICE, "9 of 11 variables, and more words than there is room for in here"
    ),
    Step("Send answers back", StepState.UNSEEN),
]


@pytest.fixture
def steps(qtbot):
    root = QWidget()
    qtbot.addWidget(root)
    made = StepList()
    layout = QVBoxLayout(root)
    layout.addWidget(made)
    layout.addStretch(1)
    made.root = root
    made.set_steps(STEPS)
    root.resize(300, 400)
    root.show()
    made.heard = []
    made.selected.connect(made.heard.append)
    return made


def test_mouse_and_keys_select_and_the_program_is_silent(steps):
    steps.select(1)
    assert steps.heard == []
    view = steps.view
    third = view.visualRect(steps.model.index(2))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=third.center())
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert steps.heard == [2, 3, 0]
    assert steps.current_index == 0


def test_all_rows_are_in_sight_and_keep_their_height(steps):
    assert steps.view.height() == ROW * len(STEPS)
    assert {steps.view.visualRect(steps.model.index(i)).height() for i in range(len(STEPS))} == {ROW}
    assert cut_off(steps.root) == []
    assert complaints(steps.root) == {}


def test_a_screen_reader_hears_number_state_and_caption(steps):
    def spoken(row):
        return steps.model.data(steps.model.index(row), Qt.ItemDataRole.AccessibleTextRole)

    assert spoken(0) == "1 of 4: Sign in, done, API client"
    assert spoken(3) == "4 of 4: Send answers back, cannot be seen from here"


def test_steps_change_in_place_and_the_selected_one_stays(steps):
    steps.select(2)
    steps.set_steps([*STEPS[:2], Step("Map the fields", StepState.DONE, "11 of 11"), STEPS[3]])
    assert steps.current_index == 2
    steps.set_steps(STEPS[:2])
    assert steps.current_index == 1
    assert steps.choice.currentIndex() == 1
    assert steps.heard == []


def test_the_drop_down_says_which_step_it_is(steps):
    steps.select(1)
    steps.set_narrow(narrow=True)
    assert steps.is_narrow
    assert not steps.view.isVisible()
    assert steps.choice.place_text() == "Step 2 of 4: Receive events"
    assert steps.choice.accessibleName() == "Steps: 2 of 4: Receive events, running, Waiting since 10:38"
    QTest.keyClick(steps.choice, Qt.Key.Key_Down)
    assert steps.heard == [2]
    assert steps.current_index == 2
    assert complaints(steps.root) == {}
    assert cut_off(steps.root) == []
    steps.set_narrow(narrow=False)
    assert steps.view.isVisible()
