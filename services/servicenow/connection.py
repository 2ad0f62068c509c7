"""How an instance is reached: address, trust, proxy, time limits, account."""

import ssl
from dataclasses import dataclass, field

import httpx

from models.addresses import Origin
from models.foreign_system import ForeignSystem
from services.secret import Secret

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
CALL_TIMEOUT_S = 60.0
"""For one call with everything in it; the instance itself gives up after 60 s."""
IN_FLIGHT = 2


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account and its password."""

    account: str
    secret: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Everything that says where an instance is and how to get there. Times in seconds."""

    name: str
    base_url: str
    production: bool = False
    ca_bundle: str | None = None
    client_certificate: str | None = None
    proxy: str | None = None
    connect_timeout: float = CONNECT_TIMEOUT_S
    read_timeout: float = READ_TIMEOUT_S

    @classmethod
    def of(cls, system: ForeignSystem) -> "ConnectionSettings":
        """Take the settings of a stored (or edited) foreign system."""
        return cls(
            name=system.name,
            base_url=system.base_url,
            production=system.production,
            ca_bundle=system.ca_bundle,
            client_certificate=system.client_certificate,
            proxy=system.proxy,
        )

    @property
    def origin(self) -> Origin:
        """Scheme, host and port that secrets are bound to."""
        return Origin.of(self.base_url)

    @property
    def proxy_used(self) -> str | None:
        """The proxy that calls go through, or None.

        Plain http is for this machine alone: a proxy would get the password readable, and would look on its own side.
        """
        return (self.proxy or None) if self.origin.scheme == "https" else None

    @property
    def timeout(self) -> httpx.Timeout:
        """Limits for httpx; nothing waits for ever."""
        return httpx.Timeout(self.read_timeout, connect=self.connect_timeout, pool=CALL_TIMEOUT_S)


def tls_context(settings: ConnectionSettings) -> ssl.SSLContext | bool:
    """Return the TLS context: the system's trust store, or the private CA bundle that was set.

    Raises OSError or ssl.SSLError when a bundle or certificate cannot be read, ValueError when there is no address.
    """
    if settings.origin.scheme == "http":
        return False
    context: ssl.SSLContext
    if settings.ca_bundle:
        context = ssl.create_default_context(cafile=settings.ca_bundle)
    else:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if settings.client_certificate:
        # Without an answer of its own OpenSSL would ask for the passphrase of a key on the terminal.
        context.load_cert_chain(settings.client_certificate, password="")
    return context
