"""Settings of a connection to a server: address, trust, proxy, time limits. `http_clients` uses them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from models.addresses import Origin
from services.common.secret import Secret
from services.transport.sign_in import SignInSource

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
CALL_TIMEOUT_S = 60.0
"""For one call with everything in it; a ServiceNow instance gives up after 60 s itself."""
MAX_CONCURRENT_CALLS = 2


PassphraseSource = Callable[[], Awaitable[Secret | None]] | None


class ServerSettings(Protocol):
    """What the models of all kinds of servers have in common."""

    @property
    def name(self) -> str:
        """Its name in this console."""

    @property
    def base_url(self) -> str:
        """Normalised, with one trailing slash."""

    @property
    def production(self) -> bool:
        """Whether it is used in production."""

    @property
    def ca_bundle(self) -> str | None:
        """The file of a private CA, or None for the system's trust store."""

    @property
    def client_certificate(self) -> str | None:
        """The file of a client certificate and its key (PEM or PKCS#12), or None."""

    @property
    def proxy(self) -> str | None:
        """The address of a proxy, or None."""


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Everything that says where a server is and how to get there. Times in seconds."""

    name: str
    base_url: str
    production: bool = False
    ca_bundle: str | None = None
    client_certificate: str | None = None
    proxy: str | None = None
    proxy_sign_in: SignInSource = field(default=None, repr=False, compare=False)
    """How to sign in to the proxy. The proxy alone gets it, and gets nothing that is for the server."""
    certificate_passphrase: PassphraseSource = field(default=None, repr=False, compare=False)
    """Returns the passphrase of the client certificate, or None where none is stored; asked for only where it is needed.

    Raises CertificateNotNeededError where the certificate may be left out instead.
    """
    connect_timeout: float = CONNECT_TIMEOUT_S
    read_timeout: float = READ_TIMEOUT_S

    @classmethod
    def of(
        cls,
        server: ServerSettings,
        proxy_sign_in: SignInSource = None,
        certificate_passphrase: PassphraseSource = None,
    ) -> "ConnectionSettings":
        """Take the settings of a stored (or edited) server."""
        return cls(
            name=server.name,
            base_url=server.base_url,
            production=server.production,
            ca_bundle=server.ca_bundle,
            client_certificate=server.client_certificate,
            proxy=server.proxy,
            proxy_sign_in=proxy_sign_in,
            certificate_passphrase=certificate_passphrase,
        )

    @property
    def origin(self) -> Origin:
        """Scheme, host and port that secrets are bound to."""
        return Origin.of(self.base_url)

    @property
    def shows_client_certificate(self) -> bool:
        """Whether the server is shown a client certificate where it asks for one."""
        return bool(self.client_certificate) and self.origin.scheme == "https"

    @property
    def effective_proxy(self) -> str | None:
        """The proxy that calls go through, or None.

        Plain http is for this machine alone: a proxy would get the password readable, and would look on its own side.
        """
        return (self.proxy or None) if self.origin.scheme == "https" else None

    @property
    def timeout(self) -> httpx.Timeout:
        """Limits for httpx; nothing waits for ever."""
        return httpx.Timeout(self.read_timeout, connect=self.connect_timeout, pool=CALL_TIMEOUT_S)
