"""Error responses of the intake: problem details (RFC 9457)."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from services.common.json_types import JsonLike

UNREADABLE_FAULT = "request-unreadable"
RETRY_AFTER_S = 5
PROBLEM_TYPE = "urn:approval-console:problem:"
SECURITY_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of every response."""


@dataclass
class HttpProblem(Exception):  # noqa: N818 -- an answer to a call, not an error of this program
    """A response with an error: status, stable id, title, details, invalid fields, and further headers."""

    status: int
    fault: str
    title: str
    detail: str = ""
    fields: tuple[dict[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the response."""
        body: dict[str, JsonLike] = {
            "type": PROBLEM_TYPE + self.fault,
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.fields:
            body["errors"] = list(self.fields)
        return JSONResponse(
            body, self.status, headers=dict(self.headers), media_type="application/problem+json"
        )


def unavailable(detail: str) -> HttpProblem:
    """Return the response 503, to be repeated after RETRY_AFTER_S."""
    return HttpProblem(
        503,
        "unavailable",
        "Requests cannot be taken now",
        detail,
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def closing(problem: HttpProblem) -> HttpProblem:
    """Add the headers of a response after which the connection is closed."""
    problem.headers = {**SECURITY_HEADERS, **problem.headers, "Connection": "close"}
    return problem


@functools.cache
def invalid_http_response() -> bytes:
    """Return the bytes of the response to anything that is not HTTP."""
    return _serialize_response(HttpProblem(400, UNREADABLE_FAULT, "The call is no HTTP that can be read"))


@functools.cache
def connection_limit_response() -> bytes:
    """Return the bytes of the response to a connection beyond the limit."""
    return _serialize_response(unavailable("Too many connections are open."))


def _serialize_response(problem: HttpProblem) -> bytes:
    response = closing(problem).response()
    head = b"".join(b"%s: %s\r\n" % (name, value) for name, value in response.raw_headers)
    phrase = HTTPStatus(problem.status).phrase.encode()
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (problem.status, phrase, head, bytes(response.body))
