"""A theme that is switched while the window is open leaves nothing in the colours of the one before."""

import pytest
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import QApplication

from console import theme
from console.tokens import COLOURS, SCHEMES
from tests.console.everything import laid_out, look_at_everything
from tests.console.windows import opened_window

SHAPES = ("good-icon", "notice-icon", "bad-icon", "off-icon", "muted", "good-bg", "notice-bg", "bad-bg")
"""Colours that icons and shapes are drawn in."""


def colours_of(scheme):
    """Return the colours that only this scheme has."""
    own = {COLOURS[name][SCHEMES.index(scheme)] for name in SHAPES}
    others = {colours[i] for colours in COLOURS.values() for i in range(len(SCHEMES)) if SCHEMES[i] != scheme}
    return {QColor(colour).rgb() for colour in own - others}


def shown_in(image, colours):
    """Return which of the colours a picture holds."""
    picture = image.convertToFormat(QImage.Format.Format_RGB32)
    bits = picture.constBits()
    data = bits.asstring(picture.sizeInBytes())
    found = set()
    for colour in colours:
        pixel = (colour & 0xFFFFFFFF).to_bytes(4, "little")
        place = data.find(pixel)
        while place >= 0:
            if place % 4 == 0:
                found.add(QColor(colour).name())
                break
            place = data.find(pixel, place + 1)
    return found


@pytest.mark.parametrize(
    ("before", "after"), [("light", "dark"), ("dark", "contrast"), ("contrast", "light")]
)
def test_no_icon_keeps_the_colours_of_the_theme_before(run, qapp, tmp_path, before, after):
    async def story():
        async with opened_window(str(tmp_path / "a.db"), tmp_path / "profile") as window:
            old, left, seen = colours_of(before), {}, set()

            def look(name, root):
                theme.apply(qapp, before)
                laid_out()
                seen.update(shown_in(root.grab().toImage(), old))
                theme.apply(qapp, after)
                laid_out()
                if wrong := shown_in(root.grab().toImage(), old):
                    left[name] = wrong

            await look_at_everything(window, look)
            assert seen
            assert left == {}

    try:
        run(story())
    finally:
        theme.apply(QApplication.instance(), "light")
