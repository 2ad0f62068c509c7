"""Intake Client: a program that may raise approval requests through the worker."""

import uuid
from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from models.base import NAME_MAX, UtcDateTime, utcnow


class IntakeClient(SQLModel, table=True):
    """Who may raise requests of which type, and how its payload is read. Only the digest of its token is kept."""

    __tablename__ = "intake_client"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    version: int = Field(default=1)
    name: str = Field(max_length=NAME_MAX)
    name_key: str = Field(default="", max_length=NAME_MAX, unique=True)
    type_id: uuid.UUID = Field(foreign_key="approval_type.id", index=True)
    token_digest: str = Field(max_length=64, index=True)
    """SHA-256 of the token, in hexadecimal digits; the token itself is random and was shown once."""
    mapping: str = Field(default="{}", sa_type=Text)
    """JSON: contract variable to the place in the payload."""
    active: bool = Field(default=True)
    created_by: str = Field(default="", max_length=NAME_MAX)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
