"""What the verdicts of 250 servers in the tree cost: statements, and processor time."""

import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from tests.benchmarks import idle

ROUNDS, CHECKS = 15, 1


@dataclass
class Runs:
    """Milliseconds of processor time of each round, and the statements of one."""

    reads: list[float] = field(default_factory=list)
    statements: list[float] = field(default_factory=list)


def measure(folder: Path) -> Runs:
    """Fill a store with servers that were checked, and read how they stand."""
    from services.connectivity.check_history import last_verdicts
    from services.store import Store
    from tests.services.counted import statements

    path = folder / "console.db"
    idle.fill(path)
    store = Store.open(f"sqlite:///{path}", actor="bench")
    _add_checks(store)
    runs = Runs()
    for number in range(ROUNDS + 1):
        began = time.process_time()
        found = last_verdicts(store)
        spent = time.process_time() - began
        if len(found) != idle.SERVERS:
            raise AssertionError(f"{len(found)} verdicts instead of {idle.SERVERS}")
        if number:  # the first one compiles the statements
            runs.reads.append(spent * 1000)
    with statements(store) as seen:
        last_verdicts(store)
    runs.statements.append(float(len(seen)))
    store.close()
    return runs


def _add_checks(store) -> None:
    from models.base import utcnow
    from models.foreign_system import ForeignSystem
    from models.kinds import Kind
    from models.task_run import TaskRun
    from services.connectivity.check_history import TASK_ID
    from services.store.row_values import get_table

    table = get_table(ForeignSystem)
    stages = [{"stage": f"stage{number}", "state": "ok", "evidence": "e" * 120} for number in range(14)]
    with store.write() as work:
        servers = work.session.execute(table.select().with_only_columns(table.c.id)).scalars().all()
        rows = [
            TaskRun(
                id=uuid.uuid4(),
                task=TASK_ID,
                object_kind=Kind.FOREIGN_SYSTEM,
                object_id=server,
                started_at=utcnow() - timedelta(minutes=number),
                report=json.dumps({"verdict": "ok", "stages": stages}),
            ).model_dump()
            for server in servers
            for number in range(CHECKS)
        ]
        work.session.execute(get_table(TaskRun).insert(), rows)
