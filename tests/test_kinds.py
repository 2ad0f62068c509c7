"""A kind of object is known everywhere once it stands in the registries: model, tree, page, command, document, icon."""

import ast
from pathlib import Path

import pytest

from console import icons
from console.navigation.registry import TREE, place_of_kind
from console.pages.object_page import ObjectPage
from console.pages.places import PLACES, children_of, place_of, place_of_folder, title_of_folder
from console.pages.registry import PAGES, page_class
from console.targets import Target
from models.base import Item
from models.kinds import KINDS, Kind
from models.registry import all_models, model_of

ROOT = Path(__file__).resolve().parent.parent


def all_places(places=TREE):
    for place in places:
        yield place
        yield from all_places(place.children)


def test_every_kind_is_described_and_nothing_else():
    assert set(KINDS) == set(Kind)
    assert {m.kind for m in all_models() if issubclass(m, Item)} == set(Kind)
    for words in ("singular", "plural", "table", "document_key", "new_name"):
        assert len({getattr(info, words) for info in KINDS.values()}) == len(Kind), words


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_is_one_file_in_models_and_one_page(kind):
    model = model_of(kind)
    assert model.__module__ == f"models.{kind}"
    assert model.__tablename__ == KINDS[kind].table == kind
    page = page_class(kind)
    assert issubclass(page, ObjectPage)
    assert page.object_kind is kind
    assert PAGES[kind][0].startswith("console.pages.")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_editable_field_of_a_kind_has_one_field_on_its_page(qtbot, kind):
    from console.pages.session import field_values

    named = [spec.name for group in page_class(kind).groups for row in group.rows for spec in row]
    assert len(named) == len(set(named))
    assert "name" in named
    assert set(named) <= set(field_values(model_of(kind)(name="x"))) | {"password"}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_stands_once_in_the_tree_and_can_be_made_there(kind):
    assert [p.key for p in all_places() if p.kind is kind] == [str(kind)]
    place = place_of_kind(kind)
    assert place.new[0] == "New"
    assert KINDS[kind].new_name == f"New {place.new[-1]}"


def test_nodes_of_the_tree_have_keys_of_their_own_and_icons_that_exist():
    keys = [p.key for p in all_places()]
    assert len(keys) == len(set(keys))
    for icon in [p.icon for p in all_places()] + [i.icon for i in KINDS.values()]:
        assert icon in icons.ICON_NAMES


def test_every_node_of_the_tree_has_a_page():
    for place in all_places():
        assert place.target.head in PAGES, place.key


def test_the_way_above_a_page_is_the_way_in_the_tree():
    assert [t for t, _ in place_of(Kind.APPROVAL_PROCESS)] == [
        "Tasks", "Workflow", "Automation", "Approvals", "Approval Processes",
    ]  # fmt: skip
    assert place_of(Kind.FOREIGN_SYSTEM)[-1] == ("ServiceNow", Target("folder:foreign_system"))
    assert title_of_folder("approvals") == "Approvals"
    assert [t for t, _ in place_of_folder("approvals")] == ["Tasks", "Workflow", "Automation"]
    assert [t for t, _ in children_of("approvals")] == ["Approval Processes", "Approval Types"]
    assert [t for t, _ in children_of("tasks")] == ["Workflow", "Server Tasks"]
    assert [t for t, _ in place_of_folder("provisioning")] == [
        "Tasks",
        "Server Tasks",
        "Foreign Systems",
        "ServiceNow",
    ]
    assert title_of_folder("provisioning") == "Create ServiceNow Approval Request Items"
    assert children_of("server_tasks_servicenow") == [
        ("Create ServiceNow Approval Request Items", Target("provisioning"))
    ]
    assert set(PLACES) == set(Kind)
    with pytest.raises(KeyError):
        title_of_folder("nowhere")


def test_the_shared_parts_of_the_window_name_no_kind():
    """What is built for every kind must not ask which one it has before it."""
    shared = [
        *(ROOT / "console").glob("*.py"),
        *(ROOT / "console" / "commands").glob("*.py"),
        *(ROOT / "console" / "widgets").glob("*.py"),
        ROOT / "console" / "navigation" / "model.py",
        ROOT / "console" / "navigation" / "view.py",
        ROOT / "console" / "pages" / "object_page.py",
        ROOT / "console" / "pages" / "session.py",
        ROOT / "console" / "pages" / "places.py",
    ]
    named = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno} Kind.{node.attr}"
        for path in shared
        if not path.name.startswith("wizard")  # it tells one story about four kinds
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Kind"
    ]
    assert named == []
