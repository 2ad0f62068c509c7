"""Saved Filter: a search over the requests that people come back to."""

import uuid
from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from models.base import NAME_MAX, UtcDateTime, utcnow


class SavedFilter(SQLModel, table=True):
    """A name for a filter of the inbox, shared by everybody on the store. `definition` is JSON."""

    __tablename__ = "saved_filter"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    version: int = Field(default=1)
    name: str = Field(max_length=NAME_MAX)
    name_key: str = Field(default="", max_length=NAME_MAX, unique=True)
    definition: str = Field(default="{}", sa_type=Text)
    created_by: str = Field(default="", max_length=NAME_MAX)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
