"""Approval Request: one question from an endpoint, and how ServiceNow answered it."""

import uuid
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection, Index, Table, event, false, text
from sqlmodel import Field, SQLModel

from models.base import EMPTY_TEXT, NAME_MAX, TEXT_MAX, utcnow
from models.compact_columns import CompactId, CompactTime
from models.kinds import RequestErrorKind, RequestOrigin, RequestState

EXTERNAL_ID_MAX = 256
REASON_MAX = 4000
COPY_VERSION = 0
"""The version of a row that only copies what an instance says: nobody edits it here, so it has no revisions."""


class ApprovalRequest(SQLModel, table=True):
    """A request as it was raised, the id ServiceNow gave it, and its state. Names are copies: history outlives objects.

    A request that Privilege Manager raised is kept as a copy (`version` COPY) of its requested item, found by
    `approval_id`. What the columns named in `observed` hold is copied from the instance time and again, for requests of
    both origins: it is no edit and makes no revision.
    """

    __tablename__ = "approval_request"
    __table_args__ = (
        # The orders of the inbox. SQLite ends each entry with the place of the row, by which equal ones are ordered.
        Index("ix_approval_request_by_age", "requested_at"),
        Index("ix_approval_request_by_state", "state", "requested_at"),
        Index("ix_approval_request_by_policy", "policy_name", "requested_at"),
        Index("ix_approval_request_by_user", text("lower(initiator_name)"), "requested_at"),
        Index("ix_approval_request_by_computer", text("lower(agent_name)"), "requested_at"),
        # No more of it than every database can index.
        Index("ix_approval_request_by_file", text("lower(substr(file_path, 1, 200))"), "requested_at"),
        Index(
            "ix_approval_request_by_times_out", text("coalesce(times_out_at, requested_at)"), "requested_at"
        ),
        Index("ix_approval_request_by_number", "number", "requested_at"),
        # What its filters and the figures of a process count.
        Index("ix_approval_request_of_process", "process_id", "requested_at", "state"),
        Index("ix_approval_request_ended", "ended_at"),
        *(
            Index(
                f"ix_approval_request_{name}",
                column,
                sqlite_where=text(condition),
            )
            for name, column, condition in (
                ("mismatch", "requested_at", "mismatch <> ''"),
                ("answer_fault", "requested_at", "answer_fault <> ''"),
                ("type_id", "type_id", "type_id IS NOT NULL"),
            )
        ),
    )
    observed: ClassVar[frozenset[str]] = frozenset(
        {"servicenow_state", "record_state", "record_closed", "order_state", "record_id", "order_id", "number",
         "order_number", "waits_for",
         "mismatch", "answer_fault", "checked_at", "observed_at", "claimed_by", "claimed_until"}
    )  # fmt: skip

    released: ClassVar[frozenset[str]] = frozenset({"type_id", "process_id", "server_id"})
    """References that are taken off, of all requests at once, when what they point at is deleted."""

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    version: int = Field(default=1)
    type_id: uuid.UUID | None = Field(default=None, foreign_key="approval_type.id")
    process_id: uuid.UUID | None = Field(default=None, foreign_key="approval_process.id")
    type_name: str = Field(default="", max_length=NAME_MAX)
    process_name: str = Field(default="", max_length=NAME_MAX)
    state: str = Field(default=RequestState.SUBMITTING, max_length=16)
    origin: str = Field(default=RequestOrigin.CONSOLE, max_length=16)
    server_id: uuid.UUID | None = Field(default=None, foreign_key="foreign_system.id", index=True)
    approval_id: str = Field(default="", sa_type=CompactId(EXTERNAL_ID_MAX), index=True)
    """PMApprovalId: for a request raised here its `id`."""
    servicenow_state: str = Field(default="", max_length=40)
    """`approval` of the requested item, as it is stored there."""
    record_state: str = Field(default="", max_length=40)
    """`state` of the requested item, as it is stored there."""
    record_closed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether the requested item is not active any more, whatever its `state`: customers have closed states of their own."""
    order_state: str = Field(default="", max_length=40)
    """`approval` of the request (REQ) that the item belongs to."""
    record_id: str = Field(default="", sa_type=CompactId(32), index=True)
    """sys_id of the requested item (RITM)."""
    order_id: str = Field(default="", sa_type=CompactId(32))
    """sys_id of the request (REQ)."""
    order_number: str = Field(default="", max_length=40)
    waits_for: str = Field(default="", max_length=TEXT_MAX)
    """Who is asked and has not answered: display names, one a line."""
    mismatch: str = Field(default="", max_length=40)
    """Id of the way in which the two systems disagree, or nothing."""
    answer_fault: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """FaultId of why its answer could not be delivered, or nothing."""
    external_id: str = Field(default="", sa_type=CompactId(EXTERNAL_ID_MAX), index=True)
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
    error_kind: str = Field(
        default=RequestErrorKind.NONE, max_length=32, sa_column_kwargs={"server_default": EMPTY_TEXT}
    )
    """RequestErrorKind: what has to succeed before `error` is cleared; empty for a request that has ended."""
    intake_client_id: uuid.UUID | None = Field(default=None)
    """The intake client that raised it. Clients can be removed; their ids are not used again."""
    caller_id: str = Field(
        default="", max_length=EXTERNAL_ID_MAX, sa_column_kwargs={"server_default": EMPTY_TEXT}
    )
    """The id by which the program that asked knows the request: PMApprovalId of a Privilege Manager event, for example."""
    requested_at: datetime = Field(default_factory=utcnow, sa_type=CompactTime)
    submitted_at: datetime | None = Field(default=None, sa_type=CompactTime)
    checked_at: datetime | None = Field(default=None, sa_type=CompactTime)
    observed_at: datetime | None = Field(default=None, sa_type=CompactTime)
    """When the observed columns were copied."""
    claimed_by: str = Field(default="", max_length=64)
    """The worker that is doing the next step of this request, until `claimed_until`."""
    claimed_until: datetime | None = Field(default=None, sa_type=CompactTime)
    ended_at: datetime | None = Field(default=None, sa_type=CompactTime)
    times_out_at: datetime | None = Field(default=None, sa_type=CompactTime)

    @property
    def is_copy(self) -> bool:
        """Whether Privilege Manager raised the request itself, so that the row only copies its requested item."""
        return self.origin == RequestOrigin.SERVICENOW


@event.listens_for(ApprovalRequest.__table__, "before_create")  # type: ignore[attr-defined]
def _limit_indexes_on_postgresql(table: Table, connection: Connection, **_more: object) -> None:
    """Give the partial indexes their conditions on PostgreSQL too.

    Written in the indexes above, they would import the dialect of PostgreSQL for every store.
    """
    if connection.dialect.name == "postgresql":
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
