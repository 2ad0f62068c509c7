"""The stages of the three services, and one call of the status service with an id that nobody knows."""

import asyncio
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from models.approval_process import ApprovalProcess
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import fault_result
from services.connectivity.report import StageResult
from services.connectivity.servicenow.stage import SignedInCheck, signed_in_stages
from services.connectivity.stage import Stage
from services.servicenow.approval_services import ApprovalServices
from services.servicenow.contract import (
    ApprovalStatus,
    ServiceDescription,
    ServiceRole,
    closest_service_name,
    compare_service,
)
from services.servicenow.encoded_query import Operator, where
from services.servicenow.faults import NotFoundOnInstanceError, make_problem
from services.servicenow.http_client import SERVICE_TABLE, ServiceNowClient
from services.servicenow.record_values import is_false
from services.servicenow.table_api import Row
from services.servicenow.visible_rows import probe_visibility

SLOW_FRACTION = 0.1
"""A call that takes more of the interval than this is slow: each pending request is asked about once in it."""
SERVICE_FIELDS = ("name", "active")


def service_names_by_role(process: ApprovalProcess) -> dict[ServiceRole, str]:
    """Return the three names of a process by what they are for."""
    return {
        ServiceRole.CREATE: process.create_service,
        ServiceRole.STATUS: process.status_service,
        ServiceRole.CANCEL: process.cancel_service,
    }


def _ignore_problem(problem: Problem) -> None:
    del problem


class ServiceCheck:
    """The three services of one process on one instance; their records are read once."""

    def __init__(
        self,
        instance: ServiceNowClient,
        process: ApprovalProcess,
        unread: Callable[[Problem], None] = _ignore_problem,
    ) -> None:
        """`unread` is told why a list could not be read that the stages can do without."""
        self._instance = instance
        self._unread = unread
        self._names = service_names_by_role(process)
        self._process = process
        self._reading = asyncio.Lock()
        self._records: list[Row] | None = None
        self._every: list[tuple[str, bool]] | None = None
        self._doubt = ""
        """Why an empty list of services does not prove that there are none."""
        self.meant: dict[ServiceRole, str] = {}
        """The names on the instance that are meant where those of the process are not there."""

    async def look(self, role: ServiceRole) -> str | StageResult:
        """Say whether the service of `role` is there exactly once, under its exact name, and keeps the contract."""
        stage, name = f"service_{role.value}", self._names[role]
        try:
            description = await self._instance.service(name).describe()
        except NotFoundOnInstanceError as error:
            return await self._missing(role, name, error)
        verdict = compare_service(role, description)
        if verdict.typed_inputs:
            return fault_result(stage, FaultId.SERVICE_INPUT_TYPE, f"{name}: {verdict.text}")
        if not verdict.ok:
            other = self._matching_role(role, description)
            if other is not None:
                seen = f"{name} is what {other.value} needs: {', '.join(description.inputs[:2])}"
                return fault_result(stage, FaultId.SERVICE_SWAPPED, seen)
            problem = make_problem(
                FaultId.SERVICE_CONTRACT, f"Compare {name} with the contract", verdict.text
            )
            return StageResult.failed(stage, problem, 0)
        seen = f"{verdict.text}, operation {description.operation}"
        same = [row for row in await self._listed() if row["name"] == name]
        active = [row for row in same if not is_false(row["active"])]
        if len(active) > 1:
            return fault_result(
                stage, FaultId.SERVICE_DUPLICATE, f"{len(active)} active services are called {name}"
            )
        if description.wsdl_host_differs:
            seen = f"{seen}; its WSDL points at {description.address}"
            return fault_result(stage, FaultId.WSDL_ADDRESS_ELSEWHERE, seen)
        # The service answers, so its record is there.
        return seen if same else f"{seen}; its record is not seen, so whether there are two is unknown"

    @staticmethod
    def _matching_role(role: ServiceRole, description: ServiceDescription) -> ServiceRole | None:
        """Return the role whose contract a service keeps instead, or None."""
        return next((r for r in ServiceRole if r is not role and compare_service(r, description).ok), None)

    async def _listed(self) -> list[Row]:
        """Return the records of the three names; empty where they cannot be read, which says nothing."""
        async with self._reading:
            if self._records is None:
                query = where("name", Operator.IN, *dict.fromkeys(self._names.values()))
                rows = self._instance.table(SERVICE_TABLE).rows(query, fields=SERVICE_FIELDS)
                try:
                    self._records = [row async for row in rows]
                except ConsoleError as error:
                    self._unread(error.problem)
                    # That a service is there is seen by its answer; its record only says whether there are two.
                    self._records = []
            return self._records

    async def _all(self) -> list[tuple[str, bool]]:
        """Return every service with whether it is active; read only when one does not answer."""
        async with self._reading:
            if self._every is None:
                self._every = [(row.name, row.active) for row in await self._instance.list_soap_services()]
                if not self._every:
                    visible = await probe_visibility(self._instance, SERVICE_TABLE)
                    self._doubt = "" if visible.is_proof else visible.evidence
            return self._every

    async def _missing(self, role: ServiceRole, name: str, error: NotFoundOnInstanceError) -> StageResult:
        """Say more than "missing": an inactive twin, or a name that is meant."""
        stage = f"service_{role.value}"
        try:
            rows = await self._all()
        except ConsoleError as unread:
            self._unread(unread.problem)
            # More cannot be said without the list; that the service does not answer stands.
            return StageResult.failed(stage, error.problem, 0)
        twins = [active for listed, active in rows if listed == name]
        if twins and not any(twins):
            return fault_result(stage, FaultId.SERVICE_INACTIVE, f"{name} is there with Active off")
        if twins:
            seen = f"{name} is listed and active, and yet: {error.problem.evidence}"
            return fault_result(stage, FaultId.SERVICE_SILENT, seen)
        # The names of the other two are much like this one, and are not meant.
        others = {other for other in self._names.values() if other != name}
        free = [listed for listed, active in rows if active and listed not in others]
        near = closest_service_name(role, name, free)
        if near is None:
            evidence = "; ".join(filter(None, (error.problem.evidence, self._doubt)))
            return StageResult.failed(stage, replace(error.problem, evidence=evidence), 0)
        self.meant[role] = near
        case = "; only capitals differ" if near.casefold() == name.casefold() else ""
        return fault_result(
            stage,
            FaultId.SERVICE_NAME_DIFFERS,
            f"{name} is not on the instance; {near} is{case}",
            remedy=f"Use {near} on the Approval Process, or rename the service.",
            suggested_name=near,
        )

    async def call_status(self) -> str | StageResult:
        """Ask for a request that nobody knows: the answer is `invalid`, and comes well within the interval."""
        stage = "status_call"
        await self._instance.service(self._process.status_service).describe()
        started = time.perf_counter()
        answer = await ApprovalServices(self._instance, self._process).status(uuid.uuid4().hex)
        took = time.perf_counter() - started
        seen = f"A made-up id is answered with {answer.status.value}"
        if answer.status is not ApprovalStatus.INVALID:
            return fault_result(stage, FaultId.STATUS_CALL_NOT_INVALID, seen)
        every = self._process.check_every_s
        timed = f"{seen} after {took * 1000:.0f} ms; asked every {every} s"
        if took > every * SLOW_FRACTION:
            return fault_result(stage, FaultId.STATUS_CALL_SLOW, timed)
        return timed


@signed_in_stages(priority=0)
def create_service_stages(check: SignedInCheck) -> list[Stage]:
    """Return the stages of the three services and of the call; the status service first, its call comes on top."""
    if check.process is None:
        return []
    services = ServiceCheck(check.instance, check.process, check.note_unreadable)
    roles = (ServiceRole.STATUS, ServiceRole.CREATE, ServiceRole.CANCEL)
    stages = [Stage(f"service_{role.value}", partial(services.look, role)) for role in roles]
    return [*stages, Stage("status_call", services.call_status, needs="service_status")]
