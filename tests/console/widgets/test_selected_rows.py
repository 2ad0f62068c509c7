"""In high contrast nothing but `sel-text` is drawn on the selected row of any list, seen in pictures of each of them."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import QModelIndex, QSize
from PyQt6.QtGui import QAction, QColor, QIcon
from PyQt6.QtWidgets import QListView, QListWidget, QListWidgetItem, QMenu

from console.design import icons, theme
from console.design.colours import COLOURS, SCHEMES
from console.navigation.tree_model import TreeModel, object_key
from console.navigation.tree_view import NavigationTree
from console.shell.command_palette import EntryDelegate, EntryModel, PaletteEntry
from console.widgets.data_table import Column, DataTable
from console.widgets.plan_tree import PlanGroup, PlanRow, PlanTree
from console.widgets.popup_list import PickDelegate, PickModel, PickRow
from console.widgets.revision_list import HistoryList
from console.widgets.rows_table import RowsModel, RowsTable, TableRow
from console.widgets.stage_list import StageList
from console.widgets.step_list import Step, StepDelegate, StepModel, StepState
from models.check_stages import STAGE_GROUPS
from models.kinds import Kind
from tests.console.navigation.support import id_of, outline

CONTRAST = SCHEMES.index("contrast")
MOST_RED = QColor(COLOURS["sel"][CONTRAST]).red()
"""No mixture of `sel` and `sel-text` is redder than `sel`; every other colour that is drawn in high contrast is."""
SIZE = QSize(560, 320)
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def data_table(state):
    columns = [Column("State"), Column("Age", tone="notice"), Column("Name", tone="link")]
    model = RowsModel([column.name for column in columns])
    table = DataTable(model, columns, "Things")
    model.setParent(table)
    model.replace([TableRow(state, ("State", "3 days ago", "Opened by a click"))])
    table.selectRow(0)
    return table, table.visualRect(table.currentIndex()).united(table.visualRect(model.index(0, 2)))


def rows_table(state):
    table = RowsTable("Things", ("State", "Outcome"), (120, 200))
    table.show_rows([TableRow(state, ("State", "35 created"))])
    table.selectRow(0)
    return table, table.visualRect(table.rows.index(0, 0)).united(table.visualRect(table.rows.index(0, 1)))


def stage_list(state):
    view = StageList(STAGE_GROUPS[Kind.FOREIGN_SYSTEM])
    model = view.model()
    model.set_stage(model.order[0], state, "seen", 12.0)
    return view, model.index(model.place(model.order[0]))


def step_list(state):
    view = QListView()
    model = StepModel(view)
    shapes = {step_state.shape: step_state for step_state in StepState}
    model.set_steps([Step("One", shapes.get(state, StepState.TODO), "seen"), Step("Two")])
    view.setModel(model)
    view.setItemDelegate(StepDelegate(view))
    return view, model.index(0)


def history_list(state):
    view = HistoryList()
    changes = [SimpleNamespace(name="name", before="a", after="b")]
    revision = SimpleNamespace(number=2, operation="update", by="ada", note="", at=NOW, changes=changes)
    view.set_revisions([revision, revision], {"name": "Name"})
    return view, view.model().index(0)


def plan_tree(state):
    view = PlanTree([PlanGroup("sc_category", "Categories", "box", "categories")])
    view.show_changes([PlanRow("category", "sc_category", "Thycotic", "conflict", "differs")])
    return view, view.model().index(0, 0, view.model().index(0, 0))


def plan_group(state):
    view, record = plan_tree(state)
    return view, record.parent()


def tree(state):
    view = NavigationTree()
    model = TreeModel(view)
    view.setModel(model)
    model.set_outline(outline("alpha"), [])
    model.set_badge(object_key("approval_process", id_of("alpha")), state)
    view.expandAll()
    return view, model.index_of(model.node(object_key("approval_process", id_of("alpha"))))


def folder(state):
    view, node = tree(state)
    view.collapse(node.parent())
    return view, node.parent()


def pick_list(state):
    view = QListView()
    model = PickModel(view)
    model.replace([PickRow("1", "One", "first", "box", "fits")])
    view.setModel(model)
    view.setItemDelegate(PickDelegate(view))
    return view, model.index(0)


def entries(state):
    view = QListView()
    model = EntryModel(view)
    model.replace([PaletteEntry("Save", "Edit", "disk", "Ctrl+S", lambda: None)])
    view.setModel(model)
    view.setItemDelegate(EntryDelegate(view))
    return view, model.index(0)


def plain_list(state):
    view = QListWidget()
    view.addItem(QListWidgetItem(icons.icon(state), "Checked"))
    return view, view.model().index(0, 0)


def list_of_icons(state):
    view = QListWidget()
    view.addItem(QListWidgetItem(icons.icon("process"), "Process"))
    return view, view.model().index(0, 0)


LISTS = (
    data_table,
    rows_table,
    stage_list,
    step_list,
    history_list,
    plan_tree,
    plan_group,
    tree,
    folder,
    pick_list,
    entries,
    plain_list,
    list_of_icons,
)


@pytest.fixture
def contrast(qapp):
    theme.apply(qapp, "contrast")
    yield
    theme.apply(qapp, "light")


def colours_in(picture, place):
    """Return the colours of a place of a picture, without its outermost lines, which part rows from each other."""
    inner = place.adjusted(1, 1, -1, -2).intersected(picture.rect())
    return {
        picture.pixelColor(x, y).name()
        for x in range(inner.left(), inner.right() + 1)
        for y in range(inner.top(), inner.bottom() + 1)
    }


@pytest.mark.parametrize("state", ["good", "notice", "bad", "off", "running"])
@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
def test_a_selected_row_shows_nothing_but_its_own_ink(contrast, qtbot, make, state):
    view, place = make(state)
    qtbot.addWidget(view)
    view.resize(SIZE)
    view.show()
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    if isinstance(place, QModelIndex):
        view.setCurrentIndex(place)
        place = view.visualRect(place)
    picture = view.viewport().grab().toImage()
    assert not picture.isNull()
    found = colours_in(picture, place)
    assert COLOURS["sel"][CONTRAST].lower() in found
    assert [name for name in found if QColor(name).red() > MOST_RED] == []
    assert any(QColor(name).blue() < 40 for name in found)  # and what it shows is there to be read


def test_the_ink_differs_in_high_contrast_only(qapp, contrast):
    assert theme.on("sel", "bad") == "sel-text"
    assert theme.on("page", "bad") == theme.on("sel-idle", "bad") == "bad"
    theme.apply(qapp, "dark")
    assert theme.on("sel", "bad") == "bad"


def shades(icon, mode):
    picture = icon.pixmap(QSize(16, 16), mode).toImage()
    seen = (picture.pixelColor(x, y) for x in range(16) for y in range(16))
    return {colour.name() for colour in seen if colour.alpha() == 255}


def test_icons_of_menus_take_the_ink_of_the_row_under_the_pointer(contrast, qtbot):
    menu = QMenu()
    qtbot.addWidget(menu)
    action = QAction(icons.icon("bin", "bad", in_menu=True), "Delete", menu)
    menu.addAction(action)
    assert shades(action.icon(), QIcon.Mode.Active) == {COLOURS["sel-text"][CONTRAST]}
    assert COLOURS["bad"][CONTRAST].lower() in shades(action.icon(), QIcon.Mode.Normal)
    on_button = icons.icon("bin", "bad")
    assert shades(on_button, QIcon.Mode.Active) == shades(on_button, QIcon.Mode.Normal)
    menu.popup(menu.pos())
    menu.setActiveAction(action)
    picture = menu.grab().toImage()
    row = menu.actionGeometry(action).adjusted(3, 3, -3, -3)
    assert [name for name in colours_in(picture, row) if QColor(name).red() > MOST_RED] == []
    menu.close()
