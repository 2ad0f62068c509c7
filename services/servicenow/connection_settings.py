"""Settings of a connection to an instance: address, trust, proxy, time limits. What uses them is in `transport`."""

from dataclasses import dataclass, field

import httpx

from models.addresses import Origin
from models.foreign_system import ForeignSystem
from services.servicenow.authentication import SignInSource

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
CALL_TIMEOUT_S = 60.0
"""For one call with everything in it; the instance itself gives up after 60 s."""
MAX_CONCURRENT_CALLS = 2


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Everything that says where an instance is and how to get there. Times in seconds."""

    name: str
    base_url: str
    production: bool = False
    ca_bundle: str | None = None
    client_certificate: str | None = None
    proxy: str | None = None
    proxy_sign_in: SignInSource = field(default=None, repr=False, compare=False)
    """How to sign in to the proxy. The proxy alone gets it, and gets nothing that is for the instance."""
    connect_timeout: float = CONNECT_TIMEOUT_S
    read_timeout: float = READ_TIMEOUT_S

    @classmethod
    def of(cls, system: ForeignSystem, proxy_sign_in: SignInSource = None) -> "ConnectionSettings":
        """Take the settings of a stored (or edited) foreign system."""
        return cls(
            name=system.name,
            base_url=system.base_url,
            production=system.production,
            ca_bundle=system.ca_bundle,
            client_certificate=system.client_certificate,
            proxy=system.proxy,
            proxy_sign_in=proxy_sign_in,
        )

    @property
    def origin(self) -> Origin:
        """Scheme, host and port that secrets are bound to."""
        return Origin.of(self.base_url)

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
