"""Enter presses the focused button of every dialog, and the keyboard's place is seen in every colour scheme."""

import asyncio

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QColor, QKeyEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from console.design import theme
from console.design.colours import COLOURS, SCHEMES
from console.widgets import buttons
from console.widgets.dialog import Dialog
from tests.console.everything import laid_out, made_dialogs
from tests.console.page_support import until
from tests.console.widgets.test_tokens import contrast
from tests.console.windows import filled, opened_window

LEAST = 3.0


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_key_presses_the_focused_button_of_every_dialog(run, tmp_path, key):
    """Each button of each dialog that can be pressed and has the keyboard; what it does is taken off it first."""

    async def story():
        async with opened_window(str(tmp_path / "a.db"), tmp_path / "profile") as window:
            made = await filled(window)
            silent, tried = [], 0
            for _, name, make in made_dialogs(window, made):
                dialog = make()
                dialog.open()
                dialog.activateWindow()
                await asyncio.sleep(0)
                await until(lambda dialog=dialog: not getattr(dialog, "tasks", window.tasks).busy)
                for button in dialog.findChildren(QPushButton):
                    if not (button.isVisibleTo(dialog) and button.isEnabled()):
                        continue
                    pressed = []
                    button.clicked.disconnect()
                    button.clicked.connect(lambda *_on, pressed=pressed: pressed.append(1))
                    button.setFocus()
                    QTest.keyClick(button, key)
                    tried += 1
                    if pressed != [1]:
                        silent.append(f"{name}: {button.text() or button.accessibleName()} {len(pressed)}")
                dialog.hide()
                dialog.deleteLater()
            assert tried > 40
            assert silent == []

    run(story())


def test_a_key_that_is_held_down_presses_once(qtbot):
    """A dialog that opens under a finger on Enter is not answered by it."""
    button = buttons.danger("Delete")
    qtbot.addWidget(button)
    pressed = []
    button.clicked.connect(lambda: pressed.append(1))
    for repeated in (False, True, True):
        event = QKeyEvent(
            QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", repeated
        )
        QApplication.sendEvent(button, event)
    assert pressed == [1]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_ring_of_a_primary_button_has_contrast(scheme):
    column = SCHEMES.index(scheme)
    token = {name: colours[column] for name, colours in COLOURS.items()}
    for ground in ("accent", "accent-hover"):
        assert contrast(token["on-accent"], token[ground]) >= LEAST
    for ground in ("page", "raised", "window"):
        assert contrast(token["link"], token[ground]) >= LEAST


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("make", [buttons.primary, buttons.secondary, buttons.quiet, buttons.danger])
def test_the_ring_is_drawn_where_the_keyboard_is(qtbot, qapp, scheme, make):
    """What changes with the keyboard on a button stands out from what was there: 3:1 along at least the button's edge."""
    theme.apply(qapp, scheme)
    place = QWidget()
    place.setProperty("role", "page")
    qtbot.addWidget(place)
    button, other = make("Save"), make("Other")
    layout = QVBoxLayout(place)
    layout.addWidget(button)
    layout.addWidget(other)
    place.show()
    place.activateWindow()
    qtbot.waitUntil(place.isActiveWindow)
    other.setFocus()
    before = button.grab().toImage()
    button.setFocus()
    after = button.grab().toImage()
    strong = sum(
        contrast(QColor(before.pixel(x, y)).name(), QColor(after.pixel(x, y)).name()) >= LEAST
        for x in range(before.width())
        for y in range(before.height())
    )
    theme.apply(qapp, "light")
    assert strong >= 2 * (before.width() - 16) * 0.8


def test_a_dialog_with_more_than_the_screen_keeps_its_buttons_and_scrolls_by_keyboard(qtbot, monkeypatch):
    from PyQt6.QtCore import QRect

    from console.runtime.command_registry import Command, CommandRegistry
    from console.shell.dialogs import shortcuts_sheet

    monkeypatch.setattr(Dialog, "room", lambda _dialog: QRect(0, 0, 960, 600))
    commands = CommandRegistry()
    for number in range(30):
        commands.add(
            Command(f"c{number}", f"Command {number}", lambda: None, shortcut=f"Ctrl+Alt+F{number + 1}")
        )
    sheet = shortcuts_sheet(commands, None)
    sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    qtbot.addWidget(sheet)
    sheet.show()
    laid_out()
    assert sheet.height() <= 600
    close = next(b for b in sheet.findChildren(QPushButton) if b.text() == "Close")
    assert sheet.rect().contains(close.mapTo(sheet, close.rect().bottomRight()))
    bar = sheet._area.verticalScrollBar()
    assert bar.maximum() > 0
    sheet._area.setFocus()
    QTest.keyClick(sheet._area, Qt.Key.Key_PageDown)
    assert bar.value() > 0
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
