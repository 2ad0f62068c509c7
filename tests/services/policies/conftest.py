"""A store with a Privilege Manager server that leads to a practice server on a real socket."""

from dataclasses import replace

import pytest

from models.action import Platform
from models.kinds import Kind
from models.reference_lists import dump_references
from services.common.secret import Secret
from services.policies import PolicyGoal, PolicyService, WantedAction
from services.practice.privilege_manager import PracticeOptions, PracticePrivilegeManager
from services.practice.privilege_manager.initial_items import new_policy
from services.practice.privilege_manager.items import ItemKind
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace

FORM = "Approval Request Form Action"
LOCALIZED = "Approval Request Form Action (with Localization)"
ELEVATE = "Elevate Service Desk Tools"
NEW = "Elevate installers"


class World:
    """A practice server and a console that knows it."""

    def __init__(self, practice, workspace, server):
        self.practice = practice
        self.workspace = workspace
        self.store = workspace.store
        self.server = server

    @property
    def items(self):
        return self.practice.state.items

    async def service(self, **changes):
        client = await self.workspace.privilege_manager(self.server.id)
        return replace(PolicyService(self.store, self.server, client, create_settles_s=0.0), **changes)

    async def plan(self, goal):
        return await (await self.service()).plan(goal)

    async def apply(self, goal, **named):
        service = await self.service()
        return await service.apply(await service.plan(goal), **named)

    def policies(self, name):
        return [one for one in self.items.of_kind(ItemKind.POLICY) if one.name == name]

    def policy(self, name):
        (found,) = self.policies(name)
        return found

    def actions_of(self, name):
        return [self.items.get(one).name for one in self.policy(name).ids("ApplicationActionIds")]

    def add_policy(self, name, **members):
        made = new_policy(name, "", macos=False, targeted=True)
        made.members.update(members)
        return self.items.add(made)

    def written(self):
        """Return the calls that change something, oldest first."""
        return [
            f"{one.method} {one.path.rpartition('/v1/')[2]}"
            for one in self.practice.log
            if one.method != "GET" and "/policies/" in one.path
        ]

    def save_policy(self, **values):
        actions = values.pop("actions", ())
        made = self.workspace.configuration.new(Kind.POLICY, **values)
        made.server_id = self.server.id
        made.action_ids = dump_references([one.id for one in actions])
        return self.workspace.configuration.save(made)

    def save_action(self, name):
        made = self.workspace.configuration.new(Kind.ACTION, name=name)
        made.server_id = self.server.id
        return self.workspace.configuration.save(made)


def goal(policy=NEW, **values):
    """Return a goal with actions by their names."""
    for name in ("add_actions", "remove_actions"):
        values[name] = tuple(WantedAction(one) for one in values.get(name, ()))
    return PolicyGoal(policy, **values)


def save_server(workspace, practice, **values):
    """Store the server with its credential."""
    configuration = workspace.configuration
    made = configuration.new(Kind.USER_CREDENTIAL, name="PM API Client", account=practice.client_id)
    credential = configuration.save(made)
    made = configuration.new(
        Kind.PRIVILEGE_MANAGER_SERVER, name="Privilege Manager", base_url=practice.base_url, **values
    )
    made.credential_id = credential.id
    server = configuration.save(made)
    secret = Secret(practice.client_secret)
    workspace.vault.put(credential.id, credential.name, practice.client_id, secret, [server.destination])
    return server


FULL_GOAL = goal(
    create=Platform.WINDOWS, description="Asks first", add_actions=[FORM, LOCALIZED], active=True
)


@pytest.fixture
def options():
    return PracticeOptions(whole_items=True)


@pytest.fixture
async def practice(options):
    async with PracticePrivilegeManager(options, computers=2) as server:
        yield server


@pytest.fixture
async def world(practice, store_url):
    workspace = Workspace(Store.open(store_url, actor="ada"), SessionVault())
    yield World(practice, workspace, save_server(workspace, practice))
    await workspace.aclose()
