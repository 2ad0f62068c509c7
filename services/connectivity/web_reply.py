"""The stages `http` and `instance`: whether a web reply came, and whether it is ServiceNow's, awake and ready."""

from urllib.parse import urljoin, urlsplit

import httpx

from models.addresses import Origin
from services.connectivity.faults import refused, unreachable
from services.connectivity.results import StageResult
from services.errors import ConsoleError
from services.servicenow.answers import proxy_sign_in, refuse_pages, refuse_redirect
from services.servicenow.faults import failure
from services.servicenow.headers import schemes_of
from services.servicenow.instance import Instance
from services.servicenow.queries import Operator, where

SIGN_ON = ("saml", "sso", "oauth2", "adfs", "okta", "login", "idp.", "auth.", "signin")
"""What addresses of single sign-on contain."""
BUILD = ("glide.buildname", "glide.buildtag")
SIGNED_OUT = (401, 403)


def look_at_reply(response: httpx.Response, origin: Origin) -> str:
    """Say what came; raises `proxy-sign-in`, `redirect-elsewhere` or `server-error`.

    Pages that only an instance sends are left to `look_at_instance`.
    """
    tried = f"Ask {origin.host} for a web reply"
    status = response.status_code
    if status == 407:
        raise proxy_sign_in(
            tried, f"HTTP {status}", schemes_of(response.headers.get_list("proxy-authenticate"))
        )
    if response.is_redirect:
        if _instance_problem(response, origin) is None:
            refuse_redirect(response, origin, tried)
        return f"{status}, a redirect"
    if status >= 500 and _instance_problem(response, origin) is None:
        raise failure("server-error", tried, f"HTTP {status}")
    server = response.headers.get("server", "")
    return f"{status}, {response.http_version}, no redirect" + (f", {server}" if server else "")


def look_at_instance(response: httpx.Response, origin: Origin) -> str | StageResult:
    """Say by what the reply is known as ServiceNow's; raises what an instance sends in place of data."""
    problem = _instance_problem(response, origin)
    if problem is not None:
        raise problem
    signs = _signs(response)
    if signs:
        return f"Answers as ServiceNow ({', '.join(signs)})"
    seen = f"HTTP {response.status_code}, {response.headers.get('content-type', 'no content type')}"
    if response.status_code < 400 or response.status_code == 404:
        tried = f"Ask {origin.host} whether it is ServiceNow"
        raise unreachable("instance", "not-servicenow", tried, f"{seen}, nothing of ServiceNow in it")
    # A gateway may strip what tells an instance; to refuse a call without a sign-in is what an instance would do.
    return f"{seen}: refuses a call without a sign-in; nothing else tells whether it is ServiceNow"


def _instance_problem(response: httpx.Response, origin: Origin) -> ConsoleError | None:
    """Return what an instance sends in place of data, or None."""
    tried = f"Ask {origin.host} whether it is awake"
    try:
        if response.is_redirect:
            location = response.headers.get("location", "")
            if _is_sign_on(str(response.request.url), location, origin):
                return refused(
                    "instance", "sso-redirect", tried, f"HTTP {response.status_code} to {location}"
                )
            refuse_redirect(response, origin, tried)
        # Being asked to sign in is the good answer here, and comes as a page on some instances.
        elif response.status_code not in SIGNED_OUT:
            refuse_pages(response, tried)
    except ConsoleError as error:
        return error if error.problem.fault != "redirect-elsewhere" else None
    return None


def _is_sign_on(asked: str, location: str, origin: Origin) -> bool:
    """Return whether the address that a reply to `asked` points to is an identity provider's on another host."""
    try:
        location = urljoin(asked, location)
        elsewhere = Origin.of(location) != origin
        parts = urlsplit(location.lower())
    except ValueError:
        return False
    text = f"{parts.hostname or ''}{parts.path}?{parts.query}"
    return elsewhere and any(word in text for word in SIGN_ON)


def _signs(response: httpx.Response) -> list[str]:
    headers = response.headers
    signs = []
    if "servicenow" in headers.get("server", "").lower():
        signs.append("Server: ServiceNow")
    if "x-is-logged-in" in headers:
        signs.append("X-Is-Logged-In")
    if "service-now" in headers.get("www-authenticate", "").lower():
        signs.append("realm Service-now")
    if '"User Not Authenticated"' in response.text[:2000]:
        signs.append("its own words")
    return signs


async def with_build(instance: Instance, seen: str) -> str:
    """Return `seen` with the build that the instance says it has; many hide it from an account without admin."""
    rows = instance.table("sys_properties").rows(
        where("name", Operator.IN, *BUILD), fields=("name", "value"), limit=len(BUILD)
    )
    try:
        values = {row["name"]: row["value"] async for row in rows}
    except ConsoleError:
        # It says more about an instance that was found good already; what else is wrong has stages of its own.
        return f"{seen}; its build cannot be read"
    build = ", ".join(values[name] for name in BUILD if values.get(name))
    return f"{seen}; build {build}" if build else f"{seen}; it does not show its build"
