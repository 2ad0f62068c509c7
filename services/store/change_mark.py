"""Whether anything was committed to a store, at the cost of a few microseconds and without a query."""

import contextlib
import sqlite3
import threading
from pathlib import Path

from sqlalchemy import Engine


class ChangeMark:
    """A number of an SQLite store that is another one after every commit, by this process or another.

    It is `PRAGMA data_version` of a connection of its own, which never writes: the number of a connection changes with
    the commits of all others. Other databases have no such number.
    """

    def __init__(self, engine: Engine) -> None:
        place = engine.url.database if engine.dialect.name == "sqlite" else None
        self._place = Path(place).absolute() if place else None
        self._connection: sqlite3.Connection | None = None
        self._opened = 0
        self._lock = threading.Lock()

    def read(self) -> tuple[int, int] | None:
        """Return the number, or None where it is not known: then anything may have been committed.

        It has the number of the connection before it, because each connection counts anew.
        """
        with self._lock:
            if self._place is None:
                return None
            try:
                if self._connection is None:
                    # Opening the path alone would make an empty file where the store was moved away.
                    self._opened += 1
                    self._connection = sqlite3.connect(
                        f"{self._place.as_uri()}?mode=rw",
                        uri=True,
                        isolation_level=None,
                        check_same_thread=False,
                    )
                return self._opened, int(self._connection.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                self._drop()
                return None

    def close(self) -> None:
        """Let go of the connection; nothing is known from then on."""
        with self._lock:
            self._place = None
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
