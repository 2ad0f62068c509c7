"""What a database refuses, told by the codes and classes of its driver: the texts differ by release and language."""

import sqlite3
from enum import StrEnum

from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, PendingRollbackError


class DatabaseErrorKind(StrEnum):
    """Kinds of refusals that differ in who can do what about them."""

    OTHER = "other"
    LOCKED = "locked"
    CONTRADICTION = "contradiction"
    READ_ONLY = "read-only"
    FULL = "full"
    DAMAGED = "damaged"
    NO_DRIVER = "no-driver"
    NO_ADDRESS = "no-address"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    SIGN_IN = "sign-in"
    NOT_READY = "not-ready"
    ENDED = "ended"
    SLOW = "slow"


_SQLITE_CODES = {
    sqlite3.SQLITE_BUSY: DatabaseErrorKind.LOCKED,
    sqlite3.SQLITE_LOCKED: DatabaseErrorKind.LOCKED,
    sqlite3.SQLITE_READONLY: DatabaseErrorKind.READ_ONLY,
    sqlite3.SQLITE_FULL: DatabaseErrorKind.FULL,
    sqlite3.SQLITE_CORRUPT: DatabaseErrorKind.DAMAGED,
    sqlite3.SQLITE_NOTADB: DatabaseErrorKind.DAMAGED,
    sqlite3.SQLITE_CONSTRAINT: DatabaseErrorKind.CONTRADICTION,
}

_SQLSTATES = {
    "25006": DatabaseErrorKind.READ_ONLY,
    "42501": DatabaseErrorKind.READ_ONLY,
    "40001": DatabaseErrorKind.LOCKED,
    "40P01": DatabaseErrorKind.LOCKED,
    "55P03": DatabaseErrorKind.LOCKED,
    "57014": DatabaseErrorKind.SLOW,
    "3D000": DatabaseErrorKind.SIGN_IN,
    "53000": DatabaseErrorKind.FULL,
    "53100": DatabaseErrorKind.FULL,
    "53200": DatabaseErrorKind.FULL,
    "53300": DatabaseErrorKind.NOT_READY,
    "57P03": DatabaseErrorKind.NOT_READY,
    "57P01": DatabaseErrorKind.ENDED,
    "57P02": DatabaseErrorKind.ENDED,
    "57P04": DatabaseErrorKind.ENDED,
    "57P05": DatabaseErrorKind.ENDED,
    "25P03": DatabaseErrorKind.ENDED,
}
"""SQLSTATE, as PostgreSQL's manual lists them."""

_SQLSTATE_CLASSES = {
    "08": DatabaseErrorKind.ENDED,
    "22": DatabaseErrorKind.OTHER,
    "23": DatabaseErrorKind.CONTRADICTION,
    "28": DatabaseErrorKind.SIGN_IN,
    "XX": DatabaseErrorKind.DAMAGED,
}
"""The first two characters of a SQLSTATE, where all of the class mean the same here."""


def classify_database_error(error: BaseException) -> DatabaseErrorKind:
    """Return which kind of trouble an error of the database library or of a driver is."""
    if isinstance(error, ModuleNotFoundError):
        return DatabaseErrorKind.NO_DRIVER
    if isinstance(error, ArgumentError):
        return DatabaseErrorKind.NO_ADDRESS
    if isinstance(error, PendingRollbackError):
        return DatabaseErrorKind.ENDED  # its connection was lost before
    original = getattr(error, "orig", None) or error
    told = getattr(original, "trouble", None)
    if isinstance(told, DatabaseErrorKind):
        return told
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE_CODES.get(code & 0xFF, DatabaseErrorKind.OTHER)
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        return _SQLSTATES.get(state) or _SQLSTATE_CLASSES.get(state[:2], DatabaseErrorKind.OTHER)
    if isinstance(error, IntegrityError):
        return DatabaseErrorKind.CONTRADICTION
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return DatabaseErrorKind.ENDED
    return DatabaseErrorKind.OTHER


DATABASE_ERRORS = (DBAPIError, PendingRollbackError)
"""What a session raises when the database refuses, or is gone in the middle."""
