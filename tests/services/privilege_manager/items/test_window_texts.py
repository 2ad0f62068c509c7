"""Texts of the window: keys as people write them, marked text, and values that cannot be written."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.window_texts import TEXT_NAMES, TextKey, find_text_key
from services.privilege_manager.items.action_copy import (
    ActionEdits,
    ChangeKind,
    changed_spans,
    make_copy,
    write_copy,
)
from services.privilege_manager.items.approval_action import ActionField, read_action
from services.privilege_manager.items.document_error import ItemDocumentError
from services.privilege_manager.items.marked_text import (
    FlowDirection,
    Run,
    merge_runs,
    runs_to_text,
    text_to_runs,
    to_runs,
)
from tests.services.privilege_manager.items import exports
from tests.services.privilege_manager.items.exports import Form, export

XML_TEXT = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=("Cs",),
        exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff",
    )
    | st.sampled_from("*\\{}<>&]'\"\n\t ")
)
RUNS = st.lists(st.builds(Run, st.text(st.sampled_from("ab*\\ \n")), st.booleans()), max_size=6)


def copied(texts, **form):
    """Return the action that a copy with these texts is."""
    return read_action(write_copy(export(Form(**form)), ActionEdits(name="Copy", texts=texts)))


@given(RUNS)
@example([Run("\\"), Run("\n\\", bold=True)])
def test_runs_survive_as_marked_text(runs):
    assert text_to_runs(runs_to_text(runs)) == merge_runs(runs)


@given(st.text(st.sampled_from("ab*\\ \n")))
def test_every_text_is_marked_text(text):
    runs = text_to_runs(text)
    assert text_to_runs(runs_to_text(runs)) == runs


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("plain", (Run("plain"),)),
        ("a **b** c", (Run("a "), Run("b", bold=True), Run(" c"))),
        ("2 ** 3", (Run("2 ** 3"),)),
        (r"\*\*no\*\*", (Run("**no**"),)),
        (r"C:\Programs\*", (Run("C:\\Programs*"),)),
        (r"C:\Programs", (Run("C:\\Programs"),)),
        ("a * b", (Run("a * b"),)),
        ("**a\nb**", (Run("a", bold=True), Run("\n"), Run("b", bold=True))),
        ("", ()),
    ],
)
def test_marks_are_read(text, runs):
    assert text_to_runs(text) == runs


@given(label=XML_TEXT, section=XML_TEXT, form=st.sampled_from(list(exports.FORMS.values())))
def test_any_text_is_written_and_read_back(label, section, form):
    texts = {"": {"UserLabel": label, "InformationTextSection": (Run(section), Run("!", bold=True))}}
    action = read_action(write_copy(export(form), ActionEdits(name="Copy", texts=texts)))
    assert action.texts[""]["UserLabel"] == label
    runs = action.window.sets[""].resources["InformationTextSection"].runs
    assert runs == to_runs(texts[""]["InformationTextSection"])


def test_every_key_has_a_name_and_is_found_by_it():
    assert set(TEXT_NAMES) == set(TextKey)
    for key in TextKey:
        assert find_text_key(key.value) is key
        assert find_text_key(TEXT_NAMES[key].upper()) is key
    assert find_text_key("information_section") is TextKey.INFORMATION_TEXT_SECTION
    assert find_text_key("information_text_section") is TextKey.INFORMATION_TEXT_SECTION
    assert find_text_key("continue-button-label") is TextKey.CONTINUE_BUTTON_LABEL
    assert find_text_key("nothing") is None
    assert [key for key in TextKey if key.is_section] == [TextKey(key) for key in exports.SECTIONS]


def test_texts_are_read_with_bold_words():
    action = read_action(export(languages=("es",)))
    assert action.texts["es"]["InformationTextSection"] == "Please **read** this."
    assert set(action.texts[""]) == set(TextKey)
    assert action.window.look.heading_background == "Orange"
    assert action.window.look.denied_colour == "#FFCC0000"
    assert action.window.look.width is None
    assert action.window.look.logo == b"hello"
    assert action.editable == frozenset(ActionField)
    assert action.platform == "windows"


def test_paragraphs_keep_the_attributes_of_the_first():
    action = copied({"": {"InformationTextSection": "One\n\n**Two**"}})
    resource = action.window.sets[""].resources["InformationTextSection"]
    assert [child.attributes for child in resource.section.children] == [{("", "FontSize"): "12"}] * 3
    assert resource.text == "One\n\n**Two**"


def test_a_language_lacking_a_text_gets_it_from_the_default():
    line = b'  <axc:StringKeyedResource Key="UserLabel" Value="Who:" />\n'
    source = export()
    head, _, rest = source.rpartition(line)
    action = read_action(
        write_copy(head + rest, ActionEdits(name="Copy", texts={"es": {"UserLabel": "Quién"}}))
    )
    assert action.texts["es"]["UserLabel"] == "Quién"
    assert action.texts[""]["UserLabel"] == "Who:"


def test_an_added_language_without_texts_is_the_default_as_changed():
    action = copied({"de": {}, "": {"UserLabel": "Changed:"}})
    assert action.texts["de"] == action.texts[""]
    assert action.texts["de"]["UserLabel"] == "Changed:"
    kinds = [change.kind for change in changed_spans(export(), ActionEdits(name="Copy", texts={"de": {}}))]
    assert ChangeKind.LANGUAGE in kinds


def test_a_text_with_a_leading_brace_is_no_markup_extension():
    xml = write_copy(export(), ActionEdits(name="Copy", texts={"": {"UserLabel": "{Binding ProcessName}"}}))
    assert b'Value="{}{Binding ProcessName}"' in xml


def test_a_value_in_single_quotes_stays_in_them():
    source = export().replace(b'Value="Who:"', b"Value='Who:'")
    xml = write_copy(source, ActionEdits(name="Copy", texts={"": {"UserLabel": 'it\'s "me"'}}))
    assert b"Value='it&apos;s \"me\"'" in xml


@pytest.mark.parametrize(
    "section",
    [
        b"<Section/>",
        b'<Section xml:space="preserve" />',
        b"<Section></Section>",
        b"<Section><Paragraph/></Section>",
    ],
)
def test_an_empty_section_is_filled(section):
    source = export()
    start = source.index(b"<Section")
    end = source.index(b"</Section>") + len(b"</Section>")
    filled = write_copy(
        source[:start] + section + source[end:],
        ActionEdits(name="Copy", texts={"": {"InformationTextSection": "Now **here**"}}),
    )
    assert read_action(filled).texts[""]["InformationTextSection"] == "Now **here**"


def test_a_window_in_two_cdata_sections_is_edited_across_them():
    source = export().replace(b"Who:", b"Wh]]><![CDATA[o:", 1)
    xml = write_copy(source, ActionEdits(name="Copy", texts={"": {"UserLabel": "New:"}}))
    assert b'Value="New:]]><![CDATA["' in xml
    assert read_action(xml).texts[""]["UserLabel"] == "New:"


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ({"": {"Unknown": "x"}}, "action-copy-text-unknown"),
        ({"es": {"Unknown": "x"}}, "action-copy-text-unknown"),
        ({"de": {"Unknown": "x"}}, "action-copy-text-unknown"),
        ({"": {"UserLabel": "a\x07"}}, "action-copy-value-invalid"),
        ({"": {"InformationTextSection": "a\ufffe"}}, "action-copy-value-invalid"),
        ({"": {"UserLabel": "\ud800"}}, "action-copy-value-invalid"),
        ({"": {"FlowDirection": "righttoleft"}}, "action-copy-value-invalid"),
        ({"": {"DefaultFontSize": "0"}}, "action-copy-value-invalid"),
        ({"": {"DefaultFontSize": "١١"}}, "action-copy-value-invalid"),
        ({"": {"DefaultFontSize": "large"}}, "action-copy-value-invalid"),
        ({'x" y="': {}}, "action-copy-value-invalid"),
        ({"german": {}}, "action-copy-value-invalid"),
        ({"de": {}, " DE": {}}, "action-copy-value-invalid"),
        ({"": {"UserLabel": "a"}, " ": {"UserLabel": "b"}}, "action-copy-value-invalid"),
    ],
)
def test_texts_that_cannot_be_written_are_refused(texts, fault):
    with pytest.raises(ItemDocumentError) as caught:
        make_copy(export(), ActionEdits(name="Copy", texts=texts))
    assert caught.value.problem.fault == fault


def test_valid_sizes_and_directions_are_written():
    action = copied({"": {"DefaultFontSize": "10.5", "FlowDirection": FlowDirection.RIGHT_TO_LEFT}})
    assert action.texts[""]["DefaultFontSize"] == "10.5"
    assert action.texts[""]["FlowDirection"] == "RightToLeft"


def test_a_window_without_default_texts_takes_no_new_language():
    source = export().replace(b"<axc:LocaleResourceSet>", b'<axc:LocaleResourceSet Language="en">')
    with pytest.raises(ItemDocumentError) as caught:
        make_copy(source, ActionEdits(name="Copy", texts={"de": {}}))
    assert caught.value.problem.fault == "action-copy-not-editable"
