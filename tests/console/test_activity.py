"""The pane of activity: every job with its state, one chosen and cancelled among many."""

from datetime import UTC, datetime

import pytest
from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtTest import QTest

from console.runtime.activity import CANCELLED, FAILED, MAX_JOBS, Activity
from console.shell.activity_strip import ActivityPane, ActivityStrip


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


@pytest.fixture
def strip(qtbot, activity):
    following = Following()
    made = ActivityStrip(activity, "console.db", following)
    qtbot.addWidget(made)
    made.resize(1200, 30)
    made.show()
    return made


class Following(QObject):
    """Stands for what asks the instances."""

    changed = pyqtSignal()
    who, why_not, seen_at = "This window is polling ServiceNow", "", None


def test_a_result_stays_in_the_strip_until_it_was_read_or_the_next_one_comes(activity, strip):
    activity.begin("Approving 2 requests").end("2 requests approved")
    said = strip.text.text()
    assert said == "Approving 2 requests: 2 requests approved"
    activity.record("Polling ServiceNow", "Nothing listens there.", FAILED, routine=True)
    activity.record("Requests", "3 new", routine=True)
    check = activity.begin("Scheduled check", routine=True)
    strip._polling.seen_at = datetime.now(UTC)
    strip._polling.changed.emit()
    assert strip.text.text() == said
    assert strip.polling.last.text().startswith("Last polled ")
    check.end("1 server works")
    assert strip.text.text() == said
    work = activity.begin("Exporting")
    assert strip.text.text() == "Exporting"
    assert not strip.dismiss.isVisible()
    work.end("4 requests")
    assert strip.text.text() == "Exporting: 4 requests"
    strip.dismiss.click()
    assert "Exporting" not in strip.text.text()
    assert len(activity.jobs) == 5  # what was put away is still in the log


def test_what_ended_last_is_what_the_strip_shows(activity, strip):
    slow = activity.begin("Approving 9 requests")
    activity.record("Copied", "Copied")
    slow.end("9 requests approved")
    assert strip.text.text() == "Approving 9 requests: 9 requests approved"


def test_many_routine_messages_push_no_result_out(activity, strip):
    activity.begin("Approving 2 requests").end("2 requests approved")
    for number in range(MAX_JOBS + 20):
        activity.record("Requests", f"{number} new", routine=True)
    assert strip.text.text() == "Approving 2 requests: 2 requests approved"
    assert len(activity.jobs) <= MAX_JOBS + 1
