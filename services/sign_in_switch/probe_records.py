"""Probes that are kept, so that a switch can ask for one: each is a Task Run of the server."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlmodel import Session, col, select

from models.base import NAME_MAX, utcnow
from models.foreign_system import ForeignSystem
from models.kinds import Kind, TaskState
from models.task_run import TaskRun
from models.user_credential import UserCredential
from services.common.json_types import JsonObject, UncheckedJson
from services.common.redaction import redact
from services.common.threads import run_to_completion
from services.credential_secrets import read_credential_secrets
from services.sign_in_probe import SignInProbe, find_probed_services, probe_sign_in
from services.sign_in_probe.probe import RowCallback
from services.sign_in_switch import problems
from services.store import Store
from services.vault import Vault
from services.workspace import Workspace

TASK_ID = "probe_sign_in"
VALID_FOR = timedelta(hours=24)
"""How long a probe counts: settings of the instance change without a trace here."""
SAMPLE_SIZE = 100
"""How many probes of a server are looked through for one of the same sign-in."""


@dataclass(frozen=True, slots=True)
class ProbedSignIn:
    """What a probe is about: the credential as it is stored, its secrets, and the way to the server."""

    credential_id: str
    credential_version: int
    secrets_mark: str
    """Changes whenever a secret is entered; empty where the vault does not know."""
    place: str
    client_certificate: str

    def as_dict(self) -> JsonObject:
        """Return it for the report: no part of it says anything of a secret."""
        return {
            "credential": self.credential_id,
            "credential_version": self.credential_version,
            "secrets_mark": self.secrets_mark,
            "place": self.place,
            "client_certificate": self.client_certificate,
        }


def read_probed_sign_in(vault: Vault, server: ForeignSystem, credential: UserCredential) -> ProbedSignIn:
    """Return what a probe of a credential on a server is about now; blocks. Raises VaultError."""
    return ProbedSignIn(
        str(credential.id),
        credential.version,
        read_credential_secrets(vault, credential, only_used=True).version_token,
        str(server.destination),
        server.client_certificate or "",
    )


async def probe_for_switch(
    workspace: Workspace,
    server: ForeignSystem,
    credential: UserCredential,
    *,
    report: RowCallback = lambda _row: None,
) -> SignInProbe:
    """Probe a credential on a server with one sign-in attempt, and keep what was found.

    Raises VaultError and `certificate-of-other-credential` before any call.
    """
    # Secrets that are for no server yet are lent to this one: the switch binds them.
    settings, sign_in = await workspace.signing_in_as(server, credential)
    services = await run_to_completion(lambda: find_probed_services(workspace.configuration, server.id))
    found = await probe_sign_in(settings, sign_in, services, report=report)
    await run_to_completion(lambda: keep_probe(workspace, server, credential, found))
    return found


def keep_probe(
    workspace: Workspace, server: ForeignSystem, credential: UserCredential, probe: SignInProbe
) -> None:
    """Store a probe of a credential on a server; blocks."""
    about = read_probed_sign_in(workspace.vault, server, credential)
    redacted = replace(probe, rows=tuple(replace(row, evidence=redact(row.evidence)) for row in probe.rows))
    run = TaskRun(
        task=TASK_ID,
        object_kind=Kind.FOREIGN_SYSTEM.value,
        object_id=server.id,
        object_name=server.name[:NAME_MAX],
        state=TaskState.SUCCEEDED if probe.is_good else TaskState.FAILED,
        started_by=workspace.store.actor[:NAME_MAX],
        ended_at=probe.at,
        correlation_id=probe.correlation_id,
        report=json.dumps({"about": about.as_dict(), **redacted.as_dict()}, ensure_ascii=False),
    )
    with workspace.store.write(f"Probe of “{credential.name}”") as work:
        work.insert(run)


def last_probe(store: Store, server: ForeignSystem, about: ProbedSignIn) -> SignInProbe | None:
    """Return the newest probe of exactly this sign-in that still counts, good or not, or None; blocks."""
    with store.read() as session:
        return _last_probe_in(session, server, about)


def require_good_probe(
    session: Session, server: ForeignSystem, credential: UserCredential, about: ProbedSignIn
) -> None:
    """Raise `sign-in-switch-refused` unless the newest probe of exactly this sign-in is good."""
    found = _last_probe_in(session, server, about)
    if found is None:
        raise problems.not_probed(server.name, credential.name)
    if not found.is_good:
        raise problems.probe_not_good(server.name, credential.name, found)


def _last_probe_in(session: Session, server: ForeignSystem, about: ProbedSignIn) -> SignInProbe | None:
    runs = (
        select(TaskRun)
        .where(TaskRun.task == TASK_ID, TaskRun.object_id == server.id)
        .where(col(TaskRun.started_at) > utcnow() - VALID_FOR)
        .order_by(col(TaskRun.started_at).desc())
        .limit(SAMPLE_SIZE)
    )
    for run in session.exec(runs):
        report: UncheckedJson = json.loads(run.report)
        if report["about"] == about.as_dict():
            return SignInProbe.parse(report)
    return None
