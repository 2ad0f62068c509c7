"""The switch: a ServiceNow server signs in with another credential, in one transaction, and back with its undo.

Open requests are not touched: they belong to the instance, which stays the same. Running clients finish their calls with
the former credential; `Workspace.instance` returns a new client from then on.
"""

import uuid
from contextlib import ExitStack
from dataclasses import dataclass

from sqlmodel import Session

from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.secret_names import SecretName
from models.user_credential import UserCredential
from services.common.errors import ConflictError, OpenRequests
from services.common.json_types import JsonLike
from services.configuration.object_reader import get_object
from services.configuration.open_requests_guard import count_open_requests
from services.requests.polling.poll_state import clear_pause
from services.sign_in_switch import problems
from services.sign_in_switch.bound_secrets import bound_secrets
from services.sign_in_switch.checklist import ChecklistEntry, build_checklist
from services.sign_in_switch.probe_records import read_probed_sign_in, require_good_probe
from services.sign_in_switch.requirements import refuse_impossible, require_usable_sign_in
from services.sign_in_switch.switch_records import SwitchReceipt, add_receipt, last_switch_in, mark_undone
from services.store.unit_of_work import UnitOfWork
from services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """What a switch would change, as it was read; nothing is written."""

    server: ForeignSystem
    before: UserCredential
    after: UserCredential
    open_requests: OpenRequests
    checklist: tuple[ChecklistEntry, ...]

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the plan for JSON."""
        return {
            "server": self.server.name,
            "credential_now": {"name": self.before.name, "sign_in": self.before.sign_in},
            "credential_then": {"name": self.after.name, "sign_in": self.after.sign_in},
            "open_requests": self.open_requests.count,
            "checklist": [entry.as_dict() for entry in self.checklist],
        }


def plan_switch(workspace: Workspace, server_id: uuid.UUID, credential_id: uuid.UUID) -> SwitchPlan:
    """Return what switching a server to a credential would change; blocks.

    Raises NotFoundError, and `sign-in-switch-refused` where the server has no credential, or this one already.
    """
    with workspace.store.read() as session:
        server = get_object(session, ForeignSystem, server_id)
        after = get_object(session, UserCredential, credential_id)
        before = _current_credential(session, server)
        refuse_impossible(server, before, after, problems.switch_text(server.name))
        counted = count_open_requests(session, Kind.FOREIGN_SYSTEM, server.id)
    return SwitchPlan(server, before, after, counted, build_checklist(after.method, after))


def switch_sign_in(workspace: Workspace, plan: SwitchPlan, *, confirmed: int) -> SwitchReceipt:
    """Make the switch of a plan in one transaction, with a receipt for its undo; blocks.

    Every secret of the new credential has to be usable for the server before: raises SecretMissingError and
    SecretNotForHostError else, and a `certificate-…` fault for a client certificate that cannot be used. Secrets that were
    entered for no server yet are bound to this one. Raises `sign-in-switch-refused` unless the last probe of this sign-in is
    kept and good, ConflictError when the server or one of the credentials was changed since the plan, and RequestsOpenError
    when more requests are open than `confirmed`. Store and vault are as before after an error.
    """
    store, server, after = workspace.store, plan.server, plan.after
    note = f"Sign-in switched from “{plan.before.name}” to “{after.name}”"
    with bound_secrets(workspace.vault, after, server.destination):
        require_usable_sign_in(workspace.vault, server, after, problems.switch_text(server.name))
        probed = read_probed_sign_in(workspace.vault, server, after)
        with store.write(note) as work:
            _require_unchanged(work.session, plan.before)
            _require_unchanged(work.session, after)
            require_good_probe(work.session, server, after, probed)
            changed = ForeignSystem.of_values(server.model_dump())
            changed.credential_id = after.id
            saved = workspace.configuration.save_in(
                work, changed, base=server.model_dump(), confirmed=confirmed
            )
            count = count_open_requests(work.session, Kind.FOREIGN_SYSTEM, server.id).count
            _announce(work, saved, "switch sign-in", f"{plan.before.name} -> {after.name}")
            return add_receipt(work, saved, plan.before, after, count, store.actor)


def undo_switch(workspace: Workspace, server_id: uuid.UUID) -> SwitchReceipt:
    """Undo the last switch of a server in one transaction: it has its former credential again; blocks.

    Raises `sign-in-switch-not-found` where none is in effect; `sign-in-switch-refused` when the server chose another
    credential since, has another address, or has no client certificate that is needed, and when the former credential was
    deleted or signs in otherwise; and as `switch_sign_in` where secrets or the client certificate cannot be used. Store and
    vault are as before after an error.
    """
    store = workspace.store
    with store.read() as session:
        server, before, _ = _read_undo(session, server_id)
    require_usable_sign_in(workspace.vault, server, before, problems.undo_text(server.name))
    with store.write(f"Switch of the sign-in undone: “{before.name}” again") as work:
        stored, _, receipt = _read_undo(work.session, server_id)
        work.session.expunge(stored)
        if (stored.destination, stored.client_certificate) != (server.destination, server.client_certificate):
            raise ConflictError(
                base=server.model_dump(), mine=server.model_dump(), theirs=stored.model_dump()
            )
        _require_unchanged(work.session, before)
        count = count_open_requests(work.session, Kind.FOREIGN_SYSTEM, server_id).count
        stored.credential_id = before.id
        # Whoever was allowed to switch may go back: the same requests were confirmed then.
        saved = workspace.configuration.save_in(work, stored, confirmed=count)
        _announce(work, saved, "undo switch of sign-in", f"{receipt.after.name} -> {before.name}")
        return mark_undone(work, receipt)


def remove_former_password(workspace: Workspace, server_id: uuid.UUID) -> bool:
    """Remove the password of the credential that a server was switched away from; return whether one was stored; blocks.

    Undo then asks for it again. Raises `sign-in-switch-not-found` where no switch is in effect, and `sign-in-switch-refused`
    while a server, a proxy or a webhook still uses that credential.
    """
    # The vault is put back when the transaction cannot be completed.
    with ExitStack() as stack, workspace.store.write() as work:
        server = get_object(work.session, ForeignSystem, server_id)
        receipt = last_switch_in(work.session, server_id)
        if receipt is None or not receipt.in_effect:
            raise problems.no_switch(server.name)
        before = get_object(work.session, UserCredential, receipt.before.credential_id)
        # Nobody else writes meanwhile: what is unused now stays so until the password is removed.
        users = workspace.destinations_for(before.id)
        if users:
            raise problems.password_in_use(before.name, ", ".join(sorted({str(one.origin) for one in users})))
        kind = Kind.USER_CREDENTIAL.value
        work.event("remove password", kind=kind, object_id=before.id, name=before.name)
        tried = f"Remove the password of “{before.name}”"
        return stack.enter_context(
            workspace.vault.forgetting(before.id, before.name, tried=tried, secret_name=SecretName.PASSWORD)
        )


def _read_undo(session: Session, server_id: uuid.UUID) -> tuple[ForeignSystem, UserCredential, SwitchReceipt]:
    """Return a server, the credential that the undo of its switch returns to, and the switch; raises what refuses it."""
    server = get_object(session, ForeignSystem, server_id)
    receipt = last_switch_in(session, server_id)
    if receipt is None or not receipt.in_effect:
        raise problems.no_switch(server.name)
    if server.credential_id != receipt.after.credential_id:
        raise problems.changed_since(server.name)
    if server.base_url != receipt.base_url:
        raise problems.address_changed(server.name, receipt.base_url, server.base_url)
    before = session.get(UserCredential, receipt.before.credential_id)
    if before is None:
        raise problems.former_deleted(server.name, receipt.before.name)
    if changed := receipt.before.differences(before):
        raise problems.former_changed(server.name, before.name, ", ".join(changed))
    after = get_object(session, UserCredential, receipt.after.credential_id)
    refuse_impossible(server, after, before, problems.undo_text(server.name))
    return server, before, receipt


def _current_credential(session: Session, server: ForeignSystem) -> UserCredential:
    if server.credential_id is None:
        raise problems.no_credential(server.name)
    return get_object(session, UserCredential, server.credential_id)


def _require_unchanged(session: Session, credential: UserCredential) -> None:
    """Raise ConflictError when a credential is not what it was when its secrets were read."""
    stored = get_object(session, UserCredential, credential.id)
    if stored.version != credential.version:
        raise ConflictError(base=None, mine=credential.model_dump(), theirs=stored.model_dump())


def _announce(work: UnitOfWork, server: ForeignSystem, operation: str, detail: str) -> None:
    """Write the audit entry, and let the next poll try the other credential at once."""
    clear_pause(work.session, server.id)
    work.event(
        operation, kind=Kind.FOREIGN_SYSTEM.value, object_id=server.id, name=server.name, detail=detail
    )
