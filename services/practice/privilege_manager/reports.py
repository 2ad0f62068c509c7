"""The reports of the practice server.

The shape of a reply and the columns of Agent Installations are public. Not public and therefore chosen: the member
that holds the rows, and the columns and ids of the other reports.
"""

from collections.abc import Callable

from services.common.json_types import JsonObject, JsonValue
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.approvals import Approval, ApprovalState
from services.practice.privilege_manager.state import PracticeState

Rows = list[list[JsonValue]]
_GUID, _STRING, _TIME = "System.Guid", "System.String", "System.DateTime"
Column = tuple[str, str | None]
"""Name and .NET type; names that begin with _ are hidden."""


def _agent_installations(state: PracticeState) -> tuple[list[Column], Rows]:
    columns: list[Column] = [("_ItemId", _GUID), ("Computer Name", _STRING), ("Agent Name", None)]
    return columns, [[one.id, one.name, f"{one.name} Agent"] for one in state.computers]


def _policy_computers(state: PracticeState) -> tuple[list[Column], Rows]:
    columns: list[Column] = [
        ("_ItemId", _GUID), ("_PolicyId", _GUID), ("Computer Name", _STRING), ("Policy Name", _STRING), ("Updated", _TIME),
    ]  # fmt: skip
    rows: Rows = []
    for computer in state.computers:
        for policy_id in computer.policies:
            policy = state.items.get(policy_id)
            time = computer.updated.isoformat() if computer.updated else None
            rows.append([computer.id, policy_id, computer.name, policy.name if policy else "", time])
    return columns, rows


_APPROVAL_COLUMNS: list[Column] = [
    ("_ItemId", _GUID), ("_PolicyId", _GUID), ("Policy", _STRING), ("User", _STRING), ("User Reason", _STRING),
    ("File Path", _STRING), ("Computer", _STRING), ("Requested", _TIME),
]  # fmt: skip


def _approval_row(one: Approval) -> list[JsonValue]:
    return [
        one.id, one.policy_id, one.policy_name, one.user_name, one.reason, one.file_path, one.computer_name,
        one.requested.isoformat(),
    ]  # fmt: skip


def _pending_approvals(state: PracticeState) -> tuple[list[Column], Rows]:
    return _APPROVAL_COLUMNS, [_approval_row(one) for one in state.pending]


def _decided_approvals(state: PracticeState) -> tuple[list[Column], Rows]:
    columns: list[Column] = [
        *_APPROVAL_COLUMNS, ("Status", _STRING), ("Decided", _TIME), ("Approver", _STRING), ("Comment", _STRING), ("Until", _TIME),
    ]  # fmt: skip
    rows = [
        [
            *_approval_row(one), str(one.state), one.decided.isoformat() if one.decided else None, one.approver,
            one.comment, one.until.isoformat() if one.until else None,
        ]
        for one in state.approvals.values()
        if one.state is not ApprovalState.PENDING
    ]  # fmt: skip
    return columns, rows


REPORTS: dict[str, tuple[str, Callable[[PracticeState], tuple[list[Column], Rows]]]] = {
    ids.AGENT_INSTALLATIONS_REPORT: ("Agent Installations", _agent_installations),
    ids.POLICY_COMPUTERS_REPORT: ("Computers by Policy", _policy_computers),
    ids.PENDING_APPROVALS_REPORT: ("Pending Execute Application Approvals", _pending_approvals),
    ids.DECIDED_APPROVALS_REPORT: ("Summary of Application Approvals and Denials", _decided_approvals),
}
"""Name and content of every report, by id."""


def run_report(state: PracticeState, report_id: str, rows_member: str) -> JsonObject | None:
    """Return the reply of a report; None: there is no such report."""
    known = REPORTS.get(report_id.lower())
    if known is None:
        return None
    with state.lock:
        columns, rows = known[1](state)
    return {
        "$type": "Thycotic.Tms.Managers.ThinResults, Thycotic.Tms",
        "Columns": [
            {
                "$type": "Thycotic.Tms.Managers.Column, Thycotic.Tms",
                "field": f"[{number}]",
                "title": name,
                "columnName": name,
                "hidden": name.startswith("_"),
                "format": None,
                "dataType": kind,
            }
            for number, (name, kind) in enumerate(columns)
        ],
        rows_member: [list(row) for row in rows],
    }
