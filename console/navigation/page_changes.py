"""Tells a page of committed changes while it is shown, and afterwards of what changed while another page was."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject

from console.runtime.debounce import Debounce
from models.kinds import Kind

if TYPE_CHECKING:
    from console.navigation.page import Page
    from services.store import Change

Take = Callable[["list[Change]"], None]


class PageChanges(QObject):
    """Hands changes to `take`: at once while the page is visible, else all together when it is shown.

    Each page that was ever opened would otherwise read the store again after every commit.
    """

    def __init__(self, page: "Page", take: Take) -> None:
        super().__init__(page)
        self._page, self._take = page, take
        self._waiting: dict[tuple[str, uuid.UUID | None], Change] = {}
        """The last change of each object; of a table without pages, such as requests, the last of all."""
        self._shown = Debounce(self, 0, self._catch_up)
        page.ctx.changes.connect(self._on_changes)
        page.installEventFilter(self)

    def _on_changes(self, changes: "list[Change]") -> None:
        if self._page.isVisible() and not self._waiting:
            self._take(changes)
            return
        for change in changes:
            self._waiting[change.kind, change.id if change.kind in OBJECT_KINDS else None] = change
        if self._page.isVisible():
            self._catch_up()

    def _catch_up(self) -> None:
        waiting, self._waiting = list(self._waiting.values()), {}
        if waiting:
            self._take(waiting)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Wait until the page is shown; what follows is done in a turn after that."""
        if event is not None and event.type() == QEvent.Type.Show and self._waiting:
            self._shown.request()
        return super().eventFilter(watched, event)


OBJECT_KINDS = frozenset(Kind)


def follow_changes(page: "Page", take: Take) -> None:
    """Hand committed changes to a page from now on, as `PageChanges` does."""
    PageChanges(page, take)
