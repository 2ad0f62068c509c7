"""Access to the vault for pages: calls in threads, and sentences about passwords."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from console.runtime import lazy_imports
from models.addresses import Destination, Origin
from models.secret_names import SECRET_FORMS, SecretName
from models.sign_in import METHODS
from services.common.errors import ConsoleError, Problem
from services.common.secret import Secret
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.servers import Server
    from models.user_credential import UserCredential
    from services.vault.base import VaultState


@dataclass(frozen=True, slots=True)
class SecretState:
    """The state of one secret of a credential, or of all that its method uses."""

    present: bool
    """Whether every required secret is there."""
    places: tuple[tuple[Destination, ...], ...] = ()
    """What each secret that is there is bound to."""
    problem: Problem | None = None
    """Why the vault could not be read."""
    missing: tuple[SecretName, ...] = ()
    """The required secrets that are not there."""

    @property
    def is_bound(self) -> bool:
        """Whether any secret is bound."""
        return any(self.places)

    @property
    def needs_secret(self) -> bool:
        """Whether there is anything to be bound: a client certificate may need no secret."""
        return bool(self.places or self.missing)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Return the origins that any secret is bound to, by any route."""
        return tuple(dict.fromkeys(one.origin for places in self.places for one in places))

    @property
    def missing_text(self) -> str:
        """Return the name of the first secret that is missing, for a sentence."""
        return tr(SECRET_FORMS[self.missing[0] if self.missing else SecretName.PASSWORD].label)

    def covers(self, place: Destination) -> bool:
        """Whether every secret may be sent to `place`."""
        return all(place in places for places in self.places)

    def covers_origin(self, origin: Origin) -> bool:
        """Whether every secret is bound to an origin, by any route."""
        return all(any(one.origin == origin for one in places) for places in self.places)


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
    places = (tuple(state.destinations),) if state.present else ()
    return SecretState(state.present, places, missing=() if state.present else (secret_name,))


async def read_sign_in_state(ctx: "Context", credential: "UserCredential") -> SecretState:
    """Return the state of all secrets that the method of a credential uses."""
    form = METHODS[credential.method]
    states = {one: await read_secret_state(ctx, credential.id, credential.name, one) for one in form.secrets}
    problem = next((state.problem for state in states.values() if state.problem is not None), None)
    missing = tuple(one for one in form.required_secrets if not states[one].present)
    places = tuple(places for state in states.values() for places in state.places)
    return SecretState(not missing and problem is None, places, problem, missing)


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


async def remove_secret(ctx: "Context", credential_id: uuid.UUID, name: str, secret_name: SecretName) -> None:
    """Remove one secret of a credential from the vault."""
    workspace = await ctx.ready()
    await asyncio.to_thread(partial(workspace.vault.forget, credential_id, name, secret_name=secret_name))


async def bind_secret(
    ctx: "Context", credential: "UserCredential", place: Destination, *, another_way: bool = False
) -> None:
    """Bind the secrets of a credential that were never bound to `place`; the person who saves the server says so.

    With `another_way` that person has confirmed the proxy or CA bundle on the way to an origin it is bound to already.
    """
    workspace = await ctx.ready()
    for name in METHODS[credential.method].secrets:
        state = await read_secret_state(ctx, credential.id, credential.name, name)
        if not state.present or state.covers(place) or (state.is_bound and not another_way):
            continue
        bind = partial(workspace.vault.bind, credential.id, credential.name, place, secret_name=name)
        await asyncio.to_thread(partial(bind, confirm_new_route=another_way))


async def bind_proxy_secret(ctx: "Context", server: "Server") -> None:
    """Bind the password of a proxy's credential to the proxy where it was never bound; raises what the vault raises."""
    from models.user_credential import UserCredential

    workspace = await ctx.ready()
    if server.proxy_credential_id is None or server.proxy_destination is None:
        return
    found = await ctx.call(workspace.configuration.get, UserCredential, server.proxy_credential_id)
    state = await read_sign_in_state(ctx, found)
    if state.present and not state.is_bound:
        await bind_secret(ctx, found, server.proxy_destination)


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
