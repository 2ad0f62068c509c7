"""Approval Type (Execute Application Approval Request): which process answers, and how far an answer counts."""

import uuid
from typing import ClassVar

from sqlmodel import Field

from models.base import ConfigurationFields, ConfigurationObject
from models.kinds import Kind


class ApprovalTypeFields(ConfigurationFields):
    """What is entered for an Approval Type."""

    process_id: uuid.UUID | None = Field(default=None, foreign_key="approval_process.id", index=True)
    policy_specific: bool = Field(default=False)
    file_specific: bool = Field(default=True)


class ApprovalType(ApprovalTypeFields, ConfigurationObject, table=True):
    """Binds actions to the process that decides their requests (its Process Handler)."""

    __tablename__ = "approval_type"
    kind: ClassVar[Kind] = Kind.APPROVAL_TYPE
    fields: ClassVar[type[ConfigurationFields]] = ApprovalTypeFields
