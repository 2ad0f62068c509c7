"""How long each leg of a rehearsal usually takes: every rehearsal is kept as a task run with the times of its legs.

The run is stored before anything is raised, with the process that is at it, and ended once nothing of the rehearsal is
open. A run that nobody is at any more therefore tells of something to clean up.
"""

import json
import statistics
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlmodel import col, select

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.base import NAME_MAX, TEXT_MAX, utcnow
from models.kinds import OPEN_STATES, Kind, RequestOrigin, TaskState
from models.task_run import TaskRun
from services.common.redaction import redact
from services.coordination import process_identity
from services.store import Store
from services.store.row_values import RowValues

TASK_ID = "rehearsal"
SAMPLE_SIZE = 20
"""The newest so many rehearsals of a process say what is usual."""
SLOW_FACTOR = 1.5
SLOW_MARGIN_MS = 100
ABANDONED_AFTER = timedelta(hours=1)
"""A rehearsal of another computer that has gone on for so long is nobody's any more."""

_active_runs: set[uuid.UUID] = set()
"""Runs that this process is at."""


class TimedLeg(Protocol):
    """A leg, as far as its time goes."""

    @property
    def name(self) -> str:
        """Which leg it is."""

    @property
    def ms(self) -> float:
        """How long it took."""


@dataclass(frozen=True, slots=True)
class UnfinishedRehearsal:
    """A rehearsal of which something may be open; `run` is None for a request that no run was kept for."""

    run: TaskRun | None
    request: ApprovalRequest | None


def start_run(store: Store, request: ApprovalRequest, process: ApprovalProcess) -> TaskRun:
    """Keep that a rehearsal begins; blocks. Raises StoreError."""
    run = TaskRun(
        task=TASK_ID,
        object_kind=Kind.APPROVAL_PROCESS.value,
        object_id=process.id,
        object_name=process.name[:NAME_MAX],
        started_by=store.actor[:NAME_MAX],
        correlation_id=str(request.id),
        report=json.dumps({"legs": []}),
        holder=process_identity.process_identity(),
    )
    with store.write("Rehearsal begun") as work:
        work.insert(run)
    _active_runs.add(run.id)
    return run


def finish_run(store: Store, run: TaskRun, state: TaskState, outcome: str, legs: Sequence[RowValues]) -> None:
    """Keep how a rehearsal ended, with its legs; blocks. Raises StoreError."""
    kept = [{k: redact(v) if isinstance(v, str) else v for k, v in leg.items()} for leg in legs]
    run.state, run.ended_at, run.outcome = state, utcnow(), redact(outcome)[:TEXT_MAX]
    run.report, run.holder = json.dumps({"legs": kept}, ensure_ascii=False), ""
    with store.write(f"Rehearsal: {state}") as work:
        work.update(run, run.version)
    _active_runs.discard(run.id)


def abandon_run(run: TaskRun) -> None:
    """Leave a rehearsal that could not be cleaned up to whoever looks for it next."""
    _active_runs.discard(run.id)


def find_unfinished(store: Store) -> list[UnfinishedRehearsal]:
    """Return the rehearsals of which something may be open and that nobody is at; blocks."""
    now = utcnow()
    with store.read() as session:
        running = select(TaskRun).where(TaskRun.task == TASK_ID, TaskRun.state == TaskState.RUNNING)
        runs = list(session.exec(running.order_by(col(TaskRun.started_at))))
        keys = {run.id: uuid.UUID(run.correlation_id) for run in runs}
        known = _load_requests(store, list(keys.values()))
        found = [UnfinishedRehearsal(run, known.get(keys[run.id])) for run in runs if not _is_run_active(run)]
        others = select(ApprovalRequest).where(
            col(ApprovalRequest.rehearsal).is_(True),
            col(ApprovalRequest.state).in_(OPEN_STATES),
            ApprovalRequest.origin == RequestOrigin.CONSOLE,
        )
        mine = process_identity.process_identity()
        for request in session.exec(others):
            claimed = process_identity.is_claimed_by_other(
                request.claimed_by, request.claimed_until, mine, now
            )
            own = request.claimed_by == mine and (request.claimed_until or now) > now
            if request.id not in keys.values() and not claimed and not own:
                found.append(UnfinishedRehearsal(None, request))
    return found


def median_leg_durations(store: Store, process_id: uuid.UUID) -> dict[str, float]:
    """Return the median milliseconds of each leg over the last good rehearsals of a process; blocks."""
    query = (
        select(TaskRun.report)
        .where(TaskRun.task == TASK_ID, TaskRun.object_id == process_id, TaskRun.state == TaskState.SUCCEEDED)
        .order_by(col(TaskRun.started_at).desc())
        .limit(SAMPLE_SIZE)
    )
    with store.read() as session:
        reports = list(session.exec(query))
    times: dict[str, list[float]] = {}
    for report in reports:
        for leg in json.loads(report).get("legs", []):
            times.setdefault(str(leg["leg"]), []).append(float(leg["ms"]))
    return {name: statistics.median(found) for name, found in times.items()}


def describe_slow_legs(legs: Sequence[TimedLeg], known: Mapping[str, float]) -> list[str]:
    """Return a sentence for each leg that took noticeably longer than it usually does."""
    return [
        f"{leg.name.capitalize()} took {_format_seconds(leg.ms)}, usually {_format_seconds(known[leg.name])}"
        for leg in legs
        if leg.name in known
        and leg.ms > SLOW_FACTOR * known[leg.name]
        and leg.ms > known[leg.name] + SLOW_MARGIN_MS
    ]


def _format_seconds(ms: float) -> str:
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms / 1000:.2f} s"


def _is_run_active(run: TaskRun) -> bool:
    if run.holder == process_identity.process_identity():
        return run.id in _active_runs
    return not process_identity.has_process_ended(run.holder) and utcnow() < run.started_at + ABANDONED_AFTER


def _load_requests(store: Store, keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, ApprovalRequest]:
    with store.read() as session:
        rows = session.exec(select(ApprovalRequest).where(col(ApprovalRequest.id).in_(keys)))
        return {row.id: row for row in rows}
