"""The inputs of a request, kept whole until Create is known to have been carried out.

Its row has a column for most of them. What newer versions send besides, and texts that are longer than their column,
are kept in a task run of the request, so that a request can be raised after a crash exactly as it was meant.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, select

from models.approval_request import ApprovalRequest
from models.kinds import TaskState
from models.task_run import TaskRun
from services.store.unit_of_work import UnitOfWork
from services.store.values import table_of

TASK_ID = "request_inputs"

COLUMNS = {
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

_FILLED_IN = ("PMApprovalId", "PMProcessId", "PMProcessName")


def columns_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row keeps of `fields`; texts longer than their column are cut there."""
    columns = table_of(ApprovalRequest).columns
    return {
        column: fields.get(name, "")[: columns[column].type.length]  # type: ignore[attr-defined]
        for name, column in COLUMNS.items()
    }


def keep_inputs(work: UnitOfWork, row: ApprovalRequest, fields: Mapping[str, str], actor: str) -> None:
    """Keep those of `fields` that the row does not hold as they are."""
    rest = {
        name: text
        for name, text in fields.items()
        if text and name not in _FILLED_IN and (name not in COLUMNS or getattr(row, COLUMNS[name]) != text)
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


def inputs_of(session: Session, row: ApprovalRequest) -> dict[str, str]:
    """Return the inputs that a stored request was meant to be raised with."""
    fields: dict[str, str] = {name: getattr(row, column) for name, column in COLUMNS.items()}
    query = select(TaskRun.report).where(TaskRun.task == TASK_ID, TaskRun.object_id == row.id)
    rest = session.exec(query).first()
    return {**fields, **(json.loads(rest) if rest else {})}
