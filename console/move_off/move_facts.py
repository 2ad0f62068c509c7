"""What the store and the vault know about moving one server to another sign-in."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlmodel import col, select

from models.approval_process import ApprovalProcess
from models.approval_type import ApprovalType
from models.base import utcnow
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.secret_names import SECRET_FORMS
from models.sign_in import METHODS, SignInMethod
from models.task_run import TaskRun
from models.user_credential import UserCredential
from services.configuration.open_requests_guard import count_open_requests
from services.requests.polling.poll_state import load_polled_server, local_polled_at
from services.sign_in_probe import SignInProbe
from services.sign_in_switch.probe_records import last_probe, read_probed_sign_in
from services.sign_in_switch.rehearsal_records import TASK_ID, SignInRehearsal, last_rehearsal
from services.sign_in_switch.switch_records import SwitchReceipt, failed_poll_since, last_switch

if TYPE_CHECKING:
    from sqlmodel import Session

    from services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class MoveFacts:
    """What is known. `server` is None where it was deleted."""

    server: ForeignSystem | None
    source: UserCredential | None = None
    """The credential before the switch."""
    target: UserCredential | None = None
    """The one that was chosen, or that the server was switched to."""
    missing: tuple[str, ...] = ()
    """Labels of the target's secrets that cannot be used for this server."""
    receipt: SwitchReceipt | None = None
    """The switch in effect."""
    open_requests: int = 0
    next_poll_s: int | None = None
    before: SignInRehearsal | None = None
    after: SignInRehearsal | None = None
    probe: SignInProbe | None = None
    """The newest probe of the target as it is now."""
    failed_poll: str = ""
    """The fault id of the last poll, where it failed since the switch."""
    has_password: bool = False
    """Whether the vault still has the password of `source`."""
    can_rehearse: bool = False
    """Whether an Approval Type leads to an Approval Process of this server."""

    @property
    def lacks_certificate(self) -> bool:
        """Whether the target signs in with a client certificate and the server has none."""
        is_certificate = self.target is not None and self.target.method is SignInMethod.CERTIFICATE
        return is_certificate and self.server is not None and not self.server.client_certificate


def load_move_facts(workspace: "Workspace", server_id: uuid.UUID, target_id: uuid.UUID | None) -> MoveFacts:
    """Read what is known; blocks. Without `target_id` the target is the one of the switch or of the last rehearsal."""
    store = workspace.store
    found = last_switch(store, server_id)
    with store.read() as session:
        server = session.get(ForeignSystem, server_id)
        if server is None:
            return MoveFacts(None)
        in_effect = (
            found is not None and found.in_effect and server.credential_id == found.after.credential_id
        )
        receipt = found if in_effect else None
        source_id = receipt.before.credential_id if receipt is not None else server.credential_id
        source = session.get(UserCredential, source_id) if source_id is not None else None
        wanted = receipt.after.credential_id if receipt is not None else target_id
        if wanted is None:
            wanted = _rehearsed_target(session, server)
        target = session.get(UserCredential, wanted) if wanted is not None else None
        if target is not None and target.id == source_id:
            target = None
        counted = count_open_requests(session, Kind.FOREIGN_SYSTEM, server_id)
        can_rehearse = _has_type(session, server_id)
        next_poll_s = _next_poll_s(session, server) if counted.count else None
    return MoveFacts(
        server=server,
        source=source,
        target=target,
        missing=_missing_secrets(workspace, server, target),
        receipt=receipt,
        open_requests=counted.count,
        next_poll_s=next_poll_s,
        before=last_rehearsal(store, server_id, source) if source is not None else None,
        after=last_rehearsal(store, server_id, target) if target is not None else None,
        probe=_last_probe(workspace, server, target),
        failed_poll=failed_poll_since(store, receipt) if receipt is not None else "",
        has_password=source is not None and workspace.vault.state(source.id, source.name).present,
        can_rehearse=can_rehearse,
    )


def _rehearsed_target(session: "Session", server: ForeignSystem) -> uuid.UUID | None:
    """Return the credential of the newest rehearsal that was made with another one than the server's."""
    runs = (
        select(TaskRun)
        .where(TaskRun.task == TASK_ID, TaskRun.object_id == server.id)
        .order_by(col(TaskRun.started_at).desc())
        .limit(10)
    )
    made = (SignInRehearsal.of(run).credential_id for run in session.exec(runs))
    return next((one for one in made if one != server.credential_id), None)


def _last_probe(
    workspace: "Workspace", server: ForeignSystem, target: UserCredential | None
) -> SignInProbe | None:
    if target is None:
        return None
    return last_probe(workspace.store, server, read_probed_sign_in(workspace.vault, server, target))


def _has_type(session: "Session", server_id: uuid.UUID) -> bool:
    processes = select(ApprovalProcess.id).where(ApprovalProcess.server_id == server_id)
    types = select(ApprovalType.id).where(col(ApprovalType.process_id).in_(processes)).limit(1)
    return session.exec(types).first() is not None


def _next_poll_s(session: "Session", server: ForeignSystem) -> int | None:
    polled_at = local_polled_at(load_polled_server(session, server.id))
    if polled_at is None:
        return None
    due = polled_at + timedelta(seconds=server.minimum_interval_s)
    return max(round((due - utcnow()).total_seconds()), 0)


def _missing_secrets(
    workspace: "Workspace", server: ForeignSystem, target: UserCredential | None
) -> tuple[str, ...]:
    """Return the labels of required secrets that are not stored, or are bound to other destinations only."""
    if target is None:
        return ()
    missing = []
    for name in METHODS[target.method].required_secrets:
        state = workspace.vault.state(target.id, target.name, secret_name=name)
        if not state.present or (state.destinations and not state.covers(server.destination)):
            missing.append(SECRET_FORMS[name].label)
    return tuple(missing)
