"""Reads the details of one request: from the store at once, then from its ServiceNow instance.

The instance is asked about a request that stays selected for a moment, not about every row that the user passes.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QObject, pyqtSignal

from console.inbox.action_availability import AccountPermissions
from console.inbox.request_rows import utcnow
from console.runtime import lazy_imports
from console.runtime.task_runner import TaskRunner
from models.kinds import RequestState
from services.common.errors import ConsoleError

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.approval_request import ApprovalRequest
    from services.requests.details.model import EligibleApprover, RequestDetails
    from services.workspace import Workspace

FETCH_DELAY_S = 0.4
FETCH_MAX_AGE = timedelta(seconds=30)
"""Details of an open request that are younger are not fetched again."""
GROUP = "details"


class ShowDetails(Protocol):
    """Shows details; `fetching` says that the instance is being asked meanwhile."""

    def __call__(self, details: "RequestDetails", *, fetching: bool, now: datetime) -> None:
        """Show them."""


class DetailsLoader(QObject):
    """Reads for one pane. `changed` follows whenever more is known of the shown request."""

    changed = pyqtSignal()
    failed = pyqtSignal(object)
    """Carries the `Problem` of a failed read."""

    def __init__(self, ctx: "Context", owner: QObject, show_details: ShowDetails) -> None:
        super().__init__(owner)
        self.ctx, self._show_details = ctx, show_details
        self.tasks = TaskRunner(self, self.failed.emit)
        self.tasks.busy_changed.connect(self._on_busy_changed)
        self._again = False
        self.permissions = AccountPermissions(ctx)
        self.request_id: uuid.UUID | None = None
        self.details: RequestDetails | None = None
        self.fetched_at: dict[uuid.UUID, datetime] = {}
        """When this page last asked an instance about a request."""
        self._stored_then: dict[uuid.UUID, tuple[object, ...]] = {}
        """What was stored of the request after that."""

    @property
    def request(self) -> "ApprovalRequest | None":
        """The shown request as it is stored, None while it is read."""
        return self.details.row if self.details is not None else None

    @property
    def approvers(self) -> "Sequence[EligibleApprover] | None":
        """Who is asked for the shown request, None while the instance was not asked."""
        if self.details is None or self.request_id not in self.fetched_at or self.details.problem is not None:
            return None
        return self.details.who_can_act

    def show(self, request_id: uuid.UUID) -> None:
        """Show a request, and nothing of the one before."""
        if request_id != self.request_id:
            self.request_id, self.details = request_id, None
        self.tasks.start(self._show(request_id, force=False), group=GROUP)

    def refetch(self) -> None:
        """Ask the instance now, whatever is known."""
        if self.request_id is not None:
            self.tasks.start(self._show(self.request_id, force=True), group=GROUP)

    def clear(self) -> None:
        """Show nothing."""
        self.request_id = self.details = None
        self.tasks.cancel(GROUP)

    def reload(self) -> None:
        """Read the shown request after a change of the store; the instance is asked again if its state changed."""
        if self.tasks.busy:
            self._again = True
        elif self.request_id is not None:
            self.tasks.start(self._reload(self.request_id), group=GROUP)

    def _on_busy_changed(self, busy: bool) -> None:  # noqa: FBT001 - a signal's argument
        """Read once more if the store changed while the request was read."""
        if not busy and self._again:
            self._again = False
            self.reload()

    async def _show(self, request_id: uuid.UUID, *, force: bool) -> None:
        workspace, stored = await self._read(request_id)
        fetch = force or self._should_fetch(stored.row)
        shown = self.details
        if shown is None or not _is_unchanged(shown.row, stored.row) or force:
            self._put(stored, fetching=fetch)
        else:
            # Details that were fetched a moment ago stay.
            self._put(shown, fetching=False)
            fetch = False
        if fetch:
            await asyncio.sleep(0 if force else FETCH_DELAY_S)
            await self._fetch(workspace, request_id)

    async def _reload(self, request_id: uuid.UUID) -> None:
        workspace, stored = await self._read(request_id)
        shown = self.details
        if shown is not None and _is_unchanged(shown.row, stored.row):
            self._put(replace(shown, row=stored.row, here=stored.here), fetching=False)
            return
        self._put(stored, fetching=False)
        if request_id in self.fetched_at:
            await self._fetch(workspace, request_id)

    async def _read(self, request_id: uuid.UUID) -> "tuple[Workspace, RequestDetails]":
        await lazy_imports.ready(self.ctx, lazy_imports.requests)
        from services.requests.details import loader

        workspace = await self.ctx.ready()
        return workspace, await self.ctx.call(loader.load_stored_details, workspace.store, request_id)

    async def _fetch(self, workspace: "Workspace", request_id: uuid.UUID) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.requests)
        from services.requests.details.loader import load_details

        self.fetched_at[request_id] = utcnow()
        try:
            found = await load_details(workspace, request_id)
            await self.permissions.load_roles(found.row.server_id)
        except ConsoleError as error:
            if self.details is not None:
                self._stored_then[request_id] = _compared_values(self.details.row)
                self._put(replace(self.details, problem=error.problem), fetching=False)
            return
        self._stored_then[request_id] = _compared_values(found.row)
        self._put(found, fetching=False)

    def _should_fetch(self, row: "ApprovalRequest") -> bool:
        """Whether the instance may know more: it was not asked yet, or the details of an open request are old."""
        if row.server_id is None or not (row.record_id or row.external_id or row.number):
            return False
        fetched = self.fetched_at.get(row.id)
        if fetched is None or self._stored_then.get(row.id) != _compared_values(row):
            return True
        return not RequestState(row.state).is_final and utcnow() - fetched > FETCH_MAX_AGE

    def _put(self, details: "RequestDetails", *, fetching: bool) -> None:
        if details.row.id == self.request_id:
            self.details = details
            self._show_details(details, fetching=fetching, now=utcnow())
            self.changed.emit()


def _compared_values(row: "ApprovalRequest") -> tuple[object, ...]:
    """Return the values whose change means that details read before are old."""
    return (
        row.state,
        row.servicenow_state,
        row.record_state,
        row.order_state,
        row.waits_for,
        row.mismatch,
        row.number,
        row.ended_at,
        row.times_out_at,
        row.error,
        row.comment,
    )


def _is_unchanged(one: "ApprovalRequest", other: "ApprovalRequest") -> bool:
    return _compared_values(one) == _compared_values(other)
