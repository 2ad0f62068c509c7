"""Approval Type (Execute Application Approval Request): which process decides, and how far a decision applies."""

import uuid
from typing import ClassVar

from sqlmodel import Field

from models.base import ConfigurationFields, ConfigurationObject
from models.document_keys import DESCRIPTION_KEY, NAME_KEY, DocumentKey, ValueForm
from models.kinds import Kind


class ApprovalTypeFields(ConfigurationFields):
    """The editable fields of an Approval Type."""

    process_id: uuid.UUID | None = Field(default=None, foreign_key="approval_process.id", index=True)
    policy_specific: bool = Field(default=False)
    file_specific: bool = Field(default=True)


class ApprovalType(ApprovalTypeFields, ConfigurationObject, table=True):
    """Binds actions to the process that decides their requests (its Process Handler)."""

    __tablename__ = "approval_type"
    kind: ClassVar[Kind] = Kind.APPROVAL_TYPE
    fields: ClassVar[type[ConfigurationFields]] = ApprovalTypeFields
    document: ClassVar[tuple[DocumentKey, ...]] = (
        NAME_KEY,
        DESCRIPTION_KEY,
        DocumentKey("process_handler", "process_id", ValueForm.REFERENCE),
        DocumentKey("policy_specific", "policy_specific", ValueForm.BOOLEAN),
        DocumentKey("file_specific", "file_specific", ValueForm.BOOLEAN),
    )
    routing_fields: ClassVar[frozenset[str]] = frozenset({"process_id"})
    # A request records the process it was raised through and stays with it.
    carries_open_requests: ClassVar[bool] = False
