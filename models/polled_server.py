"""Polled Server: when the requests of a server were last polled, and until when polling is paused."""

import uuid
from datetime import datetime

from sqlalchemy import false
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime


class PolledServer(SQLModel, table=True):
    """The poll state of one ServiceNow server, shared by all processes of a store. Times are in the store's common time."""

    __tablename__ = "polled_server"

    server_id: uuid.UUID = Field(primary_key=True)
    polled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the last successful poll began; None before the first one."""
    clock_offset_s: int = Field(default=0)
    """How far `polled_at` is ahead of the clock of the computer that polled, in seconds."""
    complete: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether that poll covered every request."""
    proven: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether the account was shown requested items lately; else an empty list says nothing."""
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """Set by a failed poll, cleared by a successful one; a pause that is over stays until then."""
    fault: str = Field(default="", max_length=128)
    """The fault id of the poll that failed last."""
    failures: int = Field(default=0)
    """Failed polls in a row."""
