"""Checks of responses: raises for statuses, redirects, web pages and JSON that are no success."""

import json
import re
from datetime import UTC, datetime

import httpx

from models.addresses import Origin
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.json_text import read_json
from services.common.json_types import JsonValue
from services.common.redaction import redact
from services.servicenow.faults import FAULTS, make_error
from services.transport.response_headers import (
    RETRY_AFTER_DEFAULT_S,
    offers_basic,
    parse_auth_schemes,
    parse_retry_after,
    read_redirect,
)
from services.transport.transport_errors import proxy_auth_error

DEVELOPER_SITE = "developer.servicenow.com"
"""Where a hibernating developer instance may send its callers."""
_TITLE = re.compile(r"<title[^<>]{0,200}>(.{0,500}?)</title>", re.IGNORECASE | re.DOTALL)


BALANCER = "snow_adc"
"""The load balancer that asks for client certificates, as its answers name it in the header `Server`."""
_CERTIFICATE_ERROR = re.compile(r"ssl certificate", re.IGNORECASE)
"""The page of the load balancer has a status that other refusals have as well."""

STATUSES_BEFORE_WEB_PAGE = (401, 403, 404, 407, 429)
"""Statuses that instances and the gateways before them send with a web page, and that say more than the page does."""
_TRANSACTION_CANCELLED = re.compile(r"transaction cancell?ed|maximum execution time", re.IGNORECASE)
_ERROR_OBJECT = re.compile(r'"error"\s*:\s*\{[^{}]*')
"""An error object in a text that is no JSON. Inside a value of a record its quotation marks would be escaped."""
_HTML_RIGHTS_MISSING = re.compile(r"insufficient rights|security constraints", re.IGNORECASE)
MFA_HEADER = "x-mfa_token"
"""Comes with a 401 when a one-time password is asked for."""
_NOT_AUTHENTICATED = re.compile(r"user (?:is )?not authenticated", re.IGNORECASE)
_CLIENT_SCOPED = re.compile(r"unscoped api|missing required api access scope", re.IGNORECASE)
_RIGHTS_MISSING = re.compile(
    r"insufficient (?:rights|privileges)|not authori[sz]ed|access denied|security constraints|acl exception|"
    r"do(?:es)? not have permission",
    re.IGNORECASE,
)


def raise_for_status(
    response: httpx.Response, tried: str, *, missing: FaultId = FaultId.RECORD_MISSING
) -> None:
    """Raise for every status that is no success. `missing` is the fault that a 404 stands for."""
    status = response.status_code
    if status < 400 and status != 202:
        return  # what a reply says is read for a fault only: removing secrets from it takes longer than its JSON
    seen = f"HTTP {status} from {response.request.url.path}: {_body_summary(response)}"
    if status in (401, 407):
        raise _authentication_error(response, tried, seen)
    if status == 403:
        raise make_error(_forbidden_fault_id(response), tried, seen)
    if status == 404:
        raise make_error(missing, tried, seen)
    if status == 429:
        seconds = retry_after_or_default(response)
        told = parse_retry_after(response.headers, datetime.now(UTC)) is not None
        wait = (
            f"Retry-After {seconds:.0f} s"
            if told
            else f"it does not say for how long, {seconds:.0f} s are taken"
        )
        raise make_error(FaultId.RATE_LIMITED, tried, f"{seen}; {wait}", retry_after=seconds)
    if status >= 400 and (
        _is_transaction_cancelled(response) or mentions_cancelled_transaction(_body_summary(response))
    ):
        raise make_error(FaultId.TRANSACTION_CANCELLED, tried, seen)
    if status in (408, 504):
        raise make_error(FaultId.TIMEOUT, tried, seen)
    # A SOAP fault travels with status 500 and says more than the number does.
    if status >= 500 and not _is_xml(response):
        raise make_error(FaultId.SERVER_ERROR, tried, seen)
    if 400 <= status < 500:
        raise make_error(FaultId.OPERATION_ABORTED, tried, seen)
    if status == 202:
        raise make_error(FaultId.ACCEPTED_ONLY, tried, seen)


def _authentication_error(response: httpx.Response, tried: str, seen: str) -> ConsoleError:
    if response.status_code == 407:
        return proxy_auth_error(
            FAULTS, tried, seen, parse_auth_schemes(response.headers.get_list("proxy-authenticate"))
        )
    if _is_xml(response) and mentions_missing_rights(response.text[:20_000]):
        # A fault in the instance's own words: the account was let in, and lacks a role.
        return make_error(FaultId.RIGHTS_MISSING, tried, seen)
    if MFA_HEADER in response.headers:
        return make_error(FaultId.AUTHENTICATION_MFA, tried, f"{seen}; with the header X-MFA_TOKEN")
    if is_bearer_call(response):
        return _token_error(response, tried, seen)
    offered = schemes_without_basic(response)
    if offered:
        return make_error(FaultId.BASIC_AUTH_NOT_OFFERED, tried, f"{seen}; it offers {', '.join(offered)}")
    return make_error(FaultId.AUTHENTICATION_REFUSED, tried, seen)


def _token_error(response: httpx.Response, tried: str, seen: str) -> ConsoleError:
    offered = parse_auth_schemes(response.headers.get_list("www-authenticate"))
    if offered and not any(scheme.lower() == "bearer" for scheme in offered):
        return make_error(FaultId.ACCESS_POLICY_KIND, tried, f"{seen}; it asks for {', '.join(offered)}")
    return make_error(FaultId.OAUTH_TOKEN_REJECTED, tried, seen)


def is_bearer_call(response: httpx.Response) -> bool:
    """Return whether the call that was answered carried an access token."""
    return str(response.request.headers.get("authorization", "")).startswith("Bearer ")


def schemes_without_basic(response: httpx.Response) -> tuple[str, ...]:
    """Return the sign-in schemes that an answer offers in place of Basic; empty where it offers Basic, or names none."""
    offered = parse_auth_schemes(response.headers.get_list("www-authenticate"))
    return () if offers_basic(offered) else offered


def _forbidden_fault_id(response: httpx.Response) -> FaultId:
    """Return the fault that a 403 stands for: a rule, a missing right, or a policy for addresses and accounts.

    The instance says in JSON or in a SOAP fault which right is missing. Its access control for addresses sends a page.
    """
    text = response.text[:20_000]
    if is_bearer_call(response) and _is_client_scoped(response):
        return FaultId.OAUTH_CLIENT_SCOPED
    if response.headers.get("x-is-logged-in") == "false" and _NOT_AUTHENTICATED.search(text):
        # Nobody was let in, so no role of the account is the reason.
        return FaultId.ACCESS_POLICY_REFUSED
    if _is_html(response):
        # A gateway may use the same words for a rule of its own; the instance has few for its pages.
        return FaultId.RIGHTS_MISSING if _HTML_RIGHTS_MISSING.search(text) else FaultId.ACCESS_POLICY_REFUSED
    if "aborted" in text.lower():
        return FaultId.OPERATION_ABORTED
    kind = response.headers.get("content-type", "").lower()
    says_itself = "json" in kind or _is_xml(response) or text.lstrip().startswith("{")
    return (
        FaultId.RIGHTS_MISSING
        if says_itself or mentions_missing_rights(text)
        else FaultId.ACCESS_POLICY_REFUSED
    )


def _is_client_scoped(response: httpx.Response) -> bool:
    """Return whether a 403 says that the client of the token may not call this API; no status or code tells that."""
    return _CLIENT_SCOPED.search(response.text[:20_000]) is not None


def _is_html(response: httpx.Response) -> bool:
    start = response.text[:2000].lstrip().lower()
    return "html" in response.headers.get("content-type", "").lower() or start.startswith(
        ("<!doctype html", "<html")
    )


def mentions_missing_rights(text: str) -> bool:
    """Return whether an instance's own words say that a right is missing."""
    return _RIGHTS_MISSING.search(text) is not None


def mentions_cancelled_transaction(text: str) -> bool:
    """Return whether an instance's own words say that it ended a transaction that took too long."""
    return _TRANSACTION_CANCELLED.search(text) is not None


def _is_transaction_cancelled(response: httpx.Response) -> bool:
    """Return whether an answer that is no success, or no JSON, says that the instance cut the transaction off."""
    return any(_TRANSACTION_CANCELLED.search(found[0]) for found in _ERROR_OBJECT.finditer(response.text))


def raise_for_redirect(response: httpx.Response, origin: Origin, tried: str) -> None:
    """Raise when an answer points somewhere else; `origin` is where it came from. Nothing is ever followed."""
    if not response.is_redirect:
        return
    target, location, seen = read_redirect(response)
    if target is not None and target.host == DEVELOPER_SITE:
        raise make_error(FaultId.INSTANCE_HIBERNATING, tried, seen)
    if target != origin:
        raise make_error(FaultId.REDIRECT_ELSEWHERE, tried, seen)
    if "login" in location.lower():
        raise make_error(FaultId.LOGIN_PAGE, tried, seen)
    raise make_error(
        FaultId.REDIRECT_ELSEWHERE,
        tried,
        seen,
        cause="The instance points to another of its own addresses instead of answering.",
        remedy="Compare the base URL with the address in a browser.",
    )


def raise_for_html(response: httpx.Response, tried: str) -> None:
    """Raise when a web page came back where data was asked for, and name the page.

    A page that comes with a server error is left to `check_status` unless it says itself what is going on.
    """
    if not _is_html(response):
        return
    text = response.text[:20_000].lower()
    title = _body_summary(response)
    if "hibernat" in text:
        raise make_error(FaultId.INSTANCE_HIBERNATING, tried, f"HTML page “{title}”")
    if "maintenance" in text or "upgrade in progress" in text:
        raise make_error(FaultId.INSTANCE_MAINTENANCE, tried, f"HTML page “{title}”")
    if response.status_code >= 500:
        return
    if "login" in text or "log in" in text or "user_password" in text or "sign in" in text:
        raise make_error(FaultId.LOGIN_PAGE, tried, f"HTML page “{title}”")
    raise make_error(FaultId.HTML_INSTEAD_OF_DATA, tried, f"HTML page “{title}”")


def raise_for_certificate_refusal(response: httpx.Response, tried: str) -> None:
    """Raise when a call that signs in with a client certificate alone came without a user, or was answered as a guest's."""
    text = response.text[:20_000]
    if response.status_code == 401 and not (_is_xml(response) and mentions_missing_rights(text)):
        seen = f"HTTP 401 from {response.request.url.path}: {_body_summary(response)}"
        raise make_error(FaultId.CERTIFICATE_REFUSED, tried, seen)
    if response.is_success and response.headers.get("x-is-logged-in") == "false":
        raise make_error(FaultId.CERTIFICATE_REFUSED, tried, "X-Is-Logged-In: false; the call ran as a guest")


def is_certificate_error_page(response: httpx.Response) -> bool:
    """Return whether the load balancer of an instance answers that it does not take the client certificate."""
    of_balancer = response.status_code == 400 and BALANCER in response.headers.get("server", "").lower()
    return of_balancer and _CERTIFICATE_ERROR.search(response.text[:20_000]) is not None


def raise_for_certificate_error(response: httpx.Response, tried: str) -> None:
    """Raise when the load balancer does not take the client certificate."""
    if is_certificate_error_page(response):
        raise make_error(
            FaultId.CERTIFICATE_UNTRUSTED,
            tried,
            f"HTTP 400 from {BALANCER}: “{_body_summary(response)}”",
        )


def raise_for_failure(
    response: httpx.Response, tried: str, *, missing: FaultId = FaultId.RECORD_MISSING
) -> None:
    """Raise for web pages in place of data and for every status that is no success.

    `missing` is the fault that a 404 stands for.
    """
    raise_for_certificate_error(response, tried)
    said = response.status_code in STATUSES_BEFORE_WEB_PAGE and (
        response.status_code != 404 or missing != FaultId.RECORD_MISSING
    )
    if not said:
        raise_for_html(response, tried)
    raise_for_status(response, tried, missing=missing)


def parse_json_result(response: httpx.Response, tried: str) -> JsonValue:
    """Return `result` of a Table API answer; raise for everything that is not one.

    A body with `error` is a failure whatever the status: a query cut off by the quota answers 200 with both, and often
    with JSON that is not complete.
    """
    raise_for_failure(response, tried)
    raise_for_guest(response, tried)
    try:
        body = read_json(response.content)
    except ValueError as error:
        if _is_transaction_cancelled(response):
            raise make_error(
                FaultId.TRANSACTION_CANCELLED, tried, _cancellation_evidence(response)
            ) from error
        raise make_error(
            FaultId.REPLY_MALFORMED, tried, f"not JSON: {error}; {_body_summary(response)}"
        ) from error
    if not isinstance(body, dict):
        raise make_error(FaultId.REPLY_MALFORMED, tried, "the JSON is not an object")
    if "error" in body:
        seen = _dump_error(body["error"])
        fault = FaultId.RIGHTS_MISSING if mentions_missing_rights(seen) else FaultId.OPERATION_ABORTED
        fault = FaultId.TRANSACTION_CANCELLED if mentions_cancelled_transaction(seen) else fault
        raise make_error(fault, tried, seen)
    if body.get("status") == "failure":
        raise make_error(
            FaultId.REPLY_MALFORMED,
            tried,
            f"a result and “status: failure” at once; {_body_summary(response)}",
        )
    if "result" not in body:
        raise make_error(FaultId.REPLY_MALFORMED, tried, "the JSON has no result")
    return body["result"]


def _dump_error(value: JsonValue) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "an error that cannot be shown"


def _cancellation_evidence(response: httpx.Response) -> str:
    found = [
        part[0] for part in _ERROR_OBJECT.finditer(response.text) if _TRANSACTION_CANCELLED.search(part[0])
    ]
    return redact(found[-1])[:300]


def raise_for_guest(response: httpx.Response, tried: str) -> None:
    """Raise when a call that signed in was answered as a guest's.

    A guest gets empty lists, and where SOAP asks for no sign-in even answers, which would look like success.
    """
    if response.headers.get("x-is-logged-in") == "false" and "authorization" in response.request.headers:
        fault = FaultId.OAUTH_TOKEN_GUEST if is_bearer_call(response) else FaultId.AUTHENTICATION_REFUSED
        raise make_error(fault, tried, "X-Is-Logged-In: false; the call ran as a guest")


def retry_after_or_default(response: httpx.Response) -> float:
    """Return the seconds that Retry-After asks for (a number or a date), or a minute where it does not say."""
    wait = parse_retry_after(response.headers, datetime.now(UTC))
    return RETRY_AFTER_DEFAULT_S if wait is None else wait


def _is_xml(response: httpx.Response) -> bool:
    return "xml" in response.headers.get("content-type", "").lower() or b"Envelope" in response.content[:500]


def _body_summary(response: httpx.Response) -> str:
    # Before anything is cut: half a password is no longer found.
    text = redact(response.text[:20_000])
    found = _TITLE.search(text)
    if found:
        return " ".join(found[1].split())[:200]
    return " ".join(text.split())[:200] or "(empty body)"
