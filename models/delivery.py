"""Delivery: the answer to one approval request on its way back to the program that asked."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import Index, Text, false
from sqlmodel import Field, SQLModel

from models.approval_request import EXTERNAL_ID_MAX
from models.base import NAME_MAX, TEXT_MAX, UtcDateTime, utcnow

URL_MAX = 2000
FAULT_MAX = 64


class AnswerKind(StrEnum):
    """Where the answers of an intake client go."""

    NONE = ""
    """Nowhere: the program polls the intake."""
    PRIVILEGE_MANAGER = "privilege_manager"
    """The approval operation of a Privilege Manager server."""
    WEBHOOK = "webhook"
    """A signed HTTP call."""


class DeliveryState(StrEnum):
    """How an answer stands."""

    PENDING = "pending"
    """To be sent, or being sent."""
    DELIVERED = "delivered"
    """The other side has taken it."""
    FAILED = "failed"
    """It is not sent again by itself."""


class Delivery(SQLModel, table=True):
    """One row for each request that ended and whose client gets answers; written in the transaction that ended it.

    It holds no secret. The names are copies: history outlives clients and servers.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "state", "next_try_at"),
        Index("ix_delivery_by_time", "created_at", "id"),
    )
    observed: ClassVar[frozenset[str]] = frozenset(
        {"state", "tries", "next_try_at", "tried_at", "ended_at", "in_doubt", "body", "claimed_by", "claimed_until",
         "last_status", "fault", "reason", "kind", "server_id", "url"}
    )  # fmt: skip

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    """Made from the id of the request, so that one request has one answer."""
    request_id: uuid.UUID = Field(index=True)
    caller_id: str = Field(default="", max_length=EXTERNAL_ID_MAX)
    """The id by which the program that asked knows the request; Privilege Manager its PMApprovalId."""
    outcome: str = Field(max_length=16)
    """The RequestState that the request ended with."""
    client_id: uuid.UUID = Field(index=True)
    client_name: str = Field(default="", max_length=NAME_MAX)
    kind: str = Field(max_length=32)
    """AnswerKind"""
    server_id: uuid.UUID | None = Field(default=None)
    """The Privilege Manager server that the answer goes to."""
    url: str = Field(default="", max_length=URL_MAX)
    """The address of a webhook."""
    state: str = Field(default=DeliveryState.PENDING, max_length=16)
    tries: int = Field(default=0)
    in_doubt: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether the answer was about to be sent and it is not known what came of that."""
    body: str = Field(default="", sa_type=Text)
    """What is sent, from the first try on; every repetition sends the same bytes."""
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    """When the request ended here."""
    next_try_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was about to be sent last."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was delivered or given up."""
    claimed_by: str = Field(default="", max_length=64)
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_status: str = Field(default="", max_length=NAME_MAX)
    """What the other side answered last, such as “HTTP 503”."""
    fault: str = Field(default="", max_length=FAULT_MAX)
    """FaultId of why it is not delivered, or nothing."""
    reason: str = Field(default="", max_length=TEXT_MAX)
    """The same as a sentence for people."""


def delivery_id(request_id: uuid.UUID) -> uuid.UUID:
    """Return the id of the answer to a request: the same whoever makes it."""
    return uuid.uuid5(request_id, "answer")
