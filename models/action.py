"""Action: a copy of an approval action of Privilege Manager that refers to an Approval Type."""

import uuid
from enum import StrEnum
from typing import ClassVar

from pydantic import field_validator
from sqlalchemy import Text as TextColumn
from sqlmodel import Field

from models.base import NAME_MAX, ConfigurationFields, ConfigurationObject, Name, Text
from models.document_keys import DESCRIPTION_KEY, NAME_KEY, DocumentKey, ValueForm
from models.guids import GUID_LENGTH, normalise_guid
from models.kinds import Kind
from models.window_texts import WindowTexts, dump_window_texts, load_window_texts

COPIED_ACTION = "Approval Request Form Action"
"""The action that the guide copies."""


class Platform(StrEnum):
    """The operating systems that actions and policies exist for."""

    WINDOWS = "windows"
    MACOS = "macos"


def validate_platform(value: str) -> str:
    """Return the value of a platform; raises ValueError for another text."""
    if value not in set(Platform):
        raise ValueError(f"must be one of {', '.join(Platform)}")
    return value


class ActionFields(ConfigurationFields):
    """The editable fields of an Action."""

    server_id: uuid.UUID | None = Field(default=None, foreign_key="privilege_manager_server.id", index=True)
    copy_of: Name = Field(default=COPIED_ACTION, min_length=1, max_length=NAME_MAX)
    """The name of the action in Privilege Manager that is copied."""
    type_id: uuid.UUID | None = Field(default=None, foreign_key="approval_type.id", index=True)
    approval_type_guid: Text = Field(default="", max_length=GUID_LENGTH)
    """The GUID of the Approval Type in Privilege Manager, in lower case; empty while it is not known."""
    platform: str = Field(default=Platform.WINDOWS.value, max_length=16)
    """A value of `Platform`."""
    require_authentication: bool = Field(default=False)
    texts: str = Field(default="{}", sa_type=TextColumn)
    """Texts of the window that differ from the copied action, see `models.window_texts`."""

    @field_validator("platform")
    @classmethod
    def _validate_platform(cls, value: str) -> str:
        return validate_platform(value)

    @field_validator("approval_type_guid")
    @classmethod
    def _validate_guid(cls, value: str) -> str:
        return normalise_guid(value)

    @field_validator("texts")
    @classmethod
    def _validate_texts(cls, value: str) -> str:
        return dump_window_texts(load_window_texts(value))


class Action(ActionFields, ConfigurationObject, table=True):
    """What an endpoint shows when a policy asks for approval."""

    __tablename__ = "action"
    kind: ClassVar[Kind] = Kind.ACTION
    fields: ClassVar[type[ConfigurationFields]] = ActionFields
    document: ClassVar[tuple[DocumentKey, ...]] = (
        NAME_KEY,
        DESCRIPTION_KEY,
        DocumentKey("server", "server_id", ValueForm.REFERENCE),
        DocumentKey("copy_of", "copy_of"),
        DocumentKey("approval_type", "type_id", ValueForm.REFERENCE),
        DocumentKey("approval_type_id", "approval_type_guid", ValueForm.GUID),
        DocumentKey("platform", "platform", omitted=Platform.WINDOWS.value),
        DocumentKey("require_authentication", "require_authentication", ValueForm.BOOLEAN, omitted=False),
        DocumentKey("texts", "texts", ValueForm.WINDOW_TEXTS, omitted="{}"),
    )
    carries_open_requests: ClassVar[bool] = False

    @property
    def window_texts(self) -> WindowTexts:
        """The texts that differ from the copied action, by language and key."""
        return load_window_texts(self.texts)
