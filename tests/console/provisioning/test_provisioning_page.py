"""The provisioning page with a practice instance over a real socket: server, names, plan, conflicts, update set."""

from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog

from console.provisioning import operations
from console.provisioning.plan_tab import CHANGE, PARAMETERS, RUN
from console.widgets.placeholders import ErrorState
from models.approval_process import CANCEL_SERVICE, CREATE_SERVICE, STATUS_SERVICE
from services.common.secret import Secret
from services.practice import PracticeInstance
from tests.console.page_support import until
from tests.console.provisioning.provisioning_support import (
    PASSWORD,
    RECORDS,
    click,
    edit,
    empty,
    opened,
    operations_of,
    server_on,
    settled,
    stock,
)

__all__ = ["empty", "server_on", "stock"]


# -- before a server is chosen ------------------------------------------------


def test_without_a_server_nothing_can_run_and_the_reason_is_shown(run, ctx):
    async def story():
        async with opened(ctx) as page:
            assert not page.apply_button.isEnabled()
            assert page.apply_button.text() == "Run Task"
            assert page.head.reason.text() == "Choose a ServiceNow system"
            assert page.plan_tab.server.button.accessibleName() == "ServiceNow system"
            assert not page.force.isChecked()
            assert page.plan_tab.right.currentIndex() == PARAMETERS
            for tab in ("Verify", "History"):
                page.open_tab(tab)
                assert page.tab == tab
                assert not page.verify_tab.button.isEnabled()

    run(story())


def test_the_server_is_chosen_in_the_list_and_the_plan_follows(run, ctx, stock, server_on):
    server = server_on(stock)

    async def story():
        async with opened(ctx) as page:
            picker = page.plan_tab.server
            click(picker.button)
            await until(lambda: picker.popup.state == "ready")
            picker.popup.choose_key(str(server.id))
            await until(lambda: page.presenter.planned is not None)
            assert set(operations_of(page).values()) == {"keep"}

    run(story())


def test_a_run_elsewhere_does_not_keep_the_plan_of_a_chosen_server_from_being_made(
    run, ctx, stock, server_on
):
    """Both used to be one task, and the reading of runs cancelled what was to plan after it."""
    server = server_on(stock)

    async def story():
        async with opened(ctx) as page:
            page.open_tab(str(server.id))
            await until(lambda: page.presenter.server is not None)
            page.read_runs()
            await until(lambda: page.presenter.planned is not None)

    run(story())


# -- the plan -----------------------------------------------------------------


def test_a_stock_instance_needs_nothing(run, ctx, stock, server_on):
    async def story():
        async with opened(ctx, server_on(stock)) as page:
            assert set(operations_of(page).values()) == {"keep"}
            assert page.presenter.reason() == "Nothing to change"
            assert page.presenter.badges(narrow=False) == [("Nothing to change", "good", "good")]
            assert not page.save_button.isEnabled()
            assert page.plan_tab.counts["keep"][1].text() == f"{RECORDS} keep"
            assert not page.plan_tab.conflicts.isVisible()

    run(story())


def test_an_empty_instance_gets_everything_and_long_runs_fold(run, ctx, empty, server_on):
    async def story():
        async with opened(ctx, server_on(empty)) as page:
            assert page.apply_button.text() == f"Apply {RECORDS} changes"
            model, tree = page.plan_tab.tree.plan, page.plan_tab.tree
            variables = model.index(2, 0)
            assert variables.data() == "Variables"
            assert model.rowCount(variables) == 7
            fold = model.index(6, 0, variables)
            assert fold.data() == "5 more variables"
            tree.setFocus()
            tree.setCurrentIndex(fold)
            QTest.keyClick(tree, Qt.Key.Key_Return)
            assert model.rowCount(variables) == 11
            page.plan_controller.plan()
            await settled(page)
            assert model.rowCount(model.index(2, 0)) == 11, "what was unfolded stays so"
            tree.select("service:create")
            await settled(page)
            view = page.plan_tab.change
            assert view.title.text() == CREATE_SERVICE
            assert view.difference.rows[0].sign == "+"
            assert "CartJS" in view.difference.as_text()

    run(story())


def test_the_plan_follows_edited_names_after_a_pause(run, ctx, stock, server_on):
    async def story():
        async with opened(ctx, server_on(stock)) as page:
            form = page.plan_tab.parameters
            page.plan_tab.show_parameters()
            form.prefix.setFocus()
            QTest.keyClicks(form.prefix, "Lab")
            assert page.presenter.reason() == "Planning"
            assert form.lines["create_service"].placeholderText() == f"Lab{CREATE_SERVICE}"
            await until(lambda: page.presenter.plan and page.presenter.plan.names.prefix == "Lab")
            changes = page.presenter.plan.changes
            assert f"Lab{STATUS_SERVICE}" in [c.name for c in changes]
            assert page.presenter.plan.summary["create"]
            form.further.click()
            before = len(changes)
            await until(lambda: len(page.presenter.plan.changes) > before)
            assert form.workflow.count() > 1

    run(story())


def test_an_invalid_name_is_reported_beside_its_field(run, ctx, stock, server_on):
    async def story():
        async with opened(ctx, server_on(stock)) as page:
            line = page.plan_tab.parameters.lines["status_service"]
            page.plan_tab.show_parameters()
            line.setFocus()
            QTest.keyClicks(line, "1 wrong")
            await until(lambda: page.plan_tab.parameters.fields["status_service"].state == "error")
            assert not page.apply_button.isEnabled()
            line.clear()
            QTest.keyClicks(line, STATUS_SERVICE)
            await until(lambda: page.presenter.planned is not None)
            assert page.plan_tab.parameters.fields["status_service"].state == "help"

    run(story())


def test_an_unreachable_instance_shows_the_problem_with_retry(run, ctx, server_on):
    async def story():
        async with opened(ctx, server_on("http://127.0.0.1:9/")) as page:
            [shown] = page.plan_tab.states.findChildren(ErrorState)
            assert shown.problem.fault == "tcp-refused"
            assert page.presenter.reason() == "There is no plan"
            page.verify()
            await settled(page)
            assert page.verify_tab.states.findChildren(ErrorState)

    run(story())


def test_planning_is_cancelled_and_the_last_plan_stays_greyed_meanwhile(run, ctx, stock, server_on):
    async def story():
        async with opened(ctx, server_on(stock)) as page:
            stock.faults.set("slow", seconds=2.0)
            try:
                page.plan_controller.plan()
                await until(lambda: page.plan_tab.tree.stale)
                assert page.plan_tab.cancel.isVisible()
                assert page.presenter.reason() == "Planning"
                page.plan_controller.cancel()
                assert not page.plan_tab.tree.stale
                assert page.presenter.reason() == "Nothing to change"
            finally:
                stock.faults.clear()

    run(story())


# -- conflicts ----------------------------------------------------------------


def test_a_conflict_is_left_alone_until_it_is_ticked(run, ctx, server_on):
    async def story():
        with_conflicts = PracticeInstance(password=PASSWORD).start()
        try:
            await edit(with_conflicts, STATUS_SERVICE, script="// mine\nvar a = 1;")
            await edit(with_conflicts, CANCEL_SERVICE, active="false")
            async with opened(ctx, server_on(with_conflicts)) as page:
                tab = page.plan_tab
                assert page.presenter.plan.summary["conflict"] == 2
                assert tab.conflicts.isVisible()
                assert page.presenter.reason() == "Only conflicts are left"
                click(tab.compare)
                await settled(page)
                assert tab.right.currentIndex() == CHANGE
                assert "last changed by admin" in tab.change.why.text()
                tab.tree.select("service:status")
                await settled(page)
                assert "- // mine" in tab.change.difference.as_text()
                before = len(with_conflicts.log)
                click(tab.change.overwrite)
                await settled(page)
                assert page.apply_button.text() == "Apply 1 change"
                assert operations_of(page)["service:status"] == "update"
                assert tab.change.overwrite.isChecked()
                click(page.force)
                await settled(page)
                assert page.apply_button.text() == "Apply 2 changes"
                assert len(with_conflicts.log) == before, "deciding costs no call"
                tab.tree.select("service:cancel")
                await settled(page)
                click(tab.change.overwrite)
                await settled(page)
                assert not page.force.isChecked()
                assert page.apply_button.text() == "Apply 1 change"
                click(page.apply_button)
                await until(lambda: page.presenter.result)
                await settled(page)
                assert tab.right.currentIndex() == RUN
                [row] = with_conflicts.records("sys_web_service", name=STATUS_SERVICE)
                assert "// mine" not in row["script"]
                [row] = with_conflicts.records("sys_web_service", name=CANCEL_SERVICE)
                assert row["active"] == "false"
        finally:
            with_conflicts.stop()

    run(story())


# -- the update set and others ------------------------------------------------


def test_the_update_set_is_saved_through_a_dialog_without_a_nested_loop(run, ctx, empty, server_on, tmp_path):
    async def story():
        async with opened(ctx, server_on(empty)) as page:
            page.save_update_set()
            [dialog] = page.findChildren(QFileDialog)
            dialog.fileSelected.emit(str(tmp_path / "set.xml"))
            await until(lambda: ctx.notes)
            dialog.fileSelected.emit(str(tmp_path / "nowhere" / "set.xml"))
            await until(lambda: ctx.problems)
            dialog.reject()

    run(story())
    assert (tmp_path / "set.xml").read_bytes().startswith(b"<?xml")
    assert ctx.notes == ["Saved the update set as set.xml: 35 records"]
    assert ctx.problems[0].fault == "file-not-written"


def test_a_narrow_page_shows_list_or_details(run, ctx, stock, server_on):
    async def story():
        async with opened(ctx, server_on(stock), (560, 420)) as page:
            tab = page.plan_tab
            assert tab.tree.isVisible()
            assert not tab.right.isVisible()
            tab.tree.select("service:create")
            tab.tree.setFocus()
            QTest.keyClick(tab.tree, Qt.Key.Key_Return)
            assert tab.right.isVisible()
            tab.back.clicked.emit()
            assert tab.tree.isVisible()
            page.resize(1100, 700)
            assert tab.tree.isVisible()
            assert tab.right.isVisible()
            await settled(page)

    run(story())


def test_an_administrator_has_no_text_form_with_the_password():
    admin = operations.Administrator("admin", Secret(PASSWORD))
    assert PASSWORD not in repr(admin)
