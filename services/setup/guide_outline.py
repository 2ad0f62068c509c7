"""What Home shows first, read from an SQLite file with nothing but sqlite3: the rest of the store takes longer to import.

The statements use names of tables and columns from this program only; every value is a parameter.
"""

import hashlib
import json
import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import get_type_hints

from models.kinds import OPEN_STATES, TaskState
from models.task_names import CHECK_TASK, ENDPOINTS_TASK
from models.text_folding import fold_text
from services.common.json_types import UncheckedJson
from services.privilege_manager.api_items import read_policy
from services.setup.checklist import SetupFacts, read_setup_facts
from services.setup.guide_source import CopyProgress, PolicyCopy, stage_states, table_of
from services.setup.setup_objects import GuideAction, GuideManager, GuideObject, GuidePolicy
from services.statistics.server_statistics import ServerStatistics
from services.store.tree_outline import open_read_only

_SqlValue = str | int | float | bytes | None


@dataclass(frozen=True, slots=True)
class HomeOutline:
    """The servers by name, the facts of the first one, and the Privilege Manager servers."""

    servers: list[ServerStatistics]
    facts: SetupFacts
    managers: list[GuideManager]


def read_home_outline(url: str) -> HomeOutline | None:
    """Return what Home shows of an SQLite store of this release's schema, or None when only the full store can say."""
    try:
        connection = open_read_only(url)
        if connection is None:
            return None
        with closing(connection):
            source = OutlineSource(connection)
            return HomeOutline(source.server_statistics(), read_setup_facts(source), source.all(GuideManager))
    except (sqlite3.Error, OSError, RuntimeError, ValueError, TypeError, AttributeError, LookupError):
        # Whatever is wrong with the file, the full store says it in a sentence.
        return None


class OutlineSource:
    """Answers what the guide asks, from an SQLite connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _rows(self, statement: str, *values: _SqlValue) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def all(self, kind: type[GuideObject]) -> list[GuideObject]:
        """Return all objects of a kind, by name."""
        types = get_type_hints(kind)
        names = [one.name for one in fields(kind)]
        found = []
        for row in self._rows(f"SELECT {', '.join(names)} FROM {table_of(kind)} ORDER BY name_key"):  # noqa: S608
            values = dict(zip(names, row, strict=True))
            for name, value in values.items():
                # SQLite keeps ids as bytes and booleans as numbers.
                if value is not None and types[name] in (uuid.UUID, uuid.UUID | None):
                    values[name] = uuid.UUID(bytes=value)
                elif types[name] is bool:
                    values[name] = bool(value)
            found.append(kind(**values))
        return found

    def count_requests(self, process_id: uuid.UUID) -> dict[str, int]:
        """Return the requests of a process by state."""
        statement = "SELECT state, count(*) FROM approval_request WHERE process_id = ? GROUP BY state"
        return dict(self._rows(statement, process_id.bytes))

    def recent_checks(self, server_id: uuid.UUID, limit: int) -> list[dict[str, str]]:
        """Return the state of each stage in the last checks of a server, the newest first."""
        statement = (
            "SELECT report FROM task_run WHERE task = ? AND object_id = ? ORDER BY started_at DESC LIMIT ?"
        )
        found = self._rows(statement, CHECK_TASK, server_id.bytes, limit)
        return [stage_states(report) for (report,) in found]

    def copy_progress(self, action: GuideAction) -> CopyProgress:
        """Return how far the copy of an action is."""
        statement = """
            SELECT written_at IS NOT NULL, imported_at IS NOT NULL AND imported_to =
                (SELECT base_url FROM privilege_manager_server WHERE id = ?), item_id
            FROM action_progress WHERE action_id = ?"""
        server_id = None if action.server_id is None else action.server_id.bytes
        for written, seen, item_id in self._rows(statement, server_id, action.id.bytes):
            return CopyProgress(bool(written), bool(seen), item_id)
        return CopyProgress()

    def policy_copy(self, manager: GuideManager, policy: GuidePolicy) -> PolicyCopy:
        """Return what the copies of a server say of a policy."""
        key = f"server_items:{manager.id}:policy"
        row = self._rows("SELECT value FROM store_meta WHERE key = ?", key).fetchone()
        state: UncheckedJson = json.loads(row[0]) if row is not None else {}
        if state.get("place") != hashlib.sha256(manager.base_url.encode()).hexdigest()[:16]:
            return PolicyCopy()
        column, wanted = (
            ("item_id", policy.item_id.lower()) if policy.item_id else ("name_key", _key_of(policy))
        )
        statement = f"""
            SELECT document FROM server_item
            WHERE server_id = ? AND item_kind = 'policy' AND {column} = ? LIMIT 2"""  # noqa: S608
        documents = [json.loads(text) for (text,) in self._rows(statement, manager.id.bytes, wanted)]
        items = [item for item in map(read_policy, documents) if item is not None]
        if len(items) != 1:
            return PolicyCopy(False if not items and state["complete"] else None)
        return PolicyCopy(found=True, action_ids=items[0].action_ids, active=items[0].active)

    def endpoints_updated_at(self, manager_id: uuid.UUID) -> datetime | None:
        """Return when the endpoints of a server were last updated from here."""
        statement = """
            SELECT ended_at FROM task_run WHERE task = ? AND object_id = ? AND state = ?
            ORDER BY started_at DESC LIMIT 1"""
        found = self._rows(statement, ENDPOINTS_TASK, manager_id.bytes, TaskState.SUCCEEDED.value)
        for (ended_at,) in found:
            return None if ended_at is None else datetime.fromisoformat(ended_at).replace(tzinfo=UTC)
        return None

    def server_statistics(self) -> list[ServerStatistics]:
        """Return what `load_server_statistics` returns."""
        states = ", ".join("?" * len(OPEN_STATES))
        pending: dict[bytes, int] = dict(
            self._rows(
                f"""SELECT process.server_id, count(*) FROM approval_process AS process
                JOIN approval_request AS request ON request.process_id = process.id
                WHERE request.state IN ({states}) GROUP BY process.server_id""",  # noqa: S608
                *(state.value for state in OPEN_STATES),
            )
        )
        an_hour_ago = (datetime.now(UTC) - timedelta(hours=1)).replace(tzinfo=None).isoformat(" ")
        calls: dict[bytes, int] = dict(
            self._rows(
                "SELECT server_id, count(*) FROM api_call WHERE at > ? GROUP BY server_id", an_hour_ago
            )
        )
        timings: dict[bytes, list[tuple[int, int]]] = {}
        for owner, every, after in self._rows(
            "SELECT server_id, check_every_s, timeout_after_s FROM approval_process"
        ):
            timings.setdefault(owner, []).append((every, after))
        statement = (
            "SELECT id, name, base_url, production, credential_id, minimum_interval_s FROM foreign_system"
        )
        found = [
            ServerStatistics(
                id=uuid.UUID(bytes=key),
                name=name,
                host=base_url.split("//", 1)[-1].rstrip("/"),
                production=bool(production),
                has_credential=credential is not None,
                pending=pending.get(key, 0),
                minimum_interval_s=interval,
                calls_last_hour=calls.get(key, 0),
                timings=tuple(timings.get(key, ())),
            )
            for key, name, base_url, production, credential, interval in self._rows(statement)
        ]
        return sorted(found, key=lambda one: one.name.casefold())


def _key_of(policy: GuidePolicy) -> str:
    return fold_text(" ".join(policy.name.split()))
