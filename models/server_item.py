"""Server Item: the local copy of an action, policy or filter of a Privilege Manager server."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.base import NAME_MAX, UtcDateTime, utcnow
from models.guids import GUID_LENGTH


class ItemKind(StrEnum):
    """The kinds of items that are copied."""

    ACTION = "action"
    POLICY = "policy"
    FILTER = "filter"


class ServerItem(SQLModel, table=True):
    """What a server last told about one of its items. It is replaced with every complete list that is read."""

    __tablename__ = "server_item"
    __table_args__ = (UniqueConstraint("server_id", "item_kind", "item_id", name="uq_server_item_server_id"),)

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    server_id: uuid.UUID = Field(foreign_key="privilege_manager_server.id", index=True)
    item_kind: str = Field(max_length=16)
    """A value of `ItemKind`."""
    item_id: str = Field(max_length=GUID_LENGTH)
    """The GUID, in lower case."""
    name: str = Field(default="", max_length=NAME_MAX)
    name_key: str = Field(default="", max_length=NAME_MAX)
    document: str = Field(default="{}", sa_type=Text)
    """JSON: the item as the server sent it."""
    read_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
