"""Takes a set-up of the Privilege Manager side back: the policy on the server, the intake clients, the objects here.

The policy comes first, while its server can still be reached. Every step looks whether it was done before, so that an
undo that stopped is gone on with by doing it again.
"""

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from models.intake_client import IntakeClient
from models.kinds import KINDS, Kind
from models.privilege_manager_server import PrivilegeManagerServer
from models.tables import model_for_kind
from services.actions.progress import load_progress
from services.common.errors import InUseError, Problem
from services.common.progress import Progress, ignore_progress
from services.intake.clients import IntakeClients, forget_webhook_secret
from services.language import tr_message
from services.policies import PolicyService
from services.policies.runs import StepState
from services.policies.undo import undo as undo_policy_run
from services.setup.privilege_manager_run import OBJECT_KINDS, SetUpRun, to_json_value
from services.store.errors import NotFoundError

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from services.configuration import Configuration
    from services.privilege_manager import PrivilegeManagerClient
    from services.store import Store
    from services.vault import Vault


class SetUpWorkspace(Protocol):
    """What this works with."""

    store: "Store"
    vault: "Vault"
    configuration: "Configuration"

    async def privilege_manager(self, server_id: uuid.UUID) -> "PrivilegeManagerClient":
        """Return the client of a server."""

    def delete(
        self, kind: Kind, object_id: uuid.UUID, base_version: int, *, confirmed: int | None = None
    ) -> Problem | None:
        """Delete an object and its password."""


@dataclass(slots=True)
class SetUpUndo:
    """What became of an undo. Texts are messages."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """What stays, each with the reason."""


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What an undo is going to do."""

    policy_runs: int
    clients: list[IntakeClient]
    made: list[tuple[Kind, str]]
    """The objects that it deletes, in its order."""
    changed: bool
    """Whether values of other objects are set back."""


def preview_undo(store: "Store", run: SetUpRun) -> UndoPreview:
    """Return what an undo is going to do; blocks."""
    made = [(kind, run.made[kind]) for kind in reversed(OBJECT_KINDS) if kind in run.made]
    return UndoPreview(len(run.policy_runs()), _clients(store, run), made, bool(run.changed))


async def undo_set_up(
    workspace: SetUpWorkspace,
    run: SetUpRun,
    *,
    confirmed: int = 0,
    progress: Progress = ignore_progress,
) -> SetUpUndo:
    """Take a set-up back and return what was done and what stays.

    `confirmed` is how many open requests may be left without a policy or server. Raises RequestsOpenError for more of
    them, and ConsoleError where the server cannot be reached while the policy has to be taken back.
    """
    result = SetUpUndo()
    await _undo_policy(workspace, run, result, confirmed, progress)
    await asyncio.to_thread(_note_copy, workspace.store, run, result)
    await asyncio.to_thread(_undo_here, workspace, run, result, confirmed)
    await asyncio.to_thread(run.finish_undo, f"{len(result.done)} taken back, {len(result.left)} left")
    return result


async def _undo_policy(
    workspace: SetUpWorkspace, run: SetUpRun, result: SetUpUndo, confirmed: int, progress: Progress
) -> None:
    runs = await asyncio.to_thread(run.policy_runs)
    if not runs:
        return
    server = await asyncio.to_thread(workspace.configuration.get, PrivilegeManagerServer, run.server_id)
    client = await workspace.privilege_manager(run.server_id)
    service = PolicyService(workspace.store, server, client)
    for one in runs:
        undone = await undo_policy_run(service, one.id, confirmed=confirmed, progress=progress)
        if undone.restored:
            result.done.append(
                tr_message("Policy “{name}” on the server: actions and status as before", name=one.name)
            )
        if not undone.ok:
            result.left.append(
                tr_message("Policy “{name}” on the server: others changed it since", name=one.name)
            )
        elif any(step.state is StepState.LEFT for step in undone.left):
            result.left.append(
                tr_message(
                    "Policy “{name}” on the server: it is inactive; delete it in Privilege Manager",
                    name=one.name,
                )
            )


def _note_copy(store: "Store", run: SetUpRun, result: SetUpUndo) -> None:
    known = load_progress(store, run.objects[Kind.ACTION])
    if Kind.ACTION in run.made and known.imported_at is not None:
        result.left.append(
            tr_message(
                "Action “{name}” on the server ({id}): delete it in Privilege Manager",
                name=run.made[Kind.ACTION],
                id=known.item_id,
            )
        )


def _undo_here(workspace: SetUpWorkspace, run: SetUpRun, result: SetUpUndo, confirmed: int) -> None:
    clients = IntakeClients(workspace.store)
    for client in _clients(workspace.store, run):
        clients.remove(client.name)
        forget_webhook_secret(client, workspace.vault)
        result.done.append(tr_message("Intake client “{name}”: removed", name=client.name))
    for kind in reversed(OBJECT_KINDS):
        item = _stored(workspace.configuration, kind, run.objects[kind])
        if item is None:
            continue
        if kind in run.made:
            _delete(workspace, item, result, confirmed)
        else:
            _set_back(workspace.configuration, item, run, result, confirmed)


def _delete(
    workspace: SetUpWorkspace, item: "ConfigurationObject", result: SetUpUndo, confirmed: int
) -> None:
    kind = KINDS[item.kind].singular
    try:
        problem = workspace.delete(item.kind, item.id, item.version, confirmed=confirmed)
    except InUseError as error:
        users = ", ".join(one.name for one in error.users)
        result.left.append(
            tr_message("{kind} “{name}”: used by {users}", kind=kind, name=item.name, users=users)
        )
        return
    result.done.append(tr_message("{kind} “{name}”: deleted", kind=kind, name=item.name))
    if problem is not None:
        result.left.append(
            tr_message(
                "The password of “{name}” stays in the vault: {cause}", name=item.name, cause=problem.cause
            )
        )


def _set_back(
    configuration: "Configuration",
    item: "ConfigurationObject",
    run: SetUpRun,
    result: SetUpUndo,
    confirmed: int,
) -> None:
    """Give an object the values that it had, unless others changed them since."""
    mine = [one for one in run.changed if one.object_id == item.id]
    now = {one.field: getattr(item, one.field) for one in mine}
    back = [one for one in mine if to_json_value(now[one.field]) == one.after]
    kind = KINDS[item.kind].singular
    if len(back) < len(mine):
        result.left.append(tr_message("{kind} “{name}”: others changed it since", kind=kind, name=item.name))
    if not back:
        return
    for one in back:
        is_id = one.field.endswith("_id") and one.before
        setattr(item, one.field, uuid.UUID(str(one.before)) if is_id else one.before)
    configuration.save(item, "Set-up of Privilege Manager undone", confirmed=confirmed)
    result.done.append(tr_message("{kind} “{name}”: as before", kind=kind, name=item.name))


def _clients(store: "Store", run: SetUpRun) -> list[IntakeClient]:
    """Return the intake clients that go with the server of a set-up: they were added for it, and need it."""
    if Kind.PRIVILEGE_MANAGER_SERVER not in run.made:
        return []
    return [
        client
        for client in IntakeClients(store).find_for_server(run.server_id)
        if client.created_at >= run.row.started_at
    ]


def _stored(configuration: "Configuration", kind: Kind, key: uuid.UUID) -> "ConfigurationObject | None":
    try:
        return configuration.get(model_for_kind(kind), key)
    except NotFoundError:
        return None
