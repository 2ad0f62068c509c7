"""Reads what the expiry calendar is made of: the store first, then files and the vault, which may take long."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.privilege_manager_server import PrivilegeManagerServer
from models.secret_names import SECRET_FORMS, SecretName
from models.servers import Server
from models.sign_in import METHODS, SignInMethod
from models.translation_marks import tr_later
from models.user_credential import UserCredential
from services.common.errors import ConsoleError, Owner
from services.common.secret import Secret
from services.configuration import Configuration
from services.connectivity.seen_dates import NO_DATE, SeenDates, find_seen_dates
from services.expiries.calendar import ExpiryFact, ExpiryKind, ExpiryState
from services.language import plural_message, tr_message
from services.store import Store
from services.vault import SecretMissingError, Vault

if TYPE_CHECKING:
    from services.expiries.certificate_files import CertificateFile

SECRET_REMEDY = tr_later(
    "Have a new one made, enter it on the User Credential, and set the new date in Secret expires on."
)
KEY_REMEDY = tr_later(
    "Have a new key made, register its certificate in ServiceNow, and enter the key on the User Credential."
)
CLIENT_CERTIFICATE_REMEDY = tr_later(
    "Have a new certificate made, map it to the account in ServiceNow, and replace the file."
)
CA_BUNDLE_REMEDY = tr_later("Replace the file by the authority's current certificates.")
SERVER_CERTIFICATE_REMEDY = tr_later(
    "The certificate of the server has to be renewed; then check the server again."
)
BASIC_REMEDY = tr_later(
    "Switch the User Credential to OAuth 2.0 or a client certificate before this date, or exempt its account from the "
    "restriction in ServiceNow (All > Basic Auth Restriction > Properties)."
)
FILE_REMEDY = tr_later(
    "Choose a file that can be read, and enter its passphrase on the User Credential if it has one."
)


@dataclass(frozen=True, slots=True)
class StoredExpiries:
    """What the store says; enough to read files and vault without it."""

    credentials: dict[uuid.UUID, UserCredential]
    servers: tuple[Server, ...]
    signing_in: dict[uuid.UUID, list[Server]]
    """The servers that are signed in to with a credential, by its id."""
    seen: dict[uuid.UUID, SeenDates]
    """What the last check of each server saw."""

    def servers_of(self, credential_id: uuid.UUID) -> list[Server]:
        """Return the servers that are signed in to with a credential."""
        return self.signing_in.get(credential_id, [])

    def credential_of(self, server: Server) -> UserCredential | None:
        """Return the credential of a server."""
        return None if server.credential_id is None else self.credentials.get(server.credential_id)


def read_stored_expiries(configuration: Configuration, store: Store) -> StoredExpiries:
    """Read credentials, servers, and what checks saw; blocks."""
    servers = tuple(configuration.servers())
    credentials = {one.id: one for one in configuration.all(UserCredential)}
    signing_in: dict[uuid.UUID, list[Server]] = {}
    for server in servers:
        if server.credential_id is not None:
            signing_in.setdefault(server.credential_id, []).append(server)
    return StoredExpiries(credentials, servers, signing_in, find_seen_dates(store, servers))


def read_expiry_facts(stored: StoredExpiries, vault: Vault) -> list[ExpiryFact]:
    """Return everything that runs out; reads files and vault, and blocks for as long as these do."""
    found = [fact for one in stored.credentials.values() for fact in _credential_facts(one, stored, vault)]
    for server in stored.servers:
        found += _server_facts(server, stored, vault)
    return found


# -- credentials -------------------------------------------------------------------------------------------------------


def _credential_facts(
    credential: UserCredential, stored: StoredExpiries, vault: Vault
) -> Iterator[ExpiryFact]:
    servers = stored.servers_of(credential.id)
    of_privilege_manager = bool(servers) and all(isinstance(one, PrivilegeManagerServer) for one in servers)
    owner = Owner.PRIVILEGE_MANAGER if of_privilege_manager else Owner.SERVICENOW
    if credential.secret_expires_on:
        secrets = METHODS[credential.method].secrets
        what = SECRET_FORMS[secrets[0]].label if secrets else tr_later("secret")
        if of_privilege_manager:
            what = SECRET_FORMS[SecretName.CLIENT_SECRET].label
        yield ExpiryFact(
            ExpiryKind.SECRET,
            Kind.USER_CREDENTIAL,
            credential.id,
            credential.name,
            what,
            SECRET_REMEDY,
            owner,
            last_day=date.fromisoformat(credential.secret_expires_on),
        )
    if credential.method is SignInMethod.JWT_BEARER:
        yield _key_fact(credential, servers, vault)


def _key_fact(credential: UserCredential, servers: list[Server], vault: Vault) -> ExpiryFact:
    """Return the signing key of a credential: it has a date only where a certificate stands beside it."""

    def fact(gap: ExpiryState, detail: str, ends_at: datetime | None = None) -> ExpiryFact:
        return ExpiryFact(
            ExpiryKind.SIGNING_KEY,
            Kind.USER_CREDENTIAL,
            credential.id,
            credential.name,
            SECRET_FORMS[SecretName.PRIVATE_KEY].label,
            KEY_REMEDY,
            Owner.SERVICENOW,
            expires_at=ends_at,
            gap=gap,
            detail=detail,
        )

    try:
        key = _read_secret(vault, credential, servers[0], SecretName.PRIVATE_KEY) if servers else None
    except ConsoleError as error:
        return fact(ExpiryState.UNKNOWN, error.problem.cause)
    # What reads certificates is only imported where there are some.
    from services.expiries.certificate_files import read_certificates

    earliest = read_certificates(key.reveal().encode()).earliest if key is not None else None
    if earliest is None:
        return fact(ExpiryState.UNDATED, tr_message("The key has no certificate with it"))
    return fact(ExpiryState.UNDATED, earliest.name, earliest.ends_at)


# -- servers -----------------------------------------------------------------------------------------------------------


def _server_facts(server: Server, stored: StoredExpiries, vault: Vault) -> list[ExpiryFact]:
    credential = stored.credential_of(server)
    found: list[ExpiryFact] = []
    if server.client_certificate:
        found += _file_facts(
            server,
            server.client_certificate,
            ExpiryKind.CLIENT_CERTIFICATE,
            tr_later("client certificate"),
            CLIENT_CERTIFICATE_REMEDY,
            lambda: _read_passphrase(vault, credential, server),
        )
    if server.ca_bundle:
        found += _file_facts(
            server,
            server.ca_bundle,
            ExpiryKind.CA_BUNDLE,
            tr_later("CA bundle"),
            CA_BUNDLE_REMEDY,
            lambda: None,
        )
    seen = stored.seen.get(server.id, SeenDates())
    if seen.certificate_ends_at is not None:
        found.append(
            _server_fact(
                server,
                ExpiryKind.SERVER_CERTIFICATE,
                tr_later("certificate of the server"),
                SERVER_CERTIFICATE_REMEDY,
                Owner.NETWORK,
                expires_at=seen.certificate_ends_at,
            )
        )
    uses_password = credential is not None and credential.method is SignInMethod.BASIC
    if isinstance(server, ForeignSystem) and uses_password:
        found.append(_basic_fact(server, seen))
    return found


def _server_fact(
    server: Server,
    kind: ExpiryKind,
    what: str,
    remedy: str,
    owner: Owner,
    *,
    expires_at: datetime | None = None,
    gap: ExpiryState = ExpiryState.UNKNOWN,
    detail: str = "",
) -> ExpiryFact:
    return ExpiryFact(
        kind,
        server.kind,
        server.id,
        server.name,
        what,
        remedy,
        owner,
        expires_at=expires_at,
        gap=gap,
        detail=detail,
    )


def _file_facts(
    server: Server,
    path: str,
    kind: ExpiryKind,
    what: str,
    remedy: str,
    passphrase: Callable[[], Secret | None],
) -> Iterator[ExpiryFact]:
    """Yield the earliest end of a file's certificates, and what cannot be read of it."""
    from services.expiries.certificate_files import read_certificate_file

    try:
        file = read_certificate_file(path, passphrase)
    except ConsoleError as error:
        # The vault is closed or holds the passphrase for another address: the file may be as good as ever.
        yield _server_fact(server, kind, what, remedy, Owner.CONSOLE, detail=error.problem.cause)
        return
    if file.reason:
        yield _server_fact(
            server,
            kind,
            what,
            FILE_REMEDY,
            Owner.CONSOLE,
            gap=ExpiryState.UNREADABLE,
            detail=file.reason,
        )
    if file.ends:
        earliest = file.earliest
        yield _server_fact(
            server,
            kind,
            what,
            remedy,
            Owner.CONSOLE,
            expires_at=earliest.ends_at if earliest is not None else None,
            gap=ExpiryState.UNDATED,
            detail=_which(file),
        )


def _which(file: "CertificateFile") -> str:
    earliest = file.earliest
    if earliest is None:
        return tr_message("No certificate in the file has an end")
    if len(file.ends) == 1:
        return earliest.name
    return plural_message(
        len(file.ends),
        "{name}, the first of {count} certificate to end",
        "{name}, the first of {count} certificates to end",
        name=earliest.name,
    )


def _basic_fact(server: ForeignSystem, seen: SeenDates) -> ExpiryFact:
    told = seen.basic_auth_enforced_at
    known = told == NO_DATE
    return _server_fact(
        server,
        ExpiryKind.BASIC_AUTHENTICATION,
        tr_later("basic authentication"),
        BASIC_REMEDY,
        Owner.SERVICENOW,
        expires_at=told if isinstance(told, datetime) else None,
        gap=ExpiryState.UNDATED if known else ExpiryState.UNKNOWN,
        detail=""
        if isinstance(told, datetime)
        else tr_message("ServiceNow has set no date")
        if known
        else tr_message("The account cannot read the date in ServiceNow; a check reads it where it may"),
    )


def _read_passphrase(vault: Vault, credential: UserCredential | None, server: Server) -> Secret | None:
    if credential is None:
        return None
    return _read_secret(vault, credential, server, SecretName.CERTIFICATE_PASSPHRASE)


def _read_secret(vault: Vault, credential: UserCredential, server: Server, name: SecretName) -> Secret | None:
    """Return a secret of a credential for a server, None where none is stored; raises VaultError for other reasons."""
    try:
        return vault.get(credential.id, credential.name, server.destination, secret_name=name)
    except SecretMissingError:
        return None
