"""Connects the tree with the store and with the pages: outline, context menus, new, rename and delete."""

import uuid
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QPoint, Qt, pyqtSignal
from PyQt6.QtWidgets import QWidget

from console.forms import object_actions
from console.forms.undo import push_rename
from console.inbox.saved_filter_nodes import SavedFilterController
from console.navigation.node_tree import Node
from console.navigation.tree_view import Navigation
from console.runtime.context import Context
from console.runtime.debounce import Debounce
from console.runtime.task_runner import TaskRunner
from console.shell.menus import node_menu
from console.shell.page_stack import PageStack
from models.kinds import Kind
from services.common.errors import InvalidError
from services.language import tr

if TYPE_CHECKING:
    from services.store import Change
    from services.store.tree_outline import Outline

OUTLINED_TABLES = frozenset({*Kind, object_actions.REQUEST_TABLE})
"""Tables whose rows the tree shows or counts."""


class TreeController(QObject):
    """Handles what is done in the tree, and commands on the object that is selected or shown."""

    outlined = pyqtSignal()
    """The tree shows another outline."""

    def __init__(
        self,
        ctx: Context,
        navigation: Navigation,
        pages: PageStack,
        tasks: TaskRunner,
        saved_filters: SavedFilterController,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self.ctx = ctx
        self._navigation, self._pages, self._tasks = navigation, pages, tasks
        self._saved_filters, self._window = saved_filters, window
        self._outline: Outline | None = None
        """What the tree shows of the store."""
        self._drafts_changed = Debounce(self, 0, self._show_drafts)
        ctx.opened.connect(self.refresh)
        ctx.changes.connect(self.take_in_changes)
        ctx.drafts.changed.connect(self._on_draft_changed)
        navigation.chosen.connect(pages.show_target)
        navigation.tree.menu_requested.connect(self._open_menu)
        navigation.tree.delete_requested.connect(self.delete_node)
        navigation.model.renamed.connect(self.rename_node)
        pages.shown.connect(navigation.select)

    # -- outline -----------------------------------------------------------------------------------------------

    def show_outline(self, outline: "Outline") -> None:
        """Show the objects of the store and the drafts of this window in the tree."""
        self._outline = outline
        self._show_drafts()
        self.outlined.emit()
        self.ctx.commands.refresh()

    def take_in_changes(self, changes: "list[Change]") -> None:
        """Read the outline again if rows changed that the tree shows or counts."""
        if any(change.kind in OUTLINED_TABLES for change in changes):
            self.refresh()

    def _on_draft_changed(self, kind: str, object_id: uuid.UUID) -> None:
        if self.ctx.drafts.has(kind, object_id):
            self._drafts_changed.request()
        else:
            self.refresh()  # it may just have been saved: without what is stored now, the object would vanish

    def _show_drafts(self) -> None:
        """Show the drafts as they are now; a name is typed letter by letter, and the store has not changed by that."""
        if self._outline is not None:
            shown = self._pages.page.target if self._pages.page is not None else None
            self._navigation.show_outline(self._outline, self.ctx.drafts.all(), shown)

    def refresh(self) -> None:
        """Read the outline again."""
        if self.ctx.workspace_or_none is not None:
            self._tasks.start(self._read_outline(), group="outline")

    async def _read_outline(self) -> None:
        self.show_outline(await self.ctx.call(self.ctx.workspace.configuration.outline))

    # -- one node ----------------------------------------------------------------------------------------------

    def _open_menu(self, node: Node, position: QPoint) -> None:
        menu = node_menu(self, node, self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(position)

    def show_node(self, node: Node) -> None:
        """Show the page of a node."""
        self._pages.show_target(node.target)

    def edit_name(self, node: Node) -> None:
        """Edit the name of a node in the tree."""
        self._navigation.edit(node)

    def run_on_node(self, node: Node, command: str) -> None:
        """Run a command on an object: its page is opened and runs the command once it has read the object."""
        if command == "rename" and not node.draft:
            self.edit_name(node)
        else:
            self._pages.show_target(replace(node.target, run=command))

    def delete_node(self, node: Node) -> None:
        """Delete a saved filter, or open the page of an object, which asks for confirmation."""
        if node.saved_filter:
            self._saved_filters.delete(node.saved_filter)
        else:
            self.run_on_node(node, "delete")

    def rename_node(self, node: Node, name: str) -> None:
        """Store a name that was typed in the tree."""
        if node.saved_filter:
            self._saved_filters.rename(node.saved_filter, name)
        elif node.kind is not None and node.object_id is not None:
            self._tasks.start(self._rename(node, node.kind, node.object_id, name), group="rename")

    async def _rename(self, node: Node, kind: Kind, object_id: uuid.UUID, name: str) -> None:
        workspace = await self.ctx.ready()
        from console.forms.open_requests_dialog import run_with_confirmation

        item = await self.ctx.call(workspace.configuration.get, kind, object_id)
        rename = partial(workspace.configuration.rename, kind, object_id, name, item.version)
        was = item.name
        try:
            done, _ = await run_with_confirmation(
                lambda count: self.ctx.call(partial(rename, confirmed=count)), self._window
            )
        except InvalidError as error:
            self._navigation.refuse(node, name, error)
            return
        if done:
            push_rename(self.ctx, kind, object_id, name, was)
            self.ctx.notify(tr("Renamed to {name}", name=name))

    # -- the selected or shown object --------------------------------------------------------------------------

    def can_rename(self) -> bool:
        """Whether the selected node or the shown page has a name that can change."""
        node = self._navigation.current()
        return (node is not None and _has_name(node)) or self._pages.supports("rename")

    def rename(self) -> None:
        """Rename in the tree if it has the keyboard focus, otherwise on the page."""
        node = self._navigation.current()
        in_tree = self._navigation.tree.hasFocus()
        if in_tree and node is not None and _has_name(node) and not node.draft:
            self.edit_name(node)
        else:
            self._pages.run("rename")

    def new(self, kind: str) -> None:
        """Create an object of a kind as a draft and show it."""
        self._tasks.start(object_actions.new_object(self.ctx, Kind(kind)), group="new")

    def current_kind(self) -> Kind | None:
        """Return the kind of object that the shown page is about."""
        page = self._pages.page
        if page is None:
            return None
        node = self._navigation.model.node_of(page.target)
        return node.kind if node is not None else page.target.object_kind

    def new_of_current_kind(self) -> None:
        """Create an object of the kind that is shown."""
        kind = self.current_kind()
        if kind is not None:
            self.new(kind)


def _has_name(node: Node) -> bool:
    return node.object_id is not None or bool(node.saved_filter)
