"""What can be wrong with the store itself."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from services.common.closest_match import closest_match
from services.common.errors import ConsoleError, InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.store_location import mask_address, mask_password, suggest_store_path
from services.store.driver_errors import DatabaseErrorKind, classify_database_error


class StoreError(ConsoleError):
    """The store cannot be opened, read or written."""


class StoreTooNewError(StoreError):
    """The store was written by a newer release."""


class NotFoundError(InputError):
    """An object is not there (any more); of the names that are `known`, the nearest to the `asked` one is named."""

    def __init__(self, what: str, asked: str = "", known: Collection[str] = ()) -> None:
        super().__init__(
            Problem(
                tried=f"Open {what}",
                evidence="No object with this name or id is in the store.",
                cause="It was deleted or renamed, or it never existed here.",
                owner=Owner.CONSOLE,
                remedy=_suggest_name(asked, known),
                fault=FaultId.OBJECT_MISSING,
            )
        )


SUGGESTIONS_MAX = 5


def _suggest_name(asked: str, known: Collection[str]) -> str:
    known = list(dict.fromkeys(known))
    near = closest_match(asked, known)
    if near is not None:
        return f"Did you mean “{near}”?"
    if 0 < len(known) <= SUGGESTIONS_MAX:
        return f"There is {', '.join(f'“{name}”' for name in sorted(known))}."
    return "Choose one that is listed."


def store_missing(path: Path) -> InputError:
    """Return the error for a command that only reads, on a store that nobody has made."""
    near = suggest_store_path(path)
    meant = f"Did you mean {near}?" if near is not None else "Name the store that is meant with --store."
    return InputError(
        Problem(
            tried=f"Open the store {path}",
            evidence="No such file is there.",
            cause="The path is mistyped, or the store was moved or never made.",
            owner=Owner.CONSOLE,
            remedy=f"{meant} A new store is made by config apply, by credential set, or by the window.",
            fault=FaultId.STORE_MISSING,
        )
    )


def store_empty(url: str) -> InputError:
    """Return the error for a command that only reads, on a file or database without anything in it."""
    return InputError(
        Problem(
            tried=f"Open the store {mask_password(url)}",
            evidence="It is there, and it is empty: it holds no tables.",
            cause="It was never filled, or its content was lost.",
            owner=Owner.CONSOLE,
            remedy="Name the store that is meant with --store, or bring it back from a backup. A new store is made by"
            " config apply, by credential set, or by the window. The store was not changed.",
            fault=FaultId.STORE_EMPTY,
        )
    )


def store_too_new(url: str, revision: str) -> StoreTooNewError:
    """Return the error for a store whose schema is `revision`, which this release does not know."""
    return StoreTooNewError(
        Problem(
            tried=f"Open the store {mask_password(url)}",
            evidence=f"Its schema is {revision}, which this release does not know.",
            cause="It was written by a newer release of Approval Console.",
            owner=Owner.CONSOLE,
            remedy="Update this console, or open another store. The store was not changed.",
            fault=FaultId.STORE_TOO_NEW,
        )
    )


def open_error(url: str, error: BaseException) -> StoreError:
    """Return the error for a store that could not be opened or upgraded."""
    unusable = _Reason(
        "The file or database cannot be read or written, or it is not a store of Approval Console.",
        "See that the folder exists and may be written to, or choose another store with --store.",
        FaultId.STORE_UNUSABLE,
    )
    trouble = classify_database_error(error)
    if url.startswith("postgres"):
        unusable = _NO_CREATE_RIGHTS if trouble is DatabaseErrorKind.READ_ONLY else _POSTGRESQL_UNUSABLE
    # Where something has to be written to open it, what may not be written is of no use.
    known = (
        None if trouble in (DatabaseErrorKind.READ_ONLY, DatabaseErrorKind.DAMAGED) else _REASONS.get(trouble)
    )
    shown = url if trouble is not DatabaseErrorKind.NO_ADDRESS else mask_address(url)
    return _store_error(f"Open the store {mask_password(shown)}", error, known or unusable)


def read_error(error: BaseException) -> StoreError:
    """Return the error for a read that the database refused."""
    unreadable = _Reason(
        "The store was damaged, or it is out of reach.",
        "See that the store is there and whole, or bring it back from a backup.",
        FaultId.STORE_UNREADABLE,
    )
    trouble = classify_database_error(error)
    known = _NO_READ_RIGHTS if trouble is DatabaseErrorKind.READ_ONLY else _REASONS.get(trouble)
    return _store_error("Read the store", error, known or unreadable)


def write_error(error: BaseException) -> StoreError:
    """Return the error for a write that the database refused."""
    unwritable = _Reason(
        "The store is read-only, damaged or out of reach, or its disk is full.",
        "See that the store may be written to, then save again. The store was not changed.",
        FaultId.STORE_NOT_WRITABLE,
    )
    return _store_error("Write to the store", error, _REASONS.get(classify_database_error(error), unwritable))


@dataclass(frozen=True, slots=True)
class _Reason:
    cause: str
    remedy: str
    fault: FaultId


_NO_READ_RIGHTS = _Reason(
    "The account that signs in to the database may not read the store's tables.",
    "Ask the database administrator for the right to read and write them, or sign in with another account.",
    FaultId.STORE_UNREADABLE,
)
_NO_CREATE_RIGHTS = _Reason(
    "The account that signs in to the database may not read the store's tables, or may not make them.",
    "Ask the database administrator for the right to read and write them (or, for a new store, to make them in its"
    " schema), or sign in with another account.",
    FaultId.STORE_UNUSABLE,
)
_POSTGRESQL_UNUSABLE = _Reason(
    "The address names a service or a setting that the driver does not take, or the database is not a store of Approval"
    " Console.",
    "Check the address, the service in ~/.pg_service.conf (or PGSERVICEFILE) and the name of the database, or choose"
    " another store with --store.",
    FaultId.STORE_UNUSABLE,
)
_REASONS = {
    DatabaseErrorKind.LOCKED: _Reason(
        "Another program keeps the store locked.",
        "Wait until it is done, or close it, then try again. The store was not changed.",
        FaultId.STORE_LOCKED,
    ),
    DatabaseErrorKind.NO_DRIVER: _Reason(
        "The driver for this kind of database is not installed; SQLite needs none.",
        "Install it where this program is installed (for PostgreSQL: pip install 'approval-console[postgresql]',"
        " which brings psycopg[binary]), or choose a file with --store.",
        FaultId.STORE_DRIVER_MISSING,
    ),
    DatabaseErrorKind.CONTRADICTION: _Reason(
        "It contradicts what is stored: an id or name that is taken, or a reference to something that is gone.",
        "Look at what is stored now, then try again. The store was not changed.",
        FaultId.STORE_CONTRADICTION,
    ),
    DatabaseErrorKind.READ_ONLY: _Reason(
        "The store can be read and not written: its file or database is read-only, or the account may only read.",
        "Ask whoever keeps the store for the right to write, or use it for reading. The store was not changed.",
        FaultId.STORE_NOT_WRITABLE,
    ),
    DatabaseErrorKind.FULL: _Reason(
        "The disk or the memory of the store is full.",
        "Make room there, then try again. The store was not changed.",
        FaultId.STORE_FULL,
    ),
    DatabaseErrorKind.DAMAGED: _Reason(
        "The store is damaged.",
        "Bring it back from a backup.",
        FaultId.STORE_DAMAGED,
    ),
    DatabaseErrorKind.NO_ADDRESS: _Reason(
        "The address of the store is mistyped, or a password in it holds characters that mean something there.",
        "Write postgresql+psycopg://USER@HOST:PORT/DATABASE, with the password in ~/.pgpass, or in the address with"
        " / : @ ? # and % as %2F %3A %40 %3F %23 and %25.",
        FaultId.STORE_ADDRESS,
    ),
    DatabaseErrorKind.UNREACHABLE: _Reason(
        "No database server takes connections there: it is not running, or host, port or a firewall is in the way.",
        "Check host and port, and that the server runs; nothing is known to be wrong with the store itself.",
        FaultId.STORE_UNREACHABLE,
    ),
    DatabaseErrorKind.SILENT: _Reason(
        "The database server, or the network to it, does not answer.",
        "Check the network and the server, then try again; nothing is known to be wrong with the store itself.",
        FaultId.STORE_SILENT,
    ),
    DatabaseErrorKind.SIGN_IN: _Reason(
        "The database server answers and refuses the account, its password, or the name of the database.",
        "Check user, password (~/.pgpass, PGPASSWORD or the service file) and the name of the database.",
        FaultId.STORE_SIGN_IN,
    ),
    DatabaseErrorKind.NOT_READY: _Reason(
        "The database server is starting or stopping, or has no connection left.",
        "Wait a moment, then try again.",
        FaultId.STORE_NOT_READY,
    ),
    DatabaseErrorKind.ENDED: _Reason(
        "The database server, or the network, ended the connection.",
        "Try again: the next call connects anew. What was being written is not stored.",
        FaultId.STORE_DISCONNECTED,
    ),
    DatabaseErrorKind.SLOW: _Reason(
        "The database server ended a statement that took too long.",
        "Try again when the server has less to do.",
        FaultId.STORE_SLOW,
    ),
}


def _store_error(tried: str, error: BaseException, reason: _Reason) -> StoreError:
    original = getattr(error, "orig", None) or error
    text = " ".join(f"{type(original).__name__}: {original}".split())
    return StoreError(
        Problem(
            tried=tried,
            evidence=mask_password(text),
            cause=reason.cause,
            owner=Owner.CONSOLE,
            remedy=reason.remedy,
            fault=reason.fault,
        )
    )


def store_file_replaced(url: str) -> StoreError:
    """Return the error for a write to a file that was deleted or replaced since it was opened: nobody would read it."""
    return StoreError(
        Problem(
            tried="Write to the store",
            evidence=f"{mask_password(url)} is not the file that was opened.",
            cause="The store's file was deleted, moved or replaced while it was in use.",
            owner=Owner.CONSOLE,
            remedy="Put it back, or start this program anew on the store that is there now. The store was not changed.",
            fault=FaultId.STORE_GONE,
        )
    )


def chain_broken(evidence: str) -> StoreError:
    """Return the error for a write that cannot be chained to what was written before."""
    return StoreError(
        Problem(
            tried="Write to the store",
            evidence=evidence,
            cause="The audit trail was changed by something else than Approval Console.",
            owner=Owner.CONSOLE,
            remedy="Type approval-console audit verify to see where, and bring the store back from a backup.",
            fault=FaultId.AUDIT_BROKEN,
        )
    )
