"""The client and the practice instance mean the same by a query: what one asks for, the other finds."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.practice.database import Database
from services.practice.encoded_query import Condition, QueryCompiler, parse_query
from services.practice.schema import TABLES
from services.servicenow.encoded_query import AnyOfQuery, Operator, TableQuery, equals, where

FIELDS = ("name", "description", "value")
TABLE = TABLES["sys_properties"]
TRICKY = ",=<>!%_\\'\"`?;: LIKEINORSTARTSWITHNQEQ0129"
ASCII = st.text(st.sampled_from("abAB" + TRICKY), max_size=4)
ANY = st.text(
    st.characters(min_codepoint=32, blacklist_characters="^", blacklist_categories=["Cs"]), max_size=4
)
NEVER_ALONE = (Operator.IN, Operator.IS_NOT)


def conditions(texts):
    single = st.builds(
        lambda field, operator, value: where(field, operator, value).conditions[0],
        st.sampled_from(FIELDS),
        st.sampled_from([o for o in Operator if o is not Operator.IN]),
        texts,
    )
    listed = st.builds(
        lambda field, values: where(field, Operator.IN, *values).conditions[0],
        st.sampled_from(FIELDS),
        st.lists(texts.filter(lambda text: "," not in text), min_size=1, max_size=3),
    )
    return st.one_of(single, listed).filter(sendable)


def sendable(condition):
    first = condition.values[0].lstrip().lower()
    return not first.startswith("javascript:") and not (
        condition.operator in (Operator.GREATER, Operator.BELOW) and first.startswith("=")
    )


def queries(texts):
    return st.lists(conditions(texts), max_size=3).map(lambda found: TableQuery(tuple(found)))


def rows(texts):
    row = st.fixed_dictionaries(dict.fromkeys(FIELDS, texts))
    return st.lists(row, max_size=6)


def found_by_practice(query, stored):
    """Return the places of the rows that the practice instance finds."""
    database = Database()
    try:
        for place, row in enumerate(stored):
            database.insert("sys_properties", {**row, "sys_id": f"{place:032d}"})
        compiler = QueryCompiler(TABLE)
        sql, values = compiler.where(parse_query(query.encode()))
        assert not compiler.invalid
        found = database.execute(f"SELECT t0.sys_id FROM {compiler.source()} WHERE {sql}", values)
        return {int(one["sys_id"]) for one in found}
    finally:
        database.close()


def exactly(query, row):
    """Return whether a row meets a query where case does not count: the plain meaning of the operators."""
    met = {
        Operator.IS: lambda found, values: found == values[0],
        Operator.IS_NOT: lambda found, values: found != values[0],
        Operator.IN: lambda found, values: found in values,
        Operator.LIKE: lambda found, values: values[0] in found,
        Operator.STARTS_WITH: lambda found, values: found.startswith(values[0]),
        Operator.GREATER: lambda found, values: found > values[0],
        Operator.AT_LEAST: lambda found, values: found != "" and found >= values[0],
        Operator.BELOW: lambda found, values: found != "" and found < values[0],
    }
    return all(met[c.operator](row[c.field].lower(), [v.lower() for v in c.values]) for c in query.conditions)


@given(query=queries(ASCII), stored=rows(ASCII))
def test_the_practice_instance_finds_exactly_what_is_asked_for(query, stored):
    assert found_by_practice(query, stored) == {n for n, row in enumerate(stored) if exactly(query, row)}


@given(first=queries(ASCII), second=queries(ASCII), stored=rows(ASCII))
def test_either_of_two_queries_is_asked_for_at_once(first, second, stored):
    either = AnyOfQuery((first, second))
    assume(first.conditions and second.conditions)
    expected = {n for n, row in enumerate(stored) if exactly(first, row) or exactly(second, row)}
    assert found_by_practice(either, stored) == expected
    assert {n for n, row in enumerate(stored) if either.holds(row)} >= expected


@given(query=queries(ANY), stored=rows(ANY))
def test_no_row_that_was_rightly_found_is_refused(query, stored):
    for place in found_by_practice(query, stored):
        assert query.holds(stored[place]), (query.encode(), stored[place])


@given(query=queries(ANY))
def test_a_query_is_read_as_it_was_written(query):
    read = parse_query(query.encode() + "^ORDERBYsys_id")
    assert (read.invalid, read.order) == ((), (("sys_id", False),))
    groups = read.queries[0] if query.conditions else ()
    expected = [(Condition(c.field, c.operator.value, ",".join(c.values)),) for c in query.conditions]
    assert list(groups) == expected


@pytest.mark.parametrize("operator", list(Operator))
@pytest.mark.parametrize("value", ["a^b", "^", "a\nb", "\x00", "javascript:gs.getUserID()", " JavaScript:x"])
def test_a_value_that_would_mean_something_else_is_refused(operator, value):
    with pytest.raises(ValueError, match="cannot be"):
        where("name", operator, value).encode()


def test_a_list_is_never_empty_and_its_words_have_no_commas():
    with pytest.raises(ValueError, match="empty list"):
        where("name", Operator.IN).encode()
    with pytest.raises(ValueError, match="comma"):
        where("name", Operator.IN, "a", "b,c").encode()
    with pytest.raises(ValueError, match="begins with ="):
        where("name", Operator.GREATER, "=a").encode()


@pytest.mark.parametrize(
    ("stored", "asked", "holds"),
    [
        ("Tablet", "TABLET", True),
        ("Café", "cafe", True),
        ("STRASSE", "straße", True),
        ("Tablet  ", "Tablet", True),
        ("Tablets", "Tablet", False),
        ("", "Tablet", False),
        (" Tablet", "Tablet", False),
    ],
)
def test_what_counts_as_equal(stored, asked, holds):
    assert equals(name=asked).holds({"name": stored}) is holds
    assert where("name", Operator.IN, "x", asked).holds({"name": stored}) is holds


def test_a_field_that_was_not_fetched_is_not_judged():
    assert equals(name="a", active="true").holds({"name": "a"})
    assert not equals(name="a", active="true").holds({"name": "b"})


def test_umlauts_are_found_in_either_case():
    stored = [dict.fromkeys(FIELDS, text) for text in ("Ärger", "ärger", "Arger")]
    assert found_by_practice(equals(name="ÄRGER"), stored) == {0, 1}
    assert found_by_practice(where("name", Operator.LIKE, "ÄR"), stored) == {0, 1}
