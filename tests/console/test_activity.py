"""The pane of activity: every job with its state, one chosen and cancelled among many."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from console.activity import CANCELLED, Activity
from console.activity_strip import ActivityPane


@pytest.fixture
def activity(qapp):
    return Activity()


@pytest.fixture
def pane(qtbot, activity):
    made = ActivityPane(activity)
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_chosen_job_stays_chosen_while_others_report(activity, pane):
    stopped = []
    first = activity.begin("First", lambda: stopped.append("first"))
    second = activity.begin("Second", lambda: stopped.append("second"))
    assert "Second" in pane.list.currentItem().text()  # the newest, until another is chosen
    pane.list.setCurrentRow(1)
    second.progress("Half way", 1, 2)
    activity.record("Third", "done at once")
    assert pane.list.currentRow() == 2
    assert "First" in pane.list.currentItem().text()
    QTest.mouseClick(pane.cancel_button, Qt.MouseButton.LeftButton)
    assert stopped == ["first"]
    assert (first.state, second.running) == (CANCELLED, True)
    assert not pane.cancel_button.isEnabled()


def test_what_has_ended_or_cannot_be_stopped_offers_no_cancel(activity, pane):
    activity.begin("Verify the audit trail")
    activity.record("Saved", "Saved")
    for row in range(2):
        pane.list.setCurrentRow(row)
        assert not pane.cancel_button.isEnabled()
