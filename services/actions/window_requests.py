"""Requests of an approval window: raised for an action through its Approval Type, as an endpoint would raise them."""

import getpass
import platform
import uuid
from dataclasses import dataclass

from sqlmodel import col, select

from models.action import Action
from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.approval_type import ApprovalType
from models.foreign_system import ForeignSystem
from models.kinds import OPEN_STATES, RequestState
from models.policy import Policy
from models.reference_lists import load_references
from services.common.errors import Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.configuration import Configuration
from services.language import tr_message
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.records.requested_item import RequestedItem
from services.servicenow import ServiceNowClient
from services.store import Store

DECISION_STATES = ("approved", "rejected")
"""States of an approval that somebody has decided."""
CANCEL_COMMENT = "Cancelled in the approval window of Approval Console"


@dataclass(frozen=True, slots=True)
class WindowRoute:
    """The way of a request from an action to the instance that decides it. `policy` is None where none uses the action."""

    action: Action
    approval_type: ApprovalType
    process: ApprovalProcess
    server: ForeignSystem
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class People:
    """Who is to decide, and who has decided: names of groups and persons, as far as the account may see them."""

    asked: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()


def load_route(
    configuration: Configuration, action_id: uuid.UUID, policy_id: uuid.UUID | None = None
) -> WindowRoute:
    """Return the way of the requests of an action; without `policy_id` through the first policy that has the action.

    Raises NotFoundError, and RefusedError where a link is missing.
    """
    action = configuration.get(Action, action_id)
    if action.type_id is None:
        raise _incomplete(action.name, tr_message("The action has no Approval Type."))
    approval_type = configuration.get(ApprovalType, action.type_id)
    if approval_type.process_id is None:
        raise _incomplete(
            action.name, tr_message("“{name}” has no Process Handler.", name=approval_type.name)
        )
    process = configuration.get(ApprovalProcess, approval_type.process_id)
    if process.server_id is None:
        raise _incomplete(action.name, tr_message("“{name}” has no ServiceNow Server.", name=process.name))
    server = configuration.get(ForeignSystem, process.server_id)
    policies = [one for one in configuration.all(Policy) if action_id in load_references(one.action_ids)]
    chosen = next((one for one in policies if one.id == policy_id), policies[0] if policies else None)
    return WindowRoute(action, approval_type, process, server, chosen)


def user_name() -> str:
    """Return who is signed in to this computer, as an endpoint names its user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def build_fields(route: WindowRoute, application: str, user: str, reason: str) -> dict[str, str]:
    """Return the contract variables of a request."""
    host, policy = platform.node() or "this computer", route.policy
    return {
        "PMInitiatorId": user,
        "PMInitiatorName": user,
        "PMPolicyId": (policy.item_id or str(policy.id)) if policy is not None else "",
        "PMPolicyName": policy.name if policy is not None else "",
        "PMAgentId": host,
        "PMAgentName": host,
        "PMFilePath": application,
        "PMUserReason": reason,
    }


def find_open_request(
    store: Store, route: WindowRoute, application: str, user: str
) -> ApprovalRequest | None:
    """Return the newest open request that the window of an action has raised for this program and user, or None."""
    query = (
        select(ApprovalRequest)
        .where(
            col(ApprovalRequest.state).in_(OPEN_STATES),
            col(ApprovalRequest.type_id) == route.approval_type.id,
            col(ApprovalRequest.rehearsal).is_(False),
            col(ApprovalRequest.file_path) == application,
            col(ApprovalRequest.initiator_name) == user,
        )
        .order_by(col(ApprovalRequest.requested_at).desc())
        .limit(1)
    )
    with store.read() as session:
        return session.exec(query).first()


def load_request(store: Store, request_id: uuid.UUID) -> ApprovalRequest | None:
    """Return a request as it is stored now, or None."""
    with store.read() as session:
        return session.get(ApprovalRequest, request_id)


class WindowRequests:
    """Raises, follows and cancels requests of one route."""

    def __init__(self, store: Store, instance: ServiceNowClient, route: WindowRoute) -> None:
        self.route = route
        self._life = RequestLifecycle(store, instance, route.process)

    def draft(self, application: str, user: str, reason: str) -> tuple[ApprovalRequest, dict[str, str]]:
        """Return a request that is not raised yet, and its variables."""
        fields = build_fields(self.route, application, user, reason)
        return self._life.draft(self.route.approval_type, fields), fields

    async def send(self, row: ApprovalRequest, fields: dict[str, str]) -> None:
        """Raise a drafted request. Raises ConsoleError; the row then says whether it is failed or not known."""
        await self._life.send(row, fields)

    async def refresh(self, row: ApprovalRequest) -> People:
        """Ask how a request stands, and return who decides. Raises ConsoleError; the row then is as it was."""
        if row.state == RequestState.SUBMITTING:
            await self._life.resume(row)
        if not row.external_id or RequestState(row.state).is_final:
            return People()
        item = await self._life.refresh_item(row)
        await self._life.follow(row)
        if RequestState(row.state).is_final:
            # The decision may have come between both calls.
            item = await self._life.refresh_item(row)
        return _people_of(item) if item is not None else People()

    async def cancel(self, row: ApprovalRequest) -> None:
        """Cancel a request on the instance. Raises ConsoleError."""
        await self._life.cancel(row, CANCEL_COMMENT)


def _people_of(item: RequestedItem) -> People:
    decided = [one for one in item.approvals if one.state in DECISION_STATES]
    return People(
        asked=tuple(dict.fromkeys(one.group or one.display_name for one in item.open_approvals)),
        decided=tuple(dict.fromkeys(one.display_name for one in decided)),
    )


def _incomplete(name: str, cause: str) -> RefusedError:
    return RefusedError(
        Problem(
            tried=tr_message("Open the approval window of “{name}”", name=name),
            evidence=cause,
            cause=cause,
            owner=Owner.CONSOLE,
            remedy=tr_message(
                "Choose what is missing; requests go from the action through type and process to a server."
            ),
            fault=FaultId.ACTION_ROUTE_INCOMPLETE,
        )
    )
