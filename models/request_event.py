"""Request Event: one line of the timeline of an approval request."""

import uuid
from datetime import datetime

from sqlmodel import Field, SQLModel

from models.base import EMPTY_TEXT, NAME_MAX, TEXT_MAX, UtcDateTime, utcnow
from models.kinds import RequestEventKind, RequestOperation

LEGACY_HASH_FORMAT, HASH_FORMAT = 1, 2
"""The values of `hash_format`: of lines before revision 0007, and of new lines."""


class RequestEvent(SQLModel, table=True):
    """What happened to a request, when it happened or was seen, and by whom. Only ever added."""

    __tablename__ = "request_event"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    request_id: uuid.UUID = Field(index=True)
    at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    kind: str = Field(default=RequestEventKind.SEEN, max_length=16)
    actor: str = Field(default="", max_length=NAME_MAX)
    detail: str = Field(default="", max_length=TEXT_MAX)
    operation: str = Field(
        default=RequestOperation.NONE, max_length=16, sa_column_kwargs={"server_default": EMPTY_TEXT}
    )
    """RequestOperation: the change in ServiceNow that the line belongs to."""
    outcome: str = Field(default="", max_length=16, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The RequestState that the line reports or, before a call of Cancel, intends; empty where it is about none."""
    comment: str = Field(default="", max_length=TEXT_MAX, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The comment in `detail`, as it was sent to ServiceNow or received from it."""
    hash_format: int = Field(default=HASH_FORMAT, sa_column_kwargs={"server_default": "1"})
    """Which columns the hash of the line covers: 1 the text, 2 also `operation`, `outcome` and `comment`."""
    line: int | None = Field(default=None, index=True, unique=True)
    """Its place in the audit trail: counts from 1 over all requests. Set by the transaction that adds it."""
