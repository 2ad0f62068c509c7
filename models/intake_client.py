"""Intake Client: a program that may raise approval requests through the worker."""

import uuid
from datetime import datetime

from sqlalchemy import Text, false, text
from sqlmodel import Field, SQLModel

from models.base import EMPTY_TEXT, NAME_MAX, REFERS_TO, UtcDateTime, utcnow
from models.delivery import URL_MAX, AnswerKind

REFERS_TO_SERVER = {"info": {REFERS_TO: "privilege_manager_server"}}


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
    answer_kind: str = Field(
        default=AnswerKind.NONE, max_length=32, sa_column_kwargs={"server_default": EMPTY_TEXT}
    )
    """AnswerKind: where the answers to its requests go. The secret of a webhook is in the vault, under the client's id."""
    answer_url: str = Field(default="", max_length=URL_MAX, sa_column_kwargs={"server_default": EMPTY_TEXT})
    answer_proxy: str = Field(default="", max_length=URL_MAX, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The proxy on the way to the webhook; empty for the direct way."""
    answer_proxy_credential_id: uuid.UUID | None = Field(
        default=None, sa_column_kwargs={"info": {REFERS_TO: "user_credential"}}
    )
    """The User Credential that signs in to the proxy."""
    answer_server_id: uuid.UUID | None = Field(default=None, sa_column_kwargs=REFERS_TO_SERVER)
    """The Privilege Manager server that gets the answers."""
    answer_mapping: str = Field(default="{}", sa_type=Text, sa_column_kwargs={"server_default": text("'{}'")})
    """JSON: the confirmed mapping of the server's approval operation; see `services.answers.approval_body`."""
    answer_duration_s: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    """How long an approval lasts on the endpoint, in seconds; 0 for one time."""
    created_by: str = Field(default="", max_length=NAME_MAX)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    source_server_id: uuid.UUID | None = Field(default=None, sa_column_kwargs=REFERS_TO_SERVER)
    """The Privilege Manager server whose events it sends; None for any other program."""
    is_learning: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether its events are only stored, and raise nothing, until a person has confirmed the mapping."""
    token_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its token was replaced; None for the first one."""
