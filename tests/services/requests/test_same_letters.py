"""The same letters are the same, however they were typed or stored: in the search, in filters and in names."""

import random
import unicodedata

import pytest

from models.kinds import Kind, RequestState
from services.common.errors import InvalidError
from services.configuration import Configuration
from services.requests.inbox import index_selection
from services.requests.inbox.filters import ME, Filter, Sort
from services.requests.inbox.inbox import Inbox
from tests.databases import store
from tests.services.requests.inbox_rows import NOW, add_rows, drawn_row, processes_of

__all__ = ["store"]

pytestmark = pytest.mark.every_database

NAMES = (
    "Émile Durand",
    "Zoë Ågren",
    "Ἀθηνᾶ Ὀδυσσεύς",
    "Иван Цойй",
    "Nguyễn Văn Ế",
    "김철수",
    "ガギグ ぱぴぷ",
    "Ωhm Ångström",
    "ọ̣̈ combining",
    "Straße GROẞ",
    "ﬁnance oﬃce",
)
FORMS = ("NFC", "NFD")


@pytest.fixture
def in_both_forms(store):
    """Store a request for each form of a name, and return their ids."""
    processes = processes_of(store)

    def write(name, *columns):
        plain = dict.fromkeys(("reason", "file_path", "initiator_name", "policy_name", "waits_for"), "")
        waiting = {"state": RequestState.PENDING, "ended_at": None, "rehearsal": False}
        rows = [
            drawn_row(random.Random(number), number, processes)
            | plain
            | waiting
            | dict.fromkeys(columns, unicodedata.normalize(form, name))
            for number, form in enumerate(FORMS)
        ]
        add_rows(store, rows)
        return {row["id"] for row in rows}

    return write


def found(store, filter_, me=()):
    return {row.id for row in Inbox(store, me=me).rows(filter_, Sort(), 0, 9, at=NOW).rows}


@pytest.mark.parametrize("few", [True, False], ids=["few", "many"])
@pytest.mark.parametrize("name", NAMES)
def test_the_search_finds_a_name_in_every_form(store, in_both_forms, name, few, monkeypatch):
    if not few:
        monkeypatch.setattr(index_selection, "IN_MEMORY_SORT_MAX", 0)
    keys = in_both_forms(name, "initiator_name")
    for form in FORMS:
        typed = unicodedata.normalize(form, name)
        for text in (typed, typed.upper(), typed.lower(), typed.casefold()):
            assert found(store, Filter(text=text)) == keys, text


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_by_policy_or_approver_takes_a_name_in_every_form(store, in_both_forms, name):
    keys = in_both_forms(name, "policy_name", "waits_for")
    for form in FORMS:
        typed = unicodedata.normalize(form, name)
        assert found(store, Filter(policy=typed)) == keys
        assert found(store, Filter(waits_for=typed)) == keys
        assert found(store, Filter(waits_for=ME), me=["nobody", typed]) == keys
        assert found(store, Filter(waits_for=f"{typed}%")) == set()


@pytest.mark.parametrize("name", ["Émile Durand", "Иван Цой", "ἀθηνᾶ"])
def test_a_filter_by_approver_takes_small_and_capital_letters(store, in_both_forms, name):
    keys = in_both_forms(name, "waits_for")
    for text in (name.upper(), name.lower()):
        assert found(store, Filter(waits_for=text)) == keys


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("Straße", "STRASSE"), ("STRASSE", "straße"), ("GROẞ", "gross"), ("ΟΔΟΣ", "οδος"), ("οδος", "οδοσ"), ("ſtart", "start"),
        ("ﬁnance", "FINANCE"), ("finance", "ﬁnance"), ("oﬃce", "OFFICE"), ("İstanbul", "i̇stanbul"), ("ŉa", "ʼna"),
    ],
)  # fmt: skip
def test_a_letter_that_is_written_as_several_is_the_same_everywhere(store, in_both_forms, kept, asked):
    keys = in_both_forms(kept, "initiator_name", "waits_for")
    assert found(store, Filter(text=asked)) == keys
    assert found(store, Filter(waits_for=asked)) == keys


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_taken_in_every_form(store, name):
    configuration = Configuration(store)
    configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name=unicodedata.normalize(FORMS[0], name)))
    for form in FORMS:
        typed = unicodedata.normalize(form, name)
        assert configuration.find_by_name(Kind.APPROVAL_PROCESS, typed) is not None
        other = configuration.new(Kind.APPROVAL_PROCESS)
        other.name = typed
        with pytest.raises(InvalidError):
            configuration.save(other)
