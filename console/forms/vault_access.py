"""Access to the vault for pages: calls in threads, and sentences about passwords."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from console.runtime import lazy_imports
from models.addresses import Destination, Origin
from models.secret_names import SecretName
from services.common.errors import ConsoleError, Problem
from services.common.secret import Secret

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.servers import Server
    from models.user_credential import UserCredential
    from services.credential_secrets import CredentialSecrets, SigningIn
    from services.vault.base import SecretState as StoredSecret
    from services.vault.base import VaultState


@dataclass(frozen=True, slots=True)
class SecretState:
    """The state of one secret of a credential, or of all that its method uses."""

    present: bool
    """Whether every required secret is there."""
    secrets: "tuple[StoredSecret, ...]" = ()
    """What the vault says of each secret that is there."""
    problem: Problem | None = None
    """Why the vault could not be read."""

    @property
    def is_bound(self) -> bool:
        """Whether any secret is bound."""
        return any(one.destinations for one in self.secrets)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Return the origins that any secret is bound to, by any route."""
        return tuple(dict.fromkeys(origin for one in self.secrets for origin in one.origins))

    def covers(self, place: Destination) -> bool:
        """Whether every secret may be sent to `place`."""
        return all(one.covers(place) for one in self.secrets)


def format_origin(origin: Origin) -> str:
    """Return an origin for display: the host alone for https on port 443."""
    usual = origin.scheme == "https" and origin.port == 443
    return origin.host if usual else str(origin)


async def read_secret_state(
    ctx: "Context", credential_id: uuid.UUID, name: str, secret_name: SecretName = SecretName.PASSWORD
) -> SecretState:
    """Return the state of one secret of a credential."""
    workspace = await ctx.ready()
    read = partial(workspace.vault.state, credential_id, name, secret_name=secret_name)
    try:
        state = await asyncio.to_thread(read)
    except ConsoleError as error:
        return SecretState(present=False, problem=error.problem)
    return SecretState(state.present, (state,) if state.present else ())


async def read_credential_secrets(ctx: "Context", credential: "SigningIn") -> "CredentialSecrets | Problem":
    """Return which secrets of its method a credential has, or why the vault could not be read."""
    workspace = await ctx.ready()
    await lazy_imports.ready(ctx, lazy_imports.secrets)
    from services import credential_secrets

    read = partial(credential_secrets.read_credential_secrets, workspace.vault, credential, only_used=True)
    try:
        return await asyncio.to_thread(read)
    except ConsoleError as error:
        return error.problem


async def find_servers_using(ctx: "Context", credential_id: uuid.UUID) -> "list[Server]":
    """Return the foreign systems that sign in with a credential, or whose proxy does, by name."""
    workspace = await ctx.ready()
    servers = await ctx.call(workspace.configuration.servers)
    used = (s for s in servers if credential_id in (s.credential_id, s.proxy_credential_id))
    return sorted(used, key=lambda s: s.name.casefold())


async def store_secrets(
    ctx: "Context", credential: "UserCredential", secrets: Mapping[SecretName, Secret], *more: Destination
) -> None:
    """Store typed secrets in the vault, bound to everything that uses the credential now and to `more`."""
    workspace = await ctx.ready()
    places = list(dict.fromkeys([*await ctx.call(workspace.destinations_for, credential.id), *more]))
    for name, secret in secrets.items():
        put = partial(workspace.vault.put, credential.id, credential.name, credential.account, secret, places)
        await asyncio.to_thread(partial(put, secret_name=name))
    if ctx.polling is not None:
        ctx.polling.retry_local_faults()


async def remove_secret(ctx: "Context", credential_id: uuid.UUID, name: str, secret_name: SecretName) -> None:
    """Remove one secret of a credential from the vault."""
    workspace = await ctx.ready()
    await asyncio.to_thread(partial(workspace.vault.forget, credential_id, name, secret_name=secret_name))


async def bind_secret(
    ctx: "Context", credential: "UserCredential", place: Destination, *, another_way: bool = False
) -> None:
    """Bind secrets that were never bound to `place`; the person who saves the server is the one who says so.

    All those of the credential's method. With `another_way` that person has confirmed the proxy or CA bundle on the way to
    an origin that they are bound to already.
    """
    workspace = await ctx.ready()
    await lazy_imports.ready(ctx, lazy_imports.secrets)
    from services import credential_secrets

    bound = partial(
        credential_secrets.bind_secrets, workspace.vault, credential, place, confirm_new_route=another_way
    )
    await asyncio.to_thread(bound)
    if ctx.polling is not None:
        ctx.polling.retry_local_faults()


async def bind_new_secrets(ctx: "Context", credential: "UserCredential", place: Destination) -> None:
    """Bind the secrets of a credential to `place` when it has all of them and none was bound; raises what the vault raises."""
    found = await read_credential_secrets(ctx, credential)
    if isinstance(found, Problem) or not found.complete:
        return
    unbound = [one for one in found.to_enter_again(place) if not found.states[one].destinations]
    if unbound == list(found.to_enter_again(place)):
        await bind_secret(ctx, credential, place)


async def bind_proxy_secret(ctx: "Context", server: "Server") -> None:
    """Bind the secrets of a proxy's credential to the proxy where they were never bound; raises what the vault raises."""
    from models.user_credential import UserCredential

    workspace = await ctx.ready()
    if server.proxy_credential_id is None or server.proxy_destination is None:
        return
    found = await ctx.call(workspace.configuration.get, UserCredential, server.proxy_credential_id)
    await bind_new_secrets(ctx, found, server.proxy_destination)


async def probe_vault(ctx: "Context") -> "VaultState":
    """Return whether the vault is usable, why not, and what it is called."""
    workspace = await ctx.ready()
    return await asyncio.to_thread(workspace.vault.probe)


async def use_session_vault(ctx: "Context") -> None:
    """Store passwords in memory until the console closes, instead of in a vault that cannot be used."""
    await lazy_imports.ready(ctx, lazy_imports.vault)
    from services.vault import session_vault as vault

    workspace = await ctx.ready()
    before, workspace.vault = workspace.vault, vault.SessionVault()
    before.close()
