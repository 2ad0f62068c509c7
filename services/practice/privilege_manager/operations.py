"""The documented operations of the API: address, method, needed right, and the shape of the body."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Right(StrEnum):
    """What a role allows. `LOG_ON` needs no role, `NONE` only a valid token."""

    LOG_ON = "log_on"
    NONE = "none"
    READ = "read"
    CHANGE = "change"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation; `path` is relative to the services, parts in braces are its parameters."""

    name: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    right: Right
    tag: str
    summary: str
    body: str = ""
    """Name of the definition of the body, or empty."""
    is_body_list: bool = False
    query: tuple[str, ...] = ()

    def match(self, parts: list[str]) -> dict[str, str] | None:
        """Return the path parameters when `parts` is this path without regard to case, else None."""
        wanted = self.path.strip("/").split("/")
        if len(wanted) != len(parts):
            return None
        found: dict[str, str] = {}
        for template, part in zip(wanted, parts, strict=True):
            if template.startswith("{"):
                found[template.strip("{}")] = part
            elif template.lower() != part.lower():
                return None
        return found


OPERATIONS: tuple[Operation, ...] = (
    Operation("log_on", "POST", "/api/logon/token", Right.LOG_ON, "Logon", "Return a token.", body="LogonRequest"),
    Operation("log_off", "DELETE", "/api/logon/token", Right.NONE, "Logon", "End the session of the token."),
    Operation("version", "GET", "/api/v1/version/Current", Right.NONE, "Version", "Return the version."),
    Operation("actions", "GET", "/api/v1/actions/GetAll", Right.READ, "Actions", "Return all actions."),
    Operation("action", "GET", "/api/v1/actions/{itemId}", Right.READ, "Actions", "Return one action."),
    Operation("filters", "GET", "/api/v1/filters/GetAll", Right.READ, "Filters", "Return all filters."),
    Operation("filter", "GET", "/api/v1/filters/{itemId}", Right.READ, "Filters", "Return one filter."),
    Operation("policies", "GET", "/api/v1/policies/GetAll", Right.READ, "Policies", "Return all policies."),
    Operation("policy", "GET", "/api/v1/policies/{itemId}", Right.READ, "Policies", "Return one policy."),
    Operation("create_policy", "POST", "/api/v1/policies/new", Right.CHANGE, "Policies", "Create an inactive policy.", body="NewPolicy"),
    Operation("add_filters", "POST", "/api/v1/policies/{policyId}/add-filters", Right.CHANGE, "Policies", "Add filters.", body="PolicyFilters"),
    Operation("remove_filters", "POST", "/api/v1/policies/{policyId}/remove-filters", Right.CHANGE, "Policies", "Remove filters.", body="PolicyFilters"),
    Operation("add_actions", "POST", "/api/v1/policies/{policyId}/add-actions", Right.CHANGE, "Policies", "Add actions.", body="PolicyActions"),
    Operation("remove_actions", "POST", "/api/v1/policies/{policyId}/remove-actions", Right.CHANGE, "Policies", "Remove actions.", body="PolicyActions"),
    Operation("set_active", "POST", "/api/v1/policies/{policyId}/enable/{enable}", Right.CHANGE, "Policies", "Switch a policy on or off."),
    Operation("run_task", "POST", "/api/v1/tasks/{taskId}", Right.CHANGE, "Tasks", "Run a task.", body="InputParameterValue", is_body_list=True, query=("instanceName",)),
    Operation("run_report", "POST", "/api/v1/reports/{reportId}", Right.READ, "Reports", "Run a report.", body="InputParameterValue", is_body_list=True, query=("bTestMode",)),
    Operation("send_answer", "POST", "/api/v1/approval/approve", Right.APPROVE, "Approval", "Decide an approval request.", body="*approval"),
)  # fmt: skip
"""The body `*approval` is the definition that the options of the server name."""

NAMES = frozenset(operation.name for operation in OPERATIONS)


def find_operation(method: str, parts: list[str]) -> tuple[Operation | None, dict[str, str], set[str]]:
    """Return the operation of a method and path with its path parameters, and the methods that the path has."""
    methods: set[str] = set()
    fixed_first = sorted(OPERATIONS, key=lambda one: one.path.count("{"))
    for operation in fixed_first:
        values = operation.match(parts)
        if values is None:
            continue
        methods.add(operation.method)
        if operation.method == method:
            return operation, values, methods
    return None, {}, methods
