"""Applies a document with calls to ServiceNow: finds Request Items by their contract, binds secrets."""

import asyncio
import uuid
from typing import TypeVar

from models.addresses import Destination
from models.approval_process import ApprovalProcess
from models.base import ConfigurationObject
from models.foreign_system import ForeignSystem
from models.secret_names import SecretName
from models.servers import Server
from models.user_credential import UserCredential
from services.common.errors import (
    ConflictError,
    ConsoleError,
    InputError,
    InvalidError,
    Owner,
    Problem,
    ReplyError,
    RequestsOpenError,
    UnreachableError,
)
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.credential_secrets import bind_secrets, unbind_secrets
from services.credential_sign_in import (
    read_own_certificate_passphrase,
    read_password_sign_in,
    read_sign_in,
)
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.request_item_search import Catalogue, RequestItem
from services.transfer.apply_plan import (
    DocumentPlan,
    ObjectChange,
    apply_plan,
    raise_for_open_requests,
    refresh_plan,
)
from services.transport.sign_in import ServerSignIn
from services.workspace import Workspace

T = TypeVar("T", bound=ConfigurationObject)
_Bound = tuple[UserCredential, Destination, tuple[SecretName, ...]]
"""Secrets of a credential that were bound to a destination on the way."""
APPLY_ATTEMPTS = 5
"""How often a document is compared again when others write meanwhile."""


async def apply_online(made: DocumentPlan, workspace: Workspace, *, confirmed: int | None = None) -> None:
    """Apply a plan: find request items, store everything in one transaction, bind secrets to the servers applied.

    `made` contains afterwards what was done. An item that cannot be found now, because the instance is unreachable or
    does not have it yet, stays unresolved with a warning; the next apply, provisioning or check resolves it. Raises
    InputError when several items fit, RefusedError, and the errors of `apply`; nothing is changed then, and no secret
    is bound to a server that is not stored.
    """
    for left in reversed(range(APPLY_ATTEMPTS)):
        try:
            await _resolve_and_store(made, workspace, confirmed)
            break
        except (ConflictError, InvalidError):
            # Somebody stored something since the comparison; perhaps the same document, and nothing is left to do.
            if not left:
                raise
            await asyncio.to_thread(refresh_plan, made, workspace.configuration)
    made.warnings += await asyncio.to_thread(_bind_secrets_of_servers, made, workspace)


async def _resolve_and_store(made: DocumentPlan, workspace: Workspace, confirmed: int | None) -> None:
    raise_for_open_requests(made, confirmed)
    bound: list[_Bound] = []
    planned = _Planned(made, workspace)
    try:
        for change in made.changes:
            if isinstance(change.item, ApprovalProcess):
                await _resolve_request_item(change, change.item, planned, bound)
        await asyncio.to_thread(apply_plan, made, workspace.configuration, confirmed=confirmed)
    except BaseException:
        for credential, place, names in bound:
            await asyncio.to_thread(unbind_secrets, workspace.vault, credential, place, names)
        raise


async def _resolve_request_item(
    change: ObjectChange, item: ApprovalProcess, planned: "_Planned", bound: list[_Bound]
) -> None:
    """Fill in the sys_id of a request item that is named without one: found by its contract on its server."""
    if not item.request_item_name or item.request_item_id or item.server_id is None:
        return
    made, vault = planned.made, planned.workspace.vault
    server, credential = await asyncio.to_thread(planned.server, item.server_id)

    async def bind(chosen: UserCredential, place: Destination) -> None:
        if names := await asyncio.to_thread(bind_secrets, vault, chosen, place):
            bound.append((chosen, place, names))

    async def sign_in() -> ServerSignIn:
        if credential is None:
            raise _credential_missing_error(server.name)
        await bind(credential, server.destination)
        return await asyncio.to_thread(read_sign_in, vault, credential, server.destination)

    async def proxy_sign_in() -> SignIn:
        of_proxy = await asyncio.to_thread(planned.credential, server.proxy_credential_id)
        place = server.proxy_destination
        assert of_proxy is not None and place is not None  # noqa: S101, PT018 -- asked for only where both are
        await bind(of_proxy, place)
        return await asyncio.to_thread(read_password_sign_in, vault, of_proxy, place)

    async def certificate_passphrase() -> Secret | None:
        # The connection is opened before anything signs in.
        if credential is None:
            return None
        await bind(credential, server.destination)
        return await asyncio.to_thread(read_own_certificate_passphrase, vault, credential, server.destination)

    through = server.proxy_credential_id is not None and server.proxy_destination is not None
    settings = ConnectionSettings.of(
        server,
        proxy_sign_in if through else None,
        certificate_passphrase if server.client_certificate else None,
    )
    try:
        async with ServiceNowClient(settings, sign_in) as instance:
            exact = await find_candidate_items(instance, item)
            doubt = "" if exact else (await Catalogue(instance).visibility()).sentence
    except (UnreachableError, ReplyError) as error:
        made.warnings.append(
            _unresolved_text(item, f"{server.name} could not be asked. {error.problem.cause}")
        )
        return
    if not exact:
        why = _item_match_error(item, server.name, 0).problem.evidence
        made.warnings.append(_unresolved_text(item, f"{server.name}: {_with_doubt(why, doubt)}."))
        return
    if len(exact) > 1:
        raise _item_match_error(item, server.name, len(exact))
    _set_request_item_id(change, item, exact[0].sys_id)


async def find_candidate_items(instance: ServiceNowClient, process: ApprovalProcess) -> list[RequestItem]:
    """Return the items that match the name of a process's Request Item: those of exactly that name, else all that fit."""
    name = process.request_item_name
    found = await Catalogue(instance).find_by_contract(name, process.request_item_category)
    return [one for one in found if one.name.casefold() == name.casefold()] or found


async def resolve_request_items(
    workspace: Workspace, instance: ServiceNowClient, server_id: uuid.UUID
) -> list[str]:
    """Resolve the request items of a server's processes that are named without a sys_id, where one item fits.

    Returns a sentence for each: what was chosen, or why nothing was. Raises the errors of the connection.
    """
    said = []
    for process in await asyncio.to_thread(_unresolved_processes, workspace, server_id):
        fitting = await find_candidate_items(instance, process)
        if len(fitting) != 1:
            why = _item_match_error(process, instance.settings.name, len(fitting)).problem.evidence
            doubt = "" if fitting else (await Catalogue(instance).visibility()).sentence
            said.append(_unresolved_text(process, f"{_with_doubt(why, doubt)}."))
            continue
        [item] = fitting
        chosen = type(process)(**{**process.model_dump(), "request_item_id": item.sys_id})
        try:
            await asyncio.to_thread(workspace.configuration.save, chosen)
        except (RequestsOpenError, ConflictError) as error:
            said.append(_unresolved_text(process, error.problem.cause))
            continue
        said.append(f"{process.name}: the Request Item “{item.name}” is resolved, sys_id {item.sys_id}.")
    return said


async def try_resolve_request_items(workspace: Workspace, server_id: uuid.UUID) -> list[str]:
    """Resolve items after something else that succeeded, which counts also where this fails; returns what to tell."""
    try:
        if not await asyncio.to_thread(_unresolved_processes, workspace, server_id):
            return []
        return await resolve_request_items(workspace, await workspace.instance(server_id), server_id)
    except ConsoleError as error:
        return [f"Request Items were not looked for: {error.problem.cause}"]


def _unresolved_processes(workspace: Workspace, server_id: uuid.UUID) -> list[ApprovalProcess]:
    return [
        one
        for one in workspace.configuration.all(ApprovalProcess)
        if one.server_id == server_id and one.request_item_name and not one.request_item_id
    ]


def _with_doubt(why: str, doubt: str) -> str:
    return f"{why}. {doubt}" if doubt else why


def _unresolved_text(process: ApprovalProcess, why: str) -> str:
    return (
        f"{process.name}: the Request Item “{process.request_item_name}” is not resolved yet. {why}"
        " The next config apply, provisioning or check resolves it."
    )


def _set_request_item_id(change: ObjectChange, item: ApprovalProcess, sys_id: str) -> None:
    before = change.fields.pop("request_item_id", (item.request_item_id, None))[0]
    item.request_item_id = sys_id
    if before != sys_id:
        change.fields["request_item_id"] = (before, sys_id)
    if change.operation != "create":
        change.operation = "update" if change.fields else "keep"


class _Planned:
    """Objects as they will be after a plan: those of the document, and what is stored of all others."""

    def __init__(self, made: DocumentPlan, workspace: Workspace) -> None:
        self.made = made
        self.workspace = workspace
        self._items = {change.item.id: change.item for change in made.changes}

    def server(self, server_id: uuid.UUID) -> tuple[ForeignSystem, UserCredential | None]:
        """Return a server and its credential."""
        server = self._object(ForeignSystem, server_id)
        return server, self.credential(server.credential_id)

    def credential(self, credential_id: uuid.UUID | None) -> UserCredential | None:
        """Return a credential, or None for no id."""
        return None if credential_id is None else self._object(UserCredential, credential_id)

    def _object(self, model: type[T], object_id: uuid.UUID) -> T:
        item = self._items.get(object_id)
        return item if isinstance(item, model) else self.workspace.configuration.get(model, object_id)


def _bind_secrets_of_servers(made: DocumentPlan, workspace: Workspace) -> list[str]:
    """Bind secrets that are for no server yet to the servers applied; returns a sentence for each that is not usable.

    Applying a document that names both is the explicit act that a first binding takes. A proxy or CA bundle that a
    document changes is none: it may have been written by somebody else, so the secrets are to be entered again.
    """
    warnings = []
    planned = _Planned(made, workspace)
    for change in made.changes:
        server = change.item
        if not isinstance(server, Server):
            continue
        for credential_id in dict.fromkeys((server.credential_id, server.proxy_credential_id)):
            credential = planned.credential(credential_id)
            places = server.destinations_for(credential_id) if credential_id is not None else []
            for place in places:
                try:
                    if credential is not None:
                        bind_secrets(workspace.vault, credential, place)
                except ConsoleError as error:
                    warnings.append(f"{error.problem.tried}: {error.problem.cause} {error.problem.remedy}")
    return warnings


def _item_match_error(item: ApprovalProcess, server: str, count: int) -> InputError:
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
            fault=FaultId.REQUEST_ITEM_NOT_FOUND,
        )
    )


def _credential_missing_error(name: str) -> InputError:
    return InputError(
        Problem(
            tried=f"Sign in to “{name}”",
            evidence="The server has no credential, and a Request Item is to be found on it.",
            cause="An instance answers signed-in accounts only.",
            owner=Owner.CONSOLE,
            remedy="Name a credential on the server, or the item's sys_id in the document.",
            fault=FaultId.CREDENTIAL_MISSING,
        )
    )
