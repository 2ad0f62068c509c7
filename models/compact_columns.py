"""Column types that take less room in SQLite: times as numbers, ids as bytes. Other databases keep them as they are."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine, UserDefinedType

from models.base import UtcDateTime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONG_TIME = "%Y-%m-%d %H:%M:%S.%f"
_DIGITS = re.compile("[0-9a-f]{32}")
_HYPHENATED = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGIT_BYTES = 16
HYPHEN_MARK = b"-"
"""Follows the 16 bytes of an id that is written with hyphens."""


LONG_FORMS = "stores_long_forms"
"""Attribute of a dialect while it works on an SQLite store of a release that had the long forms."""


def stores_long_forms(dialect: Dialect) -> bool:
    """Return whether a store is written that does not have the short forms, or not yet."""
    return dialect.name != "sqlite" or bool(getattr(dialect, LONG_FORMS, False))


def to_microseconds(moment: datetime) -> int:
    """Return an aware time as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(stored: int) -> datetime:
    """Return the aware UTC time of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=stored)


def pack_id(text: str) -> str | bytes:
    """Return an id of 32 hexadecimal digits as 16 bytes, one with hyphens as 17; any other text as it is."""
    if _DIGITS.fullmatch(text):
        return bytes.fromhex(text)
    if _HYPHENATED.fullmatch(text):
        return uuid.UUID(text).bytes + HYPHEN_MARK
    return text


def unpack_id(stored: str | bytes) -> str:
    """Return the text of which `pack_id` made `stored`."""
    if isinstance(stored, str):
        return stored
    digits = stored.hex()
    if len(stored) == _DIGIT_BYTES:
        return digits
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


def read_uuid(stored: object) -> uuid.UUID:
    """Return the UUID that a database returned without conversion."""
    if isinstance(stored, bytes):
        return uuid.UUID(bytes=stored)
    return stored if isinstance(stored, uuid.UUID) else uuid.UUID(str(stored))


def read_moment(stored: object) -> datetime:
    """Return the aware UTC time of a `CompactTime` column that a database returned without conversion."""
    if isinstance(stored, int):
        return from_microseconds(stored)
    if isinstance(stored, datetime):
        return stored.astimezone(UTC)
    return datetime.fromisoformat(str(stored)).replace(tzinfo=UTC)


class _SqliteNumber(UserDefinedType[int]):
    """A number in a column that SQLite knows as DATETIME: its affinity takes numbers."""

    cache_ok = True

    def get_col_spec(self, **_named: object) -> str:
        """Return the declared type."""
        return "DATETIME"


class CompactTime(UtcDateTime):
    """A point in time of a table with very many rows: in SQLite microseconds since 1970, 8 bytes instead of 26.

    It can be compared with values and with other columns of this type, not with a `UtcDateTime` column.
    """

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: numbers or times
        """Return the type that holds the numbers."""
        return _SqliteNumber() if dialect.name == "sqlite" else super().load_dialect_impl(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:  # type: ignore[override]
        """Refuse times without a zone, store UTC."""
        if value is not None and value.tzinfo is not None and not stores_long_forms(dialect):
            return to_microseconds(value)
        moment = super().process_bind_param(value, dialect)
        return format(moment, _LONG_TIME) if moment is not None and dialect.name == "sqlite" else moment

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:
        """Give aware UTC back."""
        del dialect
        return None if value is None else read_moment(value)


class CompactId(TypeDecorator[str]):
    """An id of another system as text: in SQLite its bytes where it is a UUID or a sys_id, half as long.

    It can be compared for equality. Ranges and parts of it need the type of what is stored.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> object:
        """Store bytes where the text allows it."""
        return pack_id(value) if value and not stores_long_forms(dialect) else value

    def process_result_value(self, value: str | bytes | None, dialect: Dialect) -> str | None:
        """Give the text back."""
        del dialect
        return None if value is None else unpack_id(value)
