"""Tells whoever listens what was changed, by this console or by another one on the same store."""

import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, select

from models.audit_entry import AuditEntry
from services.store.change_mark import ChangeMark
from services.store.driver_errors import DATABASE_ERRORS
from services.store.errors import read_error
from services.store.timeline_hash_chain import TIMELINE_KIND as LINES

Listener = Callable[[list["Change"]], None]


@dataclass(frozen=True, slots=True)
class Change:
    """One committed change. `kind` is the table's name, `seq` the place in the audit chain."""

    kind: str
    id: uuid.UUID | None
    operation: str
    actor: str
    seq: int


class ChangeFeed:
    """Hands committed changes to its listeners, each exactly once and in order, in the thread that noticed them.

    A listener returns soon and raises nothing.
    """

    def __init__(self, engine: Engine, mark: ChangeMark) -> None:
        self._engine = engine
        self._mark = mark
        self._marked: tuple[int, int] | None = None
        self._listeners: list[Listener] = []
        self._lock = threading.RLock()
        self._untold: deque[list[Change]] = deque()
        self._telling = False
        self._seen = self._newest()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every batch of changes from now on; the result ends that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def poll(self) -> list[Change]:
        """Read what was committed since the last look, by anybody, and tell the listeners. Raises StoreError."""
        with self._lock:
            # Read first: what is committed between the two is read now, and looked for again.
            mark = self._mark.read()
            changes = [] if mark is not None and mark == self._marked else self._read()
            self._marked = mark
            if changes:
                self._seen = changes[-1].seq
                self._untold.append(changes)
            if (
                not self._telling
            ):  # else a listener asked, and what it found is told after what it is being told
                self._tell()
        return changes

    def _tell(self) -> None:
        self._telling = True
        try:
            while self._untold:
                changes = self._untold.popleft()
                for listener in list(self._listeners):
                    listener(changes)
        finally:
            self._telling = False

    def _read(self) -> list[Change]:
        table = AuditEntry.__table__  # type: ignore[attr-defined]
        statement = (
            select(table.c.object_kind, table.c.object_id, table.c.operation, table.c.actor, table.c.seq)
            # An entry about lines of timelines comes with the change that they tell of.
            .where(table.c.seq > self._seen, table.c.object_kind != LINES)
            .order_by(table.c.seq)
        )
        try:
            with self._engine.connect() as connection:
                return [Change(*row) for row in connection.execute(statement)]
        except DATABASE_ERRORS as error:
            raise read_error(error) from error

    def _newest(self) -> int:
        table = AuditEntry.__table__  # type: ignore[attr-defined]
        with self._engine.connect() as connection:
            newest = connection.execute(select(table.c.seq).order_by(table.c.seq.desc()).limit(1)).scalar()
        return int(newest or 0)
