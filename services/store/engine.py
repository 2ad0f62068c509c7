"""Engines for both databases: what SQLite needs on every connection, and who may write when."""

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import make_url
from sqlmodel import create_engine

from services.paths import private_folder
from services.store.full_text import teach

BUSY_MS = 10_000
_MAKING = threading.Lock()


class _Compiler(SQLiteCompiler):
    """Writes `with_hint(table, "INDEXED BY …", "sqlite")` behind the table, which SQLAlchemy leaves out for SQLite."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        """Return the hint as it is."""
        del table
        return text


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite `url`, or None for another database. Raises OSError for one without a file."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    name = parsed.database or ""
    if name in ("", ":memory:") or name.startswith("file:"):
        raise OSError("a store has to be a file")
    return Path(name)


def prepare_file(path: Path) -> None:
    """Make the folder (0700) and an empty file (0600) before SQLite would make them readable by others."""
    private_folder(path.parent)
    # The lock keeps other threads from opening it with SQLite before it is closed here, which would cost their locks.
    with _MAKING, contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        path.chmod(0o600)  # a umask may have taken rights of the owner away


def make_engine(url: str, *, foreign_keys: bool = True) -> Engine:
    """Return an engine whose transactions begin as written here, and whose errors do not print values.

    `foreign_keys=False` is for upgrades only: inside a transaction the pragma does nothing, and a batch migration of a
    parent would delete its children.
    """
    engine = create_engine(url, hide_parameters=True)
    if engine.dialect.name != "sqlite":
        return engine

    engine.dialect.statement_compiler = _Compiler

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours, see below
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            # FULL: an audit entry that was reported as written must survive a power cut.
            "synchronous=FULL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        teach(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A read transaction that turns into a write one fails at once in WAL mode, whatever the timeout,
        # so writers take the lock from the start.
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def lock_for_writing(connection: Connection) -> None:
    """Make this transaction the only writer of the audit chain, on databases where BEGIN does not."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE audit_entry IN EXCLUSIVE MODE")
