"""The model of the tree under Qt's own tester: insertions, renames, moves and removals, as narrow as they can be."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPersistentModelIndex, Qt
from PyQt6.QtTest import QAbstractItemModelTester

from console.navigation.tree_model import Role, TreeModel, object_key, worst_badge
from console.navigation.tree_view import FilterModel
from console.runtime.drafts import Draft
from console.runtime.page_targets import Target
from models.kinds import Kind
from services.store.tree_outline import Outline
from tests.console.navigation.support import id_of, outline, shown

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
PROCESS = Kind.APPROVAL_PROCESS


@pytest.fixture
def model(qapp):
    made = TreeModel()
    tester = QAbstractItemModelTester(made, FATAL)
    yield made
    del tester


@pytest.fixture
def steps(model):
    """Every change the model tells, by name and size."""
    told = []
    model.rowsInserted.connect(lambda _p, first, last: told.append(("in", last - first + 1)))
    model.rowsRemoved.connect(lambda _p, first, last: told.append(("out", last - first + 1)))
    model.rowsMoved.connect(lambda _p, first, last, _q, _row: told.append(("move", last - first + 1)))
    model.modelReset.connect(lambda: told.append(("reset", 0)))
    return told


def new_draft(word, name):
    return Draft(PROCESS, id_of(word), {"name": name})


def key(word):
    return object_key(PROCESS, id_of(word))


def test_the_fixed_places_stand_where_the_guide_looks_for_them(model):
    def children(node):
        return [c.text for c in model.node(node).children]

    roots = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert roots == ["Home", "Tasks", "Policies", "Configuration", "Requests"]
    way = ["tasks", "workflow", "automation", "approvals"]
    assert [children(n) for n in way] == [
        ["Workflow", "Server Tasks"],
        ["Automation"],
        ["Approvals"],
        ["Approval Processes", "Approval Types"],
    ]
    way = ["server_tasks", "server_tasks_foreign_systems", "server_tasks_servicenow"]
    assert [children(n) for n in way] == [
        ["Foreign Systems"],
        ["ServiceNow"],
        ["Create ServiceNow Approval Request Items"],
    ]
    assert children("configuration") == ["User Credentials", "Foreign Systems", "Deleted objects"]
    assert children("foreign_systems") == ["ServiceNow", "Privilege Manager"]
    assert children("policies") == ["Application Policies", "Actions"]


def test_objects_stand_in_their_folder_in_the_order_of_their_names(model):
    model.set_outline(outline("beta", "Alpha", "gamma", pending=1234), [])
    assert shown(model) == ["Alpha", "beta", "gamma"]
    assert model.node("approval_process").count == "3"
    assert model.node("requests").count == "1,234 pending"
    assert shown(model, "approval_type") == []


def test_the_first_fill_is_one_step_for_each_kind(model, steps):
    model.set_outline(outline(*(f"p{n:05}" for n in range(3000))), [])
    assert steps == [("in", 3000)]
    assert model.node("approval_process").count == "3,000"


def test_the_same_outline_again_changes_nothing(model, steps):
    model.set_outline(outline("a", "b"), [])
    steps.clear()
    changed = []
    model.dataChanged.connect(lambda *_: changed.append(1))
    model.set_outline(outline("a", "b"), [])
    assert (steps, changed) == ([], [])


def test_a_renamed_object_is_one_move_and_keeps_its_node(model, steps):
    model.set_outline(outline(*"abcdefgh"), [])
    node, steps[:] = model.node(key("a")), []
    kept = QPersistentModelIndex(model.index_of(node))
    model.set_outline(outline(*"abcdefgh", a="zulu"), [])
    assert steps == [("move", 1)]
    assert shown(model) == [*"bcdefgh", "zulu"]
    assert model.node(key("a")) is node
    assert (kept.row(), kept.data()) == (7, "zulu")


def test_neighbours_that_are_gone_leave_in_one_step(model, steps):
    model.set_outline(outline(*"abcdefgh"), [])
    steps.clear()
    model.set_outline(outline(*"afh"), [])
    assert steps == [("out", 1), ("out", 4)]
    assert shown(model) == [*"afh"]
    assert model.node(key("b")) is None
    assert [n.row for n in model.node("approval_process").children] == [0, 1, 2]


WORDS = st.lists(st.sampled_from("abcdefghijkl"), unique=True)
NAMES = st.dictionaries(st.sampled_from("abcdefghijkl"), st.text("xyz ÄßABC&", min_size=1, max_size=3))


@given(st.lists(st.tuples(WORDS, NAMES, WORDS), min_size=1, max_size=5))
def test_any_outline_after_any_other_is_shown_whole_and_in_order(qapp, states):
    model = TreeModel()
    proxy = FilterModel(model, model)
    proxy.set_filter_text("a")
    testers = [QAbstractItemModelTester(model, FATAL), QAbstractItemModelTester(proxy, FATAL)]
    for words, names, drafts in states:
        model.set_outline(outline(*words, **names), [new_draft(w, names.get(w, w)) for w in drafts])
        proxy.look_again()
        wanted = [names.get(w, w) for w in {*words, *drafts}]
        assert sorted(shown(model)) == sorted(wanted)
        assert [s.casefold() for s in shown(model)] == sorted(s.casefold() for s in wanted)
        nodes = model.node("approval_process").children
        assert [n.row for n in nodes] == list(range(len(wanted)))
        found = proxy.mapFromSource(model.index_of(model.node("approval_process")))
        seen = [proxy.index(row, 0, found).data() for row in range(proxy.rowCount(found))]
        # The folders hold the letter themselves, so they are always there.
        assert seen == [name for name in shown(model) if "a" in name.casefold()]
        assert {n.key for n in nodes if n.draft} == {key(w) for w in drafts}
    del testers


def test_a_draft_of_a_new_object_stands_in_the_tree_until_it_is_stored(model, steps):
    model.set_outline(Outline([]), [new_draft("x", "New ServiceNow Approval Process")])
    node = model.node(key("x"))
    assert node.draft
    index = model.index_of(node)
    assert (
        index.data(Qt.ItemDataRole.AccessibleTextRole) == "New ServiceNow Approval Process, draft, not saved"
    )
    assert not model.flags(index) & Qt.ItemFlag.ItemIsEditable
    steps.clear()
    model.set_outline(outline("x", x="Stored"), [])
    assert model.node(key("x")) is node
    assert (node.draft, node.text, steps) == (False, "Stored", [])
    assert model.flags(model.index_of(node)) & Qt.ItemFlag.ItemIsEditable


def test_a_draft_of_a_stored_object_shows_the_stored_name(model):
    draft = Draft(PROCESS, id_of("x"), {"name": "Typed"}, base={"name": "x"}, base_version=1)
    model.set_outline(outline("x"), [draft])
    assert (model.node(key("x")).text, model.node(key("x")).draft) == ("x", True)


def test_a_draft_of_an_object_that_others_deleted_stays_in_reach(model):
    draft = Draft(PROCESS, id_of("x"), {"name": "Typed"}, base={"name": "x"}, base_version=1)
    model.set_outline(outline("x"), [draft])
    model.set_outline(Outline([]), [draft])
    node = model.node(key("x"))
    assert (node.text, node.draft, node.stored) == ("Typed", True, False)


def test_a_name_given_in_place_is_passed_on_and_shown_when_the_store_has_it(qtbot, model):
    model.set_outline(outline("x"), [])
    node = model.node(key("x"))
    told = []
    model.renamed.connect(lambda *told_of: told.append(told_of))
    index = model.index_of(node)
    assert model.setData(index, "  Better  ")
    assert told == [(node, "Better")]
    assert index.data() == "x"
    for unchanged in ("", "   ", "x", " x "):
        model.setData(index, unchanged)
    assert len(told) == 1
    assert not model.setData(index, "Better", Qt.ItemDataRole.ToolTipRole)


def test_places_cannot_be_renamed_and_objects_can(model):
    model.set_outline(outline("x"), [])
    editable = [
        n.key for n in model._by_key.values() if model.flags(model.index_of(n)) & Qt.ItemFlag.ItemIsEditable
    ]
    assert editable == [key("x")]


def test_targets_and_nodes_find_each_other(model):
    model.set_outline(outline("x"), [])
    assert model.node_of(Target("approval_process", id_of("x"))) is model.node(key("x"))
    assert model.node_of(Target("approval_process", uuid.uuid4())) is None
    assert model.node_of(Target("folder:approvals")).text == "Approvals"
    assert model.node_of(Target("home")).text == "Home"
    for node in model._by_key.values():
        assert model.node_of(node.target) is node
        assert model.index_of(node).data(Role.NODE) is node
        assert model.index_of(node).data(Role.KEY) == node.key


def test_the_worst_badge_shows_at_every_closed_node_above(model):
    model.set_outline(outline("x", "y"), [])
    told = []
    model.dataChanged.connect(lambda index, *_: told.append(index.data(Role.KEY)))
    model.set_badge(key("x"), "bad")
    model.set_badge(key("y"), "good")
    assert told[:3] == [key("x"), "approval_process", "approvals"]
    assert worst_badge(model.node("tasks")) == "bad"
    assert worst_badge(model.node("configuration")) == ""
    assert "failed" in model.index_of(model.node(key("x"))).data(Qt.ItemDataRole.AccessibleTextRole)
    model.set_badge(key("x"), "")
    assert worst_badge(model.node("tasks")) == ""
    model.set_badge("nobody", "bad")


def test_badges_are_kept_for_objects_that_come_later_and_said_in_words(model):
    model.set_outline(outline("a"), [])
    model.set_badges({key("a"): "good", key("b"): "bad"})
    model.set_outline(outline("a", "b"), [])
    assert [model.node(key(word)).badge for word in "ab"] == ["good", "bad"]

    def said(name):
        index = model.index_of(model.node(name))
        return model.data(index, Qt.ItemDataRole.AccessibleTextRole)

    assert said(key("b")) == "b, failed"
    assert "failed inside" in said("tasks")
    model.set_badges({key("a"): "good"})
    assert model.node(key("b")).badge == ""
    assert "inside" not in said("tasks")
