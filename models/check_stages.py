"""The stages of a check: their keys as programs know them, their names as people see them, in the order of a report."""

from models.translation_marks import tr_later

STAGE_GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        tr_later("Reach the instance"),
        (
            ("url", tr_later("Address")),
            ("dns", tr_later("Name")),
            ("proxy", tr_later("Proxy")),
            ("tcp", tr_later("Connection")),
            ("tls", tr_later("Encryption")),
            ("http", tr_later("Web reply")),
        ),
    ),
    (
        tr_later("Sign in and rights"),
        (
            ("instance", tr_later("Instance")),
            ("authentication", tr_later("Sign-in")),
            ("account", tr_later("Account")),
            ("roles", tr_later("Roles")),
            ("limits", tr_later("Limits")),
            ("clock", tr_later("Clock")),
        ),
    ),
    (
        tr_later("Approval services"),
        (
            ("request_item", tr_later("Request Item")),
            ("service_create", tr_later("Create service")),
            ("service_status", tr_later("Status service")),
            ("service_cancel", tr_later("Cancel service")),
            ("status_call", tr_later("Status call")),
            ("approval_flow", tr_later("Approval flow")),
        ),
    ),
)
"""Groups of stages: what a group is called, and its stages as key and name."""
STAGE_NAMES = {key: name for _, stages in STAGE_GROUPS for key, name in stages}
"""What each stage is called, by its key, in the order of a report."""
STAGES = tuple(STAGE_NAMES)
"""Every stage, in the order of a report."""
PROCESS_STAGES = tuple(key for key, _ in STAGE_GROUPS[-1][1])
"""The stages of the last group: they run only when the server is checked with an Approval Process."""
