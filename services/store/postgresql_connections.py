"""Connections to PostgreSQL that end when nobody answers. Imported only where a store is kept there: it needs the driver.

A network may take a connection and then say nothing, or stop in the middle. The driver would wait for ever, and the
kernel sees nothing wrong. So whoever waits asks from time to time, over a connection of its own, whether the server
still works on the statement.
"""

import logging
import select
from time import monotonic
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import pq
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from services.store.driver_errors import DatabaseErrorKind

# The driver logs what it cannot do on a connection that is lost; the error that is raised says it already.
logging.getLogger("psycopg").setLevel(logging.ERROR)

Parameter: TypeAlias = Any  # psycopg takes parameters of several types
T = TypeVar("T")

CONNECT_TIMEOUT_S = 3
"""Until a server that says nothing counts as silent."""

PROBE_AFTER_S = 1.5
"""After so many seconds without a word the server is asked whether it is still at work."""

PROBE_TIMEOUT_S = 2
"""For that question; the driver takes no less."""

UNRESPONSIVE_BACKOFF_S = 1.0
"""A server that was silent is not tried anew for so long: what follows one failure would wait as long each time."""

LOCK_TIMEOUT_MS = 10_000
STATEMENT_TIMEOUT_MS = 120_000
UPGRADE_LOCK_TIMEOUT_MS = 300_000

DEFAULT_PARAMETERS = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "Approval Console",
}
"""What a URL, a service or the environment does not say otherwise."""


class UnresponsiveError(psycopg.OperationalError):
    """The server took a connection or a statement, and does not answer."""

    trouble = DatabaseErrorKind.SILENT


class UnreachableError(psycopg.OperationalError):
    """Nobody takes connections there."""

    trouble = DatabaseErrorKind.UNREACHABLE


class SignInRefusedError(psycopg.OperationalError):
    """The server answers, and refuses this account, password or database."""

    trouble = DatabaseErrorKind.SIGN_IN


class NotReadyError(psycopg.OperationalError):
    """The server is starting or stopping."""

    trouble = DatabaseErrorKind.NOT_READY


class MonitoredConnection(psycopg.Connection[TupleRow]):
    """A connection whose calls end with SilentError when the server does not work on them."""

    connector: "Connector"
    connect_arguments: dict[str, Parameter]
    """What it was made with, for asking the same server over another connection."""

    def wait(self, gen: PQGen[T], *arguments: Parameter, **named: Parameter) -> T:
        """Run what the driver has to do, and ask after the server while it says nothing."""
        try:
            return super().wait(self._monitor(gen), *arguments, **named)
        except UnresponsiveError:
            # What it was in the middle of is not known: it is of no use to anybody.
            self.close()
            raise

    def _monitor(self, gen: PQGen[T]) -> PQGen[T]:
        quiet_since = monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    quiet_since = monotonic()
                elif monotonic() - quiet_since > PROBE_AFTER_S:
                    if not self._is_statement_running() and not self._has_data():
                        raise UnresponsiveError("the server does not answer on this connection")
                    quiet_since = monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            value: T = end.value
            return value

    def _has_data(self) -> bool:
        return bool(select.select([self.pgconn.socket], [], [], 0.1)[0])

    def _is_statement_running(self) -> bool:
        """Ask the server, over another connection, whether it works on what this one asked."""
        own = "SELECT state = 'active' FROM pg_stat_activity WHERE pid = %s"
        asked = {**self.connect_arguments, "connect_timeout": PROBE_TIMEOUT_S}
        try:
            with psycopg.connect(**asked, autocommit=True) as other:
                found = other.execute(own, (self.pgconn.backend_pid,)).fetchone()
        except psycopg.errors.ConnectionTimeout:
            self.connector.note_unresponsive()
            return False
        except psycopg.Error:
            return False
        return bool(found and found[0])


class Connector:
    """Makes the connections of one engine, and tells why one cannot be made."""

    def __init__(self, *, lock_ms: int, statement_ms: int) -> None:
        self._settings = f"-c lock_timeout={lock_ms} -c statement_timeout={statement_ms} -c jit=off"
        self._unresponsive_at: float | None = None

    def note_unresponsive(self) -> None:
        """Remember that the server did not answer just now."""
        self._unresponsive_at = monotonic()

    def connect(self, *arguments: str, **named: Parameter) -> MonitoredConnection:
        """Connect, or raise one of the errors above."""
        given = dict(named)
        own = str(given.pop("options", "") or "")
        usual = {"connect_timeout": CONNECT_TIMEOUT_S, **DEFAULT_PARAMETERS}
        asked = {**usual, **given, "options": f"{self._settings} {own}".strip()}
        if self._unresponsive_at is not None and monotonic() - self._unresponsive_at < UNRESPONSIVE_BACKOFF_S:
            raise UnresponsiveError("the server did not answer a moment ago")
        try:
            made = MonitoredConnection.connect(*arguments, **asked)
        except psycopg.errors.ConnectionTimeout as error:
            self.note_unresponsive()
            raise UnresponsiveError(f"no answer within {asked['connect_timeout']} s") from error
        except psycopg.OperationalError as error:
            raise _diagnose_connect_error(error, asked) from error
        made.connector, made.connect_arguments = self, asked
        return made


def _diagnose_connect_error(
    error: psycopg.OperationalError, asked: dict[str, Parameter]
) -> psycopg.OperationalError:
    """Return the error for a connection that was not made: the driver has no code for it, so the server is asked."""
    known = {name: value for name, value in asked.items() if name not in ("options", "context")}
    try:
        conninfo = make_conninfo(**{**known, "connect_timeout": PROBE_TIMEOUT_S})
    except psycopg.Error:
        return error
    match pq.PGconn.ping(conninfo.encode()):
        case pq.Ping.OK:
            return SignInRefusedError(str(error))
        case pq.Ping.REJECT:
            return NotReadyError(str(error))
        case pq.Ping.NO_RESPONSE:
            return UnreachableError(str(error))
        case _:
            return error
