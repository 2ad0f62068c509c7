"""Types of columns as SQLite stores them."""

import uuid
from collections.abc import Callable

from sqlalchemy import Uuid
from sqlalchemy.engine import Dialect

from models.compact_columns import read_uuid, stores_long_forms


class BinaryUuid(Uuid[uuid.UUID]):
    """A UUID as its 16 bytes. The declared type of the columns is still CHAR(32), which takes bytes as they are.

    Migrations before 0014 have text in these columns: it is read, and written as long as the dialect says so.
    """

    def bind_processor(self, dialect: Dialect) -> Callable[[uuid.UUID | None], str | bytes | None]:
        """Return what makes bytes of a UUID."""

        def bind(value: uuid.UUID | None) -> str | bytes | None:
            if value is None:
                return None
            return value.hex if stores_long_forms(dialect) else value.bytes

        return bind

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | bytes | None], uuid.UUID | None]:
        """Return what makes a UUID of bytes."""
        del dialect, coltype
        return lambda value: None if value is None else read_uuid(value)
