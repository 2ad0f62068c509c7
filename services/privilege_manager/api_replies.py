"""Reads replies of the API: statuses, web pages, and JSON with Result, Total, Status and Messages."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from models.addresses import Origin
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.json_text import read_json
from services.common.json_types import JsonValue
from services.common.plain_text import replace_unstorable
from services.common.redaction import SUBSTRING_MIN_LENGTH, redact
from services.privilege_manager.api_items import AnyItem, ItemList
from services.privilege_manager.faults import FAULTS, make_error
from services.transport.response_headers import (
    RETRY_AFTER_DEFAULT_S,
    parse_auth_schemes,
    parse_retry_after,
    read_redirect,
)
from services.transport.transport_errors import proxy_auth_error

TEXT_READ_MAX = 20_000
"""Characters of a web page that are looked at."""
_TITLE = re.compile(r"<title[^<>]{0,200}>(.{0,500}?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(?:script|style)\b.{0,5000}?</(?:script|style)>|<[^<>]*>", re.IGNORECASE | re.DOTALL)
"""Bounded, so that a page made for it takes no time that grows with the square of its length."""
_CORRELATION_ID = re.compile(
    r"correlation[ _-]?id[^0-9a-z]{0,20}([0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12})", re.IGNORECASE
)
_LOGIN_FIELD = re.compile(r"""<input[^>]+type\s*=\s*["']?password""", re.IGNORECASE)
_ERROR = "error"
_ABSENT = tr_later(
    "The server's Swagger document has this operation, but its address answers that there is none."
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call returned. `total` is None where the server does not say."""

    result: JsonValue = None
    total: int | None = None
    has_result: bool = False
    body: JsonValue = None


def raise_for_redirect(response: httpx.Response, origin: Origin, tried: str) -> None:
    """Raise when a reply points somewhere else; nothing is ever followed."""
    if not response.is_redirect:
        return
    target, location, seen = read_redirect(response)
    raise make_error(
        FaultId.LOGIN_PAGE
        if target == origin and "login" in location.lower()
        else FaultId.REDIRECT_ELSEWHERE,
        tried,
        seen,
    )


def raise_for_failure(
    response: httpx.Response, tried: str, *, missing: FaultId = FaultId.PRIVILEGE_MANAGER_NOT_FOUND
) -> None:
    """Raise for every status that is no success, and for web pages in place of data. `missing` is what a 404 means."""
    status = response.status_code
    if status < 400 and not _is_html(response):
        return  # before the body is redacted, which takes long for a list of items
    seen = f"HTTP {status} from {response.request.url.path}: {summarize_body(response)}"
    if status == 407:
        schemes = parse_auth_schemes(response.headers.get_list("proxy-authenticate"))
        raise proxy_auth_error(FAULTS, tried, seen, schemes)
    wait = retry_after(response)
    if status == 429 or (status == 503 and wait is not None):
        seconds = RETRY_AFTER_DEFAULT_S if wait is None else wait
        raise make_error(
            FaultId.RATE_LIMITED, tried, f"{seen}; next call in {seconds:.0f} s", retry_after=seconds
        )
    fault = missing if status == 404 else _STATUS_FAULTS.get(status)
    if fault is None and status >= 400:
        fault = (
            FaultId.PRIVILEGE_MANAGER_SERVER_ERROR
            if status >= 500
            else FaultId.PRIVILEGE_MANAGER_CALL_REFUSED
        )
    if fault is not None:
        is_absent = fault is FaultId.PRIVILEGE_MANAGER_OPERATION_MISSING
        raise make_error(fault, tried, seen, cause=_ABSENT if is_absent else "")
    is_login = _LOGIN_FIELD.search(response.text[:TEXT_READ_MAX]) is not None
    raise make_error(FaultId.LOGIN_PAGE if is_login else FaultId.HTML_INSTEAD_OF_DATA, tried, seen)


_STATUS_FAULTS = {
    401: FaultId.PRIVILEGE_MANAGER_TOKEN_REFUSED,
    403: FaultId.PRIVILEGE_MANAGER_FORBIDDEN,
    405: FaultId.PRIVILEGE_MANAGER_CALL_REFUSED,
    408: FaultId.TIMEOUT,
    504: FaultId.TIMEOUT,
}


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that Retry-After asks for, or None."""
    return parse_retry_after(response.headers, datetime.now(UTC))


def parse_reply(
    response: httpx.Response,
    tried: str,
    *,
    may_be_empty: bool = False,
    missing: FaultId = FaultId.PRIVILEGE_MANAGER_NOT_FOUND,
) -> Reply:
    """Return what a call returned; raises for everything that is not a success.

    Replies without the wrapper, such as a version or a report, are a result by themselves. With `may_be_empty` the body may be
    left out, as replies to changes are not documented. May take long for a large reply: call it in a thread.
    """
    raise_for_failure(response, tried, missing=missing)
    _raise_for_echo(response, tried)
    content = response.content
    if may_be_empty and not content.strip():
        return Reply()
    try:
        body = read_json(content)
    except ValueError as error:
        seen = f"not JSON: {error}; {summarize_body(response)}"
        raise make_error(FaultId.PRIVILEGE_MANAGER_REPLY_MALFORMED, tried, seen) from error
    if not isinstance(body, dict):
        return Reply(body, has_result=True, body=body)
    members = {name.lower(): value for name, value in body.items()}
    status = members.get("status")
    if isinstance(status, str) and status.strip().lower() == _ERROR:
        raise make_error(FaultId.PRIVILEGE_MANAGER_STATUS_ERROR, tried, _messages(members.get("messages")))
    total = members.get("total")
    return Reply(
        members.get("result"),
        total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None,
        has_result="result" in members,
        body=body,
    )


def _raise_for_echo(response: httpx.Response, tried: str) -> None:
    """Refuse a reply that repeats the token it was asked with: names of items are stored and shown."""
    token = response.request.headers.get("Authorization", "").rpartition(" ")[2]
    if len(token) >= SUBSTRING_MIN_LENGTH and token.encode() in response.content:
        raise make_error(
            FaultId.PRIVILEGE_MANAGER_REPLY_MALFORMED, tried, "the reply repeats the token of the call"
        )


def parse_item(
    response: httpx.Response, tried: str, read: Callable[[JsonValue], AnyItem | None], item_id: str
) -> AnyItem:
    """Return the one item of a reply; it may come as the result, as a list of one, or by itself."""
    reply = parse_reply(response, tried)
    found = reply.result if reply.has_result else reply.body
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if found is None or found == []:
        raise make_error(FaultId.PRIVILEGE_MANAGER_NOT_FOUND, tried, f"the reply has no item {item_id}")
    item = read(found)
    if item is None:
        raise make_error(
            FaultId.PRIVILEGE_MANAGER_REPLY_MALFORMED,
            tried,
            f"no item with an id: {summarize_body(response)}",
        )
    if item.item_id != item_id:
        raise make_error(
            FaultId.PRIVILEGE_MANAGER_REPLY_MALFORMED, tried, f"item {item.item_id} came instead of {item_id}"
        )
    return item


def parse_list(
    response: httpx.Response, tried: str, read: Callable[[JsonValue], AnyItem | None]
) -> ItemList[AnyItem]:
    """Return the items of a list call. An item that comes twice is taken once, and makes the list incomplete."""
    reply = parse_reply(response, tried, missing=FaultId.PRIVILEGE_MANAGER_OPERATION_MISSING)
    rows = reply.result
    if not isinstance(rows, list):
        raise make_error(
            FaultId.PRIVILEGE_MANAGER_REPLY_MALFORMED,
            tried,
            f"Result is not a list: {summarize_body(response)}",
        )
    items: dict[str, AnyItem] = {}
    unreadable = 0
    for row in rows:
        item = read(row)
        if item is None or item.item_id in items:
            unreadable += 1
        else:
            items[item.item_id] = item
    return ItemList(tuple(items.values()), reply.total, unreadable)


def incomplete_error(found: ItemList[AnyItem], tried: str) -> ConsoleError | None:
    """Return the error that says by how much a list falls short, or None for a complete one."""
    if found.complete:
        return None
    total = "unknown" if found.total is None else f"{found.total}"
    seen = f"{len(found)} items read, Total {total}, {found.unreadable} rows without an id of their own"
    return make_error(FaultId.PRIVILEGE_MANAGER_LIST_INCOMPLETE, tried, seen)


def summarize_body(response: httpx.Response) -> str:
    """Return what a body says in a line, redacted: messages of JSON, or title and CorrelationID of a web page."""
    # Redacted before anything is cut: half a password is no longer found.
    text = redact(replace_unstorable(response.text[:TEXT_READ_MAX]))
    found = _CORRELATION_ID.search(_TAG.sub(" ", text))
    title = _TITLE.search(text)
    words = title[1] if title else text
    line = " ".join(words.split())[:200] or "(empty body)"
    return f"{line}; CorrelationID {found[1]}" if found else line


def _is_html(response: httpx.Response) -> bool:
    start = response.text[:2000].lstrip("\ufeff \t\r\n").lower()
    return "html" in response.headers.get("content-type", "").lower() or start.startswith(
        ("<!doctype html", "<html")
    )


def _messages(value: JsonValue) -> str:
    """Return the messages of a failed call on one line; a message may be a text or an object."""
    parts = value if isinstance(value, list) else [value]
    texts = [part if isinstance(part, str) else json.dumps(part) for part in parts if part is not None]
    return f"Status error: {'; '.join(texts)}" if texts else "Status error without a message"
