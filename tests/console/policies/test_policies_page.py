"""The list of policies over a practice server on a socket: read, narrow, plan, apply, go on, take back."""

import csv

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from models.kinds import Kind
from models.policy import Policy
from services.practice.privilege_manager.items import ItemKind
from services.store import Change
from tests.console.page_support import close_connections, until
from tests.console.policies.policies_support import (
    FORM,
    TOOLS,
    action_id,
    opened,
    read,
    selected,
    settled,
    started,
    stored_action,
    stored_policy,
    stored_server,
)


@pytest.fixture
def practice():
    server = started()
    yield server
    server.stop()


@pytest.fixture
def server(configuration, vault, practice):
    return stored_server(configuration, vault, practice)


@pytest.fixture
def story(run, ctx):
    """Run a story and close what it opened."""

    def runner(body):
        async def whole():
            try:
                await body()
            finally:
                await close_connections(ctx.workspace)

        run(whole())

    return runner


def the_policy(practice, name):
    return next(one for one in practice.state.items.of_kind(ItemKind.POLICY) if one.name == name)


def titles(presenter):
    return [finding.title for finding in presenter.findings()]


def test_without_a_server_the_page_offers_to_make_one(story, ctx):
    async def body():
        page = opened(ctx)
        await settled(page)
        texts = [
            button.text() for button in page.findChildren(type(page.view.new_button)) if button.isVisible()
        ]
        assert "New Privilege Manager Server…" in texts

    story(body)


def test_the_policies_of_the_server_are_listed_by_priority(story, ctx, server):
    async def body():
        page = opened(ctx)
        await read(page)
        table = page.view.table.policies
        assert table.rowCount() == 31
        shown = [table.row(place) for place in range(3)]
        assert [row.name for row in shown] == [
            "Elevate installers",
            "Unsigned installers",
            "Visual Studio installer",
        ]
        counts = page.presenter.counts()
        assert (counts["all"], counts["asking"], counts["untargeted"]) == ("31", "6", "2")
        assert page.view.foot.text().startswith("31 of 31 policies, complete, read at ")
        page.view.chips.chip("asking").click()
        assert table.rowCount() == 6
        page.view.search.setText("network")
        await until(lambda: table.rowCount() == 1)
        page.view.clear_criteria()
        assert table.rowCount() == 31

    story(body)


def test_a_change_while_the_first_list_is_read_does_not_keep_the_server_from_being_asked(story, ctx, server):
    async def body():
        page = opened(ctx)
        await until(lambda: page.server is not None)
        assert page.presenter.snapshot.read_at is None
        ctx.changes.emit([Change(str(Kind.PRIVILEGE_MANAGER_SERVER), server.id, "update", "x", 1)])
        await until(lambda: page.view.table.policies.rowCount() == 31)

    story(body)


def test_a_cut_list_says_so(story, ctx, server, practice):
    practice.faults.set("list_truncated")

    async def body():
        page = opened(ctx)
        await read(page, 15)
        assert "cut off by the server" in page.view.foot.text()

    story(body)


def test_an_unreachable_server_is_named_and_the_last_content_stays(story, ctx, server, practice):
    async def body():
        page = opened(ctx)
        await read(page)
        practice.faults.set("html_500")
        page.refresh()
        await until(lambda: page.presenter.problem is not None)
        await settled(page)
        assert page.view.table.policies.stale
        assert page.view.table.policies.rowCount() == 31
        assert page.view.notice.isVisibleTo(page)
        assert "not up to date" in page.view.foot.text()

    story(body)


def test_no_policies(story, ctx, server, practice):
    for one in practice.state.items.of_kind(ItemKind.POLICY):
        practice.state.items.remove(one.id)

    async def body():
        page = opened(ctx)
        await until(lambda: page.presenter.snapshot.read_at is not None)
        await settled(page)
        assert page.view.states.currentWidget() is not page.view.table

    story(body)


def test_adding_an_action_manages_the_policy_and_apply_writes_it(story, ctx, server, practice, configuration):
    stored_action(configuration, server)

    async def body():
        page = opened(ctx)
        await read(page)
        plan = await selected(page, TOOLS)
        assert plan.controls().apply_reason
        view = page.view.details.plan
        view.choices_requested.emit()
        await settled(page)
        page.plan_controller.add_action(page.plan_controller._choices[0].key)
        await until(lambda: plan.plan is not None and plan.plan.changes)
        await settled(page)
        [stored] = configuration.all(Policy)
        assert (stored.name, stored.item_id, stored.active) == (TOOLS, the_policy(practice, TOOLS).id, False)
        assert [line.word for line in plan.lines() if line.changed] == ["Add"]
        assert view.apply_button.text() == "Apply 1 change"
        row = page.presenter.find(stored.item_id)
        assert (row.planned, row.planned_actions) == (True, 1)
        view.apply_button.click()
        await until(lambda: plan.result is not None and not plan.work)
        await settled(page)
        assert the_policy(practice, TOOLS).ids("ApplicationActionIds") == [action_id(practice)]
        assert "Applied, read back and compared" in titles(plan)
        assert not page.presenter.find(stored.item_id).planned
        assert view.undo_button.isVisibleTo(view)
        view.undo_button.click()
        await until(lambda: plan.undone is not None and not plan.work)
        await settled(page)
        assert the_policy(practice, TOOLS).ids("ApplicationActionIds") == []
        assert "Undone" in titles(plan)

    story(body)


def test_what_changed_on_the_server_since_is_a_conflict(story, ctx, server, practice, configuration):
    action = stored_action(configuration, server)
    stored_policy(configuration, server, TOOLS, [action], active=True)

    async def body():
        page = opened(ctx)
        await read(page)
        plan = await selected(page, TOOLS)
        the_policy(practice, TOOLS).members["Priority"] = 12
        page.view.details.plan.apply_button.click()
        await until(lambda: plan.result is not None)
        await settled(page)
        assert plan.result.run is None
        assert [line.field for line in plan.lines() if line.word == "Conflict"] == ["Priority"]
        assert not page.view.details.plan.apply_button.isEnabled()
        assert not the_policy(practice, TOOLS).members["Enabled"]

    story(body)


def test_a_missing_operation_blocks_its_row(story, ctx, server, practice, configuration):
    practice.faults.set("operation_missing", which="set_active")
    action = stored_action(configuration, server)
    stored_policy(configuration, server, TOOLS, [action], active=True)

    async def body():
        page = opened(ctx)
        await read(page)
        plan = await selected(page, TOOLS)
        words = {line.field: line.word for line in plan.lines()}
        assert words["Status"] == "Blocked", words
        blocked = next(line for line in plan.lines() if line.word == "Blocked")
        assert blocked.why
        assert page.view.details.plan.apply_button.text() == "Apply 1 change"
        assert "Blocked: Status" in titles(plan)

    story(body)


def test_a_run_that_stopped_says_what_was_written_and_goes_on(story, ctx, server, practice, configuration):
    action = stored_action(configuration, server)
    stored_policy(configuration, server, TOOLS, [action], active=True)

    async def body():
        page = opened(ctx)
        await read(page)
        plan = await selected(page, TOOLS)
        practice.faults.set("status_error", operation="set_active")
        view = page.view.details.plan
        view.apply_button.click()
        await until(lambda: plan.problem is not None and not plan.work)
        await settled(page)
        stopped = plan.findings()[0]
        assert stopped.title == "Stopped in the middle"
        assert "Written: Add actions." in stopped.text
        assert "Not written: Status (Update)." in stopped.text
        assert view.apply_button.text() == "Go on"
        assert view.undo_button.isVisibleTo(view)
        practice.faults.clear("status_error")
        view.apply_button.click()
        await until(lambda: plan.result is not None and not plan.work)
        await settled(page)
        assert the_policy(practice, TOOLS).members["Enabled"] is True

    story(body)


def test_a_production_server_asks_a_second_time(story, ctx, configuration, vault, practice, qapp):
    from console.policies.apply_dialog import ProductionDialog

    server = stored_server(configuration, vault, practice, production=True)
    stored_policy(configuration, server, TOOLS, [stored_action(configuration, server)])

    async def body():
        page = opened(ctx)
        await read(page)
        await selected(page, TOOLS)
        page.view.details.plan.apply_button.click()
        await until(lambda: qapp.activeModalWidget() is not None)
        dialog = qapp.activeModalWidget()
        assert isinstance(dialog, ProductionDialog)
        assert not dialog.act_button.isEnabled()
        dialog.line.setText("Privilege Manager")
        assert dialog.act_button.isEnabled()
        dialog.reject()
        await settled(page)
        assert the_policy(practice, TOOLS).ids("ApplicationActionIds") == []

    story(body)


def test_a_policy_that_is_not_there_is_created(story, ctx, server, practice, configuration):
    stored_policy(configuration, server, "Elevate printers", [stored_action(configuration, server)])

    async def body():
        page = opened(ctx)
        await read(page, 32)
        plan = await selected(page, "Elevate printers")
        assert plan.lines()[0].word == "Create"
        page.view.details.plan.apply_button.click()
        await until(lambda: plan.result is not None and not plan.work)
        await settled(page)
        made = the_policy(practice, "Elevate printers")
        assert made.ids("ApplicationActionIds") == [action_id(practice)]
        assert page.presenter.find(made.id).object_id is not None
        assert len(page.presenter.all_rows) == 32

    story(body)


def test_escape_closes_the_details(story, ctx, server):
    async def body():
        page = opened(ctx)
        await read(page)
        await selected(page, TOOLS)
        assert page.view.details.isVisibleTo(page)
        QTest.keyClick(page.view.table, Qt.Key.Key_Escape)
        assert not page.view.details.isVisibleTo(page)

    story(body)


def test_two_servers_have_a_choice(story, ctx, configuration, vault, practice):
    stored_server(configuration, vault, practice)
    other = stored_server(configuration, vault, practice, name="Test Privilege Manager")

    async def body():
        page = opened(ctx)
        await read(page)
        assert page.view.server.isVisibleTo(page)
        page.view.server_chosen.emit(str(other.id))
        await until(lambda: page.server.id == other.id and page.presenter.snapshot.read_at is not None)
        await settled(page)
        assert page.view.table.policies.rowCount() == 31

    story(body)


def test_narrow_windows_leave_columns_out(story, ctx, server):
    async def body():
        page = opened(ctx, (700, 700))
        await read(page)
        table = page.view.table
        assert [table.isColumnHidden(column) for column in range(7)] == [
            False,
            False,
            False,
            True,
            False,
            False,
            True,
        ]
        page.resize(1000, 760)
        await settled(page)
        assert not any(table.isColumnHidden(column) for column in range(7))

    story(body)


def test_export_writes_the_shown_rows(story, ctx, server, tmp_path):
    async def body():
        page = opened(ctx)
        await read(page)
        page.view.chips.chip("asking").click()
        page.acts.save_csv(tmp_path / "policies.csv")
        await settled(page)
        lines = list(csv.reader((tmp_path / "policies.csv").read_text("utf-8-sig").splitlines()))
        assert len(lines) == 7
        assert lines[1][:5] == ["Elevate installers", "active", "20", "windows", FORM]

    story(body)


def test_chains_are_checked_for_policies_that_ask(story, ctx, server):
    async def body():
        page = opened(ctx)
        await read(page)
        page.acts.check_chains()
        await until(lambda: page.presenter.checking is None and len(page.presenter.verdicts) == 6)
        await settled(page)
        assert all(verdict.links == 7 for verdict in page.presenter.verdicts.values())
        assert page.presenter.counts()["broken"] == "6"  # no Approval Process is here

    story(body)


def test_opening_the_page_of_an_unmanaged_policy_manages_it(story, ctx, server, practice, configuration):
    async def body():
        page = opened(ctx)
        await read(page)
        await selected(page, "Elevate installers")
        page.view.details.page_button.click()
        await until(lambda: ctx.visited)
        await settled(page)
        [stored] = configuration.all(Policy)
        assert ctx.visited[-1].kind == Kind.POLICY
        assert (stored.active, stored.item_id) == (True, the_policy(practice, "Elevate installers").id)
        assert not page.presenter.find(stored.item_id).planned

    story(body)


def test_a_policy_of_the_local_copy_is_found_and_opened_with_its_details(story, ctx, server, practice):
    from console.policies.operations import search_policies

    async def body():
        page = opened(ctx)
        await read(page)
        page.view.chips.chip("asking").click()
        [found] = await search_policies(ctx, "SELINE 07", 5)
        assert (found.name, found.server_name) == ("Baseline 07", "Privilege Manager")
        page.arrive(found.target)
        await settled(page)
        assert page.view.table.selected_key() == found.item_id
        assert page.view.details.name.text() == "Baseline 07"

    story(body)


def test_an_endpoint_update_that_is_not_known_says_what_to_enter(story, ctx, server, practice):
    from console.policies.endpoints_dialog import EndpointsDialog

    async def body():
        dialog = EndpointsDialog(ctx, server)
        dialog.open()
        await until(lambda: not dialog.tasks.busy)
        dialog.go.click()
        await until(lambda: not dialog.tasks.busy)
        assert dialog.failure.isVisibleTo(dialog)
        assert dialog.failure.problem.fault == "policy-targeting-task-unknown"
        dialog.reject()

    story(body)


def test_the_dialog_tells_computers_and_what_is_not_known(story, ctx, server, practice):
    from console.policies.endpoints_dialog import EndpointsDialog
    from services.practice.privilege_manager import built_in_ids

    async def body():
        dialog = EndpointsDialog(ctx, server)
        dialog.open()
        await until(lambda: not dialog.tasks.busy)
        [reason] = dialog.status.unknown
        assert reason.startswith("Which report tells which computers have a policy is not public.")
        assert not dialog.status.table.isVisibleTo(dialog)
        dialog.task.setText(built_in_ids.TARGETING_TASK)
        dialog.go.click()
        await until(lambda: not dialog.tasks.busy)
        dialog.status.report.setText(built_in_ids.POLICY_COMPUTERS_REPORT)
        dialog.status.read_button.click()
        await until(lambda: not dialog.tasks.busy)
        assert dialog.status.unknown == []
        assert dialog.status.table.isVisibleTo(dialog)
        assert dialog.status.table.rows.rowCount() > 0
        dialog.reject()

    story(body)


def test_conditions_are_chosen_and_planned(story, ctx, server, practice):
    from PyQt6.QtWidgets import QApplication

    from console.policies.conditions_dialog import ConditionsDialog

    async def body():
        page = opened(ctx)
        await read(page)
        presenter = await selected(page, TOOLS)
        page.plan_controller.change_conditions()
        found = []

        def shown():
            found[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, ConditionsDialog)]
            return bool(found)

        await until(shown)
        [dialog] = found
        dialog.role.setCurrentIndex(dialog.role.findData(3))
        dialog.add_button.click()
        assert dialog.changes.added == ((dialog.filter.currentData(), 3),)
        dialog.plan_button.click()
        await until(lambda: any(one.field == "Condition" for one in presenter.lines()))
        [line] = [one for one in presenter.lines() if one.field == "Condition"]
        assert line.after.startswith("Exclusion: ")
        assert line.word == "Add"

    story(body)


def test_a_filter_is_saved_shown_again_and_removed(story, ctx, server):
    async def body():
        page = opened(ctx)
        await read(page)
        view = page.view
        assert not view.chips.save_button.isEnabled()
        view.chips.chip("inactive").click()
        view.search.setText("baseline 0")
        await until(lambda: page.presenter.criteria.words == "baseline 0")
        count = view.table.policies.rowCount()
        view.save_filter("Sleeping")
        view.chips.chip("all").click()
        view.search.setText("")
        await until(lambda: view.table.policies.rowCount() == 31)
        view.chips.chip("saved:Sleeping").click()
        assert view.table.policies.rowCount() == count
        assert view.search.text() == "baseline 0"
        assert view.chips.save_button.text() == "Remove filter"
        view.chips.save_button.click()
        assert view.saved.filters == []
        assert view.table.policies.rowCount() == 31

    story(body)
