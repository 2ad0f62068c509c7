"""Engines for both databases: what SQLite needs on every connection, and who may write when."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, Uuid, event, text
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import create_engine

from models.compact_columns import LONG_FORMS
from services.common.user_folders import create_private_folder
from services.store.full_text import register_functions
from services.store.sqlite_types import BinaryUuid

BUSY_TIMEOUT_MS = 10_000
UPGRADE_LOCK_ID = 0x41_50_43_4F
"""The number of the lock that a console holds on PostgreSQL while it makes or upgrades a store."""

_FILE_CREATION_LOCK = threading.Lock()


class _IndexHintCompiler(SQLiteCompiler):
    """Writes `with_hint(table, "INDEXED BY …", "sqlite")` behind the table, which SQLAlchemy leaves out for SQLite."""

    def get_from_hint_text(self, table: object, text: str | None) -> str | None:
        """Return the hint as it is."""
        del table
        return text


def parse_database_url(url: str) -> URL:
    """Return the parts of `url`. Raises ArgumentError, which quotes nothing of it: a password may stand anywhere."""
    try:
        found = make_url(url)
    except ValueError:
        raise ArgumentError("its port is not a number") from None
    except ArgumentError:
        raise ArgumentError("it is not written as a database URL") from None
    if set(found.host or "") & set("@/?# "):
        raise ArgumentError("its host is not the name of one")
    if found.port is not None and not 0 < found.port < 65536:
        raise ArgumentError(f"there is no port {found.port}")
    return found


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite `url`, or None for another database. Raises OSError for one without a file."""
    address = parse_database_url(url)
    if address.get_backend_name() != "sqlite":
        return None
    name = address.database or ""
    if name in ("", ":memory:") or name.startswith("file:"):
        raise OSError("a store has to be a file")
    return Path(name)


def create_private_file(path: Path) -> None:
    """Make the folder (0700) and an empty file (0600) before SQLite would make them readable by others."""
    create_private_folder(path.parent)
    # The lock keeps other threads from opening it with SQLite before it is closed here, which would cost their locks.
    with _FILE_CREATION_LOCK, contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        path.chmod(0o600)  # a umask may have taken rights of the owner away


def make_engine(url: str, *, upgrades: bool = False) -> Engine:
    """Return an engine whose transactions begin as written here, and whose errors do not print values.

    One that `upgrades` has time, and no foreign keys on SQLite: inside a transaction the pragma does nothing, and a
    batch migration of a parent would delete its children. It works on the long forms of columns until the migration that
    shortens them.
    """
    address = parse_database_url(url)
    if address.get_backend_name() == "postgresql":
        return _make_postgresql_engine(address, upgrades=upgrades)
    engine = create_engine(address, hide_parameters=True)
    if engine.dialect.name != "sqlite":
        return engine

    engine.dialect.statement_compiler = _IndexHintCompiler
    engine.dialect.colspecs = {**engine.dialect.colspecs, Uuid: BinaryUuid}
    setattr(engine.dialect, LONG_FORMS, upgrades)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, see below
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            # FULL: an audit entry that was reported as written must survive a power cut.
            "synchronous=FULL",
            f"foreign_keys={'OFF' if upgrades else 'ON'}",
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        register_functions(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A read transaction that turns into a write one fails at once in WAL mode, whatever the timeout,
        # so writers take the lock from the start.
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _make_postgresql_engine(address: URL, *, upgrades: bool) -> Engine:
    # A connection that was ended while nobody used it is replaced before it is used.
    engine = create_engine(address, hide_parameters=True, pool_pre_ping=True)
    from services.store import postgresql_connections

    connector = postgresql_connections.Connector(
        lock_ms=postgresql_connections.UPGRADE_LOCK_TIMEOUT_MS
        if upgrades
        else postgresql_connections.LOCK_TIMEOUT_MS,
        statement_ms=0 if upgrades else postgresql_connections.STATEMENT_TIMEOUT_MS,
    )

    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: object,
        _record: object,
        arguments: Sequence[str],
        named: Mapping[str, "postgresql_connections.Parameter"],
    ) -> "postgresql_connections.MonitoredConnection":
        return connector.connect(*arguments, **named)

    return engine


def lock_for_writing(connection: Connection) -> None:
    """Make this transaction the only writer of the audit chain, on databases where BEGIN does not."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE audit_entry IN EXCLUSIVE MODE")


def lock_for_upgrade(connection: Connection) -> None:
    """Make this transaction the only one that makes or upgrades the store, on databases where BEGIN does not."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": UPGRADE_LOCK_ID})
