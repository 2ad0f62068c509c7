"""Faults that the practice Privilege Manager can simulate."""

from services.practice.faults import FaultRegistry

FAULTS: dict[str, str] = {
    "logon_refused": "Every client secret is refused with 401.",
    "token_expired": "The token of a call has expired: 401, and the session is gone.",
    "forbidden": "Calls are answered 403.",
    "api_disabled": "API Enabled is off; option status, else 403.",
    "not_found": "Calls are answered 404 with a web page.",
    "html_500": "Calls are answered 500 with a web page that names a CorrelationID.",
    "status_error": "Calls are answered 200 with Status error and a message.",
    "slow": "Calls wait; option seconds.",
    "call_lost": "The connection ends before the call is carried out.",
    "answer_lost": "Calls are carried out, and the connection ends before the answer.",
    "cut_body": "Answers end in the middle.",
    "not_json": "Calls are answered 200 with a text that is not JSON.",
    "other_json": "Calls are answered 200 with JSON of something else.",
    "list_truncated": "Lists lack their second half, and Total tells the whole number.",
    "ids_missing": "Items come without their id.",
    "members_missing": "Policies come without their lists, state and priority.",
    "wrong_version": "The version is another one; option version.",
    "clock_off": "The header Date is wrong; option seconds for how much it is ahead.",
    "rate_limited": "Calls are answered 429; option seconds for Retry-After.",
    "login_redirect": "Calls are redirected to the login page.",
    "redirect_elsewhere": "Calls are redirected to another host; option to.",
    "login_page": "Calls are answered 200 with the login page.",
    "maintenance": "Calls are answered with a maintenance page; option status, else 503.",
    "foreign_page": "Every call is answered 200 with the web page of something else.",
    "swagger_missing": "The Swagger document is not found.",
    "swagger_refused": "The Swagger document is refused with 401.",
    "swagger_invalid": "The Swagger document is JSON that describes no API.",
    "operation_missing": "An operation is neither in the Swagger document nor at its address; option which, several with +.",
    "schema_changed": "The approval operation has another body; in the Swagger document only.",
    "task_refused": "Tasks do not start: Status error.",
    "not_written": "Changes of policies answer success and change nothing.",
}
"""Name and what it does. Each also takes `operation`, the only one that it concerns, and `times`, how often it happens."""

_OPTIONS: dict[str, dict[str, type[float | str]]] = {
    "api_disabled": {"status": float},
    "slow": {"seconds": float},
    "wrong_version": {"version": str},
    "clock_off": {"seconds": float},
    "rate_limited": {"seconds": float},
    "redirect_elsewhere": {"to": str},
    "maintenance": {"status": float},
    "operation_missing": {"which": str},
}
COMMON_OPTIONS: dict[str, type[float | str]] = {"operation": str, "times": float}
FAULT_OPTIONS = {name: {**COMMON_OPTIONS, **_OPTIONS.get(name, {})} for name in FAULTS}


class PrivilegeManagerFaults(FaultRegistry):
    """The active faults of a practice Privilege Manager."""

    def __init__(self) -> None:
        super().__init__(known=FAULTS, known_options=FAULT_OPTIONS)

    def concerns(self, name: str, operation: str) -> bool:
        """Whether a fault is active for an operation."""
        return self.on(name) and self.option(name, "operation", operation) == operation

    def strike(self, name: str, operation: str) -> bool:
        """Whether a fault happens to this call of an operation; counts it."""
        return self.concerns(name, operation) and self.consume(name)

    def missing_operations(self) -> frozenset[str]:
        """Names of operations that a fault takes away."""
        return frozenset(filter(None, self.option("operation_missing", "which", "").split("+")))
