"""Opening a store: check its version, back it up, upgrade it, verify it."""

import logging
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from models.compact_columns import LONG_FORMS
from models.store_meta import StoreMeta
from services.common.progress import Progress, ignore_progress
from services.store import postgresql_trigrams
from services.store.engine import (
    BUSY_TIMEOUT_MS,
    create_private_file,
    lock_for_upgrade,
    make_engine,
    sqlite_path,
)
from services.store.errors import StoreError, open_error, store_empty, store_missing, store_too_new
from services.store.full_text import index_all_texts
from services.store.schema_version import SCHEMA_REVISION

SHORT_FORMS_REVISION = "0014"
"""The migration after which times are numbers and ids are bytes on SQLite."""
DATABASE_MIN_BYTES = 512
"""Bytes of the smallest database there can be."""

HOT_JOURNAL_CODES = (sqlite3.SQLITE_READONLY_ROLLBACK, sqlite3.SQLITE_READONLY_RECOVERY)
"""What SQLite answers a reader that may not write, where a writer was killed."""

FREE_BYTES_MIN, FREE_SHARE_MIN = 16 * 1024 * 1024, 0.2
"""How much of a file has to be empty for it to be written anew."""
FREE_SPACE_KEPT = (
    "The file of the store stays as large as it was; what is empty in it is filled by new requests"
)

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"


def create_or_upgrade(url: str, progress: Progress = ignore_progress, *, make: bool = True) -> None:
    """Bring the store to the newest schema, or leave it as it was; `progress` hears of what takes long.

    With `make`, a store that is missing or empty is made; without, nothing is made, and it is said to be so.

    Alembic is imported only when there is something to do: the usual start reads one row.
    Raises StoreTooNewError, StoreError, InputError.
    """
    try:
        path = sqlite_path(url)
        if path is not None:
            if make:
                create_private_file(path)
            elif not path.exists() and _can_be_created(path):
                raise store_missing(path)
            # A file that is not ours, or too new, must not even be switched to another journal.
            current = _peek_schema_revision(path)
            if current is None and not make:
                raise store_empty(url)
            _reject_unknown_revision(url, current)
        _create_or_upgrade(url, path, progress, make=make)
    except StoreError:
        raise
    except (SQLAlchemyError, OSError, sqlite3.Error, ImportError) as error:
        raise open_error(url, error) from error


def _can_be_created(path: Path) -> bool:
    """Return whether the nearest folder above `path` is one; below a file, opening it says what is wrong."""
    return next(parent for parent in path.absolute().parents if parent.exists()).is_dir()


def _create_or_upgrade(url: str, path: Path | None, progress: Progress, *, make: bool) -> None:
    engine = make_engine(url, upgrades=True)
    try:
        with engine.connect() as connection:
            current = _current_revision(connection)
        if current == SCHEMA_REVISION:
            _create_missing_text_index(engine)
            return
        if current is None and not make:
            raise store_empty(url)
        _reject_unknown_revision(url, current)
        if current is not None and current >= SHORT_FORMS_REVISION:
            setattr(engine.dialect, LONG_FORMS, False)
        if current is not None and path is not None:
            progress("Copying the store before it is brought up to this release")
            back_up(path)
        if current is not None:
            progress("Bringing the store up to this release; with a million requests that takes a minute")
        with engine.execution_options(write=True).begin() as connection:
            lock_for_upgrade(connection)
            # Another console may have upgraded it while this one waited for the lock.
            if _current_revision(connection) != SCHEMA_REVISION:
                _run_migrations(connection, ignore_progress if current is None else progress)
            indexed = engine.dialect.name != "postgresql" or postgresql_trigrams.has_text_index(connection)
        if current is not None and path is not None:
            _give_back_free_space(engine, path, progress)
        if not indexed:
            progress(postgresql_trigrams.EXTENSION_MISSING)
            log.warning(postgresql_trigrams.EXTENSION_MISSING)
    finally:
        engine.dispose()


def _create_missing_text_index(engine: Engine) -> None:
    """Index the texts of a store on PostgreSQL where that has become possible since it was made."""
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        wanted = postgresql_trigrams.can_create_text_index(connection)
    if not wanted:
        return
    try:
        with engine.begin() as connection:
            lock_for_upgrade(connection)
            postgresql_trigrams.create_text_index(connection)
    except DBAPIError as error:
        # It may be another account that owns the tables.
        log.info("the texts are not indexed: %s", error.orig)


def _peek_schema_revision(path: Path) -> str | None:
    """Return the schema of a file without writing to it, or None when it is empty.

    Nobody but SQLite may open the file: when this process closes it, the system drops the locks of every connection of
    this process, and another program then takes the log away from under them.
    """
    if 0 < path.stat().st_size < DATABASE_MIN_BYTES:
        raise OSError("the file is no database")  # SQLite would write over it
    try:
        return _read_schema_revision(path, "ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in HOT_JOURNAL_CODES:
            raise
        # Whoever wrote was killed: SQLite takes back what it left half written before anybody can read.
        return _read_schema_revision(path, "rw")


def _read_schema_revision(path: Path, mode: str) -> str | None:
    with closing(
        sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=BUSY_TIMEOUT_MS / 1000)
    ) as file:
        tables = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not _is_store(tables):
            return None
        row = file.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _current_revision(connection: Connection) -> str | None:
    if not _is_store(set(inspect(connection).get_table_names())):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _is_store(tables: set[str]) -> bool:
    """Return whether tables are those of a store; none at all are not. Raises OSError when they are another's."""
    if tables and not {"alembic_version", StoreMeta.__tablename__} <= tables:
        raise OSError("the database holds other tables and is not a store of Approval Console")
    return bool(tables)


def _reject_unknown_revision(url: str, current: str | None) -> None:
    if current in (None, SCHEMA_REVISION):
        return
    from alembic.script import ScriptDirectory

    known = {r.revision for r in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if current not in known:
        raise store_too_new(url, current)


def _run_migrations(connection: Connection, progress: Progress) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["progress"] = progress
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise OSError(f"the upgrade would break {len(broken)} references; it was taken back")


def _give_back_free_space(engine: Engine, path: Path, progress: Progress) -> None:
    """Make the file of an SQLite store smaller where an upgrade left much of it empty, or say how much that is.

    It is written anew beside itself, which takes its size twice for a while. Nothing is lost when it fails.
    """
    with engine.connect() as connection:
        pages, free, size = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_count", "freelist_count", "page_size")
        )
    if free * size < FREE_BYTES_MIN or free < pages * FREE_SHARE_MIN:
        return
    progress("Giving back the room that the store does not need any more")
    try:
        renumbered = _write_file_anew(path, 2 * (pages - free) * size)
    except (OSError, sqlite3.Error) as error:
        progress(FREE_SPACE_KEPT)
        log.warning("%s: %s", FREE_SPACE_KEPT, error)
        return
    if renumbered:
        # The full text knows requests by these numbers.
        with engine.execution_options(write=True).begin() as connection:
            index_all_texts(connection)


def _write_file_anew(path: Path, needed: int) -> bool:
    """Write the file without its empty pages, which needs so many bytes; return whether rows of requests have other numbers.

    Raises sqlite3.Error, OSError.
    """
    if shutil.disk_usage(path.parent).free < needed:
        raise OSError(f"the disk has no room for {needed // 1_000_000} MB meanwhile")
    with closing(sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)) as file:
        last = "SELECT max(rowid) FROM approval_request"
        before = file.execute(last).fetchone()
        file.execute("VACUUM")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # The order stays: where the last number is the same, all of them are.
        return bool(file.execute(last).fetchone() != before)


def back_up(path: Path) -> Path:
    """Copy the file through SQLite (a plain copy misses what is still in the log) and return the copy's path."""
    target = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.bak")
    create_private_file(target)
    source, copy = sqlite3.connect(path), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    return target
