"""The load forecast's card says its figure in as many words as fit, and never half a word."""

import pytest

from console.pages.forecast import NARROWEST, ForecastCard


@pytest.mark.parametrize("width", range(NARROWEST, 420, 20))
def test_the_figure_is_never_cut_off(qtbot, width):
    card = ForecastCard()
    qtbot.addWidget(card)
    card.show_load(20, 1200)
    card.resize(width, 60)
    card.show()
    figure = card._figure
    qtbot.waitUntil(lambda: figure.width() > 0)
    assert figure.text().startswith("180")
    assert figure.fontMetrics().horizontalAdvance(figure.text()) <= figure.width()
    assert card._title.width() >= card._title.sizeHint().width()


def test_over_the_limit_is_told_in_word_shape_and_tone(qtbot):
    card = ForecastCard()
    qtbot.addWidget(card)
    card.resize(420, 60)
    card.show()
    card.show_load(20, 1200)
    assert card._sentence.text().startswith("Over the limit of 120")
    assert (card._sentence.property("tone"), card._shape.isVisible()) == ("notice", True)
    card.show_load(60, 1200)
    assert (card._sentence.property("tone"), card._shape.isVisible()) == ("", False)


@pytest.mark.parametrize("width", range(NARROWEST, 420, 20))
def test_an_hour_is_written_out_at_every_width(qtbot, width):
    card = ForecastCard()
    qtbot.addWidget(card)
    card.resize(width, 60)
    card.show()
    card.show_load(20, 1200)
    assert card._figure.text().endswith("calls an hour")
    sentence = card._sentence
    qtbot.waitUntil(lambda: sentence.width() > 0)
    assert sentence.fontMetrics().horizontalAdvance(sentence.text()) <= sentence.width()


def test_a_wide_card_says_the_limit(qtbot):
    card = ForecastCard()
    qtbot.addWidget(card)
    card.show_load(60, 1200)
    card.resize(420, 60)
    card.show()
    assert card._figure.text() == "60 of 120 calls an hour"
