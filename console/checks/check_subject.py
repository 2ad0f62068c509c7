"""What a check is about: a server as typed or as stored, the process whose services it uses, and the sign-in."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from console.forms import vault_access
from console.runtime import lazy_imports
from services.common.errors import ConsoleError

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.approval_process import ApprovalProcess
    from models.base import ConfigurationObject
    from models.servers import Server
    from services.connectivity import PreviousSignIn
    from services.connectivity.check_history import CheckSignIn, PastCheck
    from services.servicenow import ConnectionSettings
    from services.transport.sign_in import ServerSignInSource

T = TypeVar("T", bound="ConfigurationObject")


@dataclass(frozen=True, slots=True)
class CheckedObjects:
    """The objects that a check is about. `unsaved` marks values that were typed and not saved."""

    server: "Server"
    process: "ApprovalProcess | None"
    unsaved: bool

    @property
    def ids(self) -> frozenset[uuid.UUID | None]:
        """The objects whose change makes the result stale."""
        return frozenset(
            {
                self.server.id,
                self.server.credential_id,
                self.server.proxy_credential_id,
                self.process.id if self.process is not None else None,
            }
            - {None}
        )


@dataclass(frozen=True, slots=True)
class CheckSubject(CheckedObjects):
    """What a check needs to run."""

    settings: "ConnectionSettings"
    sign_in: "ServerSignInSource"
    sign_in_used: "CheckSignIn | None" = None
    """Identifies account and password; None where the vault cannot."""
    last_accepted: "PreviousSignIn | None" = None
    """When the instance accepted them last."""
    known_operations: Mapping[str, str] = field(default_factory=dict)
    """What the last check found of the operations of a Privilege Manager server."""


async def build_check_subject(
    ctx: "Context",
    server: "Server",
    process: "ApprovalProcess | None",
    *,
    unsaved: bool = False,
    bind: bool = True,
) -> CheckSubject:
    """Return what to check for a server and a process, stored or not.

    With `bind`, a password that was never bound is bound to this server: the user sees its address and asks for the
    check. The vault releases a password only for the host it was entered for.
    """
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from models.user_credential import UserCredential
    from services import servicenow

    workspace = await ctx.ready()
    credential = None
    if server.credential_id is not None:
        credential = await ctx.call(workspace.configuration.get, UserCredential, server.credential_id)
    try:
        server.base_url = server.normalise_address(server.base_url)
    except ValueError:
        # The first stage says what is wrong with the address, and nothing is sent anywhere.
        return CheckSubject(server, process, unsaved, servicenow.ConnectionSettings.of(server), None)
    if credential is not None and bind:
        await vault_access.bind_new_secrets(ctx, credential, server.destination)
    if bind and server.proxy_credential_id is not None and server.proxy_destination is not None:
        await vault_access.bind_proxy_secret(ctx, server)
    sign_in = workspace.sign_in_source_for(server, credential)
    await lazy_imports.ready(ctx, lazy_imports.connectivity)
    from services.connectivity import check_history

    used = await asyncio.to_thread(check_history.get_check_sign_in, workspace.vault, server, credential)
    accepted = await ctx.call(check_history.find_last_sign_in, workspace.store, server.id, used)
    known = await ctx.call(check_history.find_known_operations, workspace.store, server)
    settings = workspace.connection_settings_for(server)
    return CheckSubject(server, process, unsaved, settings, sign_in, used, accepted, known)


async def load_stored_check_subject(
    ctx: "Context", check: "PastCheck"
) -> tuple[CheckedObjects | None, datetime | None]:
    """Return the objects that a past check was about, as they are stored now, and when the last of them was changed.

    None for both when the server was deleted; no time when the process was. The vault is not read.
    """
    from models.approval_process import ApprovalProcess
    from models.servers import SERVER_MODELS
    from models.user_credential import UserCredential

    workspace = await ctx.ready()

    async def read(model: type[T], key: uuid.UUID | None) -> T | None:
        try:
            return await ctx.call(workspace.configuration.get, model, key) if key else None
        except ConsoleError:
            return None  # deleted since

    models = {model.kind: model for model in SERVER_MODELS}
    server = await read(models[check.kind], check.server_id)
    if server is None:
        return None, None
    process_id = uuid.UUID(check.process_id) if check.process_id else None
    process = await read(ApprovalProcess, process_id)
    credentials = [
        await read(UserCredential, key) for key in (server.credential_id, server.proxy_credential_id)
    ]
    parts = [item for item in (server, process, *credentials) if item is not None]
    deleted = process_id is not None and process is None
    return CheckedObjects(server, process, check.unsaved), (
        None if deleted else max(item.changed_at for item in parts)
    )


async def find_first_process(ctx: "Context", server_id: uuid.UUID) -> "ApprovalProcess | None":
    """Return the first process of a server by name, or None."""
    from models.approval_process import ApprovalProcess

    workspace = await ctx.ready()
    processes = await ctx.call(workspace.configuration.all, ApprovalProcess)
    return next((p for p in processes if p.server_id == server_id), None)
