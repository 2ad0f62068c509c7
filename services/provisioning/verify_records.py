"""Reads everything back, compares it, and calls Status with an id that nobody has, which has to be `invalid`."""

import uuid
from dataclasses import dataclass, field

from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.common.json_types import JsonLike
from services.provisioning.current_records import InstanceState, read_instance_state
from services.provisioning.drift import Drift, find_drift
from services.provisioning.item_names import ItemNames
from services.provisioning.plan_changes import Baseline, ProvisionPlan, RecordChange, make_plan
from services.servicenow.contract import STATUS_INPUT, STATUS_OUTPUT, ApprovalStatus
from services.servicenow.faults import make_problem
from services.servicenow.http_client import ServiceNowClient


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found: the plan that would still be needed, what others changed, and how Status answered."""

    plan: ProvisionPlan
    drift: tuple[Drift, ...] = ()
    status: str = ""
    problem: Problem | None = None
    account_roles: tuple[str, ...] = field(default=())

    @property
    def present(self) -> InstanceState:
        """What is there."""
        return self.plan.present

    @property
    def wrong(self) -> tuple[RecordChange, ...]:
        """The records that are not as they have to be."""
        return tuple(c for c in self.plan.changes if c.operation != "keep")

    @property
    def verified(self) -> bool:
        """Whether every record is as it has to be and Status answered as it has to."""
        return not self.wrong and self.problem is None

    @property
    def ok(self) -> bool:
        """Whether it is verified, and nothing was changed by others."""
        return self.verified and not self.drift

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the verification for JSON."""
        return {
            "verified": self.verified,
            "wrong": [change.as_dict() for change in self.wrong],
            "drift": [one.as_dict() for one in self.drift],
            "status_call": self.status,
            "problem": self.problem.as_dict() if self.problem else None,
        }


async def verify(instance: ServiceNowClient, names: ItemNames, baseline: Baseline) -> Verification:
    """Look at everything. Raises ConsoleError when it cannot be read; what is wrong is in the answer."""
    present = await read_instance_state(instance, names)
    plan = make_plan(names, present, baseline)
    drift = await find_drift(instance, present, baseline)
    status, problem = await _check_status_service(instance, names)
    return Verification(plan, tuple(drift), status, problem)


async def _check_status_service(instance: ServiceNowClient, names: ItemNames) -> tuple[str, Problem | None]:
    """Ask for a request that nobody raised; returns the word and what is wrong with it."""
    # It was made or changed just now, perhaps, and its description with it.
    instance.clear_service_cache()
    name = names.status_service
    try:
        answer = await instance.service(name).call({STATUS_INPUT: uuid.uuid4().hex}, (STATUS_OUTPUT,))
    except ConsoleError as error:
        return "", error.problem
    word = answer[STATUS_OUTPUT].strip()
    if word == ApprovalStatus.INVALID:
        return word, None
    return word, make_problem(
        FaultId.STATUS_UNKNOWN,
        f"Call the service {name} with a made-up id",
        f"{STATUS_OUTPUT} is “{word}” for a request that nobody raised",
        cause="The script does not tell unknown requests apart.",
        remedy="Let the status script answer invalid for an id it does not know.",
    )
