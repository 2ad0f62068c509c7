"""An instance that answers with other records than were asked for or made."""

import json

import pytest

from models.kinds import Kind
from services import provisioning
from services.common.errors import ConsoleError, RefusedError
from services.common.secret import Secret
from services.configuration import Configuration
from services.provisioning import Receipt
from services.provisioning.problems import RunStoppedError
from services.provisioning.required_records import INPUT_TABLE
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from tests.services.provisioning.conftest import PASSWORD
from tests.services.servicenow.rawserver import RawServer, json_reply
from tests.services.servicenow.support import assert_five_parts, at


class Lying(ServiceNowClient):
    """Puts another row in place of what inserting into one table returns."""

    table_name, row = "", {}

    async def send_json(self, method, path, body, **rest):
        response = await super().send_json(method, path, body, **rest)
        if method == "POST" and path.endswith(f"/{self.table_name}"):
            told = json.loads(response.content)
            told["result"] |= self.row
            response._content = json.dumps(told).encode()
        return response


@pytest.fixture
def lying(store, practice):
    configuration = Configuration(store)
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="Lying", base_url=practice.base_url)
    )
    return server, Lying(ConnectionSettings.of(server), SignIn("admin", Secret(PASSWORD)))


async def test_a_record_that_others_made_is_never_taken_for_one_of_the_run(practice, store, lying, names):
    """A rule that takes another record in place of a new one made an undo remove that one."""
    old = practice.database.insert("sc_category", {"title": "Theirs", "active": True}, by="grace.hopper")
    server, instance = lying
    instance.table_name, instance.row = "sc_category", {"sys_id": old, "sys_created_by": "grace.hopper"}
    async with instance:
        with pytest.raises(RefusedError) as caught:
            await provisioning.apply(store, instance, server, names)
        assert "grace.hopper" in caught.value.problem.evidence
        (receipt,) = await Receipt.list_for_server(store, server)
        undone = await provisioning.undo(store, instance, server, receipt.id, overwrite=["all"])
    assert undone.removed == []
    assert practice.database.get("sc_category", old) is not None


async def test_one_record_is_never_taken_for_two_of_the_run(practice, store, lying, names):
    server, instance = lying
    instance.table_name, instance.row = "item_option_new", {"sys_id": "a" * 32}
    async with instance:
        with pytest.raises(RunStoppedError):
            await provisioning.apply(store, instance, server, names)
    (receipt,) = await Receipt.list_for_server(store, server)
    assert [step.sys_id for step in receipt.live].count("a" * 32) == 1


async def test_a_record_without_an_id_is_no_record():
    """Whatever was done with it next was done with the table: DELETE …/sc_category/."""
    async with (
        RawServer(lambda _: json_reply('{"result": {"name": "x"}}')) as server,
        at(server.url) as instance,
    ):
        with pytest.raises(ConsoleError) as caught:
            await instance.table("sc_category").insert({"name": "x"})
    assert_five_parts(caught.value, "reply-malformed")


class Folding(ServiceNowClient):
    """Reads like a database to which accents, capitals and blanks at the end are nothing."""

    table_name, column, written = "", "", str

    async def get(self, path, **rest):
        response = await super().get(path, **rest)
        if path.endswith(f"/{self.table_name}"):
            told = json.loads(response.content)
            for row in told["result"]:
                if self.column not in row:  # another list of the table, without the column
                    continue
                row[self.column] = self.written(row[self.column])
            response._content = json.dumps(told).encode()
        return response


@pytest.fixture
def folding(store, stock):
    configuration = Configuration(store)
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="Folding", base_url=stock.base_url)
    )
    return server, Folding(ConnectionSettings.of(server), SignIn("admin", Secret(PASSWORD)))


@pytest.mark.parametrize(
    ("written", "kept"),
    [(lambda name: f"{name}  ", True), (str.upper, True), (lambda name: name.replace("e", "é"), False)],
    ids=["blanks", "capitals", "accents"],
)
async def test_a_name_that_a_database_takes_for_the_one_asked_for_ends_no_plan(
    store, folding, names, written, kept
):
    """Such a row ended the plan with a crash."""
    server, instance = folding
    instance.table_name, instance.column, instance.written = "sys_web_service", "name", written
    async with instance:
        plan = await provisioning.plan(store, instance, server, names)
    services = [change for change in plan.changes if change.table == "sys_web_service"]
    assert {change.operation for change in services} == {"keep" if kept else "create"}


async def test_a_parameter_of_another_service_ends_a_plan_with_the_reason(store, folding, names):
    server, instance = folding
    instance.table_name, instance.written = INPUT_TABLE, str.upper
    instance.column = "web_service"
    async with instance:
        with pytest.raises(ConsoleError) as caught:
            await provisioning.plan(store, instance, server, names)
    assert_five_parts(caught.value, "query-ignored")
