"""Applying plans: every call, every lost answer, changes in between, undo; on every database."""

import asyncio

import pytest
from sqlmodel import select

from models.action import Platform
from models.approval_request import ApprovalRequest
from models.audit_entry import AuditEntry
from models.kinds import TaskState
from models.policy import Policy
from services.common.errors import ConsoleError, RequestsOpenError
from services.policies import RowOperation, goal_for_policy, undo
from services.policies.plan import PlanField
from services.policies.policy_goal import WantedFilter
from services.policies.problems import PolicyBusyError, PolicyRunStoppedError
from services.policies.runs import StepState, find_run, hold_policy, list_runs
from services.practice.privilege_manager import built_in_ids as ids
from services.privilege_manager.api_items import FilterRole
from tests.services.policies.conftest import ELEVATE, FORM, FULL_GOAL, LOCALIZED, NEW, goal

pytestmark = pytest.mark.every_database
RIGHTS = "Add Administrative Rights"


def states(run):
    return [(step.kind.value, step.state.value) for step in run.steps]


def audited(world, operation):
    with world.store.read() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.operation == operation)))


async def test_a_policy_is_created_filled_and_switched_on(world):
    done = await world.apply(FULL_GOAL)
    assert done.ok
    assert done.run.differences == []
    made = world.policy(NEW)
    assert made.members["Enabled"] is True
    assert made.members["Description"] == "Asks first"
    assert world.actions_of(NEW) == [FORM, LOCALIZED]
    assert [one.split("/")[-1] for one in world.written()] == ["new", "add-actions", "true"]
    assert states(done.run) == [("create", "done"), ("add", "done"), ("status", "done")]
    assert find_run(world.store, done.run.id).as_dict() == done.run.as_dict()
    (entry,) = audited(world, "apply policy")
    assert entry.object_name == NEW
    assert "3 calls written, verified" in entry.detail


async def test_applying_twice_changes_nothing_the_second_time(world):
    await world.apply(FULL_GOAL)
    before = len(world.written())
    again = await world.apply(FULL_GOAL)
    assert again.ok
    assert again.run is None
    assert len(world.written()) == before
    assert len(list_runs(world.store, world.server.id)) == 1


async def test_a_policy_is_switched_off_before_its_actions_go(world):
    done = await world.apply(goal(ELEVATE, remove_actions=[RIGHTS], active=False))
    assert done.ok
    assert [one.split("/")[-1] for one in world.written()] == ["false", "remove-actions"]
    assert world.actions_of(ELEVATE) == []


async def test_a_stored_policy_keeps_the_id_that_was_found(world):
    action = world.save_action(FORM)
    stored = world.save_policy(name=NEW, actions=[action], active=True)
    done = await world.apply(goal_for_policy(world.store, stored))
    assert done.ok
    assert world.workspace.configuration.get(Policy, stored.id).item_id == world.policy(NEW).id
    assert audited(world, "apply policy")[0].object_id == stored.id


async def test_what_is_blocked_is_left_and_the_rest_is_done(world):
    world.practice.faults.read("operation_missing:which=set_active")
    done = await world.apply(FULL_GOAL)
    assert not done.ok
    assert done.run.verified
    assert world.actions_of(NEW) == [FORM, LOCALIZED]
    assert world.policy(NEW).members["Enabled"] is False


@pytest.mark.parametrize(
    "change",
    [
        lambda item: item.members.update(Enabled=False),
        lambda item: item.members.update(Priority=11),
        lambda item: item.members.update(ApplicationActionIds=[]),
        lambda item: item.members.update(
            ApplicationActionIds=[ids.ADD_ADMINISTRATIVE_RIGHTS, ids.APPROVAL_FORM]
        ),
        lambda item: item.members.update(DefaultResourceTargetIds=[]),
        lambda item: item.members.update(NegativeFileFilterIds=[ids.ADMINISTRATIVE_RIGHTS_REQUIRED]),
    ],
)
async def test_a_policy_that_changed_since_the_plan_is_not_written(world, change):
    service = await world.service()
    plan = await service.plan(goal(ELEVATE, add_actions=[LOCALIZED]))
    change(world.policy(ELEVATE))
    done = await service.apply(plan)
    assert not done.ok
    assert done.run is None
    assert [row.operation for row in done.plan.problems].count(RowOperation.CONFLICT) >= 1
    assert world.written() == []
    assert list_runs(world.store, world.server.id) == []


async def test_a_policy_that_appeared_since_the_plan_is_not_created_again(world):
    service = await world.service()
    plan = await service.plan(FULL_GOAL)
    world.add_policy(NEW)
    done = await service.apply(plan)
    assert not done.ok
    assert world.written() == []


async def test_a_policy_that_is_gone_since_the_plan_is_not_created_instead(world):
    service = await world.service()
    plan = await service.plan(goal(ELEVATE, create=Platform.WINDOWS, add_actions=[FORM]))
    world.items.remove(world.policy(ELEVATE).id)
    done = await service.apply(plan)
    assert not done.ok
    assert world.written() == []


async def test_what_the_server_does_not_keep_is_reported_with_both_values(world):
    world.practice.faults.read("not_written:operation=set_active")
    done = await world.apply(goal(ELEVATE, add_actions=[FORM], active=False))
    assert not done.ok
    assert [one.as_dict() for one in done.run.differences] == [
        {"field": "status", "expected": "inactive", "actual": "active"}
    ]
    world.practice.faults.clear()
    world.practice.faults.read("not_written:operation=add_actions")
    done = await world.apply(goal(ELEVATE, add_actions=[LOCALIZED]))
    assert [one.as_dict() for one in done.run.differences] == [
        {"field": "actions", "expected": LOCALIZED, "actual": ""}
    ]


WRITES = ["create_policy", "add_actions", "set_active"]


@pytest.mark.parametrize("operation", WRITES)
async def test_an_answer_that_is_lost_after_the_call_was_executed(world, operation):
    world.practice.faults.read(f"answer_lost:operation={operation},times=1")
    done = await world.apply(FULL_GOAL)
    assert done.ok
    assert len(world.policies(NEW)) == 1
    assert world.actions_of(NEW) == [FORM, LOCALIZED]
    assert [one.split("/")[-1] for one in world.written()] == ["new", "add-actions", "true"]


@pytest.mark.parametrize("operation", WRITES[1:])
async def test_a_call_that_was_lost_is_repeated_after_reading(world, operation):
    world.practice.faults.read(f"call_lost:operation={operation},times=1")
    done = await world.apply(FULL_GOAL)
    assert done.ok
    repeated = "add-actions" if operation == "add_actions" else "true"
    assert [one.split("/")[-1] for one in world.written()].count(repeated) == 2
    assert ("add" if operation == "add_actions" else "status", "void") in states(done.run)


async def test_what_the_server_does_not_tell_after_a_lost_answer_stays_in_doubt(world):
    """The answer of a removal is lost, and the policy comes without its actions then: neither done nor void."""
    service = await world.service()
    plan = await service.plan(goal(ELEVATE, remove_actions=[RIGHTS]))
    remove = service.client.remove_actions

    async def lose(policy_id, actions):
        world.practice.faults.read("members_missing")
        await remove(policy_id, actions)

    service.client.remove_actions = lose
    world.practice.faults.read("call_lost:operation=remove_actions,times=1")
    with pytest.raises(PolicyRunStoppedError) as raised:
        await service.apply(plan)
    assert states(find_run(world.store, raised.value.run_id)) == [("remove", "doing")]
    assert world.actions_of(ELEVATE) == [RIGHTS]


async def test_a_lost_create_is_not_repeated_in_the_same_run(world):
    world.practice.faults.read("call_lost:operation=create_policy,times=1")
    with pytest.raises(PolicyRunStoppedError) as raised:
        await world.apply(FULL_GOAL)
    assert world.policies(NEW) == []
    assert raised.value.problem.fault == "connection-lost"
    done = await world.apply(FULL_GOAL)
    assert done.ok
    assert len(world.policies(NEW)) == 1


async def test_a_create_that_is_carried_out_late_is_waited_for(world):
    service = await world.service(create_settles_s=8.0)
    plan = await service.plan(FULL_GOAL)
    world.practice.faults.read("call_lost:operation=create_policy,times=1")
    applying = asyncio.create_task(service.apply(plan))
    while not any(one.endswith("new") for one in world.written()):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)
    world.add_policy(NEW)
    done = await applying
    assert done.ok
    assert len(world.policies(NEW)) == 1


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("fault", ["forbidden", "html_500", "status_error"])
async def test_a_call_that_fails_stops_the_run_which_goes_on_later(world, operation, fault):
    world.practice.faults.read(f"{fault}:operation={operation}")
    with pytest.raises(PolicyRunStoppedError) as raised:
        await world.apply(FULL_GOAL)
    run = find_run(world.store, raised.value.run_id)
    assert run.row.state == TaskState.FAILED
    assert all(step.state is not StepState.DOING for step in run.steps)
    world.practice.faults.clear()
    done = await world.apply(FULL_GOAL)
    assert done.ok
    assert len(world.policies(NEW)) == 1
    if operation != "create_policy":
        assert done.run.id == run.id, "the run that stopped is gone on with"


async def test_a_server_that_does_not_answer_while_it_is_read_back(world):
    service = await world.service()
    plan = await service.plan(FULL_GOAL)
    original = service.client.set_active

    async def switch(policy_id, *, active):
        await original(policy_id, active=active)
        world.practice.faults.read("html_500:operation=policies")

    service.client.set_active = switch
    with pytest.raises(PolicyRunStoppedError) as raised:
        await service.apply(plan)
    world.practice.faults.clear()
    run = find_run(world.store, raised.value.run_id)
    done = await service.go_on(run)
    assert done.ok
    assert done.run.id == run.id


async def test_only_one_at_a_time_has_a_policy_in_hand(world):
    service = await world.service()
    plan = await service.plan(FULL_GOAL)
    async with hold_policy(world.store, world.server, NEW.upper()):
        with pytest.raises(PolicyBusyError):
            await service.apply(plan)
    results = await asyncio.gather(*(service.apply(plan) for _ in range(4)), return_exceptions=True)
    assert len(world.policies(NEW)) == 1
    assert sum(isinstance(one, PolicyBusyError) for one in results) == 3
    assert (await service.apply(await service.plan(FULL_GOAL))).ok


class TestUndo:
    """Taking a run back."""

    async def test_actions_and_status_are_restored(self, world):
        done = await world.apply(goal(ELEVATE, add_actions=[FORM], remove_actions=[RIGHTS], active=False))
        back = await undo(await world.service(), done.run.id)
        assert back.ok
        assert world.actions_of(ELEVATE) == [RIGHTS]
        assert world.policy(ELEVATE).members["Enabled"] is True
        assert [step.kind for step in back.restored] == ["remove", "add", "status"]
        assert len(audited(world, "undo policy")) == 1
        again = await undo(await world.service(), done.run.id)
        assert again.restored == ()

    async def test_a_created_policy_stays_and_is_inactive(self, world):
        done = await world.apply(FULL_GOAL)
        back = await undo(await world.service(), done.run.id)
        assert back.ok
        assert [step.kind for step in back.left] == ["create"]
        assert world.actions_of(NEW) == []
        assert world.policy(NEW).members["Enabled"] is False

    async def test_what_others_changed_since_is_left(self, world):
        done = await world.apply(goal(ELEVATE, add_actions=[FORM], active=False))
        world.policy(ELEVATE).members["Enabled"] = True
        back = await undo(await world.service(), done.run.id)
        assert not back.ok
        assert [step.kind for step in back.left] == ["status"]
        assert world.actions_of(ELEVATE) == [RIGHTS]

    @pytest.mark.parametrize("fault", ["answer_lost", "call_lost"])
    @pytest.mark.parametrize("operation", ["remove_actions", "set_active"])
    async def test_a_lost_answer_is_looked_up(self, world, fault, operation):
        done = await world.apply(goal(ELEVATE, add_actions=[FORM], active=False))
        world.practice.faults.read(f"{fault}:operation={operation},times=1")
        back = await undo(await world.service(), done.run.id)
        assert back.ok
        assert world.actions_of(ELEVATE) == [RIGHTS]
        assert world.policy(ELEVATE).members["Enabled"] is True

    async def test_an_undo_that_stopped_goes_on(self, world):
        done = await world.apply(goal(ELEVATE, add_actions=[FORM], active=False))
        world.practice.faults.read("forbidden:operation=remove_actions")
        with pytest.raises(PolicyRunStoppedError):
            await undo(await world.service(), done.run.id)
        world.practice.faults.clear()
        assert (await undo(await world.service(), done.run.id)).ok
        assert world.actions_of(ELEVATE) == [RIGHTS]

    async def test_a_run_of_another_address_is_refused(self, world):
        done = await world.apply(goal(ELEVATE, add_actions=[FORM]))
        service = await world.service()
        service.server.base_url = "https://pm.example.com/TMS/"
        with pytest.raises(ConsoleError) as raised:
            await undo(service, done.run.id)
        assert raised.value.problem.fault == "policy-run-elsewhere"
        with pytest.raises(ConsoleError) as raised:
            await undo(service, "nonsense")
        assert raised.value.problem.fault == "policy-run-unknown"


class TestOpenRequests:
    """Requests that hang on a policy."""

    @pytest.fixture
    def raised(self, world):
        policy = world.policy(ELEVATE)
        with world.store.write() as work:
            for values in (
                {"policy_id": policy.id, "state": "pending"},
                {"policy_id": "{" + policy.id.upper() + "}", "state": "submitting"},
                {"policy_name": ELEVATE, "state": "pending"},
                {"policy_id": policy.id, "state": "approved"},
                {"policy_id": ids.fixed_id("other"), "policy_name": ELEVATE, "state": "pending"},
            ):
                work.insert(ApprovalRequest(**values))

    @pytest.mark.parametrize("change", [{"active": False}, {"remove_actions": [RIGHTS]}])
    async def test_their_number_is_asked_for(self, world, raised, change):
        with pytest.raises(RequestsOpenError) as error:
            await world.apply(goal(ELEVATE, **change), confirmed=2)
        assert error.value.open.count == 3
        assert world.written() == []
        assert (await world.apply(goal(ELEVATE, **change), confirmed=3)).ok

    async def test_adding_needs_no_number_but_its_undo_does(self, world, raised):
        done = await world.apply(goal(ELEVATE, add_actions=[FORM]))
        assert done.ok
        with pytest.raises(RequestsOpenError):
            await undo(await world.service(), done.run.id)
        assert (await undo(await world.service(), done.run.id, confirmed=3)).ok

    async def test_a_name_with_other_letters_than_ascii_is_counted(self, world):
        world.add_policy("Änderungen zulassen", Enabled=True)
        with world.store.write() as work:
            work.insert(ApprovalRequest(policy_name="Änderungen zulassen", state="pending"))
            work.insert(ApprovalRequest(policy_name="ÄNDERUNGEN ZULASSEN", state="pending"))
        with pytest.raises(RequestsOpenError) as error:
            await world.apply(goal("Änderungen zulassen", active=False), confirmed=1)
        assert error.value.open.count == 2


async def test_filters_are_added_removed_and_taken_back(world):
    policy = world.policy(ELEVATE)
    was = policy.ids("NegativeFileFilterIds")
    wanted = WantedFilter(ids.ADMINISTRATIVE_RIGHTS_REQUIRED, FilterRole.EXCLUSION)
    done = await world.apply(goal(ELEVATE, add_filters=(wanted,)))
    assert done.ok
    assert [one.split("/")[-1] for one in world.written()] == ["add-filters"]
    assert policy.ids("NegativeFileFilterIds") == [*was, wanted.item_id]
    assert states(find_run(world.store, done.run.id)) == [("add_filters", "done")]
    back = await undo(await world.service(), done.run.id)
    assert back.ok
    assert policy.ids("NegativeFileFilterIds") == was
    plan = await world.plan(goal(ELEVATE, remove_filters=(wanted,)))
    assert plan.changes == ()


async def test_filters_wait_for_the_operation_of_the_server(world):
    world.practice.faults.read("operation_missing:which=add_filters")
    wanted = WantedFilter(ids.ADMINISTRATIVE_RIGHTS_REQUIRED, FilterRole.EXCLUSION)
    [row] = (await world.plan(goal(ELEVATE, add_filters=(wanted,)))).problems
    assert row.operation is RowOperation.BLOCKED
    assert row.field is PlanField.FILTER
