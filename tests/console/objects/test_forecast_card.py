"""The cards beside and under the timing say their figures in as many words as fit, and never half a word."""

import pytest

from console.objects.answer_times_card import AnswerTimesCard, format_share
from console.objects.load_forecast import MIN_WIDTH, ForecastCard, UnknownLoad
from services.language import rough_duration
from services.statistics.timing_advice import ApprovalTimes

BUSY = UnknownLoad(240, 41, 30, 5000)
WIDTHS = range(MIN_WIDTH, 420, 20)


@pytest.fixture
def card(qtbot):
    made = ForecastCard()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def answers(qtbot):
    made = AnswerTimesCard()
    qtbot.addWidget(made)
    return made


def fits(label):
    return label.fontMetrics().horizontalAdvance(label.text()) <= label.width()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_ever_cut_off(qtbot, card, width):
    card.show_load(20, 1200, BUSY)
    card.resize(width, 90)
    card.show()
    figure = card._figure
    qtbot.waitUntil(lambda: figure.width() > 0)
    assert figure.text().startswith("120")
    assert figure.text().endswith("calls an hour")
    assert fits(figure)
    assert card._title.width() >= card._title.sizeHint().width()
    for line in (card._own, card._theirs):
        qtbot.waitUntil(lambda line=line: line.sentence.width() > 0)
        assert fits(line.sentence)


def test_more_than_the_instance_allows_is_told_in_word_shape_and_tone(card):
    card.resize(420, 90)
    card.show()
    card.show_load(20, 1200, BUSY)
    line = card._theirs
    assert "over 5,000 allowed" in line.sentence.text()
    assert (line.sentence.property("tone"), line.shape.isVisible()) == ("notice", True)
    card.show_load(200, 1200, BUSY)
    assert "of 5,000 allowed" in line.sentence.text()
    assert (line.sentence.property("tone"), line.shape.isVisible()) == ("", False)


def test_a_timeout_before_the_first_check_is_a_notice(card):
    card.resize(420, 90)
    card.show()
    card.show_load(600, 60, UnknownLoad())
    assert card._own.sentence.text() == "Timeout comes before the first check"
    assert card._own.shape.isVisible()


def test_a_wide_card_says_the_limit(card):
    card.show_load(60, 1200, UnknownLoad(0, 0, 60))
    card.resize(420, 90)
    card.show()
    assert card._figure.text() == "60 of 120 calls an hour"
    assert "Privilege Manager" in card.accessibleDescription()


def test_the_share_that_comes_too_late_follows_the_timeout(answers):
    answers.resize(600, 60)
    answers.show()
    answers.show_times(ApprovalTimes(tuple(range(1, 101))))
    answers.show_timeout(73)
    assert answers.share.text() == "27 % of the last 100 approvals came after this timeout"
    assert answers.share.property("tone") == "notice"
    assert answers.usual.sentence.text() == "Median 50 s, 90 % within 2 min"
    answers.show_timeout(99)
    assert answers.share.text().startswith("1 % of the last 100")
    assert answers.share.property("tone") == ""
    answers.show_timeout(100)
    assert answers.share.text().startswith("None of the last 100")
    assert answers.accessibleDescription() == "None of the last 100 approvals came after this timeout."


def test_requests_that_nobody_answered_are_told(answers):
    answers.resize(600, 60)
    answers.show()
    answers.show_times(ApprovalTimes((60, 70), 0, 40))
    assert not answers.unanswered.isVisible()
    answers.show_times(ApprovalTimes((60, 70), 3, 40))
    text = "3 of the last 40 requests timed out without an answer"
    assert answers.unanswered.sentence.text() == text
    assert answers.accessibleDescription().endswith(f"{text}.")


def test_without_approvals_the_card_says_so(answers):
    answers.resize(600, 60)
    answers.show()
    answers.show_timeout(1200)
    assert answers.share.text() == "No approvals yet to compare with the timeout"
    assert not answers.usual.isVisible()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_answers_fit_at_every_width(qtbot, answers, width):
    answers.show_times(ApprovalTimes(tuple(range(1000, 1500)), 123, 500))
    answers.show_timeout(1200)
    answers.resize(width, 60)
    answers.show()
    qtbot.waitUntil(lambda: answers.share.width() > 0)
    assert fits(answers.share)
    assert fits(answers.usual.sentence)
    assert fits(answers.unanswered.sentence)


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "None"), (0.002, "Under 1 %"), (0.27, "27 %"), (0.996, "100 %"), (1.0, "100 %")]
)
def test_shares_are_whole_hundredths(share, text):
    assert format_share(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5 s"), (89, "89 s"), (90, "2 min"), (3000, "50 min"), (9000, "2.5 h"), (400_000, "4.6 days")],
)
def test_durations_are_said_in_a_sensible_unit(seconds, text):
    assert rough_duration(seconds) == text
