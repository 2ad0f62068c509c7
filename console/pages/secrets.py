"""What pages ask of the vault, in threads and with sentences for people."""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

from console.lazy import module
from models.addresses import Origin
from models.kinds import Kind
from services.errors import ConsoleError, Problem
from services.secret import Secret


@dataclass(frozen=True, slots=True)
class SecretView:
    """What is known of a credential's password: whether there is one, and for which origins."""

    present: bool
    origins: tuple[Origin, ...] = ()
    problem: Problem | None = None
    """Why the vault could not be asked."""

    @property
    def text(self) -> str:
        """Return the sentence of the credential's page."""
        if self.problem is not None:
            return "The vault cannot be used"
        if not self.present:
            return "No password is set"
        if not self.origins:
            return "Password is set, not yet bound to a server"
        return f"Password is set, for {', '.join(host_text(o) for o in self.origins)}"

    def covers(self, origin: Origin) -> bool:
        """Whether the password may be sent to `origin`."""
        return origin in self.origins


def host_text(origin: Origin) -> str:
    """Return an origin as people say it: the host alone where scheme and port are the usual ones."""
    usual = origin.scheme == "https" and origin.port == 443
    return origin.host if usual else str(origin)


async def read_state(ctx: Any, credential_id: uuid.UUID, name: str) -> SecretView:
    """Return what the vault knows of a credential's password."""
    workspace = await ctx.ready()
    try:
        state = await asyncio.to_thread(workspace.vault.state, credential_id, name)
    except ConsoleError as error:
        return SecretView(present=False, problem=error.problem)
    return SecretView(state.present, tuple(state.origins))


async def servers_of(ctx: Any, credential_id: uuid.UUID) -> list[Any]:
    """Return the foreign systems that sign in with a credential, by name."""
    workspace = await ctx.ready()
    servers = await ctx.call(workspace.configuration.all, Kind.FOREIGN_SYSTEM)
    return sorted((s for s in servers if s.credential_id == credential_id), key=lambda s: s.name.casefold())


async def store_secret(ctx: Any, credential: Any, secret: Secret, *more: Origin) -> SecretView:
    """Put a password just typed into the vault, bound to every server that uses it now and to `more`."""
    workspace = await ctx.ready()
    origins = dict.fromkeys([*(s.origin for s in await servers_of(ctx, credential.id) if s.base_url), *more])
    await asyncio.to_thread(
        workspace.vault.put, credential.id, credential.name, credential.account, secret, list(origins)
    )
    return await read_state(ctx, credential.id, credential.name)


async def bind(ctx: Any, credential: Any, origin: Origin) -> None:
    """Bind a password that was never bound to `origin`; the person who saves the server is the one who says so."""
    workspace = await ctx.ready()
    await asyncio.to_thread(workspace.vault.bind, credential.id, credential.name, origin)


async def vault_state(ctx: Any) -> Any:
    """Return whether the vault is usable, why not, and what it is called."""
    workspace = await ctx.ready()
    return await asyncio.to_thread(workspace.vault.probe)


async def use_session(ctx: Any) -> None:
    """Keep passwords in memory until the console closes, because a person chose so over a vault that cannot be used."""
    vault = await module(ctx, "services.vault.session")
    workspace = await ctx.ready()
    workspace.vault = vault.SessionVault()
