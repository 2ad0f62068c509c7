"""Store Meta: facts about the store itself, one row for each."""

from sqlmodel import Field, SQLModel

from models.base import NAME_MAX


class StoreMeta(SQLModel, table=True):
    """A named fact: the store's id, and the head of the audit chain (so that a cut-off end is noticed)."""

    __tablename__ = "store_meta"

    key: str = Field(primary_key=True, max_length=64)
    value: str = Field(default="", max_length=NAME_MAX)
