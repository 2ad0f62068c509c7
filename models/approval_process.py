"""ServiceNow Approval Process: server, Request Item and scripted services of a request, and how often it is polled."""

import uuid
from typing import ClassVar

from sqlmodel import Field

from models.base import NAME_MAX, ConfigurationFields, ConfigurationObject, Name, Text
from models.document_keys import DESCRIPTION_KEY, NAME_KEY, SERVICENOW_KEY, DocumentKey, ValueForm
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
    """The editable fields of a process. Durations are whole seconds; the Request Item is a copy of what was chosen."""

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
    document: ClassVar[tuple[DocumentKey, ...]] = (
        NAME_KEY,
        SERVICENOW_KEY,
        DESCRIPTION_KEY,
        DocumentKey("server", "server_id", ValueForm.REFERENCE),
        DocumentKey(
            "request_item",
            "request_item_id",
            parts=(
                DocumentKey("name", "request_item_name"),
                DocumentKey("category", "request_item_category"),
                DocumentKey("sys_id", "request_item_id", ValueForm.SYS_ID),
            ),
        ),
        DocumentKey("create_service", "create_service"),
        DocumentKey("status_service", "status_service"),
        DocumentKey("cancel_service", "cancel_service"),
        DocumentKey("check_status_every", "check_every_s", ValueForm.DURATION),
        DocumentKey("timeout_after", "timeout_after_s", ValueForm.DURATION),
    )
    routing_fields: ClassVar[frozenset[str]] = frozenset(
        {"server_id", "request_item_id", "create_service", "status_service", "cancel_service"}
    )
    fails_open_requests: ClassVar[bool] = True
