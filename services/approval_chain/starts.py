"""Finds what a chain is looked at from by the names that people type."""

import asyncio

from models.approval_process import ApprovalProcess
from models.kinds import Kind
from models.policy import Policy
from models.privilege_manager_server import PrivilegeManagerServer
from models.text_folding import fold_text
from services.approval_chain.route import ChainStart
from services.common.errors import ConsoleError, InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.configuration import Configuration
from services.privilege_manager.api_items import read_id
from services.store import NotFoundError
from services.workspace import Workspace


def find_process_start(configuration: Configuration, name: str) -> ChainStart:
    """Return the start at the Approval Process with a name; blocks. Raises NotFoundError."""
    return ChainStart(Kind.APPROVAL_PROCESS, configuration.named(ApprovalProcess, name).id)


def find_starts(configuration: Configuration) -> list[ChainStart]:
    """Return the start at every Policy here; blocks. Raises InputError where there is none."""
    policies = configuration.all(Policy)
    if not policies:
        raise InputError(
            Problem(
                tried="Check the approval chains",
                evidence="There is no policy here.",
                cause="Without a name, the chains of all policies here are checked.",
                owner=Owner.CONSOLE,
                remedy="Create a policy, or name one with --policy, or an Approval Process with --process.",
                fault=FaultId.OBJECT_MISSING,
            )
        )
    return [ChainStart(Kind.POLICY, policy.id) for policy in policies]


async def find_policy_start(workspace: Workspace, text: str) -> ChainStart:
    """Return the start at a policy: one that is here, else one on a Privilege Manager server, by its name or id.

    Raises NotFoundError where no server has it, and what a server answers where the only one cannot be asked.
    """
    configuration = workspace.configuration
    policies = await asyncio.to_thread(configuration.all, Policy)
    item_id = read_id(text)
    here = [
        one
        for one in policies
        if fold_text(one.name) == fold_text(text) or (item_id and one.item_id == item_id)
    ]
    if here:
        return ChainStart(Kind.POLICY, here[0].id)
    servers = await asyncio.to_thread(configuration.all, PrivilegeManagerServer)
    known = [one.name for one in policies]
    problem: ConsoleError | None = None
    for server in servers:
        try:
            listed = await (await workspace.privilege_manager(server.id)).policies()
        except ConsoleError as error:
            problem = error
            continue
        if any(item.item_id == item_id or fold_text(item.name or "") == fold_text(text) for item in listed):
            return ChainStart(Kind.PRIVILEGE_MANAGER_SERVER, server.id, text)
        known += [item.name for item in listed if item.name]
    if problem is not None:
        raise problem
    raise NotFoundError(f"the policy “{text}”", text, known)
