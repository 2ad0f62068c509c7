"""The faults that calls of a logged-on API client end with, at the stages that make them."""

from models.translation_marks import tr_later
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, table_fault
from services.privilege_manager.faults import FAULTS

STAGES = "version actions policies"
_API = "Privilege Manager API documentation"

declare_faults(
    table_fault(FAULTS, FaultId.PRIVILEGE_MANAGER_FORBIDDEN, STAGES,
        tr_later("The log-on works, and lists or changes end in an error about a role."), "Privilege Manager documentation: roles"),
    table_fault(FAULTS, FaultId.PRIVILEGE_MANAGER_OPERATION_MISSING, STAGES,
        tr_later("What is named is off, although the server's Swagger page lists an operation for it."), f"{_API}: replies"),
    table_fault(FAULTS, FaultId.PRIVILEGE_MANAGER_STATUS_ERROR, STAGES,
        tr_later("A list or a change ends with a message of the server. Its own pages may show the same one."), f"{_API}: Status and Messages"),
    table_fault(FAULTS, FaultId.PRIVILEGE_MANAGER_SERVER_ERROR, f"http authentication {STAGES}",
        tr_later("The server's own pages show an error with a CorrelationID, now and then or every time."),
        "Privilege Manager documentation: Server Logs"),
    table_fault(FAULTS, FaultId.PRIVILEGE_MANAGER_REPLY_MALFORMED, STAGES,
        tr_later("Lists stay empty with an error, although the server's own pages show items."), f"{_API}: replies"),
)  # fmt: skip
