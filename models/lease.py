"""Lease: who does a piece of shared work, until when."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.base import UtcDateTime


class Lease(SQLModel, table=True):
    """One piece of work that one process at a time does, such as following the requests of an instance.

    `token` grows with every holder, so that whoever lost the lease without noticing can be refused.
    """

    __tablename__ = "lease"

    name: str = Field(primary_key=True, max_length=128)
    holder: str = Field(default="", max_length=128)
    token: int = Field(default=0)
    until: datetime = Field(sa_type=UtcDateTime)
