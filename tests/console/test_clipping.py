"""Nothing is cut off at any width from 960 to 1920, in two fonts and at twice the size of letters."""

import pytest
from PyQt6.QtCore import QRect
from PyQt6.QtGui import QFont, QFontDatabase
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from console.design import theme
from console.widgets.dialog import Dialog
from tests.console.clipping import cut_off
from tests.console.everything import laid_out, look_at_everything
from tests.console.windows import opened_window

WIDTHS = (960, 1280, 1440, 1920)
FONTS = [("DejaVu Sans", 1), ("Inter", 1), ("DejaVu Sans", 2)]
SCREENS = [(1280, 720), (960, 600)]


@pytest.fixture
def lettered(qapp):
    """Let the window use a font, where this machine has it, at a multiple of its usual size."""
    before, size = qapp.font(), theme.of(qapp).base_px

    def use(family, times):
        font = QFont(before)
        if family in QFontDatabase.families():
            font.setFamily(family)
        font.setPixelSize(12 * times)
        qapp.setFont(font)
        theme.of(qapp).base_px = 12 * times

    yield use
    qapp.setFont(before)
    theme.of(qapp).base_px = size
    theme.apply(qapp, "light")


def test_the_look_finds_each_way_of_being_cut_off(qtbot):
    """A look that finds nothing anywhere would be no look."""
    root = QWidget()
    qtbot.addWidget(root)
    layout = QVBoxLayout(root)
    texts = [QLabel("much longer than its place"), QLabel("wraps into lines that have no room " * 4)]
    texts[0].setFixedWidth(40)
    texts[1].setWordWrap(True)
    texts[1].setFixedHeight(10)
    button = QPushButton("much longer than its place")
    button.setFixedWidth(40)
    area, wide = QScrollArea(), QWidget()
    wide.setFixedSize(2000, 10)
    area.setWidget(wide)
    from PyQt6.QtCore import Qt

    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    outer = QWidget()
    outer.setFixedSize(30, 30)
    inside = QWidget(outer)
    inside.setGeometry(10, 0, 60, 10)
    row = QHBoxLayout()
    row.addWidget(outer)
    for widget in (*texts, button, area):
        layout.addWidget(widget)
    layout.addLayout(row)
    root.resize(300, 300)
    root.show()
    laid_out()
    kinds = [found.partition(":")[0] for found in cut_off(root)]
    assert kinds == ["button cut", "outside its parent", "text cut", "text cut", "wider than its view"]


@pytest.mark.parametrize(("family", "times"), FONTS)
def test_nothing_is_cut_off_on_any_page_or_dialog(run, tmp_path, lettered, family, times):
    lettered(family, times)

    async def story():
        async with opened_window(str(tmp_path / "a.db"), tmp_path / "profile") as window:
            found = {}

            def look(name, root):
                for width in WIDTHS if root is window else (window.width(),):
                    if root is window:
                        window.resize(width, 800)
                    laid_out()
                    if wrong := cut_off(root):
                        found[f"{name} at {width}"] = wrong

            await look_at_everything(window, look)
            assert not found, "\n".join(f"{name}: {wrong}" for name, wrong in found.items())

    run(story())


@pytest.mark.parametrize("screen", SCREENS)
def test_window_and_dialogs_fit_a_small_screen(run, tmp_path, monkeypatch, screen):
    """Whatever does not fit scrolls, and the buttons at the foot stay in sight."""
    monkeypatch.setattr(Dialog, "room", lambda _dialog: QRect(0, 0, *screen))

    async def story():
        async with opened_window(str(tmp_path / "a.db"), tmp_path / "profile", (960, 560)) as window:
            found = {}

            def look(name, root):
                if not isinstance(root, Dialog):
                    return
                laid_out()
                size = root.frameGeometry().size()
                if size.width() > screen[0] or size.height() > screen[1]:
                    found[name] = (size.width(), size.height())
                for button in root.findChildren(QPushButton):
                    last = button.mapTo(root, button.rect().bottomRight())
                    if button.text() in ("Close", "Cancel", "Create") and not root.rect().contains(last):
                        found[f"{name} {button.text()}"] = last

            await look_at_everything(window, look)
            assert found == {}

    run(story())
