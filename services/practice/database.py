"""SQLite database of the practice instance: text columns, with ServiceNow's audit columns (sys_created_on, …)."""

import hashlib
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from services.common.json_types import JsonLike
from services.practice.schema import INDEXES, TABLES, ColumnType, Table, stored_columns

Row = dict[str, str]

NUMBER_PREFIXES = {"sc_request": "REQ", "sc_req_item": "RITM", "sc_task": "SCTASK"}
FIRST_NUMBER = 10001


def fixed_sys_id(*words: str) -> str:
    """Return the sys_id of a predefined row: the same in every run."""
    return hashlib.blake2b(":".join(words).encode(), digest_size=16).hexdigest()


def new_sys_id() -> str:
    """Return the sys_id of a new row: 32 hexadecimal digits."""
    return uuid.uuid4().hex


SqlValue = str | float | None


def utc_clock() -> datetime:
    """Return the current time in UTC; the default clock."""
    return datetime.now(UTC)


def quote_identifier(name: str) -> str:
    """Return a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def to_column_text(value: JsonLike) -> str:
    """Return a JSON value as the text of a column; lone surrogates become question marks."""
    if isinstance(value, Mapping):
        value = value.get("value", value.get("display_value", ""))
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).encode(errors="replace").decode()


class Database:
    """All tables. One connection behind a lock: any thread may call."""

    def __init__(self, path: str = ":memory:", clock: Callable[[], datetime] = utc_clock) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.create_function("fold", 1, str.casefold, deterministic=True)
        self._numbers: dict[str, int] = {}
        self._depth = 0
        if path != ":memory:":
            self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self.is_new = not self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        if self.is_new:
            self._create()

    def now_text(self) -> str:
        """Return the current time in the format of an instance: UTC, without a zone."""
        return self.clock().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _create(self) -> None:
        with self.transaction():
            for stored in dict.fromkeys(t.stored_in for t in TABLES.values()):
                columns = ", ".join(
                    f"{quote_identifier(name)} TEXT NOT NULL DEFAULT '' COLLATE NOCASE"
                    + (" PRIMARY KEY" if name == "sys_id" else "")
                    for name in stored_columns(stored)
                )
                self._connection.execute(f"CREATE TABLE {quote_identifier(stored)} ({columns})")
            for table, column in INDEXES:
                self._connection.execute(
                    f"CREATE INDEX {quote_identifier(f'{table}_{column}')} ON {quote_identifier(table)} ({quote_identifier(column)})"
                )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in one transaction; nested blocks join the outer one."""
        with self._lock:
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def execute(
        self, sql: str, parameters: Sequence[SqlValue] | Mapping[str, SqlValue] = ()
    ) -> list[sqlite3.Row]:
        """Run SQL and return all rows."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def executemany(self, sql: str, rows: Iterable[Sequence[SqlValue]]) -> None:
        """Run SQL once per row."""
        with self._lock:
            self._connection.executemany(sql, rows)

    def insert(self, table: str, values: Mapping[str, JsonLike], *, by: str = "system") -> str:
        """Add a row and return its sys_id; unknown columns are ignored, as on an instance."""
        spec = TABLES[table]
        at = self.now_text()
        row = {name: to_column_text(value) for name, value in values.items() if name in spec.columns}
        row["sys_id"] = row.get("sys_id") or new_sys_id()
        row |= {"sys_created_on": at, "sys_created_by": by, "sys_updated_on": at, "sys_updated_by": by}
        row["sys_mod_count"] = "0"
        if spec.hierarchy:
            row.setdefault("sys_class_name", table)
        with self._lock:
            if table in NUMBER_PREFIXES and not row.get("number"):
                row["number"] = self.next_number(table)
            names = ", ".join(quote_identifier(name) for name in row)
            marks = ", ".join("?" for _ in row)
            self._connection.execute(
                f"INSERT INTO {quote_identifier(spec.stored_in)} ({names}) VALUES ({marks})",  # noqa: S608 - schema names
                list(row.values()),
            )
        return row["sys_id"]

    def update(self, table: str, sys_id: str, values: Mapping[str, JsonLike], *, by: str = "system") -> bool:
        """Change a row; return whether it exists. Journal columns are not stored in the row.

        A change without differences does not touch the audit columns, as on an instance.
        """
        spec = TABLES[table]
        row = {
            name: to_column_text(value)
            for name, value in values.items()
            if name in spec.columns and name not in ("sys_id", "sys_class_name", "sys_mod_count")
            and spec.columns[name].type is not ColumnType.JOURNAL
        }  # fmt: skip
        with self._lock:
            before = self.get(table, sys_id)
            if before is None:
                return False
            if any(before[name] != value for name, value in row.items()):
                row |= {"sys_updated_on": self.now_text(), "sys_updated_by": by}
                assigned = ", ".join(f"{quote_identifier(name)} = ?" for name in row)
                self._connection.execute(
                    f"UPDATE {quote_identifier(spec.stored_in)} SET {assigned}, sys_mod_count = sys_mod_count + 1 "  # noqa: S608
                    f"WHERE {self._is(spec)}",
                    [*row.values(), sys_id],
                )
            return True

    def delete(self, table: str, sys_id: str, *, by: str = "system") -> bool:
        """Delete a row and record the deletion; return whether it existed. Rows that refer to it stay."""
        spec = TABLES[table]
        with self._lock, self.transaction():
            row = self.get(table, sys_id)
            if row is None:
                return False
            self._connection.execute(
                f"DELETE FROM {quote_identifier(spec.stored_in)} WHERE {self._is(spec)}",  # noqa: S608 - schema names
                [sys_id],
            )
            deleted = {
                "tablename": row.get("sys_class_name") or table,
                "documentkey": sys_id,
                "display_value": row[spec.display],
            }
            self.insert("sys_audit_delete", deleted, by=by)
            return True

    def get(self, table: str, sys_id: str) -> Row | None:
        """Return one row, or None."""
        found = self.rows(table, sys_id=sys_id)
        return found[0] if found else None

    def first(self, table: str, **equal: str) -> Row | None:
        """Return the first row whose columns have the values named, or None."""
        found = self.rows(table, **equal)
        return found[0] if found else None

    def rows(self, table: str, **equal: str) -> list[Row]:
        """Return the rows whose columns have the values named, in the order they were added."""
        spec = TABLES[table]
        conditions = [f"{quote_identifier(name)} = ?" for name in equal]
        if spec.is_class:
            conditions.append(f"sys_class_name = '{spec.name}'")
        where = " AND ".join(conditions) or "1"
        names = ", ".join(quote_identifier(name) for name in spec.columns)
        found = self.execute(
            f"SELECT {names} FROM {quote_identifier(spec.stored_in)} WHERE {where} ORDER BY rowid",  # noqa: S608 - schema names
            list(equal.values()),
        )
        return [dict(row) for row in found]

    def next_number(self, table: str) -> str:
        """Return the next number of a task table, such as RITM0010001."""
        return self.next_numbers(table, 1)[0]

    def next_numbers(self, table: str, count: int) -> list[str]:
        """Return the next `count` numbers of a task table."""
        prefix = NUMBER_PREFIXES[table]
        with self._lock:
            if table not in self._numbers:
                # Numbers that were set explicitly do not count.
                last = self.execute(
                    "SELECT max(CAST(substr(number, ?) AS INTEGER)) FROM task "
                    "WHERE sys_class_name = ? AND number GLOB ? || '[0-9][0-9][0-9][0-9][0-9][0-9][0-9]'",
                    [len(prefix) + 1, table, prefix],
                )[0][0]
                self._numbers[table] = last + 1 if last else FIRST_NUMBER
            start = self._numbers[table]
            self._numbers[table] += count
        return [f"{prefix}{number:07d}" for number in range(start, start + count)]

    def get_property(self, name: str, default: str = "") -> str:
        """Return the value of a system property."""
        row = self.first("sys_properties", name=name)
        return row["value"] if row else default

    def is_set(self, name: str, *, default: bool) -> bool:
        """Return whether a system property is true."""
        return self.get_property(name, "true" if default else "false").lower() in ("true", "1", "yes")

    @staticmethod
    def _is(spec: Table) -> str:
        return "sys_id = ?" + (f" AND sys_class_name = '{spec.name}'" if spec.is_class else "")
