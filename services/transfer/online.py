"""What applying a document does beyond the store: finding request items by their contract, binding passwords."""

import asyncio
import uuid

from models.addresses import Origin
from models.approval_process import ApprovalProcess
from models.base import Item
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.user_credential import UserCredential
from services.catalogue import Catalogue
from services.errors import ConsoleError, InputError, Owner, Problem
from services.servicenow import ConnectionSettings, Instance, SignIn
from services.transfer.planning import Change, Plan, apply
from services.workspace import Workspace


async def apply_online(made: Plan, workspace: Workspace) -> None:
    """Apply a plan: find request items, store everything in one transaction, bind passwords to the servers applied.

    `made` says afterwards what was done. Raises InputError when an item cannot be found, the errors of the connection
    and those of `apply`; nothing is changed then, and no password is bound to a server that is not stored.
    """
    bound: list[tuple[UserCredential, Origin]] = []
    try:
        for change in made.changes:
            if isinstance(change.item, ApprovalProcess):
                await _find(change, change.item, made, workspace, bound)
        await asyncio.to_thread(apply, made, workspace.configuration)
    except BaseException:
        for credential, origin in bound:
            await asyncio.to_thread(workspace.vault.unbind, credential.id, credential.name, origin)
        raise
    made.warnings += await asyncio.to_thread(_bind_passwords, made, workspace)


async def _find(
    change: Change,
    item: ApprovalProcess,
    made: Plan,
    workspace: Workspace,
    bound: list[tuple[UserCredential, Origin]],
) -> None:
    """Fill in the sys_id of a request item that is named without one: found by its contract on its server."""
    if not item.request_item_name or item.request_item_id or item.server_id is None:
        return
    server, credential = await asyncio.to_thread(_server_of, made, workspace, item.server_id)

    async def sign_in() -> SignIn:
        if credential is None:
            raise _no_credential(server.name)
        if await asyncio.to_thread(_bind, workspace, credential, server):
            bound.append((credential, server.origin))
        secret = await asyncio.to_thread(workspace.vault.get, credential.id, credential.name, server.origin)
        return SignIn(credential.account, secret)

    async with Instance(ConnectionSettings.of(server), sign_in) as instance:
        found = await Catalogue(instance).find_by_contract(item.request_item_name, item.request_item_category)
    exact = [f for f in found if f.name.casefold() == item.request_item_name.casefold()] or found
    if len(exact) != 1:
        raise _not_one(item, server.name, len(exact))
    _fill_in(change, item, exact[0].sys_id)


def _fill_in(change: Change, item: ApprovalProcess, sys_id: str) -> None:
    before = change.fields.pop("request_item_id", (item.request_item_id, None))[0]
    item.request_item_id = sys_id
    if before != sys_id:
        change.fields["request_item_id"] = (before, sys_id)
    if change.operation != "create":
        change.operation = "update" if change.fields else "keep"


def _server_of(
    made: Plan, workspace: Workspace, server_id: uuid.UUID
) -> tuple[ForeignSystem, UserCredential | None]:
    """Return a server and its credential as they will be after the plan."""
    server = _planned(made, workspace, Kind.FOREIGN_SYSTEM, server_id)
    assert isinstance(server, ForeignSystem)  # noqa: S101 -- narrows for the type checker
    if server.credential_id is None:
        return server, None
    credential = _planned(made, workspace, Kind.USER_CREDENTIAL, server.credential_id)
    assert isinstance(credential, UserCredential)  # noqa: S101 -- narrows for the type checker
    return server, credential


def _planned(made: Plan, workspace: Workspace, kind: Kind, object_id: uuid.UUID) -> Item:
    planned = next((c.item for c in made.changes if c.item.id == object_id), None)
    return planned or workspace.configuration.get(kind, object_id)


def _bind_passwords(made: Plan, workspace: Workspace) -> list[str]:
    """Bind passwords that are for no server yet to the servers applied; returns a sentence for each that is not usable."""
    warnings = []
    for change in made.changes:
        server = change.item
        if not isinstance(server, ForeignSystem) or server.credential_id is None:
            continue
        credential = workspace.configuration.get(Kind.USER_CREDENTIAL, server.credential_id)
        try:
            if isinstance(credential, UserCredential):
                _bind(workspace, credential, server)
        except ConsoleError as error:
            warnings.append(f"{error.problem.tried}: {error.problem.cause} {error.problem.remedy}")
    return warnings


def _bind(workspace: Workspace, credential: UserCredential, server: ForeignSystem) -> bool:
    """Bind a password to a server, and say whether it was bound to none before.

    Applying a document that names both is the explicit act that a first binding takes.
    """
    if server.origin in workspace.vault.state(credential.id, credential.name).origins:
        return False
    workspace.vault.bind(credential.id, credential.name, server.origin)
    return True


def _not_one(item: ApprovalProcess, server: str, count: int) -> InputError:
    asked = f"a name that contains “{item.request_item_name}”"
    if item.request_item_category:
        asked += f", in the category “{item.request_item_category}”,"
    seen = f"{count} items fit, with {asked} and with" if count else f"no active item with {asked} carries"
    return InputError(
        Problem(
            tried=f"Find the Request Item “{item.request_item_name}” on {server}",
            evidence=f"{seen} all variables of the contract",
            cause="The document leaves the sys_id out, so the item is found by its contract.",
            owner=Owner.SERVICENOW if not count else Owner.CONSOLE,
            remedy="Name the item's sys_id in the document, or create the item on the instance.",
            fault="request-item-not-found",
        )
    )


def _no_credential(name: str) -> InputError:
    return InputError(
        Problem(
            tried=f"Sign in to “{name}”",
            evidence="The server has no credential, and a Request Item is to be found on it.",
            cause="An instance answers signed-in accounts only.",
            owner=Owner.CONSOLE,
            remedy="Name a credential on the server, or the item's sys_id in the document.",
            fault="credential-missing",
        )
    )
