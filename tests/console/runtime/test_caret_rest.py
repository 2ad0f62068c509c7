"""The text cursor blinks while somebody types, and rests after that."""

import pytest
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from console.runtime import caret_rest
from tests.limits import WAIT_S

FLASH_MS = 1000


@pytest.fixture
def fields(qtbot, monkeypatch):
    before = QApplication.cursorFlashTime()
    QApplication.setCursorFlashTime(FLASH_MS)
    monkeypatch.setattr(caret_rest, "REST_AFTER_MS", 50)
    window = QWidget()
    qtbot.addWidget(window)
    line, text = QLineEdit(), QPlainTextEdit()
    layout = QHBoxLayout(window)
    layout.addWidget(line)
    layout.addWidget(text)
    rest = caret_rest.CaretRest(QApplication.instance())
    window.show()
    qtbot.waitActive(window)
    yield line, text
    rest.setParent(None)
    rest.deleteLater()
    QApplication.setCursorFlashTime(before)


def rests():
    return QApplication.cursorFlashTime() == 0


def blinks():
    return QApplication.cursorFlashTime() == FLASH_MS


def test_the_cursor_rests_and_blinks_again_while_somebody_types(qtbot, fields):
    limit = int(WAIT_S * 1000)
    for field in fields:
        field.setFocus()
        qtbot.waitUntil(blinks, timeout=limit)
        qtbot.waitUntil(rests, timeout=limit)
        qtbot.keyClicks(field, "a")
        assert blinks()
        qtbot.waitUntil(rests, timeout=limit)
    fields[0].setFocus()
    qtbot.waitUntil(blinks, timeout=limit)


def test_a_field_that_is_gone_is_no_longer_followed(qtbot, fields):
    line, text = fields
    line.setFocus()
    qtbot.waitUntil(rests, timeout=int(WAIT_S * 1000))
    line.deleteLater()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not line, timeout=int(WAIT_S * 1000))
    text.setFocus()
    qtbot.waitUntil(blinks, timeout=int(WAIT_S * 1000))
