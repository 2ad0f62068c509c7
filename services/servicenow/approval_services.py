"""The three services of an approval process as functions."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.approval_process import ApprovalProcess
from services.common.fault_ids import FaultId
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
from services.servicenow.faults import make_error
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.journal_text import journal_to_text


@dataclass(frozen=True, slots=True)
class StatusResult:
    """What the status service said."""

    status: ApprovalStatus
    comment: str = ""


class ApprovalServices:
    """Create, Status and Cancel of one approval process on its instance."""

    def __init__(self, instance: ServiceNowClient, process: ApprovalProcess) -> None:
        self._instance = instance
        self._process = process

    async def create(self, fields: Mapping[str, str]) -> str:
        """Raise a request and return the id that ServiceNow gave it. `fields` are the contract's variables."""
        name = self._process.create_service
        answer = await self._instance.service(name).call(fields, (CREATE_OUTPUT,))
        request_id = answer[CREATE_OUTPUT].strip()
        if not request_id or len(request_id) > REQUEST_ID_MAX:
            seen = f"{CREATE_OUTPUT} has {len(request_id)} characters; 1 to {REQUEST_ID_MAX} are allowed"
            raise make_error(FaultId.REPLY_CONTRACT, f"Call the service {name}", seen)
        return request_id

    async def status(self, request_id: str) -> StatusResult:
        """Return where a request stands; an unknown word is an error and never counts as pending."""
        name = self._process.status_service
        service = self._instance.service(name)
        description = await service.describe()
        declared = (COMMENT_OUTPUT,) if COMMENT_OUTPUT in description.outputs else ()
        # It only reads, so that it may be asked once more.
        answer = await service.call(
            {STATUS_INPUT: request_id}, (STATUS_OUTPUT,), optional=declared, reads=True
        )
        word = answer[STATUS_OUTPUT].strip()
        try:
            status = ApprovalStatus(word)
        except ValueError as error:
            raise make_error(
                FaultId.STATUS_UNKNOWN, f"Call the service {name}", f"{STATUS_OUTPUT} is “{word}”"
            ) from error
        return StatusResult(status, journal_to_text(answer.get(COMMENT_OUTPUT, "")))

    async def cancel(self, request_id: str, comment: str) -> str:
        """Cancel a request: a reply without a fault counts, as for Privilege Manager, which ignores its outputs.

        Returns what is to be remarked about the outputs, in a sentence, or an empty text.
        """
        service = self._instance.service(self._process.cancel_service)
        description = await service.describe()
        declared = tuple(name for name in CANCEL_OUTPUTS if name in description.outputs)
        answer = await service.call(
            {CANCEL_ID_INPUT: request_id, CANCEL_COMMENT_INPUT: comment}, (), optional=declared
        )
        if not declared:
            return f"The service declares no {CANCEL_OUTPUTS[0]}; Privilege Manager ignores its value."
        missing = [name for name in declared if name not in answer]
        if missing:
            return f"The reply has no {' and no '.join(missing)}; Privilege Manager ignores its value."
        return ""
