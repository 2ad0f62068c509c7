"""Runs started from the provisioning page: receipt, administrator, production, cancel, failure, undo, verify."""

import asyncio

from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from console.provisioning.plan_tab import RUN
from console.provisioning.presenter import RunResult
from console.widgets.placeholders import ErrorState
from models.approval_process import CANCEL_SERVICE, CREATE_SERVICE, STATUS_SERVICE
from models.kinds import Kind
from services.transport.connection_settings import MAX_CONCURRENT_CALLS
from tests.console.page_support import until
from tests.console.provisioning.provisioning_support import (
    PASSWORD,
    RECORDS,
    applied,
    asked,
    click,
    edit,
    empty,
    opened,
    server_on,
    settled,
)

__all__ = ["empty", "server_on"]


# -- runs ---------------------------------------------------------------------


def test_apply_creates_everything_with_a_receipt_and_undo_removes_it(run, ctx, empty, server_on):
    before = {
        t: empty.records(t) for t in ("sc_category", "sc_cat_item", "item_option_new", "sys_web_service")
    }

    async def story():
        async with opened(ctx, server_on(empty)) as page:
            await applied(page)
            view = page.plan_tab.run
            assert page.presenter.result is RunResult.VERIFIED
            assert view.receipt
            assert view.receipt_label.text() == view.receipt
            assert any("admin" in text for text in view.reminders())
            assert "Status call: invalid" in view.report
            assert page.presenter.reason() == "Nothing to change"
            assert ctx.activity.jobs[-1].state == "done"
            page.open_tab("History")
            assert page.runs_tab.table.rows.rowCount() == 1
            assert page.runs_tab.steps.rows.rowCount() == RECORDS
            click(page.runs_tab.undo_button)
            dialog = await asked(page)
            assert dialog.records.count() == RECORDS
            click(dialog.go)
            await until(lambda: page.presenter.result is RunResult.UNDONE)
            await settled(page)
            assert "35 removed" in view.doing.text()
            assert page.apply_button.text() == f"Apply {RECORDS} changes"
            assert page.runs_tab.table.rows.row(0).texts[0] == "Undone"
            assert not page.undo_button.isEnabled()

    run(story())
    assert {t: empty.records(t) for t in before} == before


def test_an_account_without_admin_asks_for_an_administrator_who_is_forgotten(
    run, ctx, empty, server_on, configuration
):
    async def story():
        async with opened(ctx, server_on(empty, "privman.integration")) as page:
            assert "lacks the role admin" in page.plan_tab.account.text()
            click(page.apply_button)
            dialog = await asked(page)
            assert not dialog.go.isEnabled()
            QTest.keyClicks(dialog.sign_in.account, "admin")
            QTest.keyClicks(dialog.sign_in.password, PASSWORD)
            click(dialog.go)
            await until(lambda: page.presenter.result)
            await settled(page)
            assert page.presenter.result is RunResult.VERIFIED, page.plan_tab.run.problem
            assert "“admin” has the role admin" in page.plan_tab.run.reminders()[0]
            assert page.presenter.planned.lacks_admin is not None, "the server's own account plans again"

    run(story())
    assert len(configuration.all(Kind.USER_CREDENTIAL)) == 1


def test_an_administrator_is_kept_only_when_that_is_ticked(run, ctx, empty, server_on, configuration, vault):
    server = server_on(empty, "privman.integration")

    async def story():
        async with opened(ctx, server) as page:
            click(page.apply_button)
            dialog = await asked(page)
            QTest.keyClicks(dialog.sign_in.account, "admin")
            QTest.keyClicks(dialog.sign_in.password, PASSWORD)
            dialog.sign_in.keep.click()
            click(dialog.go)
            await until(lambda: page.presenter.result)
            await settled(page)
            assert any("Practice administrator" in text for text in page.plan_tab.run.reminders())

    run(story())
    [kept] = [c for c in configuration.all(Kind.USER_CREDENTIAL) if c.account == "admin"]
    assert vault.state(kept.id, kept.name).origins == [server.origin]


def test_a_wrong_administrator_writes_nothing_and_keeps_nothing(run, ctx, empty, server_on, configuration):
    async def story():
        async with opened(ctx, server_on(empty, "privman.integration")) as page:
            click(page.apply_button)
            dialog = await asked(page)
            QTest.keyClicks(dialog.sign_in.account, "admin")
            QTest.keyClicks(dialog.sign_in.password, "wrong-Canary-2")
            dialog.sign_in.keep.click()
            click(dialog.go)
            await until(lambda: page.presenter.result is RunResult.STOPPED)
            await settled(page)
            assert page.plan_tab.run.problem.fault == "authentication-refused"
            assert "wrong-Canary-2" not in page.plan_tab.run.report
            click(page.plan_tab.run.continue_button)
            dialog = await asked(page)
            assert dialog.sign_in.password.text() == ""
            dialog.reject()
            await settled(page)

    run(story())
    assert len(configuration.all(Kind.USER_CREDENTIAL)) == 1
    assert empty.records("sys_web_service", name=CREATE_SERVICE) == []


def test_a_production_server_asks_for_its_name(run, ctx, empty, server_on):
    async def story():
        async with opened(ctx, server_on(empty, production=True)) as page:
            assert ("Production", "outline", None) in page.presenter.badges(narrow=False)
            click(page.apply_button)
            dialog = await asked(page)
            assert not dialog.go.isEnabled()
            QTest.keyClicks(dialog.confirm, "practice")
            assert not dialog.go.isEnabled()
            dialog.confirm.clear()
            QTest.keyClicks(dialog.confirm, "Practice")
            assert dialog.go.isEnabled()
            dialog.reject()
            await settled(page)

    run(story())
    assert empty.records("sys_web_service", name=CREATE_SERVICE) == []


def test_a_cancelled_run_can_be_continued(run, ctx, empty, server_on):
    async def story():
        async with opened(ctx, server_on(empty)) as page:
            view = page.plan_tab.run
            click(page.apply_button)
            await until(lambda: view.meter.value > 0.2)
            assert page.working
            click(view.cancel)
            await until(lambda: not page.presenter.running)
            await settled(page)
            assert ctx.activity.jobs[-1].state == "cancelled"
            assert view.receipt
            assert view.undo.isVisible()
            left = len(page.presenter.plan.writes)
            assert 0 < left < RECORDS
            click(view.continue_button)
            await until(lambda: page.presenter.result is RunResult.VERIFIED)
            await settled(page)
            assert page.presenter.reason() == "Nothing to change"
            assert len(page.runs_tab.receipts) == 1, "it is the same run"

    run(story())


def test_a_failed_run_shows_its_problem_and_offers_continue_and_undo(run, ctx, empty, server_on):
    async def story():
        async with opened(ctx, server_on(empty)) as page:
            view = page.plan_tab.run
            click(page.apply_button)
            await until(lambda: view.meter.value > 0.2)
            empty.faults.set("maintenance")
            try:
                await until(lambda: page.presenter.result is RunResult.STOPPED)
            finally:
                empty.faults.clear()
            await settled(page)
            assert view.problem.cause
            assert view.problem.owner
            assert view.problem.remedy
            assert view.receipt in view.report
            page.open_tab("History")
            assert page.runs_tab.table.rows.row(0).texts[0] == "Stopped"
            assert page.runs_tab.continue_button.isVisible()
            click(page.runs_tab.undo_button)
            dialog = await asked(page)
            click(dialog.go)
            await until(lambda: page.presenter.result is RunResult.UNDONE)
            await settled(page)

    run(story())
    assert empty.records("sc_cat_item", name="Execute Application Request") == []


def test_an_unfinished_run_is_shown_when_the_page_is_opened(run, ctx, empty, server_on):
    server = server_on(empty)

    async def story():
        async with opened(ctx, server) as page:
            click(page.apply_button)
            await until(lambda: page.plan_tab.run.meter.value > 0.2)
            page.run_controller.cancel()
            await settled(page)
        async with opened(ctx, server) as page:
            view = page.plan_tab.run
            assert page.plan_tab.right.currentIndex() == RUN
            assert view.title.text() == "A run stopped in the middle"
            click(view.continue_button)
            await until(lambda: page.presenter.result is RunResult.VERIFIED)
            await settled(page)

    run(story())


def test_leaving_the_page_ends_the_run(run, ctx, empty, server_on):
    async def story():
        async with opened(ctx, server_on(empty)) as page:
            click(page.apply_button)
            await until(lambda: page.plan_tab.run.meter.value > 0.1)
        asked = len(empty.log)
        await asyncio.sleep(0.3)
        assert len(empty.log) <= asked + MAX_CONCURRENT_CALLS, "no more than was on its way"

    run(story())


# -- verify -------------------------------------------------------------------


def test_verify_shows_who_changed_what(run, ctx, empty, server_on):
    async def story():
        async with opened(ctx, server_on(empty)) as page:
            await applied(page)
            page.open_tab("Verify")
            assert page.verify_tab.verification.verified
            await edit(empty, CANCEL_SERVICE, short_description="Changed by hand")
            click(page.verify_tab.button)
            await until(lambda: page.verify_tab.verification.drift)
            await settled(page)
            assert page.verify_tab.verdict.text() == "It works; others changed 1 record"
            row = page.verify_tab.table.rows.row(0)
            assert row.texts[:5] == (
                "Edited",
                CANCEL_SERVICE,
                "sys_web_service",
                "short_description",
                "admin",
            )
            await edit(empty, STATUS_SERVICE, active="false")
            click(page.verify_tab.button)
            await until(lambda: not page.verify_tab.verification.verified)
            await settled(page)
            page.verify_tab.copy()
            text = QApplication.clipboard().text()
            assert f"Differs  {STATUS_SERVICE}" in text
            assert "Cause:" in text

    run(story())


def test_a_failed_verification_shows_the_problem(run, ctx, empty, server_on):
    async def story():
        async with opened(ctx, server_on(empty)) as page:
            empty.faults.set("hibernating")
            page.open_tab("Verify")
            click(page.verify_tab.button)
            await settled(page)
            assert page.verify_tab.states.findChildren(ErrorState)
            empty.faults.clear()

    run(story())
