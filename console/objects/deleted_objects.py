"""The deleted objects: what was deleted, when and by whom, each with the way back."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractItemView, QHBoxLayout, QVBoxLayout, QWidget

from console.navigation.page import Page
from console.navigation.page_changes import follow_changes
from console.navigation.tree_definition import folder_breadcrumb
from console.runtime.context import Context
from console.runtime.page_targets import DELETED, Target
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons
from console.widgets.data_table import ELIDE_MIDDLE, ELIDE_RIGHT, Column, DataTable
from console.widgets.labels import Label
from console.widgets.page_header import PageHeader
from console.widgets.placeholders import EmptyState, ErrorState, StateStack
from console.widgets.rows_table import RowsModel, TableRow
from models.kinds import KINDS
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.language import tr

if TYPE_CHECKING:
    from services.configuration.revision_history import DeletedObject
    from services.store.change_feed import Change

COLUMNS = (
    Column("Name", cut=ELIDE_MIDDLE, least=16, most=60, take=3, give=6),
    Column("Kind", tone="muted", cut=ELIDE_RIGHT, least=12, most=30, take=1, give=2),
    Column("Deleted", tone="muted", cut=ELIDE_RIGHT),
    Column("By", tone="muted", cut=ELIDE_MIDDLE, least=8, most=30, take=1, give=2),
)
EMPTY_TEXT = tr_later("Objects of the configuration that were deleted stand here until they are restored.")
PASSWORD_NOT_RESTORED_TEXT = tr_later("Its password is not restored: enter it again on its page.")


class DeletedObjectsTable(DataTable):
    """The list; Enter restores what is selected."""

    def __init__(self, page: "DeletedPage") -> None:
        super().__init__(page.model, COLUMNS, tr("Deleted objects"))
        self._page = page

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Restore with Enter."""
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._page.restore()
        else:
            super().keyPressEvent(event)


class DeletedPage(Page):
    """Lists deleted objects, the last one first, and restores the selected one."""

    kind, icon = DELETED, "bin"

    def __init__(self, ctx: Context, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Deleted objects"))
        self.tasks = TaskRunner(self, self._on_read_failed)
        self.objects: list[DeletedObject] = []
        self.model = RowsModel([column.name for column in COLUMNS], self)
        self.table = DeletedObjectsTable(self)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        selection = self.table.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(lambda *_: self._look())
        self.head = PageHeader([text for text, _ in self.breadcrumb], self.title)
        self.head.breadcrumb_clicked.connect(self._go)
        self.head.set_primary_reason("")
        self.states = StateStack(self.table)
        self.restore_button = buttons.primary("Restore", icon="undo")
        self.restore_button.clicked.connect(self.restore)
        self.hint = Label("", role="caption")
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 8, 24, 12)
        foot.setSpacing(8)
        foot.addWidget(self.restore_button)
        foot.addWidget(self.hint, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.states, 1)
        layout.addLayout(foot)
        self.first_focus = self.table
        self._look()

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The folders above this page."""
        return folder_breadcrumb(DELETED)

    def _go(self, index: int) -> None:
        target = self.breadcrumb[index][1]
        if target is not None:
            self.ctx.navigate(target)

    def load(self) -> None:
        """Read the deleted objects, and again whenever an object comes or goes."""
        follow_changes(self, self._changed)
        self.states.show_loading()
        self._read()

    def _changed(self, changes: "list[Change]") -> None:
        if {change.kind for change in changes} & set(KINDS):
            self._read()

    def _read(self) -> None:
        self.tasks.start(self._show(), group="read")

    async def _show(self) -> None:
        workspace = await self.ctx.ready()
        chosen = self.chosen
        self.objects = await self.ctx.call(workspace.configuration.deleted)
        rows = [
            TableRow(
                "",
                (one.name, tr(KINDS[one.kind].singular), f"{one.at.astimezone():%Y-%m-%d %H:%M:%S}", one.by),
                str(one.id),
            )
            for one in self.objects
        ]
        self.model.replace(rows)
        if not rows:
            self.states.show_placeholder(EmptyState((), "", tr("Nothing is deleted"), tr(EMPTY_TEXT)))
        else:
            self.states.show_content()
            same = (n for n, one in enumerate(self.objects) if chosen is not None and one.id == chosen.id)
            self.table.selectRow(next(same, 0))
        self._look()

    @property
    def chosen(self) -> "DeletedObject | None":
        """Return the selected object, or None."""
        selection = self.table.selectionModel()
        rows = selection.selectedRows() if selection is not None else []
        place = rows[0].row() if rows else -1
        return self.objects[place] if 0 <= place < len(self.objects) else None

    def _look(self) -> None:
        chosen = self.chosen
        self.restore_button.setEnabled(chosen is not None)
        self.restore_button.setVisible(bool(self.objects))
        secret = chosen is not None and KINDS[chosen.kind].has_password
        self.hint.setText(tr(PASSWORD_NOT_RESTORED_TEXT) if secret else "")

    def restore(self) -> None:
        """Bring the selected object back and show it."""
        if self.chosen is not None:
            self.tasks.start(self._restore(self.chosen), group="restore")

    async def _restore(self, deleted: "DeletedObject") -> None:
        from console.forms import undo

        try:
            text = await undo.restore(self.ctx, deleted)
        except ConsoleError as error:
            self.ctx.show_problem(error.problem)
            return
        self.ctx.notify(text)

    def _on_read_failed(self, problem: Problem) -> None:
        self.objects = []
        self.states.show_placeholder(ErrorState(problem, self._read))
        self._look()
