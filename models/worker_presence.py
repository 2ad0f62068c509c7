"""Worker Presence: a worker that is running on the store."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.base import EMPTY_TEXT, UtcDateTime

INTAKE_URL_MAX = 500


class WorkerPresence(SQLModel, table=True):
    """A running worker, by its process identity. It renews the row; a row that has expired is deleted."""

    __tablename__ = "worker_presence"

    holder: str = Field(primary_key=True, max_length=128)
    until: datetime = Field(sa_type=UtcDateTime)
    """In the store's common time."""
    intake_url: str = Field(
        default="", max_length=INTAKE_URL_MAX, sa_column_kwargs={"server_default": EMPTY_TEXT}
    )
    """Where it serves the intake, with a trailing slash; empty where it does not."""
    schema_revision: str = Field(default="", max_length=32, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The schema that its release writes; empty for one that is older than this column."""
