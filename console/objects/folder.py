"""The page of a folder of the tree: the objects of a kind in a list, or what an inner folder holds."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QModelIndex, QObject, Qt
from PyQt6.QtWidgets import QAbstractItemView, QVBoxLayout, QWidget

from console.actions.first_export import choose_first_export
from console.forms import object_actions as acts
from console.navigation.page import Page
from console.navigation.page_changes import follow_changes
from console.navigation.tree_definition import folder_breadcrumb, folder_children, folder_title
from console.runtime.context import Context
from console.runtime.page_targets import FOLDER, Target
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons, plain_text
from console.widgets.badge import Badge
from console.widgets.data_table import ELIDE_RIGHT, ICON_ROLE, Column, DataTable
from console.widgets.list_table_model import ListTableModel
from console.widgets.page_header import PageHeader
from console.widgets.placeholders import EmptyState, ErrorState, StateStack
from models.kinds import KINDS, Kind, KindDefinition, kind_chain
from services.common.errors import Problem
from services.language import date_time, number, time_ago, tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from services.store.change_feed import Change
    from services.workspace import Workspace

COLUMNS = (
    Column("Name", least=24, most=64, take=2, give=2),
    Column("Description", tone="muted", cut=ELIDE_RIGHT, least=12, most=80, take=3, give=3),
    Column("Last modified by", tone="muted", least=8, most=32, give=1),
    Column("Last modified", tone="muted"),
)


FolderRow = tuple[Target, str, tuple[str, ...], str]
"""Target, icon, texts of the columns, and the exact time of the last change."""


class FolderModel(ListTableModel[FolderRow]):
    """Objects of a kind, or folders, as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__([column.name for column in COLUMNS], parent)

    def show_items(self, items: "list[ConfigurationObject]") -> None:
        """Show objects by name."""
        self.replace(
            [
                (
                    Target(i.kind.value, i.id),
                    KINDS[i.kind].icon,
                    (i.name, i.description, i.changed_by, time_ago(i.changed_at)),
                    date_time(i.changed_at, seconds=True, zone=True),
                )
                for i in items
            ]
        )

    def show_folders(self, folders: list[tuple[str, Target]]) -> None:
        """Show folders, and tasks among them."""
        self.replace(
            [
                (target, "folder" if target.head == FOLDER else "tasks", (text, "", "", ""), "")
                for text, target in folders
            ]
        )

    def target(self, row: int) -> Target:
        """Return what a row opens."""
        return self._rows[row][0]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return text, icon or the exact time of a cell."""
        if not index.isValid():
            return None
        _, picture, texts, exact = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return plain_text.one_line(texts[index.column()])
        if role == ICON_ROLE and index.column() == 0:
            return picture
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_text.tooltip(exact if index.column() == 3 else texts[index.column()])
        return None


class FolderPage(Page):
    """Lists what a folder holds; empty, it says what belongs there and offers to make it."""

    def __init__(self, ctx: Context, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        name = target.kind.partition(":")[2]
        self.folder = name
        self.listed_kind = Kind(name) if name in set(Kind) else None
        self.kind = str(self.listed_kind or "")
        self.icon = KINDS[self.listed_kind].icon if self.listed_kind else "folder"
        self.tasks = TaskRunner(self, self._on_read_failed)
        self.model = FolderModel(self)
        self._build()

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The way here from the root of the tree."""
        return folder_breadcrumb(self.folder)

    def _build(self) -> None:
        self.new_button = buttons.secondary("New", icon="plus")
        self.new_button.clicked.connect(self.new)
        refresh = buttons.quiet("Refresh", icon="refresh")
        refresh.clicked.connect(self.refresh)
        left = [self.new_button] if self.listed_kind else []
        self.head = PageHeader(
            [text for text, _ in self.breadcrumb], "", left, [refresh] if self.listed_kind else []
        )
        self.head.breadcrumb_clicked.connect(self._go)
        self.head.set_primary_reason("")
        self.set_title(folder_title(self.folder))
        self.head.set_title(self.title)
        self.table = self._table()
        self.states = StateStack(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.states, 1)

    def _table(self) -> DataTable:
        table = DataTable(self.model, COLUMNS, folder_title(self.folder))
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        columns = table.horizontalHeader()
        if columns is not None:
            columns.setVisible(self.listed_kind is not None)
        table.activated.connect(self._open)
        table.clicked.connect(self._open)
        return table

    def _go(self, index: int) -> None:
        target = self.breadcrumb[index][1]
        if target is not None:
            self.ctx.navigate(target)

    def _open(self, index: QModelIndex) -> None:
        self.ctx.navigate(self.model.target(index.row()))

    # -- reading -----------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read what the folder holds, and again whenever something changes."""
        if self.listed_kind is None:
            self.model.show_folders(folder_children(self.folder))
            self.states.show_content()
            return
        follow_changes(self, self._changed)
        self.refresh()
        target, self.target = self.target, self.target.place
        self.arrive(target)

    def _changed(self, changes: "list[Change]") -> None:
        if any(c.kind in set(Kind) for c in changes):
            self.refresh()

    def refresh(self) -> None:
        """Read the objects again."""
        self.states.show_loading()
        self.tasks.start(self._read(), group="read")

    async def _read(self) -> None:
        workspace = await self.ctx.ready()
        kind = self.listed_kind
        if kind is None:
            return
        items = await self.ctx.call(workspace.configuration.all, kind)
        count = len(items)
        badge = Badge(tr("None yet"), "off", "off") if not count else Badge(number(count), "off")
        self.head.set_badges([badge])
        if not items:
            self.states.show_placeholder(await self._empty(workspace, KINDS[kind]))
            return
        current = self.table.currentIndex()
        kept = self.model.target(current.row()) if current.isValid() else None
        self.model.show_items(items)
        place = next((row for row in range(count) if self.model.target(row) == kept), None)
        if place is not None:
            self.table.selectRow(place)
        self.states.show_content()

    async def _empty(self, workspace: "Workspace", definition: KindDefinition) -> QWidget:
        if definition.kind is Kind.ACTION:
            make = buttons.primary("Choose an export…", icon="action")
            make.clicked.connect(lambda: choose_first_export(self.ctx, self.tasks, self.window()))
        else:
            make = buttons.primary(definition.new_name, icon="plus")
            make.clicked.connect(self.new)
        caption = ""
        if definition.parent is not None:
            parents = await self.ctx.call(workspace.configuration.all, definition.parent.kind)
            caption = (
                tr("{name} is ready for it.", name=parents[0].name)
                if parents
                else tr(definition.parent.missing)
            )
        return EmptyState(
            tuple((one.icon, one.singular) for one in kind_chain(definition.kind)),
            definition.icon,
            tr("No {kinds} yet", kinds=tr(definition.plural)),
            tr(definition.explanation),
            make,
            caption,
        )

    def _on_read_failed(self, problem: Problem) -> None:
        self.states.show_placeholder(ErrorState(problem, self.refresh))

    # -- acts --------------------------------------------------------------------------------------------------

    def new(self) -> None:
        """Start a new object of this kind."""
        if self.listed_kind is not None:
            self.tasks.start(acts.new_object(self.ctx, self.listed_kind), group="new")

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done here."""
        return {"new": self.new, "refresh": self.refresh} if self.listed_kind is not None else {}
