"""The stages `http` and `instance`: whether a web reply came, and whether it is ServiceNow's, awake and ready."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import httpx

from models.addresses import Origin
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import refused_error, unreachable_error
from services.connectivity.report import StageResult
from services.connectivity.seen_dates import stored_date
from services.servicenow.basic_auth_restriction import DATE_PROPERTIES, parse_restriction
from services.servicenow.encoded_query import Operator, where
from services.servicenow.faults import FAULTS, make_error
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.response_checks import (
    BALANCER,
    raise_for_certificate_error,
    raise_for_html,
    raise_for_redirect,
)
from services.transport.response_headers import parse_auth_schemes
from services.transport.transport_errors import proxy_auth_error

SSO_URL_PARTS = ("saml", "sso", "oauth2", "adfs", "okta", "login", "idp.", "auth.", "signin")
"""What addresses of single sign-on contain."""
BUILD_PROPERTIES = ("glide.buildname", "glide.buildtag")
UNAUTHENTICATED_STATUSES = (401, 403)
NOT_AUTHENTICATED_TEXTS = ('"User is not authenticated"', '"User Not Authenticated"')
"""What an instance says to a call without a sign-in; the second one is that of older builds."""


def check_reply(response: httpx.Response, origin: Origin) -> str:
    """Say what came; raises `proxy-sign-in`, `redirect-elsewhere`, `server-error` or `certificate-untrusted`.

    Pages that only an instance sends are left to `look_at_instance`.
    """
    tried = f"Ask {origin.host} for a web reply"
    status = response.status_code
    if status == 407:
        raise proxy_auth_error(
            FAULTS,
            tried,
            f"HTTP {status}",
            parse_auth_schemes(response.headers.get_list("proxy-authenticate")),
        )
    raise_for_certificate_error(response, tried)
    if response.is_redirect:
        if _instance_problem(response, origin) is None:
            raise_for_redirect(response, origin, tried)
        return f"{status}, a redirect"
    if status >= 500 and _instance_problem(response, origin) is None:
        raise make_error(FaultId.SERVER_ERROR, tried, f"HTTP {status}")
    server = response.headers.get("server", "")
    return f"{status}, {response.http_version}, no redirect" + (f", {server}" if server else "")


def check_instance(response: httpx.Response, origin: Origin) -> str | StageResult:
    """Say by what the reply is known as ServiceNow's; raises what an instance sends in place of data."""
    problem = _instance_problem(response, origin)
    if problem is not None:
        raise problem
    signs = find_servicenow_signs(response)
    if signs:
        return f"Answers as ServiceNow ({', '.join(signs)})"
    seen = f"HTTP {response.status_code}, {response.headers.get('content-type', 'no content type')}"
    if response.status_code < 400 or response.status_code == 404:
        tried = f"Ask {origin.host} whether it is ServiceNow"
        raise unreachable_error(
            "instance", FaultId.NOT_SERVICENOW, tried, f"{seen}, nothing of ServiceNow in it"
        )
    # A gateway may strip what tells an instance; to refuse a call without a sign-in is what an instance would do.
    return f"{seen}: refuses a call without a sign-in; nothing else tells whether it is ServiceNow"


def _instance_problem(response: httpx.Response, origin: Origin) -> ConsoleError | None:
    """Return what an instance sends in place of data, or None."""
    tried = f"Ask {origin.host} whether it is awake"
    try:
        if response.is_redirect:
            location = response.headers.get("location", "")
            if is_sso_redirect(str(response.request.url), location, origin):
                return refused_error(
                    "instance", FaultId.SSO_REDIRECT, tried, f"HTTP {response.status_code} to {location}"
                )
            raise_for_redirect(response, origin, tried)
        # Being asked to sign in is the good answer here, and comes as a page on some instances.
        elif response.status_code not in UNAUTHENTICATED_STATUSES:
            raise_for_html(response, tried)
    except ConsoleError as error:
        return error if error.problem.fault != FaultId.REDIRECT_ELSEWHERE else None
    return None


def is_sso_redirect(asked: str, location: str, origin: Origin) -> bool:
    """Return whether the address that a reply to `asked` points to is an identity provider's on another host."""
    try:
        location = urljoin(asked, location)
        elsewhere = Origin.of(location) != origin
        parts = urlsplit(location.lower())
    except ValueError:
        return False
    text = f"{parts.hostname or ''}{parts.path}?{parts.query}"
    return elsewhere and any(word in text for word in SSO_URL_PARTS)


def find_servicenow_signs(response: httpx.Response) -> list[str]:
    """Return by what a reply is known as ServiceNow's; empty where nothing tells."""
    headers = response.headers
    signs = []
    if "servicenow" in headers.get("server", "").lower():
        signs.append("Server: ServiceNow")
    if BALANCER in headers.get("server", "").lower():
        signs.append(f"Server: {BALANCER}")
    if "x-is-logged-in" in headers:
        signs.append("X-Is-Logged-In")
    if "service-now" in headers.get("www-authenticate", "").lower():
        signs.append("realm Service-now")
    if any(words in response.text[:2000] for words in NOT_AUTHENTICATED_TEXTS):
        signs.append("its own words")
    return signs


async def append_build(instance: ServiceNowClient, seen: str) -> str | StageResult:
    """Return `seen` with the build that the instance says it has; many hide it from an account without admin.

    The same call reads from when basic authentication is refused.
    """
    names = (*BUILD_PROPERTIES, *DATE_PROPERTIES)
    rows = instance.table("sys_properties").rows(
        where("name", Operator.IN, *names), fields=("name", "value"), limit=len(names)
    )
    try:
        values = {row["name"]: row["value"] async for row in rows}
    except ConsoleError:
        # It says more about an instance that was found good already; what else is wrong has stages of its own.
        return f"{seen}; its build cannot be read"
    build = ", ".join(values[name] for name in BUILD_PROPERTIES if values.get(name))
    told = f"{seen}; build {build}" if build else f"{seen}; it does not show its build"
    return replace(
        StageResult.ok("instance", told),
        basic_auth_enforced_at=stored_date(parse_restriction(values, datetime.now(UTC))),
    )
