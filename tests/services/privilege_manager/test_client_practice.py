"""The client against the practice server: every documented call, and the faults that it simulates."""

import pytest

from services.common.errors import ConsoleError
from services.practice.privilege_manager import PracticePrivilegeManager
from services.practice.privilege_manager.options import PracticeOptions
from services.practice.privilege_manager.sessions import USERS
from services.privilege_manager import Operation
from services.privilege_manager.api_items import FilterRole
from services.privilege_manager.api_replies import incomplete_error
from services.privilege_manager.client import PolicyAction, PolicyFilter
from services.privilege_manager.reports import ITEM_ID_COLUMN
from tests.services.privilege_manager.client_support import ACTION, connect

AGENT_INSTALLATIONS = "85fedb4c-5110-4291-8de9-907294ab10bb"


@pytest.fixture
async def practice():
    async with PracticePrivilegeManager(PracticeOptions(whole_items=True), computers=3) as server:
        yield server


@pytest.fixture
async def client(practice):
    async with connect(practice.base_url, practice.client_id, practice.client_secret) as opened:
        yield opened


async def fault_of(work):
    with pytest.raises(ConsoleError) as raised:
        await work
    return raised.value.problem


async def test_the_swagger_document_has_every_operation(client):
    description = await client.operations()
    assert description.missing == ()
    assert description.title
    assert await client.operations() is description, "read once"
    again = await client.operations(again=True)
    assert again is not description
    assert again.fingerprint == description.fingerprint


async def test_the_version_is_read(client, practice):
    assert await client.version() == practice.options.version


async def test_items_are_listed_and_read_one_by_one(client):
    for listed, read in (
        (await client.actions(), client.action),
        (await client.policies(), client.policy),
        (await client.filters(), client.filter),
    ):
        assert listed.complete
        assert listed.total == len(listed) > 0
        first = listed.items[0]
        assert first.name
        assert (await read(first.item_id.upper())).item_id == first.item_id
        assert listed.find(first.item_id.upper()) is first


async def test_an_action_tells_its_command_line_and_contract(client):
    lines = [one.command_line for one in await client.actions() if one.command_line]
    assert any("approvalTypeId" in line for line in lines)


async def test_a_policy_goes_from_creation_to_active(client):
    actions, filters = await client.actions(), await client.filters()
    policy_id = await client.create_policy("Elevate installers", "For a test", "windows")
    made = await client.policy(policy_id)
    assert (made.name, made.active, made.action_ids) == ("Elevate installers", False, ())
    action, target = actions.items[0].item_id, filters.items[0].item_id
    await client.add_actions(policy_id, [PolicyAction(action), PolicyAction(action, is_child=True)])
    await client.add_filters(policy_id, [PolicyFilter(target, role) for role in FilterRole])
    await client.set_active(policy_id, active=True)
    full = await client.policy(policy_id)
    assert full.active is True
    assert full.action_ids == full.child_action_ids == (action,)
    assert full.filter_ids == dict.fromkeys(FilterRole, (target,))
    await client.remove_actions(policy_id, [PolicyAction(action)])
    await client.remove_filters(policy_id, [PolicyFilter(target, FilterRole.INCLUSION)])
    await client.set_active(policy_id, active=False)
    left = await client.policy(policy_id)
    assert (left.active, left.action_ids, left.child_action_ids) == (False, (), (action,))
    assert left.filter_ids[FilterRole.INCLUSION] == ()
    assert left.filter_ids[FilterRole.EXCLUSION] == (target,)


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("member", ["Rows", "Data"])
async def test_a_report_is_read_by_the_names_of_its_columns(wrapped, member):
    options = PracticeOptions(wrap_reports=wrapped, rows_member=member)
    async with (
        PracticePrivilegeManager(options, computers=3) as practice,
        connect(practice.base_url, practice.client_id, practice.client_secret) as client,
    ):
        report = await client.run_report(AGENT_INSTALLATIONS)
        assert report.columns[0].name == ITEM_ID_COLUMN
        assert report.columns[0].hidden
        names = report.values("computer name")
        assert len(names) == len(report.rows) >= 3
        assert [record["Computer Name"] for record in report.records()] == list(names)
        assert report.values("Nothing of this name") is None


async def test_the_schema_of_answers_is_resolved(client, practice):
    schema = await client.approval_schema()
    approval = practice.options.approval
    assert schema.name == approval.definition
    assert {approval.approval_id, approval.response} == schema.required
    assert schema.properties[approval.response].enum == ("Approve", "Deny")
    assert schema.properties[approval.duration].type == "integer"


async def test_a_change_of_the_approval_operation_is_noticed(client, practice):
    before = await client.operations()
    practice.faults.set("schema_changed")
    after = await client.operations(again=True)
    assert before.fingerprint != after.fingerprint
    own = Operation.SEND_ANSWER
    assert before.operations[own].fingerprint != after.operations[own].fingerprint
    assert (
        before.operations[Operation.RUN_TASK].fingerprint == after.operations[Operation.RUN_TASK].fingerprint
    )


async def test_the_token_is_given_back(practice):
    async with connect(practice.base_url, practice.client_id, practice.client_secret) as client:
        await client.version()
        assert practice.sessions.open_sessions == 1
    assert practice.sessions.open_sessions == 0


async def test_a_wrong_secret_is_named_and_sent_once(practice):
    async with connect(practice.base_url, practice.client_id, "wrong") as client:
        for _ in range(3):
            assert (await fault_of(client.version())).fault == "privilege-manager-log-on-refused"
    assert len([call for call in practice.log if "logon" in call.path]) == 1


async def test_an_expired_token_is_replaced_in_the_middle(client, practice):
    await client.actions()
    practice.sessions.end_all()
    assert len(await client.policies())


async def test_a_reader_may_not_change(practice):
    reader = practice.client(USERS)
    async with connect(practice.base_url, reader.client_id, reader.secret) as client:
        assert len(await client.actions())
        problem = await fault_of(client.create_policy("X", "", "macos"))
    assert problem.fault == "privilege-manager-forbidden"


SIMULATED = {
    "forbidden": "privilege-manager-forbidden",
    "html_500": "privilege-manager-server-error",
    "status_error": "privilege-manager-status-error",
    "call_lost": "connection-lost",
    "answer_lost": "connection-lost",
    "cut_body": "privilege-manager-reply-malformed",
    "not_json": "privilege-manager-reply-malformed",
    "rate_limited": "rate-limited",
    "redirect_elsewhere": "redirect-elsewhere",
    "login_redirect": "login-page",
    "foreign_page": "html-instead-of-data",
    "api_disabled": "privilege-manager-forbidden",
}


@pytest.mark.parametrize(("simulated", "fault"), SIMULATED.items(), ids=list(SIMULATED))
async def test_a_simulated_fault_is_named(client, practice, simulated, fault):
    await client.operations()
    if simulated == "rate_limited":
        practice.faults.set(simulated, seconds=60)
    else:
        practice.faults.set(simulated)
    problem = await fault_of(client.policies())
    assert problem.fault == fault, problem.as_text()
    practice.faults.clear()


async def test_a_switched_off_api_takes_no_log_on(practice):
    practice.faults.set("api_disabled")
    async with connect(practice.base_url, practice.client_id, practice.client_secret) as client:
        problem = await fault_of(client.version())
    assert problem.fault == "privilege-manager-api-unavailable"
    practice.faults.clear()


async def test_a_short_list_is_incomplete(client, practice):
    practice.faults.set("list_truncated")
    found = await client.filters()
    assert not found.complete
    assert incomplete_error(found, "List").problem.fault == "privilege-manager-list-incomplete"
    assert incomplete_error(await client.actions(), "List") is not None


async def test_items_without_ids_are_counted(client, practice):
    practice.faults.set("ids_missing")
    found = await client.actions()
    assert (len(found), found.complete) == (0, False)
    assert found.unreadable == found.total


async def test_members_that_are_missing_are_unknown(client, practice):
    practice.faults.set("members_missing")
    policy = (await client.policies()).items[0]
    assert policy.active is policy.priority is policy.action_ids is policy.child_action_ids is None
    assert set(policy.filter_ids.values()) == {None}


async def test_an_unknown_item_is_not_found(client):
    assert (await fault_of(client.action(ACTION))).fault == "privilege-manager-not-found"
