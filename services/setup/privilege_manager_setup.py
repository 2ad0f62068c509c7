"""Sets up the Privilege Manager side: API client, server, action and policy here, and what follows from them there.

Objects that exist are used again, and each step looks first what was done, so that a set-up that stopped is gone on
with by doing it again.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from models.action import COPIED_ACTION, Action
from models.addresses import Origin, normalise_privilege_manager_url
from models.base import ConfigurationObject, name_key
from models.kinds import Kind
from models.policy import Policy
from models.privilege_manager_server import PrivilegeManagerServer
from models.reference_lists import dump_references
from models.server_item import ItemKind
from models.user_credential import UserCredential
from services.actions import progress as action_progress
from services.actions.progress import WrittenCopy
from services.actions.server_actions import ask_for_copy
from services.common.progress import Progress, ignore_progress
from services.common.secret import Secret
from services.language import tr_message
from services.policies import ApplyResult, PolicyService, goal_for_policy, refresh_copies
from services.privilege_manager.items.approval_action import read_action
from services.setup.privilege_manager_run import SetUpRun, changed_fields, find_set_up_run, record_objects

if TYPE_CHECKING:
    from models.approval_type import ApprovalType
    from services.configuration import Configuration
    from services.privilege_manager import PrivilegeManagerClient
    from services.store import Store
    from services.vault import Vault

NAMES = {
    Kind.USER_CREDENTIAL: "Privilege Manager API Client",
    Kind.PRIVILEGE_MANAGER_SERVER: "Privilege Manager",
    Kind.ACTION: "ServiceNow Approval Request Form Action",
    Kind.POLICY: "ServiceNow Approvals",
}
"""What the new objects are called unless another name is wanted or the name is taken."""
EXPORT_ADDRESS = "practice/items/{item_id}/export"
"""The address at which a practice server exports an item; the product exports on a page only."""

Made = TypeVar("Made", bound=ConfigurationObject)


@dataclass(frozen=True, slots=True)
class PrivilegeManagerSignIn:
    """Address and API client of a server as they are used and stored."""

    base_url: str
    client_id: str
    secret: Secret
    policy_name: str = ""
    """The policy that gets the action; one that the server has or a new one."""
    task_id: str = ""
    """The id of the targeting update task, where it is known."""


@dataclass(frozen=True, slots=True)
class PrivilegeManagerObjects:
    """The objects of the Privilege Manager side."""

    credential: UserCredential
    server: PrivilegeManagerServer
    action: Action
    policy: Policy

    def all(self) -> tuple[ConfigurationObject, ...]:
        """Return them in the order in which they refer to each other."""
        return self.credential, self.server, self.action, self.policy


async def read_export(client: "PrivilegeManagerClient") -> bytes | None:
    """Return the export of the action that the guide copies, or None where people have to export it.

    The public API gives no item as XML. A practice server does, and is always on this machine; no other server is
    asked for an address that it does not document. Raises ConsoleError.
    """
    if not Origin.of(client.settings.base_url).loopback:
        return None
    wanted = name_key(COPIED_ACTION)
    found = next((one for one in await client.actions() if name_key(one.name or "") == wanted), None)
    if found is None:
        return None
    address = EXPORT_ADDRESS.format(item_id=found.item_id)
    response = await client.get(address, f"Export {COPIED_ACTION}")
    return response.content if response.is_success else None


def create_objects(
    configuration: "Configuration",
    vault: "Vault",
    sign_in: PrivilegeManagerSignIn,
    approval_type: "ApprovalType | None",
    export: bytes | None,
) -> PrivilegeManagerObjects:
    """Make or find API client, server, action and policy, in one transaction; blocks.

    The action refers to `approval_type`; the GUID of that type in Privilege Manager is the one in the export. Raises
    ConsoleError; ItemDocumentError for an export that cannot be read.
    """
    wanted = _Wanted(configuration, sign_in, approval_type, export)
    made = wanted.build()
    ids = {one.kind: one.id for one in (made.credential, made.server, made.action, made.policy)}
    known = find_set_up_run(configuration.store, ids)
    credential = made.credential
    with (
        vault.putting(
            credential.id,
            credential.name,
            sign_in.client_id,
            sign_in.secret,
            [made.server.destination],
            tried=tr_message("Set up Privilege Manager"),
        ),
        configuration.store.write("Privilege Manager set up") as work,
    ):
        saved = PrivilegeManagerObjects(
            credential=configuration.save_in(work, credential),
            server=configuration.save_in(work, made.server),
            action=configuration.save_in(work, made.action),
            policy=configuration.save_in(work, made.policy),
        )
        record_objects(work, wanted.before, saved.all(), sign_in.task_id, known)
    if export is not None:
        action_progress.store_export(
            configuration.store, saved.action.id, f"{saved.action.copy_of}.zip", export
        )
    return saved


def read_objects(configuration: "Configuration", run: SetUpRun) -> PrivilegeManagerObjects:
    """Return the objects of a set-up as they are stored; blocks. Raises NotFoundError."""
    return PrivilegeManagerObjects(
        configuration.get(UserCredential, run.objects[Kind.USER_CREDENTIAL]),
        configuration.get(PrivilegeManagerServer, run.objects[Kind.PRIVILEGE_MANAGER_SERVER]),
        configuration.get(Action, run.objects[Kind.ACTION]),
        configuration.get(Policy, run.objects[Kind.POLICY]),
    )


def use_export(
    configuration: "Configuration", objects: PrivilegeManagerObjects, name: str, content: bytes
) -> PrivilegeManagerObjects:
    """Keep an export that a person made, and take the GUID of the Approval Type from it; blocks.

    Raises ConsoleError; ItemDocumentError for a file that is not the export of an approval action.
    """
    source = action_progress.store_export(configuration.store, objects.action.id, name, content)
    action = objects.action
    if not action.approval_type_guid and source.approval_type_id:
        action.approval_type_guid = source.approval_type_id
        action = configuration.save(action, "Approval Type read from the export")
    return replace(objects, action=action)


class _Wanted:
    """Finds the objects that exist already, and makes the others."""

    def __init__(
        self,
        configuration: "Configuration",
        sign_in: PrivilegeManagerSignIn,
        approval_type: "ApprovalType | None",
        export: bytes | None,
    ) -> None:
        self._configuration = configuration
        self._sign_in = sign_in
        self._type = approval_type
        self._source = read_action(export) if export is not None else None
        self.before: dict[uuid.UUID, dict[str, object]] = {}
        """The values of the objects that were there."""

    def build(self) -> PrivilegeManagerObjects:
        base_url = normalise_privilege_manager_url(self._sign_in.base_url)
        servers = self._configuration.all(PrivilegeManagerServer)
        server = next((one for one in servers if one.base_url == base_url), None)
        credential = self._credential(server)
        if server is None:
            server = self._new(PrivilegeManagerServer, base_url=base_url)
        else:
            self._keep(server)
        server.credential_id = credential.id
        action = self._action(server)
        return PrivilegeManagerObjects(credential, server, action, self._policy(server, action))

    def _credential(self, server: PrivilegeManagerServer | None) -> UserCredential:
        account = self._sign_in.client_id
        if server is not None and server.credential_id is not None:
            stored = self._configuration.get(UserCredential, server.credential_id)
            if stored.account == account:
                self._keep(stored)
                return stored
        return self._new(UserCredential, account=account)

    def _action(self, server: PrivilegeManagerServer) -> Action:
        type_id = self._type.id if self._type is not None else None
        listed = [one for one in self._configuration.all(Action) if one.server_id == server.id]
        action = next((one for one in listed if one.type_id == type_id), None)
        if action is None:
            action = self._new(Action, server_id=server.id, type_id=type_id)
        else:
            self._keep(action)
        if self._source is not None and not action.approval_type_guid:
            action.approval_type_guid = self._source.approval_type_id or ""
        return action

    def _policy(self, server: PrivilegeManagerServer, action: Action) -> Policy:
        listed = [one for one in self._configuration.all(Policy) if one.server_id == server.id]
        name = self._sign_in.policy_name.strip()
        if name:
            policy = next((one for one in listed if name_key(one.name) == name_key(name)), None)
        else:
            policy = next((one for one in listed if action.id in one.references_to_actions), None)
        if policy is None:
            given = {"name": name} if name else {}
            policy = self._new(Policy, server_id=server.id, platform=action.platform, **given)
        else:
            self._keep(policy)
        policy.active = True
        if action.id not in policy.references_to_actions:
            policy.action_ids = dump_references([*policy.references_to_actions, action.id])
        return policy

    def _keep(self, found: ConfigurationObject) -> None:
        self.before[found.id] = changed_fields(found)

    def _new(self, kind: type[Made], **values: object) -> Made:
        return self._configuration.new(kind, **{"name": NAMES[Kind(str(kind.kind))], **values})


def write_copy(store: "Store", action: Action, write: Callable[[bytes], None]) -> WrittenCopy:
    """Make the copy of an action for *Import Items*, give it to `write`, and keep that it was written; blocks.

    Raises ItemDocumentError, InputError where the export or the GUID of the Approval Type is missing, and what `write` raises.
    """
    known = action_progress.load_progress(store, action.id)
    copy = action_progress.make_action_copy(action, known)
    write(copy.content)
    action_progress.record_written(store, action.id, copy)
    return copy


async def is_copy_there(store: "Store", client: "PrivilegeManagerClient", action: Action) -> bool:
    """Ask the server once whether it has the written copy of an action, and keep the answer. Raises ConsoleError."""
    assert action.server_id is not None  # noqa: S101 -- `create_objects` sets it
    known = await asyncio.to_thread(action_progress.load_progress, store, action.id)
    if not known.item_id:
        return False
    sighting = await ask_for_copy(store, client, action.server_id, known, action.name)
    return sighting.has_copy


async def apply_policy(
    store: "Store",
    server: PrivilegeManagerServer,
    client: "PrivilegeManagerClient",
    policy: Policy,
    *,
    progress: Progress = ignore_progress,
) -> ApplyResult:
    """Create the policy where it is missing, add its actions and make it active. Raises ConsoleError."""
    await refresh_copies(store, server, client, (ItemKind.POLICY,))
    service = PolicyService(store, server, client)
    goal = await asyncio.to_thread(goal_for_policy, store, policy)
    # Everything the policy has besides stays: a set-up only adds.
    plan = await service.plan(replace(goal, remove_actions=()))
    applied = await service.apply(plan, progress=progress)
    await refresh_copies(store, server, client, (ItemKind.POLICY,))
    return applied
