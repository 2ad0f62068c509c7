"""The models of lists, put through Qt's own tester after each kind of change, and what they say to a screen reader."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QAbstractItemModelTester, QTest

from console.widgets.line_editors import PickerButton
from console.widgets.popup_list import PickModel, PickRow, PopupList
from console.widgets.revision_list import HistoryModel, time_ago
from console.widgets.stage_list import StageList, StageModel
from models.check_stages import STAGE_GROUPS
from models.kinds import Kind

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def rows(count, first=0):
    return [PickRow(str(i), f"Item {i}", "Thycotic", "box") for i in range(first, first + count)]


def result(stage, state, **more):
    return SimpleNamespace(stage=stage, state=state, evidence="seen", ms=12.0, **more)


def test_pick_rows_are_replaced_and_added_to(qapp):
    model = PickModel()
    tester = QAbstractItemModelTester(model, FATAL)
    model.replace(rows(3))
    model.append(rows(2, 3))
    model.append([])
    assert model.rowCount() == 5
    said = model.data(model.index(4), Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Item 4, Thycotic"
    model.replace([])
    assert model.rowCount() == 0
    del tester


@pytest.fixture
def anchor(qapp):
    """A button to open lists under; it outlives them, as a page does."""
    button = PickerButton()
    button.show()
    yield button
    qapp.processEvents()
    button.close()


def test_a_popup_is_used_by_keyboard_alone(anchor):
    popup = PopupList(anchor)
    popup.set_rows(rows(12), current="3")
    popup.popup()
    searched, chosen = [], []
    popup.search_changed.connect(searched.append)
    popup.chosen.connect(chosen.append)
    QTest.keyClicks(popup.search, "it")
    assert searched == ["i", "it"]
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        QTest.keyClick(popup.search, key)
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert chosen == ["4"]


def test_escape_closes_a_popup_and_says_so(qtbot, anchor):
    popup = PopupList(anchor)
    popup.popup()
    with qtbot.waitSignal(popup.cancelled):
        QTest.keyClick(popup.search, Qt.Key.Key_Escape)


def test_stages_are_there_from_the_first_moment_and_finish_in_place(qapp):
    model = StageModel(STAGE_GROUPS[Kind.FOREIGN_SYSTEM])
    tester = QAbstractItemModelTester(model, FATAL)
    before = model.rowCount()
    assert len(model.order) == 18
    model.set_stage("dns", "good", "2 addresses", 14.0)
    model.set_stage("tcp", "bad", "refused", 3.0)
    assert model.rowCount() == before
    assert model.group_ms(0) == 17.0
    assert "refused" in model.data(model.index(model.place("tcp")), Qt.ItemDataRole.AccessibleTextRole)
    headings = [i for i in range(before) if model.row(i).heading]
    assert all(not model.flags(model.index(i)) & Qt.ItemFlag.ItemIsSelectable for i in headings)
    del tester


def test_the_first_failure_selects_itself_unless_a_person_chose(qtbot):
    stages = StageList(STAGE_GROUPS[Kind.FOREIGN_SYSTEM])
    qtbot.addWidget(stages)
    stages.reset_stages()
    chosen = []
    stages.selected.connect(chosen.append)
    stages.finish(result("url", "ok"))
    stages.finish(result("dns", "failed"))
    stages.select_first_failure("dns")
    stages.select_first_failure("tcp")
    assert chosen == ["dns"]


def test_history_says_what_changed_in_the_order_of_the_form(qapp):
    model = HistoryModel()
    tester = QAbstractItemModelTester(model, FATAL)
    change = lambda name, before, after: SimpleNamespace(name=name, before=before, after=after)  # noqa: E731
    revision = SimpleNamespace(
        number=2,
        operation="update",
        by="ada",
        note="Renamed",
        at=datetime.now(UTC),
        changes=[change("account", "a", "b"), change("name", "x", "y"), change("hidden", 1, 2)],
    )
    model.set_revisions([revision], {"name": "Name", "account": "Account Name"})
    assert model.lines(0) == [("Name", "x", "y"), ("Account Name", "a", "b")]
    said = model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert said == "Version 2. Changed by ada · Renamed. Name from x to y; Account Name from a to b"
    del tester


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(5, "just now"), (61, "1 minute ago"), (7200, "2 hours ago"), (3 * 86400, "3 days ago")],
)
def test_ages_are_said_in_the_largest_unit(seconds, words):
    now = datetime(2026, 1, 31, tzinfo=UTC)
    assert time_ago(now - timedelta(seconds=seconds), now) == words
