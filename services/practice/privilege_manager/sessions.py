"""API clients with their roles, and the sessions of their tokens. Secrets and tokens are held in memory only."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from services.practice.privilege_manager.built_in_ids import new_id
from services.practice.privilege_manager.operations import Right

ADMINISTRATORS = "Privilege Manager Administrators"
USERS = "Privilege Manager Users"
HELPDESK = "Privilege Manager Helpdesk Users"

RIGHTS: dict[str, frozenset[Right]] = {
    ADMINISTRATORS: frozenset(Right),
    USERS: frozenset({Right.LOG_ON, Right.NONE, Right.READ, Right.APPROVE}),
    HELPDESK: frozenset({Right.LOG_ON, Right.NONE, Right.APPROVE}),
    "": frozenset({Right.LOG_ON, Right.NONE}),
}
"""The rights of each role; the empty name is a client without a role."""


@dataclass(slots=True)
class ApiClient:
    """An API client; the product shows the secret once."""

    client_id: str
    secret: str = field(repr=False)
    role: str


@dataclass(slots=True)
class _Session:
    client: ApiClient
    started: datetime
    used: datetime


class Sessions:
    """Logs clients on and off and finds the client of a token."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        session_seconds: float,
        idle_seconds: float,
        secret: str | None,
    ) -> None:
        self._clock = clock
        self.session_seconds = session_seconds
        self.idle_seconds = idle_seconds
        self.clients: dict[str, ApiClient] = {
            role: ApiClient(new_id(), secret or secrets.token_urlsafe(24), role) for role in RIGHTS
        }
        """The API clients by role."""
        self._sessions: dict[str, _Session] = {}

    @property
    def open_sessions(self) -> int:
        """Number of tokens that were not given back."""
        return len(self._sessions)

    def log_on(self, client_id: str, secret: str) -> str | None:
        """Return a new token, or None for a wrong client or secret."""
        for client in self.clients.values():
            same = hmac.compare_digest(client.secret.encode(), secret.encode())
            if client.client_id.lower() == client_id.lower() and same:
                token = secrets.token_urlsafe(48)
                now = self._clock()
                self._sessions[token] = _Session(client, now, now)
                return token
        return None

    def log_off(self, token: str) -> None:
        """End the session of a token."""
        self._sessions.pop(token, None)

    def end_all(self) -> None:
        """End every session, as a restart of the application pool does."""
        self._sessions.clear()

    def reset_secret(self, role: str) -> str:
        """Give a client another secret and return it; its old secret and its tokens are invalid."""
        client = self.clients[role]
        client.secret = secrets.token_urlsafe(24)
        self._sessions = {token: one for token, one in self._sessions.items() if one.client is not client}
        return client.secret

    def client_of(self, token: str) -> ApiClient | None:
        """Return the client of a token that has not expired, or None."""
        session = self._sessions.get(token)
        if session is None:
            return None
        now = self._clock()
        age, idle = (now - session.started).total_seconds(), (now - session.used).total_seconds()
        if age >= self.session_seconds or idle >= self.idle_seconds:
            del self._sessions[token]
            return None
        session.used = now
        return session.client
