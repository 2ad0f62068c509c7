"""The language of the user: which one it is, and how texts, counts, numbers, lists and times are written in it."""

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest

from services import language
from services.language import (
    AND,
    ENGLISH,
    JoinedNames,
    choose_language,
    date_time,
    day,
    duration,
    exact_duration,
    join_names,
    number,
    plural,
    plural_message,
    rough_duration,
    short_duration,
    short_moment,
    short_time_ago,
    time_ago,
    time_of_day,
    time_or_date,
    tr,
    tr_message,
    translate,
)

AT = datetime(2026, 1, 31, 15, 59, 3, tzinfo=UTC)


@pytest.fixture
def german():
    language.set_language("de")
    yield
    language.set_language("en")


@pytest.fixture(autouse=True)
def berlin(monkeypatch):
    """Let the machine stand in Berlin."""
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


# -- which language ------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "environ", "tag"),
    [
        ("", {}, "en"),
        ("", {"LANG": "C.UTF-8"}, "en"),
        ("", {"LANG": "POSIX"}, "en"),
        ("", {"LANG": "de_DE.UTF-8"}, "de_DE"),
        ("", {"LANG": "de_AT.UTF-8@euro"}, "de_AT"),
        ("", {"LC_ALL": "de_DE.UTF-8", "LANG": "en_US.UTF-8"}, "de_DE"),
        ("", {"LC_MESSAGES": "de_DE", "LANG": "en_US.UTF-8"}, "de_DE"),
        ("", {"LANG": "de_DE.UTF-8", "LANGUAGE": "en:de"}, "en"),
        ("", {"LANG": "fr_FR.UTF-8"}, "en"),
        ("", {"LANG": "fr_FR.UTF-8", "LANGUAGE": "fr:de"}, "en"),
        ("", {"LANG": "xx"}, "en"),
        ("", {"LANG": "en_US.UTF-8", "APPROVAL_CONSOLE_LANGUAGE": "de"}, "de"),
        ("", {"LANG": "de_DE.UTF-8", "APPROVAL_CONSOLE_LANGUAGE": "en"}, "en"),
        ("", {"LANG": "de_DE.UTF-8", "APPROVAL_CONSOLE_LANGUAGE": "tlh"}, "en"),
        ("de", {"LANG": "en_US.UTF-8", "APPROVAL_CONSOLE_LANGUAGE": "en"}, "de"),
        ("de-DE", {}, "de_DE"),
        ("DE", {}, "de"),
    ],
)
def test_the_language_is_the_one_asked_for_else_that_of_the_system(asked, environ, tag):
    assert choose_language(asked, environ) == tag


def test_tags_that_a_desktop_reports_are_read_in_their_order():
    assert choose_language("", {}, ["de-DE", "en-US"]) == "de_DE"
    assert choose_language("", {}, ["fr-FR", "de-DE"]) == "en"


def test_an_unknown_language_is_english():
    assert language.set_language("tlh").is_english
    assert tr("Save") == "Save"


# -- texts ---------------------------------------------------------------------


def test_a_text_is_translated_with_its_values(german):
    assert tr("Save") == "Speichern"
    assert tr("Not polling: {why}", why="{braces} stay") == "Keine Abfrage: {braces} stay"
    assert tr("no such text {n}", n=20001) == "no such text 20.001"


def test_english_needs_no_catalog_and_groups_digits():
    assert tr("Save") == "Save"
    assert tr("{count} of {limit}", count=20001, limit=3) == "20,001 of 3"


@pytest.mark.parametrize(
    ("count", "english", "translated"),
    [
        (0, "0 requests", "0 Anforderungen"),
        (1, "1 request", "1 Anforderung"),
        (2, "2 requests", "2 Anforderungen"),
        (20001, "20,001 requests", "20.001 Anforderungen"),
    ],
)
def test_a_count_chooses_its_form_and_groups_its_digits(count, english, translated):
    assert plural(count, "{count} request", "{count} requests") == english
    language.set_language("de")
    assert plural(count, "{count} request", "{count} requests") == translated


def test_a_message_is_english_wherever_it_is_kept_and_translated_where_it_is_shown(german):
    said = plural_message(
        2, "approval of {names}", "approvals of {names}", names=JoinedNames(["A", "B"], AND)
    )
    assert said == "approvals of A and B"
    assert json.loads(json.dumps({"text": said})) == {"text": "approvals of A and B"}
    assert f"{said}." == "approvals of A and B."
    assert translate(said) == translate(copy.deepcopy(said)) == "Genehmigungen von A und B"
    assert translate(
        tr_message("{found} so far", found=plural_message(1, "{count} error", "{count} errors"))
    ) == ("1 Fehler bisher")


def test_a_constant_of_this_program_is_translated_wherever_it_comes_from(german):
    assert translate("Save") == "Speichern"
    assert translate("a text of an instance") == "a text of an instance"
    assert translate("") == ""


# -- values --------------------------------------------------------------------


def test_numbers_are_grouped_as_the_language_does():
    values = [(0, 0), (999, 0), (-1234567, 0), (3.14159, 1), (1234.5, 1), (20001.4, 0)]
    assert [number(*v) for v in values] == ["0", "999", "-1,234,567", "3.1", "1,234.5", "20,001"]
    language.set_language("de")
    assert [number(*v) for v in values] == ["0", "999", "-1.234.567", "3,1", "1.234,5", "20.001"]


def test_lists_join_names_as_sentences_do():
    names = ["A", "B", "C"]
    assert [join_names(names[:n]) for n in range(4)] == ["", "A", "A or B", "A, B or C"]
    assert join_names(names, AND, most=2) == "A, B and 1 more"
    language.set_language("de")
    assert join_names(names) == "A, B oder C"
    assert join_names(names, AND, most=1) == "A und 2 weitere"
    assert join_names(names, language=ENGLISH) == "A, B or C"


def test_moments_are_written_in_local_time_and_the_users_form():
    now, before = AT + timedelta(hours=1), AT - timedelta(days=400)
    assert date_time(AT) == "2026-01-31 16:59"
    assert date_time(AT, seconds=True, zone=True) == "2026-01-31 16:59:03 UTC+1"
    assert time_of_day(AT, zone=True) == "16:59 UTC+1"
    assert time_or_date(AT, now, seconds=True) == "16:59:03"
    assert short_moment(AT, now + timedelta(days=2)) == "31 Jan"
    assert short_moment(before, now) == day(before) == "2024-12-27"
    language.set_language("de")
    assert date_time(AT, seconds=True, zone=True) == "31.01.2026, 16:59:03 UTC+1"
    assert time_or_date(AT, now + timedelta(days=2)) == "31.01.2026, 16:59"
    assert short_moment(AT, now + timedelta(days=2)) == "31. Jan."
    assert date_time(AT, language=ENGLISH) == "2026-01-31 16:59"


def test_the_pattern_of_a_date_is_not_searched_for_in_each_cell(monkeypatch):
    def searched(*_):
        raise AssertionError("a search takes a millisecond")

    monkeypatch.setattr("babel.dates.match_skeleton", searched)
    for name, written in (("en", "29 Jan"), ("de", "29. Jan.")):
        language.set_language(name)
        for _ in range(3):
            assert short_moment(AT - timedelta(days=2), AT) == written


@pytest.mark.parametrize(
    ("seconds", "english", "translated"),
    [
        (-5, "just now", "gerade eben"),
        (59, "just now", "gerade eben"),
        (60, "1 minute ago", "vor 1 Minute"),
        (7200, "2 hours ago", "vor 2 Stunden"),
        (86_400, "1 day ago", "vor 1 Tag"),
        (2_592_000 * 3, "3 months ago", "vor 3 Monaten"),
        (31_536_000 * 2, "2 years ago", "vor 2 Jahren"),
    ],
)
def test_ages_are_said_in_their_largest_unit(seconds, english, translated):
    now = AT + timedelta(seconds=seconds)
    assert time_ago(AT, now) == english
    language.set_language("de")
    assert time_ago(AT, now) == translated


def test_lengths_of_time_have_a_long_an_exact_a_rough_and_a_short_form():
    assert [duration(s) for s in (0, 61, 90_061)] == ["0 seconds", "1 minute 1 second", "1 day 1 hour"]
    assert [exact_duration(s) for s in (0, 1, 90, 1200, 604_800)] == [
        "0 seconds", "1 second", "90 seconds", "20 minutes", "1 week",
    ]  # fmt: skip
    assert [rough_duration(s) for s in (45, 720, 12_600, 180_000)] == ["45 s", "12 min", "3.5 h", "2.1 days"]
    assert [short_duration(s) for s in (5, 3900, 190_000)] == ["0:05", "1 h 05 min", "2 d 4 h"]
    assert [short_time_ago(AT, AT + timedelta(seconds=s)) for s in (5, 300, 3900)] == [
        "5 s ago", "5 min ago", "1 h 05 min ago",
    ]  # fmt: skip
    language.set_language("de")
    assert duration(90_061) == "1 Tag 1 Stunde"
    assert rough_duration(12_600) == "3,5 h"
    assert short_duration(190_000) == "2 T 4 h"
    assert time_ago(AT, AT + timedelta(seconds=5), seconds=True) == "vor 5 s"
