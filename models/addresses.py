"""Base URLs and origins: how an address is written, and what a secret is bound to."""

import contextlib
import hashlib
import ipaddress
import json
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from models.translation_marks import tr_later

PUNYCODE_PREFIX = "xn--"
LABEL_SEPARATOR = re.compile("[.\u3002\uff0e\uff61]")
"""What parts a host name; names beyond ASCII know more dots than one."""
DEFAULT_PORTS = {"https": 443, "http": 80}
ROUTE_DIGEST_LENGTH = 16
SERVICENOW_DOMAINS = (".service-now.com", ".servicenowservices.com")
TMS_PATH = "TMS"
"""The path of a Privilege Manager server; its host may write it in small letters."""
PAGE_SUFFIXES = (".do", ".html", ".htm", ".jsp", ".jspx", ".aspx", ".php")
PORTAL_PATHS = (
    "nav",
    "login",
    "sp",
    "esc",
    "csm",
    "kb",
    "hrportal",
    "sp_admin",
    "mesp",
    "welcome",
    "auth_redirect",
    "saml2",
)
"""Pages and portals that an instance has below its base, where they are the last step of an address."""
_SCHEME_WITHOUT_SLASHES = re.compile(r"https?:(?!//)", re.IGNORECASE)
NEXT_EXPERIENCE_PATHS = re.compile(
    r"nav|ui|build|sow|cwf|hr|agent|mobile|.*workspace.*|.*experience.*|.*studio.*|.*analytics.*"
)
"""What stands behind /now/ in addresses of Next Experience."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of an address."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Return the origin of `url`; raises ValueError when it has none."""
        parts = urlsplit(url)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"“{url}” is not an http or https address")
        port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
        return cls(parts.scheme, parts.hostname.lower(), port)

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        """Write the origin as scheme://host:port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a secret goes: an origin, and the way there. `way` is empty for the direct one, else a short fingerprint."""

    origin: Origin
    way: str = ""
    certificate_way: str = field(default="", compare=False)
    """As `way`, with the file of the client certificate; no part of where other secrets go."""

    @classmethod
    def by(
        cls,
        origin: Origin,
        *,
        proxy: str | None = None,
        ca_bundle: str | None = None,
        client_certificate: str | None = None,
    ) -> "Destination":
        """Return the way through a proxy and with a private CA bundle: who gets the bytes, and who is believed there.

        `client_certificate` is noted for its passphrase alone. Files count by their path: what they hold is the business of
        whoever looks after this machine.
        """
        proxy, ca_bundle = (proxy or "").strip(), (ca_bundle or "").strip()
        certificate = (client_certificate or "").strip()
        with contextlib.suppress(ValueError):
            proxy = str(Origin.of(proxy))
        way = _fingerprint(proxy, ca_bundle) if proxy or ca_bundle else ""
        return cls(origin, way, _fingerprint(proxy, ca_bundle, certificate) if certificate else "")

    @property
    def for_certificate_passphrase(self) -> "Destination":
        """What the passphrase of the client certificate is bound to: the way, and the file of the certificate."""
        return Destination(self.origin, self.certificate_way) if self.certificate_way else self

    @classmethod
    def of(cls, text: str) -> "Destination":
        """Read what `str` wrote; raises ValueError."""
        address, _, way = text.partition("#")
        return cls(Origin.of(address), way)

    def __str__(self) -> str:
        """Write the origin, with the fingerprint of the way behind a #."""
        return f"{self.origin}#{self.way}" if self.way else str(self.origin)


def _fingerprint(*parts: str) -> str:
    named = json.dumps(parts, ensure_ascii=False)
    return hashlib.sha256(named.encode()).hexdigest()[:ROUTE_DIGEST_LENGTH]


def is_loopback(host: str) -> bool:
    """Return whether `host` names this machine, without asking a name server."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def alternate_hostname(host: str) -> str:
    """Return the other way in which `host` is written, or an empty text where there is but one.

    For letters beyond ASCII it is what name servers are asked for (xn--…), for such a name what it reads as: letters of
    several scripts look alike, and the two spellings together give them away.
    """
    parts = LABEL_SEPARATOR.split(host.lower())
    try:
        if not host.isascii():
            return ".".join(
                p if p.isascii() else PUNYCODE_PREFIX + p.encode("punycode").decode("ascii") for p in parts
            )
        read = ".".join(
            p.removeprefix(PUNYCODE_PREFIX).encode("ascii").decode("punycode")
            if p.startswith(PUNYCODE_PREFIX)
            else p
            for p in parts
        )
    except (UnicodeError, OverflowError):
        return ""
    # What cannot be seen, or turns the order of a line around, would hide more than it shows.
    return read if not read.isascii() and read.isprintable() else ""


def alternate_hostname_text(host: str) -> str:
    """Return the other spelling of `host` as people are told of it, or an empty text."""
    other = alternate_hostname(host)
    return other and (f"reads as {other}" if host.isascii() else f"asked for as {other}")


@dataclass(frozen=True, slots=True)
class _IncompleteTexts:
    """The sentences for an address in which something is missing, with an example of a complete one."""

    empty: str
    no_slashes: str
    no_host: str


_SERVICENOW_TEXTS = _IncompleteTexts(
    tr_later("is empty; it looks like https://INSTANCE.service-now.com/"),
    tr_later("has no // behind its scheme; it looks like https://INSTANCE.service-now.com/"),
    tr_later("has no usable host name; it looks like https://INSTANCE.service-now.com/"),
)
_PRIVILEGE_MANAGER_TEXTS = _IncompleteTexts(
    tr_later("is empty; it looks like https://SERVER/TMS/"),
    tr_later("has no // behind its scheme; it looks like https://SERVER/TMS/"),
    tr_later("has no usable host name; it looks like https://SERVER/TMS/"),
)


def normalise_base_url(text: str) -> str:
    """Return the base URL that `text` means: lower-case host, no default port, one trailing slash.

    Raises ValueError with a sentence for everything that is not the base of an instance: another scheme than https
    (http only to this machine), a user name, a query, or the path of a page copied from a browser; the sentence then
    names the base URL.
    """
    parts, address = _split_address(text, _SERVICENOW_TEXTS)
    base = _base_path(parts.hostname or "", parts.path, queried=bool(parts.query or parts.fragment))
    corrected = f"{address}{base}/"
    if base != parts.path.rstrip("/"):
        raise ValueError(
            f"is the address of a page in ServiceNow; the base URL of this instance is {corrected}"
        )
    if parts.query or parts.fragment:
        raise ValueError(f"carries a query; without it, the base URL is {corrected}")
    return corrected


def normalise_privilege_manager_url(text: str) -> str:
    """Return the base URL of a Privilege Manager server that `text` means: with its path, by default /TMS/.

    Raises ValueError like `normalise_base_url`; for the address of a page below /TMS/ the sentence names the base URL.
    """
    parts, address = _split_address(text, _PRIVILEGE_MANAGER_TEXTS)
    path = parts.path.rstrip("/")
    steps = path.split("/")
    below = next((place for place, step in enumerate(steps) if step.lower() == TMS_PATH.lower()), None)
    base = "/".join(steps[: below + 1]) if below is not None else path or f"/{TMS_PATH}"
    corrected = f"{address}{base}/"
    if path and base != path:
        raise ValueError(
            f"is the address of a page in Privilege Manager; the base URL of this server is {corrected}"
        )
    if parts.query or parts.fragment:
        raise ValueError(f"carries a query; without it, the base URL is {corrected}")
    return corrected


def _split_address(text: str, texts: _IncompleteTexts) -> tuple[SplitResult, str]:
    """Return the parts of an address, and its scheme, host and port in normal form.

    Raises ValueError with a sentence, one of `texts` where the address is incomplete.
    """
    text = text.strip()
    if not text:
        raise ValueError(texts.empty)
    if _SCHEME_WITHOUT_SLASHES.match(text):
        raise ValueError(texts.no_slashes)
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"cannot be read: {error}") from error
    host = (parts.hostname or "").lower()
    if parts.scheme not in DEFAULT_PORTS:
        raise ValueError(f"begins with {parts.scheme}://; only https:// is used")
    if not host or any(c.isspace() or c in "[]{}<>\"'`|\\^%" for c in host):
        raise ValueError(texts.no_host)
    if parts.username or parts.password:
        raise ValueError(tr_later("carries a user name or password; they belong in the User Credential"))
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(tr_later("http:// sends the password unencrypted; use https://"))
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port in (None, DEFAULT_PORTS[parts.scheme]) else f"{shown}:{port}"
    return parts, urlunsplit((parts.scheme, netloc, "", "", ""))


def _base_path(host: str, path: str, *, queried: bool) -> str:
    """Return the part of `path` before a page of an instance, without a slash at its end.

    ServiceNow's own hosts have nothing but pages below their root; elsewhere a gateway may have put a path before them.
    """
    if host.endswith(SERVICENOW_DOMAINS):
        return ""
    steps = [unquote(step).partition("?")[0].partition(";")[0].lower() for step in path.split("/")]
    while steps and not steps[-1]:
        steps.pop()
    for place, step in enumerate(steps):
        following = steps[place + 1] if place + 1 < len(steps) else ""
        portal = step in PORTAL_PATHS and (not following or queried)
        if (
            step.startswith("$")
            or step.endswith(PAGE_SUFFIXES)
            or portal
            or _is_servicenow_path(step, following)
        ):
            return "/".join(path.split("/")[:place]).rstrip("/")
    return path.rstrip("/")


def _is_servicenow_path(step: str, following: str) -> bool:
    """Return whether a step of a path and the next one lead to pages or interfaces of an instance."""
    return (step == "now" and (not following or NEXT_EXPERIENCE_PATHS.fullmatch(following) is not None)) or (
        step == "api" and following == "now"
    )


def record_url(base_url: str, table: str, sys_id: str) -> str:
    """Return the address under which a person opens a record of the instance at `base_url`, which ends with a slash."""
    return f"{base_url}nav_to.do?uri={table}.do?sys_id={sys_id}"
