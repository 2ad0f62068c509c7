"""API Call: one call to an instance, counted against its hourly limit."""

import uuid
from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime


class ApiCall(SQLModel, table=True):
    """A call that was counted before it was sent. Rows older than the window of the limit are deleted."""

    __tablename__ = "api_call"
    __table_args__ = (Index("ix_api_call_server_id_at", "server_id", "at"),)

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    server_id: uuid.UUID
    at: datetime = Field(sa_type=UtcDateTime)
    """In the store's common time."""
    purpose: str = Field(max_length=16)
