"""Saved filters as nodes of the tree: they are shown with counts, renamed and deleted there."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Never

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QWidget

from console.inbox.filter_counts import filter_catalog
from console.navigation.request_places import filter_node_key
from console.runtime import lazy_imports
from console.runtime.task_runner import TaskRunner, show_and_wait
from services.common.errors import InvalidError, Problem
from services.language import tr

if TYPE_CHECKING:
    from console.navigation.tree_view import Navigation
    from console.runtime.context import Context


class SavedFilterController(QObject):
    """Shows the filters in the tree, and renames and deletes them."""

    def __init__(self, ctx: "Context", window: QWidget, navigation: "Navigation") -> None:
        super().__init__(window)
        self.ctx, self._window, self._navigation = ctx, window, navigation
        self.filters = filter_catalog(ctx, window)
        self.tasks = TaskRunner(self, self._on_problem)
        self.filters.changed.connect(self._show)
        self.ctx.opened.connect(self.filters.refresh)

    def stop(self) -> None:
        """Stop; the window closes."""
        self.filters.stop()
        self.tasks.cancel_all()

    def _show(self) -> None:
        counts = {key: self.filters.count_text(key) for key in self.filters.filters_by_key}
        self._navigation.show_filters(self.filters.saved, counts)

    def rename(self, key: str, name: str) -> None:
        """Rename a filter."""
        self._start(self._rename(key, name))

    async def _rename(self, key: str, name: str) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        from services.requests.inbox import saved_filters

        workspace = await self.ctx.ready()
        try:
            await self.ctx.call(saved_filters.rename_filter, workspace.store, key, name)
        except InvalidError as error:
            node = self._navigation.model.node(filter_node_key(key))
            if node is None:
                raise
            self._navigation.refuse(node, name, error)
            return
        self.ctx.notify(tr("Renamed to {name}", name=name))

    def delete(self, key: str) -> None:
        """Ask, and then delete a filter."""
        self._start(self._delete(key))

    async def _delete(self, key: str) -> None:
        from console.inbox.delete_filter_dialog import DeleteFilterDialog

        name = self.filters.name_of(key)
        if not await show_and_wait(DeleteFilterDialog(name, self._window)):
            return
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        from services.requests.inbox import saved_filters

        workspace = await self.ctx.ready()
        await self.ctx.call(saved_filters.delete_filter, workspace.store, key)
        self.ctx.notify(tr("Deleted the filter {name}", name=name))

    def _start(self, work: Coroutine[object, Never, None]) -> None:
        self.tasks.start(work, group="filter")

    def _on_problem(self, problem: Problem) -> None:
        self.ctx.show_problem(problem)
        self.filters.refresh()  # the tree shows the stored name again
