"""Access to the vault for pages: calls in threads, and sentences about passwords."""

import asyncio
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from console.runtime import lazy_imports
from models.addresses import Destination, Origin
from services.common.errors import ConsoleError, Problem
from services.common.secret import Secret
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.servers import Server
    from models.user_credential import UserCredential
    from services.credential_secrets import CredentialSecrets
    from services.vault.base import VaultState


@dataclass(frozen=True, slots=True)
class SecretState:
    """The state of a credential's password: whether there is one, and what it is bound to."""

    present: bool
    bound: tuple[Destination, ...] = ()
    problem: Problem | None = None
    """Why the vault could not be read."""

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Return the origins it is bound to, by any route."""
        return tuple(dict.fromkeys(one.origin for one in self.bound))

    @property
    def text(self) -> str:
        """Return the sentence of the credential's page."""
        if self.problem is not None:
            return tr("The vault cannot be used")
        if not self.present:
            return tr("No password is set")
        if not self.origins:
            return tr("Password is set, not yet bound to a server")
        return tr("Password is set, for {names}", names=", ".join(format_origin(o) for o in self.origins))

    def covers(self, place: Destination) -> bool:
        """Whether the password may be sent to `place`."""
        return place in self.bound


def format_origin(origin: Origin) -> str:
    """Return an origin for display: the host alone for https on port 443."""
    usual = origin.scheme == "https" and origin.port == 443
    return origin.host if usual else str(origin)


async def read_secret_state(ctx: "Context", credential_id: uuid.UUID, name: str) -> SecretState:
    """Return the state of a credential's password."""
    workspace = await ctx.ready()
    try:
        state = await asyncio.to_thread(workspace.vault.state, credential_id, name)
    except ConsoleError as error:
        return SecretState(present=False, problem=error.problem)
    return SecretState(state.present, tuple(state.destinations))


async def read_credential_secrets(
    ctx: "Context", credential: "UserCredential"
) -> "CredentialSecrets | Problem":
    """Return which secrets of its method a credential has, or why the vault could not be read."""
    workspace = await ctx.ready()
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


async def store_secret(
    ctx: "Context", credential: "UserCredential", secret: Secret, *more: Destination
) -> SecretState:
    """Store a typed password in the vault, bound to everything that uses it now and to `more`."""
    workspace = await ctx.ready()
    places = dict.fromkeys([*await ctx.call(workspace.destinations_for, credential.id), *more])
    await asyncio.to_thread(
        workspace.vault.put, credential.id, credential.name, credential.account, secret, list(places)
    )
    return await read_secret_state(ctx, credential.id, credential.name)


async def bind_secret(
    ctx: "Context", credential: "UserCredential", place: Destination, *, another_way: bool = False
) -> None:
    """Bind secrets that were never bound to `place`; the person who saves the server is the one who says so.

    All those of the credential's method. With `another_way` that person has confirmed the proxy or CA bundle on the way to
    an origin that they are bound to already.
    """
    workspace = await ctx.ready()
    from services import credential_secrets

    bound = partial(
        credential_secrets.bind_secrets, workspace.vault, credential, place, confirm_new_route=another_way
    )
    await asyncio.to_thread(bound)


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
