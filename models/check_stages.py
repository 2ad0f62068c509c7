"""The stages of a check: their keys as programs know them, their names as people see them, in the order of a report."""

from models.kinds import Kind
from models.translation_marks import tr_later

StageGroup = tuple[str, tuple[tuple[str, str], ...]]
"""What a group of stages is called, and its stages as key and name."""

_REACH_STAGES = (
    ("url", tr_later("Address")),
    ("dns", tr_later("Name")),
    ("proxy", tr_later("Proxy")),
    ("tcp", tr_later("Connection")),
    ("tls", tr_later("Encryption")),
    ("http", tr_later("Web reply")),
)
"""The way to a system, the same for every kind."""

STAGE_GROUPS: dict[Kind, tuple[StageGroup, ...]] = {
    Kind.FOREIGN_SYSTEM: (
        (tr_later("Reach the instance"), _REACH_STAGES),
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
    ),
    Kind.PRIVILEGE_MANAGER_SERVER: (
        (tr_later("Reach the server"), _REACH_STAGES),
        (
            tr_later("Log-on and rights"),
            (
                ("instance", tr_later("Instance")),
                ("authentication", tr_later("Sign-in")),
                ("account", tr_later("Account")),
                ("roles", tr_later("Roles")),
                ("clock", tr_later("Clock")),
            ),
        ),
        (
            tr_later("Actions and policies"),
            (
                ("version", tr_later("Version")),
                ("actions", tr_later("Actions")),
                ("policies", tr_later("Policies")),
            ),
        ),
    ),
}
"""The groups of stages for each kind of system that can be checked."""
CHECKED_KINDS = tuple(STAGE_GROUPS)
CHAIN_GROUP: StageGroup = (
    tr_later("Approval chain"),
    (
        ("chain_policy", tr_later("Chain: Policy")),
        ("chain_action", tr_later("Chain: Action")),
        ("chain_approval_type", tr_later("Chain: Approval Type")),
        ("chain_process", tr_later("Chain: Approval Process")),
        ("chain_server", tr_later("Chain: Server")),
        ("chain_request_item", tr_later("Chain: Request Item")),
        ("chain_approver", tr_later("Chain: Approver")),
    ),
)
"""The links of an approval chain, in its order. Their faults are in the catalog like those of the stages."""
ANSWER_GROUP: StageGroup = (tr_later("Answers"), (("answer", tr_later("Answer on its way back")),))
"""The way back of a decision; its faults are in the catalog, too."""
STAGE_NAMES = {
    key: name
    for groups in (*STAGE_GROUPS.values(), (CHAIN_GROUP, ANSWER_GROUP))
    for _, stages in groups
    for key, name in stages
}
"""What each stage is called, by its key: a key means the same for every kind that has it."""
ALL_STAGES = tuple(STAGE_NAMES)
"""Every stage of any kind, in the order of the fault catalog."""


def get_stages(kind: Kind) -> tuple[str, ...]:
    """Return the stages of a kind of system, in the order of a report."""
    return tuple(key for _, stages in STAGE_GROUPS[kind] for key, _ in stages)


STAGES = get_stages(Kind.FOREIGN_SYSTEM)
"""The stages of a ServiceNow Server."""
REACH_STAGES = tuple(key for key, _ in _REACH_STAGES)
"""The stages of the way to a system."""
PROCESS_STAGES = tuple(key for key, _ in STAGE_GROUPS[Kind.FOREIGN_SYSTEM][-1][1])
"""The stages of the last group: they run only when the server is checked with an Approval Process."""
