"""The names for the first fill of the tree, read with nothing but sqlite3: the rest of the store takes longer to import."""

import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import quote

from models.kinds import KINDS, OPEN_STATES, Kind
from services.common.store_location import sqlite_file, to_database_url
from services.store.schema_version import SCHEMA_REVISION


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One object of the tree. `parents` maps a reference's column to the id it points at."""

    kind: Kind
    id: uuid.UUID
    name: str
    version: int = 1
    parents: dict[str, uuid.UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outline:
    """Every object in the order of their names, and how many requests are pending."""

    rows: list[OutlineRow]
    pending: int = 0


def read_outline(url: str) -> Outline | None:
    """Return the outline of an SQLite store of this release's schema, or None when only the full store can say."""
    try:
        connection = open_read_only(url)
        if connection is None:
            return None
        with closing(connection):
            return Outline(
                [row for kind in Kind for row in _rows(connection, kind)], _count_open_requests(connection)
            )
    except (sqlite3.Error, OSError, RuntimeError, ValueError, TypeError, AttributeError):
        # Whatever is wrong with the file or its path, the full store says it in a sentence.
        return None


def open_read_only(url: str) -> sqlite3.Connection | None:
    """Open the file of an SQLite store of this release's schema for reading; None for every other store.

    The caller closes it. Raises sqlite3.Error, OSError and ValueError for a file or an address that cannot be read.
    """
    path = sqlite_file(to_database_url(url))
    if path is None or not path.is_file():
        return None
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1)
    try:
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    if version is None or version[0] != SCHEMA_REVISION:
        connection.close()
        return None
    return connection


def _rows(connection: sqlite3.Connection, kind: Kind) -> list[OutlineRow]:
    parent = KINDS[kind].parent
    column = parent.field if parent is not None else None
    # Both names come from this module's own constants, never from input.
    statement = f"SELECT id, name, version, {column or 'NULL'} FROM {KINDS[kind].table} ORDER BY name_key"  # noqa: S608
    return [
        OutlineRow(
            kind,
            uuid.UUID(bytes=row[0]),
            row[1],
            row[2],
            {column: uuid.UUID(bytes=row[3])} if column and row[3] else {},
        )
        for row in connection.execute(statement)
    ]


def _count_open_requests(connection: sqlite3.Connection) -> int:
    found = connection.execute(
        f"SELECT count(*) FROM approval_request WHERE state IN ({', '.join('?' * len(OPEN_STATES))})",  # noqa: S608
        [state.value for state in OPEN_STATES],
    ).fetchone()
    return int(found[0])
