"""Reads the body and the Idempotency-Key of a call, within the limits of the intake."""

import asyncio
import json

from starlette.requests import Request

from services.common.json_text import is_deeper_than, parse_finite, reject_constant
from services.common.json_types import JsonObject, JsonValue
from services.intake.http_problems import HttpProblem
from services.intake.limits import BODY_DEPTH_MAX, BODY_DRAIN_MAX, BODY_SIZE_MAX, BODY_TIMEOUT_S


async def read_body(request: Request) -> bytes:
    """Return the body of a call; raises HttpProblem if it is not JSON, too large or too late."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise HttpProblem(415, "type-unknown", "Only JSON is taken", "Send Content-Type: application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HttpProblem(
            415, "type-unknown", "Only plain JSON is taken", "Send it without Content-Encoding."
        )
    declared = request.headers.get("content-length", "")
    content, size = bytearray(), int(declared) if declared.isdecimal() and len(declared) < 20 else 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            if size > BODY_DRAIN_MAX:
                raise _too_large()
            async for part in request.stream():
                content += part
                if len(content) > BODY_DRAIN_MAX:
                    break
    except TimeoutError as error:
        raise HttpProblem(408, "body-late", "The body did not come in time") from error
    if max(size, len(content)) > BODY_SIZE_MAX:
        raise _too_large()
    return bytes(content)


def parse_body(content: bytes) -> JsonObject:
    """Return the JSON object in a body; raises HttpProblem."""
    try:
        text = content.decode("utf-8-sig")  # some senders begin with a byte order mark
        payload = json.loads(
            text,
            object_pairs_hook=_reject_duplicate_names,
            parse_constant=reject_constant,
            parse_float=parse_finite,
        )
    except (ValueError, RecursionError) as error:
        detail = "It is nested too deeply." if isinstance(error, RecursionError) else f"{error}"[:300]
        raise HttpProblem(400, "body-unreadable", "The body is no JSON that can be read", detail) from error
    if not isinstance(payload, dict):
        raise HttpProblem(400, "body-unreadable", "The body is no JSON object")
    if is_deeper_than(payload, BODY_DEPTH_MAX):
        raise HttpProblem(
            400,
            "body-unreadable",
            "The body is nested too deeply",
            f"At most {BODY_DEPTH_MAX} levels are read.",
        )
    return payload


def read_idempotency_key(request: Request) -> str:
    """Return the Idempotency-Key or an empty text; raises HttpProblem. Quotes are removed (the draft standard has them)."""
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return ""
    key = keys[0].strip()
    if len(key) >= 2 and key.startswith('"') and key.endswith('"'):
        key = key[1:-1]
    if len(keys) > 1 or not key or any(not 32 <= ord(c) < 127 for c in key):
        problem = {"field": "Idempotency-Key", "reason": "is not one text of visible ASCII characters"}
        raise HttpProblem(422, "request-invalid", "The request cannot be raised", "", (problem,))
    return key


def _too_large() -> HttpProblem:
    return HttpProblem(
        413, "body-too-large", "The body is too large", f"At most {BODY_SIZE_MAX} bytes are taken.",
        headers={"Connection": "close"},
    )  # fmt: skip


def _reject_duplicate_names(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    """Reject a name that occurs twice: two parsers could take different values."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
