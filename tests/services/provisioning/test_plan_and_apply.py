"""Plans, runs and their second time, on practice instances over real sockets."""

import asyncio
import threading

import pytest

from models.kinds import TaskState
from services import provisioning
from services.common.errors import ConsoleError, InputError, RefusedError
from services.provisioning import ItemNames, Receipt
from services.provisioning.current_records import read_instance_state
from services.provisioning.plan_changes import make_plan
from services.provisioning.problems import RunStoppedError
from services.provisioning.required_records import SERVICE_PARAMETERS
from services.servicenow.contract import DEFAULT_SERVICE_NAMES, FURTHER_VARIABLES, VARIABLES, ServiceRole
from services.servicenow.visible_rows import Visibility, hidden_rows
from services.store.errors import write_error
from tests.services.provisioning.conftest import WRITES

COUNT = 2 + len(VARIABLES) + 3 + sum(len(one) for both in SERVICE_PARAMETERS.values() for one in both)


async def test_on_an_empty_instance_everything_is_created(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        plan = await provisioning.plan(store, instance, server, names)
    assert plan.summary == {"create": COUNT, "update": 0, "keep": 0, "conflict": 0}
    assert practice.calls(*WRITES) == []
    assert plan.warnings == ()
    assert all(change["fields"] and change["why"] for change in plan.as_dict()["changes"])


async def test_on_a_stock_instance_everything_is_kept(stock, store, reach, names):
    server, instance = reach(stock, "privman.integration")
    async with instance:
        plan = await provisioning.plan(store, instance, server, names)
    assert plan.summary == {"create": 0, "update": 0, "keep": COUNT, "conflict": 0}


async def test_applied_twice_the_second_run_changes_nothing(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        first = await provisioning.apply(store, instance, server, names)
        assert first.ok, first.verification.as_dict()
        assert first.verification.status == "invalid"
        assert any("admin" in reminder for reminder in first.reminders)
        before, writes = practice.everything(), len(practice.calls("POST", "PATCH"))
        second = await provisioning.apply(store, instance, server, names)
    assert second.ok
    assert second.plan.summary == {"create": 0, "update": 0, "keep": COUNT, "conflict": 0}
    assert practice.everything() == before
    # The status service is asked once more; nothing else is posted.
    assert len(practice.calls("POST", "PATCH")) == writes + 1
    runs = await Receipt.list_for_server(store, server)
    assert [run.run.state for run in runs] == [TaskState.SUCCEEDED] * 2
    assert [len(run.steps) for run in runs] == [0, COUNT]


async def test_a_plan_takes_few_calls_however_large_the_catalogue_is(practice, store, reach, names):
    practice.database.execute("SELECT 1")
    server, instance = reach(practice)
    async with instance:
        await provisioning.apply(store, instance, server, names)
        practice.database.executemany(
            'INSERT INTO "sc_cat_item" (sys_id, name, active, sys_class_name) VALUES (?, ?, ?, ?)',
            ((f"{number:032x}", f"Item {number}", "true", "sc_cat_item") for number in range(50_000)),
        )
        before = len(practice.calls())
        plan = await provisioning.plan(store, instance, server, names)
    assert plan.summary["keep"] == COUNT
    assert len(practice.calls()) - before <= 12


async def test_several_sets_stand_side_by_side(practice, store, reach, names):
    other = ItemNames.of(prefix="Test", category="Delinea", further_variables=True)
    server, instance = reach(practice)
    async with instance:
        assert (await provisioning.apply(store, instance, server, names)).ok
        applied = await provisioning.apply(store, instance, server, other)
        assert applied.ok, applied.as_dict()
        assert applied.plan.summary["create"] == COUNT + 2 * len(FURTHER_VARIABLES)
        for one in (names, other):
            assert (await provisioning.plan(store, instance, server, one)).writes == ()
    services = {row["name"] for row in practice.database.rows("sys_web_service")}
    assert {name for stock in DEFAULT_SERVICE_NAMES.values() for name in (stock, f"Test{stock}")} <= services


@pytest.mark.parametrize("account", ["privman.integration", "no.roles", "app.approver"])
async def test_without_admin_nothing_is_written_and_the_way_out_is_named(
    practice, store, reach, names, account
):
    server, instance = reach(practice, account)
    before = practice.everything()
    async with instance:
        with pytest.raises(RefusedError) as caught:
            await provisioning.apply(store, instance, server, names)
    problem = caught.value.problem
    assert practice.everything() == before
    assert practice.calls(*WRITES) == []
    assert (problem.fault, problem.owner) == ("provision-admin-missing", "ServiceNow administrator")
    assert "admin" in problem.cause
    assert "for this run" in problem.remedy
    assert "update set" in problem.remedy
    assert await Receipt.list_for_server(store, server) == []


async def test_what_others_edited_is_left_alone_until_it_is_named(practice, store, reach, names):
    server, instance = reach(practice)
    async with instance:
        await provisioning.apply(store, instance, server, names)
        practice.edit(
            "sys_web_service", {"script": "gs.info('mine');"}, name=DEFAULT_SERVICE_NAMES[ServiceRole.STATUS]
        )
        practice.edit("sc_cat_item", {"active": "false"}, name=names.item)
        plan = await provisioning.plan(store, instance, server, names)
        assert {c.key for c in plan.conflicts} == {"service:status", "item"}
        assert all("grace.hopper" in c.why for c in plan.conflicts)
        (script,) = [c.fields["script"] for c in plan.conflicts if c.key == "service:status"]
        assert script[0] == "gs.info('mine');"
        left = await provisioning.apply(store, instance, server, names)
        assert not left.ok
        assert practice.database.first("sc_cat_item", name=names.item)["active"] == "false"
        one = await provisioning.apply(store, instance, server, names, overwrite=["ITEM"])
        assert one.plan.summary["update"] == 1
        every = await provisioning.apply(store, instance, server, names, overwrite=["all"])
    assert every.ok, every.as_dict()


async def test_what_an_earlier_version_left_is_updated(practice, store, reach, names):
    """Nobody but this console wrote the script that is there, so that a newer one may replace it."""
    server, instance = reach(practice)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names)
        key = "service:cancel"
        known = dict(applied.receipt.baseline)
        old = "gs.info('an earlier version');"
        known[key] = type(known[key])(known[key].sys_id, {**known[key].fields, "script": old})
        applied.receipt.baseline = known
        await applied.receipt.save("as an earlier version left it")
        practice.edit(
            "sys_web_service", {"script": old}, name=DEFAULT_SERVICE_NAMES[ServiceRole.CANCEL], by="admin"
        )
        plan = await provisioning.plan(store, instance, server, names)
        assert [(c.key, c.operation) for c in plan.changes if c.operation != "keep"] == [(key, "update")]
        assert (await provisioning.apply(store, instance, server, names)).ok


async def test_two_services_of_one_name_are_a_conflict_that_nothing_settles(stock, store, reach, names):
    stock.database.insert(
        "sys_web_service", {"name": DEFAULT_SERVICE_NAMES[ServiceRole.CREATE], "active": True}
    )
    server, instance = reach(stock)
    async with instance:
        plan = await provisioning.plan(store, instance, server, names, overwrite=["all"])
        assert not (await provisioning.apply(store, instance, server, names, overwrite=["all"])).ok
    assert {c.parent or c.key for c in plan.conflicts} == {"service:create"}
    assert plan.writes == ()


async def test_words_of_others_stay_beside_the_marker(stock, store, reach, names):
    stock.edit("sc_cat_item", {"meta": "approval, software"}, name=names.item)
    server, instance = reach(stock)
    async with instance:
        applied = await provisioning.apply(store, instance, server, names, overwrite=[names.item])
    assert applied.ok
    assert (
        stock.database.first("sc_cat_item", name=names.item)["meta"] == f"approval, software,{names.marker}"
    )


@pytest.mark.parametrize(
    ("gone", "table"),
    [
        ({"name": "sys_web_service_input", "reference": "sys_web_service"}, "sys_web_service_input"),
        ({"name": "sc_cat_item", "element": "meta"}, "sc_cat_item"),
    ],
)
async def test_where_a_column_is_not_known_the_plan_stops(practice, store, reach, names, gone, table):
    for row in practice.database.rows("sys_dictionary", **gone):
        practice.database.delete("sys_dictionary", row["sys_id"])
    server, instance = reach(practice)
    async with instance:
        with pytest.raises(RefusedError) as caught:
            await provisioning.plan(store, instance, server, names)
    assert caught.value.problem.fault == "provision-cannot-plan"
    assert table in caught.value.problem.evidence


async def test_several_workflows_are_named_in_a_warning_and_one_can_be_chosen(practice, store, reach):
    practice.database.insert("wf_workflow", {"name": "Managers", "table": "sc_req_item", "active": True})
    server, instance = reach(practice)
    async with instance:
        plan = await provisioning.plan(store, instance, server, ItemNames.of())
        assert "Managers" in plan.warnings[0]
        chosen = await provisioning.apply(store, instance, server, ItemNames.of(workflow="Managers"))
        assert chosen.ok
        with pytest.raises(ConsoleError, match="Create ServiceNow"):
            await provisioning.plan(store, instance, server, ItemNames.of(workflow="Nobody"))
    assert practice.database.first("sc_cat_item", name="Execute Application Request")["workflow"]


@pytest.mark.parametrize(
    "given",
    [
        {"prefix": "a b"},
        {"create_service": "Create It"},
        {"create_service": "1st"},
        {"status_service": DEFAULT_SERVICE_NAMES[ServiceRole.CREATE].upper()},
        {"category": "a^b"},
        {"item": "javascript:gs.info()"},
        {"item": "x" * 101},
        {"category": "line\nbreak"},
    ],
)
def test_names_that_an_instance_cannot_carry_are_refused(given):
    with pytest.raises(InputError) as caught:
        ItemNames.of(**given)
    assert caught.value.problem.fault == "provision-name-invalid"


async def test_a_refusal_in_the_middle_stops_and_the_next_run_goes_on(practice, store, reach, names):
    server, instance = reach(practice)

    def fail_from_there(text, done=0, total=None):
        if done == 7:
            practice.faults.set("forbidden")

    async with instance:
        with pytest.raises(RunStoppedError) as caught:
            await provisioning.apply(store, instance, server, names, progress=fail_from_there)
        assert caught.value.receipt in caught.value.problem.remedy
        assert caught.value.problem.owner == "ServiceNow administrator"
        practice.faults.clear()
        finished = await provisioning.apply(store, instance, server, names)
        assert finished.ok
        assert finished.receipt.id == caught.value.receipt
        undone = await provisioning.undo(store, instance, server, finished.receipt.id)
    assert len(undone.removed) == COUNT


async def test_a_store_that_refuses_in_the_middle_does_not_hide_what_was_written(
    practice, store, reach, names, monkeypatch
):
    server, instance = reach(practice)
    save = Receipt.save

    async def refuse(receipt, note):
        if len(receipt.steps) > 5:
            raise write_error(OSError("the disk is full"))
        await save(receipt, note)

    async with instance:
        monkeypatch.setattr(Receipt, "save", refuse)
        with pytest.raises(RunStoppedError) as caught:
            await provisioning.apply(store, instance, server, names)
        problem = caught.value.problem
        assert caught.value.receipt in problem.remedy
        assert "Nothing was changed" not in problem.as_text(), "five records were written on the instance"
        monkeypatch.undo()
        assert (await provisioning.apply(store, instance, server, names)).ok


async def test_cancelled_in_the_middle_it_can_be_undone(practice, store, reach, names):
    server, instance = reach(practice)
    before = practice.everything()

    def cancel(text, done=0, total=None):
        if done == 20:
            task.cancel()

    async with instance:
        task = asyncio.ensure_future(provisioning.apply(store, instance, server, names, progress=cancel))
        with pytest.raises(asyncio.CancelledError):
            await task
        (run,) = await Receipt.list_for_server(store, server)
        assert run.run.state == TaskState.CANCELLED
        assert run.unfinished
        await provisioning.undo(store, instance, server, run.id)
    assert practice.everything() == before


async def test_a_run_that_is_taken_over_elsewhere_stops_before_its_next_call(practice, store, reach, names):
    server, instance = reach(practice)
    taken = []

    def take_over(text, done=0, total=None):
        if done == 5:
            # As another console does it, while this one is between two calls.
            elsewhere = threading.Thread(
                target=lambda: taken.append(asyncio.run(Receipt.begin(store, server, names)))
            )
            elsewhere.start()
            elsewhere.join()

    async with instance:
        with pytest.raises(ConsoleError) as caught:
            await provisioning.apply(store, instance, server, names, progress=take_over)
    assert caught.value.problem.fault == "provision-taken-over"
    assert len(practice.calls("POST")) == 5
    assert len(taken[0].live) == 5


async def test_what_may_be_hidden_is_never_said_not_to_exist(practice, store, reach, names):
    """An account that sees no row of a table, or whose rows are hidden, proves nothing by an empty list."""
    server, instance = reach(practice)
    async with instance:
        practice.faults.set("query_acl", table="sys_web_service")
        unknown = await provisioning.plan(store, instance, server, names)
        practice.faults.clear()
        practice.faults.set("empty_pages")
        with pytest.raises(RefusedError) as hidden:
            await provisioning.plan(store, instance, server, names)
    services = [change for change in unknown.changes if change.table.startswith("sys_web_service")]
    assert {(change.operation, change.doubt) for change in services} == {("create", Visibility.UNKNOWN)}
    assert {change.doubt for change in unknown.changes if change not in services} == {None}
    assert services[0].as_dict()["existence"] == "unknown"
    assert [warning for warning in unknown.warnings if "sys_web_service" in warning]
    assert "sc_catalog" in hidden.value.problem.evidence
    assert "hide" in hidden.value.problem.evidence


async def test_a_record_that_is_certainly_hidden_is_created_only_when_it_is_named(
    practice, store, reach, names
):
    _server, instance = reach(practice)
    async with instance:
        present = await read_instance_state(instance, names)
        present.doubts["sys_web_service"] = hidden_rows("sys_web_service", "access rules hide 1 record")
        careful = make_plan(names, present, {})
        named = make_plan(names, present, {}, ["all"])
    assert careful.summary["create"] == 2 + len(VARIABLES)
    assert [change.table for change in careful.conflicts if change.can_be_created] == ["sys_web_service"] * 3
    assert all(change.waits or change.can_be_created for change in careful.conflicts)
    assert named.summary["conflict"] == 0
    assert [change.name for change in named.changes if change.overwrites] == [
        names.service(role) for role in ServiceRole
    ]
