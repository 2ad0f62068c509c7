"""The tokens keep their promise of contrast in every scheme, computed by WCAG 2."""

import pytest

from console.design.colours import COLOURS, SCHEMES


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("page", "nav", "window", "raised", "hover")
TEXTS = ("text", "muted", "link", "good", "notice", "bad", "off")
PAIRS = [
    *[(text, ground, 4.5) for text in TEXTS for ground in GROUNDS],
    *[(tone, f"{tone}-bg", 4.5) for tone in ("good", "notice", "bad", "off")],
    *[("on-accent", ground, 4.5) for ground in ("accent", "accent-hover", "accent-press")],
    *[(f"{tone}-icon", ground, 3.0) for tone in ("good", "notice", "bad", "off") for ground in GROUNDS],
    *[("edge", ground, 3.0) for ground in ("page", "nav", "window", "raised")],
    ("sel-text", "sel", 4.5),
    ("accent", "page", 3.0),
    ("muted", "sel-idle", 4.5),
]
# In high contrast only `sel-text` is drawn on a selected row, so these need not hold there.
ON_SELECTION = [(tone, "sel", 4.5) for tone in ("link", "good", "notice", "bad")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_pair_that_is_drawn_can_be_read(scheme):
    column = SCHEMES.index(scheme)
    pairs = PAIRS + (ON_SELECTION if scheme != "contrast" else [])
    weak = {
        (front, ground): round(found, 2)
        for front, ground, needed in pairs
        if (found := contrast(COLOURS[front][column], COLOURS[ground][column])) < needed
    }
    assert weak == {}
