"""A row of the guide paints what it says: it stays when its step changes, and says all of it to who cannot see."""

import pytest
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtGui import QHelpEvent
from PyQt6.QtWidgets import QApplication, QPushButton, QToolTip, QVBoxLayout, QWidget

from console.setup.step_row import RowContent, StepAction, StepRow
from console.widgets.labels import LinkLabel
from services.language import tr_message
from services.setup.guide_step import GuideStep, GuideStepState

STEP_WIDTH = 160


def content(state=GuideStepState.TODO, fact="None yet", *, is_next=False, word="Open", waits_for=0):
    step = GuideStep(5, tr_message("User Credential"), state, tr_message(fact), waits_for=waits_for)
    return RowContent(step, is_next, STEP_WIDTH, word)


@pytest.fixture
def acts():
    return []


@pytest.fixture
def action(acts):
    return StepAction("Open", lambda: acts.append("first"))


@pytest.fixture
def row(qtbot, action):
    window = QWidget()
    qtbot.addWidget(window)
    made = StepRow(content(), action)
    other = LinkLabel("Other")
    layout = QVBoxLayout(window)
    layout.addWidget(other)
    layout.addWidget(made)
    window.resize(600, 80)
    window.show()
    window.activateWindow()
    yield made
    window.close()


def test_a_step_that_changes_keeps_link_and_keyboard(row, acts):
    link = row.offered
    link.setFocus()
    row.show_content(
        content(GuideStepState.DONE, "ServiceNow", word="Show"),
        StepAction("Show", lambda: acts.append("second")),
    )
    assert row.offered is link
    assert link.hasFocus()
    assert (link.text(), link.accessibleName()) == ("Show", "Show: User Credential")
    assert row.rect().contains(link.geometry())
    link.click()
    assert acts == ["second"]


def test_a_row_of_equal_content_follows_the_action_of_now(row, acts):
    row.show_content(content(), StepAction("Open", lambda: acts.append("second")))
    row.offered.click()
    assert acts == ["second"]


def test_the_next_step_gets_a_button_that_takes_the_keyboard_over(row, action, acts):
    row.offered.setFocus()
    row.show_content(content(is_next=True, word="Create"), action)
    button = row.offered
    assert isinstance(button, QPushButton)
    assert button.property("kind") == "primary"
    assert button.isVisible()
    assert button.hasFocus()
    button.click()
    assert acts == ["first"]
    row.show_content(content(GuideStepState.DONE), action)
    assert isinstance(row.offered, LinkLabel)
    assert row.offered.hasFocus()
    assert row.findChildren(QWidget) == [row.offered]


def test_a_step_that_waits_offers_nothing(row, action):
    row.show_content(content(GuideStepState.BLOCKED, waits_for=4), action)
    assert row.offered is None
    assert row.findChildren(QWidget) == []
    assert row.fact == "Waits for step 4"
    assert row.fact_room().right() == row.rect().right()


def test_the_name_of_a_row_changes_with_the_state(row, action):
    assert row.accessibleName() == "Step 5, User Credential, to do here: None yet"
    row.show_content(content(is_next=True), action)
    assert row.accessibleName() == "Step 5, User Credential, next: None yet"
    row.show_content(content(GuideStepState.DONE, "ServiceNow, secrets set"), action)
    assert row.accessibleName() == "Step 5, User Credential, done: ServiceNow, secrets set"
    row.show_content(content(GuideStepState.BLOCKED, waits_for=4), action)
    assert row.accessibleName() == "Step 5, User Credential, blocked: Waits for step 4"
    row.show_content(content(GuideStepState.NEEDLESS, ""), action)
    assert row.accessibleName() == "Step 5, User Credential, not needed"


def test_the_link_is_the_only_widget_in_its_row(row):
    assert row.findChildren(QWidget) == [row.offered]
    assert row.offered.accessibleName() == "Open: User Credential"


def tip_shown(row, place):
    QToolTip.hideText()
    event = QHelpEvent(QEvent.Type.ToolTip, place, row.mapToGlobal(place))
    assert QApplication.sendEvent(row, event)
    return QToolTip.text()


def test_a_fact_has_a_tooltip_where_it_is_elided(row, action):
    long = "A name of an instance that is longer than any room, " * 4
    middle = row.fact_room().center()
    assert not row.is_elided
    assert row.tip_at(middle) == ""
    row.show_content(content(fact=long), action)
    assert row.is_elided
    assert row.tip_at(row.fact_room().center()) == long
    row.window().resize(3000, 80)
    QApplication.processEvents()
    assert not row.is_elided
    assert row.tip_at(row.fact_room().center()) == ""
    assert row.tip_at(QPoint(2, 2)) == ""


def test_the_tooltips_of_a_row_are_plain_text(row, action):
    row.show_content(content(GuideStepState.DONE, "<h1>big</h1>\n\u202eexe" * 20), action)
    assert "\n" not in row.fact
    assert "\u202e" not in row.fact
    shape = QPoint(row.fact_room().left() - STEP_WIDTH - 12 - 8 - 7, row.height() // 2)
    assert tip_shown(row, shape) == "Done"
    tip = tip_shown(row, row.fact_room().center())
    assert not Qt.mightBeRichText(tip)
    assert tip.replace("\u200b", "") == row.fact
    QToolTip.hideText()


def test_a_row_stands_the_other_way_round_in_a_language_from_right_to_left(row):
    def mirrored(room):
        return row.width() - 1 - room.right(), room.width()

    link, fact = row.offered.geometry(), row.fact_room()
    wanted = [mirrored(link), mirrored(fact)]
    row.window().setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    QApplication.processEvents()
    assert [(room.left(), room.width()) for room in (row.offered.geometry(), row.fact_room())] == wanted
