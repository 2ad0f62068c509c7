"""Where the guide reads a store: what it asks for, and the answers of an open store.

`services.setup.guide_outline` answers the same questions of an SQLite file before the database library is imported.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from models.kinds import KINDS, Kind, TaskState
from models.task_names import CHECK_TASK, ENDPOINTS_TASK
from services.common.json_types import UncheckedJson
from services.setup.setup_objects import (
    GuideAction,
    GuideCredential,
    GuideManager,
    GuideObject,
    GuidePolicy,
    GuideProcess,
    GuideServer,
    GuideType,
)

if TYPE_CHECKING:
    from services.store import Store

KIND_OF: Mapping[type, Kind] = {
    GuideCredential: Kind.USER_CREDENTIAL,
    GuideServer: Kind.FOREIGN_SYSTEM,
    GuideProcess: Kind.APPROVAL_PROCESS,
    GuideType: Kind.APPROVAL_TYPE,
    GuideManager: Kind.PRIVILEGE_MANAGER_SERVER,
    GuideAction: Kind.ACTION,
    GuidePolicy: Kind.POLICY,
}


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """How far the copy of an action is."""

    is_written: bool = False
    is_seen: bool = False
    """Whether its server, at the present address, showed it."""
    item_id: str = ""
    """Its GUID."""


@dataclass(frozen=True, slots=True)
class PolicyCopy:
    """What the local copies of a server say of a policy. None stands for what is not known."""

    found: bool | None = None
    action_ids: tuple[str, ...] | None = None
    active: bool | None = None


class GuideSource(Protocol):
    """Answers what the guide asks. Every method blocks."""

    def all(self, kind: type[GuideObject]) -> list[GuideObject]:
        """Return all objects of a kind, by name."""

    def count_requests(self, process_id: uuid.UUID) -> dict[str, int]:
        """Return the requests of a process by state."""

    def recent_checks(self, server_id: uuid.UUID, limit: int) -> list[dict[str, str]]:
        """Return the state of each stage in the last checks of a server, the newest first."""

    def copy_progress(self, action: GuideAction) -> CopyProgress:
        """Return how far the copy of an action is."""

    def policy_copy(self, manager: GuideManager, policy: GuidePolicy) -> PolicyCopy:
        """Return what the copies of a server say of a policy."""

    def endpoints_updated_at(self, manager_id: uuid.UUID) -> datetime | None:
        """Return when the endpoints of a server were last updated from here."""


def stage_states(report: str | None) -> dict[str, str]:
    """Return the state of each stage of the stored report of a check."""
    content: UncheckedJson = json.loads(report or "{}")
    return {str(stage["stage"]): str(stage["state"]) for stage in content.get("stages", ())}


class StoredGuideSource:
    """Answers from an open store."""

    def __init__(self, store: "Store") -> None:
        self._store = store

    def all(self, kind: type[GuideObject]) -> list[GuideObject]:
        """Return all objects of a kind, by name."""
        from sqlalchemy import select

        from models.tables import model_for_kind
        from services.store.row_values import get_table

        table = get_table(model_for_kind(KIND_OF[kind]))
        names = [one.name for one in fields(kind)]
        query = select(*(table.c[name] for name in names)).order_by(table.c.name_key)
        with self._store.read() as session:
            return [kind(**dict(zip(names, row, strict=True))) for row in session.execute(query)]

    def count_requests(self, process_id: uuid.UUID) -> dict[str, int]:
        """Return the requests of a process by state."""
        from services.statistics.request_statistics import count_requests_by_state

        return count_requests_by_state(self._store, process_id)

    def recent_checks(self, server_id: uuid.UUID, limit: int) -> list[dict[str, str]]:
        """Return the state of each stage in the last checks of a server, the newest first."""
        from sqlmodel import col, select

        from models.task_run import TaskRun

        query = (
            select(TaskRun.report)
            .where(TaskRun.task == CHECK_TASK, TaskRun.object_id == server_id)
            .order_by(col(TaskRun.started_at).desc())
            .limit(limit)
        )
        with self._store.read() as session:
            return [stage_states(report) for report in session.exec(query)]

    def copy_progress(self, action: GuideAction) -> CopyProgress:
        """Return how far the copy of an action is."""
        from sqlmodel import col, select

        from models.action_progress import ActionProgress
        from models.privilege_manager_server import PrivilegeManagerServer

        address = select(PrivilegeManagerServer.base_url).where(
            col(PrivilegeManagerServer.id) == action.server_id
        )
        seen = col(ActionProgress.imported_at).is_not(None) & (
            col(ActionProgress.imported_to) == address.scalar_subquery()
        )
        query = select(ActionProgress.written_at, seen, ActionProgress.item_id).where(
            col(ActionProgress.action_id) == action.id
        )
        with self._store.read() as session:
            row = session.exec(query).first()
        if row is None:
            return CopyProgress()
        written_at, was_seen, item_id = row
        return CopyProgress(written_at is not None, bool(was_seen), item_id)

    def policy_copy(self, manager: GuideManager, policy: GuidePolicy) -> PolicyCopy:
        """Return what the copies of a server say of a policy."""
        from models.server_item import ItemKind
        from services.policies.item_copies import ItemCopies

        copies = ItemCopies(self._store, manager)
        items = copies.find_policies(policy.item_id, policy.name)
        if len(items) != 1:
            # Of an incomplete list, and of several policies with one name, nothing is known about this one.
            absent = not items and copies.has_whole_list(ItemKind.POLICY)
            return PolicyCopy(False if absent else None)
        return PolicyCopy(found=True, action_ids=items[0].action_ids, active=items[0].active)

    def endpoints_updated_at(self, manager_id: uuid.UUID) -> datetime | None:
        """Return when the endpoints of a server were last updated from here."""
        from sqlmodel import col, select

        from models.task_run import TaskRun

        query = (
            select(TaskRun.ended_at)
            .where(
                TaskRun.task == ENDPOINTS_TASK,
                TaskRun.object_id == manager_id,
                TaskRun.state == TaskState.SUCCEEDED,
            )
            .order_by(col(TaskRun.started_at).desc())
            .limit(1)
        )
        with self._store.read() as session:
            return session.exec(query).first()


def table_of(kind: type[GuideObject]) -> str:
    """Return the name of the table of a kind."""
    return KINDS[KIND_OF[kind]].table
