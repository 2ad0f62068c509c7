"""The three-way merge: nothing that one side changed is lost, and only true contradictions are conflicts."""

from hypothesis import given
from hypothesis import strategies as st

from models.kinds import Kind
from services.common.errors import ConflictError
from services.configuration import merge

FIELDS = ("name", "description", "account", "server_id")
SIDES = st.fixed_dictionaries({name: st.sampled_from([None, "", "a", "b", 1, 20]) for name in FIELDS})


@given(base=SIDES, mine=SIDES, theirs=SIDES)
def test_each_field_follows_the_side_that_changed_it(base, mine, theirs):
    merged = merge(base, mine, theirs, FIELDS)
    assert list(merged.values) == list(FIELDS)
    for name in FIELDS:
        changed_by_me, changed_by_them = mine[name] != base[name], theirs[name] != base[name]
        contradiction = changed_by_me and changed_by_them and mine[name] != theirs[name]
        assert (name in merged.conflicts) == contradiction
        if changed_by_me:
            assert merged.values[name] == mine[name]
        elif changed_by_them:
            assert merged.values[name] == theirs[name]
        else:
            assert merged.values[name] == base[name]


@given(base=SIDES, mine=SIDES, theirs=SIDES)
def test_both_sides_see_the_same_conflicts_and_the_same_rest(base, mine, theirs):
    one, two = merge(base, mine, theirs, FIELDS), merge(base, theirs, mine, FIELDS)
    assert one.conflicts == two.conflicts
    for name in FIELDS:
        if name in one.conflicts:
            assert (one.values[name], two.values[name]) == (mine[name], theirs[name])
        else:
            assert one.values[name] == two.values[name]


@given(base=SIDES, mine=SIDES)
def test_a_side_that_changed_nothing_gives_way_to_the_other(base, mine):
    for merged in (
        merge(base, mine, base, FIELDS),
        merge(base, base, mine, FIELDS),
        merge(base, mine, mine, FIELDS),
    ):
        assert merged.values == mine
        assert merged.conflicts == []


@given(base=SIDES, mine=SIDES, theirs=SIDES)
def test_merging_again_with_what_was_merged_changes_nothing_more(base, mine, theirs):
    once = merge(base, mine, theirs, FIELDS)
    again = merge(theirs, once.values, theirs, FIELDS)
    assert again.values == once.values
    assert again.conflicts == []


@given(base=SIDES, mine=SIDES, theirs=SIDES, fields=st.lists(st.sampled_from(FIELDS), unique=True))
def test_other_fields_are_left_out_and_conflicts_keep_the_order_of_the_fields(base, mine, theirs, fields):
    merged = merge(base, mine, theirs, fields)
    assert list(merged.values) == fields
    assert merged.conflicts == [name for name in fields if name in merged.conflicts]


def test_what_a_side_does_not_have_counts_as_nothing():
    assert merge({}, {"name": "a"}, {}, FIELDS[:1]).values == {"name": "a"}
    assert merge({}, {"name": "a"}, {"name": "b"}, FIELDS[:1]).conflicts == ["name"]
    assert merge({"name": "a"}, {}, {"name": "a"}, FIELDS[:1]).values == {"name": None}


def test_two_consoles_that_changed_different_fields_both_get_their_way(configuration, other, chain):
    mine = configuration.get(Kind.APPROVAL_PROCESS, chain.process.id)
    base = mine.model_dump()
    theirs = other.get(Kind.APPROVAL_PROCESS, chain.process.id)
    theirs.check_every_s, theirs.description = 60, "same"
    other.save(theirs)
    mine.timeout_after_s, mine.description = 3600, "same"
    try:
        configuration.save(mine, base=base)
    except ConflictError as conflict:
        merged = merge(conflict.base, conflict.mine, conflict.theirs, mine.fields.model_fields)
        assert merged.conflicts == []
        for name, value in merged.values.items():
            setattr(mine, name, value)
        mine.version = conflict.theirs["version"]
    saved = configuration.save(mine)
    assert (saved.version, saved.check_every_s, saved.timeout_after_s, saved.description) == (
        3,
        60,
        3600,
        "same",
    )
    assert [r.by for r in configuration.history(Kind.APPROVAL_PROCESS, saved.id)] == ["ada", "grace", "ada"]
