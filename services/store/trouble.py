"""What a database refuses, told by the codes and classes of its driver: the texts differ by release and language."""

import sqlite3
from enum import StrEnum

from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, PendingRollbackError


class Trouble(StrEnum):
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


_SQLITE = {
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
    sqlite3.SQLITE_CONSTRAINT: Trouble.CONTRADICTION,
}

_STATES = {
    "25006": Trouble.READ_ONLY,
    "42501": Trouble.READ_ONLY,
    "40001": Trouble.LOCKED,
    "40P01": Trouble.LOCKED,
    "55P03": Trouble.LOCKED,
    "57014": Trouble.SLOW,
    "3D000": Trouble.SIGN_IN,
    "53000": Trouble.FULL,
    "53100": Trouble.FULL,
    "53200": Trouble.FULL,
    "53300": Trouble.NOT_READY,
    "57P03": Trouble.NOT_READY,
    "57P01": Trouble.ENDED,
    "57P02": Trouble.ENDED,
    "57P04": Trouble.ENDED,
    "57P05": Trouble.ENDED,
    "25P03": Trouble.ENDED,
}
"""SQLSTATE, as PostgreSQL's manual lists them."""

_CLASSES = {
    "08": Trouble.ENDED,
    "22": Trouble.OTHER,
    "23": Trouble.CONTRADICTION,
    "28": Trouble.SIGN_IN,
    "XX": Trouble.DAMAGED,
}
"""The first two characters of a SQLSTATE, where all of the class mean the same here."""


def trouble_of(error: BaseException) -> Trouble:
    """Return which kind of trouble an error of the database library or of a driver is."""
    if isinstance(error, ModuleNotFoundError):
        return Trouble.NO_DRIVER
    if isinstance(error, ArgumentError):
        return Trouble.NO_ADDRESS
    if isinstance(error, PendingRollbackError):
        return Trouble.ENDED  # its connection was lost before
    original = getattr(error, "orig", None) or error
    told = getattr(original, "trouble", None)
    if isinstance(told, Trouble):
        return told
    code = getattr(original, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE.get(code & 0xFF, Trouble.OTHER)
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        return _STATES.get(state) or _CLASSES.get(state[:2], Trouble.OTHER)
    if isinstance(error, IntegrityError):
        return Trouble.CONTRADICTION
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Trouble.ENDED
    return Trouble.OTHER


REFUSALS = (DBAPIError, PendingRollbackError)
"""What a session raises when the database refuses, or is gone in the middle."""
