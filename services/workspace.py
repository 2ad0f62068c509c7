"""The open store and vault with the clients of all servers: what a window, a command or a worker works with."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from models.addresses import Destination
from models.foreign_system import ForeignSystem
from models.kinds import KINDS, Kind
from models.privilege_manager_server import PrivilegeManagerServer
from models.servers import Server
from models.sign_in import SignInMethod
from models.user_credential import UserCredential
from services.common.errors import ConsoleError, Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.progress import Progress, ignore_progress
from services.common.secret import Secret
from services.configuration import Configuration
from services.store import Store
from services.transport.client_cache import ClientCache
from services.vault import Vault, VaultKind, open_vault

if TYPE_CHECKING:
    # What only a call of a server needs is imported by the method that makes it: a window opens without HTTP and XML.
    from services.answers.approval_client import PrivilegeManagerApprovals
    from services.answers.destinations import StoredDestinations
    from services.answers.privilege_manager import ApprovalServer
    from services.coordination.clock import Clock
    from services.privilege_manager import PrivilegeManagerClient
    from services.servicenow import ConnectionSettings, ServiceNowClient
    from services.servicenow.access_tokens import TokenFacts
    from services.transport.connection_settings import PassphraseSource
    from services.transport.sign_in import ServerSignIn, ServerSignInSource, SignIn, SignInSource

SIGN_INTERVAL_S = 600.0
"""How often a long-running program signs the audit trail: later entries can be replaced without being noticed."""
SIGN_TIMEOUT_S = 5.0
"""How long the end of a program waits for the key of the audit trail; a keyring may wait for the user without limit."""


ServerType = TypeVar("ServerType", ForeignSystem, PrivilegeManagerServer)


class Workspace:
    """A store, a vault, and one client for each server: ServiceNowClient or PrivilegeManagerClient."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self.store = store
        self.vault = vault
        self.configuration = Configuration(store)
        self._instances: ClientCache[ServiceNowClient] = ClientCache()
        self._privilege_managers: ClientCache[PrivilegeManagerClient] = ClientCache()
        self._approvals: dict[uuid.UUID, PrivilegeManagerApprovals] = {}

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

    async def instance(self, server_id: uuid.UUID) -> "ServiceNowClient":
        """Return the client of a foreign system; a new one if its settings or credential have changed.

        Raises NotFoundError. The password is read from the vault with the first call.
        """
        server, credential, identity = await self._connection_of(ForeignSystem, server_id)
        settings, sign_in = (
            self.connection_settings_for(server),
            self.sign_in_source_for(server, credential),
        )
        return await self._instances.get(server_id, identity, lambda: self.instance_for(settings, sign_in))

    def token_facts(self, server_id: uuid.UUID) -> "TokenFacts | None":
        """Return what is known of a server's access tokens since its client was opened, without any call.

        None before its first call. Counts begin anew when its settings or credential change.
        """
        client = self._instances.known(server_id)
        return None if client is None else client.token_facts

    async def privilege_manager(self, server_id: uuid.UUID) -> "PrivilegeManagerClient":
        """Return the client of a Privilege Manager server; a new one if its settings or credential have changed.

        Raises NotFoundError. The client secret is read from the vault with the first call.
        """
        server, credential, identity = await self._connection_of(PrivilegeManagerServer, server_id)
        settings, sign_in = (
            self.connection_settings_for(server),
            self.password_source_for(server, credential),
        )
        return await self._privilege_managers.get(
            server_id, identity, lambda: self.privilege_manager_for(settings, sign_in)
        )

    async def _connection_of(
        self, model: type[ServerType], server_id: uuid.UUID
    ) -> tuple[ServerType, UserCredential | None, tuple[object, ...]]:
        """Return a stored server, its credential, and what changes when a new client is needed."""
        server, credential, version = await asyncio.to_thread(self._read, model, server_id)
        credential_version = 0 if credential is None else credential.version
        identity: tuple[object, ...] = (
            self.connection_settings_for(server),
            server.credential_id,
            credential_version,
            server.proxy_credential_id,
            version,
        )
        return server, credential, identity

    def connection_settings_for(self, server: Server) -> "ConnectionSettings":
        """Return the connection settings of `server`, stored or edited, with the sign-in for its proxy if it has one."""
        from services.servicenow import ConnectionSettings

        return ConnectionSettings.of(
            server, self._proxy_sign_in_source_for(server), self._certificate_passphrase_source_for(server)
        )

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

    def instance_for(
        self, settings: "ConnectionSettings", sign_in: "ServerSignInSource"
    ) -> "ServiceNowClient":
        """Return a client for values that are not stored; the caller closes it."""
        from services.servicenow import ServiceNowClient

        return ServiceNowClient(settings, sign_in)

    def privilege_manager_for(
        self, settings: "ConnectionSettings", sign_in: "SignInSource"
    ) -> "PrivilegeManagerClient":
        """Return a client for values that are not stored; the caller closes it, which also logs off."""
        from services.privilege_manager import PrivilegeManagerClient

        return PrivilegeManagerClient(settings, sign_in)

    async def instance_as(
        self, server: ForeignSystem, credential: UserCredential, settings: "ConnectionSettings | None" = None
    ) -> "ServiceNowClient":
        """Return a client for `server` that signs in with `credential`; the caller closes it.

        `settings` replace those of a server that is not stored; a certificate is opened with the passphrase of
        `credential` all the same.

        Reads the secrets at once, in a thread: raises VaultError before the first call, and
        `certificate-of-other-credential`, `certificate-other-account` or `oauth-other-account` where the certificate of
        the server or the token signs in another account; `is_user_shown` of the client says whether that is proven.
        Secrets that are for no server yet are read as well, and stay so: whoever names both says so, for this run only.
        """
        own_settings, sign_in = await self.signing_in_as(server, credential)
        from services.servicenow.signed_in_user import require_signed_in_user

        if settings is None or credential.method is SignInMethod.CERTIFICATE:
            settings = own_settings
        instance = self.instance_for(settings, sign_in)
        if credential.id != server.credential_id:
            try:
                await require_signed_in_user(instance, credential.account)
            except BaseException:
                await instance.aclose()
                raise
        return instance

    async def signing_in_as(
        self, server: ForeignSystem, credential: UserCredential
    ) -> "tuple[ConnectionSettings, ServerSignIn]":
        """Return settings and sign-in for `server` with a credential that it need not use; raises as `instance_as` does."""
        is_by_certificate = credential.method is SignInMethod.CERTIFICATE

        def read() -> "tuple[ServerSignIn, Secret | None]":
            from services.credential_sign_in import (
                read_certificate_passphrase,
                read_sign_in,
                require_own_certificate,
            )

            _import_client(ForeignSystem)
            own = server.credential_id and self.configuration.get(UserCredential, server.credential_id)
            require_own_certificate(credential, own or None, server.name)
            place = server.destination
            sign_in = read_sign_in(self.vault, credential, place, lend=True)
            if not is_by_certificate:
                return sign_in, None
            return sign_in, read_certificate_passphrase(self.vault, credential, place, lend=True)

        sign_in, passphrase = await asyncio.to_thread(read)
        settings = self.connection_settings_for(server)
        if not is_by_certificate:
            # The server shows its own certificate, and the account is that of the header.
            return settings, sign_in

        async def of_credential() -> Secret | None:
            return passphrase

        return replace(settings, certificate_passphrase=of_credential), sign_in

    def sign_in_source_for(self, server: Server, credential: UserCredential | None) -> "ServerSignInSource":
        """Return the sign-in for `server`; the vault is read in a thread, for exactly this origin and connection."""
        if isinstance(server, PrivilegeManagerServer):
            return self.password_source_for(server, credential)
        destination = server.destination

        def read(chosen: UserCredential) -> "ServerSignIn":
            from services.credential_sign_in import read_sign_in

            return read_sign_in(self.vault, chosen, destination)

        async def read_in_thread() -> "ServerSignIn":
            return await asyncio.to_thread(read, _require_credential(server, credential))

        return read_in_thread

    def password_source_for(self, server: Server, credential: UserCredential | None) -> "SignInSource":
        """As `sign_in_source_for`, for a server that takes an account and a password only."""
        destination = server.destination

        def read(chosen: UserCredential) -> "SignIn":
            from services.credential_sign_in import read_password_sign_in

            return read_password_sign_in(self.vault, chosen, destination)

        async def read_in_thread() -> "SignIn":
            return await asyncio.to_thread(read, _require_credential(server, credential))

        return read_in_thread

    def _certificate_passphrase_source_for(self, server: Server) -> "PassphraseSource":
        """Return what reads the passphrase of the server's client certificate, from its own credential.

        It raises CertificateNotNeededError as `read_own_certificate_passphrase` does.
        """
        credential_id = server.credential_id
        if credential_id is None or not server.client_certificate:
            return None
        place, is_instance = server.destination, isinstance(server, ForeignSystem)

        def read() -> Secret | None:
            from services.credential_sign_in import (
                read_certificate_passphrase,
                read_own_certificate_passphrase,
            )

            credential = self.configuration.get(UserCredential, credential_id)
            if is_instance:
                return read_own_certificate_passphrase(self.vault, credential, place)
            return read_certificate_passphrase(self.vault, credential, place)

        async def read_in_thread() -> Secret | None:
            return await asyncio.to_thread(read)

        return read_in_thread

    def _proxy_sign_in_source_for(self, server: Server) -> "SignInSource":
        credential_id, destination = server.proxy_credential_id, server.proxy_destination
        if credential_id is None or destination is None:
            return None
        return self._proxy_sign_in_source(credential_id, destination)

    def _proxy_sign_in_source(self, credential_id: uuid.UUID, destination: Destination) -> "SignInSource":
        def read() -> "SignIn":
            from services.credential_sign_in import read_password_sign_in

            credential = self.configuration.get(UserCredential, credential_id)
            return read_password_sign_in(self.vault, credential, destination)

        async def read_in_thread() -> "SignIn":
            return await asyncio.to_thread(read)

        return read_in_thread

    def answer_destinations(self, clock: "Clock") -> "StoredDestinations":
        """Return where the answers of intake clients go."""
        from services.answers.destinations import StoredDestinations

        return StoredDestinations(self.vault, self.approval_server, clock, self._proxy_sign_in_source)

    def destinations_for(self, credential_id: uuid.UUID) -> list[Destination]:
        """Return what the password of a credential is used for: servers, their proxies, those of webhooks; blocks."""
        from services.answers.destinations import find_proxy_destinations

        servers = self.configuration.servers()
        places = [place for server in servers for place in server.destinations_for(credential_id)]
        return [*places, *find_proxy_destinations(self.store, credential_id)]

    async def approval_server(self, server_id: uuid.UUID) -> "ApprovalServer":
        """Return what answers requests on a Privilege Manager server. Raises NotFoundError."""
        from services.answers.approval_client import PrivilegeManagerApprovals

        client = await self.privilege_manager(server_id)
        known = self._approvals.get(server_id)
        if known is None or known.client is not client:
            known = self._approvals[server_id] = PrivilegeManagerApprovals(client)
        return known

    @asynccontextmanager
    async def sign_periodically(self, every_s: float = SIGN_INTERVAL_S) -> AsyncIterator[None]:
        """Sign the audit trail every `every_s` seconds while the block runs; for long-running programs."""

        async def sign() -> None:
            while True:
                await asyncio.sleep(every_s)
                await asyncio.to_thread(self._sign_if_changed)

        task = asyncio.create_task(sign())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def close_connections(self) -> None:
        """Close the clients of all servers; those of Privilege Manager log off. The next call opens new ones."""
        await self._instances.aclose()
        await self._privilege_managers.aclose()

    async def aclose(self) -> None:
        """Sign the audit trail, then close the vault, all connections and the store."""
        if self.store.has_unsigned_changes and self.vault.can_store_audit_key:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.to_thread(self._sign_if_changed), SIGN_TIMEOUT_S)
        self.vault.close()
        await self.close_connections()
        await asyncio.to_thread(self.store.close)

    def _sign_if_changed(self) -> None:
        from services.audit.audit_signing import sign_if_changed

        sign_if_changed(self.store, self.vault)

    def _read(
        self, model: type[ServerType], server_id: uuid.UUID
    ) -> tuple[ServerType, UserCredential | None, int]:
        """Return a server, its credential, and the version of its proxy's credential."""
        _import_client(model)
        server = self.configuration.get(model, server_id)
        proxy_credential_id = server.proxy_credential_id
        version = (
            self.configuration.get(UserCredential, proxy_credential_id).version if proxy_credential_id else 0
        )
        if server.credential_id is None:
            return server, None, version
        credential = self.configuration.get(UserCredential, server.credential_id)
        return server, credential, version


def _import_client(model: type[Server]) -> None:
    """Import the client of a kind of server, in the thread that calls this and not in that of the window."""
    if model is PrivilegeManagerServer:
        import services.privilege_manager.client
    else:
        import services.servicenow.http_client  # noqa: F401 -- importing is the effect


def _require_credential(server: Server, credential: UserCredential | None) -> UserCredential:
    if credential is None:
        raise _credential_missing_error(server.name)
    return credential


def _credential_missing_error(name: str) -> RefusedError:
    return RefusedError(
        Problem(
            tried=f"Sign in to “{name}”",
            evidence="No User Credential is chosen on the Foreign System.",
            cause="The server answers signed-in accounts only.",
            owner=Owner.CONSOLE,
            remedy=f"Choose a User Credential on “{name}”.",
            fault=FaultId.CREDENTIAL_MISSING,
        )
    )
