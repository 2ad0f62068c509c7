"""ServiceNow Approval Process: which server, item and scripted services answer a request, and how often they are asked."""

import uuid
from typing import ClassVar

from sqlmodel import Field

from models.base import NAME_MAX, ConfigurationFields, ConfigurationObject, Name, Text
from models.kinds import Kind

CREATE_SERVICE = "CreateExecuteAppApprovalRequest"
STATUS_SERVICE = "GetExecuteAppApprovalRequestStatus"
CANCEL_SERVICE = "CancelExecuteAppApprovalRequest"
ITEM_NAME = "Execute Application Request"
CHECK_INTERVAL_DEFAULT_S = 20
CHECK_INTERVAL_MIN_S = 10
TIMEOUT_DEFAULT_S = 20 * 60
DURATION_MAX_S = 4 * 7 * 24 * 3600


class ApprovalProcessFields(ConfigurationFields):
    """What is entered for a process. Durations are whole seconds; the request item is a copy of what was chosen."""

    server_id: uuid.UUID | None = Field(default=None, foreign_key="foreign_system.id", index=True)
    request_item_id: Text = Field(default="", max_length=32)
    request_item_name: Text = Field(default="", max_length=NAME_MAX)
    request_item_category: Text = Field(default="", max_length=NAME_MAX)
    create_service: Name = Field(default=CREATE_SERVICE, min_length=1, max_length=NAME_MAX)
    status_service: Name = Field(default=STATUS_SERVICE, min_length=1, max_length=NAME_MAX)
    cancel_service: Name = Field(default=CANCEL_SERVICE, min_length=1, max_length=NAME_MAX)
    check_every_s: int = Field(default=CHECK_INTERVAL_DEFAULT_S, ge=CHECK_INTERVAL_MIN_S, le=DURATION_MAX_S)
    timeout_after_s: int = Field(default=TIMEOUT_DEFAULT_S, ge=60, le=DURATION_MAX_S)


class ApprovalProcess(ApprovalProcessFields, ConfigurationObject, table=True):
    """How requests of an Approval Type are decided in ServiceNow."""

    __tablename__ = "approval_process"
    kind: ClassVar[Kind] = Kind.APPROVAL_PROCESS
    fields: ClassVar[type[ConfigurationFields]] = ApprovalProcessFields
