"""Request Event: one line of the timeline of an approval request."""

import uuid
from datetime import datetime

from sqlmodel import Field, SQLModel

from models.base import NAME_MAX, TEXT_MAX, UtcDateTime, utcnow
from models.kinds import RequestEventKind


class RequestEvent(SQLModel, table=True):
    """What happened to a request, when it happened or was seen, and by whom. Only ever added."""

    __tablename__ = "request_event"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    request_id: uuid.UUID = Field(index=True)
    at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    kind: str = Field(default=RequestEventKind.SEEN, max_length=16)
    actor: str = Field(default="", max_length=NAME_MAX)
    detail: str = Field(default="", max_length=TEXT_MAX)
    line: int | None = Field(default=None, index=True, unique=True)
    """Its place in the audit trail: counts from 1 over all requests. Set by the transaction that adds it."""
