"""Task Run: one execution of work that people started, kept with its outcome."""

import uuid
from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from models.base import EMPTY_TEXT, NAME_MAX, TEXT_MAX, UtcDateTime, utcnow
from models.kinds import TaskState


class TaskRun(SQLModel, table=True):
    """What was run, on which object, by whom, and how it ended."""

    __tablename__ = "task_run"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    version: int = Field(default=1)
    task: str = Field(max_length=64, index=True)
    object_kind: str = Field(default="", max_length=32)
    object_id: uuid.UUID | None = Field(default=None, index=True)
    object_name: str = Field(default="", max_length=NAME_MAX)
    state: str = Field(default=TaskState.RUNNING, max_length=16)
    started_by: str = Field(default="", max_length=NAME_MAX)
    started_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    correlation_id: str = Field(default="", max_length=36)
    outcome: str = Field(default="", max_length=TEXT_MAX)
    report: str = Field(default="", sa_type=Text)
    """JSON of the result, redacted: the stages of a check, the legs of a rehearsal."""
    process_id: uuid.UUID | None = Field(default=None)
    """The approval process that a check of a server was made with."""
    credential_mark: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The vault's mark of the password that a check signed in with."""
    call_limit: int | None = Field(default=None)
    """The calls per hour that the instance reported to a check."""
    holder: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The process that is carrying out a rehearsal; empty when it has ended."""
