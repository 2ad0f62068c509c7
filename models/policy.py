"""Policy: an application control policy of Privilege Manager, and what it is meant to contain."""

import uuid
from typing import ClassVar

from pydantic import field_validator
from sqlalchemy import Text as TextColumn
from sqlmodel import Field

from models.action import Platform, validate_platform
from models.base import ConfigurationFields, ConfigurationObject, Text
from models.document_keys import DESCRIPTION_KEY, NAME_KEY, DocumentKey, ValueForm
from models.guids import GUID_LENGTH, normalise_guid
from models.kinds import Kind
from models.reference_lists import dump_references, load_references


class PolicyFields(ConfigurationFields):
    """The editable fields of a Policy. Its name is the name of the policy in Privilege Manager."""

    server_id: uuid.UUID | None = Field(default=None, foreign_key="privilege_manager_server.id", index=True)
    platform: str = Field(default=Platform.WINDOWS.value, max_length=16)
    """A value of `Platform`."""
    action_ids: str = Field(default="[]", sa_type=TextColumn)
    """The actions that the policy is meant to have, see `models.reference_lists`."""
    active: bool = Field(default=False)
    item_id: Text = Field(default="", max_length=GUID_LENGTH)
    """The GUID of the policy in Privilege Manager; empty until it is found there by its name."""

    @field_validator("platform")
    @classmethod
    def _validate_platform(cls, value: str) -> str:
        return validate_platform(value)

    @field_validator("item_id")
    @classmethod
    def _validate_item_id(cls, value: str) -> str:
        return normalise_guid(value)

    @field_validator("action_ids")
    @classmethod
    def _validate_action_ids(cls, value: str) -> str:
        return dump_references(load_references(value))


class Policy(PolicyFields, ConfigurationObject, table=True):
    """Which applications ask for approval, by which actions."""

    __tablename__ = "policy"
    kind: ClassVar[Kind] = Kind.POLICY
    fields: ClassVar[type[ConfigurationFields]] = PolicyFields
    document: ClassVar[tuple[DocumentKey, ...]] = (
        NAME_KEY,
        DESCRIPTION_KEY,
        DocumentKey("server", "server_id", ValueForm.REFERENCE),
        DocumentKey("platform", "platform"),
        DocumentKey("actions", "action_ids", ValueForm.REFERENCE_LIST),
        DocumentKey("active", "active", ValueForm.BOOLEAN),
        DocumentKey("item_id", "item_id", ValueForm.GUID, omitted=""),
    )
    reference_lists: ClassVar[dict[str, Kind]] = {"action_ids": Kind.ACTION}
    carries_open_requests: ClassVar[bool] = False

    @property
    def references_to_actions(self) -> list[uuid.UUID]:
        """The ids of its actions, in their order."""
        return load_references(self.action_ids)
