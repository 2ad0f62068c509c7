"""Texts edited in place: keys and the mouse agree, bold words stay bold, and what is typed is never lost by accident."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFont, QTextCursor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from console.design import theme
from console.widgets.run_edit import ChoiceCellEdit, LineCellEdit, RunCellEdit
from console.widgets.text_entries import merge_runs
from console.widgets.text_grid import ROW, SECTION, TextEntry, TextGrid
from console.widgets.text_lines import break_lines, layout_runs
from console.widgets.utf16 import utf16_length, utf16_part
from tests.console.accessibility import complaints
from tests.console.clipping import cut_off

DIRECTIONS = (("LeftToRight", "Left to right"), ("RightToLeft", "Right to left"))
BOLD = (("This program ", False), ("needs approval", True), (" now.", False))
STRANGER = "<b>x</b> & \u202eexe"


def short(key, text="", **more):
    return TextEntry(key, f"{key} label", ((text or f"{key} text", False),), **more)


ENTRIES = [
    short("a", error="Too long: 80 characters at most"),
    short("b"),
    short("c", is_inherited=True),
    short("d", STRANGER),
    TextEntry("flow", "Flow direction", (("LeftToRight", False),), choices=DIRECTIONS),
    TextEntry("info", "Information section", BOLD, is_section=True, help="Shown above the program"),
    TextEntry("status", "Approval status section", (("word " * 60, False),), is_section=True),
]


@pytest.fixture
def grid(qtbot):
    root = QWidget()
    qtbot.addWidget(root)
    made = TextGrid("Texts")
    elsewhere = QLineEdit()
    elsewhere.setAccessibleName("Name")
    layout = QVBoxLayout(root)
    layout.addWidget(elsewhere)
    layout.addWidget(made)
    layout.addStretch(1)
    made.root, made.elsewhere = root, elsewhere
    made.set_entries(ENTRIES)
    root.resize(491, 500)
    root.show()
    made.heard = []
    made.selected.connect(made.heard.append)
    made.edited.connect(lambda key, runs: made.heard.append((key, runs)))
    return made


def cell(grid, key):
    return grid._cell(key)


def press(grid, *keys):
    for key in keys:
        QTest.keyClick(grid.root.focusWidget(), key)


def test_short_texts_stand_in_pairs_and_sections_over_the_whole_width(grid):
    boxes = {entry.key: cell(grid, entry.key).geometry() for entry in ENTRIES}
    assert boxes["a"].top() == boxes["b"].top()
    assert boxes["c"].top() - boxes["a"].top() == ROW
    assert boxes["status"].top() - boxes["info"].top() == SECTION
    assert boxes["info"].width() == grid.width() - 2
    assert boxes["b"].right() + 2 == grid.width()
    grid.root.resize(280, 600)
    QTest.qWait(0)
    assert cell(grid, "b").geometry().top() - cell(grid, "a").geometry().top() == ROW


def test_keys_go_through_the_grid_and_select(grid):
    cell(grid, "a").setFocus(Qt.FocusReason.TabFocusReason)
    key = Qt.Key
    press(
        grid, key.Key_Right, key.Key_Down, key.Key_Left, key.Key_Down, key.Key_Down, key.Key_Home, key.Key_End
    )
    assert grid.heard == ["b", "d", "c", "flow", "info", "a", "status"]
    assert grid.root.focusWidget() is cell(grid, "status")
    assert complaints(grid.root) == {}


def test_the_program_selects_silently_and_the_mouse_does_not(grid):
    grid.select("b")
    assert (grid.current_key, grid.heard) == ("b", [])
    QTest.mouseClick(cell(grid, "info"), Qt.MouseButton.LeftButton)
    assert grid.heard == ["info"]


def test_a_text_is_edited_and_enter_keeps_it(grid):
    cell(grid, "b").setFocus()
    press(grid, Qt.Key.Key_F2)
    assert isinstance(grid.editor, LineCellEdit)
    assert grid.editor.accessibleName() == "b label"
    QTest.keyClicks(grid.editor, "New words")
    press(grid, Qt.Key.Key_Return)
    assert grid.heard == ["b", ("b", [("New words", False)])]
    assert grid.editor is None
    assert grid.root.focusWidget() is cell(grid, "b")
    assert cell(grid, "b").accessibleName() == "b label: New words, selected"


def test_escape_keeps_what_was(grid):
    grid.edit("b")
    QTest.keyClicks(grid.editor, "New words")
    press(grid, Qt.Key.Key_Escape)
    assert grid.heard == []
    assert cell(grid, "b").entry == ENTRIES[1]
    grid.edit("b")
    press(grid, Qt.Key.Key_Return)
    assert grid.heard == []


def test_tab_keeps_a_text_and_goes_to_the_next_one(grid):
    grid.edit("a")
    QTest.keyClicks(grid.editor, "x")
    press(grid, Qt.Key.Key_Tab)
    assert grid.heard == [("a", [("x", False)]), "b"]
    assert grid.root.focusWidget() is cell(grid, "b")


def test_a_click_elsewhere_keeps_what_was_typed(grid):
    grid.edit("a")
    QTest.keyClicks(grid.editor, "typed")
    grid.elsewhere.setFocus(Qt.FocusReason.MouseFocusReason)
    assert grid.heard == [("a", [("typed", False)])]
    assert grid.editor is None
    assert grid.root.focusWidget() is grid.elsewhere


def test_an_inherited_text_says_so_and_becomes_its_own(grid):
    assert cell(grid, "c").accessibleName() == "c label: As in Default"
    QTest.mouseDClick(cell(grid, "c"), Qt.MouseButton.LeftButton)
    assert grid.editor.text() == "c text"
    QTest.keyClicks(grid.editor, "own")
    press(grid, Qt.Key.Key_Enter)
    assert cell(grid, "c").accessibleName() == "c label: own, selected"


def test_a_choice_is_made_from_its_labels(grid):
    assert cell(grid, "flow").accessibleName() == "Flow direction: Left to right"
    grid.edit("flow")
    assert isinstance(grid.editor, ChoiceCellEdit)
    press(grid, Qt.Key.Key_Down, Qt.Key.Key_Return)
    assert grid.heard == [("flow", [("RightToLeft", False)])]


def test_bold_words_stay_bold_and_ctrl_b_makes_more(grid):
    grid.edit("info")
    editor = grid.editor
    assert isinstance(editor, RunCellEdit)
    assert tuple(editor.runs()) == BOLD
    editor.moveCursor(QTextCursor.MoveOperation.End)
    QTest.keyClick(editor, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, "!")
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(editor, "End")
    press(grid, Qt.Key.Key_Return)
    [(key, runs)] = grid.heard
    assert key == "info"
    assert runs == [*BOLD, ("!\nEnd", True)]


def test_ctrl_b_takes_bold_away_where_all_of_it_is_bold(grid):
    grid.edit("info")
    editor = grid.editor
    for _ in range(2):
        editor.selectAll()
        QTest.keyClick(editor, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
        states = {bold for _text, bold in editor.runs()}
        assert len(states) == 1
    assert editor.runs() == [("This program needs approval now.", False)]


def test_pasted_markup_is_plain_text(grid):
    grid.edit("info")
    grid.editor.selectAll()
    grid.editor.insertPlainText("<b>x</b>")
    assert "".join(text for text, _bold in grid.editor.runs()) == "<b>x</b>"


def test_errors_and_help_stand_below_the_grid(grid):
    grid.select("a")
    assert grid._help.text() == "Too long: 80 characters at most"
    assert "error: Too long" in cell(grid, "a").accessibleName()
    assert "Too long" in cell(grid, "a").toolTip()
    grid.select("info")
    assert grid._help.text() == "Shown above the program"
    grid.select("b")
    assert grid._help.text() == ""


def test_other_values_change_in_place_while_one_is_edited(grid):
    before = cell(grid, "a")
    grid.edit("b")
    QTest.keyClicks(grid.editor, "typing")
    grid.set_entries([short("a", "other"), *ENTRIES[1:]])
    assert cell(grid, "a") is before
    assert grid.editor.text() == "typing"
    grid.set_entries(ENTRIES[2:])
    assert grid.editor is None
    assert grid.current_key == ""
    assert grid.heard == []


@pytest.mark.parametrize("width", [300, 491, 900])
def test_what_is_cut_is_whole_in_the_tooltip(grid, width):
    grid.root.resize(width, 700)
    QTest.qWait(0)
    assert cell(grid, "status").toolTip().startswith("word word")
    assert cell(grid, "b").toolTip() == ""
    assert not Qt.mightBeRichText(cell(grid, "d").toolTip())
    assert "\u202e" not in cell(grid, "d").accessibleName()
    assert cut_off(grid.root) == []


RUNS = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp")), max_size=8),
        st.booleans(),
    ),
    max_size=6,
)


@given(RUNS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_editor_gives_back_the_runs_it_was_given(qapp, runs):
    parent = QWidget()
    editor = RunCellEdit(runs, parent)
    # Qt keeps spaces of no width of its own kind as they are; lines are those of the program.
    assert editor.runs() == merge_runs(runs)


@given(st.text(max_size=40), st.integers(0, 20))
def test_parts_are_counted_as_qt_counts(text, length):
    assert utf16_length(utf16_part(text, 0, length)) <= length
    assert utf16_part(text, 0, utf16_length(text)) == text


def test_lines_end_with_an_ellipsis_where_there_are_too_many(qapp):
    font = theme.font("body")
    lines = layout_runs([("many words " * 20, False), ("and bold", True)], font, 120, 15, limit=2)
    assert lines.lineCount() == 2
    assert lines.text().endswith("…")
    assert break_lines("one two", font, 500, 4) == ["one two"]
    assert break_lines("\N{GRINNING FACE}" * 30, font, 60, 2)[-1].endswith("…")
    assert [
        QFont.Weight(f.format.fontWeight()) for f in layout_runs([("x", True)], font, 9, 9).formats()
    ] == [QFont.Weight.Bold]
