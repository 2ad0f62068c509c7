"""Shows one request in the pane: what the store knows at once, then what its instance says.

An instance is asked about a request that somebody keeps looking at, not about every row that is passed.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from console.inbox import cell_content
from console.inbox.action_availability import AccountPermissions
from console.runtime import lazy_imports
from console.runtime.task_runner import TaskRunner
from services.common.errors import ConsoleError

DETAILS = "services.requests.details.loader"
FETCH_DELAY_S = 0.4
FETCH_MAX_AGE = timedelta(seconds=30)
"""A copy that is younger is not asked for again."""


class DetailsLoader(QObject):
    """Feeds a pane through `show_details`. `changed` follows whenever more is known of the shown request."""

    changed = pyqtSignal()
    failed = pyqtSignal(object)

    def __init__(self, ctx: Any, owner: QObject, show_details: Callable[..., None]) -> None:
        super().__init__(owner)
        self.ctx, self._show_details = ctx, show_details
        self.workers = TaskRunner(self, self.failed.emit)
        self.workers.busy_changed.connect(self._on_busy_changed)
        self._again = False
        self.rights = AccountPermissions(ctx)
        self.id: uuid.UUID | None = None
        self.details: Any = None
        self.asked_at: dict[uuid.UUID, datetime] = {}
        """When an instance was asked about a request last, by this page."""
        self._told: dict[uuid.UUID, tuple[Any, ...]] = {}
        """What was stored of it after that."""

    @property
    def row(self) -> Any:
        """Return the shown request as it is stored, or None."""
        return self.details.row if self.details is not None else None

    @property
    def people(self) -> Any:
        """Return who is asked, None while the instance was not asked."""
        known = self.details is not None and self.id in self.asked_at and self.details.problem is None
        return self.details.who_can_act if known else None

    def show(self, request_id: uuid.UUID) -> None:
        """Show a request; nothing of another one stays."""
        if request_id != self.id:
            self.id, self.details = request_id, None
        self.workers.start(self._show(request_id, force=False), group="details")

    def refetch(self) -> None:
        """Ask the instance now, whatever is known."""
        if self.id is not None:
            self.workers.start(self._show(self.id, force=True), group="details")

    def clear(self) -> None:
        """Show nothing."""
        self.id = self.details = None
        self.workers.cancel("details")

    def renew(self) -> None:
        """Read the shown request again, as after a change; the instance is asked again where its state changed."""
        if self.workers.busy:
            self._again = True
        elif self.id is not None:
            self.workers.start(self._renew(self.id), group="details")

    def _on_busy_changed(self, busy: bool) -> None:  # noqa: FBT001 - a signal's argument
        """Look once more where something changed while the request was read."""
        if not busy and self._again:
            self._again = False
            self.renew()

    async def _show(self, request_id: uuid.UUID, *, force: bool) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.requests)
        from services.requests.details import loader as details

        workspace = await self.ctx.ready()
        known = await self.ctx.call(details.load_stored_details, workspace.store, request_id)
        ask = force or self._should_fetch(known.row)
        kept = self.details
        if kept is None or not _is_unchanged(kept.row, known.row) or force:
            self._put(known, asking=ask)
        else:
            # What was read from the instance a moment ago stays.
            self._put(kept, asking=False)
            ask = False
        if ask:
            await asyncio.sleep(0 if force else FETCH_DELAY_S)
            await self._ask(details, workspace, request_id)

    async def _ask(self, details: Any, workspace: Any, request_id: uuid.UUID) -> None:
        self.asked_at[request_id] = cell_content.utcnow()
        try:
            found = await details.load_details(workspace, request_id)
            await self.rights.learn(found.row.server_id)
        except ConsoleError as error:
            if self.details is not None:
                self._told[request_id] = _compared_values(self.details.row)
                self._put(replace(self.details, problem=error.problem), asking=False)
            return
        self._told[request_id] = _compared_values(found.row)
        self._put(found, asking=False)

    async def _renew(self, request_id: uuid.UUID) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.requests)
        from services.requests.details import loader as details

        workspace = await self.ctx.ready()
        known = await self.ctx.call(details.load_stored_details, workspace.store, request_id)
        kept = self.details
        if kept is not None and _is_unchanged(kept.row, known.row):
            self._put(replace(kept, row=known.row, here=known.here), asking=False)
            return
        self._put(known, asking=False)
        if request_id in self.asked_at:
            await self._ask(details, workspace, request_id)

    def _should_fetch(self, row: Any) -> bool:
        """Whether the instance can say more than is known: nobody asked yet, or the copy of an open request is old."""
        if row.server_id is None or not (row.record_id or row.external_id or row.number):
            return False
        asked = self.asked_at.get(row.id)
        if asked is None or self._told.get(row.id) != _compared_values(row):
            return True
        return cell_content.is_open(row) and cell_content.utcnow() - asked > FETCH_MAX_AGE

    def _put(self, details: Any, *, asking: bool) -> None:
        if details.row.id == self.id:
            self.details = details
            self._show_details(details, asking=asking, now=cell_content.utcnow())
            self.changed.emit()


COMPARED_FIELDS = (
    "state",
    "servicenow_state",
    "record_state",
    "order_state",
    "waits_for",
    "mismatch",
    "number",
    "ended_at",
    "times_out_at",
    "error",
    "comment",
)


def _compared_values(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in COMPARED_FIELDS)


def _is_unchanged(one: Any, other: Any) -> bool:
    """Whether two looks at a request tell the same."""
    return _compared_values(one) == _compared_values(other)
