"""Removed Event: what the audit trail keeps of a timeline line that was removed again."""

from sqlmodel import Field, SQLModel

from models.base import HASH_LENGTH


class RemovedEvent(SQLModel, table=True):
    """The place and the hash of a removed line, and the audit entry that records the removal."""

    __tablename__ = "removed_event"

    line: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    hash: str = Field(max_length=HASH_LENGTH)
    removed_by: int = Field(index=True)
