"""Writing documents: the fast emitter writes what the slow one writes, and is left where they differ."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.transfer import document_writer
from services.transfer.document_writer import WIDTH

LETTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(LETTERS),
    st.text(st.sampled_from("ab :#-'\"\\,[]{}&*!|>%@`?~=0123456789.")),
    st.text(st.sampled_from("a \n\t\x85\u2028\ufeff\x7f\U0001f600ü")),
    st.builds(str.__mul__, st.sampled_from(["word ", "x", "ü "]), st.sampled_from([200, 500, 1_500])),
    st.sampled_from(["null", "true", "no", "1", "1.5", "2026-01-01", "1:30", "=", "<<", "~", ""]),
)
ENTRIES = st.dictionaries(
    st.sampled_from(["name", "account", "description", "texts", "actions", "kind"]),
    st.one_of(
        TEXTS, st.none(), st.booleans(), st.integers(), st.lists(TEXTS), st.dictionaries(st.just("de"), TEXTS)
    ),
    min_size=1,
)


@pytest.mark.parametrize("ascii_only", [False, True])
@given(entries=st.lists(ENTRIES, min_size=1, max_size=4))
def test_parts_are_what_the_whole_is(entries, ascii_only):
    parts = "section:\n" + "".join(document_writer._dump([one], ascii_only=ascii_only) for one in entries)
    whole = yaml.dump(
        {"section": entries},
        Dumper=document_writer._Dumper,
        sort_keys=False,
        allow_unicode=not ascii_only,
        width=WIDTH,
    )
    assert parts == whole


def test_an_entry_with_rare_characters_leaves_the_fast_emitter_to_the_others(monkeypatch):
    used = []
    dump = yaml.dump
    monkeypatch.setattr(yaml, "dump", lambda *a, **named: used.append(named["Dumper"]) or dump(*a, **named))
    for text in ("Müller", "two\nlines", "\U0001f600"):
        document_writer._dump([{"name": text}], ascii_only=False)
    assert used == [document_writer._FAST_DUMPER, document_writer._Dumper, document_writer._Dumper]
