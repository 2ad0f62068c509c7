"""Answers to a webhook: CloudEvents 1.0 in structured JSON, signed as Standard Webhooks describes it.

Sources: CloudEvents 1.0.2, JSON format (`application/cloudevents+json`); Standard Webhooks, sections on signatures and on
idempotency (`webhook-id`, `webhook-timestamp`, `webhook-signature`). The receiver recognises a repetition by `webhook-id`,
which stays the same for all tries of one answer.
"""

import asyncio
import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from models.addresses import Destination, Origin
from models.delivery import URL_MAX, Delivery
from services.answers.answer import Answer
from services.answers.destination import Found, SendResult, Verdict, result_of_error
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.connectivity.answer_faults import DELIVERY_FAULTS
from services.coordination.clock import Clock
from services.transport.authentication import ProxyChallengeTrace
from services.transport.connection_settings import ConnectionSettings
from services.transport.http_clients import (
    call_error,
    can_sign_in_to_proxy,
    open_http_client,
    tls_context,
)
from services.transport.response_headers import parse_retry_after
from services.transport.sign_in import SignInSource

SECRET_PREFIX = "whsec_"  # noqa: S105 -- prefix of every such secret, for scanners that search for leaked secrets
SECRET_BYTES = 32
CONTENT_TYPE = "application/cloudevents+json"
EVENT_TYPE = "approval-console.request.decided"
SOURCE = "urn:approval-console"
BUSY_STATUSES = frozenset({408, 425, 429})
"""Client errors that ask to be called again."""
EVIDENCE_MAX = 300
REPLY_MAX = 4096
"""Bytes that are read of a reply: only its status counts."""
SEND_TIMEOUT_S = 30.0


def new_webhook_secret() -> Secret:
    """Return a new secret as receivers enter it: whsec_ and 32 random bytes in Base64."""
    return Secret(SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def webhook_key(secret: Secret) -> bytes:
    """Return the key of the signature. Raises ValueError for a text that is no such secret."""
    text = secret.reveal().removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("the secret of the webhook is not whsec_ and Base64") from error
    if not key:
        raise ValueError("the secret of the webhook is empty")
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def parse_webhook_url(text: str) -> str:
    """Return the address of a webhook as it is kept. Raises InputError for one that is not https (or http on loopback)."""
    tried = "Read the address of the webhook"
    try:
        parts = urlsplit(text.strip())
        origin = Origin.of(text.strip())
        httpx.URL(text.strip())
    except (ValueError, httpx.InvalidURL) as error:
        raise DELIVERY_FAULTS.error(FaultId.DELIVERY_ADDRESS_INVALID, tried, str(error)) from None
    readable = origin.scheme == "http" and not origin.loopback
    if (
        readable
        or parts.username is not None
        or parts.fragment
        or len(text) > URL_MAX
        or not text.isprintable()
    ):
        raise DELIVERY_FAULTS.error(FaultId.DELIVERY_ADDRESS_INVALID, tried, str(origin))
    return text.strip()


def webhook_destination(url: str, proxy: str = "") -> Destination:
    """Return what the secret of a webhook is bound to: the origin of its address, and the proxy on the way to it."""
    origin = Origin.of(url)
    return Destination(origin) if origin.scheme == "http" else Destination.by(origin, proxy=proxy)


def proxy_destination(url: str, proxy: str) -> Destination | None:
    """Return what the password for the proxy of a webhook is bound to; None where no proxy is used."""
    return Destination(Origin.of(proxy)) if proxy and Origin.of(url).scheme == "https" else None


def secret_name(client_name: str) -> str:
    """Return the name under which the vault keeps the secret of a client's webhook."""
    return f"{client_name} webhook"


class WebhookDestination:
    """Sends the answers of one client to its webhook. `read_secret` blocks; it is called in a thread for each answer."""

    def __init__(
        self,
        url: str,
        read_secret: Callable[[], Secret],
        clock: Clock,
        *,
        proxy: str = "",
        proxy_sign_in: SignInSource = None,
    ) -> None:
        self._url, self._read_secret, self._clock = url, read_secret, clock
        self._settings = ConnectionSettings(
            name="webhook", base_url=url, proxy=proxy or None, proxy_sign_in=proxy_sign_in
        )
        self._client: httpx.AsyncClient | None = None
        self._retired: list[httpx.AsyncClient] = []
        """Clients without the proxy's sign-in: calls may still be under way in their connections."""
        self._proxy_signed = False
        """Whether the proxy has offered Basic: only then it is sent its sign-in."""
        self._opening = asyncio.Lock()

    async def make_body(self, answer: Answer) -> str:
        """Return the event as JSON."""
        return json.dumps(cloud_event(answer), ensure_ascii=False, separators=(",", ":"))

    async def find(self, delivery: Delivery) -> Found:
        """Return UNKNOWN: a webhook tells nothing, and recognises the id of a repetition."""
        del delivery
        return Found.UNKNOWN

    async def send(self, delivery: Delivery, body: str) -> SendResult:
        """Post the event once. Raises ConsoleError."""
        tried, content = f"Send an answer to {self._settings.origin}", body.encode()
        secret = await asyncio.to_thread(self._read_secret)
        try:
            key = webhook_key(secret)
        except ValueError as error:
            problem = DELIVERY_FAULTS.problem(FaultId.URL_INVALID, tried, str(error))
            return SendResult(Verdict.LATER, "", problem)
        timestamp, message_id = int(self._clock.now().timestamp()), webhook_id(delivery)
        headers = {
            "content-type": CONTENT_TYPE,
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(key, message_id, timestamp, content),
        }
        trace = ProxyChallengeTrace()
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                response, excerpt = await self._post(tried, content, headers, trace)
        except (httpx.HTTPError, TimeoutError) as error:
            signed = self._proxy_signed
            found = call_error(DELIVERY_FAULTS, self._settings, error, tried, trace, proxy_signed=signed)
            return result_of_error(found, sent=True)
        return result_of_response(response, tried, excerpt, self._clock.now())

    async def _post(
        self, tried: str, content: bytes, headers: dict[str, str], trace: ProxyChallengeTrace
    ) -> tuple[httpx.Response, str]:
        """Post once; a second time where the proxy asked for its sign-in, so that nothing has left yet."""
        client = await self._open(tried)
        while True:
            request = client.stream(
                "POST", self._url, content=content, headers=headers, extensions=trace.extensions
            )
            try:
                async with request as response:
                    return response, await _read_excerpt(response)
            except httpx.ProxyError as error:
                if client is self._client and (
                    self._proxy_signed or not can_sign_in_to_proxy(self._settings, error, trace)
                ):
                    raise
                if client is self._client:
                    self._proxy_signed, self._client = True, None
                    self._retired.append(client)
                client = await self._open(tried)

    async def aclose(self) -> None:
        """Close connections."""
        for client in (*self._retired, self._client):
            if client is not None:
                await client.aclose()

    async def _open(self, tried: str) -> httpx.AsyncClient:
        async with self._opening:
            if self._client is None:
                try:
                    verify = await asyncio.to_thread(tls_context, self._settings)
                    self._client = await open_http_client(
                        self._settings,
                        verify=verify,
                        proxy_signed=self._proxy_signed,
                        time_limits=self._settings.timeout,
                    )
                except (OSError, ValueError, httpx.InvalidURL) as error:
                    raise DELIVERY_FAULTS.error(FaultId.URL_INVALID, tried, str(error)) from error
            return self._client


def webhook_id(delivery: Delivery) -> str:
    """Return the id of the message, the same for every try."""
    return f"msg_{delivery.id.hex}"


def cloud_event(answer: Answer) -> dict[str, object]:
    """Return the event of an answer; members whose value is not known are null."""
    return {
        "specversion": "1.0",
        "id": str(answer.delivery_id),
        "source": SOURCE,
        "type": EVENT_TYPE,
        "subject": str(answer.request_id),
        "time": _timestamp(answer.decided_at),
        "datacontenttype": "application/json",
        "data": {
            "request_id": str(answer.request_id),
            "PMApprovalId": answer.approval_id,
            "caller_id": answer.caller_id or None,
            "state": answer.state.value,
            "approved": answer.is_approved,
            "comment": answer.comment,
            "approver": answer.approver or None,
            "decided_at": _timestamp(answer.decided_at),
            "number": answer.number or None,
            "url": answer.url or None,
        },
    }


def result_of_response(response: httpx.Response, tried: str, excerpt: str, now: datetime) -> SendResult:
    """Return what a reply means: 2xx is taken, 408, 425, 429 and 5xx are tried again, everything else is refused."""
    code, status = response.status_code, f"HTTP {response.status_code}"
    if response.is_success:
        return SendResult(Verdict.DELIVERED, status)
    evidence = f"{status} {excerpt}".strip()
    wait = parse_retry_after(response.headers, now) or 0
    if code in BUSY_STATUSES or code >= 500:
        # A server that met an error may have taken the answer before; one that asks to wait has not.
        in_doubt = code >= 500 and code != 503
        fault = (
            FaultId.DELIVERY_BUSY if code in BUSY_STATUSES or code == 503 else FaultId.DELIVERY_SERVER_ERROR
        )
        problem = DELIVERY_FAULTS.problem(fault, tried, evidence)
        return SendResult(
            Verdict.LATER, status, problem, in_doubt=in_doubt, retry_after=wait, stops_others=bool(wait)
        )
    fault = FaultId.DELIVERY_REDIRECTED if response.is_redirect else FaultId.DELIVERY_REFUSED
    return SendResult(Verdict.REFUSED, status, DELIVERY_FAULTS.problem(fault, tried, evidence))


async def _read_excerpt(response: httpx.Response) -> str:
    """Return the beginning of a reply as one line; the rest is not read."""
    found = b""
    # The status is known: whatever becomes of the text after it changes nothing.
    with contextlib.suppress(httpx.HTTPError, ValueError):
        async for part in response.aiter_bytes():
            found += part
            if len(found) >= REPLY_MAX:
                break
    return " ".join(found.decode(errors="replace").split())[:EVIDENCE_MAX]


def _timestamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
