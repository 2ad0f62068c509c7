"""Filters that people saved, as nodes of the tree: shown with counts, renamed and deleted there."""

from collections.abc import Coroutine
from typing import Any

from PyQt6.QtCore import QObject

from console.forms.delete_dialogs import ConfirmationDialog
from console.inbox.filter_counts import filter_catalog
from console.navigation.request_places import filter_node_key
from console.runtime import lazy_imports
from console.runtime.task_runner import TaskRunner, show_and_wait
from console.widgets import buttons
from services.common.errors import InvalidError, Problem
from services.language import tr


class DeleteFilterDialog(ConfirmationDialog):
    """Asks whether to delete a filter, which everybody on the store has."""

    def __init__(self, name: str, parent: Any = None) -> None:
        super().__init__(
            tr("Delete the filter “{name}”", name=name),
            tr("No request is touched. Everybody on this store loses the filter."),
            parent,
        )
        self.delete_button = buttons.danger("Delete")
        self.foot(self.delete_button, "Cancel")


class SavedFilterController(QObject):
    """Keeps the tree in step with the filters, and passes on what a person does there."""

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self._window, self.ctx = window, window.ctx
        self.filters = filter_catalog(window.ctx, window)
        self.workers = TaskRunner(self, self._on_problem)
        self.filters.changed.connect(self._show)
        self.ctx.opened.connect(self.filters.refresh)

    def stop(self) -> None:
        """Do nothing any more; the window closes."""
        self.filters.stop()
        self.workers.cancel_all()

    def _show(self) -> None:
        counts = {key: self.filters.count_text(key) for key in self.filters.named}
        self._window.navigation.show_filters(self.filters.saved, counts)

    def rename(self, key: str, name: str) -> None:
        """Call a filter differently."""
        self._start(self._rename(key, name))

    async def _rename(self, key: str, name: str) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        from services.requests.inbox import saved_filters

        workspace = await self.ctx.ready()
        try:
            await self.ctx.call(saved_filters.rename_filter, workspace.store, key, name)
        except InvalidError as error:
            node = self._window.model.node(filter_node_key(key))
            if node is None:
                raise
            self._window.navigation.refuse(node, name, error)
            return
        self.ctx.notify(tr("Renamed to {name}", name=name))

    def delete(self, key: str) -> None:
        """Ask, and delete a filter."""
        self._start(self._delete(key))

    async def _delete(self, key: str) -> None:
        name = self.filters.name_of(key)
        if not await show_and_wait(DeleteFilterDialog(name, self._window)):
            return
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        from services.requests.inbox import saved_filters

        workspace = await self.ctx.ready()
        await self.ctx.call(saved_filters.delete_filter, workspace.store, key)
        self.ctx.notify(tr("Deleted the filter {name}", name=name))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.workers.start(work, group="filter")

    def _on_problem(self, problem: Problem) -> None:
        self.ctx.show_problem(problem)
        self.filters.refresh()  # the tree shows the name as it is
