"""The comparison of two texts, and the widget that shows it: what pairs, what scrolls, what is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from console.design import theme
from console.widgets.diff_view import (
    ADDED,
    CHANGED,
    REMOVED,
    SAME,
    DifferenceView,
    side_by_side,
    summarize_rows,
)

OLD = """(function (req, res) {
  // On cancel and on timeout
  id = req.PMCancelRequestId;
  gs.info("Cancel: " + id);
  res.PMCancelResult = "OK";
})(request, response);"""
NEW = """(function (req, res) {
  // On cancel and on timeout
  var id = String(req.PMCancelRequestId);
  var item = new GlideRecord("sc_req_item");
  item.query();
  res.TmsCancelResult = "OK";
})(request, response);"""


def test_lines_much_alike_stand_beside_each_other():
    rows = side_by_side(OLD, NEW)
    assert [row.sign for row in rows][:2] == [SAME, SAME]
    changed = [(r.left.strip(), r.right.strip()) for r in rows if r.sign == CHANGED]
    assert ("id = req.PMCancelRequestId;", "var id = String(req.PMCancelRequestId);") in changed
    assert ('res.PMCancelResult = "OK";', 'res.TmsCancelResult = "OK";') in changed
    assert [r.left.strip() for r in rows if r.sign == REMOVED] == ['gs.info("Cancel: " + id);']
    assert summarize_rows(rows) == "Lines: 2 changed, 2 added, 1 removed"


def test_one_side_alone():
    assert [r.sign for r in side_by_side("", "a\nb")] == [ADDED, ADDED]
    assert [r.sign for r in side_by_side("a\nb", "")] == [REMOVED, REMOVED]
    assert side_by_side("", "") == []
    assert summarize_rows(side_by_side("a", "a \r\n")) == "Both sides are the same"


TEXTS = st.lists(st.sampled_from(["a", "b b", "b c", "", "  x = 1;", "  x = 2;", "}"]), max_size=14)


@given(TEXTS, TEXTS)
def test_every_line_is_there_once_in_its_order(old, new):
    rows = side_by_side("\n".join(old), "\n".join(new))
    left, right = "\n".join(old).splitlines(), "\n".join(new).splitlines()
    assert [r.left for r in rows if r.left is not None] == left
    assert [r.right for r in rows if r.right is not None] == right
    assert [r.left_number for r in rows if r.left_number] == list(range(1, len(left) + 1))
    assert [r.right_number for r in rows if r.right_number] == list(range(1, len(right) + 1))


@pytest.mark.parametrize("scheme", ["light", "dark", "contrast"])
def test_the_view_scrolls_by_keys_and_is_copied(qtbot, qapp, scheme):
    theme.apply(qapp, scheme)
    view = DifferenceView()
    qtbot.addWidget(view)
    view.resize(500, 200)
    view.show()
    same = "\n".join(f"line {i}" for i in range(100))
    view.show_rows(
        side_by_side(f"{same}\nold {'x' * 200}", f"{same}\nnew {'x' * 200}"), "On Practice", "After Apply"
    )
    down, across = view.verticalScrollBar(), view.horizontalScrollBar()
    assert down.value() > 0, "it begins at the first difference"
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert down.value() == 0
    QTest.keyClick(view, Qt.Key.Key_End)
    assert down.value() == down.maximum()
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert across.value() > 0
    assert "1 changed" in view.accessibleDescription()
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().endswith(f"- old {'x' * 200}\n+ new {'x' * 200}")
    plain = view.grab().toImage()
    view.set_stale(True)
    assert view.grab().toImage() != plain
    theme.apply(qapp, "light")
