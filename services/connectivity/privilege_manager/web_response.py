"""The stages `http` and `instance`: whether a web reply came, and whether it is Privilege Manager's.

Decided by statuses, headers, addresses and the structure of bodies, never by their words.
"""

import json
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urljoin, urlsplit

import httpx

from models.addresses import SERVICENOW_DOMAINS, Origin
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.json_types import JsonValue
from services.connectivity.fault_catalog import fault_result, refused_error, unreachable_error
from services.connectivity.privilege_manager.instance_faults import STAGE
from services.connectivity.report import StageResult
from services.connectivity.servicenow.stages.web_response import find_servicenow_signs, is_sso_redirect
from services.transport.faults import FaultTable
from services.transport.response_headers import parse_auth_schemes
from services.transport.transport_errors import proxy_auth_error

SWAGGER_PATH = "services/swagger/docs/v1"
VERSION_PATH = "services/api/v1/version/Current"
WINDOWS_SCHEMES = ("negotiate", "ntlm", "kerberos")
LOGIN_SEGMENTS = frozenset({"login", "logon", "login.aspx", "signin", "account", "authenticate"})
"""Parts of the path of a login page."""
SETUP_SEGMENT = "setup"
HTTP_SYS = "microsoft-httpapi"
"""What the header Server begins with when no site or application pool took the call."""
KNOWN_PATHS = ("/v1/version/current", "/v1/policies/getall", "/v1/actions/getall")
_PASSWORD_FIELD = re.compile(r"<input[^>]*\btype\s*=\s*[\"']?password", re.IGNORECASE)
_CORRELATION = re.compile(r"correlation\s*id\W{0,20}([0-9a-f-]{8,40})", re.IGNORECASE)
BODY_SEARCHED = 200_000

Probe = Callable[[str], Awaitable[httpx.Response]]
"""Asks for a path below the base URL without a sign-in."""


def check_reply(faults: FaultTable, response: httpx.Response, origin: Origin) -> str:
    """Say what came; raises `proxy-sign-in`, `redirect-elsewhere` or `privilege-manager-server-error`.

    Pages by which the state of the server is known are left to `check_instance`.
    """
    tried = f"Ask {origin.host} for a web reply"
    status = response.status_code
    if status == 407:
        schemes = parse_auth_schemes(response.headers.get_list("proxy-authenticate"))
        raise proxy_auth_error(faults, tried, f"HTTP {status}", schemes)
    if response.is_redirect:
        if _substitute(response, origin) is None:
            seen = f"HTTP {status} to {response.headers.get('location', 'nowhere')}"
            raise faults.error(FaultId.REDIRECT_ELSEWHERE, tried, seen)
        return f"{status}, a redirect"
    if status >= 500 and _substitute(response, origin) is None:
        found = _CORRELATION.search(response.text[:BODY_SEARCHED])
        named = f", CorrelationID {found[1]}" if found else ""
        raise faults.error(FaultId.PRIVILEGE_MANAGER_SERVER_ERROR, tried, f"HTTP {status}{named}")
    server = response.headers.get("server", "")
    return f"{status}, {response.http_version}, no redirect" + (f", {server}" if server else "")


async def check_instance(response: httpx.Response, origin: Origin, probe: Probe) -> str | StageResult:
    """Say by what the reply to the request for the Swagger document is known; raises what answers in its place.

    Where the document is not there, the address of the version is asked for: it tells whether the API is.
    """
    signs = find_servicenow_signs(response)
    if origin.host.endswith(SERVICENOW_DOMAINS) or signs:
        raise refused_error(
            STAGE,
            FaultId.PRIVILEGE_MANAGER_SERVICENOW_ADDRESS,
            _tried(origin),
            ", ".join(signs) or origin.host,
        )
    problem = _substitute(response, origin)
    if problem is not None:
        raise problem
    if shows_privilege_manager(response):
        return "Swagger document of Privilege Manager"
    if response.status_code in (401, 403):
        return f"HTTP {response.status_code}: the Swagger document is shown after a log-on only"
    return await _judge_by_version(response, origin, await probe(VERSION_PATH))


def shows_privilege_manager(response: httpx.Response) -> bool:
    """Return whether a reply is the Swagger document of Privilege Manager."""
    return describes_privilege_manager(_parse_json(response))


def describes_privilege_manager(document: JsonValue) -> bool:
    """Return whether a Swagger document has the paths of Privilege Manager."""
    paths = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(paths, dict):
        return False
    return any(str(path).lower().endswith(KNOWN_PATHS) for path in paths)


async def _judge_by_version(response: httpx.Response, origin: Origin, version: httpx.Response) -> StageResult:
    """Return what to conclude where the Swagger document did not come, from the reply of the version's address."""
    seen = f"HTTP {response.status_code} for {SWAGGER_PATH}, HTTP {version.status_code} for {VERSION_PATH}"
    if version.status_code == 401 or isinstance(_parse_json(version), str):
        missing = response.status_code == 404
        fault = (
            FaultId.PRIVILEGE_MANAGER_SWAGGER_MISSING
            if missing
            else FaultId.PRIVILEGE_MANAGER_SWAGGER_UNREADABLE
        )
        return fault_result(STAGE, fault, seen)
    if response.status_code == 404:
        raise unreachable_error(STAGE, FaultId.PRIVILEGE_MANAGER_PATH_WRONG, _tried(origin), seen)
    kind = response.headers.get("content-type", "no content type")
    raise unreachable_error(
        STAGE, FaultId.PRIVILEGE_MANAGER_NOT_RECOGNISED, _tried(origin), f"{seen}, {kind}"
    )


def _substitute(response: httpx.Response, origin: Origin) -> ConsoleError | None:
    """Return what stands in place of an answer of the API, or None."""
    status, server = response.status_code, response.headers.get("server", "").lower()
    seen = f"HTTP {status}" + (f" from {response.headers['server']}" if server else "")
    fault: FaultId | None = None
    if response.is_redirect:
        seen = f"{seen} to {response.headers.get('location', 'nowhere')}"
        fault = _redirect_fault(response, origin)
    elif server.startswith(HTTP_SYS) and status in (400, 404):
        fault = FaultId.PRIVILEGE_MANAGER_SITE_MISSING
    elif server.startswith(HTTP_SYS) and status == 503:
        fault = FaultId.PRIVILEGE_MANAGER_APPLICATION_POOL
    elif status == 503:
        fault = FaultId.PRIVILEGE_MANAGER_MAINTENANCE
    elif status == 401 and _wants_windows_sign_in(response):
        seen = f"{seen}; it offers {', '.join(response.headers.get_list('www-authenticate'))}"
        fault = FaultId.PRIVILEGE_MANAGER_WINDOWS_SIGN_IN
    elif status == 403 and _is_html(response):
        fault = FaultId.PRIVILEGE_MANAGER_ADDRESS_REFUSED
    elif status in (200, 401, 403) and _PASSWORD_FIELD.search(response.text[:BODY_SEARCHED]):
        seen = f"{seen}, a page with a password field"
        fault = FaultId.PRIVILEGE_MANAGER_LOGIN_REDIRECT
    return refused_error(STAGE, fault, _tried(origin), seen) if fault is not None else None


def _redirect_fault(response: httpx.Response, origin: Origin) -> FaultId | None:
    asked, location = str(response.request.url), response.headers.get("location", "")
    try:
        target = urljoin(asked, location)
        elsewhere = Origin.of(target) != origin
        segments = set(urlsplit(target.lower()).path.split("/"))
    except ValueError:
        return None
    if not elsewhere and SETUP_SEGMENT in segments:
        return FaultId.PRIVILEGE_MANAGER_SETUP_UNFINISHED
    if not elsewhere and segments & LOGIN_SEGMENTS:
        return FaultId.PRIVILEGE_MANAGER_LOGIN_REDIRECT
    return FaultId.PRIVILEGE_MANAGER_SSO_REDIRECT if is_sso_redirect(asked, location, origin) else None


def _wants_windows_sign_in(response: httpx.Response) -> bool:
    schemes = parse_auth_schemes(response.headers.get_list("www-authenticate"))
    return any(scheme.lower() in WINDOWS_SCHEMES for scheme in schemes)


def _is_html(response: httpx.Response) -> bool:
    return "html" in response.headers.get("content-type", "").lower()


def _parse_json(response: httpx.Response) -> JsonValue:
    if response.status_code != 200 or _is_html(response):
        return None
    try:
        document: JsonValue = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return document


def _tried(origin: Origin) -> str:
    return f"Ask {origin.host} whether it is Privilege Manager"
