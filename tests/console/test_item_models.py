"""Every item model of the window goes through Qt's own tester; a new one without a story here fails."""

import importlib
import pkgutil
import uuid
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PyQt6.QtTest import QAbstractItemModelTester

import console
from console.connect.mapping_table import MappingModel
from console.connect.presenter import VariableCell
from console.inbox.request_rows import RowOutcome
from console.inbox.request_timeline import TimelineEntry, TimelineModel
from console.inbox.row_reader import PAGE_SIZE
from console.inbox.table_model import InboxModel
from console.navigation.node_tree import NodeTree
from console.navigation.tree_model import TreeModel
from console.navigation.tree_view import FilterModel
from console.objects.folder import FolderModel
from console.objects.probe_presenter import ROW_KEYS, ProbeLine
from console.policies.plan_presenter import PlanLine
from console.policies.plan_table import PlanTableModel
from console.policies.policy_rows import ChainVerdict, PolicyColumn
from console.policies.policy_rows import PolicyRow as ListedPolicy
from console.policies.policy_table import PolicyTableModel
from console.provisioning.plan_tab import GROUPS as PLAN_GROUPS
from console.runtime.page_targets import Target
from console.shell.command_palette import EntryModel, PaletteEntry
from console.widgets.list_table_model import ListTableModel
from console.widgets.plan_tree import PlanModel, PlanRow
from console.widgets.popup_list import PickModel, PickRow
from console.widgets.probe_rows import ProbeModel
from console.widgets.revision_list import HistoryModel
from console.widgets.rows_table import RowsModel, TableRow
from console.widgets.stage_list import StageModel
from console.widgets.step_list import Step, StepModel, StepState
from models.check_stages import STAGE_GROUPS
from models.kinds import Kind, RequestState
from tests.console.navigation.support import id_of, outline

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
STORIES = {}
WORDS = '<img src="file:///x"> &lt;b&gt; R&D \u202eexe'
"""What a stranger may call something."""


def story_of(kind):
    """Register the changes that a model goes through; each step changes it once."""

    def register(function):
        STORIES[kind] = function
        return function

    return register


@story_of(TreeModel)
def tree():
    model = TreeModel()
    yield model
    for words in ("abc", "cde", "", "xyz"):
        yield model.set_outline(outline(*words, pending=len(words)), [])
    yield model.set_badge(f"approval_process:{id_of('x')}", "bad")


@story_of(FilterModel)
def filtered_tree():
    source = TreeModel()
    model = FilterModel(source, source)
    model.tree = source
    yield model
    yield source.set_outline(outline("alpha", "beta"), [])
    yield model.set_filter_text("bet")
    yield source.set_outline(outline("alpha", "beta", "betty", beta=f"gamma {WORDS}"), [])
    yield model.look_again()
    yield model.set_filter_text("nobody")
    yield model.set_filter_text("")


@story_of(PolicyTableModel)
def policies():
    model = PolicyTableModel()
    yield model
    rows = [
        ListedPolicy("a", WORDS, "a", active=True, priority=3, actions=(WORDS,), approval_actions=(WORDS,), targets=(WORDS,)),
        ListedPolicy("b", "b", "b", chain=ChainVerdict(2, 7, 3)),
        ListedPolicy("c", "c", planned=True, planned_actions=1, approval_actions=()),
    ]  # fmt: skip
    yield model.show_rows(rows, (PolicyColumn.PRIORITY, False), stale=False)
    yield model.show_rows(rows[:1], (PolicyColumn.CHAIN, True), stale=True)
    yield model.show_rows([], (PolicyColumn.CHAIN, True), stale=False)


@story_of(PlanTableModel)
def plan_of_a_policy():
    model = PlanTableModel()
    yield model
    line = PlanLine("Actions", WORDS, WORDS, "create", "Add", "good", changed=True)
    yield model.replace(
        [line, PlanLine("Status", "a", "a", "blocked", "Blocked", "off", changed=False, why=WORDS)]
    )
    yield model.replace([])


@story_of(MappingModel)
def mapping_of_an_event():
    model = MappingModel()
    yield model
    cells = [
        VariableCell("PMFilePath", "good", "/File/Path", WORDS),
        VariableCell("PMAgentId", "todo", "", ""),
    ]
    yield model.show_cells(cells)
    yield model.show_cells([cells[1], cells[0]])
    yield model.show_cells([])


@story_of(EntryModel)
def entries():
    model = EntryModel()
    yield model
    yield model.replace(
        [PaletteEntry("Commands"), PaletteEntry(f"Save {WORDS}", "Edit", "disk", "Ctrl+S", lambda: None)]
    )
    yield model.replace([])


@story_of(PickModel)
def picks():
    model = PickModel()
    yield model
    yield model.replace([PickRow("1", f"One {WORDS}", f"first {WORDS}", "box", "fits")])
    yield model.append([PickRow("2", "Two")])
    yield model.replace([])


@story_of(ProbeModel)
def probe_rows():
    model = ProbeModel([ProbeLine(key, key) for key in ROW_KEYS])
    yield model
    model.set_rows([ProbeLine(key, key, "bad", WORDS, 12.0) for key in ROW_KEYS])
    yield
    model.set_rows([ProbeLine(key, key, "running") for key in ROW_KEYS])
    yield


@story_of(StageModel)
def stages():
    model = StageModel(STAGE_GROUPS[Kind.FOREIGN_SYSTEM])
    yield model
    for key in model.order:
        yield model.set_stage(key, "good", f"seen {WORDS}", 1.0)


@story_of(StepModel)
def steps():
    model = StepModel()
    yield model
    yield model.set_steps([Step(f"One {WORDS}", StepState.DONE, f"seen {WORDS}"), Step("Two")])
    yield model.set_steps([Step("One", StepState.BAD), Step("Two", StepState.RUNNING)])
    yield model.set_steps([])


@story_of(HistoryModel)
def history():
    model = HistoryModel()
    yield model
    change = SimpleNamespace(name="name", before=None, after=f"b {WORDS}")
    revision = SimpleNamespace(
        number=1, operation="create", by=f"ada {WORDS}", note="", at=NOW, changes=[change]
    )
    yield model.set_revisions([revision] * 3, {"name": "Name"})
    yield model.set_revisions([], {})


def plan_rows(operation, variables=12):
    yield PlanRow("category", "sc_category", f"Thycotic {WORDS}", "keep")
    yield from (PlanRow(f"v{i}", "item_option_new", f"PM{i}", operation) for i in range(variables))
    yield PlanRow("service:create", "sys_web_service", "Create", "conflict", f"caption {WORDS}")


@story_of(PlanModel)
def plan():
    model = PlanModel()
    yield model
    yield model.show_changes(PLAN_GROUPS, plan_rows("create"))
    variables = model.index(1, 0)
    yield model.unfold(model.index(6, 0, variables))
    yield model.show_changes(PLAN_GROUPS, plan_rows("update"))
    yield model.find("v11")
    yield model.show_changes(PLAN_GROUPS, [])


@story_of(RowsModel)
def plain_rows():
    model = RowsModel(("State", "Outcome"))
    yield model
    yield model.replace(
        [
            TableRow("good", (f"Done {WORDS}", "35 created"), "1", ("", f"exact {WORDS}")),
            TableRow("bad", ("No", "x")),
        ]
    )
    yield model.replace([])


@story_of(FolderModel)
def folder():
    model = FolderModel()
    yield model
    item = SimpleNamespace(
        kind=Kind.APPROVAL_TYPE,
        id=id_of("t"),
        name=f"Type {WORDS}",
        description="",
        changed_by="ada",
        changed_at=NOW,
    )
    yield model.show_items([item, item])
    yield model.show_folders([("Approvals", Target("folder:approvals"))])
    yield model.show_folders([])


def inbox_rows(count):
    """Make rows of the inbox, one in each state before the states begin again."""
    states = list(RequestState)
    return [
        SimpleNamespace(
            id=uuid.UUID(int=number), state=str(states[number % len(states)]), requested_at=NOW, times_out_at=NOW,
            ended_at=None, observed_at=None, rehearsal=True, mismatch="late-approval", error="x", policy=WORDS, user=WORDS,
            computer=WORDS, file_path=WORDS, reason=f"{WORDS}\n=1", waits_for=(WORDS,), number="x", record_id="x",
        )
        for number in range(count)
    ]  # fmt: skip


@story_of(InboxModel)
def inbox():
    model = InboxModel()
    yield model
    rows = inbox_rows(2 * PAGE_SIZE + 7)
    yield model.show_rows(len(rows), {0: rows[:PAGE_SIZE]})
    yield model.fill(model.generation, 2, rows[2 * PAGE_SIZE :])
    yield model.update_rows(len(rows) - 3, {0: rows[:PAGE_SIZE]})
    yield model.update_rows(len(rows) + 300, {})
    yield model.grow(len(rows) + 900)
    yield model.tick(0, 20)
    yield model.set_stale_reason("Last polled at 10:00:00.", None)
    yield model.set_stale_reason("", frozenset())
    yield model.set_outcomes({rows[0].id: RowOutcome(ok=True, text="RITM1 is approved.")})
    yield model.set_sorted(2, descending=True)
    yield model.update_rows(0, {})
    yield model.show_rows(0, {})


@story_of(TimelineModel)
def timeline():
    model = TimelineModel()
    yield model
    steps = [
        TimelineEntry(NOW, "good", f"Submitted {WORDS}", WORDS),
        TimelineEntry(NOW, "todo", "Times out", "Then cancelled", due=True),
    ]
    yield model.set_entries(steps)
    yield model.set_entries(steps)
    yield model.set_entries([])


def models_of_the_window():
    for module in pkgutil.walk_packages(console.__path__, "console."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, stack = set(), [QAbstractItemModel]
    while stack:
        for kind in stack.pop().__subclasses__():
            stack.append(kind)
            # These have no data of their own; they are tested with the models that derive from them.
            if kind.__module__.startswith("console.") and kind not in (NodeTree, ListTableModel):
                found.add(kind)
    return found


def test_every_model_of_the_window_has_a_story(qapp):
    assert models_of_the_window() == set(STORIES)


def cells(model, parent=QModelIndex()):  # noqa: B008 - Qt's own default
    # Lists hide their one column and their children.
    nested = not isinstance(model, QAbstractListModel)
    for row in range(model.rowCount(parent)):
        for column in range(model.columnCount(parent) if nested else 1):
            index = model.index(row, column, parent)
            yield index
            if column == 0 and nested:
                yield from cells(model, index)


ROLES = [
    Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.DecorationRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 99,
]  # fmt: skip


@pytest.mark.parametrize("kind", STORIES, ids=lambda kind: kind.__name__)
def test_a_model_keeps_every_promise_of_models(qapp, kind):
    steps = STORIES[kind]()
    model = next(steps)
    tester = QAbstractItemModelTester(model, FATAL)
    filled = False
    for _ in steps:
        for index in cells(model):
            filled = True
            said = [model.data(index, role) for role in ROLES]
            # A row without words is a row that a screen reader passes over; other columns may be empty.
            assert index.column() or said[2] or said[0], (index.row(), said)
            assert said[-1] is None
            model.flags(index)
            assert not Qt.mightBeRichText(str(said[1] or "")), said[1]
            assert not {"\u202e", "\n"} & set(str(said[0] or "")), said[0]
        assert model.data(QModelIndex()) is None
    assert filled
    del tester
