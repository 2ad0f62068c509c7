"""Action Progress: how far an Action is on its way into Privilege Manager."""

import uuid
from datetime import datetime

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from models.base import EMPTY_TEXT, HASH_LENGTH, NAME_MAX, UtcDateTime
from models.guids import GUID_LENGTH
from models.server_fields import URL_MAX


class ActionProgress(SQLModel, table=True):
    """The export that an Action is copied from, when the copy was written, and when it was seen on the server."""

    __tablename__ = "action_progress"

    action_id: uuid.UUID = Field(foreign_key="action.id", primary_key=True)
    item_id: str = Field(default="", max_length=GUID_LENGTH)
    """The GUID of the copy. It stays the same when the copy is written again, so that an import replaces it."""
    export_name: str = Field(default="", max_length=NAME_MAX)
    """The file name of the export; empty while none was chosen."""
    export_content: bytes = Field(default=b"", sa_type=LargeBinary)
    exported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    written_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    written_size: int = Field(default=0)
    """Bytes of the file that was written."""
    written_digest: str = Field(default="", max_length=HASH_LENGTH)
    """SHA-256 of the values that were written; another one means that the Action was edited since."""
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the server was last asked for the copy."""
    imported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the copy was first seen on the server."""
    imported_to: str = Field(default="", max_length=URL_MAX, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The base URL of the server on which it was seen: another server need not have it."""
