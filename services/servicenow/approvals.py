"""The three services of an approval process as functions, and the requested item behind an id."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.approval_process import ApprovalProcess
from services.servicenow.contract import (
    CANCEL_COMMENT_INPUT,
    CANCEL_ID_INPUT,
    CANCEL_OUTPUTS,
    COMMENT_OUTPUT,
    CREATE_OUTPUT,
    REQUEST_ID_MAX,
    STATUS_INPUT,
    STATUS_OUTPUT,
    ApprovalStatus,
)
from services.servicenow.faults import failure
from services.servicenow.instance import Instance
from services.servicenow.queries import Operator, Query, equals, where
from services.servicenow.records import Row

RITM_FIELDS = ("sys_id", "number", "state", "approval", "request", "stage")
APPROVER_FIELDS = ("sys_id", "state", "approver", "sysapproval")


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What the status service said."""

    status: ApprovalStatus
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval record: its sys_id, its state and who is asked (user name)."""

    sys_id: str
    state: str
    approver: str


@dataclass(frozen=True, slots=True)
class RequestedItem:
    """The record behind a request id. `approval` and `state` are stored values."""

    sys_id: str
    number: str
    state: str
    approval: str
    request: str
    approvals: list[Approval] = field(default_factory=list)


class ApprovalServices:
    """Create, Status and Cancel of one approval process on its instance."""

    def __init__(self, instance: Instance, process: ApprovalProcess) -> None:
        self._instance = instance
        self._process = process

    async def create(self, fields: Mapping[str, str]) -> str:
        """Raise a request and return the id that ServiceNow gave it. `fields` are the contract's variables."""
        name = self._process.create_service
        answer = await self._instance.service(name).call(fields, (CREATE_OUTPUT,))
        request_id = answer[CREATE_OUTPUT].strip()
        if not request_id or len(request_id) > REQUEST_ID_MAX:
            seen = f"{CREATE_OUTPUT} has {len(request_id)} characters; 1 to {REQUEST_ID_MAX} are allowed"
            raise failure("reply-contract", f"Call the service {name}", seen)
        return request_id

    async def status(self, request_id: str) -> StatusAnswer:
        """Return where a request stands; an unknown word is an error and never counts as pending."""
        name = self._process.status_service
        service = self._instance.service(name)
        description = await service.describe()
        outputs: tuple[str, ...] = (STATUS_OUTPUT,)
        if COMMENT_OUTPUT in description.outputs:
            outputs = (STATUS_OUTPUT, COMMENT_OUTPUT)
        answer = await service.call({STATUS_INPUT: request_id}, outputs)
        word = answer[STATUS_OUTPUT].strip()
        try:
            status = ApprovalStatus(word)
        except ValueError as error:
            raise failure(
                "status-unknown", f"Call the service {name}", f"{STATUS_OUTPUT} is “{word}”"
            ) from error
        return StatusAnswer(status, answer.get(COMMENT_OUTPUT, ""))

    async def cancel(self, request_id: str, comment: str) -> None:
        """Cancel a request; the value of the answer is ignored, as Privilege Manager does."""
        service = self._instance.service(self._process.cancel_service)
        description = await service.describe()
        result = next((n for n in CANCEL_OUTPUTS if n in description.outputs), CANCEL_OUTPUTS[0])
        await service.call({CANCEL_ID_INPUT: request_id, CANCEL_COMMENT_INPUT: comment}, (result,))

    async def requested_item(self, request_id: str) -> RequestedItem | None:
        """Return the requested item behind an id (a RITM's, or the REQ's that stock scripts give), or None."""
        items = self._instance.table("sc_req_item")
        row = await items.get(request_id, RITM_FIELDS)
        if row is None:
            row = await items.first(equals(request=request_id), RITM_FIELDS)
        return await self._with_approvals(row) if row else None

    async def _with_approvals(self, row: Row) -> RequestedItem:
        query: Query = where(
            "sysapproval", Operator.IN, row["sys_id"], *([row["request"]] if row["request"] else [])
        )
        table = self._instance.table("sysapproval_approver")
        fields = (*APPROVER_FIELDS, "approver.user_name")
        approvals = [
            Approval(r["sys_id"], r["state"], r["approver.user_name"] or r["approver"])
            async for r in table.rows(query, fields=fields)
        ]
        return RequestedItem(
            row["sys_id"], row["number"], row["state"], row["approval"], row["request"], approvals
        )
