"""A kind of object is known everywhere once it stands in the registries: model, tree, page, command, document, icon."""

import ast
from pathlib import Path

import pytest

from console.design import icons
from console.forms.object_page import ObjectPage
from console.navigation.page_registry import PAGES, page_class
from console.navigation.tree_definition import (
    all_nodes,
    folder_breadcrumb,
    folder_children,
    folder_title,
    kind_breadcrumb,
)
from console.runtime.targets import Target
from models.base import ConfigurationObject
from models.kinds import KINDS, Kind
from models.tables import all_models, model_for_kind

ROOT = Path(__file__).resolve().parent.parent


def test_every_kind_is_described_and_nothing_else():
    assert set(KINDS) == set(Kind)
    assert {m.kind for m in all_models() if issubclass(m, ConfigurationObject)} == set(Kind)
    for words in ("singular", "plural", "table", "document_section", "new_name"):
        assert len({getattr(info, words) for info in KINDS.values()}) == len(Kind), words


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_is_one_file_in_models_and_one_page(kind):
    model = model_for_kind(kind)
    assert model.__module__ == f"models.{kind}"
    assert model.__tablename__ == KINDS[kind].table == kind
    page = page_class(kind)
    assert issubclass(page, ObjectPage)
    assert page.object_kind is kind
    assert PAGES[kind][0].startswith("console.objects.")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_editable_field_of_a_kind_has_one_field_on_its_page(qtbot, kind):
    from console.forms.edit_session import field_values

    named = [spec.name for group in page_class(kind).groups for row in group.rows for spec in row]
    assert len(named) == len(set(named))
    assert "name" in named
    assert set(named) <= set(field_values(model_for_kind(kind)(name="x"))) | {"password"}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_stands_once_in_the_tree_and_can_be_made_there(kind):
    assert [p.key for p in all_nodes() if p.kind is kind] == [str(kind)]
    [place] = [node for node in all_nodes() if node.kind is kind]
    assert place.new[0] == "New"
    assert KINDS[kind].new_name == f"New {place.new[-1]}"


def test_nodes_of_the_tree_have_keys_of_their_own_and_icons_that_exist():
    keys = [p.key for p in all_nodes()]
    assert len(keys) == len(set(keys))
    for icon in [p.icon for p in all_nodes()] + [i.icon for i in KINDS.values()]:
        assert icon in icons.ICON_NAMES


def test_every_node_of_the_tree_has_a_page():
    for place in all_nodes():
        assert place.target.head in PAGES, place.key


def test_the_way_above_a_page_is_the_way_in_the_tree():
    assert [t for t, _ in kind_breadcrumb(Kind.APPROVAL_PROCESS)] == [
        "Tasks", "Workflow", "Automation", "Approvals", "Approval Processes",
    ]  # fmt: skip
    assert kind_breadcrumb(Kind.FOREIGN_SYSTEM)[-1] == ("ServiceNow", Target("folder:foreign_system"))
    assert folder_title("approvals") == "Approvals"
    assert [t for t, _ in folder_breadcrumb("approvals")] == ["Tasks", "Workflow", "Automation"]
    assert [t for t, _ in folder_children("approvals")] == ["Approval Processes", "Approval Types"]
    assert [t for t, _ in folder_children("tasks")] == ["Workflow", "Server Tasks"]
    assert [t for t, _ in folder_breadcrumb("provisioning")] == [
        "Tasks",
        "Server Tasks",
        "Foreign Systems",
        "ServiceNow",
    ]
    assert folder_title("provisioning") == "Create ServiceNow Approval Request Items"
    assert folder_children("server_tasks_servicenow") == [
        ("Create ServiceNow Approval Request Items", Target("provisioning"))
    ]
    with pytest.raises(KeyError):
        folder_title("nowhere")


def test_the_shared_parts_of_the_window_name_no_kind():
    """What is built for every kind must not ask which one it has before it."""
    shared = [
        *(ROOT / "console" / "runtime").glob("*.py"),
        *(ROOT / "console" / "shell").glob("*.py"),
        *(ROOT / "console" / "startup").glob("*.py"),
        *(ROOT / "console" / "widgets").glob("*.py"),
        ROOT / "console" / "navigation" / "tree_model.py",
        ROOT / "console" / "navigation" / "tree_view.py",
        ROOT / "console" / "forms" / "object_page.py",
        ROOT / "console" / "forms" / "edit_session.py",
        ROOT / "console" / "navigation" / "tree_definition.py",
    ]
    named = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno} Kind.{node.attr}"
        for path in shared
        if not path.name.startswith("wizard")  # it tells one story about four kinds
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Kind"
    ]
    assert named == []
