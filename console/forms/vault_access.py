"""What pages ask of the vault, in threads and with sentences for people."""

import asyncio
import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from console.runtime import lazy_imports
from models.addresses import Destination, Origin
from models.kinds import Kind
from services.common.errors import ConsoleError, Problem
from services.common.secret import Secret
from services.language import tr


@dataclass(frozen=True, slots=True)
class SecretState:
    """What is known of a credential's password: whether there is one, and what it is for."""

    present: bool
    bound: tuple[Destination, ...] = ()
    problem: Problem | None = None
    """Why the vault could not be asked."""

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Return the origins it is for, whatever the way there."""
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
    """Return an origin as people say it: the host alone where scheme and port are the usual ones."""
    usual = origin.scheme == "https" and origin.port == 443
    return origin.host if usual else str(origin)


async def read_secret_state(ctx: Any, credential_id: uuid.UUID, name: str) -> SecretState:
    """Return what the vault knows of a credential's password."""
    workspace = await ctx.ready()
    try:
        state = await asyncio.to_thread(workspace.vault.state, credential_id, name)
    except ConsoleError as error:
        return SecretState(present=False, problem=error.problem)
    return SecretState(state.present, tuple(state.destinations))


async def find_servers_using(ctx: Any, credential_id: uuid.UUID) -> list[Any]:
    """Return the foreign systems that sign in with a credential, or whose proxy does, by name."""
    workspace = await ctx.ready()
    servers = await ctx.call(workspace.configuration.all, Kind.FOREIGN_SYSTEM)
    used = (s for s in servers if credential_id in (s.credential_id, s.proxy_credential_id))
    return sorted(used, key=lambda s: s.name.casefold())


async def store_secret(ctx: Any, credential: Any, secret: Secret, *more: Destination) -> SecretState:
    """Put a password just typed into the vault, bound to all that uses it now and to `more`."""
    workspace = await ctx.ready()
    servers = await find_servers_using(ctx, credential.id)
    places = dict.fromkeys([*(p for s in servers for p in s.destinations_for(credential.id)), *more])
    await asyncio.to_thread(
        workspace.vault.put, credential.id, credential.name, credential.account, secret, list(places)
    )
    return await read_secret_state(ctx, credential.id, credential.name)


async def bind_secret(ctx: Any, credential: Any, place: Destination, *, another_way: bool = False) -> None:
    """Bind a password that was never bound to `place`; the person who saves the server is the one who says so.

    With `another_way` that person has confirmed the proxy or CA bundle on the way to an origin it is bound to already.
    """
    workspace = await ctx.ready()
    bound = partial(
        workspace.vault.bind, credential.id, credential.name, place, confirm_new_route=another_way
    )
    await asyncio.to_thread(bound)


async def bind_proxy_secret(ctx: Any, server: Any) -> None:
    """Bind the password of a proxy's credential to the proxy where it was never bound; raises what the vault raises."""
    workspace = await ctx.ready()
    found = await ctx.call(workspace.configuration.get, Kind.USER_CREDENTIAL, server.proxy_credential_id)
    state = await read_secret_state(ctx, found.id, found.name)
    if state.present and not state.bound:
        await bind_secret(ctx, found, server.proxy_destination)


async def probe_vault(ctx: Any) -> Any:
    """Return whether the vault is usable, why not, and what it is called."""
    workspace = await ctx.ready()
    return await asyncio.to_thread(workspace.vault.probe)


async def use_session_vault(ctx: Any) -> None:
    """Keep passwords in memory until the console closes, because a person chose so over a vault that cannot be used."""
    await lazy_imports.ready(ctx, lazy_imports.vault)
    from services.vault import session_vault as vault

    workspace = await ctx.ready()
    before, workspace.vault = workspace.vault, vault.SessionVault()
    before.close()
