"""Values to copy: what is shown, what is copied, and that a secret is neither shown nor left behind."""

import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from console.widgets import secret_clipboard as module
from console.widgets.secret_clipboard import HOLD_MS
from console.widgets.steps import StepState
from console.widgets.value_list import COPIED_MS, ValueList, ValueRow
from console.widgets.waiting_row import StatusShape, WaitingRow
from tests.console.accessibility import complaints
from tests.console.clipping import cut_off

TOKEN = "Bearer canary-5c1f"
ROWS = [
    ValueRow("Name", "Approval Console"),
    ValueRow("Request URL", "https://approvals.example:8443/" + "very/long/" * 20),
    ValueRow("Header value", "Bearer ", is_secret=True, read_secret=lambda: TOKEN, note="New since 10:38"),
    ValueRow("Stranger", "<b>x</b> \u202eexe"),
]


def clipboard():
    return QGuiApplication.clipboard()


@pytest.fixture
def values(qtbot):
    root = QWidget()
    qtbot.addWidget(root)
    made = ValueList("Enter there")
    layout = QVBoxLayout(root)
    layout.addWidget(made)
    layout.addStretch(1)
    made.root = root
    made.set_rows(ROWS)
    root.resize(680, 300)
    root.show()
    clipboard().clear()
    yield made
    module.secret_clipboard().clear_now()
    clipboard().clear()


def texts(root):
    return [label.text() for label in root.findChildren(QLabel)] + [
        widget.accessibleName() + widget.toolTip() for widget in root.findChildren(QWidget)
    ]


def test_a_click_copies_the_value_and_says_so_without_moving_anything(values):
    button, copied = values.copy_buttons[0], []
    values.copied.connect(copied.append)
    before = [b.geometry() for b in values.copy_buttons]
    assert button.accessibleName() == "Copy Name"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.qWait(0)
    assert (clipboard().text(), copied) == ("Approval Console", [0])
    assert (button.text(), button.accessibleName()) == ("Copied", "Copied Name")
    assert [b.geometry() for b in values.copy_buttons] == before
    [timer] = [t for t in button.findChildren(QTimer) if t.isActive()]
    assert (timer.interval(), timer.isSingleShot()) == (COPIED_MS, True)
    timer.timeout.emit()
    assert (button.text(), button.accessibleName()) == ("Copy", "Copy Name")


def test_a_secret_is_copied_and_nowhere_shown(values):
    QTest.mouseClick(values.copy_buttons[2], Qt.MouseButton.LeftButton)
    assert clipboard().text() == TOKEN
    assert clipboard().mimeData().hasFormat("x-kde-passwordManagerHint")
    assert not any("canary" in text for text in texts(values.root))
    shown = [label.text() for label in values.findChildren(QLabel)]
    assert any(text.startswith("Bearer \u2022") for text in shown)
    held = [module.secret_clipboard(), values, *values.copy_buttons]
    values.set_rows(ROWS[:2])
    assert not any(
        "canary" in str(value) for o in held for value in vars(o).values() if isinstance(value, str | bytes)
    )


def test_a_secret_leaves_the_clipboard_after_a_minute_if_it_is_still_there(values):
    holder = module.secret_clipboard()
    values.copy(2)
    [timer] = holder.findChildren(QTimer)
    assert (timer.isActive(), timer.interval(), HOLD_MS) == (True, 60_000, 60_000)
    timer.timeout.emit()
    assert clipboard().text() == ""
    assert not holder.is_holding
    values.copy(2)
    clipboard().setText("something else")
    timer.timeout.emit()
    assert clipboard().text() == "something else"


def test_the_list_asks_for_a_secret_that_it_cannot_read(values):
    asked = []
    values.secret_requested.connect(asked.append)
    values.set_rows([ValueRow("Header value", "Bearer ", is_secret=True)])
    values.copy(0)
    assert (asked, clipboard().text()) == ([0], "")
    values.copy_secret(0, "")
    assert values.copy_buttons[0].text() == "Copy"
    values.copy_secret(0, TOKEN)
    assert clipboard().text() == TOKEN
    assert values.copy_buttons[0].text() == "Copied"


def test_copy_all_leaves_secrets_out(values):
    text = values.copy_all()
    assert clipboard().text() == text
    assert text.splitlines()[0] == "Name: Approval Console"
    assert "Header value" not in text
    assert "Bearer" not in text


def test_arrow_keys_go_through_the_buttons(values):
    buttons = values.copy_buttons
    buttons[0].setFocus()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(values.root.focusWidget(), key)
    assert values.root.focusWidget() is buttons[2]
    QTest.keyClick(buttons[2], Qt.Key.Key_Return)
    assert clipboard().text() == TOKEN


@pytest.mark.parametrize("width", [360, 680, 1200])
def test_names_and_values_can_be_heard_and_nothing_is_cut(values, width):
    values.root.resize(width, 300)
    QTest.qWait(0)
    assert cut_off(values.root) == []
    assert complaints(values.root) == {}
    assert "Header value: Bearer hidden" in values.accessibleName()
    assert "\u202e" not in values.accessibleName()


def test_rows_with_the_same_names_stay_and_so_does_the_keyboard(values):
    before = list(values.copy_buttons)
    before[1].setFocus()
    values.set_rows([ValueRow(row.name, "other", note="") for row in ROWS])
    assert values.copy_buttons == before
    assert values.root.focusWidget() is before[1]
    assert "Name: other" in values.accessibleName()


def test_a_row_of_waiting_says_what_and_how_and_stops(qtbot):
    row, stopped = WaitingRow(), []
    qtbot.addWidget(row)
    row.stop_clicked.connect(lambda: stopped.append(row.state))
    row.set_content("Waiting for a test event", "Start a program " * 20)
    row.resize(500, 40)
    row.show()
    assert row.accessibleName().startswith("Waiting for a test event, running, Start a program")
    assert row.findChild(StatusShape).accessibleName() == "running"
    assert row.button.accessibleName() == "Stop waiting: Waiting for a test event"
    QTest.keyClick(row.button, Qt.Key.Key_Return)
    row.set_content("Not seen yet", "Asked for 30 minutes", state=StepState.NOTICE, button="Ask now")
    assert row.button.text() == "Ask now"
    QTest.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert stopped == [StepState.RUNNING, StepState.NOTICE]
    assert cut_off(row) == []
    assert complaints(row) == {}
    row.set_content("Seen", state=StepState.DONE, button="")
    assert not row.button.isVisible()
