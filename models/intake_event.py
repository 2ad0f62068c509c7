"""Intake Event: one call that reached the intake, kept for the person who sets up its sender."""

import uuid
from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, utcnow

SENDER_MAX, FAULT_MAX = 64, 64


class IntakeEvent(SQLModel, table=True):
    """A received call: when, from where, how large, and how it was answered. No header of it is kept."""

    __tablename__ = "intake_event"
    __table_args__ = (Index("ix_intake_event_newest", "client_id", "received_at"),)

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    client_id: uuid.UUID | None = Field(default=None)
    """The intake client whose token it had; None for a call without a valid token."""
    received_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    sender: str = Field(default="", max_length=SENDER_MAX)
    """The address that it came from."""
    size: int = Field(default=0)
    """Bytes of its body."""
    status: int = Field(default=0)
    """The HTTP status that it was answered with."""
    fault: str = Field(default="", max_length=FAULT_MAX)
    """Id of the problem it was answered with, such as `token-refused`; or nothing."""
    body: str = Field(default="", sa_type=Text)
    """The text of its body, without secrets; empty where the client is unknown."""
    request_id: uuid.UUID | None = Field(default=None)
    """The approval request that it raised, or raised before."""
