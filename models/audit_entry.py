"""Audit Entry: a link of the hash chain over everything that was changed."""

import uuid
from datetime import datetime

from sqlmodel import Field, SQLModel

from models.base import NAME_MAX, TEXT_MAX, UtcDateTime, utcnow


class AuditEntry(SQLModel, table=True):
    """Who did what to which object, chained to the entry before by SHA-256. `seq` counts from 1 without gaps."""

    __tablename__ = "audit_entry"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    actor: str = Field(default="", max_length=NAME_MAX)
    operation: str = Field(max_length=32)
    object_kind: str = Field(default="", max_length=32)
    object_id: uuid.UUID | None = Field(default=None)
    object_name: str = Field(default="", max_length=NAME_MAX)
    revision_id: uuid.UUID | None = Field(default=None, foreign_key="revision.id")
    detail: str = Field(default="", max_length=TEXT_MAX)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)
