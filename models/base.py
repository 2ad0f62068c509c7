"""What every table shares: names for constraints, identity, version and time stamps."""

import unicodedata
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, field_validator
from sqlalchemy import DateTime, MetaData, TypeDecorator, text
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel

from models.document_keys import DocumentKey
from models.kinds import Kind
from models.text_folding import fold_text
from models.translation_marks import tr_later

NAME_MAX = 255
TEXT_MAX = 4000
REFERS_TO = "refers_to"
"""Key of a column's `info`: the table that it refers to without a foreign key, because history outlives the object."""
EMPTY_TEXT = text("''")
"""The server default of text columns that were added to a table with rows."""
HASH_LENGTH = 64
"""Hexadecimal digits of a SHA-256."""

# Constraints without names cannot be altered in a batch migration.
SQLModel.metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# What validates the fields of a class is built when it is used first: most programs store objects of few kinds.
SQLModel.model_config["defer_build"] = True


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time: aware UTC in Python, UTC in every database (SQLite keeps no zone by itself)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse times without a zone, store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give aware UTC back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utcnow() -> datetime:
    """Return now as aware UTC; the one place that reads the clock for stored times."""
    return datetime.now(UTC)


def name_key(name: str) -> str:
    """Return the form of `name` in which two names of one kind must differ; it does not matter how wide a space is."""
    return fold_text(" ".join(name.split()))


def validate_printable(text: str) -> str:
    """Return `text` if it holds no control characters but line breaks and tabs; raises ValueError."""
    _reject_characters("control characters", {c for c in text if ord(c) < 32 and c not in "\n\t"})
    # No database and no file can keep them.
    _reject_characters("halves of characters", {c for c in text if unicodedata.category(c) == "Cs"})
    return text


def validate_single_line(text: str) -> str:
    """Return `text` if it stands on one line, whoever breaks it; raises ValueError."""
    _reject_characters(
        "control characters", {c for c in text if unicodedata.category(c) in ("Cc", "Zl", "Zp")}
    )
    return validate_printable(text)


def _reject_characters(what: str, characters: set[str]) -> None:
    if characters:
        raise ValueError(f"contains {what} ({', '.join(f'U+{ord(c):04X}' for c in sorted(characters))})")


Name = Annotated[str, AfterValidator(validate_single_line)]
Text = Annotated[str, AfterValidator(validate_printable)]


class ConfigurationFields(SQLModel):
    """The fields people edit on every named object."""

    name: Name = Field(min_length=1, max_length=NAME_MAX)
    description: Text = Field(default="", max_length=TEXT_MAX)

    @field_validator("name")
    @classmethod
    def _validate_name(cls, value: str) -> str:
        if value != value.strip():
            raise ValueError(tr_later("begins or ends with a space"))
        if len(name_key(value)) > NAME_MAX:
            raise ValueError(f"is longer than {NAME_MAX} characters when written in small letters")
        return value


class ConfigurationObject(ConfigurationFields):
    """A named object with identity, version and time stamps; the table of each kind derives from it.

    `version` starts at 0 for an object that was never stored and grows by one with every save.
    """

    kind: ClassVar[Kind]
    fields: ClassVar[type[ConfigurationFields]]
    """The class that validates the editable fields."""
    document: ClassVar[tuple[DocumentKey, ...]]
    """The keys of an entry in a configuration document, in the order in which they are written."""
    reference_lists: ClassVar[dict[str, Kind]] = {}
    """Fields that refer to several objects, each with their kind; see `models.reference_lists`."""
    routing_fields: ClassVar[frozenset[str]] = frozenset()
    """Fields that decide where requests go or which account asks about them; changing one affects open requests."""
    carries_open_requests: ClassVar[bool] = True
    """Whether open requests of this object also depend on the objects it refers to."""
    fails_open_requests: ClassVar[bool] = False
    """Whether open requests raised here end as failed when the object is deleted."""

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    name_key: str = Field(default="", max_length=NAME_MAX, unique=True)
    version: int = Field(default=0)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    created_by: str = Field(default="", max_length=NAME_MAX)
    changed_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    changed_by: str = Field(default="", max_length=NAME_MAX)

    @classmethod
    def of_values(cls, values: Mapping[str, object]) -> Self:
        """Return an object with the values of its columns; they are not validated."""
        arguments: dict[str, Any] = dict(values)  # Any: every column has a type of its own
        return cls(**arguments)

    @property
    def caption(self) -> str:
        """A text that distinguishes the object from others of its kind."""
        return self.description

    @property
    def badge(self) -> str:
        """A word shown beside the name wherever the object is chosen, to be translated; mostly empty."""
        return ""
