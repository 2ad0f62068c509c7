"""The choices of the dialog are the sources of a mapping."""

import pytest

from console.connect.answer_sources import SourceChoice, source_words
from services.answers.approval_body import DurationForm, PropertySource, Source
from services.intake.answer_setup import parse_source

SOURCES = (
    (PropertySource(Source.APPROVAL_ID), "Id of the request on Privilege Manager"),
    (PropertySource(Source.DECISION, "Approve", "Deny"), "Decision: Approve / Deny"),
    (PropertySource(Source.ONE_TIME, approved=True, denied=False), "Whether it counts once: true / false"),
    (PropertySource(Source.FIXED, value="a:b"), "A fixed value: a:b"),
    (PropertySource(Source.DURATION, unit_s=3600), "Duration of the approval, in hours"),
    (
        PropertySource(Source.DURATION, form=DurationForm.ISO8601),
        "Duration of the approval, in ISO 8601, as PT90M",
    ),
    (None, ""),
)


@pytest.mark.parametrize(("source", "words"), SOURCES)
def test_a_source_comes_back_from_its_choice(source, words):
    assert parse_source(SourceChoice.of(source).argument("Reply")) == ("Reply", source)
    assert source_words(source) == words
