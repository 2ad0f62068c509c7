"""Opening a store: check its version, back it up, upgrade it, verify it."""

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from models.store_meta import StoreMeta
from services.progress import Progress, silent
from services.store import trigrams
from services.store.engine import BUSY_MS, lock_for_opening, make_engine, prepare_file, sqlite_path
from services.store.errors import StoreError, cannot_open, store_empty, store_missing, too_new
from services.store.version import HEAD

SMALLEST = 512
"""Bytes of the smallest database there can be."""

HALF_WRITTEN = (sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_RECOVERY)
"""What SQLite answers a reader that may not write, where a writer was killed."""

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(url: str, progress: Progress = silent, *, make: bool = True) -> None:
    """Bring the store to the newest schema, or leave it as it was; `progress` hears of what takes long.

    With `make`, a store that is missing or empty is made; without, nothing is made, and it is said to be so.

    Alembic is imported only when there is something to do: the usual start reads one row.
    Raises StoreTooNewError, StoreError, InputError.
    """
    try:
        path = sqlite_path(url)
        if path is not None:
            if make:
                prepare_file(path)
            elif not path.exists() and _could_be_made(path):
                raise store_missing(path)
            # A file that is not ours, or too new, must not even be switched to another journal.
            current = _glance(path)
            if current is None and not make:
                raise store_empty(url)
            _refuse_unknown(url, current)
        _bring_up(url, path, progress, make=make)
    except StoreError:
        raise
    except (SQLAlchemyError, OSError, sqlite3.Error, ImportError) as error:
        raise cannot_open(url, error) from error


def _could_be_made(path: Path) -> bool:
    """Return whether the nearest folder above `path` is one; below a file, opening it says what is wrong."""
    return next(parent for parent in path.absolute().parents if parent.exists()).is_dir()


def _bring_up(url: str, path: Path | None, progress: Progress, *, make: bool) -> None:
    engine = make_engine(url, upgrades=True)
    try:
        with engine.connect() as connection:
            current = _current(connection)
        if current == HEAD:
            _index(engine)
            return
        if current is None and not make:
            raise store_empty(url)
        _refuse_unknown(url, current)
        if current is not None and path is not None:
            progress("Copying the store before it is brought up to this release")
            back_up(path)
        if current is not None:
            progress("Bringing the store up to this release; with a million requests that takes a minute")
        with engine.execution_options(write=True).begin() as connection:
            lock_for_opening(connection)
            # Another console may have upgraded it while this one waited for the lock.
            if _current(connection) != HEAD:
                _upgrade(connection)
            indexed = engine.dialect.name != "postgresql" or trigrams.is_indexed(connection)
        if not indexed:
            progress(trigrams.MISSING)
            log.warning(trigrams.MISSING)
    finally:
        engine.dispose()


def _index(engine: Engine) -> None:
    """Index the texts of a store on PostgreSQL where that has become possible since it was made."""
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        wanted = trigrams.may_be_indexed(connection)
    if not wanted:
        return
    try:
        with engine.begin() as connection:
            lock_for_opening(connection)
            trigrams.index_texts(connection)
    except DBAPIError as error:
        # It may be another account that owns the tables.
        log.info("the texts are not indexed: %s", error.orig)


def _glance(path: Path) -> str | None:
    """Return the schema of a file without writing to it, or None when it is empty.

    Nobody but SQLite may open the file: when this process closes it, the system drops the locks of every connection of
    this process, and another program then takes the log away from under them.
    """
    if 0 < path.stat().st_size < SMALLEST:
        raise OSError("the file is no database")  # SQLite would write over it
    try:
        return _schema(path, "ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in HALF_WRITTEN:
            raise
        # Whoever wrote was killed: SQLite takes back what it left half written before anybody can read.
        return _schema(path, "rw")


def _schema(path: Path, mode: str) -> str | None:
    with closing(
        sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=BUSY_MS / 1000)
    ) as file:
        tables = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not _is_ours(tables):
            return None
        row = file.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _current(connection: Connection) -> str | None:
    if not _is_ours(set(inspect(connection).get_table_names())):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _is_ours(tables: set[str]) -> bool:
    """Return whether tables are those of a store; none at all are not. Raises OSError when they are another's."""
    if tables and not {"alembic_version", StoreMeta.__tablename__} <= tables:
        raise OSError("the database holds other tables and is not a store of Approval Console")
    return bool(tables)


def _refuse_unknown(url: str, current: str | None) -> None:
    if current in (None, HEAD):
        return
    from alembic.script import ScriptDirectory

    known = {r.revision for r in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if current not in known:
        raise too_new(url, current)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise OSError(f"the upgrade would break {len(broken)} references; it was taken back")


def back_up(path: Path) -> Path:
    """Copy the file through SQLite (a plain copy misses what is still in the log) and return the copy's path."""
    target = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.bak")
    prepare_file(target)
    source, copy = sqlite3.connect(path), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    return target
