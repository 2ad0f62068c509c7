"""Names: unique within a kind whatever their case and accents, free ones for new objects and copies."""

import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.base import NAME_MAX, ConfigurationFields, name_key
from models.kinds import KINDS, Kind
from services.common.errors import ConflictError, InvalidError
from services.configuration.validation import field_errors
from services.store import NotFoundError

pytestmark = pytest.mark.every_database

SAME = [
    ("Server", "sERVER"),
    ("Straße", "STRASSE"),
    ("Straße", "straẞe"),
    ("É", "é"),
    ("É", "e\u0301"),
    ("Å", "\u212b"),
    ("İ", "i\u0307"),
    ("ΣΑΣ", "σας"),
    ("ǆ", "ǅ"),
    ("two  words", "Two Words"),
    ("two\u00a0words", "two words"),
]
DIFFERENT = [("İ", "i"), ("ı", "i"), ("e", "é"), ("o", "0"), ("a b", "ab"), ("日本", "日木")]


@pytest.mark.parametrize(("stored", "entered"), SAME)
def test_a_name_that_differs_in_case_or_typing_only_is_taken(make, configuration, stored, entered):
    first = make(Kind.USER_CREDENTIAL, name=stored)
    second = configuration.new(Kind.USER_CREDENTIAL, account="a")
    second.name = entered
    with pytest.raises(InvalidError) as caught:
        configuration.save(second)
    assert [(e.name, e.message) for e in caught.value.fields] == [("name", "this name is already in use")]
    assert configuration.check(second) == caught.value.fields
    assert configuration.find_by_name(Kind.USER_CREDENTIAL, entered).id == first.id
    assert configuration.named(Kind.USER_CREDENTIAL, entered).id == first.id


@pytest.mark.parametrize(("stored", "entered"), DIFFERENT)
def test_names_that_differ_otherwise_stand_side_by_side(make, configuration, stored, entered):
    make(Kind.USER_CREDENTIAL, name=stored)
    make(Kind.USER_CREDENTIAL, name=entered)
    assert {c.name for c in configuration.all(Kind.USER_CREDENTIAL)} == {stored, entered}


def test_different_kinds_share_names(make):
    made = {kind: make(kind, name="ServiceNow").name for kind in Kind}
    assert set(made.values()) == {"ServiceNow"}


def test_an_object_may_change_the_case_of_its_own_name(make, configuration):
    item = make(Kind.USER_CREDENTIAL, name="straße")
    renamed = configuration.rename(Kind.USER_CREDENTIAL, item.id, " STRASSE ", 1)
    assert (renamed.name, renamed.version) == ("STRASSE", 2)
    assert configuration.history(Kind.USER_CREDENTIAL, item.id)[0].note == "Renamed from “straße”"


def test_renaming_is_refused_for_names_that_are_taken_empty_or_from_an_old_version(make, configuration):
    item = make(Kind.USER_CREDENTIAL, name="One")
    make(Kind.USER_CREDENTIAL, name="Two")
    for name in ("TWO", "", "  ", "x" * (NAME_MAX + 1), "a\nb"):
        with pytest.raises(InvalidError):
            configuration.rename(Kind.USER_CREDENTIAL, item.id, name, 1)
    configuration.rename(Kind.USER_CREDENTIAL, item.id, "Three", 1)
    with pytest.raises(ConflictError):
        configuration.rename(Kind.USER_CREDENTIAL, item.id, "Four", 1)
    assert configuration.get(Kind.USER_CREDENTIAL, item.id).name == "Three"
    configuration.delete(Kind.USER_CREDENTIAL, item.id, 2)
    with pytest.raises(NotFoundError):
        configuration.rename(Kind.USER_CREDENTIAL, item.id, "Five", 2)


def test_a_name_is_free_again_once_its_object_is_gone(make, configuration):
    item = make(Kind.APPROVAL_TYPE, name="Type")
    configuration.delete(Kind.APPROVAL_TYPE, item.id, 1)
    assert make(Kind.APPROVAL_TYPE, name="TYPE").version == 1


@pytest.mark.parametrize("kind", Kind)
def test_new_objects_are_called_as_the_vendor_calls_them_and_numbered(make, configuration, kind):
    wanted = KINDS[kind].new_name
    names = [make(kind).name for _ in range(3)]
    assert names == [wanted, f"{wanted} (2)", f"{wanted} (3)"]
    assert make(kind, name=wanted.upper()).name == f"{wanted.upper()} (4)"


def test_copies_are_called_copies_and_numbered(make, configuration, chain):
    names = []
    for _ in range(3):
        copy = configuration.duplicate(Kind.APPROVAL_PROCESS, chain.process.id)
        assert copy.version == 0
        assert copy.id != chain.process.id
        names.append(configuration.save(copy).name)
    assert names == ["Copy of Process", "Copy of Process (2)", "Copy of Process (3)"]


def test_a_copy_has_every_field_of_its_original_but_the_name(configuration, chain):
    process = configuration.get(Kind.APPROVAL_PROCESS, chain.process.id)
    process.description, process.check_every_s, process.request_item_id = "é\n\t☃", 99, "a" * 32
    process = configuration.save(process)
    copy = configuration.save(configuration.duplicate(Kind.APPROVAL_PROCESS, process.id))
    for name in process.fields.model_fields:
        if name != "name":
            assert getattr(copy, name) == getattr(process, name), name
    assert configuration.get(Kind.APPROVAL_PROCESS, process.id).model_dump() == process.model_dump()


def valid_name(text):
    return not field_errors_of_name(text)


def field_errors_of_name(text):
    from models.approval_type import ApprovalType

    return [e for e in field_errors(ApprovalType(name=text)) if e.name == "name"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30)
@given(st.text(min_size=1, max_size=NAME_MAX).filter(valid_name))
@example("x" * NAME_MAX)
@example("x" * 246 + " " + "y" * 8)
@example("ß" * 127)
@example("\u0390" * 85)
@example("😀" * NAME_MAX)
def test_every_object_with_a_valid_name_can_be_copied_many_times(configuration, make, name):
    found = configuration.find_by_name(Kind.APPROVAL_TYPE, name)
    item = found or make(Kind.APPROVAL_TYPE, name=name)
    copies = [configuration.save(configuration.duplicate(Kind.APPROVAL_TYPE, item.id)) for _ in range(3)]
    keys = {name_key(c.name) for c in [item, *copies]}
    assert len(keys) == 4
    assert all(len(key) <= NAME_MAX and len(c.name) <= NAME_MAX for key, c in zip(keys, copies, strict=False))


@given(st.text(max_size=30).filter(lambda text: "\u0345" not in unicodedata.normalize("NFD", text)))
@example("İ")
@example("Å\u0323")
def test_the_form_for_comparison_is_its_own_form(text):
    key = name_key(text)
    assert name_key(key) == key
    assert name_key(text.casefold()) == key
    assert name_key(f"  {text}\n") == key


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is empty"),
        (" a", "begins or ends with a space"),
        ("a\u00a0", "begins or ends with a space"),
        ("   ", "begins or ends with a space"),
        ("a\nb", "contains control characters (U+000A)"),
        ("a\tb\x00", "contains control characters (U+0000, U+0009)"),
        ("a\x7fb\x9f", "contains control characters (U+007F, U+009F)"),
        ("a\u2028b", "contains control characters (U+2028)"),
        ("a\ud800b", "contains halves of characters"),
        ("x" * 256, "is longer than 255 characters"),
        ("ß" * 128, "is longer than 255 characters when written in small letters"),
    ],
)
def test_what_a_name_may_not_be(name, message):
    assert [e.message for e in field_errors_of_name(name)] == [message]


def test_every_kind_has_the_rules_of_names():
    from models.tables import model_for_kind

    assert all(issubclass(model_for_kind(kind).fields, ConfigurationFields) for kind in Kind)
