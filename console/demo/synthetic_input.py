"""Mouse and keyboard events for a widget, with the types that QTest really accepts: its stubs declare instance methods."""

from typing import Protocol, cast

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QWidget


class _QTest(Protocol):
    def mouseClick(
        self, widget: QWidget, button: Qt.MouseButton, modifier: Qt.KeyboardModifier, pos: QPoint
    ) -> None: ...

    def keyClick(self, widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None: ...

    def keyClicks(self, widget: QWidget, sequence: str) -> None: ...


_qtest = cast("_QTest", QTest)


def click(widget: QWidget, position: QPoint | None = None) -> None:
    """Click with the left button, in the middle of the widget unless a position is given."""
    _qtest.mouseClick(
        widget,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        position or widget.rect().center(),
    )


def select_all(widget: QWidget) -> None:
    """Press Ctrl+A."""
    _qtest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)


def type_text(widget: QWidget, text: str) -> None:
    """Press the keys of a text."""
    _qtest.keyClicks(widget, text)
