"""The operations of Privilege Manager's public API, as its API reference documents them.

Whether a server has them, and with which parameters, its Swagger document says (`swagger`).
"""

from enum import StrEnum
from typing import Self

from services.language import tr_message


class Operation(StrEnum):
    """An operation: its name here, the methods it may have, and its path with {} in place of each path parameter."""

    methods: tuple[str, ...]
    """In order of preference; the reference names two methods for switching a policy on and off."""
    path: str
    """Below the services of the server."""
    label: str
    """The last part of its address, as people know it."""

    def __new__(cls, value: str, method: str, path: str) -> Self:
        """Make a member; `method` may be several, separated by a space."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.methods = tuple(method.split())
        member.path = path
        parts = [part for part in path.split("/") if part not in ("", "api", "v1", "{}")]
        member.label = "/".join(parts)
        return member

    LOG_ON = ("log-on", "POST", "/api/logon/token")
    LOG_OFF = ("log-off", "DELETE", "/api/logon/token")
    VERSION = ("version", "GET", "/api/v1/version/Current")
    LIST_ACTIONS = ("list-actions", "GET", "/api/v1/actions/GetAll")
    READ_ACTION = ("read-action", "GET", "/api/v1/actions/{}")
    LIST_POLICIES = ("list-policies", "GET", "/api/v1/policies/GetAll")
    READ_POLICY = ("read-policy", "GET", "/api/v1/policies/{}")
    LIST_FILTERS = ("list-filters", "GET", "/api/v1/filters/GetAll")
    READ_FILTER = ("read-filter", "GET", "/api/v1/filters/{}")
    CREATE_POLICY = ("create-policy", "POST", "/api/v1/policies/new")
    ADD_FILTERS = ("add-filters", "POST", "/api/v1/policies/{}/add-filters")
    REMOVE_FILTERS = ("remove-filters", "POST", "/api/v1/policies/{}/remove-filters")
    ADD_ACTIONS = ("add-actions", "POST", "/api/v1/policies/{}/add-actions")
    REMOVE_ACTIONS = ("remove-actions", "POST", "/api/v1/policies/{}/remove-actions")
    SET_ACTIVE = ("enable", "POST GET", "/api/v1/policies/{}/enable/{}")
    RUN_TASK = ("run-task", "POST", "/api/v1/tasks/{}")
    RUN_REPORT = ("run-report", "POST", "/api/v1/reports/{}")
    SEND_ANSWER = ("approve", "POST", "/api/v1/approval/approve")

    @property
    def purpose(self) -> str:
        """What it is for, such as “list actions”; English, for evidence."""
        return _PURPOSES[self]


_PURPOSES = {
    Operation.LOG_ON: "log on",
    Operation.LOG_OFF: "log off",
    Operation.VERSION: "read the version",
    Operation.LIST_ACTIONS: "list actions",
    Operation.READ_ACTION: "read an action",
    Operation.LIST_POLICIES: "list policies",
    Operation.READ_POLICY: "read a policy",
    Operation.LIST_FILTERS: "list filters",
    Operation.READ_FILTER: "read a filter",
    Operation.CREATE_POLICY: "create a policy",
    Operation.ADD_FILTERS: "add filters to a policy",
    Operation.REMOVE_FILTERS: "remove filters from a policy",
    Operation.ADD_ACTIONS: "add actions to a policy",
    Operation.REMOVE_ACTIONS: "remove actions from a policy",
    Operation.SET_ACTIVE: "switch a policy on or off",
    Operation.RUN_TASK: "run a task",
    Operation.RUN_REPORT: "run a report",
    Operation.SEND_ANSWER: "approve or deny a request",
}


def find_operation_reason(operation: Operation) -> str:
    """Return why something cannot be done on a server whose Swagger document lacks `operation`: one sentence."""
    address = f"{' or '.join(operation.methods)} {operation.path}"
    return tr_message(
        "This server's Swagger has no {operation} ({address}).", operation=operation.label, address=address
    )
