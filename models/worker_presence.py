"""Worker Presence: a worker that is running on the store."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime


class WorkerPresence(SQLModel, table=True):
    """A running worker, by its process identity. It renews the row; a row that has expired is deleted."""

    __tablename__ = "worker_presence"

    holder: str = Field(primary_key=True, max_length=128)
    until: datetime = Field(sa_type=UtcDateTime)
    """In the store's common time."""
