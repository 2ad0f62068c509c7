"""The Check tab shows the newest stored check of any console, and all its findings at every width."""

import asyncio
from datetime import timedelta

import pytest
from PyQt6.QtCore import QPoint
from PyQt6.QtWidgets import QLabel

from console.runtime.page_targets import Target
from console.shell.page_registry import create_page
from models.kinds import Kind
from services.connectivity import CheckReport, StageResult, StageState
from services.connectivity.check_history import save_check
from services.store import Store
from tests.console.everything import findings, laid_out
from tests.console.page_support import until
from tests.console.windows import filled, opened_window, shown


def good():
    return CheckReport(
        "S", [StageResult("url", StageState.OK, "https"), StageResult("tcp", StageState.OK, "open")], 900
    )


@pytest.fixture
def server(configuration):
    return configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, name="ServiceNow Server", base_url="http://127.0.0.1:9/")
    )


async def opened(ctx, server, tab="Check"):
    page = create_page(Target("foreign_system", server.id, tab=tab), ctx)
    page.resize(1000, 700)
    page.show()
    page.load()
    await until(lambda: page.session.ready and not page.tasks.busy)
    return page


async def closed(page):
    page.close()
    page.deleteLater()
    await asyncio.sleep(0)


def test_a_check_that_was_made_before_the_page_was_opened_is_shown(run, ctx, store, server):
    save_check(store, server, findings())

    async def story():
        page = await opened(ctx, server)
        tab = page.check
        await until(lambda: tab.presenter.results)
        assert tab.presenter.results["service_create"].state == "failed"
        assert set(tab.findings.cards) == {"account", "service_create", "service_status"}
        assert tab.findings.cards["account"].isVisibleTo(tab)
        assert not tab.presenter.stale
        assert [text for text, *_ in tab.presenter.badges()] == ["2 failed"]
        assert "by ada" in tab.summary.source_text.text()
        assert "- Checked: " in tab.presenter.report_text(page.title)
        assert "by ada" in tab.presenter.report_text(page.title)
        await closed(page)

    run(story())


@pytest.fixture
def elsewhere(store):
    """The store opened by another console."""
    opened = Store.open(store.url, actor="grace")
    yield opened
    opened.close()


def test_a_check_of_another_console_replaces_an_older_one(run, ctx, store, elsewhere, server):
    save_check(store, server, findings())

    async def story():
        page = await opened(ctx, server)
        await until(lambda: page.check.presenter.results)
        await ctx.call(save_check, elsewhere, server, good())
        await ctx.call(store.feed.poll)  # as the window does every few seconds
        await until(lambda: set(page.check.presenter.results) == {"url", "tcp"})
        assert page.check.findings.cards == {}
        assert [text for text, *_ in page.check.presenter.badges()] == ["Check good"]
        assert "by grace" in page.check.summary.source_text.text()
        await closed(page)

    run(story())


def test_the_badge_is_updated_while_another_tab_is_shown(run, ctx, store, server):
    save_check(store, server, findings())

    async def story():
        page = await opened(ctx, server)
        await until(lambda: page.check.presenter.results)
        page.open_tab("Details")
        await ctx.call(save_check, store, server, good())
        await until(lambda: ("Check good", "good", "good") in page.head.badges())
        await closed(page)

    run(story())


def test_an_opened_report_stays_while_newer_ones_come(run, ctx, store, server):
    save_check(store, server, findings())

    async def story():
        page = await opened(ctx, server)
        tab = page.check
        await until(lambda: tab.past_checks.checks)
        tab.show_past_check(tab.past_checks.checks[0])
        await ctx.call(save_check, store, server, good())
        await until(lambda: len(tab.past_checks.checks) == 2 and not page.tasks.busy)
        assert "service_create" in tab.presenter.visible_results
        tab.close_past_check()
        assert set(tab.presenter.visible_results) == {"url", "tcp"}
        await closed(page)

    run(story())


@pytest.mark.parametrize("unsaved", [False, True])
def test_a_stored_check_of_other_values_is_stale(run, ctx, store, configuration, server, unsaved):
    save_check(store, server, findings(), unsaved=unsaved)
    if not unsaved:
        server = configuration.save(server_with(server, description="moved"))

    async def story():
        page = await opened(ctx, server)
        await until(lambda: page.check.presenter.results)
        assert page.check.presenter.stale
        assert [text for text, *_ in page.check.presenter.badges()] == ["Changed since this check"]
        await closed(page)

    run(story())


def server_with(server, **values):
    for name, value in values.items():
        setattr(server, name, value)
    return server


def test_a_check_made_here_is_not_replaced_by_an_older_one(run, ctx, store, server):
    kept = save_check(store, server, good())

    async def story():
        page = await opened(ctx, server)
        tab = page.check
        await until(lambda: tab.presenter.results)
        tab.presenter.ended_at, tab.presenter.report, tab.presenter.results = (
            kept.at + timedelta(seconds=5),
            None,
            {"url": kept.stages[0]},
        )
        tab.past_checks.invalidate()
        await until(lambda: not page.tasks.busy)
        assert set(tab.presenter.results) == {"url"}
        await closed(page)

    run(story())


# -- room -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [960, 1100, 1280, 1440, 1920])
def test_findings_wrap_and_nothing_moves_sideways(run, tmp_path, width):
    """Long addresses and names break; every button and every line is in sight, whichever stage is clicked."""

    async def story():
        async with opened_window(str(tmp_path / "a.db"), tmp_path / "profile", (width, 720)) as window:
            made = await filled(window)
            server, process = made[Kind.FOREIGN_SYSTEM], made[Kind.APPROVAL_PROCESS]
            await window.ctx.call(save_check, window.ctx.workspace.store, server, findings(), process)
            page = await shown(window, Kind.FOREIGN_SYSTEM, server)
            page.open_tab("Check")
            await until(lambda: page.check.presenter.results and not page.tasks.busy)
            laid_out()
            area = page.check.findings
            view = area.viewport()
            for stage in ("service_status", "account", "service_create"):
                page.check.findings.scroll_to_stage(stage)
                card = page.check.findings.cards[stage]
                assert area.horizontalScrollBar().value() == 0
                for part in (card, *card.findChildren(QLabel), *card.acts, card.copy_button):
                    left = part.mapTo(view, QPoint(0, 0)).x()
                    assert left >= 0
                    assert left + part.width() <= view.width(), part
                for label in card.findChildren(QLabel):
                    assert label.width() >= label.minimumSizeHint().width(), label.text()
                    if label.wordWrap():
                        assert label.height() >= label.heightForWidth(label.width()), label.text()

    run(story())
