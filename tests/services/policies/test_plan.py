"""Plans for policies: what would change, what stands in the way, and what to know before."""

import uuid

import pytest

from models.action import Platform
from models.action_progress import ActionProgress
from models.kinds import Kind
from services.policies import RowOperation, WarningKind, goal_for_policy
from services.policies.plan import PlanField
from services.practice.privilege_manager import PracticeOptions
from services.practice.privilege_manager import built_in_ids as ids
from tests.services.policies.conftest import ELEVATE, FORM, LOCALIZED, NEW, goal


def rows(plan, field):
    return [(row.operation, row.before, row.after) for row in plan.rows if row.field is field]


def kinds(plan):
    return [one.kind for one in plan.warnings]


async def test_a_new_policy_with_an_action_that_is_switched_on(world):
    plan = await world.plan(goal(create=Platform.WINDOWS, add_actions=[FORM], active=True))
    assert rows(plan, PlanField.POLICY) == [("create", "", NEW)]
    assert rows(plan, PlanField.ACTIONS) == [("add", "", FORM)]
    assert rows(plan, PlanField.STATUS) == [("update", "", "active")]
    assert (len(plan.changes), plan.calls, plan.problems) == (3, 4, ())
    assert [row.before_text for row in plan.rows if row.field is PlanField.TARGETS] == ["None"]
    assert [row.after_text for row in plan.rows if row.field is PlanField.TARGETS] == ["Cannot be read"]
    assert world.written() == []


async def test_what_is_there_is_kept_and_shown(world):
    plan = await world.plan(goal(ELEVATE.upper(), add_actions=[FORM.lower()]))
    assert rows(plan, PlanField.POLICY) == [("keep", ELEVATE, ELEVATE)]
    assert rows(plan, PlanField.ACTIONS) == [
        ("keep", "Add Administrative Rights", "Add Administrative Rights"),
        ("add", "", FORM),
    ]
    assert rows(plan, PlanField.CHILD_ACTIONS) == [("keep", "", "")]
    assert rows(plan, PlanField.STATUS) == [("keep", "active", "active")]
    assert rows(plan, PlanField.PRIORITY) == [("keep", "10", "10")]
    assert rows(plan, PlanField.TARGETS) == [("keep", ids.WINDOWS_TARGET, ids.WINDOWS_TARGET)]
    assert rows(plan, PlanField.CONDITIONS) == [
        ("keep", "1 application target, 1 inclusion", "1 application target, 1 inclusion")
    ]
    assert plan.calls == 2
    assert plan.as_dict()["summary"]["keep"] == 7


async def test_a_policy_and_an_action_can_be_named_by_id(world):
    policy = world.policy(ELEVATE)
    plan = await world.plan(goal("{" + policy.id.upper() + "}", add_actions=[ids.APPROVAL_FORM.upper()]))
    assert plan.policy_name == ELEVATE
    assert rows(plan, PlanField.ACTIONS)[1] == ("add", "", FORM)


async def test_only_named_actions_are_removed(world):
    world.policy(ELEVATE).members["ApplicationActionIds"] += [ids.APPROVAL_FORM, ids.APPROVAL_FORM_LOCALIZED]
    plan = await world.plan(goal(ELEVATE, remove_actions=[FORM, "Never there"]))
    assert rows(plan, PlanField.ACTIONS) == [
        ("keep", "Add Administrative Rights", "Add Administrative Rights"),
        ("remove", FORM, ""),
        ("keep", LOCALIZED, LOCALIZED),
        ("keep", "", ""),
    ]
    assert plan.rows[4].why.startswith("Never there")


async def test_an_action_of_a_name_that_two_have_is_a_conflict(world):
    for number in (1, 2):
        copy = world.items.export(ids.APPROVAL_FORM)
        assert copy
        made = world.items.get(ids.APPROVAL_FORM)
        world.items.add(
            type(made)(
                made.kind,
                {**made.members, "ItemId": ids.fixed_id(str(number)), "Name": "Twice"},
                made.type_name,
            )
        )
    plan = await world.plan(goal(ELEVATE, add_actions=["twice"], active=False))
    assert rows(plan, PlanField.ACTIONS)[1][0] == "conflict"
    assert ids.fixed_id("1") in plan.problems[0].why
    chosen = await world.plan(goal(ELEVATE, add_actions=[ids.fixed_id("1")]))
    assert not chosen.problems


async def test_two_policies_of_one_name_are_a_conflict(world):
    first, second = world.add_policy(NEW), world.add_policy(NEW.upper())
    plan = await world.plan(goal(NEW, create=Platform.WINDOWS, add_actions=[FORM], active=True))
    assert [row.operation for row in plan.rows[:2]] == [RowOperation.CONFLICT, RowOperation.BLOCKED]
    assert first.id in plan.rows[0].why
    assert second.id in plan.rows[0].why
    assert not plan.changes
    assert not (await world.plan(goal(first.id, add_actions=[FORM]))).problems


async def test_an_action_that_is_not_imported_blocks_itself_and_the_status(world):
    plan = await world.plan(goal(create=Platform.WINDOWS, add_actions=["Not imported"], active=True))
    assert rows(plan, PlanField.ACTIONS) == [("blocked", "", "Not imported")]
    assert rows(plan, PlanField.STATUS) == [("blocked", "", "active")]
    assert [row.operation for row in plan.changes] == ["create"]


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ("create_policy", PlanField.POLICY),
        ("add_actions", PlanField.ACTIONS),
        ("set_active", PlanField.STATUS),
        ("policies", PlanField.POLICY),
        ("actions", PlanField.ACTIONS),
    ],
)
async def test_a_missing_operation_blocks_what_needs_it(world, missing, field):
    world.practice.faults.read(f"operation_missing:which={missing}")
    plan = await world.plan(goal(create=Platform.WINDOWS, add_actions=[FORM], active=True))
    blocked = [row for row in plan.rows if row.field is field]
    assert [row.operation for row in blocked] == ["blocked"]
    assert blocked[0].why.startswith("This server's Swagger has no ")
    if missing == "set_active":
        assert [row.operation for row in plan.changes] == ["create", "add"]


@pytest.mark.parametrize("missing", ["remove_actions"])
async def test_removing_is_blocked_by_its_own_operation_only(world, missing):
    world.practice.faults.read(f"operation_missing:which={missing}")
    plan = await world.plan(goal(ELEVATE, add_actions=[FORM], remove_actions=["Add Administrative Rights"]))
    assert [(row.operation, row.item_id) for row in plan.rows if row.field is PlanField.ACTIONS] == [
        ("blocked", ids.ADD_ADMINISTRATIVE_RIGHTS),
        ("add", ids.APPROVAL_FORM),
    ]


@pytest.mark.parametrize(
    "missing", ["policy", "filters", "filter", "action", "version", "run_task", "run_report"]
)
async def test_other_missing_operations_block_nothing(world, missing):
    world.practice.faults.read(f"operation_missing:which={missing}")
    plan = await world.plan(goal(ELEVATE, add_actions=[FORM], active=False))
    assert not plan.problems


async def test_what_the_server_does_not_tell_cannot_be_read_and_is_not_written(world):
    world.practice.faults.read("members_missing")
    plan = await world.plan(goal(ELEVATE, add_actions=[FORM], active=False))
    assert {row.field for row in plan.problems} == {PlanField.ACTIONS, PlanField.STATUS}
    assert {row.before_text for row in plan.rows[1:]} == {"Cannot be read"}
    assert not plan.changes


async def test_an_action_that_is_named_twice_is_added_once(world):
    plan = await world.plan(goal(ELEVATE, add_actions=[FORM, ids.APPROVAL_FORM]))
    assert plan.ids(RowOperation.ADD) == (ids.APPROVAL_FORM,)


async def test_of_an_incomplete_list_no_policy_is_said_to_be_missing(world):
    world.practice.faults.read("list_truncated:operation=policies")
    plan = await world.plan(goal("Never there", active=True))
    assert plan.rows[0].operation is RowOperation.BLOCKED
    assert plan.rows[0].before is None


async def test_an_incomplete_list_of_policies_creates_nothing(world):
    world.practice.faults.read("list_truncated:operation=policies")
    plan = await world.plan(goal(create=Platform.WINDOWS))
    assert plan.rows[0].operation is RowOperation.BLOCKED
    assert WarningKind.LIST_INCOMPLETE in kinds(plan)


async def test_a_read_only_policy_is_blocked(world):
    plan = await world.plan(goal(ids.REMOVE_PROGRAMS_POLICY, add_actions=[FORM], active=True))
    assert plan.rows[0].operation is RowOperation.BLOCKED
    assert not plan.changes


async def test_a_missing_policy_that_is_not_to_be_created_is_a_conflict(world):
    plan = await world.plan(goal(add_actions=[FORM]))
    assert plan.rows[0].operation is RowOperation.CONFLICT
    assert not plan.changes


async def test_warnings_name_what_weakens_the_policy(world):
    world.add_policy("Without", DefaultResourceTargetIds=[])
    plan = await world.plan(goal("Without", add_actions=[FORM]))
    assert kinds(plan) == [WarningKind.INACTIVE, WarningKind.WITHOUT_TARGETS]
    assert kinds(await world.plan(goal("Without"))) == [
        WarningKind.INACTIVE,
        WarningKind.WITHOUT_ACTIONS,
        WarningKind.WITHOUT_TARGETS,
    ]


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({}, True),
        ({"Priority": 51}, False),
        ({"Priority": 50}, False),
        ({"Enabled": False}, False),
        ({"ApplicationActionIds": [ids.APPROVAL_FORM_LOCALIZED]}, False),
        ({"DefaultResourceTargetIds": [ids.MACOS_TARGET]}, False),
    ],
)
async def test_another_policy_that_comes_first_is_named(world, changes, warned):
    members = {"Enabled": True, "Priority": 25, "ApplicationActionIds": [ids.APPROVAL_FORM]}
    other = world.add_policy("Unsigned installers", **{**members, **changes})
    world.add_policy(NEW)
    plan = await world.plan(goal(add_actions=[FORM], active=True))
    found = [one for one in plan.warnings if one.kind is WarningKind.OTHER_FIRST]
    assert [one.about_id for one in found] == ([other.id] if warned else [])
    if warned:
        assert "Unsigned installers" in found[0].text
        assert "25" in found[0].text


async def test_another_platform_is_warned_about(world):
    plan = await world.plan(
        goal(ELEVATE, platform=Platform.MACOS, add_actions=["Application Approval Request Message Action"])
    )
    assert kinds(plan) == [WarningKind.OTHER_PLATFORM] * 2
    about = [one.about_id for one in plan.warnings]
    assert about == [world.policy(ELEVATE).id, ids.MACOS_MESSAGE]


class TestStoredPolicies:
    """Plans for a Policy of the store."""

    async def test_the_actions_of_the_console_that_it_does_not_list_are_removed(self, world):
        kept, gone = world.save_action(FORM), world.save_action(LOCALIZED)
        world.policy(ELEVATE).members["ApplicationActionIds"] += [ids.APPROVAL_FORM_LOCALIZED]
        policy = world.save_policy(name=ELEVATE, actions=[kept], active=True)
        plan = await world.plan(goal_for_policy(world.store, policy))
        assert rows(plan, PlanField.ACTIONS) == [
            ("keep", "Add Administrative Rights", "Add Administrative Rights"),
            ("remove", LOCALIZED, ""),
            ("add", "", FORM),
        ]
        assert gone.name == LOCALIZED

    async def test_it_is_found_by_its_id_after_it_was_renamed_there(self, world):
        there = world.policy(ELEVATE)
        policy = world.save_policy(name="My name for it", item_id=there.id, active=True)
        plan = await world.plan(goal_for_policy(world.store, policy))
        assert plan.policy_id == there.id
        assert plan.policy_name == ELEVATE

    async def test_an_id_that_is_gone_is_said(self, world):
        policy = world.save_policy(name=ELEVATE, item_id=ids.fixed_id("gone"), active=True)
        plan = await world.plan(goal_for_policy(world.store, policy))
        assert plan.policy_id == world.policy(ELEVATE).id
        assert WarningKind.FOUND_BY_NAME in kinds(plan)

    @pytest.mark.parametrize("can_read", [True, False])
    async def test_a_namesake_is_not_taken_for_what_an_incomplete_list_left_out(self, world, can_read):
        there = world.add_policy("Zulu")
        world.add_policy("My name for it")
        policy = world.save_policy(name="My name for it", item_id=there.id, active=True)
        world.practice.faults.read("list_truncated:operation=policies")
        if not can_read:
            world.practice.faults.read("operation_missing:which=policy")
        listed = await (await world.service()).client.policies()
        assert listed.find(there.id) is None
        plan = await world.plan(goal_for_policy(world.store, policy))
        assert plan.policy_id == (there.id if can_read else "")
        assert bool(plan.problems) is not can_read

    async def test_a_namesake_of_a_copy_that_is_not_imported_stays(self, world):
        """Neither is it added in its place, nor removed with it."""
        wanted, other = world.save_action(FORM), world.save_action(LOCALIZED)
        with world.store.write() as work:
            for action in (wanted, other):
                work.session.add(ActionProgress(action_id=action.id, item_id=str(uuid.uuid4())))
        world.policy(ELEVATE).members["ApplicationActionIds"] = [ids.APPROVAL_FORM_LOCALIZED]
        policy = world.save_policy(name=ELEVATE, actions=[wanted], active=True)
        plan = await world.plan(goal_for_policy(world.store, policy))
        assert rows(plan, PlanField.ACTIONS) == [("keep", LOCALIZED, LOCALIZED), ("blocked", "", FORM)]

    async def test_an_action_of_another_server_is_wanted_all_the_same(self, world):
        elsewhere = world.workspace.configuration.new(Kind.ACTION, name="Elsewhere")
        elsewhere = world.workspace.configuration.save(elsewhere)
        policy = world.save_policy(name=ELEVATE, actions=[elsewhere], active=True)
        plan = await world.plan(goal_for_policy(world.store, policy))
        assert rows(plan, PlanField.ACTIONS)[-1] == ("blocked", "", "Elsewhere")


class TestCommonMembersOnly:
    """A server whose lists hold the common members of actions and filters only."""

    @pytest.fixture
    def options(self):
        return PracticeOptions(id_member="Id")

    async def test_plans_are_the_same(self, world):
        plan = await world.plan(goal(ELEVATE, add_actions=[FORM], active=False))
        assert [row.operation for row in plan.changes] == ["add", "update"]
