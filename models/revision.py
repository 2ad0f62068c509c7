"""Revision: an object before and after one change, whole."""

import uuid
from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from models.base import NAME_MAX, TEXT_MAX, UtcDateTime, utcnow


class Revision(SQLModel, table=True):
    """One change of one object. `before` and `after` are JSON objects; None stands for "did not exist"."""

    __tablename__ = "revision"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    object_kind: str = Field(max_length=32)
    object_id: uuid.UUID = Field(index=True)
    object_name: str = Field(default="", max_length=NAME_MAX)
    number: int = Field()
    """The version of the object that this change made; a delete counts one up as well."""
    operation: str = Field(max_length=16)
    """create, update or delete."""
    before: str | None = Field(default=None, sa_type=Text)
    after: str | None = Field(default=None, sa_type=Text)
    note: str = Field(default="", max_length=TEXT_MAX)
    changed_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime, index=True)
    changed_by: str = Field(default="", max_length=NAME_MAX)
