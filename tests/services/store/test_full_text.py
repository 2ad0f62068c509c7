"""The text that requests are searched by is that of the rows, whoever wrote them, and costs nothing where no text changes."""

import random
import unicodedata
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.compact_columns import pack_id
from services.store import Store
from services.store.full_text import (
    GRAM_LENGTH,
    TEXT_COLUMNS,
    build_index_query,
    fold,
    has_pending_texts,
    id_search_forms,
    matches_words,
)
from services.store.row_values import get_table

TABLE = get_table(ApprovalRequest)


@pytest.fixture
def store(tmp_path):
    opened = Store.open(str(tmp_path / "console.db"), actor="ada")
    yield opened
    opened.close()


def found(store, word):
    with store.engine.connect() as connection:
        rows = "SELECT rowid FROM request_text WHERE request_text MATCH ?"
        keys = "SELECT id FROM approval_request WHERE rowid IN"
        return set(connection.exec_driver_sql(f"{keys} ({rows})", (build_index_query([word]),)).scalars())


def queued(store):
    with store.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM request_text_due").scalar()


def held(row):
    return "\n".join(row[name] for name in TEXT_COLUMNS)


def written(store, **values):
    row = ApprovalRequest(**values)
    with store.write() as work:
        work.insert(row)
    return row


def test_a_unit_of_work_leaves_nothing_queued(store):
    row = written(store, initiator_name="b.okafor")
    assert queued(store) == 0
    assert found(store, "okafor") == {row.id.bytes}
    row.initiator_name = "m.lindqvist"
    with store.write() as work:
        work.update(row, 1)
    assert (found(store, "okafor"), found(store, "lindqvist")) == (set(), {row.id.bytes})
    with store.write() as work:
        work.delete(row, 2)
    assert (found(store, "lindqvist"), queued(store)) == (set(), 0)


def test_a_unit_of_work_that_fails_leaves_the_index_as_it_was(store):
    row = written(store, initiator_name="b.okafor")

    def failing():
        with store.write() as work:
            work.delete(row, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert found(store, "okafor") == {row.id.bytes}


@pytest.mark.parametrize("name", sorted(ApprovalRequest.observed - set(TEXT_COLUMNS)))
def test_what_is_seen_on_an_instance_does_not_touch_the_text(store, name):
    row = written(store, number="RITM0012345")
    times = ("checked_at", "observed_at", "claimed_until")
    with store.engine.execution_options(write=True).begin() as connection:
        value = utcnow() if name in times else True if name == "record_closed" else "a"
        connection.execute(update(TABLE).where(TABLE.c.id == row.id).values({name: value}))
    assert queued(store) == 0


def test_a_row_that_is_written_again_as_it_was_does_not_touch_the_text(store):
    row = written(store, number="RITM0012345")
    with store.engine.execution_options(write=True).begin() as connection:
        connection.execute(update(TABLE).where(TABLE.c.id == row.id).values(number="RITM0012345", reason=""))
    assert queued(store) == 0


def test_what_another_program_wrote_is_found_by_the_next_search(store):
    from services.requests.inbox.filters import Filter
    from services.requests.inbox.inbox import Inbox

    with store.engine.execution_options(write=True).begin() as connection:
        connection.execute(
            insert(ApprovalRequest), [{"id": uuid.uuid4(), "reason": f"word{n}"} for n in range(3)]
        )
        assert has_pending_texts(connection)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("services.requests.inbox.index_selection.IN_MEMORY_SORT_MAX", 0)
        assert Inbox(store).count(Filter(text="word")).number == 3
    assert queued(store) == 0


WORDS = ("okafor", "lindqvist", "vs_setup.exe", "Größe", "RITM0012345", "Tools for release 8", "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_after_any_changes_the_index_knows_each_row_by_what_it_holds(store, seed):
    drawn, rows = random.Random(seed), {}
    with store.write() as work:
        work.session.execute(delete(TABLE))

    def change(connection):
        key = drawn.choice([*rows, None]) if rows else None
        values = {name: drawn.choice(WORDS) for name in drawn.sample(TEXT_COLUMNS, 3)}
        if key is None:
            key = uuid.UUID(int=drawn.getrandbits(128))
            connection.execute(insert(ApprovalRequest), [{"id": key, **values}])
            rows[key] = dict.fromkeys(TEXT_COLUMNS, "") | values
        elif drawn.random() < 0.3:
            connection.execute(delete(TABLE).where(TABLE.c.id == key))
            del rows[key]
        else:
            connection.execute(update(TABLE).where(TABLE.c.id == key).values(values))
            rows[key] |= values

    for _ in range(drawn.randrange(1, 12)):
        if drawn.random() < 0.5:
            with store.engine.execution_options(write=True).begin() as connection:
                change(connection)
        else:
            with store.write() as work:
                for _ in range(drawn.randrange(4)):
                    change(work.session.connection())
    with store.write():
        pass
    for word in filter(None, WORDS):
        wanted = {key.bytes for key, row in rows.items() if fold(word) in fold(held(row))}
        assert found(store, fold(word)) >= wanted
        assert all(
            all(
                fold(word)[n : n + GRAM_LENGTH] in fold(held(rows[uuid.UUID(bytes=key)]))
                for n in range(0, len(word) - GRAM_LENGTH, GRAM_LENGTH)
            )
            for key in found(store, fold(word))
        )


def test_the_same_letters_are_the_same_and_stay_so():
    for text in (
        "Größe ΣΑΣ ÉCOLE ИВАН ＡＢＣ",
        "E\N{COMBINING ACUTE ACCENT}",
        "\N{ANGSTROM SIGN}",
        "ß ẞ SS",
        "İ i̇",
    ):
        for form in ("NFC", "NFD"):
            typed = unicodedata.normalize(form, text)
            assert fold(typed) == fold(text)
            assert fold(fold(typed)) == fold(typed)
    assert fold("Größe ΣΑΣ ÉCOLE ИВАН ＡＢＣ") == "grösse σασ école иван ａｂｃ"
    assert fold("école") != fold("ecole")


def test_an_id_is_known_however_it_was_copied():
    dashed = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
    for typed in (dashed, dashed.replace("-", ""), f"{{{dashed}}}"):
        assert matches_words("", (dashed.upper(), "else"), typed)
        assert matches_words("", ("else", dashed.replace("-", "")), typed)
        assert matches_words("", ("else", pack_id(dashed)), typed)
        assert matches_words("", (pack_id(dashed.replace("-", "")),), typed)
    assert matches_words("", (dashed,), dashed[:10])
    assert not matches_words("", (f"x{dashed}",), dashed)
    assert id_search_forms("3f250") == ()
