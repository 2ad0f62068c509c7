"""What a check is about: a server as typed or as stored, the process whose services it uses, and how to sign in."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.forms import vault_access
from console.runtime import lazy_imports
from models.addresses import normalise_base_url
from models.kinds import Kind
from services.common.errors import ConsoleError


@dataclass(frozen=True, slots=True)
class CheckSubject:
    """Everything a check needs. `unsaved` says that it holds values that were typed and not saved."""

    server: Any
    settings: Any
    sign_in: Any
    process: Any
    unsaved: bool = False
    used: Any = None
    """What the check signs in with, as far as the vault knows it apart."""
    accepted: Any = None
    """When that was accepted last."""

    @property
    def ids(self) -> frozenset[uuid.UUID | None]:
        """The objects whose change makes the result old."""
        return frozenset(
            {
                self.server.id,
                self.server.credential_id,
                self.server.proxy_credential_id,
                self.process.id if self.process is not None else None,
            }
            - {None}
        )


async def build_check_subject(
    ctx: Any, server: Any, process: Any, *, unsaved: bool = False, bind: bool = True
) -> CheckSubject:
    """Return what to check for a server and a process, stored or not.

    With `bind`, a password that was never bound is bound to this server: a person looks at its address and asks for it.
    The password goes nowhere but to the host it was entered for: the vault refuses it for any other.
    """
    await lazy_imports.ready(ctx, lazy_imports.servicenow)
    from services import servicenow

    workspace = await ctx.ready()
    credential = None
    if server.credential_id is not None:
        credential = await ctx.call(workspace.configuration.get, Kind.USER_CREDENTIAL, server.credential_id)
    try:
        server.base_url = normalise_base_url(server.base_url)
    except ValueError:
        # The first stage says what is wrong with the address, and nothing is sent anywhere.
        return CheckSubject(server, servicenow.ConnectionSettings.of(server), None, process, unsaved)
    if credential is not None and bind:
        state = await vault_access.read_secret_state(ctx, credential.id, credential.name)
        if state.present and not state.origins:
            await vault_access.bind_secret(ctx, credential, server.destination)
    if bind and server.proxy_credential_id is not None and server.proxy_destination is not None:
        await vault_access.bind_proxy_secret(ctx, server)
    sign_in = workspace.sign_in_source_for(server, credential)
    await lazy_imports.ready(ctx, lazy_imports.connectivity)
    from services.connectivity import check_history

    used = await asyncio.to_thread(check_history.get_check_sign_in, workspace.vault, server, credential)
    accepted = await ctx.call(check_history.find_last_sign_in, workspace.store, server.id, used)
    return CheckSubject(
        server, workspace.connection_settings_for(server), sign_in, process, unsaved, used, accepted
    )


async def load_stored_check_subject(ctx: Any, check: Any) -> tuple[CheckSubject | None, datetime | None]:
    """Return what a check that is kept was about, as it is stored now, and when the last part of it was changed.

    None for both when the server is gone. Nothing is asked of the vault: the subject is for going to where something can
    be put right, and for knowing whether the check is old.
    """
    workspace = await ctx.ready()
    get = workspace.configuration.get

    async def read(kind: Kind, key: Any) -> Any:
        try:
            return await ctx.call(get, kind, key) if key else None
        except ConsoleError:
            return None  # deleted since

    server = await read(Kind.FOREIGN_SYSTEM, check.server_id)
    if server is None:
        return None, None
    process_id = uuid.UUID(check.process_id) if check.process_id else None
    process = await read(Kind.APPROVAL_PROCESS, process_id)
    credentials = [
        await read(Kind.USER_CREDENTIAL, key) for key in (server.credential_id, server.proxy_credential_id)
    ]
    parts = [item for item in (server, process, *credentials) if item is not None]
    changed = None if process_id is not None and process is None else max(item.changed_at for item in parts)
    return CheckSubject(server, None, None, process, check.unsaved), changed


async def find_first_process(ctx: Any, server_id: Any) -> Any:
    """Return the first process that runs on a server, by name, or None."""
    workspace = await ctx.ready()
    processes = await ctx.call(workspace.configuration.all, Kind.APPROVAL_PROCESS)
    return next((p for p in processes if p.server_id == server_id), None)
