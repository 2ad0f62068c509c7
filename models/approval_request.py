"""Approval Request: one question from an endpoint, and how ServiceNow answered it."""

import uuid
from datetime import datetime

from sqlmodel import Field, SQLModel

from models.base import NAME_MAX, TEXT_MAX, Moment, utcnow
from models.kinds import RequestState

EXTERNAL_ID_MAX = 256
REASON_MAX = 4000


class ApprovalRequest(SQLModel, table=True):
    """A request as it was raised, the id ServiceNow gave it, and its state. Names are copies: history outlives objects."""

    __tablename__ = "approval_request"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    version: int = Field(default=1)
    type_id: uuid.UUID | None = Field(default=None, foreign_key="approval_type.id", index=True)
    process_id: uuid.UUID | None = Field(default=None, foreign_key="approval_process.id", index=True)
    type_name: str = Field(default="", max_length=NAME_MAX)
    process_name: str = Field(default="", max_length=NAME_MAX)
    state: str = Field(default=RequestState.SUBMITTING, max_length=16, index=True)
    servicenow_state: str = Field(default="", max_length=40)
    external_id: str = Field(default="", max_length=EXTERNAL_ID_MAX, index=True)
    number: str = Field(default="", max_length=40)
    rehearsal: bool = Field(default=False)
    initiator_id: str = Field(default="", max_length=NAME_MAX)
    initiator_name: str = Field(default="", max_length=NAME_MAX)
    policy_id: str = Field(default="", max_length=NAME_MAX)
    policy_name: str = Field(default="", max_length=NAME_MAX)
    agent_id: str = Field(default="", max_length=NAME_MAX)
    agent_name: str = Field(default="", max_length=NAME_MAX)
    file_path: str = Field(default="", max_length=TEXT_MAX)
    reason: str = Field(default="", max_length=REASON_MAX)
    comment: str = Field(default="", max_length=TEXT_MAX)
    error: str = Field(default="", max_length=TEXT_MAX)
    requested_at: datetime = Field(default_factory=utcnow, sa_type=Moment, index=True)
    submitted_at: datetime | None = Field(default=None, sa_type=Moment)
    checked_at: datetime | None = Field(default=None, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    times_out_at: datetime | None = Field(default=None, sa_type=Moment)
