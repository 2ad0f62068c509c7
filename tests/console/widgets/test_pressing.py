"""What is no button is pressed like one: by the left mouse button over it, and by Enter and Space."""

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from console.widgets.labels import CopyLabel, LinkLabel
from console.widgets.link_chain import ChainLink, LinkRow
from console.widgets.page_header import BreadcrumbLink
from console.widgets.palette_field import PaletteButton

MAKERS = {
    "link": lambda: (made := LinkLabel("Open"), made.clicked),
    "identifier": lambda: (made := CopyLabel("0123"), made.copied),
    "door": lambda: (made := PaletteButton(), made.opened),
    "crumb": lambda: (made := BreadcrumbLink("Tasks"), made.clicked),
    "chain": lambda: (
        made := LinkRow(ChainLink("key", "server", "Foreign System", "Server", "good", "Reached"), last=True),
        made.clicked,
    ),
}


@pytest.fixture(params=MAKERS, ids=str)
def pressed(request, qtbot):
    widget, signal = MAKERS[request.param]()
    qtbot.addWidget(widget)
    widget.resize(200, 40)
    widget.show()
    seen = []
    signal.connect(lambda *_: seen.append(1))
    return widget, seen


def test_the_left_button_presses_it(pressed):
    widget, seen = pressed
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
    assert seen == [1]


@pytest.mark.parametrize("button", [Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton])
def test_other_buttons_do_not(pressed, button):
    widget, seen = pressed
    QTest.mouseClick(widget, button)
    assert seen == []


def test_letting_go_elsewhere_does_not(pressed):
    widget, seen = pressed
    QTest.mousePress(widget, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(-20, -20))
    assert seen == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_enter_and_space_press_it(pressed, key):
    widget, seen = pressed
    QTest.keyClick(widget, key)
    assert seen == [1]
