"""Past checks: each one that finished is a Task Run whose report is JSON of its stages, without secrets."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.approval_process import ApprovalProcess
from models.base import NAME_MAX, TEXT_MAX, utcnow
from models.kinds import Kind, TaskState
from models.servers import SERVER_MODELS, Server
from models.task_names import CHECK_TASK
from models.task_run import TaskRun
from models.user_credential import UserCredential
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.json_types import JsonObject, UncheckedJson
from services.common.redaction import redact
from services.connectivity import stored_results
from services.connectivity.report import SEVERITY, CheckReport, StageResult, StageState
from services.connectivity.sign_in import PreviousSignIn
from services.credential_secrets import read_credential_secrets
from services.store import Store
from services.store.row_values import get_table
from services.vault import Vault

TASK_ID = CHECK_TASK
LIMIT = 30
VERDICT_SAMPLE_SIZE = 10
"""How many checks of a server are read to say how it stands: enough for the last one of each of its processes."""
SIGN_IN_SAMPLE_SIZE = 100
"""How many checks are looked through for one that signed in; each of them tried the same password."""
SIGNED_IN = (StageState.OK, StageState.WARNING)
CALL_LIMIT_MAX = 2**31 - 1
"""The largest call limit that is stored: no instance is polled that often."""
_RUNS = get_table(TaskRun)
_RANKED = (
    sa.select(
        _RUNS.c.id,
        sa.func.row_number()
        .over(partition_by=_RUNS.c.object_id, order_by=_RUNS.c.started_at.desc())
        .label("place"),
    )
    .where(_RUNS.c.task == TASK_ID, _RUNS.c.object_id.is_not(None))
    .subquery()
)
_RECENT_REPORTS = (
    sa.select(_RUNS.c.object_id, _RUNS.c.report)
    .join(_RANKED, _RANKED.c.id == _RUNS.c.id)
    .where(_RANKED.c.place <= VERDICT_SAMPLE_SIZE)
    .order_by(_RUNS.c.object_id, _RUNS.c.started_at.desc())
)
ALL_GOOD = "Every stage that was looked at is good"


@dataclass(frozen=True, slots=True)
class PastCheck:
    """One check that finished. `unsaved` says that it tested values which were typed and not saved."""

    id: uuid.UUID
    kind: Kind
    """The kind of the server."""
    server_id: uuid.UUID
    at: datetime
    """When it ended."""
    by: str
    finding: str
    verdict: str
    ms: float
    correlation_id: str
    process_id: str
    process: str
    unsaved: bool
    stages: tuple[StageResult, ...]

    def as_dict(self) -> JsonObject:
        """Return the check for JSON, without the objects that it belongs to."""
        return {
            "at": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "process": self.process,
            "unsaved": self.unsaved,
            "verdict": self.verdict,
            "correlation_id": self.correlation_id,
            "ms": round(self.ms),
            "stages": [stage.as_dict() for stage in self.stages],
        }


@dataclass(frozen=True, slots=True)
class CheckSignIn:
    """What a check signed in with: the account, the instance's origin, and the vault's mark of the password."""

    account: str
    origin: str
    mark: str

    def as_dict(self) -> JsonObject:
        """Return it for the report: no part of it says anything of the password."""
        return {"account": self.account, "origin": self.origin, "mark": self.mark}


def get_check_sign_in(vault: Vault, server: Server, credential: UserCredential | None) -> CheckSignIn | None:
    """Say what a check of `server` signs in with now; None where the vault does not know its secrets apart.

    Asks the vault: call it in a thread.
    """
    if credential is None:
        return None
    try:
        mark = read_credential_secrets(vault, credential, only_used=True).version_token
        return CheckSignIn(credential.account, str(server.origin), mark) if mark else None
    except (ConsoleError, ValueError):
        # The check itself says what is wrong with the vault or the address.
        return None


def find_last_sign_in(store: Store, server_id: uuid.UUID, used: CheckSignIn | None) -> PreviousSignIn | None:
    """Return when a check of a server last signed in with the very same account and password, or None.

    Checks of whoever kept another password do not count: each password that is entered has a mark of its own.
    """
    if used is None:
        return None
    query = (
        select(TaskRun)
        .where(TaskRun.task == TASK_ID, TaskRun.object_id == server_id)
        .where(TaskRun.credential_mark == used.mark)
        .order_by(col(TaskRun.started_at).desc())
        .limit(SIGN_IN_SAMPLE_SIZE)
    )
    with store.read() as session:
        for run in session.exec(query):
            content: UncheckedJson = json.loads(run.report or "{}")
            stages = {stage["stage"]: stage for stage in content.get("stages", [])}
            let_in = stages.get("authentication", {}).get("state") in SIGNED_IN
            if let_in and content.get("sign_in") == used.as_dict():
                interactive = stages.get("account", {}).get("fault") == FaultId.ACCOUNT_INTERACTIVE
                return PreviousSignIn(run.ended_at or run.started_at, interactive)
    return None


def find_known_operations(store: Store, server: Server) -> dict[str, str]:
    """Return what the last check of a server at its present address found of its operations; empty where none did."""
    query = (
        select(TaskRun.report)
        .where(TaskRun.task == TASK_ID, TaskRun.object_id == server.id)
        .order_by(col(TaskRun.started_at).desc())
        .limit(LIMIT)
    )
    with store.read() as session:
        for report in session.exec(query):
            content: UncheckedJson = json.loads(report or "{}")
            if content.get("base_url") != server.base_url:
                continue
            for stage in content.get("stages", []):
                if found := stage.get("operations"):
                    return dict(found)
    return {}


def save_check(
    store: Store,
    server: Server,
    report: CheckReport,
    process: ApprovalProcess | None = None,
    *,
    unsaved: bool = False,
    used: CheckSignIn | None = None,
) -> PastCheck:
    """Keep a check that finished and return it as it will be read; `used` is what it signed in with. Raises StoreError."""
    ended = utcnow()
    run = TaskRun(
        task=TASK_ID,
        object_kind=server.kind.value,
        object_id=server.id,
        object_name=server.name[:NAME_MAX],
        state=TaskState.FAILED if report.verdict is StageState.FAILED else TaskState.SUCCEEDED,
        started_by=store.actor,
        started_at=ended - timedelta(milliseconds=report.ms),
        ended_at=ended,
        correlation_id=report.correlation_id,
        outcome=summarize_findings(report.stages)[:TEXT_MAX],
        report=_serialize_report(report, server, process, unsaved=unsaved, used=used),
        process_id=process.id if process is not None else None,
        credential_mark=used.mark if used is not None else "",
        call_limit=_storable_call_limit(report),
    )
    with store.write(f"Check: {report.verdict}") as work:
        work.insert(run)
    return _to_past_check(run)


def past_checks(
    store: Store, server_id: uuid.UUID, limit: int = LIMIT, *, process_id: uuid.UUID | None = None
) -> list[PastCheck]:
    """Return the last checks of a server, with one of its processes where that is named, the newest first."""
    with store.read() as session:
        return _load_checks(session, server_id, limit, process_id)


def last_call_limit(store: Store, server_id: uuid.UUID) -> int | None:
    """Return the calls per hour that an instance reported to its last check that saw a limit; blocks."""
    query = (
        select(TaskRun.call_limit)
        .where(TaskRun.task == TASK_ID, TaskRun.object_id == server_id, col(TaskRun.call_limit).is_not(None))
        .order_by(col(TaskRun.started_at).desc())
        .limit(1)
    )
    with store.read() as session:
        return session.exec(query).first()


def last_verdicts(store: Store) -> dict[uuid.UUID, str]:
    """Return how each server stands that was ever checked."""
    with store.read() as session:
        reports = load_recent_reports(session)
        servers = {one for model in SERVER_MODELS for one in session.exec(select(model.id))}
    found = {one: _worst_verdict(recent) for one, recent in reports.items() if one in servers}
    return {one: verdict for one, verdict in found.items() if verdict}


def load_recent_reports(session: Session) -> dict[uuid.UUID, list[str]]:
    """Return the reports of the last VERDICT_SAMPLE_SIZE checks of every object, the newest first, with one query."""
    reports: dict[uuid.UUID, list[str]] = {}
    for object_id, report in session.execute(_RECENT_REPORTS):
        reports.setdefault(object_id, []).append(report)
    return reports


def summarize_findings(stages: list[StageResult]) -> str:
    """Return in a sentence what is worst about a check, without secrets."""
    wrong = [s for s in stages if SEVERITY.get(s.state, 0)]
    if not wrong:
        return ALL_GOOD
    first = max(wrong, key=lambda s: SEVERITY[s.state])
    more = f" ({len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return redact(f"{first.cause or first.evidence}{more}")


def _load_checks(
    session: Session, server_id: uuid.UUID, limit: int, process_id: uuid.UUID | None = None
) -> list[PastCheck]:
    query = select(TaskRun).where(TaskRun.task == TASK_ID, TaskRun.object_id == server_id)
    if process_id is not None:
        query = query.where(TaskRun.process_id == process_id)
    newest = query.order_by(col(TaskRun.started_at).desc()).limit(limit)
    return [_to_past_check(run) for run in session.exec(newest)]


def _worst_verdict(reports: Sequence[str]) -> str:
    """Return the worst of the last verdicts: one for each process that the server was checked with.

    A check without a process says the same about the server as any later one with a process.
    """
    last: dict[str, StageState] = {}
    for report in reports:
        content: UncheckedJson = json.loads(report or "{}")
        process = str(content.get("process_id", ""))
        if not content.get("unsaved") and (process or not last):
            last.setdefault(process, StageState(content.get("verdict", "failed")))
    return max(last.values(), key=SEVERITY.__getitem__, default="")


def _serialize_report(
    report: CheckReport,
    server: Server,
    process: ApprovalProcess | None,
    *,
    unsaved: bool,
    used: CheckSignIn | None,
) -> str:
    content = report.as_dict()
    content["stages"] = [
        {
            key: redact(value) if isinstance(value, str) else value
            for key, value in stage.as_stored_dict().items()
        }
        for stage in report.stages
    ]
    content["base_url"] = server.base_url
    content["process_id"] = str(process.id) if process is not None else ""
    content["process"] = process.name if process is not None else ""
    content["unsaved"] = unsaved
    content["sign_in"] = used.as_dict() if used is not None else None
    return json.dumps(content, ensure_ascii=False)


def _storable_call_limit(report: CheckReport) -> int | None:
    return None if report.call_limit is None else min(report.call_limit, CALL_LIMIT_MAX)


def _to_past_check(run: TaskRun) -> PastCheck:
    content: UncheckedJson = json.loads(run.report or "{}")
    stages = tuple(stored_results.parse_stage(stage) for stage in content.get("stages", []))
    assert run.object_id is not None  # noqa: S101 -- narrows for the type checker; the query asked for it
    return PastCheck(
        id=run.id,
        kind=Kind(run.object_kind or Kind.FOREIGN_SYSTEM),
        server_id=run.object_id,
        at=run.ended_at or run.started_at,
        by=run.started_by,
        finding=run.outcome,
        verdict=StageState(content.get("verdict", "failed")),
        ms=float(content.get("ms", 0)),
        correlation_id=run.correlation_id,
        process_id=str(content.get("process_id", "")),
        process=str(content.get("process", "")),
        unsaved=bool(content.get("unsaved", False)),
        stages=stages,
    )
