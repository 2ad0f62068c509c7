"""Every kind has a definition, a model, a table, document keys, a tree node and a page. Failures name the file to edit."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest

from console.design import icons
from console.navigation.tree_definition import (
    all_nodes,
    folder_breadcrumb,
    folder_children,
    folder_title,
    kind_breadcrumb,
)
from console.runtime.page_targets import Target
from console.shell.page_registry import PAGES, object_page
from models.base import ConfigurationObject
from models.document_keys import CONSTANT_FORMS, ValueForm
from models.kinds import KINDS, Kind
from models.tables import all_models, model_for_kind, references
from services.configuration.validation import field_values

ROOT = Path(__file__).resolve().parent.parent
KINDS_FILE = "models/kinds.py"


def page_fields(kind):
    """Return the fields that the editors of a page fill, in the order of the form."""
    return [spec.name for group in object_page(kind).groups for row in group.rows for spec in row]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_has_a_definition(kind):
    assert kind in KINDS, f"{KINDS_FILE}: add a KindDefinition of {kind!r} to _DEFINITIONS"


def test_definitions_are_in_the_order_of_the_kinds():
    assert list(KINDS) == list(Kind), f"{KINDS_FILE}: put _DEFINITIONS into the order of Kind"


@pytest.mark.parametrize("words", ["singular", "plural", "new_name"])
def test_a_definition_has_names_of_its_own(words):
    used = [getattr(definition, words) for definition in KINDS.values()]
    assert len(set(used)) == len(used), f"{KINDS_FILE}: two kinds have the same {words}: {used}"


def test_kinds_of_one_document_section_are_told_apart_by_their_constant():
    told = [
        (
            KINDS[kind].document_section,
            [key.form for key in model_for_kind(kind).document if key.form in CONSTANT_FORMS],
        )
        for kind in Kind
    ]
    for section, forms in told:
        assert sum(1 for other, _ in told if other == section) == 1 or forms, (
            f"{section}: a kind has no constant key"
        )
    assert len({(section, *forms) for section, forms in told}) == len(told)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_has_a_model_in_the_module_of_its_name(kind):
    found = {m.kind: m for m in all_models() if issubclass(m, ConfigurationObject)}
    assert kind in found, (
        f"models/{kind}.py: define a table of ConfigurationObject with kind = Kind.{kind.name}"
    )
    model = found[kind]
    assert (model.__module__, model.__tablename__) == (f"models.{kind}", kind.value), (
        f"models/{kind}.py: module and table are named after the value of the kind"
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_has_a_page(kind):
    page = object_page(kind)  # its error says what is missing
    assert page.__module__ == f"console.objects.{kind}", (
        f"move {page.__name__} to console/objects/{kind}.py: the module is named after the kind"
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_a_field_has_an_editor_and_a_document_key(kind):
    """Editors of several fields name one of them; what they read tells the others."""
    model = model_for_kind(kind)
    fields = set(model.fields.model_fields)
    keys = [part for key in model.document for part in (key.parts or (key,))]
    in_document = {key.field for key in keys if key.form not in CONSTANT_FORMS}
    missing, unknown = fields - in_document, in_document - fields
    assert not missing, f"models/{kind}.py: add a DocumentKey to {model.__name__}.document for {missing}"
    assert not unknown, (
        f"models/{kind}.py: {model.__name__}.document names fields that do not exist: {unknown}"
    )
    assert model.routing_fields <= fields, f"models/{kind}.py: routing_fields names fields that do not exist"


@pytest.mark.parametrize("kind", list(Kind))
def test_a_field_has_one_editor_on_the_page(qtbot, kind):
    from console.forms.form import Form

    named = page_fields(kind)
    assert len(named) == len(set(named)), f"console/objects/{kind}.py: a field has two editors: {named}"
    form = Form(SimpleNamespace(ctx=None, tasks=None), object_page(kind).groups)
    qtbot.addWidget(form)
    edited = {name for one in form for name in one.editor.names}
    fields = set(field_values(model_for_kind(kind)(name="x")))
    missing = fields - edited
    assert not missing, f"console/objects/{kind}.py: add a FieldSpec to `groups` for {missing}"
    assert edited <= fields, f"models/{kind}.py: fields without a column: {edited - fields}"


@pytest.mark.parametrize("kind", list(Kind))
def test_a_reference_has_the_form_of_one_and_refers_to_a_kind_before(kind):
    model = model_for_kind(kind)
    earlier = [other.value for other in Kind][: list(Kind).index(kind)]
    refers = {field: table for field, table in references(model).items() if table in set(Kind)}
    for table in refers.values():
        assert table in earlier, (
            f"{KINDS_FILE}: {table} has to come before {kind} in Kind, which refers to it"
        )
    lists = {key.field for key in model.document if key.form is ValueForm.REFERENCE_LIST}
    assert lists == set(model.reference_lists), (
        f"models/{kind}.py: reference_lists and document differ: {lists}"
    )
    assert all(other.value in earlier for other in model.reference_lists.values())
    declared = {key.field for key in model.document if key.form is ValueForm.REFERENCE}
    assert declared == set(refers), (
        f"models/{kind}.py: the DocumentKey of a foreign key has the form REFERENCE, others have not:"
        f" {declared ^ set(refers)}"
    )
    parent = KINDS[kind].parent
    assert bool(refers) == (parent is not None), f"{KINDS_FILE}: the parent of {kind} is one of {refers}"
    assert parent is None or refers[parent.field] == parent.kind, f"{KINDS_FILE}: wrong parent of {kind}"


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_is_once_in_the_tree_and_can_be_created_there(kind):
    location = KINDS[kind].tree
    nodes = [node for node in all_nodes() if node.kind is kind]
    assert len(nodes) == 1, (
        f"{KINDS_FILE}: the folder {location.folder!r} of {kind} is not in console/navigation/tree_definition.py"
    )
    assert KINDS[kind].new_name == f"New {nodes[0].new[-1]}", f"{KINDS_FILE}: new_name and new_menu differ"


def test_nodes_of_the_tree_have_keys_of_their_own_and_icons_that_exist():
    keys = [p.key for p in all_nodes()]
    assert len(keys) == len(set(keys))
    for icon in [p.icon for p in all_nodes()] + [i.icon for i in KINDS.values()]:
        assert icon in icons.ICON_NAMES, (
            f"{KINDS_FILE}: no icon is called {icon!r}, see console/design/icons.py"
        )


def test_every_node_of_the_tree_has_a_page():
    for place in all_nodes():
        assert place.target.head in PAGES, f"console/shell/page_registry.py: {place.key} has no page"


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
        ROOT / "console" / "navigation" / "node_tree.py",
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
