"""The practice Privilege Manager as a server on loopback.

async with PracticePrivilegeManager() as pm:
    pm.base_url, pm.client_id, pm.client_secret, pm.state
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Self

import httpx

from services.common.json_types import JsonObject, JsonValue
from services.practice.database import utc_clock
from services.practice.loopback_server import HOST, LoopbackServer
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.approvals import Approval, SentEvent
from services.practice.privilege_manager.faults import PrivilegeManagerFaults
from services.practice.privilege_manager.items import ImportResult
from services.practice.privilege_manager.operations import NAMES
from services.practice.privilege_manager.options import PracticeOptions, Webhook
from services.practice.privilege_manager.sessions import ADMINISTRATORS, ApiClient, Sessions
from services.practice.privilege_manager.state import PracticeState
from services.practice.privilege_manager.web_app import BASE_PATH, PrivilegeManagerWebApp
from services.practice.web_parts import RecordedCall

EVENT_SECONDS = 10.0
"""How long a webhook may take to answer."""


class PracticePrivilegeManager:
    """A simulated Privilege Manager server. Use it in `async with`, or call `start` and `stop`.

    `empty`: no policies; the built-in actions and filters and three endpoints are always there. `computers`: further endpoints.
    """

    def __init__(
        self,
        options: PracticeOptions | None = None,
        *,
        empty: bool = False,
        computers: int = 0,
        port: int = 0,
        secret: str | None = None,
        clock: Callable[[], datetime] = utc_clock,
    ) -> None:
        self.options = options or PracticeOptions()
        if unknown := self.options.without - NAMES:
            raise ValueError(f"no operation is called {', '.join(sorted(unknown))}")
        self.faults = PrivilegeManagerFaults()
        self.state = PracticeState(self.options, clock, empty=empty, computers=computers)
        self.sessions = Sessions(
            clock,
            session_seconds=self.options.session_seconds,
            idle_seconds=self.options.idle_seconds,
            secret=secret,
        )
        self._web = PrivilegeManagerWebApp(self.state, self.sessions, self.faults, self._raise_in_loop)
        self._server = LoopbackServer(self._web.app, name="practice Privilege Manager", port=port)

    # -- what a client needs -----------------------------------------------

    @property
    def base_url(self) -> str:
        """Base URL of the running server, with a trailing slash."""
        return f"http://{HOST}:{self._server.port}/{BASE_PATH}/"

    def client(self, role: str = ADMINISTRATORS) -> ApiClient:
        """Return the API client of a role; the empty text is the client without a role."""
        return self.sessions.clients[role]

    @property
    def client_id(self) -> str:
        """Id of the API client that is an administrator."""
        return self.client().client_id

    @property
    def client_secret(self) -> str:
        """Secret of the API client that is an administrator."""
        return self.client().secret

    @property
    def log(self) -> list[RecordedCall]:
        """The recorded calls, oldest first; status 0 is a call that was lost before it was carried out."""
        return self._web.log

    # -- in place of the product's pages -----------------------------------

    def export_item(self, item_id: str) -> bytes | None:
        """Return the zip file of an item, as Export does; None: there is none."""
        with self.state.lock:
            return self.state.items.export(item_id)

    def import_items(self, content: bytes, *, overwrite: bool = True) -> ImportResult:
        """Import a zip or XML file, as Import Items does. Raises ImportRefusedError."""
        with self.state.lock:
            return self.state.items.import_file(content, overwrite=overwrite)

    def add_webhook(self, url: str, authorization: str = "") -> Webhook:
        """Post approval events to an address of this machine from now on. Raises ValueError."""
        return self.state.add_webhook(url, authorization)

    # -- approval requests -------------------------------------------------

    async def raise_request(
        self, *, policy: str, user: str, file_path: str, reason: str, computer: str | None = None
    ) -> Approval:
        """Raise a request as an endpoint does, and post its event. Raises RequestRefusedError.

        Returns when every webhook has answered; `state.sent_events` tells what.
        """
        work = self._raise_in_loop(
            policy=policy, user=user, file_path=file_path, reason=reason, computer=computer
        )
        return await asyncio.wrap_future(self._server.submit(work))

    async def _raise_in_loop(
        self, *, policy: str, user: str, file_path: str, reason: str, computer: str | None
    ) -> Approval:
        approval = self.state.new_request(
            policy=policy, user=user, file_path=file_path, reason=reason, computer=computer
        )
        await self._post_event(approval)
        return approval

    async def post_event(self, approval: Approval) -> None:
        """Post the event of a request again, as a product that repeats does."""
        await asyncio.wrap_future(self._server.submit(self._post_event(approval)))

    async def _post_event(self, approval: Approval) -> None:
        body = json.dumps(self._event_of(approval)).encode()
        with self.state.lock:
            webhooks = [one for one in self.state.webhooks if one.enabled]
        async with httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=EVENT_SECONDS) as client:
            for webhook in webhooks:
                headers = {"Content-Type": "application/json"}
                if webhook.authorization:
                    headers["Authorization"] = webhook.authorization
                try:
                    answer = await client.post(webhook.url, content=body, headers=headers)
                    sent = SentEvent(approval.id, webhook.url, answer.status_code)
                except httpx.HTTPError as error:
                    sent = SentEvent(approval.id, webhook.url, 0, type(error).__name__)
                with self.state.lock:
                    self.state.sent_events.append(sent)

    def _event_of(self, approval: Approval) -> JsonValue:
        known = approval.event()
        members: JsonObject = {
            member: known[name] for name, member in self.options.event_members.items() if name in known
        }
        shape = self.options.event_shape
        return members if shape is None else shape(members)

    # -- running -----------------------------------------------------------

    def start(self) -> Self:
        """Serve in a new thread; return when it accepts calls."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._server.stop()

    async def __aenter__(self) -> Self:
        """Serve for the length of a block."""
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *error: object) -> None:
        """Stop serving."""
        await asyncio.to_thread(self.stop)


@cache
def _tls() -> ssl.SSLContext:
    """Return the TLS context of webhooks; making one takes longer than a post on this machine."""
    return ssl.create_default_context()


async def serve(
    *,
    port: int,
    empty: bool,
    computers: int,
    faults: Sequence[str],
    secret: str | None,
    webhook: str | None,
    webhook_authorization: str,
    printer: Callable[[str], None],
) -> None:
    """Serve until the task is cancelled; prints the address, the API clients and what can be used."""
    practice = PracticePrivilegeManager(empty=empty, computers=computers, port=port, secret=secret)
    for text in faults:
        practice.faults.read(text)
    if webhook:
        practice.add_webhook(webhook, webhook_authorization)
    async with practice:
        for line in describe(practice):
            printer(line)
        printer("Stop it with Ctrl+C.")
        await asyncio.Event().wait()


def describe(practice: PracticePrivilegeManager) -> list[str]:
    """Return the lines that say how to use a running practice server."""
    base = practice.base_url
    clients = [
        f"  {one.client_id}  {one.secret:34} {role or 'without a role'}"
        for role, one in practice.sessions.clients.items()
    ]
    return [
        f"Practice Privilege Manager at {base}",
        "API clients (Client ID, Client Secret, role):",
        *clients,
        f"Swagger document        {base}services/swagger/docs/v1",
        f"Export an item          GET {base}practice/items/ID/export",
        f"Import items            POST {base}practice/items/import?overwrite=true (application/zip)",
        f"Add an approval type    POST {base}practice/approval-types (Name, Process)",
        f"Post events to          POST {base}practice/webhooks (Url, Authorization)",
        f"Raise a request         POST {base}practice/requests (Policy, User, FilePath, Reason, Computer)",
        f"Approval form action    {ids.APPROVAL_FORM}",
        f"Default approval type   {ids.DEFAULT_APPROVAL_TYPE}",
        f"Targeting update task   {ids.TARGETING_TASK}",
        f"Computers by policy     report {ids.POLICY_COMPUTERS_REPORT}",
        f"Pending approvals       report {ids.PENDING_APPROVALS_REPORT}",
        f"Decided approvals       report {ids.DECIDED_APPROVALS_REPORT}",
    ]
