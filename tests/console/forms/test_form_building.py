"""Building a form: what Qt does for a widget outside of its page is done again inside of it."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLineEdit, QWidget

from console.forms.details_tab import DetailsView
from console.forms.form import FlowingFields, FormField
from console.widgets.field import Field
from console.widgets.labels import set_tone

POLISHED = Qt.WidgetAttribute.WA_WState_Polished


def polished(widget):
    return [w for w in (widget, *widget.findChildren(QWidget)) if w.testAttribute(POLISHED)]


def test_a_field_is_not_polished_before_it_is_shown(qtbot, qapp):
    page = QWidget()
    qtbot.addWidget(page)
    field = Field("Name", QLineEdit(), "Unique", page)
    field.set_help("Another")
    assert polished(field) == []
    assert field.isVisibleTo(page)


def test_hidden_fields_of_a_flow_are_shown_again(qtbot, qapp):
    page = QWidget()
    qtbot.addWidget(page)
    fields = [FormField(_Spec(name), None, Field(name, QLineEdit(), "", page)) for name in "abc"]
    flow = FlowingFields(page, fields)
    page.setLayout(flow.grid)
    assert [w for one in fields for w in polished(one.frame)] == []
    for names in ({"a"}, {"a", "c"}, {"b"}, {"a", "b", "c"}):
        flow.show_only(names)
        assert {one.spec.name for one in fields if one.frame.isVisibleTo(page)} == names


class _Spec:
    def __init__(self, name):
        self.name = name


@pytest.mark.parametrize("shown", [False, True])
def test_a_tone_is_seen_before_and_after_the_widget_is_shown(qtbot, qapp, shown):
    qapp.setStyleSheet('QLineEdit[tone="bad"] { color: #ff0000; }')
    try:
        line = QLineEdit()
        qtbot.addWidget(line)
        line.setVisible(shown)
        set_tone(line, "bad")
        line.show()
        assert line.palette().color(line.foregroundRole()).name() == "#ff0000"
    finally:
        qapp.setStyleSheet("")


def test_the_details_are_filled_in_their_place(qtbot, qapp):
    """The size of the whole form was computed once outside of the page, and again inside of it."""
    asked = []

    class Counting(QWidget):
        def sizeHint(self):
            asked.append(1)
            return super().sizeHint()

    stack = QWidget()
    qtbot.addWidget(stack)
    form = Counting()
    view = DetailsView(form, None, stack)
    assert view.isAncestorOf(form)
    assert asked == []
