"""Endpoints: which task is started, and what reports tell of computers, missing columns named."""

import json

import pytest
from sqlmodel import select

from models.audit_entry import AuditEntry
from services.common.errors import ConsoleError
from services.policies.endpoints import (
    TARGETING_TASK,
    Endpoints,
    EndpointSettings,
    load_endpoint_settings,
    save_endpoint_settings,
)
from services.practice.privilege_manager import built_in_ids as ids
from tests.services.policies.conftest import ELEVATE
from tests.services.privilege_manager.client_support import TASK, result, scripted, swagger_of

TASKS = "/api/v1/tasks/GetAll"


@pytest.fixture
async def endpoints(world):
    return Endpoints(world.store, world.server, (await world.service()).client)


async def test_without_an_id_the_task_is_not_guessed(world, endpoints):
    with pytest.raises(ConsoleError) as raised:
        await endpoints.update()
    assert raised.value.problem.fault == "policy-targeting-task-unknown"
    assert "--task" in raised.value.problem.remedy
    assert world.practice.state.task_runs == []


async def test_an_id_that_the_server_takes_is_stored(world, endpoints):
    await endpoints.update(ids.TARGETING_TASK.upper())
    done = await endpoints.update()
    assert done.found_by == "setting"
    assert [one.task_id for one in world.practice.state.task_runs] == [ids.TARGETING_TASK] * 2
    assert world.practice.state.task_runs[0].name == f"{TARGETING_TASK} (ada)"
    with world.store.read() as session:
        entries = list(session.exec(select(AuditEntry).where(AuditEntry.operation == "set endpoint items")))
    assert len(entries) == 1


@pytest.mark.parametrize("given", [ids.fixed_id("unknown"), "no guid"])
async def test_an_id_that_the_server_refuses_is_not_stored(world, endpoints, given):
    with pytest.raises(ConsoleError):
        await endpoints.update(given)
    assert load_endpoint_settings(world.store, world.server.id).task_id == ""


async def test_a_missing_operation_and_a_refused_task_are_said(world, endpoints):
    save_endpoint_settings(world.store, world.server, EndpointSettings(ids.TARGETING_TASK, ""))
    world.practice.faults.read("task_refused")
    with pytest.raises(ConsoleError) as raised:
        await endpoints.update()
    assert raised.value.problem.fault == "privilege-manager-status-error"
    world.practice.faults.read("operation_missing:which=run_task")
    await endpoints.client.operations(again=True)
    with pytest.raises(ConsoleError) as raised:
        await endpoints.update()
    assert raised.value.problem.fault == "privilege-manager-operation-missing"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([TARGETING_TASK.upper(), "Other"], True),
        (["Other"], False),
        ([TARGETING_TASK, TARGETING_TASK], False),
    ],
)
async def test_the_task_is_found_by_name_where_the_server_lists_tasks(world, names, found):
    document = swagger_of()
    document["paths"][TASKS] = {"get": {"responses": {}}}
    last = f"{TASK[:-1]}0"

    def answer(asked):
        if asked.path.endswith("/tasks/GetAll"):
            rows = [{"ItemId": one, "Name": name} for one, name in zip((TASK, last), names, strict=False)]
            return result(rows, len(rows))
        return result({"ItemId": TASK})

    async with scripted(answer, document) as (api, client):
        updating = Endpoints(world.store, world.server, client).update()
        if not found:
            with pytest.raises(ConsoleError) as raised:
                await updating
            assert raised.value.problem.fault == "policy-targeting-task-unknown"
            return
        assert (await updating).found_by == "name"
        assert api.calls[-1].path.partition("?")[0].endswith(TASK)
        assert json.loads(api.calls[-1].body) == []
    assert load_endpoint_settings(world.store, world.server.id).task_id == TASK


async def test_what_no_report_tells_is_said(endpoints):
    found = await endpoints.status()
    assert found.agents == 5
    assert found.computers is None
    assert len(found.not_told) == 1
    assert "Enter the id" in found.not_told[0]


async def test_the_computers_of_a_policy(world, endpoints):
    await endpoints.update(ids.TARGETING_TASK)
    policy = world.policy(ELEVATE)
    found = await endpoints.status({policy.id: ELEVATE}, ids.POLICY_COMPUTERS_REPORT)
    assert found.ok
    assert max(one.computer for one in found.computers) == "WS-027"
    assert {one.policy for one in found.computers} == {ELEVATE}
    assert all(one.updated for one in found.computers)
    assert (await endpoints.status()).computers == found.computers, "the id of the report is stored"
    assert (await endpoints.status({ids.fixed_id("other"): "Other"})).computers == ()


async def test_missing_columns_are_named(endpoints):
    found = await endpoints.status(None, ids.AGENT_INSTALLATIONS_REPORT)
    assert found.computers is None
    assert found.policy_report.missing_columns[0].startswith("_PolicyId")
    assert "Computer Name" in found.policy_report.columns
    assert "Policy Name" in found.not_told[0]


async def test_a_report_that_cannot_be_run_is_a_finding(world, endpoints):
    world.practice.faults.read("html_500:operation=run_report")
    found = await endpoints.status(None, ids.POLICY_COMPUTERS_REPORT)
    assert found.agents is None
    assert found.agent_report.problem.fault == "privilege-manager-server-error"
    assert found.policy_report.problem is not None
    assert len(found.not_told) == 2
    assert load_endpoint_settings(world.store, world.server.id).report_id == ""


async def test_without_reports_nothing_can_be_said(world, endpoints):
    world.practice.faults.read("operation_missing:which=run_report")
    with pytest.raises(ConsoleError) as raised:
        await endpoints.status()
    assert raised.value.problem.fault == "privilege-manager-operation-missing"


def test_ids_of_a_server_at_another_address_are_not_used(world):
    save_endpoint_settings(world.store, world.server, EndpointSettings("a", "b"))
    assert load_endpoint_settings(world.store, world.server.id) == EndpointSettings("a", "b")
    world.server.base_url = "https://moved.example.com/TMS/"
    world.workspace.configuration.save(world.server)
    assert load_endpoint_settings(world.store, world.server.id) == EndpointSettings()
