"""The open store and vault with the clients of all instances: what a window, a command or a worker works with."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

from models.foreign_system import ForeignSystem
from models.kinds import KINDS, Kind
from models.user_credential import UserCredential
from services.answers.destinations import StoredDestinations
from services.answers.privilege_manager import ApprovalServer
from services.audit.audit_signing import sign_if_changed
from services.common.errors import ConsoleError, Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.progress import Progress, ignore_progress
from services.configuration import Configuration
from services.coordination.clock import Clock
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.store import NotFoundError, Store
from services.transport.authentication import SignInSource
from services.vault import Vault, VaultKind, open_vault

SIGN_INTERVAL_S = 600.0
"""How often a long-running program signs the audit trail: later entries can be replaced without being noticed."""
SIGN_TIMEOUT_S = 5.0
"""How long the end of a program waits for the key of the audit trail; a keyring may wait for the user without limit."""


class Workspace:
    """A store, a vault, and one ServiceNowClient for each foreign system."""

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
        """Open store and vault; blocks. `folder` contains the files of the vault.

        `progress` is called while the store is upgraded. If `make` is False, a missing or empty store is refused.
        """
        store = Store.open(store_url, progress=progress, make=make)
        return cls(store, open_vault(vault_kind, folder=folder))

    async def instance(self, server_id: uuid.UUID) -> ServiceNowClient:
        """Return the client of a foreign system; a new one if its settings or credential have changed.

        Raises NotFoundError. The password is read from the vault with the first call.
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
        """Return the connection settings of `server`, stored or edited, with the sign-in for its proxy if it has one."""
        return ConnectionSettings.of(server, self._proxy_sign_in_source_for(server))

    def delete(
        self, kind: Kind, object_id: uuid.UUID, base_version: int, *, confirmed: int | None = None
    ) -> Problem | None:
        """Delete an object, and its password where its kind has one; blocks. Raises like `Configuration.delete` does.

        The password is removed after the object. When the vault fails to do so, the object stays deleted and the problem
        of the vault is returned.
        """
        item = self.configuration.get(kind, object_id)
        self.configuration.delete(kind, object_id, base_version, confirmed=confirmed)
        if KINDS[kind].has_password:
            try:
                self.vault.forget(item.id, item.name)
            except ConsoleError as error:
                return error.problem
        return None

    def instance_for(self, settings: ConnectionSettings, sign_in: SignInSource) -> ServiceNowClient:
        """Return a client for values that are not stored; the caller closes it."""
        return ServiceNowClient(settings, sign_in)

    async def instance_as(self, server: ForeignSystem, credential: UserCredential) -> ServiceNowClient:
        """Return a client for `server` that signs in with `credential`; the caller closes it.

        Reads the password at once, in a thread: raises VaultError before the first call.
        """
        secret = await asyncio.to_thread(self.vault.get, credential.id, credential.name, server.destination)
        return self.instance_for(self.connection_settings_for(server), SignIn(credential.account, secret))

    def sign_in_source_for(self, server: ForeignSystem, credential: UserCredential | None) -> SignInSource:
        """Return the sign-in for `server`; the vault is read in a thread, for exactly this origin and connection."""
        destination = server.destination

        async def read_in_thread() -> SignIn:
            if credential is None:
                raise _credential_missing_error(server.name)
            secret = await asyncio.to_thread(self.vault.get, credential.id, credential.name, destination)
            return SignIn(credential.account, secret)

        return read_in_thread

    def _proxy_sign_in_source_for(self, server: ForeignSystem) -> SignInSource:
        credential_id, destination = server.proxy_credential_id, server.proxy_destination
        if credential_id is None or destination is None:
            return None

        def read() -> SignIn:
            credential = self.configuration.get(UserCredential, credential_id)
            secret = self.vault.get(credential.id, credential.name, destination)
            return SignIn(credential.account, secret)

        async def read_in_thread() -> SignIn:
            return await asyncio.to_thread(read)

        return read_in_thread

    def answer_destinations(self, clock: Clock) -> StoredDestinations:
        """Return where the answers of intake clients go."""
        return StoredDestinations(self.vault, self.approval_server, clock)

    async def approval_server(self, server_id: uuid.UUID) -> ApprovalServer:
        """Return what answers requests on a Privilege Manager server. Raises NotFoundError."""
        raise NotFoundError(f"the Privilege Manager server {server_id}")

    @asynccontextmanager
    async def sign_periodically(self, every_s: float = SIGN_INTERVAL_S) -> AsyncIterator[None]:
        """Sign the audit trail every `every_s` seconds while the block runs; for long-running programs."""

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
        """Sign the audit trail, then close the vault, all connections and the store."""
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
        server = self.configuration.get(ForeignSystem, server_id)
        proxy_credential_id = server.proxy_credential_id
        version = (
            self.configuration.get(UserCredential, proxy_credential_id).version if proxy_credential_id else 0
        )
        if server.credential_id is None:
            return server, None, version
        credential = self.configuration.get(UserCredential, server.credential_id)
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
