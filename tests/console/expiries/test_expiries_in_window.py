"""The expiry calendar in the window: on Home, in the tree, as a page, and told once for each threshold."""

from datetime import UTC, datetime, timedelta

import pytest
from PyQt6.QtCore import Qt

from console.expiries.expiry_notices import SETTING_KEY
from console.runtime.activity import NOTICE
from console.runtime.page_targets import EXPIRIES, Target
from console.shell.page_registry import create_page
from console.widgets.labels import LinkLabel
from models.kinds import Kind
from tests.console.page_support import until
from tests.console.windows import opened_window

LONG_S = 60


def in_days(days):
    return (datetime.now(UTC).astimezone().date() + timedelta(days=days)).isoformat()


def stored(configuration, tmp_path):
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="OAuth", account="a", secret_expires_on=in_days(12))
    )
    server = configuration.save(
        configuration.new(
            Kind.FOREIGN_SYSTEM,
            name="Server",
            base_url="https://a.example/",
            client_certificate=str(tmp_path / "missing.pem"),
        )
    )
    return credential, server


async def shown(ctx, target):
    page = create_page(target, ctx)
    page.resize(900, 700)
    page.show()
    page.load()
    return page


def test_home_shows_the_nearest_entries_and_each_opens_its_object(run, ctx, configuration, tmp_path):
    credential, server = stored(configuration, tmp_path)

    async def story():
        page = await shown(ctx, Target("home"))
        card = page.guide.expiries
        assert not card.isVisible()
        page._expiries.refresh()
        await until(lambda: card.isVisible() and page.settled)
        links = [link for row in card.rows for link in row.findChildren(LinkLabel)]
        assert [link.text() for link in links] == ["Password, OAuth", "Client certificate, Server"]
        assert links[0].accessibleName() == "Password expires in 12 days, OAuth"
        for link, item in zip(links, (credential, server), strict=True):
            link.click()
            assert ctx.visited[-1].id == item.id
        card.more.click()
        assert ctx.visited[-1] == Target(EXPIRIES)
        page.close()

    run(story())


def test_home_says_that_no_date_is_known(run, ctx):
    async def story():
        page = await shown(ctx, Target("home"))
        page._expiries.refresh()
        await until(page.guide.expiries.isVisible)
        assert page.guide.expiries.empty.isVisible()
        assert page.guide.expiries.rows == []
        page.close()

    run(story())


def test_the_page_lists_the_calendar_and_enter_opens_the_object(
    run, ctx, configuration, tmp_path, qtmodeltester
):
    credential, _ = stored(configuration, tmp_path)

    async def story():
        page = await shown(ctx, Target(EXPIRIES))
        await until(lambda: page.model.rowCount() == 2)
        qtmodeltester.check(page.model)
        cells = [page.model.index(0, column).data() for column in range(page.model.columnCount())]
        assert [cells[0], cells[1], cells[3]] == ["Password", "OAuth", "in 12 days"]
        assert page.remedy.text()
        page.table.activated.emit(page.model.index(0, 0))
        assert ctx.visited[-1].id == credential.id
        configuration.save(credential.model_copy(update={"secret_expires_on": in_days(-3)}))
        await until(lambda: page.model.index(0, 3).data() == "expired 3 days ago")
        page.close()

    run(story())


@pytest.fixture
def in_window(run, tmp_path):
    def runner(story):
        async def body():
            async with opened_window(str(tmp_path / "own.db"), tmp_path / "profile") as window:
                said = []
                window.tray.say = lambda title, text, then=None: said.append((title, text, then))
                await story(window, said)

        run(body(), LONG_S)

    return runner


async def read_again(window):
    window.expiries.refresh()
    await until(lambda: not window.expiries.tasks.busy)


def test_the_tree_has_a_badge_with_words_and_the_worst_of_check_and_expiry(in_window, tmp_path):
    async def story(window, _said):
        configuration = window.ctx.workspace.configuration
        credential, server = stored(configuration, tmp_path)
        await until(lambda: window.model.node(f"foreign_system:{server.id}") is not None)
        window.model.set_badges({f"foreign_system:{server.id}": "good"})
        await read_again(window)

        def spoken(kind, item):
            index = window.model.index_of(window.model.node(f"{kind}:{item.id}"))
            assert index.data(Qt.ItemDataRole.ToolTipRole)
            return index.data(Qt.ItemDataRole.AccessibleTextRole)

        assert spoken("user_credential", credential) == "OAuth, warning, Password expires in 12 days"
        assert spoken("foreign_system", server) == "Server, warning, Client certificate cannot be read"
        configuration.save(credential.model_copy(update={"secret_expires_on": ""}))
        await read_again(window)
        assert spoken("user_credential", credential) == "OAuth"

    in_window(story)


def test_each_threshold_is_told_once_also_after_a_restart(in_window, tmp_path):
    today = datetime.now(UTC)

    async def story(window, said):
        configuration = window.ctx.workspace.configuration
        credential, _ = stored(configuration, tmp_path)
        await read_again(window)
        assert [text for _, text, _ in said] == ["OAuth: Password expires in 12 days"]
        assert window.ctx.activity.jobs[-1].state == NOTICE
        for days, count in ((1, 1), (5, 2), (6, 2), (11, 3), (12, 3), (40, 3)):
            window.expiries.clock = lambda days=days: today + timedelta(days=days)
            await read_again(window)
            assert len(said) == count, days
        assert said[-1][1] == "OAuth: Password expires tomorrow"
        said[-1][2]()
        await until(lambda: window.page.target.id == credential.id)
        window.reset_layout()
        assert window.settings.keys(SETTING_KEY)
        # Another date is another matter.
        window.expiries.clock = lambda: today
        current = configuration.get(Kind.USER_CREDENTIAL, credential.id)
        configuration.save(current.model_copy(update={"secret_expires_on": in_days(20)}))
        await read_again(window)
        assert said[-1][1] == "OAuth: Password expires in 20 days"

    async def after_a_restart(window, said):
        await read_again(window)
        assert window.expiries.entries
        assert said == []

    in_window(story)
    in_window(after_a_restart)
