"""How an instance is reached: address, trust, proxy, time limits, account."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from models.addresses import Origin
from models.foreign_system import ForeignSystem
from services.common.secret import Secret
from services.servicenow.response_headers import parse_auth_schemes

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 30.0
CALL_TIMEOUT_S = 60.0
"""For one call with everything in it; the instance itself gives up after 60 s."""
MAX_CONCURRENT_CALLS = 2


@dataclass(frozen=True, slots=True)
class SignIn:
    """An account and its password."""

    account: str
    secret: Secret = field(repr=False)


SignInSource = SignIn | Callable[[], Awaitable[SignIn]] | None
"""How to sign in: at once, by asking (a vault, in a thread), or not at all."""


async def resolve_sign_in(source: SignInSource) -> SignIn | None:
    """Return the sign-in that `source` gives; raises what asking for it raises."""
    return await source() if callable(source) else source


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


async def build_proxy(settings: ConnectionSettings, *, signed: bool) -> httpx.Proxy | None:
    """Return the proxy as httpx takes it, or None where none is used.

    With `signed` it carries its sign-in, where one is set. httpx sends that with the first word, so it is for a proxy
    that has offered Basic. Raises what asking for the sign-in raises, and ValueError or httpx.InvalidURL for an address
    that is none.
    """
    address = settings.effective_proxy
    if address is None:
        return None
    context = None
    if httpx.URL(address).scheme == "https":
        # It is judged like the instance; the client certificate is for the instance alone.
        found = await asyncio.to_thread(tls_context, replace(settings, client_certificate=None))
        context = found if isinstance(found, ssl.SSLContext) else None
    sign_in = await resolve_sign_in(settings.proxy_sign_in) if signed else None
    # Beside the address, not in it: addresses are shown and logged.
    auth = (sign_in.account, sign_in.secret.reveal()) if sign_in is not None else None
    return httpx.Proxy(address, ssl_context=context, auth=auth)


class ProxyChallengeTrace:
    """What a proxy offered when it refused one request with 407; httpx tells the headers to a trace only."""

    def __init__(self) -> None:
        self.schemes: tuple[str, ...] = ()

    @property
    def extensions(self) -> dict[str, Any]:
        """Return what a request carries for httpx, so that the answer to its CONNECT is seen here."""
        return {"trace": self._trace}

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event != "http11.receive_response_headers.complete":
            return
        _, status, _, headers = info["return_value"]
        if status == 407:
            values = [v.decode("latin-1") for name, v in headers if name.lower() == b"proxy-authenticate"]
            self.schemes = parse_auth_schemes(values)


def tls_context(settings: ConnectionSettings) -> ssl.SSLContext | bool:
    """Return the TLS context: the system's trust store, or the private CA bundle that was set.

    Raises OSError or ssl.SSLError when a bundle or certificate cannot be read, ValueError when there is no address.
    """
    if settings.origin.scheme == "http":
        return False
    context: ssl.SSLContext
    if settings.ca_bundle:
        context = ssl.create_default_context(cafile=settings.ca_bundle)
        # Python 3.13 judges bundles by other rules than 3.11. The same bundle is to mean the same everywhere: what was
        # set here is trusted, an intermediate CA included, and a private CA need not keep every rule of RFC 5280.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    else:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if settings.client_certificate:
        # Without an answer of its own OpenSSL would ask for the passphrase of a key on the terminal.
        context.load_cert_chain(settings.client_certificate, password="")
    return context
