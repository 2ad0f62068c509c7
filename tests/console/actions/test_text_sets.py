"""The texts of a window by language: what differs from the export is stored, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.actions.languages import OWN_NAMES, is_right_to_left, own_name
from console.actions.text_sets import SAMPLE_TEXTS, TextSets, check_language
from console.widgets.text_entries import merge_runs
from console.widgets.window_content import WindowState
from models.marked_text import Run, runs_to_text, text_to_runs
from models.window_texts import TextKey, load_window_texts

INFORMATION = TextKey.INFORMATION_TEXT_SECTION.value
SOURCE = {
    "": {key.value: f"{key.value} text" for key in TextKey} | {INFORMATION: "Ask **before** you start."},
    "es": {"UserLabel": "Usuario:", "FlowDirection": "LeftToRight"},
}


def entry(sets, language, key):
    return next(one for one in sets.entries(language) if one.key == key)


def test_only_what_differs_from_the_export_is_stored():
    sets = TextSets(SOURCE).with_text("", "UserLabel", [("Person:", False)])
    assert load_window_texts(sets.dump()) == {"": {"UserLabel": "Person:"}}
    assert sets.text("", "UserLabel") == "Person:"
    back = sets.with_text("", "UserLabel", [("UserLabel text", False)])
    assert back.dump() == "{}"


def test_bold_words_of_a_section_stay_bold():
    sets = TextSets(SOURCE)
    assert sets.runs("", INFORMATION) == [("Ask ", False), ("before", True), (" you start.", False)]
    changed = sets.with_text("", INFORMATION, [("2 * 3 ", False), ("**now**", True)])
    assert load_window_texts(changed.dump())[""][INFORMATION] == r"2 \* 3 **\*\*now\*\***"
    assert changed.runs("", INFORMATION) == [("2 * 3 ", False), ("**now**", True)]
    same = sets.with_text("", INFORMATION, sets.runs("", INFORMATION))
    assert same.dump() == "{}"


@given(st.lists(st.tuples(st.text(alphabet="ab*\\ é\u0645\n", max_size=8), st.booleans()), max_size=8))
def test_marked_text_reads_back_as_it_was(runs):
    given_runs = [Run(text, bold and "\n" not in text) for text, bold in runs]
    expected = merge_runs((run.text, run.bold) for run in given_runs)
    read = text_to_runs(runs_to_text(given_runs))
    assert [(run.text, run.bold) for run in read] == expected


@given(st.text(alphabet="ab*\\\n", max_size=30))
def test_any_text_can_be_parsed_and_formatting_it_again_changes_nothing(text):
    runs = text_to_runs(text)
    assert text_to_runs(runs_to_text(runs)) == runs


def test_a_new_language_begins_as_the_default_set():
    sets = TextSets(SOURCE).with_language("ar", right_to_left=True)
    assert sets.languages == ["", "es", "ar"]
    assert entry(sets, "ar", "UserLabel").is_inherited
    assert entry(sets, "ar", "UserLabel").text == "UserLabel text"
    assert sets.content("ar").is_right_to_left
    assert not sets.content("").is_right_to_left
    assert load_window_texts(sets.dump()) == {"ar": {"FlowDirection": "RightToLeft"}}
    changed = sets.with_text("", "UserLabel", [("Person:", False)])
    assert changed.text("ar", "UserLabel") == "Person:"
    assert changed.without_language("ar").languages == ["", "es"]


def test_a_language_of_the_export_keeps_its_spelling():
    sets = TextSets(SOURCE).with_language("ES")
    assert sets.languages == ["", "es"]
    odd = TextSets(SOURCE, {"ES": {"UserLabel": "Persona:"}})
    assert odd.languages == ["", "es"]
    assert odd.text("es", "UserLabel") == "Persona:"
    assert odd.with_text("es", "UserLabel", [("Usuario:", False)]).dump() == "{}"


def test_a_text_that_equals_the_default_is_no_change_of_an_added_language():
    sets = TextSets(SOURCE).with_language("de").with_text("de", "UserLabel", [("Benutzer:", False)])
    assert not entry(sets, "de", "UserLabel").is_inherited
    again = sets.with_text("de", "UserLabel", [("UserLabel text", False)])
    assert load_window_texts(again.dump()) == {"de": {}}
    assert again.languages == ["", "es", "de"] or again.languages == ["", "de", "es"]


@pytest.mark.parametrize(
    ("size", "is_valid"), [("11", True), ("5", False), ("37", False), ("big", False), ("²", False)]
)
def test_a_font_size_is_a_number_in_bounds(size, is_valid):
    source = {"": {**SOURCE[""], "DefaultFontSize": "11"}}
    sets = TextSets(source).with_text("", "DefaultFontSize", [(size, False)])
    assert (entry(sets, "", "DefaultFontSize").error == "") is is_valid
    assert bool(sets.errors()) is not is_valid


def test_a_text_that_the_window_lacks_is_named():
    sets = TextSets({"": {"UserLabel": "User:"}}, {"": {"TitlePrefix": "Ask"}})
    assert entry(sets, "", "TitlePrefix").error
    assert {one.key for one in sets.entries("")} == {"UserLabel", "TitlePrefix"}


def test_samples_stand_in_until_there_is_an_export():
    sets = TextSets()
    assert set(SAMPLE_TEXTS) == set(TextKey)
    assert sets.content("").text("UserLabel") == "User:"
    assert sets.errors() == []
    assert sets.content("", state=WindowState.PENDING, status="Pending").status == "Pending"
    assert sets.with_text("", "UserLabel", [("Person:", False)]).dump() == '{"": {"UserLabel": "Person:"}}'


def test_languages_have_names_and_a_direction():
    assert own_name("de") == "Deutsch"
    assert own_name("PT-br") == OWN_NAMES["pt-BR"]
    assert own_name("de-AT") == "Deutsch (AT)"
    assert own_name("xx") == "xx"
    assert is_right_to_left("he-IL")
    assert not is_right_to_left("de")
    assert all(not check_language(tag) for tag in OWN_NAMES)
    assert check_language("de_DE")
    assert check_language("")
