"""The tree as people use it: selecting, filtering, renaming in place, and what stays when the store changes."""

import pytest
from PyQt6.QtCore import QEvent, QPoint, Qt
from PyQt6.QtGui import QContextMenuEvent
from PyQt6.QtTest import QAbstractItemModelTester, QTest
from PyQt6.QtWidgets import QApplication, QLineEdit

from console.design import theme
from console.navigation.tree_model import Role, TreeModel, object_key
from console.navigation.tree_view import Navigation
from console.runtime.page_targets import Target
from models.kinds import Kind
from tests.console.navigation.support import id_of, outline

PROCESS = Kind.APPROVAL_PROCESS


@pytest.fixture
def untested(qtbot, qapp):
    """The tree without Qt's tester, which looks at every row after every step."""
    theme.apply(qapp, "light")
    made = Navigation(TreeModel())
    qtbot.addWidget(made)
    made.resize(300, 700)
    made.show()
    return made


@pytest.fixture
def navigation(untested):
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [QAbstractItemModelTester(model, mode) for model in (untested.model, untested.proxy)]
    yield untested
    del testers


@pytest.fixture
def chosen(navigation):
    told = []
    navigation.chosen.connect(told.append)
    return told


def target(word):
    return Target(str(PROCESS), id_of(word))


def rows(navigation):
    """Return every row in sight, from top to bottom."""
    found, index = [], navigation.proxy.index(0, 0)
    while index.isValid():
        found.append(index.data())
        index = navigation.tree.indexBelow(index)
    return found


def key(word):
    return object_key(PROCESS, id_of(word))


def index_of(navigation, word):
    return navigation.proxy.mapFromSource(navigation.model.index_of(navigation.model.node(key(word))))


def test_the_way_of_the_guide_stands_open_at_the_first_start(navigation):
    assert rows(navigation) == [
        "Home", "Tasks", "Workflow", "Automation", "Approvals", "Approval Processes", "Approval Types",
        "Server Tasks", "Policies", "Application Policies", "Actions", "Configuration", "User Credentials",
        "Foreign Systems", "ServiceNow", "Privilege Manager", "Deleted objects", "Requests",
        "About to time out", "Mismatch",
    ]  # fmt: skip


def test_an_object_is_in_sight_as_soon_as_it_exists_and_again_after_the_folder_was_empty(navigation):
    for words in (("a",), (), ("b", "c")):
        navigation.show_outline(outline(*words), [], None)
        at = rows(navigation).index("Approval Processes")
        assert rows(navigation)[at + 1 : at + 1 + len(words)] == list(words)


def test_a_folder_of_many_objects_is_closed_until_a_person_opens_it(navigation):
    words = [f"process {n:03}" for n in range(900)]
    navigation.show_outline(outline(*words), [], None)
    shown = rows(navigation)
    assert "Approval Processes" in shown
    assert "process 000" not in shown
    folder = navigation._index(navigation.model.node("approval_process"))
    navigation.tree.setExpanded(folder, True)
    navigation.show_outline(outline(*words, "process 900"), [], None)
    assert "process 900" in rows(navigation)
    # What a person left open is open at the next start.
    navigation.restore(navigation.expanded())
    navigation.show_outline(outline(*words), [], None)
    assert "process 000" in rows(navigation)


def test_a_click_opens_a_page_once_and_selecting_for_a_page_opens_none(navigation, chosen):
    navigation.show_outline(outline("a", "b"), [], None)
    viewport = navigation.tree.viewport()
    QTest.mouseClick(
        viewport,
        Qt.MouseButton.LeftButton,
        pos=navigation.tree.visualRect(index_of(navigation, "b")).center(),
    )
    assert chosen == [target("b")]
    navigation.select(target("a"))
    assert navigation.current().text == "a"
    assert len(chosen) == 1


def test_the_keyboard_opens_and_walks(navigation, chosen):
    navigation.show_outline(outline("a", "b"), [], Target("home"))
    QTest.keyClick(navigation.tree, Qt.Key.Key_Down)
    assert chosen == [Target("folder:tasks")]
    QTest.keyClick(navigation.tree, Qt.Key.Key_Left)
    assert "Workflow" not in rows(navigation)
    QTest.keyClick(navigation.tree, Qt.Key.Key_Return)
    assert chosen == [Target("folder:tasks")] * 2


def test_selection_and_open_nodes_survive_every_change(navigation, chosen):
    navigation.show_outline(outline(*"abcd"), [], target("c"))
    navigation.restore(navigation.expanded() - {"configuration"})
    opened = navigation.expanded()
    for changed in (outline(*"abcdef"), outline(*"cdef"), outline(*"cdef", c="zulu"), outline("c", "f")):
        navigation.show_outline(changed, [], target("c"))
        assert navigation.current().object_id == id_of("c")
        assert navigation.tree.selectionModel().isSelected(index_of(navigation, "c"))
        assert navigation.expanded() == opened
    assert chosen == []


def test_an_object_deleted_elsewhere_leaves_nothing_selected_and_opens_no_neighbour(navigation, chosen):
    """Else F2 and Delete would mean an object nobody chose."""
    navigation.show_outline(outline(*"abc"), [], target("b"))
    navigation.show_outline(outline(*"ac"), [], target("b"))
    assert chosen == []
    assert navigation.current() is None
    QTest.keyClick(navigation.tree, Qt.Key.Key_Down)
    assert len(chosen) == 1


# -- the filter ---------------------------------------------------------------


def test_the_filter_finds_objects_anywhere_and_shows_the_way_to_them(navigation):
    navigation.show_outline(outline("Alpha", "Beta"), [], None)
    navigation.restore(set())
    QTest.keyClicks(navigation.filter, "bET")
    assert rows(navigation) == ["Tasks", "Workflow", "Automation", "Approvals", "Approval Processes", "Beta"]
    QTest.keyClicks(navigation.filter, "xyz")
    assert rows(navigation) == []


def test_what_is_typed_is_no_pattern(navigation):
    navigation.show_outline(outline("a.b", "axb", "[x]"), [], None)
    navigation.filter.setText("a.b")
    assert rows(navigation)[-1] == "a.b"
    assert "axb" not in rows(navigation)
    navigation.filter.setText("[")
    assert rows(navigation)[-1] == "[x]"


def test_escape_clears_the_filter_and_brings_back_what_was_open(navigation, chosen):
    navigation.show_outline(outline("a", "b"), [], target("b"))
    navigation.restore({"tasks"})
    before = rows(navigation)
    QTest.keyClicks(navigation.filter, "configuration")
    assert navigation.current() is None
    QTest.keyClick(navigation.filter, Qt.Key.Key_Escape)
    assert navigation.filter.text() == ""
    assert rows(navigation) == before
    assert navigation.current().text == "b"
    assert chosen == []


def test_escape_in_the_empty_filter_goes_to_the_tree(navigation, qtbot):
    navigation.filter.setFocus()
    qtbot.waitUntil(navigation.filter.hasFocus)
    QTest.keyClick(navigation.filter, Qt.Key.Key_Escape)
    assert navigation.tree.hasFocus()


def test_blanks_filter_nothing_and_change_nothing(navigation):
    navigation.restore({"tasks"})
    before = rows(navigation)
    QTest.keyClicks(navigation.filter, "   ")
    assert rows(navigation) == before
    navigation.filter.clear()
    assert rows(navigation) == before


def test_what_a_filter_opened_is_not_remembered_as_open(navigation):
    navigation.restore({"tasks"})
    navigation.filter.setText("servicenow")
    assert navigation.expanded() == {"tasks"}


def test_enter_opens_the_first_match_in_sight(navigation, chosen):
    navigation.show_outline(outline("zz late", "aa late"), [], None)
    navigation.filter.setText("late")
    QTest.keyClick(navigation.filter, Qt.Key.Key_Return)
    assert chosen == [target("aa late")]
    navigation.filter.setText("types")
    QTest.keyClick(navigation.filter, Qt.Key.Key_Return)
    assert chosen[1:] == [Target("folder:approval_type")]
    navigation.filter.setText("nothing like it")
    QTest.keyClick(navigation.filter, Qt.Key.Key_Return)
    navigation.filter.setText(" ")
    QTest.keyClick(navigation.filter, Qt.Key.Key_Return)
    assert len(chosen) == 2


def test_others_changes_leave_a_filter_being_typed_alone(navigation, chosen):
    navigation.show_outline(outline("Alpha"), [], Target("home"))
    navigation.filter.setText("bet")
    assert rows(navigation) == []
    navigation.show_outline(outline("Alpha", "Beta"), [], Target("home"))
    assert navigation.filter.text() == "bet"
    assert rows(navigation)[-1] == "Beta"
    navigation.show_outline(outline("Alpha", "Beta", Beta="Gamma"), [], Target("home"))
    assert rows(navigation) == []
    assert chosen == []


def test_going_to_a_page_that_the_filter_hides_clears_the_filter(navigation):
    navigation.show_outline(outline("Alpha", "Beta"), [], None)
    navigation.filter.setText("beta")
    navigation.select(target("Alpha"))
    assert navigation.filter.text() == ""
    assert navigation.current().text == "Alpha"


# -- ten thousand -------------------------------------------------------------


def test_ten_thousand_objects_are_shown_found_and_kept_in_step(untested):
    """Counts what happens, not how long it takes: a step for each object would be ten thousand."""
    navigation = untested
    words = [f"Process {n:05}" for n in range(10_000)]
    steps = []
    for signal in (navigation.proxy.rowsInserted, navigation.proxy.rowsRemoved, navigation.model.rowsMoved):
        signal.connect(lambda *_: steps.append(1))
    everything = outline(*words)
    navigation.show_outline(everything, [], target(words[5000]))
    assert len(steps) == 1
    assert navigation.current().text == words[5000]
    navigation.filter.setText("09999")
    assert rows(navigation)[-1] == "Process 09999"
    navigation.filter.clear()
    steps.clear()
    navigation.show_outline(outline(*words, **{words[0]: "zulu"}), [], target(words[5000]))
    navigation.show_outline(outline(*words[1:5000], *words[5001:]), [], None)
    # The row moved; a proxy passes that on in its own way, and two rows were removed.
    assert len(steps) <= 6


# -- renaming in place, menus -------------------------------------------------


def test_a_name_is_edited_in_place_and_escape_leaves_it(navigation, qtbot):
    told = []
    navigation.model.renamed.connect(lambda node, name: told.append((node.key, name)))
    navigation.show_outline(outline("a"), [], target("a"))
    for typed, end in (("Better", Qt.Key.Key_Escape), ("Best", Qt.Key.Key_Return)):
        navigation.edit(navigation.model.node(key("a")))
        line = navigation.tree.viewport().findChild(QLineEdit)
        assert line.accessibleName() == "New name of a"
        assert line.selectedText() == "a"
        QTest.keyClicks(line, typed)
        QTest.keyClick(line, end)
        qtbot.waitUntil(lambda: navigation.tree.viewport().findChild(QLineEdit) is None)
    assert told == [(key("a"), "Best")]


def test_the_menu_is_asked_for_by_mouse_and_by_keyboard(navigation):
    asked = []
    navigation.tree.menu_requested.connect(lambda node, where: asked.append((node.key, where)))
    navigation.show_outline(outline("a"), [], target("a"))
    viewport = navigation.tree.viewport()
    place = navigation.tree.visualRect(index_of(navigation, "a")).center()
    mouse = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, mouse)
    keyboard = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    QApplication.sendEvent(viewport, keyboard)
    assert [k for k, _ in asked] == [key("a")] * 2
    assert asked[0][1] == viewport.mapToGlobal(place)
    empty = QPoint(5, viewport.height() - 2)
    QApplication.sendEvent(viewport, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, empty, empty))
    assert len(asked) == 2


def test_a_chevron_opens_and_closes_without_opening_a_page(navigation, chosen):
    tasks = navigation.proxy.mapFromSource(navigation.model.index_of(navigation.model.node("tasks")))
    rect = navigation.tree.visualRect(tasks)
    QTest.mouseClick(
        navigation.tree.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(rect.left() + 7, rect.center().y())
    )
    assert not navigation.tree.isExpanded(tasks)
    assert chosen == []


def test_rows_are_drawn_in_every_state_and_colours_change_live(navigation, qapp):
    """Drawing runs through every branch of the delegate; a failing paint would fail this test."""
    navigation.show_outline(outline("a", "b", "c"), [], target("a"))
    for word, badge in (("a", "good"), ("b", "bad"), ("c", "notice")):
        navigation.model.set_badge(key(word), badge)
    light = navigation.grab().toImage()
    try:
        theme.apply(qapp, "dark")
        QApplication.sendPostedEvents(None, QEvent.Type.UpdateRequest)
        dark = navigation.grab().toImage()
    finally:
        theme.apply(qapp, "light")
    where = navigation.tree.mapTo(navigation, navigation.tree.rect().bottomLeft() + QPoint(20, -5))
    assert light.pixelColor(where).lightness() > 200
    assert dark.pixelColor(where).lightness() < 80


def test_every_row_says_its_name_to_a_screen_reader(navigation):
    navigation.show_outline(outline("a"), [], None)
    index = navigation.proxy.index(0, 0)
    while index.isValid():
        assert index.data(Qt.ItemDataRole.AccessibleTextRole).startswith(index.data(Role.NODE).text)
        index = navigation.tree.indexBelow(index)
