"""The store: opened once, read and written through sessions that end with the work they were made for."""

import getpass
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from models.store_meta import StoreMeta
from models.tables import all_models
from services.common.progress import Progress, ignore_progress
from services.common.store_location import to_database_url
from services.store import audit_trail
from services.store.change_feed import ChangeFeed
from services.store.change_mark import ChangeMark
from services.store.driver_errors import DATABASE_ERRORS
from services.store.engine import lock_for_writing, make_engine
from services.store.errors import StoreError, open_error, read_error, store_file_replaced, write_error
from services.store.full_text import index_pending_texts
from services.store.unit_of_work import UnitOfWork
from services.store.upgrade import create_or_upgrade

STORE_ID_KEY = "store_id"


class Store:
    """An SQLite file or a shared database that holds configuration, history and requests."""

    def __init__(self, url: str, *, actor: str) -> None:
        self.url = url
        self.actor = actor
        self.engine = make_engine(url)
        self._writing = self.engine.execution_options(write=True)
        self.id = self._load_or_create_id()
        self.mark = ChangeMark(self.engine)
        self.feed = ChangeFeed(self.engine, self.mark)
        self._file = self._file_identity()
        self.has_unsigned_changes = False
        """Whether something was written through this object."""
        self._closed = False

    @classmethod
    def open(
        cls, url: str, *, actor: str | None = None, progress: Progress = ignore_progress, make: bool = True
    ) -> "Store":
        """Open the store at `url` (or path): check its version, back up, upgrade, verify.

        `progress` hears of an upgrade, in the thread of the caller. Without `make` a store that is missing or empty is
        refused, and nothing is made.

        Raises StoreTooNewError, StoreError, InputError.
        """
        try:
            url = to_database_url(url)
        except (OSError, RuntimeError) as error:  # a home that nobody has, a folder that is gone
            raise open_error(url, error) from error
        create_or_upgrade(url, progress, make=make)
        try:
            return cls(url, actor=actor or _login_name())
        except SQLAlchemyError as error:
            raise open_error(url, error) from error

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session for reading; what it returns stays readable afterwards. Raises StoreError."""
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                yield session
                session.expunge_all()
        except DATABASE_ERRORS as error:
            raise read_error(error) from error

    @contextmanager
    def write(self, note: str = "") -> Iterator[UnitOfWork]:
        """Give a unit of work: all of it is stored, or nothing. Raises StoreError when the database refuses."""
        work = None
        all_models()  # what is written is sorted by keys, which may refer to tables that nothing has read
        try:
            with Session(self._writing, expire_on_commit=False) as session, session.begin():
                lock_for_writing(session.connection())
                if self._file_identity() != self._file:
                    raise store_file_replaced(self.url)
                work = UnitOfWork(session, actor=self.actor, note=note)
                yield work
                work.finish()
                session.flush()
                index_pending_texts(session.connection())
        except DATABASE_ERRORS as error:
            raise write_error(error) from error
        if work is not None and work.changes:
            self.has_unsigned_changes = True
            # It is written, whatever becomes of telling it; the next look tells it then.
            with suppress(StoreError):
                self.feed.poll()

    def verify_audit(self, signed: Mapping[int, str] | None = None) -> audit_trail.AuditVerdict:
        """Walk the audit chain and compare it with the hashes in `signed`, by their places; see AuditVerdict."""
        with self.read() as session:
            if self.engine.dialect.name == "postgresql":
                # One picture of everything; otherwise what others write meanwhile looks like an edit.
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return audit_trail.verify_chain(session, signed)

    def close(self) -> None:
        """Let go of every connection; one that a thread still uses is closed when it is given back."""
        if not self._closed:
            event.listen(
                self.engine, "checkin", lambda connection, _record: connection and connection.close()
            )
        self._closed = True
        # Before the others: the last one that lets go of an SQLite file removes its journal.
        self.mark.close()
        self.engine.dispose()

    def _file_identity(self) -> tuple[int, int] | None:
        """Return which file stands at the store's place, or None where there is none or the store is no file."""
        place = self.engine.url.database
        if self.engine.dialect.name != "sqlite" or not place:
            return None
        try:
            found = Path(place).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _load_or_create_id(self) -> uuid.UUID:
        with Session(self.engine) as session:
            found = session.get(StoreMeta, STORE_ID_KEY)
        if found is None:
            with Session(self._writing) as session, session.begin():
                lock_for_writing(session.connection())
                found = session.get(StoreMeta, STORE_ID_KEY)
                if found is None:
                    found = StoreMeta(key=STORE_ID_KEY, value=str(uuid.uuid4()))
                    session.add(found)
                return uuid.UUID(found.value)
        return uuid.UUID(found.value)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
