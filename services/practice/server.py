"""The practice instance as a server on loopback, in its own thread or in the foreground."""

import asyncio
import secrets
import ssl
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from cryptography import x509

from services.practice.access_policies import AccessRules
from services.practice.accounts_and_sessions import INTEGRATION_USER, Accounts, PracticeAccount, make_accounts
from services.practice.basic_auth_restriction import BasicAuthRestriction
from services.practice.database import Database, Row, utc_clock
from services.practice.faults import FaultRegistry
from services.practice.initial_data import fill_database
from services.practice.loopback_server import HOST, LoopbackServer
from services.practice.mutual_tls import CERTIFICATE_TABLE, LoadBalancer, mapping_row
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY, OAuthClient, TokenStore
from services.practice.script_runner import SCRIPT_SECONDS, JavaScriptRunner
from services.practice.web_app import PracticeWebApp
from services.practice.web_parts import RecordedCall


class PracticeInstance:
    """A simulated ServiceNow instance. Use it in `async with`, or call `start` and `stop`."""

    def __init__(
        self,
        *,
        state: Literal["stock", "empty"] = "stock",
        database: str = ":memory:",
        items: int = 0,
        requests: int = 0,
        port: int = 0,
        password: str | None = None,
        script_seconds: float = SCRIPT_SECONDS,
        clock: Callable[[], datetime] = utc_clock,
        balancer: LoadBalancer | None = None,
    ) -> None:
        """Prepare the instance; with a `balancer` it is reached with TLS only."""
        self.accounts: dict[str, PracticeAccount] = make_accounts(password)
        self.faults = FaultRegistry()
        self._database = Database(database, clock)
        if self._database.is_new:
            fill_database(
                self._database, self.accounts, stock=state == "stock", items=items, requests=requests
            )
        self._scripts = JavaScriptRunner(script_seconds)
        accounts = Accounts(self._database, self.accounts)
        self._web = PracticeWebApp(self._database, accounts, self.faults, self._scripts)
        self.users = accounts
        """Who signs in, and which users have an active second factor."""
        self._web.base_url = lambda: self.base_url
        self._web.balancer = self._balancer = balancer
        self._server = LoopbackServer(
            self._web.app,
            name="practice",
            port=port,
            tls=None if balancer is None else lambda: _tls_context(balancer),
        )

    @property
    def base_url(self) -> str:
        """Base URL of the running instance, with a trailing slash."""
        if self._balancer is not None:
            return f"https://localhost:{self._server.port}/"
        return f"http://{HOST}:{self._server.port}/"

    @property
    def log(self) -> list[RecordedCall]:
        """The recorded calls, oldest first."""
        return self._web.log

    @property
    def tokens(self) -> TokenStore:
        """Its OAuth clients and tokens."""
        return self._web.tokens

    @property
    def access(self) -> AccessRules:
        """Its access policies, IP filters and Machine Identity Access Controls."""
        return self._web.access

    @property
    def restriction(self) -> BasicAuthRestriction:
        """Its Basic Auth Restriction."""
        return self._web.restriction

    def set_property(self, name: str, value: str) -> None:
        """Write a system property."""
        row = self._database.first("sys_properties", name=name)
        if row is None:
            self._database.insert("sys_properties", {"name": name, "value": value, "type": "string"})
        else:
            self._database.update("sys_properties", row["sys_id"], {"value": value})

    def map_certificate(self, certificate: x509.Certificate, user: str, *, active: bool = True) -> None:
        """Let a client certificate sign in a user: a row of sys_user_certificate."""
        self._database.insert(CERTIFICATE_TABLE, mapping_row(certificate, user, active=active))

    def change(self, table: str, sys_id: str, **values: str) -> None:
        """Change a row of a table, without access rules."""
        self._database.update(table, sys_id, values)

    def add_oauth_client(self, secret: str | None = None) -> OAuthClient:
        """Register a client of the integration user and allow client credentials; its secret is made up without one."""
        self.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
        client = OAuthClient(
            secrets.token_hex(16), secret or secrets.token_urlsafe(24), user=INTEGRATION_USER
        )
        return self.tokens.add_client("Approval Console", client)

    def records(self, table: str, **equal: str) -> list[Row]:
        """Return rows of a table, without access rules."""
        return self._database.rows(table, **equal)

    # -- running -----------------------------------------------------------

    def start(self) -> Self:
        """Serve in a new thread; return when it accepts calls."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop serving and close the tables."""
        self._scripts.close()
        if self._server.is_running:
            self._server.stop()
            self._database.close()

    async def __aenter__(self) -> Self:
        """Serve for the length of a block."""
        return await asyncio.to_thread(self.start)

    async def __aexit__(self, *error: object) -> None:
        """Stop serving."""
        await asyncio.to_thread(self.stop)


def _tls_context(balancer: LoadBalancer) -> ssl.SSLContext:
    with tempfile.TemporaryDirectory(prefix="approval-console-") as folder:
        return balancer.make_context(Path(folder))


async def serve(
    *,
    port: int,
    state: Literal["stock", "empty"],
    items: int,
    requests: int,
    faults: Sequence[str],
    password: str | None,
    client_secret: str | None,
    printer: Callable[[str], None],
) -> None:
    """Serve until the task is cancelled; prints the address, the accounts, and an OAuth client for client credentials."""
    practice = PracticeInstance(state=state, items=items, requests=requests, port=port, password=password)
    client = practice.add_oauth_client(client_secret)
    for text in faults:
        practice.faults.read(text)
    async with practice:
        printer(f"Practice instance ({state}) at {practice.base_url}")
        for account in practice.accounts.values():
            printer(f"  {account.user:22} {account.password:18} {account.purpose}")
        printer(f"OAuth client of {client.user}: client ID {client.client_id}, client secret {client.secret}")
        printer("Stop it with Ctrl+C.")
        await asyncio.Event().wait()
