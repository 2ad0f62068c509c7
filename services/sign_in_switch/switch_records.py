"""What is kept of a switch: its receipt, a Task Run of the server, from which the switch is undone."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models.base import NAME_MAX, utcnow
from models.foreign_system import ForeignSystem
from models.kinds import Kind, TaskState
from models.sign_in import METHODS, SignInMethod
from models.task_run import TaskRun
from models.user_credential import UserCredential
from services.common.json_types import JsonLike, UncheckedJson
from services.requests.polling.poll_state import load_polled_server
from services.store import Store
from services.store.unit_of_work import UnitOfWork

TASK_ID = "switch_sign_in"
FIELD_NAMES = {
    "account": "Account Name",
    "sign_in": "Authentication method",
    "client_id": "Client ID",
    "scope": "Scope",
    "key_id": "Key ID",
    "subject": "Subject",
    "algorithm": "Algorithm",
}
"""The fields of a User Credential that decide how it signs in, as they are called on its page."""


@dataclass(frozen=True, slots=True)
class SwitchSide:
    """A credential as it was when the switch was made."""

    credential_id: uuid.UUID
    name: str
    method: SignInMethod
    fields: dict[str, JsonLike]
    """What it signed in with: account and the fields of its method, without secrets."""

    @classmethod
    def of(cls, credential: UserCredential) -> "SwitchSide":
        """Return what is kept of a credential."""
        return cls(credential.id, credential.name, credential.method, _sign_in_fields(credential))

    @classmethod
    def from_dict(cls, values: UncheckedJson) -> "SwitchSide":
        """Return the side in a report."""
        return cls(uuid.UUID(values["id"]), values["name"], SignInMethod(values["sign_in"]), values["fields"])

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the side for JSON."""
        return {
            "id": str(self.credential_id),
            "name": self.name,
            "sign_in": self.method.value,
            "fields": self.fields,
        }

    def differences(self, credential: UserCredential) -> list[str]:
        """Return what a credential signs in with otherwise than then; its name and description do not count."""
        now = _sign_in_fields(credential)
        if credential.method is not self.method:
            return [FIELD_NAMES["sign_in"]]
        return [FIELD_NAMES[name] for name, value in now.items() if value != self.fields.get(name)]


@dataclass(frozen=True, slots=True)
class SwitchReceipt:
    """One switch of a server: from which credential to which, when, and whether it was undone."""

    run_id: uuid.UUID
    run_version: int
    server_id: uuid.UUID
    before: SwitchSide
    after: SwitchSide
    switched_at: datetime
    open_requests: int
    base_url: str
    """The address of the server then."""
    undone_at: datetime | None = None

    @property
    def in_effect(self) -> bool:
        """Whether it was not undone."""
        return self.undone_at is None

    @classmethod
    def of(cls, run: TaskRun) -> "SwitchReceipt":
        """Return the receipt in a run."""
        report: UncheckedJson = json.loads(run.report)
        undone = report.get("undone_at")
        assert run.object_id is not None  # noqa: S101 -- every run of this task has one
        return cls(
            run_id=run.id,
            run_version=run.version,
            server_id=run.object_id,
            before=SwitchSide.from_dict(report["before"]),
            after=SwitchSide.from_dict(report["after"]),
            switched_at=run.started_at,
            open_requests=int(report["open_requests"]),
            base_url=report["base_url"],
            undone_at=datetime.fromisoformat(undone) if undone else None,
        )

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the receipt for JSON."""
        return {
            "run": str(self.run_id),
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
            "switched_at": self.switched_at.isoformat(),
            "open_requests": self.open_requests,
            "base_url": self.base_url,
            "undone_at": self.undone_at.isoformat() if self.undone_at is not None else None,
        }


def add_receipt(
    work: UnitOfWork,
    server: ForeignSystem,
    before: UserCredential,
    after: UserCredential,
    open_requests: int,
    actor: str,
) -> SwitchReceipt:
    """Store the receipt of a switch within the transaction that makes it."""
    now = utcnow()
    run = TaskRun(
        task=TASK_ID,
        object_kind=Kind.FOREIGN_SYSTEM.value,
        object_id=server.id,
        object_name=server.name[:NAME_MAX],
        state=TaskState.SUCCEEDED,
        started_by=actor[:NAME_MAX],
        started_at=now,
        ended_at=now,
        outcome=_describe(before.method, after.method),
        report=_report(
            before=SwitchSide.of(before),
            after=SwitchSide.of(after),
            open_requests=open_requests,
            base_url=server.base_url,
        ),
    )
    return SwitchReceipt.of(work.insert(run))


def mark_undone(work: UnitOfWork, receipt: SwitchReceipt) -> SwitchReceipt:
    """Store that a switch was undone, within that transaction. Raises ConflictError when somebody else did so first."""
    run = work.session.get(TaskRun, receipt.run_id)
    assert run is not None  # noqa: S101 -- runs are not removed
    work.session.expunge(run)
    now = utcnow()
    run.state, run.ended_at = TaskState.CANCELLED, now
    run.report = _report(
        before=receipt.before,
        after=receipt.after,
        open_requests=receipt.open_requests,
        base_url=receipt.base_url,
        undone_at=now,
    )
    return SwitchReceipt.of(work.update(run, receipt.run_version))


def last_switch(store: Store, server_id: uuid.UUID) -> SwitchReceipt | None:
    """Return the newest switch of a server, undone or not, or None; blocks."""
    with store.read() as session:
        return last_switch_in(session, server_id)


def last_switch_in(session: Session, server_id: uuid.UUID) -> SwitchReceipt | None:
    """As `last_switch`, within a session."""
    runs = (
        select(TaskRun)
        .where(TaskRun.task == TASK_ID, TaskRun.object_id == server_id)
        # Two switches of one moment: the one that stands was inserted later, and undone ones do not stand.
        .order_by(col(TaskRun.started_at).desc(), col(TaskRun.state).desc())
        .limit(1)
    )
    run = session.exec(runs).first()
    return SwitchReceipt.of(run) if run is not None else None


def failed_poll_since(store: Store, receipt: SwitchReceipt) -> str:
    """Return the fault id of the last poll of a server when it failed since a switch, or an empty text; blocks.

    A switch clears what was known of polls that failed before it.
    """
    with store.read() as session:
        return _failed_poll_in(session, receipt)


def find_failed_poll(store: Store, server_id: uuid.UUID) -> str:
    """As `failed_poll_since`, for the switch of a server that is in effect; empty where none is; blocks."""
    with store.read() as session:
        receipt, server = last_switch_in(session, server_id), session.get(ForeignSystem, server_id)
        if receipt is None or server is None or server.credential_id != receipt.after.credential_id:
            return ""
        return _failed_poll_in(session, receipt)


def _failed_poll_in(session: Session, receipt: SwitchReceipt) -> str:
    if not receipt.in_effect:
        return ""
    polled = load_polled_server(session, receipt.server_id)
    return polled.fault if polled.failures else ""


def _describe(before: SignInMethod, after: SignInMethod) -> str:
    return f"{METHODS[before].label} -> {METHODS[after].label}"


def _sign_in_fields(credential: UserCredential) -> dict[str, JsonLike]:
    used = METHODS[credential.method].fields
    values: dict[str, JsonLike] = {"account": credential.account}
    return values | {name: getattr(credential, name) for name in FIELD_NAMES if name in used}


def _report(
    *,
    before: SwitchSide,
    after: SwitchSide,
    open_requests: int,
    base_url: str,
    undone_at: datetime | None = None,
) -> str:
    values: dict[str, JsonLike] = {
        "before": before.as_dict(),
        "after": after.as_dict(),
        "open_requests": open_requests,
        "base_url": base_url,
        "undone_at": undone_at.isoformat() if undone_at is not None else None,
    }
    return json.dumps(values, ensure_ascii=False)
