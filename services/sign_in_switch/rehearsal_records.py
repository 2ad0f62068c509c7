"""A rehearsal with one credential, kept for the comparison: what it took, which calls it used, how it ended."""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from models.approval_process import ApprovalProcess
from models.approval_type import ApprovalType
from models.base import NAME_MAX, TEXT_MAX, utcnow
from models.foreign_system import ForeignSystem
from models.kinds import Kind, TaskState
from models.sign_in import TOKEN_METHODS, SignInMethod
from models.task_run import TaskRun
from models.user_credential import UserCredential
from services.common.errors import ConsoleError
from services.common.json_types import JsonLike, UncheckedJson
from services.common.progress import Progress, ignore_progress
from services.common.redaction import redact
from services.common.threads import run_to_completion
from services.requests.rehearsal.rehearsal import Rehearsal, rehearse
from services.servicenow.access_tokens import TOKEN_PATH
from services.servicenow.encoded_query import equals
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.signed_in_user import require_signed_in_user
from services.sign_in_switch.bound_secrets import bind_secrets
from services.store import Store
from services.store.errors import NotFoundError
from services.transport.http_channel import started_call_paths
from services.workspace import Workspace

TASK_ID = "rehearse_sign_in"
SIGNED_IN_TABLE = "sys_user"
DECISION = "approve"


@dataclass(frozen=True, slots=True)
class SignInRehearsal:
    """One rehearsal. Times are milliseconds; None for a step that it did not reach."""

    credential_id: uuid.UUID
    credential_version: int
    credential_name: str
    method: SignInMethod
    at: datetime
    sign_in_ms: float | None = None
    """The first call that was signed in, with the fetch of the token where the method has one."""
    repeat_ms: float | None = None
    """The same call once more."""
    user_shown: bool | None = None
    """Whether the instance showed which user it signs in; None where that was not asked, as for a password."""
    created_ms: float | None = None
    number: str = ""
    seen_ms: float | None = None
    """From the decision until its effect was seen here."""
    calls: int = 0
    token_calls: int = 0
    closed: bool | None = None
    """Whether nothing of it is open; None if it was not looked for."""
    failed: tuple[str, ...] = ()
    """The legs that were not as expected."""
    problem: str = ""
    """Why it broke off."""

    @property
    def ok(self) -> bool:
        """Whether every step was as expected."""
        return not self.failed and not self.problem and bool(self.closed)

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the rehearsal for JSON."""
        return {
            "credential": str(self.credential_id),
            "credential_version": self.credential_version,
            "credential_name": self.credential_name,
            "sign_in": self.method.value,
            "sign_in_ms": self.sign_in_ms,
            "repeat_ms": self.repeat_ms,
            "user_shown": self.user_shown,
            "created_ms": self.created_ms,
            "number": self.number,
            "seen_ms": self.seen_ms,
            "calls": self.calls,
            "token_calls": self.token_calls,
            "closed": self.closed,
            "failed": list(self.failed),
            "problem": self.problem,
        }

    @classmethod
    def of(cls, run: TaskRun) -> "SignInRehearsal":
        """Return the rehearsal in a run."""
        report: UncheckedJson = json.loads(run.report)
        return cls(
            credential_id=uuid.UUID(report["credential"]),
            credential_version=report["credential_version"],
            credential_name=report["credential_name"],
            method=SignInMethod(report["sign_in"]),
            at=run.ended_at or run.started_at,
            sign_in_ms=report["sign_in_ms"],
            repeat_ms=report["repeat_ms"],
            user_shown=report.get("user_shown"),
            created_ms=report["created_ms"],
            number=report["number"],
            seen_ms=report["seen_ms"],
            calls=report["calls"],
            token_calls=report["token_calls"],
            closed=report["closed"],
            failed=tuple(report["failed"]),
            problem=report["problem"],
        )


async def rehearse_sign_in(
    workspace: Workspace,
    server: ForeignSystem,
    credential: UserCredential,
    *,
    progress: Progress = ignore_progress,
) -> SignInRehearsal:
    """Rehearse a request on a server with `credential` instead of the server's own, and keep what was seen.

    A rehearsal that breaks off is kept as well, with its problem. Raises NotFoundError where no Approval Process with an
    Approval Type uses the server, and VaultError when the secrets of the credential cannot be used for it.
    """
    process, approval_type = await run_to_completion(lambda: _find_process(workspace, server))
    instance = await _open(workspace, server, credential)
    calls: list[str] = []
    noted = started_call_paths.set(calls)
    try:
        async with instance:
            done = await _run(workspace.store, instance, approval_type, process, credential, progress)
    finally:
        started_call_paths.reset(noted)
    token_calls = sum(path.lstrip("/") == TOKEN_PATH.lstrip("/") for path in calls)
    outcome = _Outcome(done, credential, len(calls), token_calls)
    return await run_to_completion(lambda: _store_run(workspace.store, server, outcome.rehearsal()))


async def _open(workspace: Workspace, server: ForeignSystem, credential: UserCredential) -> ServiceNowClient:
    await run_to_completion(lambda: bind_secrets(workspace.vault, credential, server.destination))
    # Which user it signs in is asked in the rehearsal: its calls and the first token are counted.
    settings, sign_in = await workspace.signing_in_as(server, credential)
    return workspace.instance_for(settings, sign_in)


@dataclass(slots=True)
class _Seen:
    """What one rehearsal showed before it ended."""

    sign_in_ms: float | None = None
    repeat_ms: float | None = None
    user_shown: bool | None = None
    run: Rehearsal | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Outcome:
    seen: _Seen
    credential: UserCredential
    calls: int
    token_calls: int

    def rehearsal(self) -> SignInRehearsal:
        seen, run, credential = self.seen, self.seen.run, self.credential
        legs = {leg.name: leg for leg in run.legs} if run is not None else {}
        decided = [legs[name].ms for name in ("decision", "outcome") if name in legs]
        return SignInRehearsal(
            credential_id=credential.id,
            credential_version=credential.version,
            credential_name=credential.name,
            method=credential.method,
            at=utcnow(),
            sign_in_ms=seen.sign_in_ms,
            repeat_ms=seen.repeat_ms if credential.method in TOKEN_METHODS else None,
            user_shown=seen.user_shown,
            created_ms=legs["create"].ms if "create" in legs else None,
            number=(run.item.number if run.item is not None else run.request.number)
            if run is not None
            else "",
            seen_ms=sum(decided) if "outcome" in legs else None,
            calls=self.calls,
            token_calls=self.token_calls,
            closed=run.cleaned if run is not None else None,
            failed=tuple(leg.name for leg in legs.values() if not leg.ok),
            problem=redact(seen.problem),
        )


async def _run(
    store: Store,
    instance: ServiceNowClient,
    approval_type: ApprovalType,
    process: ApprovalProcess,
    credential: UserCredential,
    progress: Progress,
) -> _Seen:
    seen = _Seen()
    try:
        seen.sign_in_ms = await _time_read(instance, credential.account)
        seen.repeat_ms = await _time_repeat(instance, credential)
        seen.user_shown = instance.is_user_shown
        seen.run = await rehearse(
            store, instance, approval_type, process, fields={}, decide=DECISION, progress=progress
        )
    except ConsoleError as error:
        seen.problem = f"{error.problem.evidence} {error.problem.cause}"
    return seen


async def _time_read(instance: ServiceNowClient, account: str) -> float:
    started = time.perf_counter()
    await instance.table(SIGNED_IN_TABLE).first(equals(user_name=account), ("user_name",))
    return (time.perf_counter() - started) * 1000


async def _time_repeat(instance: ServiceNowClient, credential: UserCredential) -> float:
    """Time a second read, which also asks which user a token or certificate signs in; raises where it is another."""
    if credential.method is SignInMethod.BASIC:
        return await _time_read(instance, credential.account)
    started = time.perf_counter()
    await require_signed_in_user(instance, credential.account)
    return (time.perf_counter() - started) * 1000


def _find_process(workspace: Workspace, server: ForeignSystem) -> tuple[ApprovalProcess, ApprovalType]:
    processes = {
        one.id: one for one in workspace.configuration.all(ApprovalProcess) if one.server_id == server.id
    }
    for approval_type in workspace.configuration.all(ApprovalType):
        process = processes.get(approval_type.process_id) if approval_type.process_id is not None else None
        if process is not None:
            return process, approval_type
    raise NotFoundError(f"an Approval Type whose Approval Process uses “{server.name}”")


def _store_run(store: Store, server: ForeignSystem, rehearsal: SignInRehearsal) -> SignInRehearsal:
    run = TaskRun(
        task=TASK_ID,
        object_kind=Kind.FOREIGN_SYSTEM.value,
        object_id=server.id,
        object_name=server.name[:NAME_MAX],
        state=TaskState.SUCCEEDED if rehearsal.ok else TaskState.FAILED,
        started_by=store.actor[:NAME_MAX],
        ended_at=rehearsal.at,
        outcome=(rehearsal.problem or ", ".join(rehearsal.failed))[:TEXT_MAX],
        report=json.dumps(rehearsal.as_dict(), ensure_ascii=False),
    )
    with store.write(f"Rehearsal with “{rehearsal.credential_name}”") as work:
        work.insert(run)
    return rehearsal


def last_rehearsal(store: Store, server_id: uuid.UUID, credential: UserCredential) -> SignInRehearsal | None:
    """Return the newest rehearsal on a server with a credential as it is now, or None; blocks.

    One that was made before the credential was changed says nothing of it.
    """
    runs = (
        select(TaskRun)
        .where(TaskRun.task == TASK_ID, TaskRun.object_id == server_id)
        .order_by(col(TaskRun.started_at).desc())
    )
    with store.read() as session:
        found: Sequence[TaskRun] = list(session.exec(runs))
    for run in found:
        rehearsal = SignInRehearsal.of(run)
        if (rehearsal.credential_id, rehearsal.credential_version) == (credential.id, credential.version):
            return rehearsal
    return None
