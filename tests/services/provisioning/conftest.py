"""A practice instance without the items, a store, and the instance signed in as an administrator."""

import pytest

from models.kinds import Kind
from services.common.secret import Secret
from services.configuration import Configuration
from services.practice import PracticeInstance
from services.provisioning import ItemNames
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from tests.databases import store

__all__ = ["store"]

PASSWORD = "Practice-Pass-1"
TABLES = (
    "sc_category", "sc_cat_item", "item_option_new", "sys_web_service", "sys_web_service_input",
    "sys_web_service_output", "sc_request", "sc_req_item", "sysapproval_approver", "sys_properties", "wf_workflow",
)  # fmt: skip
WRITES = ("POST", "PATCH", "PUT", "DELETE")


class Practice(PracticeInstance):
    """A practice instance with what tests ask of it."""

    @property
    def database(self):
        return self._database

    def everything(self):
        """Return every row of the tables that provisioning could touch."""
        return {table: self._database.rows(table) for table in TABLES}

    def calls(self, *methods):
        """Return the calls that arrived, those of `methods` alone where some are named."""
        return [call for call in self._web.log if not methods or call.method in methods]

    def edit(self, table, values, *, by="grace.hopper", **equal):
        """Change the one row that `equal` names as somebody else."""
        (row,) = self._database.rows(table, **equal)
        assert self._database.update(table, row["sys_id"], values, by=by)
        return row["sys_id"]


def started(state):
    return Practice(state=state, password=PASSWORD).start()


@pytest.fixture
def practice():
    instance = started("empty")
    yield instance
    instance.stop()


@pytest.fixture
def stock():
    instance = started("stock")
    yield instance
    instance.stop()


@pytest.fixture
def names():
    return ItemNames.of()


@pytest.fixture
def reach(store):
    """Give server and instance for a practice instance, signed in to an account."""

    def made(practice, account="admin"):
        configuration = Configuration(store)
        server = configuration.find_by_name(Kind.FOREIGN_SYSTEM, practice.base_url)
        if server is None:
            server = configuration.save(
                configuration.new(Kind.FOREIGN_SYSTEM, name=practice.base_url, base_url=practice.base_url)
            )
        return server, ServiceNowClient(ConnectionSettings.of(server), SignIn(account, Secret(PASSWORD)))

    return made
