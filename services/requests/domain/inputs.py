"""The inputs of a request, kept whole until Create is known to have been carried out.

Its row has a column for most of them. What newer versions send besides, and texts that are longer than their column,
are kept in a task run of the request, so that a request can be raised after a crash exactly as it was meant.
"""

import json
from collections.abc import Mapping

from sqlmodel import Session, select

from models.approval_request import ApprovalRequest
from models.kinds import TaskState
from models.task_run import TaskRun
from services.store.row_values import RowDict, get_table
from services.store.unit_of_work import UnitOfWork

TASK_ID = "request_inputs"

COLUMN_BY_VARIABLE = {
    "PMInitiatorId": "initiator_id",
    "PMInitiatorName": "initiator_name",
    "PMPolicyId": "policy_id",
    "PMPolicyName": "policy_name",
    "PMAgentId": "agent_id",
    "PMAgentName": "agent_name",
    "PMFilePath": "file_path",
    "PMUserReason": "reason",
}
"""Contract variable -> column."""

_ADDED_VARIABLES = ("PMApprovalId", "PMProcessId", "PMProcessName")


def column_values(fields: Mapping[str, str]) -> RowDict:
    """Return what a row keeps of `fields`; texts longer than their column are cut there."""
    columns = get_table(ApprovalRequest).columns
    return {
        column: fields.get(name, "")[: columns[column].type.length]  # type: ignore[attr-defined]
        for name, column in COLUMN_BY_VARIABLE.items()
    }


def store_inputs(work: UnitOfWork, row: ApprovalRequest, fields: Mapping[str, str], actor: str) -> None:
    """Keep those of `fields` that the row does not hold as they are."""
    rest = {
        name: text
        for name, text in fields.items()
        if text
        and name not in _ADDED_VARIABLES
        and (name not in COLUMN_BY_VARIABLE or getattr(row, COLUMN_BY_VARIABLE[name]) != text)
    }
    if rest:
        work.insert(
            TaskRun(
                task=TASK_ID,
                object_kind="approval_request",
                object_id=row.id,
                state=TaskState.SUCCEEDED,
                started_by=actor[:255],
                report=json.dumps(rest, ensure_ascii=False),
            )
        )


def load_inputs(session: Session, row: ApprovalRequest) -> dict[str, str]:
    """Return the inputs that a stored request was meant to be raised with."""
    fields: dict[str, str] = {name: getattr(row, column) for name, column in COLUMN_BY_VARIABLE.items()}
    query = select(TaskRun.report).where(TaskRun.task == TASK_ID, TaskRun.object_id == row.id)
    rest = session.exec(query).first()
    return {**fields, **(json.loads(rest) if rest else {})}
