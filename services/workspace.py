"""Everything a window, a command or a worker needs, put together once."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.user_credential import UserCredential
from services.audit.signing import sign_if_changed
from services.common.errors import ConsoleError, Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.progress import Progress, ignore_progress
from services.configuration import Configuration
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.authentication import SignInSource
from services.store import Store
from services.vault import Vault, VaultKind, open_vault

SIGN_INTERVAL_S = 600.0
"""How often a program that goes on running signs what it wrote: what was written since can be rebuilt unnoticed."""
SIGN_TIMEOUT_S = 5.0
"""How long the end of a program waits for the key of the audit trail; a keyring may ask for ever."""


class Workspace:
    """A store, a vault, and one `Instance` for each foreign system."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self.store = store
        self.vault = vault
        self.configuration = Configuration(store)
        self._instances: dict[uuid.UUID, tuple[tuple[object, ...], ServiceNowClient]] = {}

    @classmethod
    def open(
        cls,
        store_url: str,
        vault_kind: VaultKind,
        folder: Path,
        progress: Progress = ignore_progress,
        *,
        make: bool = True,
    ) -> Self:
        """Open store and vault; takes time, so call it in a thread. `folder` holds the vault's files.

        `progress` hears of an upgrade of the store, in that thread. Without `make`, a store that is missing or empty is
        refused.
        """
        store = Store.open(store_url, progress=progress, make=make)
        return cls(store, open_vault(vault_kind, folder=folder))

    async def instance(self, server_id: uuid.UUID) -> ServiceNowClient:
        """Return the instance of a foreign system; a new one when its settings or credential changed.

        Raises NotFoundError. The password is asked for with the first call, not here.
        """
        server, credential, version = await asyncio.to_thread(self._read, server_id)
        settings = self.connection_settings_for(server)
        signs_in = (server.credential_id, credential.version if credential else 0)
        identity = (settings, *signs_in, server.proxy_credential_id, version)
        known = self._instances.get(server_id)
        if known is not None and known[0] == identity:
            return known[1]
        made = ServiceNowClient(settings, self.sign_in_source_for(server, credential))
        self._instances[server_id] = (identity, made)
        if known is not None:
            await known[1].aclose()
        return made

    def connection_settings_for(self, server: ForeignSystem) -> ConnectionSettings:
        """Return how `server`, stored or edited, is reached, with the sign-in of its proxy where it has one."""
        return ConnectionSettings.of(server, self._proxy_sign_in_source_for(server))

    def delete(
        self, kind: Kind, object_id: uuid.UUID, base_version: int, *, confirmed: int | None = None
    ) -> Problem | None:
        """Delete an object, and with a User Credential its password; blocks. Raises as `Configuration.delete` does.

        The password goes when the credential is gone for good. A vault that keeps it all the same cannot bring the
        credential back: its problem is returned, to be told.
        """
        item = self.configuration.get(kind, object_id)
        self.configuration.delete(kind, object_id, base_version, confirmed=confirmed)
        if kind == Kind.USER_CREDENTIAL:
            try:
                self.vault.forget(item.id, item.name)
            except ConsoleError as error:
                return error.problem
        return None

    def instance_for(self, settings: ConnectionSettings, sign_in: SignInSource) -> ServiceNowClient:
        """Return an instance for values that are not stored (yet); the caller closes it."""
        return ServiceNowClient(settings, sign_in)

    def sign_in_source_for(self, server: ForeignSystem, credential: UserCredential | None) -> SignInSource:
        """Return how to sign in to `server`: the vault is asked in a thread, for exactly this origin and way there."""
        destination = server.destination

        async def ask() -> SignIn:
            if credential is None:
                raise _credential_missing_error(server.name)
            secret = await asyncio.to_thread(self.vault.get, credential.id, credential.name, destination)
            return SignIn(credential.account, secret)

        return ask

    def _proxy_sign_in_source_for(self, server: ForeignSystem) -> SignInSource:
        credential_id, destination = server.proxy_credential_id, server.proxy_destination
        if credential_id is None or destination is None:
            return None

        def read() -> SignIn:
            credential = self.configuration.get(Kind.USER_CREDENTIAL, credential_id)
            assert isinstance(credential, UserCredential)  # noqa: S101 -- narrows for the type checker
            secret = self.vault.get(credential.id, credential.name, destination)
            return SignIn(credential.account, secret)

        async def ask() -> SignIn:
            return await asyncio.to_thread(read)

        return ask

    @asynccontextmanager
    async def sign_periodically(self, every_s: float = SIGN_INTERVAL_S) -> AsyncIterator[None]:
        """Sign the audit trail every `every_s` seconds within the block; for programs that run for days."""

        async def sign() -> None:
            while True:
                await asyncio.sleep(every_s)
                await asyncio.to_thread(sign_if_changed, self.store, self.vault)

        task = asyncio.create_task(sign())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def aclose(self) -> None:
        """Sign what was written, let go of the vault, close every connection, then the store."""
        if self.store.has_unsigned_changes and self.vault.can_store_audit_key:
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    asyncio.to_thread(sign_if_changed, self.store, self.vault), SIGN_TIMEOUT_S
                )
        self.vault.close()
        for _, instance in self._instances.values():
            await instance.aclose()
        self._instances.clear()
        await asyncio.to_thread(self.store.close)

    def _read(self, server_id: uuid.UUID) -> tuple[ForeignSystem, UserCredential | None, int]:
        """Return a server, its credential, and the version of its proxy's credential."""
        server = self.configuration.get(Kind.FOREIGN_SYSTEM, server_id)
        assert isinstance(server, ForeignSystem)  # noqa: S101 -- narrows for the type checker
        of_proxy = server.proxy_credential_id
        version = self.configuration.get(Kind.USER_CREDENTIAL, of_proxy).version if of_proxy else 0
        if server.credential_id is None:
            return server, None, version
        credential = self.configuration.get(Kind.USER_CREDENTIAL, server.credential_id)
        assert isinstance(credential, UserCredential)  # noqa: S101 -- narrows for the type checker
        return server, credential, version


def _credential_missing_error(name: str) -> RefusedError:
    return RefusedError(
        Problem(
            tried=f"Sign in to “{name}”",
            evidence="No User Credential is chosen on the Foreign System.",
            cause="An instance answers signed-in accounts only.",
            owner=Owner.CONSOLE,
            remedy=f"Choose a User Credential on “{name}”.",
            fault=FaultId.CREDENTIAL_MISSING,
        )
    )
