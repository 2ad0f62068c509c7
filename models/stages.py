"""The stages of a check: their keys as programs know them, their names as people see them, in the order of a report."""

STAGE_GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Reach the instance",
        (
            ("url", "Address"),
            ("dns", "Name"),
            ("proxy", "Proxy"),
            ("tcp", "Connection"),
            ("tls", "Encryption"),
            ("http", "Web reply"),
        ),
    ),
    (
        "Sign in and rights",
        (
            ("instance", "Instance"),
            ("authentication", "Sign-in"),
            ("account", "Account"),
            ("roles", "Roles"),
            ("limits", "Limits"),
            ("clock", "Clock"),
        ),
    ),
    (
        "Approval services",
        (
            ("request_item", "Request Item"),
            ("service_create", "Create service"),
            ("service_status", "Status service"),
            ("service_cancel", "Cancel service"),
            ("status_call", "Status call"),
            ("approval_flow", "Approval flow"),
        ),
    ),
)
"""Groups of stages: what a group is called, and its stages as key and name."""
STAGE_NAMES = {key: name for _, stages in STAGE_GROUPS for key, name in stages}
"""What each stage is called, by its key, in the order of a report."""
STAGES = tuple(STAGE_NAMES)
"""Every stage, in the order of a report."""
